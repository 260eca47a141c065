/* Philox against the known answers of Random123 (kat_vectors); the shapes of the distributions;
   fills that depend on index alone. */
#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "support.h"
#include "tensor/tensor.h"

START_TEST(test_philox_known_answers) {
  static const struct {
    uint32_t counter[4], key[2], out[4];
  } answers[] = {
      {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
    uint32_t out[4];
    tgi_philox(answers[i].counter, answers[i].key, out);
    ck_assert_mem_eq(out, answers[i].out, sizeof(out));
  }
}
END_TEST

START_TEST(test_bits_follow_key_and_index) {
  static const uint32_t pi[] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
  tg_key key = {.seed = 0x299f31d0a4093822, .stream = 0x0370734413198a2e};
  uint64_t block = 0x85a308d3243f6a88; /* past 2^62: indices reach only the lower blocks */
  uint32_t out[4];
  tgi_philox((const uint32_t[]){5, 0, 0x13198a2e, 0x03707344},
             (const uint32_t[]){0xa4093822, 0x299f31d0}, out);
  for (uint64_t i = 0; i < 4; i++) ck_assert_uint_eq(tg_random_bits(key, 20 + i), out[i]);
  double u[2];
  tgi_uniform_pair(key, block, u);
  ck_assert_double_eq(u[0], (double)(((uint64_t)pi[1] << 32 | pi[0]) >> 11) / 0x1p53);
  ck_assert_double_eq(u[1], (double)(((uint64_t)pi[3] << 32 | pi[2]) >> 11) / 0x1p53);
  ck_assert_uint_eq(tg_random_bits((tg_key){0}, 2), 0xbc57ac4c);
}
END_TEST

START_TEST(test_fold_gives_other_keys) {
  tg_key key = {.seed = 7, .stream = 9};
  tg_key a = tg_key_fold(key, 0), b = tg_key_fold(key, 1), again = tg_key_fold(key, 1);
  ck_assert_mem_eq(&b, &again, sizeof(b));
  ck_assert(a.seed != b.seed && a.stream != b.stream);
  ck_assert(a.seed != key.seed && a.stream != key.stream);
  ck_assert_uint_ne((uint32_t)a.seed, tg_random_bits(key, 0)); /* no number of its parent */
  tg_key twice = tg_key_fold(a, 1);
  ck_assert(twice.seed != b.seed);
}
END_TEST

/* Mean and variance within five standard errors of the truth. */
START_TEST(test_uniform_distribution) {
  enum { N = 200000, BINS = 20 };
  int64_t bins[BINS] = {0};
  double sum = 0, squares = 0;
  for (uint64_t i = 0; i < N; i++) {
    double u = tg_random_uniform((tg_key){1, 2}, i);
    ck_assert(u >= 0 && u < 1);
    sum += u;
    squares += u * u;
    bins[(int)(u * BINS)]++;
  }
  ck_assert_double_eq_tol(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N));
  ck_assert_double_eq_tol(squares / N, 1.0 / 3, 5 * sqrt(4.0 / 45 / N));
  for (int k = 0; k < BINS; k++)
    ck_assert_double_eq_tol((double)bins[k], N / BINS, 5 * sqrt(N / BINS));
}
END_TEST

START_TEST(test_normal_distribution) {
  enum { N = 200000 };
  double moment[5] = {0}, product = 0, last = 0;
  int64_t within = 0;
  for (uint64_t i = 0; i < N; i++) {
    double z = tg_random_normal((tg_key){3, 4}, i), power = 1;
    ck_assert(isfinite(z));
    for (int k = 0; k < 5; k++, power *= z) moment[k] += power / N;
    product += z * last / N; /* neighbours are not correlated, partners of a pair neither */
    last = z;
    within += fabs(z) < 1;
  }
  ck_assert_double_eq_tol(moment[1], 0, 5 * sqrt(1.0 / N));
  ck_assert_double_eq_tol(moment[2], 1, 5 * sqrt(2.0 / N));
  ck_assert_double_eq_tol(moment[3], 0, 5 * sqrt(15.0 / N));
  ck_assert_double_eq_tol(moment[4], 3, 5 * sqrt(96.0 / N));
  ck_assert_double_eq_tol(product, 0, 5 * sqrt(1.0 / N));
  ck_assert_double_eq_tol((double)within / N, erf(sqrt(0.5)), 5 * sqrt(0.22 / N));
}
END_TEST

START_TEST(test_permutation_is_one) {
  enum { N = 1000 };
  int64_t order[N];
  int seen[N] = {0}, fixed = 0;
  tg_random_permutation((tg_key){5, 6}, N, order);
  for (int i = 0; i < N; i++) {
    ck_assert(order[i] >= 0 && order[i] < N);
    seen[order[i]]++;
    fixed += order[i] == i;
  }
  for (int i = 0; i < N; i++) ck_assert_int_eq(seen[i], 1);
  ck_assert_int_lt(fixed, 10);
  tg_random_permutation((tg_key){5, 6}, 0, NULL);
}
END_TEST

