/* lib/nn: the distributions of first values, orthogonality, the linear layer. */
#include "network.h"

static const tg_key key = {3, 4};

/* Sealed params of one parameter. */
static tg_params *one(tg_dtype dtype, int rank, const int64_t dims[]) {
  tg_error e = {0};
  tg_params *params = tg_params_new(NULL, &e);
  tg_params_add(params, "w", dtype, rank, dims);
  ck_assert_msg(tg_params_seal(params, &e) == TG_OK, "%s", e.message);
  return params;
}

typedef struct moments {
  double mean, deviation, low, high;
} moments;

static moments measure(const tg_params *params) {
  tg_tensor x = tg_params_tensor(params, 0);
  int64_t n = tg_tensor_numel(&x);
  moments m = {.low = INFINITY, .high = -INFINITY};
  double squares = 0;
  for (int64_t i = 0; i < n; i++) {
    double v = tg_tensor_at(&x, i);
    m.mean += v / (double)n;
    squares += v * v / (double)n;
    m.low = fmin(m.low, v), m.high = fmax(m.high, v);
  }
  m.deviation = sqrt(squares - m.mean * m.mean);
  return m;
}

/* 120,000 numbers: the mean is within 5 standard errors, the deviation within 2 %. bound: what no
   number passes and some come near; 0: a normal distribution, which passes any such bound. */
static void assert_moments(tg_params *params, double mean, double deviation, double bound) {
  moments m = measure(params);
  ck_assert_double_eq_tol(m.mean, mean, 5 * deviation / 346);
  ck_assert_double_eq_tol(m.deviation, deviation, 0.02 * deviation);
  if (bound > 0) {
    ck_assert_double_ge(m.low, -bound);
    ck_assert_double_le(m.high, bound);
    ck_assert_double_le(m.low, -0.999 * bound);
    ck_assert_double_ge(m.high, 0.999 * bound);
  } else {
    ck_assert_double_gt(m.high, mean + 3.5 * deviation);
    ck_assert_double_lt(m.low, mean - 3.5 * deviation);
  }
  ck_assert_uint_eq(tg_params_version(params, 0), 1);
  tg_params_free(params);
}

#define FILL(init, ...)                                                                            \
  tg_params *params = one(_i ? TG_F64 : TG_F32, TG_DIMS(200, 100, 3, 2));                          \
  ck_assert_int_eq(init(params, 0, key, __VA_ARGS__, NULL), TG_OK)

enum { IN = 600, OUT = 1200 }; /* fans of [200,100,3,2] */

START_TEST(test_uniform) {
  FILL(tg_init_uniform, -0.5, 0.5);
  assert_moments(params, 0, 1 / sqrt(12.0), 0.5);
}
END_TEST

START_TEST(test_normal) {
  FILL(tg_init_normal, 3, 2);
  assert_moments(params, 3, 2, 0);
}
END_TEST

START_TEST(test_xavier_uniform) {
  FILL(tg_init_xavier_uniform, 2);
  double std = 2 * sqrt(2.0 / (IN + OUT));
  assert_moments(params, 0, std, sqrt(3.0) * std);
}
END_TEST

START_TEST(test_xavier_normal) {
  FILL(tg_init_xavier_normal, 1);
  assert_moments(params, 0, sqrt(2.0 / (IN + OUT)), 0);
}
END_TEST

START_TEST(test_kaiming_uniform) {
  FILL(tg_init_kaiming_uniform, TG_FAN_IN, 0);
  assert_moments(params, 0, sqrt(2.0 / IN), sqrt(6.0 / IN));
}
END_TEST

START_TEST(test_kaiming_normal) {
  FILL(tg_init_kaiming_normal, TG_FAN_OUT, 0.5);
  assert_moments(params, 0, sqrt(2.0 / 1.25 / OUT), 0);
}
END_TEST

START_TEST(test_constants) {
  tg_params *params = one(TG_F32, TG_DIMS(3));
  ck_assert_int_eq(tg_init_constant(params, 0, 2.5, NULL), TG_OK);
  moments m = measure(params);
  ck_assert_double_eq(m.low, 2.5);
  ck_assert_double_eq(m.high, 2.5);
  ck_assert_int_eq(tg_init_zeros(params, 0, NULL), TG_OK);
  m = measure(params);
  ck_assert_double_eq(m.low, 0);
  ck_assert_double_eq(m.high, 0);
  ck_assert_uint_eq(tg_params_version(params, 0), 2);
  tg_params_free(params);
}
END_TEST

