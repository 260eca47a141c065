/* Losses of class indices: cross_entropy of logits and nll_loss of log-probabilities. Fused; the
   rule of both is an expression in the targets that indices, weights and smoothing amount to, which
   are an operator of their own. */
#include "kernel/class_loss.h"

#include "ops/attrs.h"
#include "ops/dense.h"
#include "ops/loss.h"
#include "ops/ops_internal.h"

typedef struct class_attrs {
  double smoothing;
  int64_t ignore_index;
  bool ignores;
  int reduction;
} class_attrs;

static const class_attrs *attrs_of(const tg_call *c) { return c->attrs; }
static bool is_each(const tg_call *c) { return attrs_of(c)->reduction == TG_REDUCTION_NONE; }
static bool is_mean(const tg_call *c) { return attrs_of(c)->reduction == TG_REDUCTION_MEAN; }

/* x [count] or [outer, count, inner...] */
static int class_axis(const tg_tensor *x) { return x->rank == 1 ? 0 : 1; }

/* x's dims without the axis of classes. */
static tg_tensor rows_of(const tg_tensor *x) {
  tg_tensor rows = *x;
  rows.rank = 0;
  for (int k = 0; k < x->rank; k++)
    if (k != class_axis(x)) rows.dims[rows.rank++] = x->dims[k];
  return rows;
}

/* ---- shapes ---- */

static tg_status check_weight(tg_call *c) {
  if (c->n < 3) return TG_OK;
  const tg_tensor *x = &c->in[0], *weight = &c->in[2];
  const int64_t count = x->dims[class_axis(x)];
  if (weight->dtype != x->dtype)
    return tg_call_fail(c, TG_DTYPE, "the weights are not %s, as the scores are",
                        tg_dtype_name(x->dtype));
  if (weight->rank == 1 && weight->dims[0] == count) return TG_OK;
  return tg_call_fail(c, TG_SHAPE, "the weights are not one for each of %lld classes",
                      (long long)count);
}

static tg_status check_classes(tg_call *c) {
  const tg_tensor *x = &c->in[0], *index = &c->in[1];
  const class_attrs *attrs = attrs_of(c);
  if (!tg_dtype_is_float(x->dtype) || !(TG_INTS >> index->dtype & 1))
    return tg_call_fail(c, TG_DTYPE, "it takes scores in f32 or f64, and integer class indices");
  if (x->rank == 0)
    return tg_call_fail(c, TG_SHAPE, "scores are [classes] or [n, classes, ...], not a scalar");
  const tg_tensor rows = rows_of(x);
  if (!tg_tensor_same_shape(&rows, index))
    return tg_call_fail(c, TG_SHAPE, "the indices do not have the scores' dims without axis %d",
                        class_axis(x));
  if (attrs->reduction < 0 || attrs->reduction > TG_REDUCTION_NONE)
    return tg_call_fail(c, TG_ARGUMENT, "the reduction is none of mean, sum and none");
  if (!(attrs->smoothing >= 0 && attrs->smoothing <= 1))
    return tg_call_fail(c, TG_ARGUMENT, "label_smoothing is %g; it must be in [0, 1]",
                        attrs->smoothing);
  return check_weight(c);
}

static tg_status shape_loss(tg_call *c) {
  const tg_status status = check_classes(c);
  if (status != TG_OK) return status;
  return is_each(c) ? tgi_out_dims(c, c->in[1].rank, c->in[1].dims) : tgi_out_dims(c, 0, NULL);
}

/* ---- kernels ---- */

static tg_status refuse_index(const tg_call *c, const tgi_class_loss *k, int64_t row) {
  return tg_call_fail(c, TG_INDEX, "index %lld at position %lld is not one of %lld classes",
                      (long long)k->index[row], (long long)row, (long long)k->count);
}

