/* Reductions, cumulative operators and softmax: values and gradients against PyTorch's, and what is
   decided at the edges. */
#include <math.h>
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

/* y = the operator along `axis` of x [rows, 4], dx its gradient where y's cotangent is 1, 1 + 1/8,
   ... */
typedef struct golden_case {
  const char *name;
  double p;
  int axis, rows;
  double x[12];
  int n;
  double y[12], dx[12];
} golden_case;
#include "golden/reductions.h"

static tg_var leaf(const double data[], int rank, const int64_t dims[]) {
  return tg_leaf(t, tg_tensor_of((void *)(uintptr_t)data, TG_F64, rank, dims));
}

static void equals(tg_var x, int n, const double values[]) {
  ck_assert_int_eq(tg_numel(x), n);
  for (int i = 0; i < n; i++) ck_assert_double_eq(at(x, i), values[i]);
}

/* ---- golden numbers ---- */

typedef tg_var reduction(tg_var x, int n_axes, const int64_t axes[], bool keepdim);
typedef tg_var deviation(tg_var x, int n_axes, const int64_t axes[], double correction,
                         bool keepdim);
typedef tg_var along(tg_var x, int axis);

static tg_var apply(const golden_case *c, tg_var x) {
  static const struct {
    const char *name;
    reduction *reduce;
    deviation *deviate;
    along *along;
  } of[] = {
      {"sum", tg_sum, NULL, NULL},           {"mean", tg_mean, NULL, NULL},
      {"prod", tg_prod, NULL, NULL},         {"amax", tg_amax, NULL, NULL},
      {"amin", tg_amin, NULL, NULL},         {"logsumexp", tg_logsumexp, NULL, NULL},
      {"variance", NULL, tg_variance, NULL}, {"std", NULL, tg_std, NULL},
      {"cumsum", NULL, NULL, tg_cumsum},     {"cumprod", NULL, NULL, tg_cumprod},
      {"softmax", NULL, NULL, tg_softmax},   {"log_softmax", NULL, NULL, tg_log_softmax},
  };
  for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
    if (strcmp(of[k].name, c->name) != 0) continue;
    if (of[k].reduce) return of[k].reduce(x, TG_AXES(c->axis), false);
    if (of[k].deviate) return of[k].deviate(x, TG_AXES(c->axis), c->p, false);
    return of[k].along(x, c->axis);
  }
  return tg_norm(x, c->p, TG_AXES(c->axis), false);
}

static bool near(double a, double b) { return a == b || fabs(a - b) <= 1e-13 * fmax(1, fabs(b)); }

static void compare(const golden_case *c, const char *what, tg_var y, const double expected[],
                    int n) {
  ck_assert_msg(tg_numel(y) == n, "%s: %s", c->name, tg_tape_message(t));
  for (int i = 0; i < n; i++)
    ck_assert_msg(near(at(y, i), expected[i]),
                  "%s p=%g axis %d of %g %g ...: %s[%d] is %.17g, not %.17g", c->name, c->p,
                  c->axis, c->x[0], c->x[1], what, i, at(y, i), expected[i]);
}

START_TEST(golden_numbers) {
  const golden_case *c = &golden[_i];
  double g[12], plain[12] = {0};
  for (int i = 0; i < 12; i++) g[i] = 1 + i / 8.0;
  tg_var x = leaf(c->x, TG_DIMS(c->rows, 4)), y = apply(c, x), dx;
  compare(c, "y", y, c->y, c->n);
  tg_tensor shape = tg_value(y);
  tg_var cotangent = leaf(g, shape.rank, shape.dims);
  ck_assert_int_eq(tg_vjp(&y, &cotangent, 1, &x, 1, &dx), TG_OK);
  compare(c, "dx by rule", dx, c->dx, 4 * c->rows);
  tg_tensor into = tg_tensor_of(plain, TG_F64, TG_DIMS(c->rows, 4));
  ck_assert_int_eq(tg_backward_into(&y, &cotangent, 1, NULL, &x, &into, 1), TG_OK);
  compare(c, "dx", tg_leaf(t, into), c->dx, 4 * c->rows);
}
END_TEST

/* ---- axes ---- */

START_TEST(axes_disappear_or_stay) {
  double data[24];
  for (int i = 0; i < 24; i++) data[i] = i;
  tg_var x = leaf(data, TG_DIMS(2, 3, 4));
  ck_assert_int_eq(tg_rank(tg_sum(x, TG_ALL, false)), 0);
  ck_assert_double_eq(tg_item(tg_sum(x, TG_ALL, false)), 276);
  ck_assert_int_eq(tg_rank(tg_sum(x, TG_ALL, true)), 3);
  tg_var y = tg_sum(x, TG_AXES(-1, 0), false);
  ck_assert_int_eq(tg_rank(y), 1);
  ck_assert_double_eq(at(y, 1), 4 + 5 + 6 + 7 + 16 + 17 + 18 + 19);
  ck_assert_int_eq(tg_dim(tg_sum(x, TG_AXES(-1, 0), true), 1), 3);
}
END_TEST