START_TEST(test_values_follow_from_the_key) {
  tg_params *a = one(TG_F64, TG_DIMS(20, 20)), *b = one(TG_F64, TG_DIMS(20, 20));
  tg_tensor x = tg_params_tensor(a, 0), y = tg_params_tensor(b, 0);
  tg_init_kaiming_normal(a, 0, key, TG_FAN_IN, 0, NULL);
  tg_init_kaiming_normal(b, 0, key, TG_FAN_IN, 0, NULL);
  ck_assert_mem_eq(x.data, y.data, tg_tensor_bytes(&x));
  tg_init_kaiming_normal(b, 0, tg_key_fold(key, 1), TG_FAN_IN, 0, NULL);
  ck_assert_double_ne(tg_tensor_at(&x, 0), tg_tensor_at(&y, 0));
  tg_params_free(a), tg_params_free(b);
}
END_TEST

/* ---- orthogonal ---- */

enum { MOST = 300 };

/* Is W W^T, or W^T W where the columns are fewer, gain^2 times the identity? */
static void check_orthogonal(tg_dtype dtype, int rank, const int64_t dims[], double gain) {
  static double w[MOST * MOST];
  tg_params *params = one(dtype, rank, dims);
  ck_assert_int_eq(tg_init_orthogonal(params, 0, key, gain, NULL), TG_OK);
  tg_tensor x = tg_params_tensor(params, 0), to = tg_tensor_of(w, TG_F64, rank, dims);
  ck_assert_int_eq(tg_tensor_copy(&to, &x), TG_OK);
  int64_t rows = dims[0], cols = tg_tensor_numel(&x) / rows;
  int64_t k = rows < cols ? rows : cols, n = rows < cols ? cols : rows;
  int64_t row = rows <= cols ? cols : 1, col = rows <= cols ? 1 : cols;
  double most = 0;
  for (int64_t i = 0; i < k; i++)
    for (int64_t j = 0; j <= i; j++) {
      double dot = 0;
      for (int64_t l = 0; l < n; l++) dot += w[i * row + l * col] * w[j * row + l * col];
      most = fmax(most, fabs(dot - (i == j ? gain * gain : 0)));
    }
  ck_assert_double_le(most, gain * gain * (dtype == TG_F64 ? 1e-14 : 1e-6));
  tg_params_free(params);
}

START_TEST(test_orthogonal) {
  const tg_dtype dtype = _i ? TG_F64 : TG_F32;
  check_orthogonal(dtype, TG_DIMS(40, 40), 1);
  check_orthogonal(dtype, TG_DIMS(MOST, MOST), 1); /* badly conditioned: one pass is not enough */
  check_orthogonal(dtype, TG_DIMS(30, 50), 1);
  check_orthogonal(dtype, TG_DIMS(50, 30), sqrt(2.0));
  check_orthogonal(dtype, TG_DIMS(8, 3, 2, 2), 0.5);
  check_orthogonal(dtype, TG_DIMS(1, 1), 1);
  check_orthogonal(dtype, TG_DIMS(1, 7), 1);
}
END_TEST

/* Each orthogonal matrix is equally likely: the mean of an element is 0, of its square 1/n. */
START_TEST(test_orthogonal_is_uniform) {
  enum { DRAWS = 4000 };
  tg_params *params = one(TG_F64, TG_DIMS(4, 4));
  tg_tensor x = tg_params_tensor(params, 0);
  double mean[16] = {0}, square[16] = {0};
  for (uint64_t i = 0; i < DRAWS; i++) {
    tg_init_orthogonal(params, 0, tg_key_fold(key, i), 1, NULL);
    for (int k = 0; k < 16; k++) {
      mean[k] += tg_tensor_at(&x, k) / DRAWS;
      square[k] += tg_tensor_at(&x, k) * tg_tensor_at(&x, k) / DRAWS;
    }
  }
  for (int k = 0; k < 16; k++) {
    ck_assert_double_eq_tol(mean[k], 0, 5 * 0.5 / sqrt(DRAWS));
    ck_assert_double_eq_tol(square[k], 0.25, 0.02);
  }
  tg_params_free(params);
}
END_TEST

