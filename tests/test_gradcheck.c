/* The gradient check must find what is wrong, and only that: right rules, rules off by 0.05 %,
   kinks, failures. */
#include <math.h>
#include <string.h>

#include "support.h"
#include "tapegrad/gradcheck_assert.h"
#include "tapegrad/ops.h"

static tg_tensor vector(double *data, int64_t n) { return tg_tensor_of(data, TG_F64, 1, &n); }

static tg_var smooth(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  return tg_mul(tg_sin(x[0]), tg_exp(tg_mul(x[0], x[1])));
}

START_TEST(right_rules_are_right) {
  double a[4] = {0.1, -0.7, 1.2, 2}, b[4] = {1, 0.5, -0.3, 0.2};
  tg_tensor x[2] = {vector(a, 4), vector(b, 4)};
  tg_assert_gradients(smooth, x, 2, NULL, NULL);
  tg_gradcheck r;
  tg_gradcheck_run(smooth, x, 2, NULL, NULL, &r);
  ck_assert_int_eq(r.verdict, TG_CHECK_RIGHT);
  ck_assert(r.max_rel_error < 1e-6);
  ck_assert(r.max_abs_error > 0);
  ck_assert(r.operand >= 0 && r.operand < 2 && r.element >= 0 && r.element < 4);
  ck_assert_double_eq_tol(r.analytic, r.numeric, 1e-6);
}
END_TEST

START_TEST(f32_has_its_own_tolerances) {
  float a[3] = {0.1f, -0.7f, 1.2f}, b[3] = {1, 0.5f, -0.3f};
  tg_tensor x[2] = {tg_tensor_of(a, TG_F32, TG_DIMS(3)), tg_tensor_of(b, TG_F32, TG_DIMS(3))};
  tg_assert_gradients(smooth, x, 2, NULL, NULL);
}
END_TEST

/* ---- wrong rules ---- */

static tg_status kernel_cubed(const tg_call *c) {
  for (int64_t i = 0; i < tg_tensor_numel(&c->out); i++)
    tg_tensor_put(&c->out, i, pow(tg_tensor_at(&c->in[0], i), 3));
  return TG_OK;
}
static tg_var vjp_off(const tg_call *c, tg_var g) {
  return tg_mul(g, tg_mul(tg_scalar_like(g, 3 * 1.0005), tg_square(c->x[0])));
}
static tg_var
vjp_second_off(const tg_call *c,
               tg_var g) { /* right, but its derivative is not: x^2 detached in part */
  tg_var x = c->x[0];
  bool was = tg_tape_set_grad(c->tape, false);
  tg_var constant = tg_square(x);
  tg_tape_set_grad(c->tape, was);
  return tg_mul(g, tg_mul(tg_scalar_like(g, 3), constant));
}
static const tg_op off = {
    TG_OP_INIT,      .name = "off",       .label = "off",         .formula = "x^3",
    .arity = 1,      .dtypes = TG_FLOATS, .shape = tg_shape_same, .kernel = kernel_cubed,
    .vjp = {vjp_off}};
static const tg_op second_off = {TG_OP_INIT,
                                 .name = "second_off",
                                 .label = "off",
                                 .formula = "x^3",
                                 .arity = 1,
                                 .dtypes = TG_FLOATS,
                                 .shape = tg_shape_same,
                                 .kernel = kernel_cubed,
                                 .vjp = {vjp_second_off}};

static tg_var with_op(tg_tape *t, const tg_var x[], void *user) {
  (void)t;
  tg_var inner = tg_sin(x[0]);
  return tg_exp(tg_apply(user, &inner, 1, NULL));
}

START_TEST(a_rule_off_by_a_twentieth_of_a_percent_is_found_and_named) {
  double a[5] = {0.3, 0.5, 1.5, 0.8, 1.1};
  tg_tensor x = vector(a, 5);
  tg_gradcheck r;
  ck_assert_int_eq(tg_gradcheck_run(with_op, &x, 1, (void *)&off, NULL, &r), TG_STATE);
  ck_assert_int_eq(r.verdict, TG_CHECK_WRONG);
  ck_assert_str_eq(r.op, "off");
  ck_assert_int_eq(r.operand, 0);
  ck_assert_int_eq(r.element, 2); /* sin^2 is largest there */
  ck_assert_double_eq_tol(r.analytic / r.numeric, 1.0005, 1e-6);
  ck_assert_msg(strstr(r.message, "x[0] element 2") && strstr(r.message, "the rule of off"), "%s",
                r.message);
}
END_TEST

START_TEST(a_rule_that_is_wrong_at_second_order_is_found) {
  double a[2] = {0.3, 0.5};
  tg_tensor x = vector(a, 2);
  tg_gradcheck r;
  tg_gradcheck_run(with_op, &x, 1, (void *)&second_off, NULL, &r);
  ck_assert_int_eq(r.verdict, TG_CHECK_WRONG);
  ck_assert_msg(strstr(r.what, "vjp of vjp"), "%s", r.message);
  tg_gradcheck_run(with_op, &x, 1, (void *)&second_off, &(tg_gradcheck_options){.order = 1}, &r);
  ck_assert_int_eq(r.verdict, TG_CHECK_RIGHT);
}
END_TEST

