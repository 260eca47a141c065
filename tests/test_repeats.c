/* Results of operands that repeat along leading axes: computed once where the operator is
   elementwise across these, and to everybody else what they are of dense operands, to the last
   bit. */
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

enum { ROWS = 5, ROW = 96, ALL = ROWS * ROW };
static double data[2][ROW];

static void rows(tg_var x[2]) {
  for (int i = 0; i < 2; i++) {
    for (int k = 0; k < ROW; k++) data[i][k] = sin(7.0 * k + i) + 0.1 * i;
    x[i] = vector(data[i], ROW);
  }
}

static tg_var spread(tg_var x) { return tg_broadcast_to(x, TG_DIMS(ROWS, ROW)); }

static tg_var mixed(tg_var a, tg_var b) {
  tg_var y = tg_mul(tg_exp(a), tg_clamp(b, -0.5, 0.5));
  return tg_where(tg_gt(a, b), y, tg_div_scalar(tg_sub(a, tg_mul(y, b)), 3));
}

static void assert_same(tg_var a, tg_var b) {
  tg_tensor of_a = tg_value(a), of_b = tg_value(b);
  ck_assert_ptr_nonnull(of_a.data);
  ck_assert(tg_tensor_is_contiguous(&of_a) && tg_tensor_same_shape(&of_a, &of_b));
  ck_assert_mem_eq(of_a.data, of_b.data, tg_tensor_bytes(&of_b));
}

START_TEST(values_and_sums_are_those_of_copies) {
  tg_var x[2];
  rows(x);
  tg_var a = spread(x[0]), b = spread(x[1]), y = mixed(a, b);
  tg_var z = mixed(tg_contiguous(a), tg_contiguous(b));
  assert_same(tg_sum(y, TG_ALL, false), tg_sum(z, TG_ALL, false));
  y = mixed(a, b);
  assert_same(tg_sum(tg_transpose(y, 0, 1), TG_AXES(1), false),
              tg_sum(tg_transpose(z, 0, 1), TG_AXES(1), false));
  y = mixed(a, b);
  assert_same(tg_add(y, y), tg_add(z, z));
  assert_same(y, z);
  assert_same(y, z); /* asked again */
  y = mixed(a, b);
  assert_same(tg_mul(y, z), tg_mul(z, z)); /* with an operand that is dense */
}
END_TEST

START_TEST(numbers_spread_over_a_shape_are_one) {
  double two = 2;
  tg_var x = spread(tg_exp(number(&two))), dense = tg_contiguous(x);
  assert_same(tg_mul(x, x), tg_mul(dense, dense));
  assert_same(tg_sum(tg_mul(x, x), TG_AXES(0), false),
              tg_sum(tg_mul(dense, dense), TG_AXES(0), false));
}
END_TEST

/* Rows are written into the node's own memory, so what comes after it may go. */
START_TEST(a_rewind_leaves_them_whole) {
  tg_var x[2];
  rows(x);
  tg_var a = spread(x[0]), b = spread(x[1]), y = mixed(a, b);
  tg_mark mark = tg_tape_mark(t);
  tg_sum(y, TG_ALL, false);
  tg_tape_rewind(t, mark);
  double over[ALL];
  for (int k = 0; k < ALL; k++) over[k] = -1;
  tg_constant(t, tg_tensor_of(over, TG_F64, TG_DIMS(ROWS, ROW)));
  assert_same(y, mixed(tg_contiguous(a), tg_contiguous(b)));
  tg_var kept = mixed(a, b);
  ck_assert_int_eq(tg_tape_collapse(t, mark, &kept, 1), TG_OK);
  assert_same(kept, y);
}
END_TEST

START_TEST(gradients_are_those_of_copies) {
  double found[2][ROW] = {0};
  tg_var x[2], dx[2], again[2];
  rows(x);
  tg_tensor into[2] = {tg_tensor_of(found[0], TG_F64, TG_DIMS(ROW)),
                       tg_tensor_of(found[1], TG_F64, TG_DIMS(ROW))};
  tg_var y = tg_sum(tg_square(mixed(spread(x[0]), spread(x[1]))), TG_ALL, false);
  tg_var z = tg_sum(tg_square(mixed(tg_contiguous(spread(x[0])), tg_contiguous(spread(x[1])))),
                    TG_ALL, false);
  ck_assert_int_eq(tg_vjp_into(&y, NULL, 1, x, 2, into), TG_OK);
  ck_assert_int_eq(tg_grad(y, x, 2, dx), TG_OK);
  ck_assert_int_eq(tg_grad(z, x, 2, again), TG_OK);
  for (int i = 0; i < 2; i++)
    for (int k = 0; k < ROW; k++) {
      assert_near(at(dx[i], k), at(again[i], k));
      assert_near(found[i][k], at(again[i], k));
    }
}
END_TEST

