/* Gradients of what goes along an axis, in memory: the plain sweep against the recorded rules, on
   shapes that reach each way through the kernels, and on numbers that a division would not bear. */
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

enum { ROWS = 19, COLUMNS = 300, MOST = ROWS * COLUMNS };

static double numbers[MOST], others[MOST];

/* ---- the functions: of x [ROWS, COLUMNS] or its transpose ---- */

static tg_var b_like(tg_var x) {
  tg_var b = tg_leaf(t, tg_tensor_of(others, TG_F64, TG_DIMS(ROWS, COLUMNS)));
  return tg_dim(x, 0) == ROWS ? b : tg_transpose(b, 0, 1);
}

static tg_var of_cumsum(tg_var x, int axis) { return tg_cumsum(x, axis); }
static tg_var of_cumprod(tg_var x, int axis) { return tg_cumprod(x, axis); }
static tg_var of_scan_a(tg_var x, int axis) { return tg_linear_scan(x, b_like(x), axis); }
static tg_var of_scan_b(tg_var x, int axis) { return tg_linear_scan(b_like(x), x, axis); }
static tg_var of_scan_both(tg_var x, int axis) { return tg_linear_scan(x, x, axis); }
static tg_var of_prod(tg_var x, int axis) { return tg_prod(x, TG_AXES(axis), false); }
static tg_var of_amax(tg_var x, int axis) { return tg_amax(x, TG_AXES(axis), true); }
static tg_var of_amin(tg_var x, int axis) { return tg_amin(x, TG_AXES(axis), false); }
static tg_var of_norm(tg_var x, int axis) { return tg_norm(x, 2, TG_AXES(axis), false); }
static tg_var of_slice(tg_var x, int axis) {
  return tg_slice_scatter(x, tg_slice(b_like(x), axis, 3, 17, 3), axis, 3, 17, 3);
}
static tg_var of_diagonal(tg_var x, int axis) {
  return tg_diagonal_scatter(x, tg_diagonal(b_like(x), axis, 0, 1), axis, 0, 1);
}

typedef tg_var function(tg_var x, int axis);
static function *const functions[] = {of_cumsum,    of_cumprod, of_scan_a,  of_scan_b,
                                      of_scan_both, of_prod,    of_amax,    of_amin,
                                      of_norm,      of_slice,   of_diagonal};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* ---- the comparison ---- */

static void assert_same(double a, double b, const char *what) {
  bool same =
      a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-11 * (fabs(a) + fabs(b) + 1e-290);
  ck_assert_msg(same, "%s: %.17g is not %.17g", what, a, b);
}

static tg_var ramp_like(tg_var y) {
  tg_tensor value = tg_value(y);
  tg_var ramp = tg_linspace(t, TG_F64, 0.25, 1, tg_tensor_numel(&value));
  return tg_reshape(ramp, value.rank, value.dims);
}

/* Along both axes at once: what the second writes is added to what the first wrote. */
static void check(function *fn, const tg_tensor *numbers_of, bool turned) {
  static double into[MOST];
  tg_var leaf = tg_leaf(t, *numbers_of), x = turned ? tg_transpose(leaf, 0, 1) : leaf, dx;
  const tg_var y[2] = {fn(x, 0), fn(x, 1)}, g[2] = {ramp_like(y[0]), ramp_like(y[1])};
  const tg_tensor to = tg_tensor_of(into, TG_F64, numbers_of->rank, numbers_of->dims);
  ck_assert_int_eq(tg_vjp_into(y, g, 2, &leaf, 1, &to), TG_OK);
  ck_assert_int_eq(tg_vjp(y, g, 2, &leaf, 1, &dx), TG_OK);
  for (int64_t i = 0; i < tg_tensor_numel(&to); i++) assert_same(into[i], at(dx, i), "gradient");
  tg_tape_reset(t);
}

/* Numbers near 1, so that products stay; or a few integers: ties and zeros. */
static void fill(bool integers) {
  for (int i = 0; i < MOST; i++) {
    numbers[i] = integers ? (double)(i * i % 7 % 4) - 1 : 1 + 0.2 * sin(1.3 * i);
    others[i] = 0.9 * cos(0.7 * i);
  }
}

START_TEST(the_sweeps_agree) {
  const tg_tensor wide = tg_tensor_of(numbers, TG_F64, TG_DIMS(ROWS, COLUMNS));
  for (int way = 0; way < 4; way++) {
    fill(way & 1);
    check(functions[_i], &wide, way & 2);
  }
}
END_TEST

/* x[i] beside a product that is 0, infinite, NaN, or so small that it lost bits. */
START_TEST(products_that_cannot_be_divided) {
  static const double rows[][3] = {
      {0, 4, 5},   {0, 4, 0},        {1e200, 1e120, 1e-5}, {1e-200, 1e-120, 1e3},
      {NAN, 2, 3}, {INFINITY, 2, 3}, {-0.0, 2, INFINITY},  {1e-300, 1e-10, 1e-9}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
    for (int turned = 0; turned < 2; turned++) {
      memcpy(numbers, rows[k], sizeof rows[k]);
      for (int i = 3; i < 6; i++) numbers[i] = i;
      const tg_tensor x = tg_tensor_of(numbers, TG_F64, TG_DIMS(2, 3));
      check(of_prod, &x, turned);
    }
}
END_TEST

/* y is 1e-320 and has 11 bits: the gradient must not be made of it. */
START_TEST(a_gradient_keeps_the_bits_that_its_product_lost) {
  double x[3] = {1e-300, 1e-10, 1e-10}, dx[3];
  tg_var leaf = vector(x, 3), y = tg_prod(leaf, TG_ALL, false);
  tg_tensor to = tg_tensor_of(dx, TG_F64, TG_DIMS(3));
  ck_assert_int_eq(tg_vjp_into(&y, NULL, 1, &leaf, 1, &to), TG_OK);
  ck_assert_double_eq(dx[0], 1e-10 * 1e-10);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("line_slopes");
  TCase *c = tcase_create("line_slopes");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_loop_test(c, the_sweeps_agree, 0, FUNCTIONS);
  tcase_add_test(c, products_that_cannot_be_divided);
  tcase_add_test(c, a_gradient_keeps_the_bits_that_its_product_lost);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
