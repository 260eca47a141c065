/* The rows of loss_rows.h read as operators on vars: a tg_op each, with its rules, samples and
   constructor. Knows no sweep, and of arithmetic only where the compiled rows are. */
#include "ops/loss.h"

#include "kernel/loss.h"
#include "ops/attrs.h"
#include "ops/dense.h"
#include "ops/ops_internal.h"

const char *const tgi_reduction_names[] = {"mean", "sum", "none", "batchmean", NULL};

/* ---- what all rows share ---- */

static const tgi_loss_attrs *attrs_of(const tg_call *c) { return c->attrs; }
static const tgi_loss_table *table_of(const tg_call *c) {
  return tgi_loss_table_for(tg_runtime_isa(c->runtime), c->in[0].dtype);
}
static bool is_each(const tg_call *c) { return attrs_of(c)->reduction == TG_REDUCTION_NONE; }

/* What the sum is divided by. */
static double divisor(const tg_call *c) {
  switch (attrs_of(c)->reduction) {
  case TG_REDUCTION_MEAN: return (double)tg_tensor_numel(&c->in[0]);
  case TG_REDUCTION_BATCHMEAN: return (double)c->in[0].dims[0];
  default: return 1;
  }
}

static tg_status shape_any(tg_call *c) {
  const tgi_loss_attrs *attrs = attrs_of(c);
  if (attrs->reduction < 0 || attrs->reduction > TG_REDUCTION_BATCHMEAN)
    return tg_call_fail(c, TG_ARGUMENT, "%d is no tg_reduction", attrs->reduction);
  const tg_status status = tg_shape_same(c);
  if (status != TG_OK || is_each(c)) return status;
  if (attrs->reduction == TG_REDUCTION_BATCHMEAN && c->in[0].rank == 0)
    return tg_call_fail(c, TG_SHAPE, "a scalar has no first dim for batchmean");
  return tgi_out_dims(c, 0, NULL);
}

static tg_status shape_positive(tg_call *c) {
  if (attrs_of(c)->p > 0) return shape_any(c);
  return tg_call_fail(c, TG_ARGUMENT, "%s is %g; it must be positive", c->op->attrs[0].name,
                      attrs_of(c)->p);
}

static tg_status kernel_loss(const tg_call *c, const tgi_loss_row *row) {
  tg_tensor x = c->in[0], t = c->in[1];
  if (!tgi_dense(c, x.dtype, &x) || !tgi_dense(c, x.dtype, &t)) return TG_NO_MEMORY;
  const double p = attrs_of(c)->p;
  if (!is_each(c)) return tgi_loss_sum(c->runtime, c->scratch, row, &c->out, &x, &t, p, divisor(c));
  tgi_loss_each(c->runtime, row, &c->out, &x, &t, p);
  return TG_OK;
}

static tg_status grad_loss(const tg_call *c, const tgi_loss_row *row, int i, const tg_tensor *g,
                           const tg_tensor *dx, double beta) {
  tg_tensor x = c->in[0], t = c->in[1], dense = *g;
  if (!tgi_dense(c, x.dtype, &x) || !tgi_dense(c, x.dtype, &t) || !tgi_dense(c, x.dtype, &dense))
    return TG_NO_MEMORY;
  tgi_loss_grad(c->runtime, row, i, dx, &x, &t, attrs_of(c)->p, &dense, divisor(c), beta);
  return TG_OK;
}

static void part_loss(const tg_call *c, const tgi_loss_row *row, int i, int64_t first, int64_t n,
                      const void *g, void *dx, double beta) {
  const int64_t at = first * (int64_t)tgi_dtype_size(c->out.dtype);
  row->slope[i](n, dx, (const char *)c->in[0].data + at, (const char *)c->in[1].data + at,
                attrs_of(c)->p, g, is_each(c) ? 1 : 0, 1 / divisor(c), beta);
}

/* g slope / divisor; g has rank 0 or the operands' shape. */
static tg_var times_slope(const tg_call *c, tg_var g, tg_var slope) {
  if (tg_is_none(slope)) return TG_NONE;
  const double by = divisor(c);
  return tg_mul(by == 1 ? g : tg_div_scalar(g, by), slope);
}

/* The rules take a tangent as they take a cotangent; what is left is to add the elements. */
static tg_var jvp_loss(const tg_call *c, const tg_var dx[]) {
  const tg_var dy = tg_jvp_elementwise(c, dx);
  return is_each(c) || tg_is_none(dy) ? dy : tg_sum_to(dy, TG_SCALAR);
}

/* ---- kernels and rules of each row ---- */

#define PASSES(name)                                                                               \
  static tg_status kernel_##name(const tg_call *c) { return kernel_loss(c, &table_of(c)->name); }  \
  static tg_status grad_##name(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,   \
                               double beta) {                                                      \
    return grad_loss(c, &table_of(c)->name, i, g, dx, beta);                                       \
  }                                                                                                \
  static void part_##name(const tg_call *c, int i, int64_t first, int64_t n, const void *g,        \
                          void *dx, double beta) {                                                 \
    part_loss(c, &table_of(c)->name, i, first, n, g, dx, beta);                                    \
  }
#define RULE(operand, name, slope)                                                                 \
  static tg_var vjp_##operand##_##name(const tg_call *c, tg_var g) {                               \
    return times_slope(c, g, slope);                                                               \
  }

static tg_var operand(const tg_call *c, int i) { return c->x[i]; }
#define x       operand(c, 0)
#define t       operand(c, 1)
#define p       (attrs_of(c)->p)
#define K(k)    tg_scalar_like(x, k)
#define NOTHING TG_NONE
#define RANGES(...)
/* clang-format off */
#define LOSS(name, label, formula, a, b, value, slope_x, slope_t)                                  \
  PASSES(name) RULE(x, name, slope_x) RULE(t, name, slope_t)
