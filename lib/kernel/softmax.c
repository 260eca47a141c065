/* Softmax: lanes along one axis of contiguous memory, shared by the threads. */
#include "kernel/softmax.h"

#include <math.h>
#include <string.h>

#include "kernel/map.h"

enum { BLOCK = 128, TILE = 16384 /* elements */ };

typedef struct job {
  tgi_softmax_kind kind;
  tgi_map_fn *exp;
  bool is_f32, accumulate;
  const void *x, *g; /* forward: the operand, NULL; backward: the result and its cotangent */
  void *to;
  int64_t outer, n, inner;     /* every array is [outer, n, inner] */
  int64_t pieces, units, many; /* pieces of [0, inner), outer * pieces, units in one tile */
} job;

static void exponentials(const job *j, int64_t n, void *to, const void *x) {
  static const double none[2] = {0, 0};
  const void *in[TGI_MAP_OPERANDS] = {x, x, x, x};
  j->exp(n, to, in, none);
}

#define T       float
#define F(name) name##_f32
#define LOG     logf
#include "kernel/softmax_of.h"
#undef T
#undef F
#undef LOG
#define T       double
#define F(name) name##_f64
#define LOG     log
#include "kernel/softmax_of.h"
#undef T
#undef F
#undef LOG

static void run_tile(void *user, int64_t tile) {
  const job *j = user;
  int64_t from = tile * j->many, to = from + j->many < j->units ? from + j->many : j->units;
  for (int64_t u = from; u < to; u++) {
    int64_t start = u % j->pieces * BLOCK;
    int64_t width = j->inner - start < BLOCK ? j->inner - start : BLOCK;
    int64_t at = u / j->pieces * j->n * j->inner + start;
    if (j->is_f32)
      run_f32(j, (int)width, at);
    else
      run_f64(j, (int)width, at);
  }
}

static void run(const tg_runtime *runtime, job *j, const tg_tensor *shape, int axis) {
  j->is_f32 = shape->dtype == TG_F32;
  j->exp = tgi_map_table_for(tg_runtime_isa(runtime), shape->dtype)->exp.value;
  j->outer = j->inner = 1;
  j->n = shape->dims[axis];
  for (int k = 0; k < axis; k++) j->outer *= shape->dims[k];
  for (int k = axis + 1; k < shape->rank; k++) j->inner *= shape->dims[k];
  if (j->outer == 0 || j->n == 0 || j->inner == 0) return;
  j->pieces = (j->inner + BLOCK - 1) / BLOCK;
  j->units = j->outer * j->pieces;
  int64_t work = j->n * (j->inner < BLOCK ? j->inner : BLOCK);
  j->many = work < TILE ? TILE / work : 1;
  tgi_parallel(runtime, (j->units + j->many - 1) / j->many, run_tile, j);
}

void tgi_softmax(const tg_runtime *runtime, tgi_softmax_kind kind, const tg_tensor *y,
                 const tg_tensor *x, int axis) {
  job j = {.kind = kind, .x = x->data, .to = y->data};
  if (!tg_tensor_is_contiguous(x)) { /* then in place */
    tgi_copy(y, x);
    j.x = y->data;
  }
  run(runtime, &j, y, axis);
}

void tgi_softmax_grad(const tg_runtime *runtime, tgi_softmax_kind kind, const tg_tensor *dx,
                      const tg_tensor *y, const tg_tensor *g, int axis, double beta) {
  job j = {.kind = kind, .x = y->data, .g = g->data, .to = dx->data, .accumulate = beta != 0};
  run(runtime, &j, dx, axis);
}
