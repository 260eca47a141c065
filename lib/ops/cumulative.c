/* Cumulative operators. Their rules meet in one: the linear recurrence y[i] = a[i] y[i-1] + b[i],
   whose transpose is a recurrence from the other end. So a product's derivative divides by nothing,
   and zeros among the factors are as good as others. */
#include "kernel/scan.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"
#include "ops/scan.h"
#include "ops/view.h"
#include "tape/tape.h"

typedef struct scan_attrs {
  int axis;
  bool reverse;
} scan_attrs;

static const tg_field scan_fields[] = {
    {.name = "axis", .type = TG_FIELD_INT, .offset = offsetof(scan_attrs, axis)},
    {.name = "reverse", .type = TG_FIELD_BOOL, .offset = offsetof(scan_attrs, reverse)},
    {.name = NULL},
};

static const scan_attrs *attrs_of(const tg_call *c) { return c->attrs; }
static int axis_of(const tg_call *c) { return tgi_axis(c->in[0].rank, attrs_of(c)->axis); }

static int axis_scan(const tg_call *c, int i, int k) {
  (void)i;
  return k == axis_of(c) ? TG_NO_AXIS : k;
}

static tg_status shape_scan(tg_call *c) {
  tg_status status = tg_shape_same(c);
  if (status != TG_OK) return status;
  return tgi_call_axis(c, attrs_of(c)->axis) < 0 ? TG_ARGUMENT : TG_OK;
}

/* x as a walk from its end along the axis. */
static tg_tensor backwards(const tg_call *c, const tg_tensor *x) {
  tg_tensor y = *x;
  int axis = axis_of(c);
  if (x->dims[axis] == 0) return y;
  int64_t last = (x->dims[axis] - 1) * x->strides[axis];
  y.data = (char *)x->data + last * (int64_t)tg_dtype_size(x->dtype);
  y.strides[axis] = -x->strides[axis];
  return y;
}

/* x in the order of the walk, and against it. */
static tg_tensor in_order(const tg_call *c, const tg_tensor *x) {
  return attrs_of(c)->reverse ? backwards(c, x) : *x;
}
static tg_tensor against(const tg_call *c, const tg_tensor *x) {
  return attrs_of(c)->reverse ? *x : backwards(c, x);
}

static tg_status cumulate(const tg_call *c, const tgi_reduction *kind) {
  tg_tensor x = in_order(c, &c->in[0]), y = in_order(c, &c->out);
  return tgi_cumulate(c->runtime, kind, &y, &x, axis_of(c), 0);
}

static tg_status kernel_cumsum(const tg_call *c) { return cumulate(c, &tgi_sum); }
static tg_status kernel_cumprod(const tg_call *c) { return cumulate(c, &tgi_prod); }

static tg_status kernel_linear_scan(const tg_call *c) {
  tg_tensor a = in_order(c, &c->in[0]), b = in_order(c, &c->in[1]), y = in_order(c, &c->out);
  tgi_linear_scan(c->runtime, &y, &a, &b, axis_of(c));
  return TG_OK;
}

static tg_var apply(const tg_op *op, tg_var x, int axis, bool reverse) {
  return tgi_apply1(op, x, &(scan_attrs){axis, reverse});
}
static tg_var linear_scan(tg_var a, tg_var b, int axis, bool reverse) {
  return tgi_apply2(&tgi_op_linear_scan, a, b, &(scan_attrs){axis, reverse});
}

/* ---- neighbours ---- */

tg_var tgi_scan_previous(tg_var x, int axis, bool reverse, double fill) {
  tg_tensor value = tgi_value(x);
  if (value.data == NULL || value.dims[axis] == 0) return x;
  value.dims[axis] = 1;
  tg_var edge = tgi_broadcast_like(tg_scalar_like(x, fill), &value);
  if (reverse) return tg_concat((const tg_var[]){tg_slice(x, axis, 1, TG_END, 1), edge}, 2, axis);
  return tg_concat((const tg_var[]){edge, tg_slice(x, axis, 0, -1, 1)}, 2, axis);
}

tg_var tgi_cumprod_but_last(tg_var x, int axis, bool reverse) {
  return tgi_scan_previous(apply(&tgi_op_cumprod, x, axis, reverse), axis, reverse, 1);
}

/* ---- rules ---- */

static tg_var vjp_cumsum(const tg_call *c, tg_var g) {
  return apply(&tgi_op_cumsum, g, axis_of(c), !attrs_of(c)->reverse);
}

/* y[j] for j >= i is x[i] times all x[k] before i times all between i and j; the sums over j of
   g[j] times the latter follow one another by a recurrence from the end. */
static tg_var vjp_cumprod(const tg_call *c, tg_var g) {
  int axis = axis_of(c);
  bool reverse = attrs_of(c)->reverse;
  tg_var after = linear_scan(tgi_scan_previous(c->x[0], axis, !reverse, 0), g, axis, !reverse);
  return tg_mul(tgi_scan_previous(c->y, axis, reverse, 1), after);
}

static tg_var jvp_cumprod(const tg_call *c, const tg_var dx[]) {
  int axis = axis_of(c);
  bool reverse = attrs_of(c)->reverse;
  tg_var before = tgi_scan_previous(c->y, axis, reverse, 1);
  return linear_scan(c->x[0], tg_mul(before, dx[0]), axis, reverse);
}

static void vjp_linear_scan(const tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  int axis = axis_of(c);
  bool reverse = attrs_of(c)->reverse;
  dx[1] = linear_scan(tgi_scan_previous(c->x[0], axis, !reverse, 0), g, axis, !reverse);
  if (want[0]) dx[0] = tg_mul(dx[1], tgi_scan_previous(c->y, axis, reverse, 0));
}

