/* Hessian-vector products: forward over reverse (Pearlmutter, "Fast exact multiplication by the
   Hessian", 1994). */
#include "diff/sweep.h"
#include "tapegrad/ops.h"

tg_status tg_hvp(tg_var y, const tg_var x[], const tg_var v[], int n, tg_var hv[]) {
  tg_tape *t = y.tape;
  if (t == NULL || n == 0) return tg_grad(y, x, n, hv);
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  tgi_recording recording = tgi_recording_begin(t);
  tg_var *gradient = tgi_tape_work(t, (size_t)n * sizeof *gradient);
  if (gradient && tg_grad(y, x, n, gradient) == TG_OK) tg_jvp(gradient, n, x, v, n, hv);
  for (int i = 0; i < n && t->status != TG_OK; i++) hv[i] = tgi_failed(t);
  tgi_recording_end(t, recording);
  tgi_arena_rewind(&t->work, work);
  return t->status;
}