static tg_status classes_of(const tg_call *c, bool logits, tgi_class_loss *k) {
  tg_tensor x = c->in[0], index = c->in[1], weight = c->in[c->n - 1];
  const class_attrs *attrs = attrs_of(c);
  if (!tgi_dense(c, x.dtype, &x) || !tgi_dense(c, TG_I64, &index)) return TG_NO_MEMORY;
  if (c->n > 2 && !tgi_dense(c, x.dtype, &weight)) return TG_NO_MEMORY;
  *k = (tgi_class_loss){.dtype = x.dtype,
                        .outer = 1,
                        .inner = 1,
                        .x = x.data,
                        .index = index.data,
                        .weight = c->n > 2 ? weight.data : NULL,
                        .logits = logits,
                        .ignores = attrs->ignores,
                        .ignore_index = attrs->ignore_index,
                        .smoothing = attrs->smoothing};
  const int axis = class_axis(&x);
  k->count = x.dims[axis];
  for (int j = 0; j < axis; j++) k->outer *= x.dims[j];
  for (int j = axis + 1; j < x.rank; j++) k->inner *= x.dims[j];
  const int64_t bad = tgi_class_loss_bad_row(k);
  return bad < 0 ? TG_OK : refuse_index(c, k, bad);
}

static double divisor(const tg_call *c, const tgi_class_loss *k) {
  return is_mean(c) ? tgi_class_loss_weight(k) : 1;
}

static tg_status kernel_loss(const tg_call *c, bool logits) {
  tgi_class_loss k;
  double sum = 0;
  tg_status status = classes_of(c, logits, &k);
  if (status != TG_OK) return status;
  if (is_each(c)) {
    tgi_class_loss_each(c->runtime, &k, c->out.data);
    return TG_OK;
  }
  status = tgi_class_loss_sum(c->runtime, c->scratch, &k, &sum);
  if (status == TG_OK) tg_tensor_put(&c->out, 0, sum / divisor(c, &k));
  return status;
}

static tg_status grad_loss(const tg_call *c, bool logits, int i, const tg_tensor *g,
                           const tg_tensor *dx, double beta) {
  if (i != 0) return tg_call_fail(c, TG_NOT_DIFFERENTIABLE, "operand %d has no derivative", i);
  tgi_class_loss k;
  tg_tensor dense = *g;
  const tg_status status = classes_of(c, logits, &k);
  if (status != TG_OK) return status;
  if (!tgi_dense(c, dx->dtype, &dense)) return TG_NO_MEMORY;
  tgi_class_loss_grad(c->runtime, &k, dx->data, dense.data, is_each(c) ? 1 : 0, divisor(c, &k),
                      beta);
  return TG_OK;
}

static tg_status kernel_cross_entropy(const tg_call *c) { return kernel_loss(c, true); }
static tg_status kernel_nll_loss(const tg_call *c) { return kernel_loss(c, false); }
static tg_status grad_cross_entropy(const tg_call *c, int i, const tg_tensor *g,
                                    const tg_tensor *dx, double beta) {
  return grad_loss(c, true, i, g, dx, beta);
}
static tg_status grad_nll_loss(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                               double beta) {
  return grad_loss(c, false, i, g, dx, beta);
}

/* The loss of operands 1 and on, and its cotangent in them given operand 0: in c->out, and where
   the operands end. */
static tg_status kernel_with_grad(const tg_call *c) {
  tg_call of = *c;
  of.op = &tgi_op_cross_entropy;
  of.in = c->in + 1;
  of.n = c->n - 1;
  tgi_class_loss k;
  tg_tensor g = c->in[0];
  void *dx = c->in[c->n].data;
  double sum = 0;
  tg_status status = classes_of(&of, true, &k);
  if (status != TG_OK) return status;
  if (!tgi_dense(c, g.dtype, &g)) return TG_NO_MEMORY;
  const bool each = is_each(c);
  const double by = divisor(c, &k);
  status = tgi_class_loss_both(c->runtime, c->scratch, &k, each ? c->out.data : NULL,
                               each ? NULL : &sum, dx, g.data, each ? 1 : 0, by, 0);
  if (status == TG_OK && !each) tg_tensor_put(&c->out, 0, sum / by);
  return status;
}

static tg_status kernel_class_targets(const tg_call *c) {
  tgi_class_loss k;
  const tg_status status = classes_of(c, false, &k);
  if (status == TG_OK) tgi_class_loss_targets(c->runtime, &k, c->out.data, divisor(c, &k));
  return status;
}

/* ---- rules: the loss is the sum of q (lse - x) ---- */

static tg_var targets_of(const tg_call *c) {
  return tg_apply(&tgi_op_class_targets, c->x, c->n, c->attrs);
}

/* g with the axis of classes, of length 1, where it has an axis for each row. */
static tg_var along_classes(const tg_call *c, tg_var g) {
  return is_each(c) ? tg_unsqueeze(g, class_axis(&c->in[0])) : g;
}

