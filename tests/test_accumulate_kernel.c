/* dst = beta dst + x: every layout of both gives what element by element gives, on any number of
   threads, and nothing else is written. */
#include "../lib/kernel/accumulate.h"

#include <math.h>

#include "support.h"

enum { MOST = 300000 };

/* A view of `memory` by strides; negative ones begin at the far end. */
static tg_tensor view(void *memory, tg_dtype dtype, int rank, const int64_t dims[],
                      const int64_t strides[]) {
  tg_tensor x = tg_tensor_of(memory, dtype, rank, dims);
  int64_t first = 0;
  for (int k = 0; k < rank; k++) {
    x.strides[k] = strides[k];
    if (strides[k] < 0) first -= strides[k] * (dims[k] - 1);
  }
  x.data = (char *)memory + first * (int64_t)tg_dtype_size(dtype);
  return x;
}

static void check_layout(const tg_runtime *runtime, tg_dtype dtype, double beta, int rank,
                         const int64_t dims[], const int64_t to[], const int64_t from[]) {
  static double to_memory[MOST], from_memory[MOST], expected_memory[MOST];
  const int64_t all = MOST;
  tg_tensor line = tg_tensor_of(to_memory, dtype, 1, &all), given = line, expected = line;
  given.data = from_memory;
  expected.data = expected_memory;
  for (int64_t i = 0; i < MOST; i++) {
    tg_tensor_put(&line, i, beta == 0 ? (double)NAN : (double)(i % 1013));
    tg_tensor_put(&expected, i, beta == 0 ? (double)NAN : (double)(i % 1013));
    tg_tensor_put(&given, i, (double)(i % 8191));
  }
  const tg_tensor dst = view(to_memory, dtype, rank, dims, to);
  const tg_tensor should = view(expected_memory, dtype, rank, dims, to);
  const tg_tensor x = view(from_memory, dtype, rank, dims, from);
  for (int64_t i = 0; i < tg_tensor_numel(&dst); i++) {
    double was = beta == 0 ? 0 : tg_tensor_at(&should, i);
    tg_tensor_put(&should, i, was + tg_tensor_at(&x, i));
  }
  tgi_accumulate(runtime, &dst, &x, beta);
  ck_assert_mem_eq(to_memory, expected_memory, MOST * tg_dtype_size(dtype));
}

#define LAYOUT(rank, ...)                                                                          \
  do {                                                                                             \
    check_layout(runtime, TG_F32, 0, rank, __VA_ARGS__);                                           \
    check_layout(runtime, TG_F32, 1, rank, __VA_ARGS__);                                           \
    check_layout(runtime, TG_F64, 0, rank, __VA_ARGS__);                                           \
    check_layout(runtime, TG_F64, 1, rank, __VA_ARGS__);                                           \
  } while (0)
#define D(...) ((const int64_t[]){__VA_ARGS__})

static void check_layouts(const tg_runtime *runtime) {
  LAYOUT(0, NULL, NULL, NULL);
  LAYOUT(2, D(1, 1), D(0, 5), D(3, -1));
  LAYOUT(1, D(7), D(1), D(1));
  LAYOUT(1, D(7), D(-1), D(2));
  LAYOUT(1, D(2000), D(1), D(0));
  LAYOUT(1, D(1500), D(2), D(0));
  LAYOUT(2, D(32, 64), D(256, 1), D(64, 1));    /* a slice */
  LAYOUT(2, D(32, 64), D(64, 1), D(1, 0));      /* spread along rows */
  LAYOUT(2, D(300, 200), D(1, 300), D(200, 1)); /* transposed */
  LAYOUT(2, D(300, 200), D(200, 1), D(1, 300));
  LAYOUT(2, D(3, 50000), D(60000, 1), D(50000, 1)); /* cut within runs */
  LAYOUT(2, D(3, 50000), D(60000, 1), D(1, 3));
  LAYOUT(1, D(100000), D(1), D(1));                     /* several tiles */
  LAYOUT(3, D(50, 41, 7), D(600, 10, 1), D(287, 7, 1)); /* many short runs, several pieces */
  LAYOUT(4, D(9, 11, 5, 60), D(6000, 400, 70, 1), D(0, 3600, 1, 60));
  LAYOUT(2, D(0, 3), D(3, 1), D(0, 0));
}

START_TEST(layouts) { check_layouts(NULL); }
END_TEST

START_TEST(layouts_by_threads) {
  tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.threads = 4}, NULL);
  check_layouts(runtime);
  tg_runtime_free(runtime);
}
END_TEST

START_TEST(bytes_are_copied_as_they_are) {
  uint8_t from[6] = {0, 1, 1, 0, 1, 1}, to[6] = {9, 9, 9, 9, 9, 9};
  tg_tensor x = tg_tensor_of(from, TG_BOOL, TG_DIMS(2, 3));
  tg_tensor dst = tg_tensor_of(to, TG_BOOL, TG_DIMS(2, 3));
  tgi_accumulate(NULL, &dst, &x, 0);
  ck_assert_mem_eq(to, from, 6);
}
END_TEST

int main(void) {
  Suite *s = suite_create("accumulate_kernel");
  TCase *all = tcase_create("accumulate_kernel");
  suite_add_tcase(s, all);
  tcase_set_timeout(all, 120);
  tcase_add_test(all, layouts);
  tcase_add_test(all, layouts_by_threads);
  tcase_add_test(all, bytes_are_copied_as_they_are);
  return run_suite(s);
}