/* ---- refusals ---- */

static void assert_refused(tg_status status, const tg_error *e, tg_status expected,
                           const char *sentence) {
  ck_assert_int_eq(status, expected);
  ck_assert_int_eq(e->status, expected);
  ck_assert_str_eq(e->message, sentence);
}

START_TEST(test_refuses) {
  tg_error e = {0};
  tg_params *params = tg_params_new(NULL, &e);
  tg_params_add(params, "w", TG_F32, TG_DIMS(2));
  assert_refused(tg_init_zeros(params, 0, &e), &e, TG_ARGUMENT,
                 "init: no sealed parameter has the index 0");
  tg_params_add_buffer(params, "n", TG_I64, TG_DIMS(2, 2));
  tg_params_add(params, "empty", TG_F32, TG_DIMS(0, 2));
  ck_assert_int_eq(tg_params_seal(params, &e), TG_OK);
  assert_refused(tg_init_uniform(params, 3, key, 0, 1, &e), &e, TG_ARGUMENT,
                 "init: no sealed parameter has the index 3");
  assert_refused(tg_init_xavier_normal(params, 0, key, 1, &e), &e, TG_SHAPE,
                 "init: \"w\" has rank 1, expected [out, in, ...]");
  assert_refused(tg_init_normal(params, 1, key, 0, 1, &e), &e, TG_DTYPE,
                 "init: \"n\" is i64, expected f32 or f64");
  assert_refused(tg_init_orthogonal(params, 1, key, 1, &e), &e, TG_DTYPE,
                 "init: \"n\" is i64, expected f32 or f64");
  assert_refused(tg_init_uniform(params, 0, key, 1, 0, &e), &e, TG_ARGUMENT,
                 "init: \"w\" cannot be filled with the bounds 1 and 0");
  assert_refused(tg_init_normal(params, 0, key, 0, -1, &e), &e, TG_ARGUMENT,
                 "init: \"w\" cannot be filled with the mean and deviation 0 and -1");
  assert_refused(tg_init_orthogonal(params, 2, key, INFINITY, &e), &e, TG_ARGUMENT,
                 "init: the gain is inf");
  ck_assert_uint_eq(tg_params_version(params, 0), 0);
  ck_assert_int_eq(tg_init_constant(params, 1, 7, &e), TG_OK);
  tg_tensor n = tg_params_tensor(params, 1);
  ck_assert_double_eq(tg_tensor_at(&n, 3), 7);
  ck_assert_int_eq(tg_init_orthogonal(params, 2, key, 1, &e), TG_OK);
  ck_assert_int_eq(tg_init_kaiming_uniform(params, 2, key, TG_FAN_OUT, 0, &e), TG_OK);
  tg_params_free(params);
}
END_TEST

/* ---- the linear layer ---- */

START_TEST(test_linear_layer) {
  tg_error e = {0};
  tg_params *params = tg_params_new(NULL, &e);
  tg_linear_layer with = tg_linear_declare(params, "fc", TG_F64, 4, 3, true),
                  without = tg_linear_declare(params, "out", TG_F64, 3, 2, false);
  ck_assert_int_eq(tg_params_seal(params, &e), TG_OK);
  ck_assert_str_eq(tg_params_name(params, with.bias), "fc.bias");
  ck_assert_int_eq(without.bias, -1);
  ck_assert_int_eq(tg_linear_init(params, with, key, &e), TG_OK);
  ck_assert_int_eq(tg_linear_init(params, without, tg_key_fold(key, 1), &e), TG_OK);
  tg_tensor w = tg_params_tensor(params, with.weight), b = tg_params_tensor(params, with.bias),
            v = tg_params_tensor(params, without.weight);
  for (int i = 0; i < 12; i++) ck_assert_double_le(fabs(tg_tensor_at(&w, i)), 0.5);
  for (int i = 0; i < 3; i++) ck_assert_double_le(fabs(tg_tensor_at(&b, i)), 0.5);
  ck_assert_double_ne(tg_tensor_at(&b, 0), tg_tensor_at(&w, 0));
  const double x[4] = {1, 2, 3, 4};
  tg_tape *t = tg_tape_new(NULL, &e);
  tg_var h = tg_linear_apply(
      t, params, with, tg_constant(t, tg_tensor_of((void *)(uintptr_t)x, TG_F64, TG_DIMS(4))));
  tg_var y = tg_linear_apply(t, params, without, h);
  tg_tensor hs = tg_value(h), ys = tg_value(y);
  for (int i = 0; i < 3; i++) {
    double sum = tg_tensor_at(&b, i);
    for (int k = 0; k < 4; k++) sum += tg_tensor_at(&w, 4 * i + k) * x[k];
    ck_assert_double_eq_tol(tg_tensor_at(&hs, i), sum, 1e-14);
  }
  for (int i = 0; i < 2; i++) {
    double sum = 0;
    for (int k = 0; k < 3; k++) sum += tg_tensor_at(&v, 3 * i + k) * tg_tensor_at(&hs, k);
    ck_assert_double_eq_tol(tg_tensor_at(&ys, i), sum, 1e-14);
  }
  tg_tape_free(t);
  tg_params_free(params);
}
END_TEST

