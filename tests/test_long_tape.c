/* A tape of ten million rank-0 nodes: recorded, swept and freed without recursion, in at most 96
   bytes a node. Sanitizers, valgrind and builds that are not optimised take a shorter one. */
#include <string.h>

#include "support.h"
#include "tapegrad/diff.h"
#include "tapegrad/ops.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__OPTIMIZE__)
#define SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW 1
#endif
#endif
#ifndef SLOW
#define SLOW 0
#endif

/* Valgrind runs a program with libraries of its own. */
static bool is_slow(void) {
  const char *preload = getenv("LD_PRELOAD");
  return SLOW || (preload && strstr(preload, "vgpreload"));
}

/* w^n at w = 1, one product a node: the derivative is n. */
START_TEST(ten_million_nodes) {
  const int64_t n = is_slow() ? 100000 : 10000000;
  tg_runtime *runtime = tg_runtime_new(NULL, NULL);
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, NULL);
  double one = 1, dw = 0;
  tg_var w = tg_leaf(t, tg_tensor_of(&one, TG_F64, TG_SCALAR)), y = w;
  for (int64_t k = 1; k < n; k++) y = tg_mul(y, w);
  ck_assert_msg(tg_tape_status(t) == TG_OK, "%s", tg_tape_message(t));
  ck_assert_int_eq(tg_tape_nodes(t), n);
  tg_tensor into = tg_tensor_of(&dw, TG_F64, TG_SCALAR);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &w, &into, 1), TG_OK);
  ck_assert_double_eq(dw, (double)n);
  size_t peak = tg_runtime_peak_bytes(runtime);
  ck_assert_msg(is_slow() || peak <= 96 * (size_t)n, "%.2f bytes a node", (double)peak / (double)n);
  tg_tape_free(t);
  ck_assert_uint_eq(tg_runtime_bytes(runtime), 0);
  tg_runtime_free(runtime);
}
END_TEST

int main(void) {
  Suite *s = suite_create("long_tape");
  TCase *c = tcase_create("long_tape");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 120);
  tcase_add_test(c, ten_million_nodes);
  return run_suite(s);
}
