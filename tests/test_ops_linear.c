/* Products and softmax: values against plain loops on doubles, derivatives against central
   differences. */
#include <math.h>
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

enum { MOST = 512 };
static double memory[8][MOST];

/* A leaf of numbers that follow no pattern, in memory[slot]. */
static tg_var leaf(int slot, int rank, const int64_t dims[]) {
  tg_tensor x = tg_tensor_of(memory[slot], TG_F64, rank, dims);
  for (int64_t i = 0; i < tg_tensor_numel(&x); i++)
    memory[slot][i] = sin(12.9898 * (double)i + 4.1 * slot + 0.3);
  return tg_leaf(t, x);
}

static double element(tg_var x, const int64_t index[]) {
  tg_tensor value = tg_value(x);
  return tg_tensor_get(&value, index);
}

/* A fixed linear functional of y, so that every element of the cotangent differs. */
static tg_var weighed(tg_var y) {
  static double weights[MOST];
  tg_tensor value = tg_value(y);
  tg_tensor w = tg_tensor_of(weights, value.dtype, value.rank, value.dims);
  for (int64_t i = 0; i < tg_tensor_numel(&w); i++) weights[i] = cos(2.7 * (double)i + 0.2);
  return tg_sum(tg_mul(y, tg_leaf(t, w)), TG_ALL, false);
}

/* ---- derivatives: plain sweep, recorded sweep and central differences agree ---- */

typedef tg_var function(const tg_var x[]);

static double difference(function *f, const tg_var x[], double *number) {
  double was = *number, h = 1e-5;
  *number = was + h;
  double up = tg_item(weighed(f(x)));
  *number = was - h;
  double down = tg_item(weighed(f(x)));
  *number = was;
  return (up - down) / (2 * h);
}

static void check_derivatives(function *f, const tg_var x[], int n) {
  double plain[4][MOST];
  tg_tensor dx[4];
  tg_var recorded[4], y = weighed(f(x));
  for (int i = 0; i < n; i++) {
    tg_tensor value = tg_value(x[i]);
    dx[i] = tg_tensor_of(plain[i], TG_F64, value.rank, value.dims);
    for (int k = 0; k < MOST; k++) plain[i][k] = 0;
  }
  ck_assert_msg(tg_backward_into(&y, NULL, 1, NULL, x, dx, n) == TG_OK, "%s", tg_tape_message(t));
  ck_assert_msg(tg_grad(y, x, n, recorded) == TG_OK, "%s", tg_tape_message(t));
  for (int i = 0; i < n; i++) {
    tg_tensor value = tg_value(x[i]), rule = tg_value(recorded[i]);
    for (int64_t k = 0; k < tg_tensor_numel(&value); k++) {
      double expected = difference(f, x, (double *)value.data + k);
      ck_assert_double_eq_tol(plain[i][k], expected, 1e-7);
      ck_assert_double_eq_tol(tg_tensor_at(&rule, k), expected, 1e-7);
    }
  }
}

/* ---- matmul ---- */

START_TEST(matrices) {
  tg_var a = leaf(0, TG_DIMS(3, 4)), b = leaf(1, TG_DIMS(4, 2)), y = tg_matmul(a, b);
  ck_assert_int_eq(tg_rank(y), 2);
  for (int64_t i = 0; i < 3; i++)
    for (int64_t j = 0; j < 2; j++) {
      double sum = 0;
      for (int l = 0; l < 4; l++) sum += memory[0][i * 4 + l] * memory[1][l * 2 + j];
      ck_assert_double_eq_tol(element(y, (int64_t[]){i, j}), sum, 1e-14);
    }
}
END_TEST

START_TEST(vectors_lose_their_axis) {
  tg_var u = leaf(0, TG_DIMS(3)), v = leaf(1, TG_DIMS(3)), m = leaf(2, TG_DIMS(3, 3));
  double dot = 0, row = 0, column = 0;
  for (int l = 0; l < 3; l++) {
    dot += memory[0][l] * memory[1][l];
    row += memory[0][l] * memory[2][l * 3 + 1];
    column += memory[2][3 + l] * memory[0][l];
  }
  ck_assert_int_eq(tg_rank(tg_matmul(u, v)), 0);
  ck_assert_double_eq_tol(tg_item(tg_matmul(u, v)), dot, 1e-14);
  ck_assert_int_eq(tg_rank(tg_matmul(u, m)), 1);
  ck_assert_double_eq_tol(element(tg_matmul(u, m), (int64_t[]){1}), row, 1e-14);
  ck_assert_double_eq_tol(element(tg_matmul(m, u), (int64_t[]){1}), column, 1e-14);
}
END_TEST

