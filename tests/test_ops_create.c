/* Tensors from nothing, random ones among them, and the same numbers in another form. */
#include "values.h"

/* ---- from nothing ---- */

START_TEST(filled_tensors) {
  ASSERT_IS(tg_zeros(t, TG_F32, TG_DIMS(2, 2)), TG_DIMS(2, 2), 0, 0, 0, 0);
  ASSERT_IS(tg_ones(t, TG_BOOL, TG_DIMS(3)), TG_DIMS(3), 1, 1, 1);
  ASSERT_IS(tg_full(t, TG_I64, TG_SCALAR, -7.9), TG_SCALAR, -7);
  ASSERT_IS(tg_eye(t, TG_U8, 3), TG_DIMS(3, 3), 1, 0, 0, 0, 1, 0, 0, 0, 1);
  tg_var x = tg_transpose(iota(TG_DIMS(2, 3)), 0, 1), y = tg_full_like(x, 4);
  ASSERT_IS(y, TG_DIMS(3, 2), 4, 4, 4, 4, 4, 4);
  ck_assert_int_eq(tg_dtype_of(tg_zeros_like(tg_eye(t, TG_I32, 2))), TG_I32);
  ck_assert(tg_is_none(tg_ones_like(TG_NONE)));
  ck_assert(tg_is_none(tg_zeros(NULL, TG_F32, TG_DIMS(2))));
  assert_refused(tg_zeros(t, (tg_dtype)77, TG_DIMS(2)), TG_DTYPE);
  assert_refused(tg_zeros(t, TG_F32, TG_DIMS(INT64_MAX, 2)), TG_SHAPE);
}
END_TEST

START_TEST(ranges) {
  ASSERT_IS(tg_arange(t, TG_F64, 1, 2, 0.25), TG_DIMS(4), 1, 1.25, 1.5, 1.75);
  ASSERT_IS(tg_arange(t, TG_I64, 5, -1, -2), TG_DIMS(3), 5, 3, 1);
  ck_assert_int_eq(tg_numel(tg_arange(t, TG_F32, 0, 5, -1)), 0);
  tg_tensor many = tg_value(tg_arange(t, TG_I32, 0, 1000, 1));
  for (int i = 0; i < 1000; i++) ck_assert_double_eq(tg_tensor_at(&many, i), i);
  ASSERT_IS(tg_linspace(t, TG_F64, -1, 1, 5), TG_DIMS(5), -1, -0.5, 0, 0.5, 1);
  ASSERT_IS(tg_linspace(t, TG_F64, 3, 8, 1), TG_DIMS(1), 3);
  tg_tensor line = tg_value(tg_linspace(t, TG_F64, 0.1, 0.7, 12));
  ck_assert(tg_tensor_at(&line, 11) == 0.7);
}
END_TEST

START_TEST(random_tensors_are_functions_of_the_key) {
  tg_key key = {3, 4};
  tg_tensor u = tg_value(tg_rand_uniform(t, TG_F64, TG_DIMS(3, 5), -1, 3, key));
  tg_tensor z = tg_value(tg_rand_normal(t, TG_F64, TG_DIMS(3, 5), 2, 0.5, key));
  for (int i = 0; i < 15; i++) {
    ck_assert(tg_tensor_at(&u, i) == -1 + 4 * tg_random_uniform(key, (uint64_t)i));
    ck_assert(tg_tensor_at(&z, i) == 2 + 0.5 * tg_random_normal(key, (uint64_t)i));
  }
}
END_TEST

/* Past one tile, and odd in length. */
START_TEST(bernoulli_counts) {
  tg_key key = {5, 6};
  enum { N = 40001 };
  tg_tensor b = tg_value(tg_rand_bernoulli(t, TG_U8, TG_DIMS(N), 0.3, key));
  int ones = 0;
  for (int i = 0; i < N; i++) {
    double bit = tg_tensor_at(&b, i);
    ck_assert(bit == (tg_random_uniform(key, (uint64_t)i) < 0.3));
    ones += bit == 1;
  }
  ck_assert_int_lt(abs(ones - 12000), 400); /* over 4 standard deviations */
}
END_TEST

