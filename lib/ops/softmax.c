/* Softmax and its logarithm: kernels of their own forward and backward, rules in operators. */
#include "kernel/softmax.h"
#include "ops/axes.h"
#include "ops/dense.h"
#include "ops/view.h"

static tg_status shape_softmax(tg_call *c) {
  const tgi_axis_attrs *attrs = c->attrs;
  return tgi_call_axis(c, attrs->axis) < 0 ? TG_ARGUMENT : TG_OK;
}

static int axis_of(const tg_call *c) { return tgi_axis_in(c, &c->in[0]); }

static int axis_softmax(const tg_call *c, int i, int k) {
  (void)i;
  return k == axis_of(c) ? TG_NO_AXIS : k;
}

static tg_status forward(const tg_call *c, tgi_softmax_kind kind) {
  tgi_softmax(c->runtime, kind, &c->out, &c->in[0], axis_of(c));
  return TG_OK;
}

static tg_status kernel_softmax(const tg_call *c) { return forward(c, TGI_SOFTMAX); }
static tg_status kernel_log_softmax(const tg_call *c) { return forward(c, TGI_LOG_SOFTMAX); }

static tg_status backward(const tg_call *c, tgi_softmax_kind kind, const tg_tensor *g,
                          const tg_tensor *dx, double beta) {
  tg_tensor dense = *g;
  if (!tgi_dense(c, g->dtype, &dense)) return TG_NO_MEMORY;
  tgi_softmax_grad(c->runtime, kind, dx, &c->out, &dense, axis_of(c), beta);
  return TG_OK;
}

static tg_status grad_softmax(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                              double beta) {
  (void)i;
  return backward(c, TGI_SOFTMAX, g, dx, beta);
}

static tg_status grad_log_softmax(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                                  double beta) {
  (void)i;
  return backward(c, TGI_LOG_SOFTMAX, g, dx, beta);
}

/* ---- rules ---- */

static tg_var sum_of_lanes(const tg_call *c, tg_var x) {
  return tg_sum(x, TG_AXES(axis_of(c)), true);
}

/* The Jacobian of softmax is symmetric: the tangent's rule is the cotangent's. */
static tg_var vjp_softmax(const tg_call *c, tg_var g) {
  return tg_mul(c->y, tg_sub(g, sum_of_lanes(c, tg_mul(g, c->y))));
}
static tg_var jvp_softmax(const tg_call *c, const tg_var dx[]) { return vjp_softmax(c, dx[0]); }

static tg_var vjp_log_softmax(const tg_call *c, tg_var g) {
  return tg_sub(g, tg_mul(tg_exp(c->y), sum_of_lanes(c, g)));
}
static tg_var jvp_log_softmax(const tg_call *c, const tg_var dx[]) {
  return tg_sub(dx[0], sum_of_lanes(c, tg_mul(tg_exp(c->y), dx[0])));
}

/* ---- samples ---- */

static const tgi_axis_attrs last = {-1}, first = {0}, middle = {1}, beyond = {2};

/* clang-format off */
static const tg_sample samples[] = {
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &last},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &first},
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &middle},
  {.n = 1, .in = {{.rank = 2, .dims = {2, 1},    .low = -2, .high = 2}}, .attrs = &last},
  {.n = 1, .in = {{.rank = 2, .dims = {0, 3},    .low = -2, .high = 2}}, .attrs = &last},
  {.n = 1, .in = {{.rank = 2, .dims = {0, 3},    .low = -2, .high = 2}}, .attrs = &first},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4}}}, .attrs = &beyond, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 0}}, .attrs = &last, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 1, .dims = {3}, .dtype = TG_I64, .high = 1}}, .attrs = &last, .refuse = TG_DTYPE},
};

const tg_op tgi_op_softmax = {
  TG_OP_INIT, .flags = TG_OP_FUSED | TG_OP_SAME_BITS, .name = "softmax", .label = "softmax", .formula = "y = e^x / sum of e^x along the axis",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_axis_attrs), .attrs = tgi_axis_fields,
  .shape = shape_softmax, .kernel = kernel_softmax, .vjp = {vjp_softmax}, .jvp = jvp_softmax, .grad = grad_softmax, .axis = axis_softmax, TG_SAMPLES(samples),
};
const tg_op tgi_op_log_softmax = {
  TG_OP_INIT, .flags = TG_OP_FUSED | TG_OP_SAME_BITS, .name = "log_softmax", .label = "log_softmax", .formula = "y = x - ln sum of e^x along the axis",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_axis_attrs), .attrs = tgi_axis_fields,
  .shape = shape_softmax, .kernel = kernel_log_softmax, .vjp = {vjp_log_softmax}, .jvp = jvp_log_softmax, .grad = grad_log_softmax, .axis = axis_softmax, TG_SAMPLES(samples),
};
/* clang-format on */

tg_var tg_softmax(tg_var x, int axis) {
  return tgi_apply1(&tgi_op_softmax, x, &(tgi_axis_attrs){axis});
}

tg_var tg_log_softmax(tg_var x, int axis) {
  return tgi_apply1(&tgi_op_log_softmax, x, &(tgi_axis_attrs){axis});
}