/* PyTorch's bound: most of [-1/sqrt(in), 1/sqrt(in)) is reached, by weight and bias. */
START_TEST(test_linear_init_spreads) {
  tg_params *params = tg_params_new(NULL, NULL);
  tg_linear_layer l = tg_linear_declare(params, "fc", TG_F32, 100, 1000, true);
  ck_assert_int_eq(tg_params_seal(params, NULL), TG_OK);
  ck_assert_int_eq(tg_linear_init(params, l, key, NULL), TG_OK);
  const int indexes[] = {l.weight, l.bias};
  for (int k = 0; k < 2; k++) {
    tg_tensor x = tg_params_tensor(params, indexes[k]);
    double low = 0, high = 0;
    for (int64_t i = 0; i < tg_tensor_numel(&x); i++) {
      low = fmin(low, tg_tensor_at(&x, i)), high = fmax(high, tg_tensor_at(&x, i));
    }
    ck_assert_double_ge(low, -0.1 - 1e-8);
    ck_assert_double_le(low, -0.098);
    ck_assert_double_lt(high, 0.1 + 1e-8);
    ck_assert_double_ge(high, 0.098);
  }
  tg_params_free(params);
}
END_TEST

START_TEST(test_linear_layer_that_cannot_be) {
  tg_error e = {0};
  char name[400];
  for (int i = 0; i < 399; i++) name[i] = 'n';
  name[399] = 0;
  tg_params *params = tg_params_new(NULL, &e);
  tg_linear_layer l = tg_linear_declare(params, name, TG_F32, 2, 2, true);
  ck_assert_int_eq(l.weight, -1);
  ck_assert_int_eq(tg_params_seal(params, &e), TG_ARGUMENT);
  ck_assert_ptr_nonnull(strstr(e.message, "is too long"));
  ck_assert_int_eq(tg_linear_init(params, l, key, &e), TG_ARGUMENT);
  tg_params_free(params);
  params = tg_params_new(NULL, &e);
  tg_linear_declare(params, "a", TG_F32, -2, 2, true);
  ck_assert_int_eq(tg_params_seal(params, &e), TG_SHAPE);
  tg_params_free(params);
}
END_TEST

int main(void) {
  Suite *s = suite_create("nn");
  TCase *c = tcase_create("values");
  suite_add_tcase(s, c);
  tcase_add_loop_test(c, test_uniform, 0, 2);
  tcase_add_loop_test(c, test_normal, 0, 2);
  tcase_add_loop_test(c, test_xavier_uniform, 0, 2);
  tcase_add_loop_test(c, test_xavier_normal, 0, 2);
  tcase_add_loop_test(c, test_kaiming_uniform, 0, 2);
  tcase_add_loop_test(c, test_kaiming_normal, 0, 2);
  tcase_add_test(c, test_constants);
  tcase_add_test(c, test_values_follow_from_the_key);
  tcase_add_loop_test(c, test_orthogonal, 0, 2);
  tcase_add_test(c, test_orthogonal_is_uniform);
  tcase_add_test(c, test_refuses);
  c = tcase_create("linear");
  suite_add_tcase(s, c);
  tcase_add_test(c, test_linear_layer);
  tcase_add_test(c, test_linear_init_spreads);
  tcase_add_test(c, test_linear_layer_that_cannot_be);
  return run_suite(s);
}