START_TEST(bad_axes_are_refused) {
  double data[4] = {0};
  tg_var x = leaf(data, TG_DIMS(2, 2));
  ck_assert(tg_is_failed(tg_sum(x, TG_AXES(2), false)));
  ck_assert_int_eq(tg_tape_status(t), TG_ARGUMENT);
  ck_assert_msg(strstr(tg_tape_message(t), "axis 2"), "%s", tg_tape_message(t));
  tg_tape_reset(t);
  ck_assert(tg_is_failed(tg_mean(leaf(data, TG_DIMS(2, 2)), TG_AXES(1, -1), false)));
  ck_assert_msg(strstr(tg_tape_message(t), "twice"), "%s", tg_tape_message(t));
  tg_tape_reset(t);
  ck_assert(tg_is_failed(tg_std(leaf(data, TG_DIMS(2, 2)), TG_AXES(5), 1, false)));
}
END_TEST

/* ---- edges ---- */

START_TEST(of_nothing) {
  double data[1] = {0};
  tg_var x = leaf(data, TG_DIMS(0, 2));
  ck_assert_double_eq(at(tg_sum(x, TG_AXES(0), false), 1), 0);
  ck_assert_double_eq(at(tg_prod(x, TG_AXES(0), false), 1), 1);
  ck_assert(isnan(at(tg_mean(x, TG_AXES(0), false), 1)));
  ck_assert_double_eq(at(tg_logsumexp(x, TG_AXES(0), false), 1), -INFINITY);
  ck_assert(tg_is_failed(tg_amax(x, TG_AXES(0), false)));
  ck_assert_int_eq(tg_tape_status(t), TG_SHAPE);
}
END_TEST

START_TEST(logsumexp_of_infinities) {
  double data[6] = {-INFINITY, -INFINITY, INFINITY, 1, 0, -INFINITY};
  tg_var x = leaf(data, TG_DIMS(3, 2)), y = tg_logsumexp(x, TG_AXES(1), false), dx;
  ck_assert_double_eq(at(y, 0), -INFINITY);
  ck_assert_double_eq(at(y, 1), INFINITY);
  ck_assert_double_eq(at(y, 2), 0);
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, &x, 1, &dx), TG_OK);
  ck_assert_double_eq(at(dx, 0), 0);
  ck_assert_double_eq(at(dx, 4), 1);
  ck_assert_double_eq(at(dx, 5), 0);
}
END_TEST

START_TEST(nan_is_an_extreme) {
  double data[4] = {1, NAN, 3, NAN};
  tg_var x = leaf(data, TG_DIMS(4));
  ck_assert(isnan(tg_item(tg_amax(x, TG_ALL, false))));
  ck_assert(isnan(tg_item(tg_amin(x, TG_ALL, false))));
  ck_assert_double_eq(tg_item(tg_argmax(x, 0, false)), 1);
}
END_TEST

START_TEST(argmax_takes_the_first) {
  double data[6] = {1, 5, 5, -2, -2, 7};
  tg_var x = leaf(data, TG_DIMS(2, 3));
  tg_var y = tg_argmax(x, 1, false);
  ck_assert_int_eq(tg_dtype_of(y), TG_I64);
  ck_assert_double_eq(at(y, 0), 1);
  ck_assert_double_eq(at(y, 1), 2);
  ck_assert_double_eq(at(tg_argmin(x, -1, true), 1), 0);
  ck_assert_int_eq(tg_rank(tg_argmin(x, -1, true)), 2);
}
END_TEST

START_TEST(any_and_all) {
  uint8_t bits[6] = {0, 1, 0, 0, 1, 1};
  tg_var x = tg_leaf(t, tg_tensor_of(bits, TG_BOOL, TG_DIMS(3, 2)));
  tg_var any = tg_any(x, TG_AXES(1), false), all = tg_all(x, TG_AXES(1), false);
  ck_assert_int_eq(tg_dtype_of(any), TG_BOOL);
  equals(any, 3, (const double[]){1, 0, 1});
  equals(all, 3, (const double[]){0, 0, 1});
  ck_assert_double_eq(tg_item(tg_all(x, TG_ALL, false)), 0);
}
END_TEST

/* ---- more than one derivative ---- */

