/* Losses that are expressions of other operators: with weights, of probabilities, of vectors. */
#include "ops/attrs.h"
#include "ops/loss.h"
#include "ops/ops_internal.h"

/* label_smoothing, eps or nothing; a reduction or an axis. */
typedef struct composite_attrs {
  double p;
  int which;
} composite_attrs;

static const composite_attrs *attrs_of(const tg_call *c) { return c->attrs; }

tg_var tgi_reduce_losses(tg_var y, int reduction) {
  if (reduction == TG_REDUCTION_NONE) return y;
  return reduction == TG_REDUCTION_SUM ? tg_sum(y, TG_ALL, false) : tg_mean(y, TG_ALL, false);
}

static tg_var refuse(const tg_call *c, tg_status status, const char *why) {
  tg_call_fail(c, status, "%s", why);
  return (tg_var){c->tape, 0, 0};
}

static bool is_plain(int reduction) {
  return reduction == TG_REDUCTION_MEAN || reduction == TG_REDUCTION_SUM ||
         reduction == TG_REDUCTION_NONE;
}

/* ---- binary cross-entropy with weights ---- */

static tg_var weigh(const tg_call *c, tg_var losses, tg_var weight) {
  if (!is_plain(attrs_of(c)->which))
    return refuse(c, TG_ARGUMENT, "the reduction is none of mean, sum and none");
  return tgi_reduce_losses(tg_mul(losses, weight), attrs_of(c)->which);
}

static tg_var compose_bce(const tg_call *c) {
  return weigh(c, tg_binary_cross_entropy(c->x[0], c->x[1], TG_REDUCTION_NONE), c->x[2]);
}

/* (1 - t) x - (1 + (pos_weight - 1) t) ln sigmoid(x) */
static tg_var compose_bce_logits(const tg_call *c) {
  const tg_var x = c->x[0], t = c->x[1];
  if (!tg_tensor_same_shape(&c->in[0], &c->in[1])) return refuse(c, TG_SHAPE, "the shapes differ");
  const tg_var rest = tg_mul(tg_rsub_scalar(t, 1), x);
  const tg_var steep = tg_add_scalar(tg_mul(tg_sub_scalar(c->x[3], 1), t), 1);
  return weigh(c, tg_sub(rest, tg_mul(steep, tg_log_sigmoid(x))), c->x[2]);
}

/* ---- cross-entropy of probabilities ---- */

