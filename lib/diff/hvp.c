/* Hessian-vector products: forward over reverse (Pearlmutter, "Fast exact multiplication by the
   Hessian", 1994). */
#include <string.h>

#include "diff/sweep.h"
#include "tapegrad/ops.h"

tg_status tg_hvp(tg_var y, const tg_var x[], const tg_var v[], int n, tg_var hv[]) {
  tg_status status = tg_grad(y, x, n, hv);
  if (status != TG_OK || n == 0) return status;
  tg_tape *t = y.tape;
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  tg_var *gradient = tgi_tape_work(t, (size_t)n * sizeof *gradient);
  if (gradient) memcpy(gradient, hv, (size_t)n * sizeof *gradient);
  status = gradient ? tg_jvp(gradient, n, x, v, n, hv) : t->status;
  tgi_arena_rewind(&t->work, work);
  return status;
}