/* x0 x1 x2 with two zeros: the only mixed derivative that is not 0 is that of the two. */
START_TEST(second_derivative_of_a_product_with_zeros) {
  double data[3] = {0, 4, 0};
  tg_var x = leaf(data, TG_DIMS(3)), y = tg_prod(x, TG_ALL, false), dx, ddx;
  ck_assert_int_eq(tg_grad(y, &x, 1, &dx), TG_OK);
  tg_var first = tg_select(dx, 0, 0);
  ck_assert_int_eq(tg_grad(first, &x, 1, &ddx), TG_OK);
  equals(ddx, 3, (const double[]){0, 0, 4});
  tg_var last = tg_select(tg_cumprod(x, 0), 0, 2);
  ck_assert_int_eq(tg_grad(last, &x, 1, &dx), TG_OK);
  first = tg_select(dx, 0, 0);
  ck_assert_int_eq(tg_grad(first, &x, 1, &ddx), TG_OK);
  equals(ddx, 3, (const double[]){0, 0, 4});
}
END_TEST

START_TEST(variance_and_mean_at_once) {
  double data[4] = {1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 6};
  tg_var x = leaf(data, TG_DIMS(4)), variance, mean;
  tg_var_mean(x, TG_ALL, 1, false, &variance, &mean);
  ck_assert_double_eq(tg_item(mean), 1e9 + 3);
  ck_assert_double_eq_tol(tg_item(variance), 14.0 / 3, 1e-12);
  ck_assert(isnan(tg_item(tg_variance(tg_scalar(t, TG_F64, 1), TG_ALL, 1, false))));
}
END_TEST

/* The packed result needs an axis of its own, which eight kept ones leave no room for. */
START_TEST(moments_of_eight_axes) {
  double data[8] = {0, 2, 2, 0, 6, 0, 0, 6};
  tg_var x = leaf(data, TG_DIMS(1, 1, 1, 2, 1, 1, 4, 1)), variance, mean;
  tg_var_mean(x, TG_AXES(-2), 0, true, &variance, &mean);
  ck_assert_int_eq(tg_rank(mean), 8);
  ck_assert(tg_dim(mean, 3) == 2 && tg_dim(mean, 6) == 1);
  equals(mean, 2, (const double[]){1, 3});
  equals(variance, 2, (const double[]){1, 9});
  equals(tg_std(x, TG_AXES(6), 0, false), 2, (const double[]){1, 3});
  equals(tg_variance(x, TG_ALL, 0, true), 1, (const double[]){6});
}
END_TEST

START_TEST(a_recurrence) {
  double a[4] = {9, 2, 0, 3}, b[4] = {1, 1, 5, 1};
  tg_var y = tg_linear_scan(leaf(a, TG_DIMS(4)), leaf(b, TG_DIMS(4)), 0);
  equals(y, 4, (const double[]){1, 3, 5, 16});
}
END_TEST

START_TEST(norms_of_wrong_power_are_refused) {
  ck_assert(tg_is_failed(tg_norm(tg_scalar(t, TG_F64, 1), -1, TG_ALL, false)));
  ck_assert_int_eq(tg_tape_status(t), TG_ARGUMENT);
  tg_tape_reset(t);
  ck_assert(tg_is_failed(tg_norm(tg_scalar(t, TG_F64, 1), (double)NAN, TG_ALL, false)));
}
END_TEST

/* Long lanes cross the kernel's blocks, and so do wide ones. */
START_TEST(softmax_of_long_and_wide_lanes) {
  enum { N = 300 };
  static double data[N * N];
  for (int i = 0; i < N * N; i++) data[i] = 5 * sin(1.7 * i);
  tg_var x = leaf(data, TG_DIMS(N, N));
  for (int axis = 0; axis < 2; axis++) {
    tg_var y = tg_softmax(x, axis), z = tg_log_softmax(x, axis);
    for (int k = 0; k < N; k += 37) {
      double total = 0;
      for (int i = 0; i < N; i++) total += exp(data[axis ? k * N + i : i * N + k]);
      for (int i = 0; i < N; i += 7) {
        int place = axis ? k * N + i : i * N + k;
        ck_assert_double_eq_tol(at(y, place), exp(data[place]) / total, 1e-15);
        ck_assert_double_eq_tol(at(z, place), data[place] - log(total), 1e-13);
      }
    }
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ops_reduce");
  TCase *c = tcase_create("ops_reduce");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_loop_test(c, golden_numbers, 0, (int)(sizeof golden / sizeof *golden));
  tcase_add_test(c, axes_disappear_or_stay);
  tcase_add_test(c, bad_axes_are_refused);
  tcase_add_test(c, of_nothing);
  tcase_add_test(c, logsumexp_of_infinities);
  tcase_add_test(c, nan_is_an_extreme);
  tcase_add_test(c, argmax_takes_the_first);
  tcase_add_test(c, any_and_all);
  tcase_add_test(c, second_derivative_of_a_product_with_zeros);
  tcase_add_test(c, variance_and_mean_at_once);
  tcase_add_test(c, moments_of_eight_axes);
  tcase_add_test(c, a_recurrence);
  tcase_add_test(c, norms_of_wrong_power_are_refused);
  tcase_add_test(c, softmax_of_long_and_wide_lanes);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
