/* Every operator is broken in every way of tests/ops/mutants.c, and the generated checks must go
   red. With the word `table` it prints a line per mutant: operator: mutant: caught by. */
#include "ops/mutants.h"
#include "support.h"

static int op_count(void) {
  int n = 0;
  while (tg_op_at(n)) n++;
  return n;
}

static void try_all(tally *count, const tg_op *op) {
  for (int k = 0; k < mutation_count; k++) {
    tg_op m;
    if (mutate(&mutations[k], op, &m)) try_mutant(count, &m, mutations[k].name);
  }
}

START_TEST(every_mutant_is_caught) {
  tally count = {0};
  char failure[FAILURE_SIZE];
  const char *by = catch_mutant(tg_op_at(_i), failure);
  ck_assert_msg(by == NULL, "%s as it is, is caught by %s: %s", tg_op_at(_i)->name, by, failure);
  try_all(&count, tg_op_at(_i));
  ck_assert_msg(count.survivors[0] == 0, "%s", count.survivors);
  ck_assert_msg(count.mutants > 0, "%s has no mutant", tg_op_at(_i)->name);
}
END_TEST

static Suite *mutants_suite(void) {
  Suite *s = suite_create("mutants");
  TCase *c = tcase_create("mutants");
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, every_mutant_is_caught, 0, op_count());
  suite_add_tcase(s, c);
  return s;
}

static int print_table(void) {
  tally count = {.to = stdout};
  for (int i = 0; i < op_count(); i++) try_all(&count, tg_op_at(i));
  printf("%d mutants, %d caught, %d the same as the operator\n%s", count.mutants, count.caught,
         count.explained, count.survivors);
  return count.survivors[0] ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  if (argc < 2) return run_suite(mutants_suite());
  if (strcmp(argv[1], "table") == 0) return print_table();
  fprintf(stderr, "usage: test_mutants [table]\n");
  return 2;
}