static tg_var compose_soft(const tg_call *c) {
  const tg_tensor *x = &c->in[0];
  const double smoothing = attrs_of(c)->p;
  if (x->rank == 0) return refuse(c, TG_SHAPE, "scores are [classes] or [n, classes, ...]");
  if (!tg_tensor_same_shape(x, &c->in[1]))
    return refuse(c, TG_SHAPE, "probabilities have the scores' shape; class indices are integers");
  if (!is_plain(attrs_of(c)->which))
    return refuse(c, TG_ARGUMENT, "the reduction is none of mean, sum and none");
  if (!(smoothing >= 0 && smoothing <= 1))
    return refuse(c, TG_ARGUMENT, "label_smoothing is not in [0, 1]");
  const int axis = x->rank == 1 ? 0 : 1;
  const int64_t count = x->dims[axis];
  tg_var q = c->x[1];
  if (smoothing != 0) q = tg_add_scalar(tg_mul_scalar(q, 1 - smoothing), smoothing / (double)count);
  if (c->n > 2) {
    int64_t dims[TG_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
    dims[axis] = count;
    q = tg_mul(q, tg_reshape(c->x[2], x->rank, dims));
  }
  const tg_var terms = tg_mul(q, tg_log_softmax(c->x[0], axis));
  return tgi_reduce_losses(tg_neg(tg_sum(terms, TG_AXES(axis), false)), attrs_of(c)->which);
}

/* ---- cosine similarity ---- */

/* a / max(|a|, eps) */
static tg_var unit(tg_var a, int axis, double eps) {
  const tg_var squares = tg_sum(tg_square(a), TG_AXES(axis), true);
  return tg_mul(a, tg_rsqrt(tg_maximum_scalar(squares, eps * eps)));
}

static tg_var compose_cosine(const tg_call *c) {
  const int axis = attrs_of(c)->which;
  const double eps = attrs_of(c)->p;
  if (!(eps > 0)) return refuse(c, TG_ARGUMENT, "eps is not positive");
  if (axis < -c->in[0].rank || axis >= c->in[0].rank)
    return refuse(c, TG_ARGUMENT, "the axis is out of range");
  return tg_sum(tg_mul(unit(c->x[0], axis, eps), unit(c->x[1], axis, eps)), TG_AXES(axis), false);
}

/* ---- samples ---- */

static const composite_attrs mean = {0, TG_REDUCTION_MEAN}, sum = {0, TG_REDUCTION_SUM},
                             each = {0, TG_REDUCTION_NONE}, smooth = {0.2, TG_REDUCTION_MEAN},
                             batchmean = {0, TG_REDUCTION_BATCHMEAN}, middle = {1e-8, 1},
                             last = {1e-8, -1}, beyond = {1e-8, 2};

/* clang-format off */
#define MATRIX .rank = 2, .dims = {3, 4}
#define ROW    .rank = 1, .dims = {4}
#define X(...) {.low = -2, .high = 2, __VA_ARGS__}
#define P(...) {.low = 0.1, .high = 0.9, __VA_ARGS__}
static const tg_sample samples_bce[] = {
  {.n = 3, .in = {P(MATRIX), P(MATRIX), P(ROW)},       .attrs = &mean},
  {.n = 3, .in = {P(MATRIX), P(MATRIX), P(.rank = 0)}, .attrs = &each},
  {.n = 3, .in = {P(MATRIX), P(ROW), P(ROW)},          .attrs = &mean, .refuse = TG_SHAPE},
  {.n = 3, .in = {P(MATRIX), P(MATRIX), P(ROW)},       .attrs = &batchmean, .refuse = TG_ARGUMENT},
};
static const tg_sample samples_bce_logits[] = {
  {.n = 4, .in = {X(MATRIX), P(MATRIX), P(ROW), P(ROW)},             .attrs = &mean},
  {.n = 4, .in = {X(MATRIX), P(MATRIX), P(.rank = 0), P(.rank = 0)}, .attrs = &sum},
  {.n = 4, .in = {X(MATRIX), P(ROW), P(ROW), P(ROW)},                .attrs = &mean, .refuse = TG_SHAPE},
};
static const tg_sample samples_soft[] = {
  {.n = 2, .in = {X(MATRIX), P(MATRIX)},         .attrs = &mean},
  {.n = 3, .in = {X(MATRIX), P(MATRIX), P(ROW)}, .attrs = &smooth},
  {.n = 2, .in = {X(ROW), P(ROW)},               .attrs = &each},
  {.n = 2, .in = {X(MATRIX), P(ROW)},            .attrs = &mean, .refuse = TG_SHAPE},
  {.n = 2, .in = {X(ROW), P(ROW)},               .attrs = &batchmean, .refuse = TG_ARGUMENT},
};
static const tg_sample samples_cosine[] = {
  {.n = 2, .in = {P(MATRIX), X(MATRIX)}, .attrs = &last},
  {.n = 2, .in = {P(MATRIX), P(.rank = 3, .dims = {2, 3, 4})}, .attrs = &middle},
  {.n = 2, .in = {P(ROW), P(ROW)},       .attrs = &last},
  {.n = 2, .in = {P(ROW), P(ROW)},       .attrs = &beyond, .refuse = TG_ARGUMENT},
};

#define REDUCTION {.name = "reduction", .type = TG_FIELD_ENUM,                                     \
                   .offset = offsetof(composite_attrs, which), .names = tgi_reduction_names}