static tg_var vjp_cross_entropy(const tg_call *c, tg_var g) {
  const int axis = class_axis(&c->in[0]);
  const tg_var q = targets_of(c), mass = tg_sum(q, TG_AXES(axis), true);
  const tg_var slope = tg_sub(tg_mul(tg_softmax(c->x[0], axis), mass), q);
  return tg_mul(along_classes(c, g), slope);
}

static tg_var vjp_nll_loss(const tg_call *c, tg_var g) {
  return tg_mul(along_classes(c, tg_neg(g)), targets_of(c));
}

/* ---- samples ---- */

static const class_attrs mean = {0}, sum = {.reduction = TG_REDUCTION_SUM},
                         each = {.reduction = TG_REDUCTION_NONE},
                         ignoring = {.ignores = true, .ignore_index = 2},
                         smooth = {.smoothing = 0.1, .ignores = true, .ignore_index = 0},
                         batchmean = {.reduction = TG_REDUCTION_BATCHMEAN},
                         too_smooth = {.smoothing = 1.5};

/* clang-format off */
#define MATRIX .rank = 2, .dims = {5, 4}
#define IMAGE  .rank = 3, .dims = {2, 4, 3}
#define ROW    .rank = 1, .dims = {4}
#define X(...) {.low = -2, .high = 2, __VA_ARGS__}
#define K(...) {.dtype = TG_I64, .high = 3, __VA_ARGS__}
#define W      {.rank = 1, .dims = {4}, .low = 0.5, .high = 2}
#define SAMPLES                                                                                    \
  {.n = 2, .in = {X(MATRIX), K(.rank = 1, .dims = {5})},              .attrs = &mean},             \
  {.n = 3, .in = {X(MATRIX), K(.rank = 1, .dims = {5}), W},           .attrs = &mean},             \
  {.n = 3, .in = {X(IMAGE),  K(.rank = 2, .dims = {2, 3}), W},        .attrs = &each},             \
  {.n = 2, .in = {X(IMAGE),  {.rank = 2, .dims = {2, 3}, .dtype = TG_I32, .high = 3}}, .attrs = &sum},       \
  {.n = 2, .in = {X(ROW),    K(.rank = 0)},                           .attrs = &mean},             \
  {.n = 2, .in = {X(MATRIX), K(.rank = 1, .dims = {5})},              .attrs = &ignoring},         \
  {.n = 2, .in = {X(.rank = 2, .dims = {0, 4}), K(.rank = 1, .dims = {0})}, .attrs = &sum},        \
  {.n = 2, .in = {X(MATRIX), K(.rank = 1, .dims = {4})},  .attrs = &mean, .refuse = TG_SHAPE},     \
  {.n = 2, .in = {X(.rank = 0), K(.rank = 0)},            .attrs = &mean, .refuse = TG_SHAPE},     \
  {.n = 3, .in = {X(.rank = 1, .dims = {3}), K(.rank = 0), W}, .attrs = &mean, .refuse = TG_SHAPE},\
  {.n = 2, .in = {X(ROW), X(.rank = 0)},                  .attrs = &mean, .refuse = TG_DTYPE},     \
  {.n = 2, .in = {X(ROW), {.rank = 0, .dtype = TG_I64, .low = 4, .high = 9}},   .attrs = &mean, .refuse = TG_INDEX},\
  {.n = 2, .in = {X(ROW), {.rank = 0, .dtype = TG_I64, .low = -2, .high = -1}}, .attrs = &mean, .refuse = TG_INDEX},\
  {.n = 2, .in = {X(ROW), K(.rank = 0)}, .attrs = &batchmean, .refuse = TG_ARGUMENT},              \
  {.n = 2, .in = {X(ROW), K(.rank = 0)}, .attrs = &too_smooth, .refuse = TG_ARGUMENT}
static const tg_sample samples_cross_entropy[] = {
  SAMPLES,
  {.n = 3, .in = {X(IMAGE), K(.rank = 2, .dims = {2, 3}), W}, .attrs = &smooth},
};
static const tg_sample samples_nll_loss[] = {SAMPLES};
static const tg_sample samples_class_targets[] = {
  {.n = 3, .in = {X(IMAGE),  K(.rank = 2, .dims = {2, 3}), W}, .attrs = &smooth},
  {.n = 2, .in = {X(MATRIX), K(.rank = 1, .dims = {5})},       .attrs = &mean},
  {.n = 2, .in = {X(MATRIX), K(.rank = 1, .dims = {4})},       .attrs = &mean, .refuse = TG_SHAPE},
};

