/* Makes a workload's state and does its step, eagerly. Through the public API only. */
#include "workload.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fill.h"

/* Beyond it a way back to the start would cost as much memory as it is worth. */
enum { MOST_TO_RESET = 1000000 };

void must(bool right, const tg_error *error) {
  if (right) return;
  fprintf(stderr, "tapegrad-bench: %s\n", error->message);
  exit(EXIT_FAILURE);
}

void must_tape(const tg_tape *t) {
  tg_error error = {0};
  snprintf(error.message, sizeof error.message, "%s", tg_tape_message(t));
  must(tg_tape_status(t) == TG_OK, &error);
}

/* ---- numbers to begin with ---- */

static void fill(tg_tensor x, const source *s) {
  int64_t n = tg_tensor_numel(&x);
  double bound = s->fan_in ? 1 / sqrt((double)s->fan_in) : 0;
  double lo = s->fan_in ? -bound : s->lo, hi = s->fan_in ? bound : s->hi;
  if (s->identity)
    for (int64_t i = 0; i < s->dims[0]; i++) tg_tensor_put(&x, i * (s->dims[1] + 1), 1);
  else if (s->given != NULL)
    memcpy(x.data, s->given, tg_tensor_bytes(&x));
  else if (s->dtype == TG_I64)
    fill_labels(x.data, n, s->seed, s->classes);
  else if (s->dtype == TG_F64)
    fill_f64(x.data, n, s->seed, lo, hi);
  else
    fill_f32(x.data, n, s->seed, lo, hi);
}

/* Memory of the program's own, which the library does not count. */
static void *room(size_t bytes) {
  void *block = calloc(1, bytes);
  must(block != NULL, &(tg_error){.message = "out of memory"});
  return block;
}

static int count(const source s[], int most) {
  int n = 0;
  while (n < most && s[n].dtype != TG_DTYPE_NONE) n++;
  return n;
}

static void make_params(bench *b) {
  tg_error error = {0};
  b->params = tg_params_new(b->runtime, &error);
  must(b->params != NULL, &error);
  for (int i = 0; i < b->n_params; i++) {
    const source *s = &b->w->params[i];
    char name[16];
    snprintf(name, sizeof name, "p%d", i);
    tg_params_add(b->params, name, s->dtype, s->rank, s->dims);
  }
  must(tg_params_seal(b->params, &error) == TG_OK, &error);
  for (int i = 0; i < b->n_params; i++) fill(tg_params_tensor(b->params, i), &b->w->params[i]);
  tg_params_touch(b->params, -1);
  b->grads = tg_grads_new(b->params, &error);
  must(b->grads != NULL, &error);
}

static tg_tensor tensor_room(const source *s) {
  tg_tensor x = tg_tensor_of(NULL, s->dtype, s->rank, s->dims);
  x.data = room(tg_tensor_bytes(&x));
  return x;
}

static void make_inputs(bench *b) {
  for (int i = 0; i < b->n_inputs; i++) {
    b->inputs[i] = tensor_room(&b->w->inputs[i]);
    fill(b->inputs[i], &b->w->inputs[i]);
  }
  if (b->w->result.dtype != TG_DTYPE_NONE) b->result = tensor_room(&b->w->result);
}

static void make_optimizer(bench *b) {
  tg_error error = {0};
  if (b->w->update == UPDATE_NONE) return;
  if (b->w->update == UPDATE_SGD)
    b->optimizer = tg_sgd_new(b->params, &(tg_sgd_options){.lr = b->w->lr}, &error);
  else
    b->optimizer = tg_adam_new(b->params, &(tg_adam_options){.lr = b->w->lr}, &error);
  must(b->optimizer != NULL, &error);
}

static int64_t elements(const bench *b) {
  int64_t n = 0;
  for (int i = 0; i < b->n_params; i++) {
    tg_tensor p = tg_params_tensor(b->params, i);
    n += tg_tensor_numel(&p);
  }
  return n;
}

static void keep_start(bench *b) {
  if (b->optimizer == NULL || elements(b) > MOST_TO_RESET) return;
  for (int i = 0; i < b->n_params; i++) {
    tg_tensor p = tg_params_tensor(b->params, i);
    b->start[i] = room(tg_tensor_bytes(&p));
    memcpy(b->start[i], p.data, tg_tensor_bytes(&p));
  }
}

static void capture(bench *b);

bench *bench_new(const workload *w, tg_runtime *runtime, bool replay) {
  tg_error error = {0};
  bench *b = room(sizeof *b);
  *b = (bench){.w = w,
               .runtime = runtime,
               .n_params = count(w->params, MOST_PARAMS),
               .n_inputs = count(w->inputs, MOST_INPUTS)};
  make_params(b);
  make_inputs(b);
  make_optimizer(b);
  keep_start(b);
  b->kept = tg_runtime_bytes(runtime);
  b->t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, &error);
  must(b->t != NULL, &error);
  if (replay) capture(b);
  return b;
}

