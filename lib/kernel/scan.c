/* The linear recurrence: lanes along the axis, of which neighbours in memory advance together. */
#include "kernel/scan.h"

enum { Y, A, B };

/* Neighbouring lanes `across` bytes apart, of n steps of `along` bytes; by operand. */
typedef struct run {
  int64_t lanes, n, across[3], along[3];
  char *at[3];
} run;

#define AT(T, k, i, j) (*(T *)(void *)(r->at[k] + (i)*r->along[k] + (j)*r->across[k]))

/* Step i of lanes [from, to). */
#define STEP(name, T)                                                                              \
  static void step_##name(const run *r, int64_t i, int64_t from, int64_t to) {                     \
    for (int64_t j = from; j < to; j++) {                                                          \
      T b = AT(const T, B, i, j);                                                                  \
      AT(T, Y, i, j) = i == 0 ? b : AT(const T, A, i, j) * AT(const T, Y, i - 1, j) + b;           \
    }                                                                                              \
  }
STEP(f32, float)
STEP(f64, double)
#undef STEP
#undef AT

/* Lanes that advance together; their last step stays in the cache. */
enum { NEIGHBOURS = 256 };

static void scan_run(const run *r, tg_dtype dtype) {
  int64_t together = r->across[Y] == (int64_t)tg_dtype_size(dtype) ? NEIGHBOURS : 1;
  for (int64_t from = 0; from < r->lanes; from += together) {
    int64_t to = from + together < r->lanes ? from + together : r->lanes;
    for (int64_t i = 0; i < r->n; i++) (dtype == TG_F32 ? step_f32 : step_f64)(r, i, from, to);
  }
}

void tgi_linear_scan(const tg_tensor *y, const tg_tensor *a, const tg_tensor *b, int axis) {
  if (tg_tensor_numel(y) == 0) return;
  const tg_tensor *const all[3] = {y, a, b};
  tg_tensor firsts[3];
  run r = {.n = y->dims[axis]};
  for (int k = 0; k < 3; k++) {
    firsts[k] = *all[k];
    firsts[k].dims[axis] = 1;
    r.along[k] = all[k]->strides[axis] * (int64_t)tg_dtype_size(y->dtype);
  }
  tgi_walk w;
  tgi_walk_init(&w, 3, (const tg_tensor *const[]){&firsts[0], &firsts[1], &firsts[2]});
  r.lanes = w.n;
  for (int k = 0; k < 3; k++) r.across[k] = w.strides[k][w.rank - 1];
  for (int64_t i = 0; i < w.runs; i++) {
    tgi_walk_run(&w, i, r.at);
    scan_run(&r, y->dtype);
  }
}
