/* Jacobians and Hessians, line by line: each a reverse or a forward sweep. */
#include <string.h>

#include "diff/sweep.h"
#include "tapegrad/ops.h"

/* A constant of x's shape: 1 at one position, 0 elsewhere. */
static tg_var unit_like(tg_var x, int64_t position) {
  tg_tensor unit = tgi_value(x);
  unit.data = tgi_tape_work(x.tape, tg_tensor_bytes(&unit));
  if (unit.data == NULL || !tgi_set_contiguous(&unit)) return tgi_failed(x.tape);
  memset(unit.data, 0, tg_tensor_bytes(&unit));
  tg_tensor_put(&unit, position, 1);
  return tg_constant(x.tape, unit);
}

/* Row k of the Jacobian as a vector over x, or column k as a vector over y. */
static tg_var row(tg_var y, tg_var x, int64_t k) {
  tg_var g = unit_like(y, k), dx;
  if (tg_vjp(&y, &g, 1, &x, 1, &dx) != TG_OK) return tgi_failed(y.tape);
  return tg_reshape(dx, 1, (const int64_t[]){tg_numel(x)});
}
static tg_var column(tg_var y, tg_var x, int64_t k) {
  tg_var dx = unit_like(x, k), dy;
  if (tg_jvp(&y, 1, &x, &dx, 1, &dy) != TG_OK) return tgi_failed(y.tape);
  return tg_reshape(dy, 1, (const int64_t[]){tg_numel(y)});
}

static tg_var stack_lines(tg_var y, tg_var x, bool reverse) {
  tg_tape *t = y.tape;
  int64_t n = reverse ? tg_numel(y) : tg_numel(x);
  if (n > TGI_MAX_OPERANDS)
    return tg_tape_fail(t, TG_SHAPE, "jacobian: %lld rows or columns, more than %d", (long long)n,
                        TGI_MAX_OPERANDS);
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  tg_var *lines = tgi_tape_work(t, (size_t)n * sizeof *lines), all = tgi_failed(t);
  if (lines) {
    for (int64_t k = 0; k < n; k++) lines[k] = reverse ? row(y, x, k) : column(y, x, k);
    all = tg_stack(lines, (int)n, reverse ? 0 : 1);
  }
  tgi_arena_rewind(&t->work, work);
  return all;
}

tg_var tg_jacobian(tg_var y, tg_var x) {
  tg_var both[2] = {y, x};
  if (tgi_sweep_tape(both, 2, "jacobian") == NULL)
    return tg_is_none(y) ? TG_NONE : tgi_failed(y.tape);
  tg_tensor a = tgi_value(y), b = tgi_value(x);
  if (a.rank + b.rank > TG_MAX_RANK)
    return tg_tape_fail(y.tape, TG_SHAPE, "jacobian: ranks %d and %d add up to more than %d",
                        a.rank, b.rank, TG_MAX_RANK);
  int64_t dims[TG_MAX_RANK];
  memcpy(dims, a.dims, (size_t)a.rank * sizeof *dims);
  memcpy(dims + a.rank, b.dims, (size_t)b.rank * sizeof *dims);
  if (tg_numel(y) == 0 || tg_numel(x) == 0)
    return tg_broadcast_to(tg_scalar(y.tape, a.dtype, 0), a.rank + b.rank, dims);
  tg_var lines = stack_lines(y, x, tg_numel(y) <= tg_numel(x)); /* [numel y, numel x] */
  return tg_reshape(lines, a.rank + b.rank, dims);
}

tg_var tg_hessian(tg_var y, tg_var x) {
  tg_tape *t = y.tape;
  tg_var dx, h = tgi_failed(t);
  if (t == NULL) return TG_NONE;
  tgi_recording recording = tgi_recording_begin(t);
  if (tg_grad(y, &x, 1, &dx) == TG_OK) h = tg_jacobian(dx, x);
  tgi_recording_end(t, recording);
  return h;
}