START_TEST(batches_broadcast) {
  tg_var a = leaf(0, TG_DIMS(2, 1, 3, 4)), b = leaf(1, TG_DIMS(5, 4, 2)), y = tg_matmul(a, b);
  ck_assert_int_eq(tg_rank(y), 4);
  ck_assert_int_eq(tg_numel(y), 60);
  for (int64_t p = 0; p < 2; p++)
    for (int64_t q = 0; q < 5; q++) {
      double sum = 0;
      for (int l = 0; l < 4; l++) sum += memory[0][p * 12 + 8 + l] * memory[1][q * 8 + l * 2 + 1];
      ck_assert_double_eq_tol(element(y, (int64_t[]){p, q, 2, 1}), sum, 1e-14);
    }
}
END_TEST

/* So many small products that the threads share them. */
START_TEST(many_products_on_threads) {
  enum { N = 600, M = 9 };
  static double data[2][N * M * M];
  for (int i = 0; i < N * M * M; i++) data[0][i] = sin(i), data[1][i] = cos(3.0 * i);
  tg_error error = {0};
  tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.threads = 3}, &error);
  tg_tape *many = tg_tape_new(&(tg_tape_options){.runtime = runtime}, NULL);
  tg_var x[2];
  for (int i = 0; i < 2; i++) x[i] = tg_leaf(many, tg_tensor_of(data[i], TG_F64, TG_DIMS(N, M, M)));
  tg_var y = tg_matmul(x[0], tg_transpose(x[1], 1, 2));
  for (int64_t p = 0; p < N; p += 13) {
    double sum = 0;
    for (int l = 0; l < M; l++)
      sum += data[0][p * M * M + 2 * M + l] * data[1][p * M * M + 5 * M + l];
    ck_assert_double_eq_tol(element(y, (int64_t[]){p, 2, 5}), sum, 1e-13);
  }
  tg_tape_free(many);
  tg_runtime_free(runtime);
}
END_TEST

START_TEST(nothing_summed_is_zero) {
  tg_var a = leaf(0, TG_DIMS(2, 0)), b = leaf(1, TG_DIMS(0, 2)), y = tg_matmul(a, b);
  for (int64_t i = 0; i < 4; i++) ck_assert_double_eq(element(y, (int64_t[]){i / 2, i % 2}), 0);
}
END_TEST

START_TEST(integers_multiply) {
  int64_t a[4] = {1, 2, 3, INT64_MAX}, b[2] = {2, 2};
  tg_var y = tg_matmul(tg_leaf(t, tg_tensor_of(a, TG_I64, TG_DIMS(2, 2))),
                       tg_leaf(t, tg_tensor_of(b, TG_I64, TG_DIMS(2))));
  ck_assert_int_eq(((int64_t *)tg_value(y).data)[0], 6);
  ck_assert_int_eq(((int64_t *)tg_value(y).data)[1], 4); /* 6 + 2 (2^63 - 1), wrapped */
}
END_TEST

START_TEST(refusals_name_sizes) {
  tg_matmul(leaf(0, TG_DIMS(3, 4)), leaf(1, TG_DIMS(3, 4)));
  ck_assert_int_eq(tg_tape_status(t), TG_SHAPE);
  ck_assert_msg(strstr(tg_tape_message(t), "inner sizes 4 and 3"), "%s", tg_tape_message(t));
  tg_tape_reset(t);
  ck_assert(tg_is_failed(tg_matmul(tg_scalar(t, TG_F64, 1), leaf(1, TG_DIMS(3, 4)))));
  tg_tape_reset(t);
  ck_assert(tg_is_failed(tg_matmul(leaf(0, TG_DIMS(2, 3, 4)), leaf(1, TG_DIMS(3, 4, 3)))));
}
END_TEST

static tg_var matmul(const tg_var x[]) { return tg_matmul(x[0], x[1]); }
static tg_var matmul_transposed(const tg_var x[]) {
  return tg_matmul(tg_transpose(x[0], -1, -2), x[1]);
}

START_TEST(derivatives_of_matmul) {
  static const struct {
    int a, b;
    int64_t dims[2][4];
  } of[] = {
      {2, 2, {{3, 4}, {4, 2}}},
      {1, 1, {{4}, {4}}},
      {1, 2, {{4}, {4, 3}}},
      {2, 1, {{3, 4}, {4}}},
      {3, 2, {{2, 3, 4}, {4, 2}}},
      {2, 3, {{3, 4}, {2, 4, 2}}},
      {4, 3, {{2, 1, 2, 3}, {3, 3, 2}}},
      {1, 3, {{3}, {2, 3, 4}}},
      {3, 1, {{2, 3, 4}, {4}}},
      {3, 3, {{1, 2, 3}, {2, 3, 1}}},
  };
  for (size_t k = 0; k < sizeof of / sizeof *of; k++) {
    tg_var x[2] = {leaf(0, of[k].a, of[k].dims[0]), leaf(1, of[k].b, of[k].dims[1])};
    check_derivatives(matmul, x, 2);
  }
  tg_var x[2] = {leaf(0, TG_DIMS(2, 4, 3)), leaf(1, TG_DIMS(4, 2))};
  check_derivatives(matmul_transposed, x, 2);
}
END_TEST

