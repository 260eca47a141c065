/* Operators by index, and dropout: values against loops and closed forms, messages, the same bits
   on any number of threads. Derivatives are the generated tests' (test_ops.c). */
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

static tg_var matrix(double *data, int64_t m, int64_t n) {
  return tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(m, n)));
}

static void values_are(tg_var y, const double want[], int64_t n) {
  tg_tensor value = tg_value(y);
  ck_assert_msg(value.data != NULL, "%s", tg_tape_message(t));
  ck_assert_int_eq(tg_tensor_numel(&value), n);
  for (int64_t i = 0; i < n; i++) ck_assert_double_eq(tg_tensor_at(&value, i), want[i]);
}

static double x_data[6] = {1, 2, 3, 4, 5, 6};

START_TEST(gather_takes_along_an_axis) {
  int64_t k[4] = {2, 0, 1, 1};
  tg_var index = tg_leaf(t, tg_tensor_of(k, TG_I64, TG_DIMS(2, 2)));
  values_are(tg_gather(matrix(x_data, 2, 3), 1, index), (double[]){3, 1, 5, 5}, 4);
  values_are(tg_gather(matrix(x_data, 3, 2), -2, index), (double[]){5, 2, 3, 4}, 4);
}
END_TEST

START_TEST(scatter_adds_where_indices_meet) {
  int64_t k[6] = {0, 0, 0, 2, 1, 2};
  double src[6] = {1, 10, 100, 1, 10, 100};
  tg_var index = tg_leaf(t, tg_tensor_of(k, TG_I64, TG_DIMS(2, 3)));
  values_are(tg_scatter_add(matrix(x_data, 2, 3), 1, index, matrix(src, 2, 3)),
             (double[]){112, 2, 3, 4, 15, 107}, 6);
}
END_TEST

START_TEST(rows_and_embeddings) {
  int32_t k[4] = {2, 0, 2, 1};
  tg_var flat = tg_leaf(t, tg_tensor_of(k, TG_I32, TG_DIMS(4)));
  tg_var square = tg_leaf(t, tg_tensor_of(k, TG_I32, TG_DIMS(2, 2)));
  const double rows[8] = {5, 6, 1, 2, 5, 6, 3, 4};
  values_are(tg_index_select(matrix(x_data, 3, 2), 0, flat), rows, 8);
  tg_var e = tg_embedding(matrix(x_data, 3, 2), square);
  ck_assert_int_eq(tg_rank(e), 3);
  values_are(e, rows, 8);
  values_are(tg_one_hot(square, 3, TG_F32), (double[]){0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0}, 12);
}
END_TEST

START_TEST(a_bad_index_is_named) {
  int64_t k[3] = {0, 1, -7};
  tg_var index = tg_leaf(t, tg_tensor_of(k, TG_I64, TG_DIMS(3)));
  ck_assert(tg_is_failed(tg_index_select(matrix(x_data, 3, 2), 0, index)));
  ck_assert_int_eq(tg_tape_status(t), TG_INDEX);
  ck_assert_msg(strstr(tg_tape_message(t), "index -7 at position 2 is not in [0, 3)") != NULL, "%s",
                tg_tape_message(t));
}
END_TEST

/* ---- the same bits on any number of threads ---- */

enum { M = 300, N = 70 };

static void run_on(int threads, float y[M * N], float dropped[M * N]) {
  static float x[M * N], src[M * N];
  static int64_t k[M * N];
  for (int i = 0; i < M * N; i++) {
    x[i] = (float)i / 7;
    src[i] = 1 / (float)(i + 1);
    k[i] = (int64_t)i * 31 % 5;
  }
  tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.threads = threads}, NULL);
  tg_tape *own = tg_tape_new(&(tg_tape_options){.runtime = runtime}, NULL);
  tg_var a = tg_leaf(own, tg_tensor_of(x, TG_F32, TG_DIMS(M, N)));
  tg_var b = tg_leaf(own, tg_tensor_of(src, TG_F32, TG_DIMS(M, N)));
  tg_var index = tg_leaf(own, tg_tensor_of(k, TG_I64, TG_DIMS(M, N)));
  memcpy(y, tg_value(tg_scatter_add(a, 0, index, b)).data, sizeof(float) * M * N);
  memcpy(dropped, tg_value(tg_dropout(a, 0.3, (tg_key){5, 6})).data, sizeof(float) * M * N);
  tg_tape_free(own);
  tg_runtime_free(runtime);
}

START_TEST(threads_do_not_show) {
  static float one[M * N], three[M * N], dropped1[M * N], dropped3[M * N];
  run_on(1, one, dropped1);
  run_on(3, three, dropped3);
  ck_assert_mem_eq(one, three, sizeof one);
  ck_assert_mem_eq(dropped1, dropped3, sizeof dropped1);
  for (int i = 1; i < M * N; i++) { /* x[0] is 0 */
    float want = tg_random_uniform((tg_key){5, 6}, (uint64_t)i) >= 0.3;
    ck_assert_int_eq(dropped1[i] != 0, want != 0);
  }
}
END_TEST

START_TEST(dropout_at_its_ends) {
  tg_var x = matrix(x_data, 2, 3);
  values_are(tg_dropout(x, 0, (tg_key){1, 1}), x_data, 6);
  values_are(tg_dropout(x, 1, (tg_key){1, 1}), (double[6]){0}, 6);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("ops_index");
  TCase *tests = tcase_create("index");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, gather_takes_along_an_axis);
  tcase_add_test(tests, scatter_adds_where_indices_meet);
  tcase_add_test(tests, rows_and_embeddings);
  tcase_add_test(tests, a_bad_index_is_named);
  tcase_add_test(tests, threads_do_not_show);
  tcase_add_test(tests, dropout_at_its_ends);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
