/* What an operator says of its axes: where its operands are equal along one, so is its result, and
   what stands there is what the operator makes of that one index. */
#include "ops/axes.h"
#include "cases.h"

/* Index j of the axes `at`, everywhere along them. */
static tg_tensor only(const tg_tensor *x, unsigned at, int64_t j) {
  tg_tensor view = *x;
  for (int k = 0; k < x->rank; k++) {
    if (!(at >> k & 1)) continue;
    view.data = (char *)view.data + j * x->strides[k] * (int64_t)tg_dtype_size(x->dtype);
    view.strides[k] = 0;
  }
  return view;
}

static int becomes(const tg_call *call, int i, int k) {
  return tgi_axis_fn_of(call->op)(call, i, k);
}

/* An axis keeps its length; one of length 1 may be stretched. */
static void compare_lengths(op_case *c, const tg_call *call, int i) {
  for (int k = 0; k < call->in[i].rank; k++) {
    int to = becomes(call, i, k);
    bool fits = to == TG_NO_AXIS ||
                (to >= 0 && to < call->out.rank &&
                 (call->in[i].dims[k] == 1 || call->in[i].dims[k] == call->out.dims[to]));
    if (!fits) case_fail(c, "axis %d of operand %d cannot become axis %d", k, i, to);
  }
}

/* The axes of operand i that become axis `to` of the result. */
static unsigned axes_that_become(const tg_call *call, int i, int to) {
  unsigned axes = 0;
  for (int k = 0; k < call->in[i].rank; k++)
    if (becomes(call, i, k) == to && call->in[i].dims[k] > 1) axes |= 1u << k;
  return axes;
}

/* Of operands that all are as at index j of the result's axis `to`. */
static void compare_index(op_case *c, const tg_call *call, const tg_tensor *y, int to, int64_t j) {
  tg_tensor in[TG_SAMPLE_INPUTS], expected = only(y, 1u << to, j);
  tg_var x[TG_SAMPLE_INPUTS];
  bool any = false;
  for (int i = 0; i < call->n; i++) {
    unsigned axes = axes_that_become(call, i, to);
    in[i] = only(&call->in[i], axes, j);
    any = any || axes;
  }
  if (!any) return;
  tg_tensor seen = tg_value(case_apply(c, in, x));
  char what[64];
  snprintf(what, sizeof what, "axis %d, all as at index %d", to, (int)j);
  bool exact = op_is_elementwise(c->op) || !tg_dtype_is_float(y->dtype);
  case_equal(c, what, &seen, &expected, exact ? 0 : y->dtype == TG_F32 ? 1e-5 : 1e-13);
}

void check_axes(op_case *c) {
  tg_var x[TG_SAMPLE_INPUTS], y = case_apply(c, c->in, x);
  if (tg_op_of(y) != c->op || !tgi_axis_fn_of(c->op)) return;
  tg_tensor in[TG_SAMPLE_INPUTS], value = tg_value(y);
  tg_call call;
  tgi_call_of(c->t, y.id, in, &call);
  for (int i = 0; i < call.n; i++) compare_lengths(c, &call, i);
  for (int to = 0; to < value.rank && !case_failed(c); to++)
    for (int64_t j = 0; j < value.dims[to]; j++) compare_index(c, &call, &value, to, j);
}
