/* Softmax: lanes along one axis of contiguous memory, shared by the threads. */
#include "kernel/softmax_parts.h"

enum { BLOCK = TGI_SOFTMAX_BLOCK, TILE = 16384 /* elements */ };

typedef struct job {
  tgi_lanes lanes;
  tgi_softmax_fn *fn;
  int64_t pieces, units, many; /* pieces of [0, inner), outer * pieces, units in one tile */
} job;

static tgi_softmax_fn *fn_for(tg_isa isa, tg_dtype dtype) {
#define ROW(ISA, isa) [TG_ISA_##ISA] = {TGI_SOFTMAX_OF(f32, isa), TGI_SOFTMAX_OF(f64, isa)},
  static tgi_softmax_fn *const fns[TG_ISA_COUNT][2] = {TGI_ISA_MAP(ROW)};
#undef ROW
  return fns[fns[isa][0] != NULL ? isa : TG_ISA_BASE][dtype == TG_F64];
}

static void run_tile(void *user, int64_t tile) {
  const job *j = user;
  const int64_t inner = j->lanes.inner, from = tile * j->many,
                to = tgi_least(from + j->many, j->units);
  for (int64_t u = from; u < to; u++) {
    const int64_t start = u % j->pieces * BLOCK;
    const int64_t width = tgi_least(BLOCK, inner - start);
    j->fn(&j->lanes, (int)width, u / j->pieces * j->lanes.n * inner + start);
  }
}

static void run(const tg_runtime *runtime, const tgi_lanes *lanes, const tg_tensor *shape,
                int axis) {
  job j = {.lanes = *lanes, .fn = fn_for(tg_runtime_isa(runtime), shape->dtype)};
  int64_t outer = 1, inner = 1;
  const int64_t n = shape->dims[axis];
  for (int k = 0; k < axis; k++) outer *= shape->dims[k];
  for (int k = axis + 1; k < shape->rank; k++) inner *= shape->dims[k];
  if (outer == 0 || n == 0 || inner == 0) return;
  j.lanes.n = n, j.lanes.inner = inner;
  j.pieces = tgi_ceil_div(inner, BLOCK);
  j.units = outer * j.pieces;
  const int64_t work = n * tgi_least(inner, BLOCK);
  j.many = work < TILE ? TILE / work : 1;
  tgi_parallel_tiles(runtime, tgi_ceil_div(j.units, j.many), run_tile, &j);
}

void tgi_softmax(const tg_runtime *runtime, tgi_softmax_kind kind, const tg_tensor *y,
                 const tg_tensor *x, int axis) {
  tgi_lanes lanes = {.kind = kind, .x = x->data, .to = y->data};
  if (!tg_tensor_is_contiguous(x)) { /* then in place */
    tgi_copy(y, x);
    lanes.x = y->data;
  }
  run(runtime, &lanes, y, axis);
}

void tgi_logsumexp(const tg_runtime *runtime, const tg_tensor *y, const tg_tensor *x) {
  const tgi_lanes lanes = {.kind = TGI_LOGSUMEXP, .x = x->data, .to = y->data};
  run(runtime, &lanes, x, 1);
}

void tgi_softmax_grad(const tg_runtime *runtime, tgi_softmax_kind kind, const tg_tensor *dx,
                      const tg_tensor *y, const tg_tensor *g, int axis, double beta) {
  const tgi_lanes lanes = {
      .kind = kind, .x = y->data, .g = g->data, .to = dx->data, .accumulate = beta != 0};
  run(runtime, &lanes, dx, axis);
}