#define NUMBER(text) {.name = text, .type = TG_FIELD_F64, .offset = offsetof(composite_attrs, p)}
static const tg_field fields_bce[] = {REDUCTION, {.name = NULL}};
static const tg_field fields_soft[] = {REDUCTION, NUMBER("label_smoothing"), {.name = NULL}};
static const tg_field fields_cosine[] = {
  {.name = "axis", .type = TG_FIELD_INT, .offset = offsetof(composite_attrs, which)},
  NUMBER("eps"), {.name = NULL},
};

#define COMPOSITE .dtypes = TG_FLOATS, .attrs_size = sizeof(composite_attrs)
const tg_op tgi_op_binary_cross_entropy_weighted = {
  TG_OP_INIT, COMPOSITE, .name = "binary_cross_entropy_weighted", .label = "weighted bce",
  .formula = "reduction of weight bce(x, t)", .arity = 3, .attrs = fields_bce,
  .compose = compose_bce, TG_SAMPLES(samples_bce),
};
const tg_op tgi_op_binary_cross_entropy_with_logits_weighted = {
  TG_OP_INIT, COMPOSITE, .name = "binary_cross_entropy_with_logits_weighted",
  .label = "weighted bce logits", .formula = "reduction of weight ((1 - t) x - (1 + (pos_weight - 1) t) log sigmoid(x))",
  .arity = 4, .attrs = fields_bce, .compose = compose_bce_logits, TG_SAMPLES(samples_bce_logits),
};
const tg_op tgi_op_soft_cross_entropy = {
  TG_OP_INIT, COMPOSITE, .name = "soft_cross_entropy", .label = "cross entropy",
  .formula = "reduction of -sum q log_softmax(x), q = weight ((1 - smoothing) p + smoothing / classes)",
  .arity = 2, .max_arity = 3, .attrs = fields_soft, .compose = compose_soft, TG_SAMPLES(samples_soft),
};
const tg_op tgi_op_cosine_similarity = {
  TG_OP_INIT, COMPOSITE, .name = "cosine_similarity", .label = "cosine",
  .formula = "sum a b / (max(|a|, eps) max(|b|, eps))", .arity = 2, .attrs = fields_cosine,
  .arrange = tg_arrange_broadcast, .compose = compose_cosine, TG_SAMPLES(samples_cosine),
};
/* clang-format on */

/* ---- constructors ---- */

static tg_var or_one(tg_var weight, tg_var x) {
  return tg_is_none(weight) ? tg_scalar_like(x, 1) : weight;
}

tg_var tg_binary_cross_entropy_weighted(tg_var x, tg_var target, tg_var weight,
                                        tg_reduction reduction) {
  return tg_apply(&tgi_op_binary_cross_entropy_weighted,
                  (const tg_var[]){x, target, or_one(weight, x)}, 3,
                  &(const composite_attrs){0, (int)reduction});
}

tg_var tg_binary_cross_entropy_with_logits_weighted(tg_var x, tg_var target, tg_var weight,
                                                    tg_var pos_weight, tg_reduction reduction) {
  return tg_apply(&tgi_op_binary_cross_entropy_with_logits_weighted,
                  (const tg_var[]){x, target, or_one(weight, x), or_one(pos_weight, x)}, 4,
                  &(const composite_attrs){0, (int)reduction});
}

tg_var tgi_cross_entropy_of_probabilities(tg_var logits, tg_var target,
                                          tg_cross_entropy_options options) {
  if (options.ignores)
    return tg_tape_fail(target.tape, TG_ARGUMENT,
                        "cross_entropy: targets are probabilities; no index can be ignored");
  return tg_apply(&tgi_op_soft_cross_entropy, (const tg_var[]){logits, target, options.weight}, 3,
                  &(const composite_attrs){options.label_smoothing, (int)options.reduction});
}

tg_var tg_cosine_similarity(tg_var a, tg_var b, int axis, double eps) {
  return tgi_apply2(&tgi_op_cosine_similarity, a, b, &(const composite_attrs){eps, axis});
}
