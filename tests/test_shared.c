/* Two threads, each with a tape and gradients of its own, share one runtime with a pool and one set
   of parameters: the same gradients as alone, to the last bit. */
#include <pthread.h>
#include <string.h>

#include "support.h"
#include "tapegrad/diff.h"
#include "tapegrad/ops.h"

enum { N = 96, STEPS = 12, WORKERS = 2 };

typedef struct worker {
  const tg_runtime *runtime;
  tg_params *params;
  tg_grads *grads;
  int seed;
  tg_status status;
} worker;

static tg_var layer(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  return tg_tanh(tg_matmul(x[0], x[1]));
}

/* Each step adds its gradient: of mean tanh(tanh(x w) w), the inner one a checkpoint. */
static void *work(void *user) {
  worker *k = user;
  static const int64_t dims[2] = {N, N};
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = k->runtime}, NULL);
  for (int step = 0; step < STEPS && k->status == TG_OK; step++) {
    tg_tape_reset(t);
    tg_key key = {(uint64_t)k->seed, (uint64_t)step};
    tg_var x = tg_rand_uniform(t, TG_F32, 2, dims, -1, 1, key), w = tg_param(t, k->params, 0);
    tg_var h = tg_tanh(tg_matmul(x, w)), y = tg_checkpoint(layer, t, (tg_var[]){h, w}, 2, NULL);
    k->status = tg_backward(tg_mean(y, TG_SCALAR, false), k->grads);
  }
  tg_tape_free(t);
  return NULL;
}

START_TEST(threads_share_parameters) {
  tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.threads = 2}, NULL);
  tg_params *params = tg_params_new(runtime, NULL);
  tg_params_add(params, "w", TG_F32, TG_DIMS(N, N));
  tg_params_seal(params, NULL);
  tg_tensor w = tg_params_tensor(params, 0);
  for (int64_t i = 0; i < N * N; i++) tg_tensor_put(&w, i, (double)(i % 37 - 18) / 64);
  worker k[2 * WORKERS];
  pthread_t threads[WORKERS];
  for (int i = 0; i < 2 * WORKERS; i++)
    k[i] = (worker){runtime, params, tg_grads_new(params, NULL), i % WORKERS, TG_OK};
  for (int i = 0; i < WORKERS; i++)
    ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &k[i]), 0);
  for (int i = 0; i < WORKERS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < WORKERS; i++) {
    worker *alone = &k[WORKERS + i];
    work(alone);
    ck_assert_int_eq(k[i].status, TG_OK);
    const float *a = tg_grads_tensor(k[i].grads, 0).data,
                *b = tg_grads_tensor(alone->grads, 0).data;
    ck_assert(b[0] != 0);
    ck_assert_mem_eq(a, b, N * N * sizeof *a);
  }
  for (int i = 0; i < 2 * WORKERS; i++) tg_grads_free(k[i].grads);
  tg_params_free(params);
  tg_runtime_free(runtime);
}
END_TEST

int main(void) {
  Suite *s = suite_create("shared");
  TCase *c = tcase_create("shared");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 120);
  tcase_add_test(c, threads_share_parameters);
  return run_suite(s);
}