static const tg_field fields[] = {
  {.name = "reduction", .type = TG_FIELD_ENUM, .offset = offsetof(class_attrs, reduction),
   .names = tgi_reduction_names},
  {.name = "label_smoothing", .type = TG_FIELD_F64, .offset = offsetof(class_attrs, smoothing)},
  {.name = "ignores", .type = TG_FIELD_BOOL, .offset = offsetof(class_attrs, ignores)},
  {.name = "ignore_index", .type = TG_FIELD_I64, .offset = offsetof(class_attrs, ignore_index)},
  {.name = NULL},
};

#define CLASSES .flags = TG_OP_MIXED | TG_OP_FUSED, .arity = 2, .max_arity = 3, .dtypes = TG_FLOATS,              \
                .attrs_size = sizeof(class_attrs), .attrs = fields
const tg_op tgi_op_cross_entropy = {
  TG_OP_INIT, CLASSES, .name = "cross_entropy", .label = "cross entropy",
  .formula = "reduction of q (log sum e^x - x), q = weight one_hot(index)",
  .shape = shape_loss, .kernel = kernel_cross_entropy, .grad = grad_cross_entropy,
  .vjp = {vjp_cross_entropy, tg_vjp_none, tg_vjp_none}, TG_SAMPLES(samples_cross_entropy),
};
const tg_op tgi_op_cross_entropy_with_grad = {
  TG_OP_INIT, CLASSES, .name = "cross_entropy_with_grad", .label = "cross entropy, grad",
  .formula = "cross_entropy and g times its slope", .kernel = kernel_with_grad,
};
const tg_op tgi_op_nll_loss = {
  TG_OP_INIT, CLASSES, .name = "nll_loss", .label = "nll",
  .formula = "reduction of -q x, q = weight one_hot(index)",
  .shape = shape_loss, .kernel = kernel_nll_loss, .grad = grad_nll_loss,
  .vjp = {vjp_nll_loss, tg_vjp_none, tg_vjp_none}, TG_SAMPLES(samples_nll_loss),
};
const tg_op tgi_op_class_targets = {
  TG_OP_INIT, .flags = TG_OP_MIXED | TG_OP_CONST, .arity = 2, .max_arity = 3, .dtypes = TG_FLOATS,
  .attrs_size = sizeof(class_attrs), .attrs = fields,
  .name = "class_targets", .label = "targets",
  .formula = "q = weight ((1 - smoothing) one_hot(index) + smoothing / classes)",
  .shape = check_classes, .kernel = kernel_class_targets, TG_SAMPLES(samples_class_targets),
};
/* clang-format on */

static class_attrs attrs_from(tg_cross_entropy_options options) {
  return (class_attrs){.smoothing = options.label_smoothing,
                       .ignore_index = options.ignores ? options.ignore_index : 0,
                       .ignores = options.ignores,
                       .reduction = (int)options.reduction};
}

static tg_var apply(const tg_op *op, tg_var x, tg_var index, tg_cross_entropy_options options) {
  const class_attrs attrs = attrs_from(options);
  return tg_apply(op, (const tg_var[]){x, index, options.weight}, 3, &attrs);
}

tg_var tg_cross_entropy_with(tg_var logits, tg_var target, tg_cross_entropy_options options) {
  if (tg_dtype_is_float(tg_dtype_of(target)))
    return tgi_cross_entropy_of_probabilities(logits, target, options);
  return apply(&tgi_op_cross_entropy, logits, target, options);
}

tg_var tg_cross_entropy(tg_var logits, tg_var target) {
  return tg_cross_entropy_with(logits, target, (tg_cross_entropy_options){0});
}

tg_var tg_nll_loss(tg_var x, tg_var target) {
  return tg_nll_loss_with(x, target, (tg_cross_entropy_options){0});
}

tg_var tg_nll_loss_with(tg_var x, tg_var target, tg_cross_entropy_options options) {
  return apply(&tgi_op_nll_loss, x, target, options);
}

tg_var tg_class_targets(tg_var x, tg_var target, tg_cross_entropy_options options) {
  return apply(&tgi_op_class_targets, x, target, options);
}