void bench_free(bench *b) {
  tg_program_free(b->program);
  tg_tape_free(b->t);
  tg_optimizer_free(b->optimizer);
  tg_grads_free(b->grads);
  tg_params_free(b->params);
  tg_runtime_free(b->runtime);
  for (int i = 0; i < b->n_inputs; i++) free(b->inputs[i].data);
  for (int i = 0; i < b->n_params; i++) free(b->start[i]);
  free(b->result.data);
  free(b);
}

/* ---- a step ---- */

void bench_begin(bench *b, tg_var p[], tg_var x[]) {
  tg_tape_reset(b->t);
  for (int i = 0; i < b->n_params; i++) p[i] = tg_param(b->t, b->params, i);
  for (int i = 0; i < b->n_inputs; i++) x[i] = tg_leaf(b->t, b->inputs[i]);
}

static void gradient_step(bench *b) {
  tg_var p[MOST_PARAMS], x[MOST_INPUTS];
  bench_begin(b, p, x);
  tg_var loss = b->w->loss(b->w, b->t, p, x);
  tg_backward_write(loss, b->grads);
  if (b->optimizer != NULL) tg_optimizer_step(b->optimizer, b->grads, b->t);
  b->value = tg_item(loss);
}

/* The same step as a program, recorded once. What is the identity is a constant to it. */
static void capture(bench *b) {
  tg_error error = {0};
  tg_var p[MOST_PARAMS], x[MOST_INPUTS], loss = TG_NONE;
  int n = 0;
  tg_capture_begin(b->t);
  for (int i = 0; i < b->n_params; i++) p[i] = tg_param(b->t, b->params, i);
  for (int i = 0; i < b->n_inputs; i++) {
    bool fixed = b->w->inputs[i].identity;
    x[i] = fixed ? tg_leaf(b->t, b->inputs[i]) : tg_input(b->t, n, b->inputs[i], NULL);
    if (!fixed) b->varying[n++] = b->inputs[i];
  }
  b->n_varying = n;
  if (b->w->record != NULL) {
    b->w->record(b, p, x);
  } else {
    loss = b->w->loss(b->w, b->t, p, x);
    tg_store_grads(b->grads, loss);
    if (b->optimizer != NULL) tg_optimizer_capture(b->optimizer, b->grads, b->t);
  }
  b->program = tg_capture_end(b->t, &loss, b->w->record == NULL, NULL, &error);
  must(b->program != NULL, &error);
}

static void replay(bench *b) {
  tg_error error = {0};
  tg_status status = tg_program_replay(b->program, b->varying, b->n_varying, &error);
  must(status == TG_OK, &error);
}

void bench_step(void *state) {
  bench *b = state;
  if (b->program != NULL)
    replay(b);
  else if (b->w->step != NULL)
    b->w->step(b);
  else
    gradient_step(b);
}

bool bench_drifts(const bench *b) { return b->n_params > 0 && b->start[0] != NULL; }

void bench_reset(void *state) {
  bench *b = state;
  for (int i = 0; i < b->n_params; i++) {
    tg_tensor p = tg_params_tensor(b->params, i);
    memcpy(p.data, b->start[i], tg_tensor_bytes(&p));
    for (int k = 0; k < TG_OPTIMIZER_STATES; k++) {
      tg_tensor kept = tg_optimizer_state(b->optimizer, k, i);
      if (kept.data != NULL) memset(kept.data, 0, tg_tensor_bytes(&kept));
    }
  }
  tg_optimizer_set_steps(b->optimizer, 0);
  tg_params_touch(b->params, -1);
}

static double sum_of_squares(tg_tensor x) {
  double sum = 0;
  for (int64_t i = 0, n = tg_tensor_numel(&x); i < n; i++) {
    double v = tg_tensor_at(&x, i);
    sum += v * v;
  }
  return sum;
}

double bench_check(const bench *b) {
  if (b->n_outputs == 0) return b->program ? tg_program_item(b->program, 0) : b->value;
  double sum = 0;
  for (int i = 0; i < b->n_outputs; i++) sum += sum_of_squares(b->outputs[i]);
  return sum;
}

size_t bench_peak(const bench *b) {
  if (b->program == NULL) return tg_runtime_peak_bytes(b->runtime) - b->kept;
  tg_program_stats stats = tg_program_stats_of(b->program);
  return stats.bytes + stats.constants;
}

size_t bench_least(const bench *b) {
  if (b->program == NULL) return 0;
  tg_program_stats stats = tg_program_stats_of(b->program);
  return stats.least_bytes + stats.constants;
}

int64_t bench_nodes(const bench *b) {
  return b->program ? tg_program_stats_of(b->program).steps : tg_tape_nodes(b->t);
}