static tg_status grad_off(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                          double beta) {
  for (int64_t k = 0; k < tg_tensor_numel(dx); k++) {
    double old = beta == 0 ? 0 : tg_tensor_at(dx, k), x = tg_tensor_at(&c->in[i], k);
    tg_tensor_put(dx, k, old + 3.1 * x * x * tg_tensor_at(g, k));
  }
  return TG_OK;
}
static tg_var vjp_right(const tg_call *c, tg_var g) {
  return tg_mul(g, tg_mul(tg_scalar_like(g, 3), tg_square(c->x[0])));
}
static const tg_op plain_off = {
    TG_OP_INIT,         .name = "plain_off", .label = "off",         .formula = "x^3",
    .arity = 1,         .dtypes = TG_FLOATS, .shape = tg_shape_same, .kernel = kernel_cubed,
    .vjp = {vjp_right}, .grad = grad_off};

START_TEST(a_fused_kernel_that_differs_from_its_rule_is_found) {
  double a[2] = {0.3, 0.5};
  tg_tensor x = vector(a, 2);
  tg_gradcheck r;
  tg_gradcheck_run(with_op, &x, 1, (void *)&plain_off, NULL, &r);
  ck_assert_int_eq(r.verdict, TG_CHECK_WRONG);
  ck_assert_str_eq(r.what, "plain sweep");
  ck_assert_str_eq(r.op, "plain_off");
}
END_TEST

/* ---- kinks and failures ---- */

static tg_var rectified(tg_tape *t, const tg_var x[], void *user) {
  (void)t;
  tg_var y = tg_relu(x[0]);
  return user ? tg_mul(y, tg_apply(user, &x[0], 1, NULL)) : y;
}

START_TEST(a_kink_is_said_and_is_no_failure) {
  double a[4] = {-1, 0, 1, 2};
  tg_tensor x = vector(a, 4);
  tg_gradcheck r;
  ck_assert_int_eq(tg_gradcheck_run(rectified, &x, 1, NULL, NULL, &r), TG_OK);
  ck_assert_int_eq(r.verdict, TG_CHECK_KINK);
  ck_assert_int_eq(r.element, 1);
}
END_TEST

START_TEST(a_kink_does_not_hide_a_wrong_rule) {
  double a[4] = {-1, 1e-9, 1, 2};
  tg_tensor x = vector(a, 4);
  tg_gradcheck r;
  tg_gradcheck_run(rectified, &x, 1, (void *)&off, NULL, &r);
  ck_assert_int_eq(r.verdict, TG_CHECK_WRONG);
  ck_assert_str_eq(r.op, "off");
}
END_TEST

static tg_var logarithm(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  return tg_log(x[0]);
}
static tg_var misfit(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  return tg_add(x[0], x[1]);
}

START_TEST(failures_are_told_apart) {
  double a[2] = {-1, 2}, b[3] = {0};
  tg_tensor x[2] = {vector(a, 2), vector(b, 3)};
  tg_gradcheck r;
  ck_assert_int_eq(tg_gradcheck_run(logarithm, x, 1, NULL, NULL, &r), TG_NOT_FINITE);
  ck_assert_int_eq(r.verdict, TG_CHECK_FAILED);
  ck_assert_int_eq(tg_gradcheck_run(misfit, x, 2, NULL, NULL, &r), TG_SHAPE);
  ck_assert_msg(strstr(r.message, "add: [2] f64 + [3] f64"), "%s", r.message);
}
END_TEST

static tg_var choose(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  return tg_square(tg_where(x[0], x[1], x[2]));
}

START_TEST(integers_are_passed_along) {
  double a[3] = {1, 2, 3}, b[3] = {4, 5, 6};
  uint8_t c[3] = {1, 0, 1};
  tg_tensor x[3] = {tg_tensor_of(c, TG_BOOL, TG_DIMS(3)), vector(a, 3), vector(b, 3)};
  tg_assert_gradients(choose, x, 3, NULL, NULL);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("gradcheck");
  TCase *tests = tcase_create("gradcheck");
  tcase_add_test(tests, right_rules_are_right);
  tcase_add_test(tests, f32_has_its_own_tolerances);
  tcase_add_test(tests, a_rule_off_by_a_twentieth_of_a_percent_is_found_and_named);
  tcase_add_test(tests, a_rule_that_is_wrong_at_second_order_is_found);
  tcase_add_test(tests, a_fused_kernel_that_differs_from_its_rule_is_found);
  tcase_add_test(tests, a_kink_is_said_and_is_no_failure);
  tcase_add_test(tests, a_kink_does_not_hide_a_wrong_rule);
  tcase_add_test(tests, failures_are_told_apart);
  tcase_add_test(tests, integers_are_passed_along);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