static tg_var jvp_linear_scan(const tg_call *c, const tg_var dx[]) {
  int axis = axis_of(c);
  bool reverse = attrs_of(c)->reverse;
  if (tg_is_none(dx[0])) return linear_scan(c->x[0], dx[1], axis, reverse);
  tg_var step = tg_mul(dx[0], tgi_scan_previous(c->y, axis, reverse, 0));
  return linear_scan(c->x[0], tg_is_none(dx[1]) ? step : tg_add(step, dx[1]), axis, reverse);
}

/* ---- the same in memory ---- */

static tg_status grad_cumsum(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                             double beta) {
  tg_tensor from = against(c, g), to = against(c, dx);
  (void)i;
  return tgi_cumulate(c->runtime, &tgi_sum, &to, &from, axis_of(c), beta);
}

static tg_status grad_cumprod(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                              double beta) {
  tg_tensor x = against(c, &c->in[0]), y = against(c, &c->out);
  tg_tensor from = against(c, g), to = against(c, dx);
  tgi_scan_slope(c->runtime, &to, &x, &from, &y, 1, axis_of(c), beta);
  (void)i;
  return TG_OK;
}

static tg_status grad_linear_scan(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                                  double beta) {
  tg_tensor a = against(c, &c->in[0]), y = against(c, &c->out);
  tg_tensor from = against(c, g), to = against(c, dx);
  tgi_scan_slope(c->runtime, &to, &a, &from, i == 0 ? &y : NULL, i == 0 ? 0 : 1, axis_of(c), beta);
  return TG_OK;
}

/* ---- samples ---- */

static const scan_attrs last = {-1, false}, first = {0, false}, back = {1, true},
                        beyond = {2, false};

/* clang-format off */
#define IN(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_scan[] = {
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &last},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &first},
  {.n = 1, .in = {IN(3, 2, 3, 4)}, .attrs = &back},
  {.n = 1, .in = {IN(2, 3, 1)}, .attrs = &last},
  {.n = 1, .in = {IN(2, 0, 3)}, .attrs = &first},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &beyond, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {IN(0, 0)}, .attrs = &last, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 1, .dims = {3}, .dtype = TG_BOOL, .high = 1}}, .attrs = &last, .refuse = TG_DTYPE},
};
static const tg_sample samples_linear_scan[] = {
  {.n = 2, .in = {IN(2, 3, 4), IN(2, 3, 4)}, .attrs = &last},
  {.n = 2, .in = {IN(2, 3, 4), IN(2, 3, 4)}, .attrs = &first},
  {.n = 2, .in = {IN(3, 2, 3, 4), IN(3, 2, 3, 4)}, .attrs = &back},
  {.n = 2, .in = {IN(2, 0, 3), IN(2, 0, 3)}, .attrs = &first},
  {.n = 2, .in = {IN(2, 3, 4), IN(2, 3, 4)}, .attrs = &beyond, .refuse = TG_ARGUMENT},
  {.n = 2, .in = {IN(2, 3, 4), IN(2, 4, 3)}, .attrs = &last, .refuse = TG_SHAPE},
};
#undef IN

const tg_op tgi_op_cumsum = {
  TG_OP_INIT, .flags = TG_OP_SAME_BITS, .name = "cumsum", .label = "cumsum", .formula = "y[i] = sum over j <= i of x[j] along the axis",
  .arity = 1, .dtypes = TG_NUMBERS, .attrs_size = sizeof(scan_attrs), .attrs = scan_fields,
  .shape = shape_scan, .axis = axis_scan, .kernel = kernel_cumsum, .vjp = {vjp_cumsum}, .jvp = tg_jvp_linear, .grad = grad_cumsum, TG_SAMPLES(samples_scan),
};
const tg_op tgi_op_cumprod = {
  TG_OP_INIT, .flags = TG_OP_SAME_BITS, .name = "cumprod", .label = "cumprod", .formula = "y[i] = product over j <= i of x[j] along the axis",
  .arity = 1, .dtypes = TG_NUMBERS, .attrs_size = sizeof(scan_attrs), .attrs = scan_fields,
  .shape = shape_scan, .axis = axis_scan, .kernel = kernel_cumprod, .vjp = {vjp_cumprod}, .jvp = jvp_cumprod, .grad = grad_cumprod, TG_SAMPLES(samples_scan),
};
const tg_op tgi_op_linear_scan = {
  TG_OP_INIT, .flags = TG_OP_SAME_BITS, .name = "linear_scan", .label = "scan", .formula = "y[i] = a[i] y[i-1] + b[i] along the axis, y[0] = b[0]",
  .arity = 2, .dtypes = TG_FLOATS, .attrs_size = sizeof(scan_attrs), .attrs = scan_fields,
  .shape = shape_scan, .axis = axis_scan, .kernel = kernel_linear_scan, .vjp_all = vjp_linear_scan, .jvp = jvp_linear_scan, .grad = grad_linear_scan, TG_SAMPLES(samples_linear_scan),
};
/* clang-format on */

tg_var tg_cumsum(tg_var x, int axis) { return apply(&tgi_op_cumsum, x, axis, false); }
tg_var tg_cumprod(tg_var x, int axis) { return apply(&tgi_op_cumprod, x, axis, false); }
tg_var tg_linear_scan(tg_var a, tg_var b, int axis) { return linear_scan(a, b, axis, false); }