/* Of all operators with TG_OP_SAME_BITS, the axis being the one that repeats, or the other. */
static void results_along(tg_var a, tg_var b, int axis, tg_var y[]) {
  const tg_var both[2] = {a, b};
  y[0] = tg_concat(both, 2, axis);
  y[1] = tg_slice_scatter(a, tg_slice(b, axis, 1, 4, 1), axis, 0, 3, 1);
  y[2] = tg_softmax(a, axis);
  y[3] = tg_log_softmax(tg_add(a, b), axis);
  y[4] = tg_cumsum(tg_sub(a, b), axis);
  y[5] = tg_cumprod(a, axis);
  y[6] = tg_linear_scan(a, tg_exp(b), axis);
}

START_TEST(results_along_an_axis_are_those_of_copies) {
  enum { RESULTS = 7 };
  for (int axis = -2; axis < 2; axis++) {
    tg_var x[2], y[RESULTS], z[RESULTS];
    rows(x);
    tg_var a = tg_sin(spread(x[0])), b = tg_sin(spread(x[1]));
    results_along(a, b, axis, y);
    results_along(tg_contiguous(a), tg_contiguous(b), axis, z);
    for (int k = 0; k < RESULTS; k++) assert_same(tg_neg(y[k]), tg_neg(z[k]));
    for (int k = 0; k < RESULTS; k++) assert_same(y[k], z[k]);
  }
}
END_TEST

/* ---- how often it is computed ---- */

static int64_t computed;

static tg_status kernel_counted(const tg_call *c) {
  computed += tg_tensor_numel(&c->out);
  return tg_tensor_copy(&c->out, &c->in[0]);
}

static int axis_counted(const tg_call *c, int i, int k) {
  (void)i;
  return k == (*(const int *)c->attrs + 2) % 2 ? TG_NO_AXIS : k;
}

static int64_t elements_computed_along(uint32_t flags, tg_var x, int axis) {
  const tg_op counted = {TG_OP_INIT,
                         .name = "counted",
                         .label = "counted",
                         .formula = "y = x",
                         .flags = flags,
                         .arity = 1,
                         .dtypes = TG_FLOATS,
                         .attrs_size = sizeof axis,
                         .shape = tg_shape_same,
                         .kernel = kernel_counted,
                         .axis = axis_counted};
  computed = 0;
  tg_apply(&counted, &x, 1, &axis);
  ck_assert_int_eq(tg_tape_status(t), TG_OK);
  tg_tape_reset(t); /* the operator goes */
  return computed;
}

static int64_t elements_computed(uint32_t flags, tg_var x) {
  return elements_computed_along(flags, x, 0);
}

static tg_var rows_alike(void) {
  tg_var x[2];
  rows(x);
  return spread(x[0]);
}

START_TEST(one_row_is_computed_along_the_other_axis) {
  ck_assert_int_eq(elements_computed_along(TG_OP_SAME_BITS, rows_alike(), 1), ROW);
  ck_assert_int_eq(elements_computed_along(TG_OP_SAME_BITS, tg_sin(rows_alike()), -1), ROW);
  ck_assert_int_eq(elements_computed_along(TG_OP_SAME_BITS, rows_alike(), 0), ALL);
  ck_assert_int_eq(elements_computed_along(TG_OP_SAME_BITS, tg_sin(rows_alike()), -2), ALL);
  ck_assert_int_eq(elements_computed_along(0, rows_alike(), 1), ALL);
}
END_TEST

START_TEST(one_row_is_computed) {
  tg_var x[2];
  rows(x);
  ck_assert_int_eq(elements_computed(TG_OP_ELEMENTWISE, spread(x[0])), ROW);
  rows(x);
  ck_assert_int_eq(elements_computed(TG_OP_ELEMENTWISE, tg_sin(spread(x[0]))), ROW);
  rows(x);
  ck_assert_int_eq(elements_computed(0, spread(x[0])), ALL);
  rows(x);
  ck_assert_int_eq(elements_computed(TG_OP_ELEMENTWISE, tg_contiguous(spread(x[0]))), ALL);
  rows(x);
  ck_assert_int_eq(elements_computed(TG_OP_ELEMENTWISE, spread(tg_select(x[0], 0, 3))), 1);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("repeats");
  TCase *tests = tcase_create("repeats");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, values_and_sums_are_those_of_copies);
  tcase_add_test(tests, numbers_spread_over_a_shape_are_one);
  tcase_add_test(tests, a_rewind_leaves_them_whole);
  tcase_add_test(tests, gradients_are_those_of_copies);
  tcase_add_test(tests, results_along_an_axis_are_those_of_copies);
  tcase_add_test(tests, one_row_is_computed);
  tcase_add_test(tests, one_row_is_computed_along_the_other_axis);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