/* ---- linear ---- */

static tg_var linear(const tg_var x[]) { return tg_linear(x[0], x[1], x[2]); }
static tg_var composed(const tg_var x[]) {
  return tg_add(tg_matmul(x[0], tg_transpose(x[1], 0, 1)), x[2]);
}
static tg_var linear_of_permuted(const tg_var x[]) {
  return tg_linear(tg_transpose(x[0], 0, 1), x[1], x[2]);
}
static tg_var without_bias(const tg_var x[]) { return tg_linear(x[0], x[1], TG_NONE); }

START_TEST(linear_is_its_composition) {
  static const int64_t dims[3][3] = {{5}, {4, 5}, {2, 3, 5}};
  for (int rank = 1; rank <= 3; rank++) {
    tg_var x[3] = {leaf(0, rank, dims[rank - 1]), leaf(1, TG_DIMS(2, 5)), leaf(2, TG_DIMS(2))};
    tg_tensor y = tg_value(linear(x)), z = tg_value(composed(x));
    ck_assert(tg_tensor_same_shape(&y, &z));
    for (int64_t k = 0; k < tg_tensor_numel(&y); k++)
      ck_assert_double_eq_tol(tg_tensor_at(&y, k), tg_tensor_at(&z, k), 1e-14);
    check_derivatives(linear, x, 3);
    check_derivatives(without_bias, x, 2);
  }
}
END_TEST

START_TEST(linear_reads_views) {
  tg_var x[3] = {leaf(0, TG_DIMS(2, 3, 5)), leaf(1, TG_DIMS(2, 5)), leaf(2, TG_DIMS(2))};
  check_derivatives(linear_of_permuted, x, 3);
}
END_TEST

START_TEST(second_derivatives_of_linear) {
  tg_var x[3] = {leaf(0, TG_DIMS(4, 2)), leaf(1, TG_DIMS(3, 2)), leaf(2, TG_DIMS(3))};
  tg_var y = tg_sum(tg_square(linear(x)), TG_ALL, false), dx, ddx;
  ck_assert_int_eq(tg_grad(y, &x[1], 1, &dx), TG_OK);
  tg_var norm = tg_sum(tg_square(dx), TG_ALL, false);
  ck_assert_int_eq(tg_grad(norm, &x[1], 1, &ddx), TG_OK);
  /* grad = 2 (W x^T + b) x, so the norm's gradient is 4 dW (x^T x) */
  tg_tensor d = tg_value(dx), dd = tg_value(ddx);
  for (int64_t o = 0; o < 3; o++)
    for (int64_t j = 0; j < 2; j++) {
      double expected = 0;
      for (int64_t l = 0; l < 2; l++)
        for (int b = 0; b < 4; b++)
          expected += 4 * tg_tensor_get(&d, (int64_t[]){o, l}) * memory[0][b * 2 + l] *
                      memory[0][b * 2 + j];
      ck_assert_double_eq_tol(tg_tensor_get(&dd, (int64_t[]){o, j}), expected, 1e-12);
    }
}
END_TEST

START_TEST(linear_refuses) {
  tg_var x = leaf(0, TG_DIMS(4, 2)), w = leaf(1, TG_DIMS(3, 3)), b = leaf(2, TG_DIMS(2));
  ck_assert(tg_is_failed(tg_linear(x, w, TG_NONE)));
  ck_assert_msg(strstr(tg_tape_message(t), "2 features"), "%s", tg_tape_message(t));
  tg_tape_reset(t);
  ck_assert(tg_is_failed(tg_linear(leaf(0, TG_DIMS(4, 3)), leaf(1, TG_DIMS(3, 3)), b)));
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ops_linear");
  TCase *c = tcase_create("ops_linear");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, matrices);
  tcase_add_test(c, vectors_lose_their_axis);
  tcase_add_test(c, batches_broadcast);
  tcase_add_test(c, many_products_on_threads);
  tcase_add_test(c, nothing_summed_is_zero);
  tcase_add_test(c, integers_multiply);
  tcase_add_test(c, refusals_name_sizes);
  tcase_add_test(c, derivatives_of_matmul);
  tcase_add_test(c, linear_is_its_composition);
  tcase_add_test(c, linear_reads_views);
  tcase_add_test(c, second_derivatives_of_linear);
  tcase_add_test(c, linear_refuses);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