START_TEST(the_same_on_any_number_of_threads) {
  enum { N = 70001 };
  tg_runtime *four = tg_runtime_new(&(tg_runtime_options){.threads = 4}, NULL);
  tg_tape *tapes[2] = {t, tg_tape_new(&(tg_tape_options){.runtime = four}, NULL)};
  tg_tensor drawn[2][3];
  const tg_key key = {7, 8};
  for (int i = 0; i < 2; i++) {
    drawn[i][0] = tg_value(tg_rand_bernoulli(tapes[i], TG_F32, TG_DIMS(N), 0.5, key));
    drawn[i][1] = tg_value(tg_rand_uniform(tapes[i], TG_F32, TG_DIMS(N), -1, 2, key));
    drawn[i][2] = tg_value(tg_rand_normal(tapes[i], TG_F64, TG_DIMS(7, 143, 71), 1, 2, key));
  }
  for (int k = 0; k < 3; k++)
    ck_assert_int_eq(memcmp(drawn[0][k].data, drawn[1][k].data, tg_tensor_bytes(&drawn[0][k])), 0);
  for (int i = 0; i < N; i++)
    ck_assert(tg_tensor_at(&drawn[1][1], i) ==
              (float)(-1 + 3 * tg_random_uniform(key, (uint64_t)i)));
  tg_tape_free(tapes[1]);
  tg_runtime_free(four);
}
END_TEST

/* ---- the same numbers again ---- */

START_TEST(detach_stops_gradients) {
  tg_var x = iota(TG_DIMS(3)), y = tg_mul(x, tg_detach(x)), dx;
  ck_assert(is_view(tg_detach(x), x));
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, &x, 1, &dx), TG_OK);
  ASSERT_IS(dx, TG_DIMS(3), 0, 1, 2);
}
END_TEST

START_TEST(contiguous_copies_only_what_is_not) {
  tg_var x = iota(TG_DIMS(2, 3)), turned = tg_transpose(x, 0, 1);
  ck_assert(is_view(tg_contiguous(x), x));
  tg_tensor y = tg_value(tg_contiguous(turned));
  ck_assert(tg_tensor_is_contiguous(&y));
  ASSERT_IS(tg_contiguous(turned), TG_DIMS(3, 2), 0, 3, 1, 4, 2, 5);
}
END_TEST

START_TEST(cast_converts_and_passes_gradients) {
  double data[3] = {-1.5, 2.7, 300};
  tg_var x = tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(3)));
  ck_assert(is_view(tg_cast(x, TG_F64), x));
  ASSERT_IS(tg_cast(x, TG_U8), TG_DIMS(3), 0, 2, 255);
  ASSERT_IS(tg_cast(x, TG_BOOL), TG_DIMS(3), 1, 1, 1);
  tg_var f = tg_cast(x, TG_F32), y = tg_mul(f, f), dx;
  ck_assert_int_eq(tg_dtype_of(f), TG_F32);
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, &x, 1, &dx), TG_OK);
  ASSERT_IS(dx, TG_DIMS(3), -3, 2 * (double)2.7f, 600);
  ck_assert_int_eq(tg_dtype_of(dx), TG_F64);
  double memory[3] = {1, 1, 1};
  tg_tensor into = tg_tensor_of(memory, TG_F64, TG_DIMS(3));
  const tg_var both[2] = {y, f}; /* y reaches f, f reaches x: once fresh, once added */
  ck_assert_int_eq(tg_backward_into(both, NULL, 2, NULL, &x, &into, 1), TG_OK);
  ck_assert(memory[0] == -1 && memory[2] == 602);
  tg_var twice[2] = {tg_cast(x, TG_F32), tg_cast(x, TG_F32)};
  ck_assert_int_eq(tg_backward_into(twice, NULL, 2, NULL, &x, &into, 1), TG_OK);
  ck_assert(memory[0] == 1 && memory[2] == 604);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ops_create");
  TCase *tc = tcase_create("ops_create");
  tcase_add_checked_fixture(tc, setup, teardown);
  tcase_add_test(tc, filled_tensors);
  tcase_add_test(tc, ranges);
  tcase_add_test(tc, random_tensors_are_functions_of_the_key);
  tcase_add_test(tc, bernoulli_counts);
  tcase_add_test(tc, the_same_on_any_number_of_threads);
  tcase_add_test(tc, detach_stops_gradients);
  tcase_add_test(tc, contiguous_copies_only_what_is_not);
  tcase_add_test(tc, cast_converts_and_passes_gradients);
  suite_add_tcase(suite, tc);
  return run_suite(suite);
}
