/* The same numbers by other strides give the same result, and the same gradients: kernels honour
   views. */
#include "cases.h"

/* ---- layouts: a view that holds the numbers of x ---- */

/* Garbage that would be seen: a NaN, or a number that no sample holds. */
static void spoil(const tg_tensor *x) {
  int64_t n = tg_tensor_numel(x);
  double garbage = tg_dtype_is_float(x->dtype) ? (double)NAN : x->dtype == TG_BOOL ? 1 : 77;
  for (int64_t k = 0; k < n; k++) tg_tensor_put(x, k, garbage);
}

/* Axes in reverse order in memory. */
static tg_tensor transposed(op_case *c, const tg_tensor *x) {
  int64_t dims[TG_MAX_RANK];
  for (int k = 0; k < x->rank; k++) dims[k] = x->dims[x->rank - 1 - k];
  tg_tensor store = case_tensor(c, x->dtype, x->rank, dims), view = *x;
  view.data = store.data;
  for (int k = 0; k < x->rank; k++) view.strides[k] = store.strides[x->rank - 1 - k];
  tg_tensor_copy(&view, x);
  return view;
}

/* Every second (third, ...) element along each axis of something larger. */
static tg_tensor padded(op_case *c, const tg_tensor *x) {
  int64_t dims[TG_MAX_RANK];
  for (int k = 0; k < x->rank; k++) dims[k] = (2 + k) * x->dims[k];
  tg_tensor store = case_tensor(c, x->dtype, x->rank, dims), view = *x;
  spoil(&store);
  view.data = store.data;
  for (int k = 0; k < x->rank; k++) view.strides[k] = (2 + k) * store.strides[k];
  tg_tensor_copy(&view, x);
  return view;
}

/* Backwards in memory along every axis. */
static tg_tensor negative(op_case *c, const tg_tensor *x) {
  tg_tensor view = case_like(c, x);
  if (tg_tensor_numel(x) == 0) return view;
  char *data = view.data;
  for (int k = 0; k < x->rank; k++) {
    data += (x->dims[k] - 1) * view.strides[k] * (int64_t)tg_dtype_size(x->dtype);
    view.strides[k] = -view.strides[k];
  }
  view.data = data;
  tg_tensor_copy(&view, x);
  return view;
}

/* The first slice along the first axis, everywhere along it. */
static tg_tensor first_slice(op_case *c, const tg_tensor *x) {
  tg_tensor view = case_copy(c, x);
  if (x->rank > 0) view.strides[0] = 0;
  return view;
}

/* The first number of each row, everywhere along it. */
static tg_tensor first_column(op_case *c, const tg_tensor *x) {
  tg_tensor view = case_copy(c, x);
  if (x->rank > 0) view.strides[x->rank - 1] = 0;
  return view;
}

static const struct layout {
  const char *name;
  tg_tensor (*of)(op_case *c, const tg_tensor *x);
} layouts[] = {
    {"transposed", transposed},
    {"padded", padded},
    {"negative strides", negative},
    {"stride 0 along the first axis", first_slice},
    {"stride 0 along the last axis", first_column},
};

/* ---- comparison ---- */

/* Reductions may add in another order. */
static double tolerance_of(const op_case *c, const tg_tensor *y) {
  if (op_is_elementwise(c->op) || !tg_dtype_is_float(y->dtype)) return 0;
  return y->dtype == TG_F32 ? 1e-5 : 1e-13;
}

/* The result and the gradients of all operands, copied. */
typedef struct outcome {
  tg_tensor y, dx[TG_SAMPLE_INPUTS];
} outcome;

static outcome evaluate(op_case *c, const tg_tensor in[]) {
  tg_mark mark = tg_tape_mark(c->t);
  outcome o = {0};
  tg_var x[TG_SAMPLE_INPUTS], y = case_apply(c, in, x);
  tg_tensor value = tg_value(y);
  if (value.data) o.y = case_copy(c, &value);
  bool slopes = value.data && !case_is_constant(c, &value);
  tg_var g = slopes ? tg_leaf(c->t, case_random(c, &value, 10)) : TG_NONE;
  for (int i = 0; slopes && i < c->n; i++) {
    if (!case_is_differentiable(c, i)) continue;
    o.dx[i] = case_like(c, &in[i]);
    if (tg_backward_into(&y, &g, 1, NULL, &x[i], &o.dx[i], 1) != TG_OK)
      case_fail(c, "backward: %s", tg_tape_message(c->t));
  }
  tg_tape_rewind(c->t, mark);
  return o;
}

static void compare(op_case *c, const struct layout *layout, uint32_t which) {
  tg_tensor views[TG_SAMPLE_INPUTS], plain[TG_SAMPLE_INPUTS];
  for (int i = 0; i < c->n; i++) {
    views[i] = which >> i & 1 ? layout->of(c, &c->in[i]) : c->in[i];
    plain[i] = case_copy(c, &views[i]);
  }
  outcome expected = evaluate(c, plain), seen = evaluate(c, views);
  if (case_failed(c)) return;
  char what[100];
  snprintf(what, sizeof what, "%s", layout->name);
  double tolerance = tolerance_of(c, &expected.y);
  case_equal(c, what, &seen.y, &expected.y, tolerance);
  for (int i = 0; i < c->n; i++) {
    if (expected.dx[i].data == NULL) continue;
    snprintf(what, sizeof what, "%s, gradient of operand %d", layout->name, i);
    case_equal(c, what, &seen.dx[i], &expected.dx[i], fmax(tolerance, 0));
  }
}

void check_views(op_case *c) {
  for (size_t k = 0; k < sizeof layouts / sizeof *layouts && c->n > 0; k++) {
    compare(c, &layouts[k], ~0u);
    for (int i = 0; i < c->n && c->n > 1; i++) compare(c, &layouts[k], 1u << i);
  }
}