START_TEST(test_permutations_are_equally_likely) {
  enum { N = 60000 };
  int64_t count[6] = {0};
  for (uint64_t i = 0; i < N; i++) {
    int64_t order[3];
    tg_random_permutation(tg_key_fold((tg_key){8, 8}, i), 3, order);
    count[order[0] * 2 + (order[1] > order[2])]++;
  }
  for (int k = 0; k < 6; k++) ck_assert_double_eq_tol((double)count[k], N / 6.0, 5 * sqrt(N / 6.0));
}
END_TEST

/* The last place of a long permutation holds each number alike: here, by its lowest bit. */
START_TEST(test_long_permutations_reach_every_number) {
  enum { N = 1025, TRIALS = 400 };
  int64_t order[N], odd = 0;
  for (uint64_t i = 0; i < TRIALS; i++) {
    tg_random_permutation(tg_key_fold((tg_key){9, 9}, i), N, order);
    odd += order[N - 1] % 2;
  }
  ck_assert_double_eq_tol((double)odd, TRIALS / 2.0, 5 * sqrt(TRIALS / 4.0));
}
END_TEST

START_TEST(test_fill_is_a_function_of_index) {
  enum { ROWS = 7, COLUMNS = 301 };
  static double a[ROWS * COLUMNS];
  static float b[COLUMNS * 2 * ROWS];
  tg_key key = {11, 12};
  tg_tensor x = tg_tensor_of(a, TG_F64, TG_DIMS(ROWS, COLUMNS));
  ck_assert_int_eq(tg_fill_uniform(x, key, -1, 3), TG_OK);
  for (int64_t i = 0; i < ROWS * COLUMNS; i++)
    ck_assert_double_eq(a[i], -1 + 4 * tg_random_uniform(key, (uint64_t)i));
  tg_tensor y = {.data = b, .dtype = TG_F32, .rank = 2, .dims = {ROWS, COLUMNS}};
  y.strides[0] = 2; /* transposed, with gaps */
  y.strides[1] = 2 * ROWS;
  ck_assert_int_eq(tg_fill_normal(y, key, 10, 0.5), TG_OK);
  for (int64_t i = 0; i < ROWS * COLUMNS; i++)
    ck_assert_double_eq(tg_tensor_at(&y, i),
                        (float)(10 + 0.5 * tg_random_normal(key, (uint64_t)i)));
  for (int i = 0; i < ROWS * COLUMNS; i++) ck_assert_float_eq(b[2 * i + 1], 0);
}
END_TEST

/* In f32 most of these numbers round to high, which is outside. */
START_TEST(test_fill_uniform_stays_below_high) {
  static float a[1000];
  tg_tensor x = tg_tensor_of(a, TG_F32, TG_DIMS(1000));
  double low = 1 - 0x1p-24;
  ck_assert_int_eq(tg_fill_uniform(x, (tg_key){1, 1}, low, 1), TG_OK);
  for (int i = 0; i < 1000; i++) ck_assert(a[i] < 1 && (double)a[i] >= low);
  ck_assert_int_eq(tg_fill_uniform(x, (tg_key){1, 1}, 2, 2), TG_OK);
  for (int i = 0; i < 1000; i++) ck_assert_float_eq(a[i], 2);
}
END_TEST

START_TEST(test_fill_refuses) {
  double a[4];
  tg_tensor x = tg_tensor_of(a, TG_F64, TG_DIMS(4)), i = tg_tensor_of(a, TG_I64, TG_DIMS(4));
  tg_key key = {0};
  ck_assert_int_eq(tg_fill_uniform(i, key, 0, 1), TG_DTYPE);
  ck_assert_int_eq(tg_fill_normal(i, key, 0, 1), TG_DTYPE);
  ck_assert_int_eq(tg_fill_uniform(x, key, 1, 0), TG_ARGUMENT);
  ck_assert_int_eq(tg_fill_uniform(x, key, 0, NAN), TG_ARGUMENT);
  ck_assert_int_eq(tg_fill_uniform(x, key, -INFINITY, 0), TG_ARGUMENT);
  ck_assert_int_eq(tg_fill_normal(x, key, 0, -1), TG_ARGUMENT);
  ck_assert_int_eq(tg_fill_normal(x, key, NAN, 1), TG_ARGUMENT);
  x.dims[0] = 0;
  ck_assert_int_eq(tg_fill_uniform(x, key, 0, 1), TG_OK);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("random");
  TCase *c = tcase_create("random");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, test_philox_known_answers);
  tcase_add_test(c, test_bits_follow_key_and_index);
  tcase_add_test(c, test_fold_gives_other_keys);
  tcase_add_test(c, test_uniform_distribution);
  tcase_add_test(c, test_normal_distribution);
  tcase_add_test(c, test_permutation_is_one);
  tcase_add_test(c, test_permutations_are_equally_likely);
  tcase_add_test(c, test_long_permutations_reach_every_number);
  tcase_add_test(c, test_fill_is_a_function_of_index);
  tcase_add_test(c, test_fill_uniform_stays_below_high);
  tcase_add_test(c, test_fill_refuses);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