#define LOSS1(name, label, formula, a, b, p_name, p_kind, p_usual, value, slope_x, slope_t)        \
  PASSES(name) RULE(x, name, slope_x) RULE(t, name, slope_t)
#include "kernel/loss_rows.h"
#undef x
#undef t
#undef p
#undef K
#undef NOTHING

/* ---- samples ---- */

#define X_OF(x_low, x_high, t_low, t_high) .low = x_low, .high = x_high
#define T_OF(x_low, x_high, t_low, t_high) .low = t_low, .high = t_high
#define PAIR(ranges, ...) .n = 2, .in = {{X_OF ranges, __VA_ARGS__}, {T_OF ranges, __VA_ARGS__}}
#define MATRIX            .rank = 2, .dims = {3, 4}
#define CUBE              .rank = 3, .dims = {2, 1, 3}
#define VECTOR            .rank = 1, .dims = {5}
#define EMPTY             .rank = 2, .dims = {0, 3}
#define SCALAR            .rank = 0
#define ATTRS(p, how)     .attrs = &(const tgi_loss_attrs){p, how}

#define SAMPLES(a, b, p)                                                                           \
  {PAIR(a, MATRIX), ATTRS(p, TG_REDUCTION_MEAN)},                                                  \
  {PAIR(b, CUBE),   ATTRS(p, TG_REDUCTION_NONE)},                                                  \
  {PAIR(b, VECTOR), ATTRS(p, TG_REDUCTION_SUM)},                                                   \
  {PAIR(a, MATRIX), ATTRS(p, TG_REDUCTION_BATCHMEAN)},                                             \
  {PAIR(a, SCALAR), ATTRS(p, TG_REDUCTION_MEAN)},                                                  \
  {PAIR(a, EMPTY),  ATTRS(p, TG_REDUCTION_SUM)},                                                   \
  {PAIR(a, EMPTY),  ATTRS(p, TG_REDUCTION_NONE)},                                                  \
  {.n = 2, .in = {{MATRIX}, {VECTOR}}, ATTRS(p, TG_REDUCTION_MEAN),      .refuse = TG_SHAPE},      \
  {.n = 2, .in = {{SCALAR}, {SCALAR}}, ATTRS(p, TG_REDUCTION_BATCHMEAN), .refuse = TG_SHAPE},      \
  {.n = 2, .in = {{VECTOR}, {VECTOR}}, ATTRS(p, 7),                      .refuse = TG_ARGUMENT},   \
  {.n = 2, .in = {{VECTOR, .dtype = TG_I64}, {VECTOR, .dtype = TG_I64}},                           \
   ATTRS(p, TG_REDUCTION_MEAN), .refuse = TG_DTYPE}
#define REFUSED_any
#define REFUSED_positive                                                                           \
  {.n = 2, .in = {{VECTOR}, {VECTOR}}, ATTRS(0, TG_REDUCTION_MEAN), .refuse = TG_ARGUMENT},
#define RANGES(...) (__VA_ARGS__)
#define LOSS(name, label, formula, a, b, ...)                                                      \
  static const tg_sample samples_##name[] = {SAMPLES(a, b, 0)};
#define LOSS1(name, label, formula, a, b, p_name, p_kind, p_usual, ...)                                  \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES(a, b, p_usual),                                                                        \
    REFUSED_##p_kind                                                                               \
  };
#include "kernel/loss_rows.h"

/* ---- the operators ---- */

#define REDUCTION {.name = "reduction", .type = TG_FIELD_ENUM,                                     \
                   .offset = offsetof(tgi_loss_attrs, reduction), .names = tgi_reduction_names}
#define FIELDS(op, ...)                                                                          \
  static const tg_field fields_##op[] = {__VA_ARGS__, {.name = NULL}};
#define OPERATOR(op, text, how, kind)                                                                  \
  const tg_op tgi_op_##op = {                                                                      \
    TG_OP_INIT, .name = #op, .label = text, .formula = "reduction of " how,                        \
    .arity = 2, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_loss_attrs), .attrs = fields_##op,   \
    .shape = shape_##kind, .kernel = kernel_##op, .vjp = {vjp_x_##op, vjp_t_##op},                   \
    .jvp = jvp_loss, .grad = grad_##op, .grad_part = part_##op,                                    \
    TG_SAMPLES(samples_##op),                                                                      \
  };
#define LOSS(op, text, how, ...)                                                            \
  FIELDS(op, REDUCTION)                                                                          \
  OPERATOR(op, text, how, any)                                                                 \
  tg_var tg_##op(tg_var x, tg_var target, tg_reduction reduction) {                              \
    return tgi_apply2(&tgi_op_##op, x, target, &(const tgi_loss_attrs){0, (int)reduction});      \
  }
#define LOSS1(op, text, how, a, b, parameter, kind, ...)                                                \
  FIELDS(op, {.name = #parameter, .type = TG_FIELD_F64, .offset = offsetof(tgi_loss_attrs, p)},          \
         REDUCTION)                                                                                \
  OPERATOR(op, text, how, kind)                                                                 \
  tg_var tg_##op(tg_var x, tg_var target, double parameter, tg_reduction reduction) {                    \
    return tgi_apply2(&tgi_op_##op, x, target, &(const tgi_loss_attrs){parameter, (int)reduction});      \
  }
#define RANGES(...)
#include "kernel/loss_rows.h"
/* clang-format on */
