/* The checks in order, and the loop over an operator's cases. */
#include "cases.h"
#include "ops/axes.h"

/* clang-format off */
const op_check op_checks[] = {
  {"value",   "the value is that of an independent oracle",              TG_ANY & ~(1u << TG_F32), check_value},
  {"edges",   "value and slope at zeros, kinks, ties, NaN, inf = PyTorch", 1u << TG_F64, check_edges},
  {"views",   "strided, transposed, stretched, reversed = contiguous",   TG_ANY,       check_views},
  {"axes",    "where the operands are equal along an axis, so is the result", TG_ANY, check_axes},
  {"f32",     "f32 = f64",                                               1u << TG_F32, check_precision},
  {"isa",     "every instruction set = the base one",                    TG_ANY,       check_instructions},
  {"vjp",     "vjp = central differences",                               1u << TG_F64, check_slope},
  {"jvp",     "<w, J v> = <J^T w, v>",                                   1u << TG_F64, check_transpose},
  {"second",  "vjp of vjp, jvp of vjp = central differences of vjp",     1u << TG_F64, check_second_slope},
  {"grad",    "the plain sweep = the recorded one",                      1u << TG_F64, check_plain},
  {"replay",  "replayed on these and other numbers = evaluated, whatever pass is left out", TG_ANY, check_replay},
  {"refused", "what does not fit is refused as the sample says",         0,            check_refused},
};
/* clang-format on */
const int op_check_count = (int)(sizeof op_checks / sizeof *op_checks);

static bool looks_at(const op_check *check, const tg_sample *sample, tg_dtype dtype) {
  if (sample->refuse != TG_OK) return check->dtypes == 0;
  return check->dtypes >> dtype & 1;
}

int run_check(const op_check *check, const tg_op *op, char failure[FAILURE_SIZE]) {
  int compared = 0;
  failure[0] = 0;
  for (int k = 0; k < op->n_samples; k++)
    for (int dtype = 1; dtype < TG_DTYPE_COUNT; dtype++) {
      op_case c;
      if (!looks_at(check, &op->samples[k], (tg_dtype)dtype) &&
          !(check->dtypes == 0 && op->samples[k].refuse != TG_OK))
        continue;
      if (!case_begin(&c, op, k, (tg_dtype)dtype, NULL)) continue;
      check->run(&c);
      compared += c.compared > 0;
      memcpy(failure, c.failure, FAILURE_SIZE);
      case_end(&c);
      if (failure[0]) return -1;
    }
  return compared;
}

/* ---- what does not apply ---- */

static bool has_open_sample(const tg_op *op) {
  for (int k = 0; k < op->n_samples; k++)
    for (int i = 0; i < op->samples[k].n; i++)
      if (op->samples[k].refuse == TG_OK && op->samples[k].in[i].dtype == TG_DTYPE_NONE)
        return true;
  return false;
}

static bool has_gradient(const tg_op *op) {
  return op->arity > 0 && op->dtypes & TG_FLOATS && !(op->flags & TG_OP_CONST) &&
         (op->compose || op->vjp_all || op->vjp[0]);
}

static bool refuses_nothing(const tg_op *op) {
  bool refused = false;
  for (int k = 0; k < op->n_samples; k++) refused = refused || op->samples[k].refuse != TG_OK;
  return !refused && op->dtypes == TG_ANY;
}

const char *why_not(const op_check *check, const tg_op *op) {
  if (check->run == check_replay) return NULL;
  if (check->run == check_views) return op->arity == 0 ? "no operand" : NULL;
  if (check->run == check_axes) return tgi_axis_fn_of(op) ? NULL : "names no axis";
  if (check->run == check_edges) return op_is_elementwise(op) ? NULL : "not elementwise";
  if (check->run == check_refused) return refuses_nothing(op) ? "takes anything" : NULL;
  if (check->run == check_precision)
    return !(op->dtypes & 1u << TG_F32) || !has_open_sample(op) ? "no f32 operand" : NULL;
  return has_gradient(op) ? NULL : "no gradient";
}
