/* Operators of a user in programs: what they say of their axes (tg_op.axis) is made use of, and
   what cannot be so is not. */
#include <stdlib.h>
#include <string.h>

#include "program.h"

enum { ROWS = 5, COLUMNS = 6, HALF = COLUMNS / 2 };

static int64_t computed; /* elements, by the kernel below */

static tg_status shape_pairs(tg_call *c) {
  c->out.dims[c->out.rank - 1] /= 2;
  return TG_OK;
}

/* y[..., i] = x[..., 2 i] + x[..., 2 i + 1] */
static tg_status kernel_pairs(const tg_call *c) {
  int64_t n = tg_tensor_numel(&c->out);
  for (int64_t i = 0; i < n; i++) {
    double left = tg_tensor_at(&c->in[0], 2 * i), right = tg_tensor_at(&c->in[0], 2 * i + 1);
    tg_tensor_put(&c->out, i, left + right);
  }
  computed += n;
  return TG_OK;
}

static int axis_pairs(const tg_call *c, int i, int k) {
  return k == c->in[i].rank - 1 ? TG_NO_AXIS : k;
}
static int axis_beyond(const tg_call *c, int i, int k) { return c->out.rank + 100 * i + k; }
static int axis_of_other_length(const tg_call *c, int i, int k) { return c->out.rank - 1 - k - i; }
static int axis_before(const tg_call *c, int i, int k) { return -2 - c->n - i - k; }

#define PAIRS                                                                                      \
  TG_OP_INIT, .name = "pairs", .arity = 1, .dtypes = TG_FLOATS, .shape = shape_pairs,              \
              .kernel = kernel_pairs
static const tg_op pairs = {PAIRS, .axis = axis_pairs}, silent = {PAIRS},
                   beyond = {PAIRS, .axis = axis_beyond}, before = {PAIRS, .axis = axis_before},
                   other_length = {PAIRS, .axis = axis_of_other_length};

/* Of ROWS equal rows: elements that a replay computes. */
static int64_t computed_by(const tg_op *op) {
  double data[COLUMNS] = {1, 2, 4, 8, 16, 32};
  tg_tensor in = f64(data, COLUMNS);
  tg_capture_begin(t);
  tg_var x = tg_expand(tg_input(t, 0, in, NULL), TG_DIMS(ROWS, COLUMNS));
  tg_var y = tg_apply(op, &x, 1, NULL);
  tg_program *p = ended(&y, 1);
  computed = 0;
  assert_replays(p, &in, 1);
  for (int i = 0; i < ROWS * HALF; i++)
    ck_assert_double_eq(result(p, 0, i), data[i % HALF * 2] + data[i % HALF * 2 + 1]);
  tg_program_free(p);
  return computed;
}

START_TEST(equal_rows_are_computed_once) { ck_assert_int_eq(computed_by(&pairs), HALF); }
END_TEST

START_TEST(without_a_word_on_its_axes_all_are) {
  ck_assert_int_eq(computed_by(&silent), ROWS * HALF);
}
END_TEST

START_TEST(axes_that_the_result_has_not_are_none) {
  ck_assert_int_eq(computed_by(&other_length), ROWS * HALF);
  ck_assert_int_eq(computed_by(&beyond), ROWS * HALF);
  ck_assert_int_eq(computed_by(&before), ROWS * HALF);
}
END_TEST

/* Its struct ends where that of the header did with which it was compiled; volatile, for compilers
   that know how long it is here. */
START_TEST(an_operator_of_an_older_header_works) {
  volatile size_t size = offsetof(tg_op, axis);
  tg_op *old = malloc(size);
  ck_assert_ptr_nonnull(old);
  memcpy((void *)old, &pairs, size);
  old->size = (uint32_t)size;
  ck_assert_int_eq(computed_by(old), ROWS * HALF);
  tg_tape_reset(t);
  free(old);
}
END_TEST

int main(void) {
  Suite *s = suite_create("program_users");
  TCase *c = tcase_create("program_users");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, equal_rows_are_computed_once);
  tcase_add_test(c, without_a_word_on_its_axes_all_are);
  tcase_add_test(c, axes_that_the_result_has_not_are_none);
  tcase_add_test(c, an_operator_of_an_older_header_works);
  return run_suite(s);
}
