/* Two threads, each with a tape or a program and gradients of its own, share one runtime with a
   pool and one set of parameters: the same gradients as alone, to the last bit. Programs survive a
   fork. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "tapegrad/diff.h"
#include "tapegrad/ops.h"
#include "tapegrad/program.h"

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

static void end_work(worker *k, const tg_program *p, tg_tensor x, const tg_error *e) {
  if (k->status == TG_OK) k->status = p ? TG_OK : e->status;
  free(x.data);
}

/* The same as a program: its gradients are written, so the last step's are what is left. */
static void *replay(void *user) {
  worker *k = user;
  tg_error e = {TG_OK, ""};
  tg_tensor x = tg_tensor_of(malloc(N * N * sizeof(float)), TG_F32, TG_DIMS(N, N));
  tg_fill_uniform(x, (tg_key){(uint64_t)k->seed, 0}, -1, 1);
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = k->runtime}, NULL);
  tg_capture_begin(t);
  tg_var w = tg_param(t, k->params, 0), h = tg_tanh(tg_matmul(tg_input(t, 0, x, "x"), w));
  tg_var y = tg_checkpoint(layer, t, (tg_var[]){h, w}, 2, NULL);
  tg_store_grads(k->grads, tg_mean(y, TG_SCALAR, false));
  tg_program *p = tg_capture_end(t, NULL, 0, NULL, &e);
  for (int step = 0; step < STEPS && p && k->status == TG_OK; step++) {
    tg_fill_uniform(x, (tg_key){(uint64_t)k->seed, (uint64_t)step}, -1, 1);
    k->status = tg_program_replay(p, &x, 1, &e);
  }
  end_work(k, p, x, &e);
  tg_program_free(p);
  tg_tape_free(t);
  return NULL;
}

static void share(void *what(void *)) {
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
    ck_assert_int_eq(pthread_create(&threads[i], NULL, what, &k[i]), 0);
  for (int i = 0; i < WORKERS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < WORKERS; i++) {
    worker *alone = &k[WORKERS + i];
    what(alone);
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

START_TEST(tapes_in_threads) { share(work); }
END_TEST

START_TEST(programs_in_threads) { share(replay); }
END_TEST

/* The pool's threads are gone in the child, where a program that was made before replays. */
START_TEST(a_program_after_a_fork) {
  tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.threads = 2}, NULL);
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, NULL);
  static float data[N * N], expected[N * N];
  tg_tensor x = tg_tensor_of(data, TG_F32, TG_DIMS(N, N));
  tg_fill_uniform(x, (tg_key){1, 2}, -1, 1);
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, x, "x"), y = tg_tanh(tg_matmul(in, tg_tanh(in)));
  tg_program *p = tg_capture_end(t, &y, 1, NULL, NULL);
  ck_assert_int_eq(tg_program_replay(p, &x, 1, NULL), TG_OK);
  memcpy(expected, tg_program_value(p, 0).data, sizeof expected);
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    bool fine = tg_program_replay(p, &x, 1, NULL) == TG_OK &&
                memcmp(expected, tg_program_value(p, 0).data, sizeof expected) == 0;
    _exit(fine ? 0 : 1);
  }
  int status = -1;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert_int_eq(status, 0);
  ck_assert_int_eq(tg_program_replay(p, &x, 1, NULL), TG_OK);
  ck_assert_mem_eq(expected, tg_program_value(p, 0).data, sizeof expected);
  tg_program_free(p);
  tg_tape_free(t);
  tg_runtime_free(runtime);
}
END_TEST

int main(void) {
  Suite *s = suite_create("shared");
  TCase *c = tcase_create("shared");
  suite_add_tcase(s, c);
  tcase_set_timeout(c, 120);
  tcase_add_test(c, tapes_in_threads);
  tcase_add_test(c, programs_in_threads);
  tcase_add_test(c, a_program_after_a_fork);
  return run_suite(s);
}
