/* Every elementwise row is broken in every way of tests/mutants/make_rows.py, in f64, and the
   generated checks must go red. With the word `table` it prints a line per mutant. */
#include "mutants/rows.h"
#include "ops/mutants.h"
#include "support.h"

static void try_row(tally *count, const row_mutant *mutant) {
  tg_op m = *mutant->op;
  m.name = mutant->name;
  m.dtypes = 1u << TG_F64;
  try_mutant(count, &m, mutant->what);
}

static bool is_first(int k) {
  return k == 0 || strcmp(row_mutants[k].name, row_mutants[k - 1].name) != 0;
}

/* The mutants of one operator stand together; the test is that of the first. */
START_TEST(every_broken_row_is_caught) {
  tally count = {0};
  for (int k = _i; is_first(_i) && k < row_mutant_count && (k == _i || !is_first(k)); k++)
    try_row(&count, &row_mutants[k]);
  ck_assert_msg(count.survivors[0] == 0, "%s", count.survivors);
}
END_TEST

static Suite *rows_suite(void) {
  Suite *s = suite_create("row_mutants");
  TCase *c = tcase_create("rows");
  tcase_set_timeout(c, 120);
  for (int k = 0; k < row_mutant_count; k++)
    if (is_first(k)) tcase_add_loop_test(c, every_broken_row_is_caught, k, k + 1);
  suite_add_tcase(s, c);
  return s;
}

static int print_table(void) {
  tally count = {.to = stdout};
  for (int k = 0; k < row_mutant_count; k++) try_row(&count, &row_mutants[k]);
  printf("%d mutants, %d caught, %d the same as the operator\n%s", count.mutants, count.caught,
         count.explained, count.survivors);
  return count.survivors[0] ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  if (argc < 2) return run_suite(rows_suite());
  if (strcmp(argv[1], "table") == 0) return print_table();
  fprintf(stderr, "usage: test_row_mutants [table]\n");
  return 2;
}
