/* Every operator of the table by every check of tests/ops/. As a tool: `dump` prints the cases for
   tools/golden/, `table` what ran on which operator, NAME the same for one, `operators` and
   `checks` the tables that tools/op-tables puts into README.md and tests/README.md. */
#include "ops/cases.h"
#include "support.h"

static int op_count(void) {
  int n = 0;
  while (tg_op_at(n)) n++;
  return n;
}

/* ---- as tests: a case per check, a loop over the operators ---- */

static void assert_check(const char *name, int op) {
  char failure[FAILURE_SIZE];
  for (int k = 0; k < op_check_count; k++)
    if (strcmp(op_checks[k].name, name) == 0)
      ck_assert_msg(run_check(&op_checks[k], tg_op_at(op), failure) >= 0, "%s", failure);
}

/* clang-format off */
START_TEST(value)         { assert_check("value", _i); } END_TEST
START_TEST(edges)         { assert_check("edges", _i); } END_TEST
START_TEST(views)         { assert_check("views", _i); } END_TEST
START_TEST(axes)          { assert_check("axes", _i); } END_TEST
START_TEST(f32)           { assert_check("f32", _i); } END_TEST
START_TEST(isa)           { assert_check("isa", _i); } END_TEST
START_TEST(vjp)           { assert_check("vjp", _i); } END_TEST
START_TEST(jvp)           { assert_check("jvp", _i); } END_TEST
START_TEST(second)        { assert_check("second", _i); } END_TEST
START_TEST(grad)          { assert_check("grad", _i); } END_TEST
START_TEST(replay)        { assert_check("replay", _i); } END_TEST
START_TEST(refused)       { assert_check("refused", _i); } END_TEST
/* clang-format on */

START_TEST(every_operator_is_described_and_sampled) {
  const tg_op *op = tg_op_at(_i);
  ck_assert_msg(op->name && op->label && op->formula, "operator %d lacks name, label or formula",
                _i);
  int accepted = 0;
  for (int k = 0; k < op->n_samples; k++) accepted += op->samples[k].refuse == TG_OK;
  ck_assert_msg(accepted > 0, "%s has no sample", op->name);
  ck_assert_msg(tg_op_find(op->name) == op, "%s is in the table twice", op->name);
  ck_assert_msg((op->kernel || op->flags & TG_OP_VIEW) != (op->compose != NULL),
                "%s has neither kernel nor expression, or both", op->name);
}
END_TEST

START_TEST(every_check_runs_or_says_why) {
  char failure[FAILURE_SIZE];
  const tg_op *op = tg_op_at(_i);
  for (int k = 0; k < op_check_count; k++)
    ck_assert_msg(run_check(&op_checks[k], op, failure) != 0 || why_not(&op_checks[k], op) != NULL,
                  "%s: no sample for the check `%s`", op->name, op_checks[k].name);
}
END_TEST

static Suite *ops_suite(void) {
  Suite *s = suite_create("ops");
  TCase *c = tcase_create("checks");
  const TTest *const tests[] = {every_operator_is_described_and_sampled,
                                every_check_runs_or_says_why,
                                value,
                                edges,
                                views,
                                axes,
                                f32,
                                isa,
                                vjp,
                                jvp,
                                second,
                                grad,
                                replay,
                                refused};
  tcase_set_timeout(c, 120);
  for (size_t k = 0; k < sizeof tests / sizeof *tests; k++)
    tcase_add_loop_test(c, tests[k], 0, op_count());
  suite_add_tcase(s, c);
  return s;
}

/* ---- as a tool ---- */

/* name, then per check the number of cases, "-" where it does not apply, "!" where it fails. */
static int print_table(const tg_op *only) {
  int failed = 0;
  char failure[FAILURE_SIZE];
  printf("operator");
  for (int k = 0; k < op_check_count; k++) printf(" %s", op_checks[k].name);
  printf("\n");
  for (int i = 0; i < op_count(); i++) {
    const tg_op *op = tg_op_at(i);
    if (only && op != only) continue;
    printf("%s", op->name);
    char failures[4000] = "";
    for (int k = 0; k < op_check_count; k++) {
      int n = run_check(&op_checks[k], op, failure);
      printf(n < 0 ? " !" : n == 0 ? " -" : " %d", n);
      size_t used = strlen(failures);
      if (n < 0) snprintf(failures + used, sizeof failures - used, "  %s\n", failure);
      failed += n < 0;
    }
    printf("\n%s", failures);
  }
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Text in a cell of a Markdown table. */
static void print_cell(const char *text) {
  printf("| ");
  for (; *text; text++) printf(strchr("|*_<", *text) ? "\\%c" : "%c", *text);
  printf(" ");
}

static void print_dtypes(uint32_t dtypes) {
  const char *name = dtypes == TG_FLOATS    ? "f32 f64"
                     : dtypes == TG_NUMBERS ? "numbers"
                     : dtypes == TG_ANY     ? "any"
                                            : NULL;
  if (name) printf("| %s ", name);
  if (name) return;
  printf("|");
  for (int dtype = 1; dtype < TG_DTYPE_COUNT; dtype++)
    if (dtypes >> dtype & 1) printf(" %s", tg_dtype_name((tg_dtype)dtype));
  printf(" ");
}

static int print_operators(void) {
  printf("| operator | in pictures | what it computes | dtypes |\n| --- | --- | --- | --- |\n");
  for (int i = 0; i < op_count(); i++) {
    const tg_op *op = tg_op_at(i);
    printf("| `tg_%s` ", op->name);
    print_cell(op->label);
    print_cell(op->formula);
    print_dtypes(op->arity == 0 ? TG_ANY & op->dtypes : op->dtypes);
    printf("|\n");
  }
  return EXIT_SUCCESS;
}

/* The number of cases, or why there are none. */
static int print_checks(void) {
  char failure[FAILURE_SIZE];
  printf("| operator |");
  for (int k = 0; k < op_check_count; k++) printf(" %s |", op_checks[k].name);
  printf("\n| --- |");
  for (int k = 0; k < op_check_count; k++) printf(" --- |");
  printf("\n");
  for (int i = 0; i < op_count(); i++) {
    printf("| %s |", tg_op_at(i)->name);
    for (int k = 0; k < op_check_count; k++) {
      int n = run_check(&op_checks[k], tg_op_at(i), failure);
      const char *why = why_not(&op_checks[k], tg_op_at(i));
      if (n != 0)
        printf(n < 0 ? " FAILS |" : " %d |", n);
      else
        printf(" %s |", why ? why : "?");
    }
    printf("\n");
  }
  printf("\n");
  for (int k = 0; k < op_check_count; k++)
    printf("- `%s`: %s\n", op_checks[k].name, op_checks[k].says);
  return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
  if (argc < 2) return run_suite(ops_suite());
  if (strcmp(argv[1], "table") == 0) return print_table(NULL);
  if (strcmp(argv[1], "operators") == 0) return print_operators();
  if (strcmp(argv[1], "checks") == 0) return print_checks();
  if (tg_op_find(argv[1])) return print_table(tg_op_find(argv[1]));
  if (strcmp(argv[1], "dump") != 0) {
    fprintf(stderr, "usage: test_ops [dump | table | operators | checks | OPERATOR]\n");
    return 2;
  }
  dump_cases(stdout);
  return EXIT_SUCCESS;
}
