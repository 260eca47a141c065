/* The pass `simplify`: identities that keep every bit of the result, for -0, NaN and infinities
   too. A row per identity; parts of tensors are in simplify_parts.c. Left out on purpose: x * -1,
   a - (-b) and a + (-b), which differ in a NaN's sign; x + 0, which makes +0 of -0; x * 0; x^2. */
#include "program/simplify.h"

#include <math.h>
#include <string.h>

#include "ops/attrs.h"
#include "ops/ops_internal.h"
#include "program/passes.h"

enum { MOST_ROUNDS = 8 };

/* ---- what rules ask and do ---- */

tgi_step *tgi_maker(const tgi_simplify *s, uint32_t v) {
  if (v >= s->known || s->maker[v] == TGI_NO_STEP) return NULL;
  tgi_step *step = &s->g->steps[s->maker[v]];
  return step->op ? step : NULL;
}

tgi_step *tgi_made_by(const tgi_simplify *s, uint32_t v, const tg_op *op) {
  tgi_step *step = tgi_maker(s, v);
  return step && step->op == op ? step : NULL;
}

static bool is_same_number(double a, double b) { return a == b && !signbit(a) == !signbit(b); }

bool tgi_is_number(const tgi_simplify *s, uint32_t v, double number) {
  double is;
  return v < s->known && s->constant[v] && tgi_constant_number(s->g, s->lies[v].base, &is) &&
         is_same_number(is, number);
}

bool tgi_is_same_place(const tgi_lie *a, const tgi_lie *b) {
  const tg_tensor *x = &a->view, *y = &b->view;
  if (a->base != b->base || a->offset != b->offset || x->dtype != y->dtype ||
      !tg_tensor_same_shape(x, y))
    return false;
  for (int k = 0; k < x->rank; k++)
    if (x->dims[k] != 1 && x->strides[k] != y->strides[k]) return false;
  return true;
}

uint32_t tgi_rewrite(tgi_simplify *s, size_t at, const tg_op *op, const void *attrs,
                     const uint32_t x[], uint32_t n) {
  tgi_step *step = &s->g->steps[at];
  uint32_t *operands = tgi_graph_alloc(s->g, n * sizeof *operands);
  void *copy = op->attrs_size ? tgi_graph_alloc(s->g, op->attrs_size) : NULL;
  if (operands == NULL || (op->attrs_size && copy == NULL)) return TGI_KEEP;
  for (uint32_t i = 0; i < n; i++) {
    operands[i] = x[i];
    if (x[i] < s->known) s->uses[x[i]]++;
  }
  if (copy) memcpy(copy, attrs, op->attrs_size);
  step->op = op;
  step->attrs = copy;
  step->x = operands;
  step->n = n;
  s->changed = true;
  return TGI_REWRITTEN;
}

uint32_t tgi_new_step(tgi_simplify *s, const tg_op *op, const void *attrs, const uint32_t x[],
                      uint32_t n, const tg_tensor *like) {
  uint32_t v = tgi_graph_value(s->g, like);
  if (v == UINT32_MAX || !tgi_graph_step(s->g, op, attrs, x, n, &v, 1)) return TGI_KEEP;
  for (uint32_t i = 0; i < n; i++)
    if (x[i] < s->known) s->uses[x[i]]++;
  return v;
}

/* ---- numbers ---- */

enum { ATTRIBUTE = -1 };

/* An operator with a number at an operand, or as its attribute: the result is operand `result`. */
typedef struct number_row {
  const tg_op *op;
  int where, result;
  double number;
} number_row;

static const number_row numbers[] = {
    {&tgi_op_mul, 1, 0, 1.0}, /* exact; NaN times 1 is that NaN */
    {&tgi_op_mul, 0, 1, 1.0},
    {&tgi_op_mul_scalar, ATTRIBUTE, 0, 1.0},
    {&tgi_op_div, 1, 0, 1.0},
    {&tgi_op_div_scalar, ATTRIBUTE, 0, 1.0},
    {&tgi_op_sub, 1, 0, 0.0}, /* -0 - 0 is -0, and 0 - 0 is 0 */
    {&tgi_op_sub_scalar, ATTRIBUTE, 0, 0.0},
    {&tgi_op_add, 1, 0, -0.0}, /* 0 + -0 is 0, and -0 + -0 is -0 */
    {&tgi_op_add, 0, 1, -0.0},
    {&tgi_op_add_scalar, ATTRIBUTE, 0, -0.0},
    {&tgi_op_where, 0, 1, 1.0}, /* the condition is known */
    {&tgi_op_where, 0, 2, 0.0},
};

static uint32_t rule_number(tgi_simplify *s, size_t at) {
  const tgi_step *step = &s->g->steps[at];
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    const number_row *row = &numbers[i];
    if (row->op != step->op) continue;
    bool is = row->where == ATTRIBUTE ? is_same_number(*(const double *)step->attrs, row->number)
                                      : tgi_is_number(s, step->x[row->where], row->number);
    if (is) return step->x[row->result];
  }
  return TGI_KEEP;
}

/* ---- one step and the one before it ---- */

/* neg flips a bit. */
static uint32_t rule_neg(tgi_simplify *s, size_t at) {
  const tgi_step *inner = tgi_made_by(s, s->g->steps[at].x[0], &tgi_op_neg);
  return inner ? inner->x[0] : TGI_KEEP;
}

static uint32_t rule_where_same(tgi_simplify *s, size_t at) {
  const tgi_step *step = &s->g->steps[at];
  return step->x[1] == step->x[2] ? step->x[1] : TGI_KEEP;
}

/* Every number of the first dtype is one of the second. */
static bool is_wider(tg_dtype narrow, tg_dtype wide) {
  static const uint32_t holds[TG_DTYPE_COUNT] = {
      [TG_F64] = 1 << TG_F32 | 1 << TG_I32 | 1 << TG_U8 | 1 << TG_BOOL,
      [TG_F32] = 1 << TG_U8 | 1 << TG_BOOL,
      [TG_I64] = 1 << TG_I32 | 1 << TG_U8 | 1 << TG_BOOL,
      [TG_I32] = 1 << TG_U8 | 1 << TG_BOOL,
      [TG_U8] = 1 << TG_BOOL,
  };
  return holds[wide] >> narrow & 1;
}

static uint32_t rule_cast_back(tgi_simplify *s, size_t at) {
  const tgi_step *step = &s->g->steps[at];
  const tgi_step *inner = tgi_made_by(s, step->x[0], &tgi_op_cast);
  if (inner == NULL) return TGI_KEEP;
  tg_dtype first = s->g->values[inner->x[0]].like.dtype;
  tg_dtype wide = s->g->values[step->x[0]].like.dtype;
  tg_dtype last = s->g->values[step->y[0]].like.dtype;
  return first == last && is_wider(first, wide) ? inner->x[0] : TGI_KEEP;
}

/* Division by a power of two is a product with its inverse: both round the same number. */
static uint32_t rule_divide(tgi_simplify *s, size_t at) {
  const tgi_step *step = &s->g->steps[at];
  double by = *(const double *)step->attrs;
  int exponent;
  bool power = fabs(frexp(by, &exponent)) == 0.5 && exponent > -100 && exponent < 100;
  if (!power || !tg_dtype_is_float(s->g->values[step->y[0]].like.dtype)) return TGI_KEEP;
  const double attrs[2] = {1 / by, 0}; /* as of every row that has a number */
  return tgi_rewrite(s, at, &tgi_op_mul_scalar, attrs, step->x, 1);
}

/* ---- shapes ---- */

/* A view that lies where an operand does, or an operand's operand: identity, a reshape to the same
   shape, a transpose of a transpose, the slice of all, a cast to the same dtype. */
static uint32_t rule_same_place(tgi_simplify *s, size_t at) {
  const tgi_step *step = &s->g->steps[at];
  const tgi_lie *y = &s->lies[step->y[0]];
  if (!y->is_view) return TGI_KEEP;
  while (step) {
    uint32_t from = TGI_KEEP;
    for (uint32_t i = 0; i < step->n && from == TGI_KEEP; i++)
      if (step->x[i] < s->known && s->lies[step->x[i]].base == y->base) from = step->x[i];
    if (from == TGI_KEEP) return TGI_KEEP;
    if (tgi_is_same_place(y, &s->lies[from])) return from;
    step = s->lies[from].is_view ? tgi_maker(s, from) : NULL;
  }
  return TGI_KEEP;
}

static bool is_reshape(const tg_op *op) {
  return op == &tgi_op_reshape || op == &tgi_op_flatten || op == &tgi_op_squeeze ||
         op == &tgi_op_squeeze_all || op == &tgi_op_unsqueeze;
}

static uint32_t to_dims(tgi_simplify *s, size_t at, const tg_op *op, uint32_t x) {
  const tg_tensor *like = &s->g->values[s->g->steps[at].y[0]].like;
  const tgi_dims_attrs dims = tgi_dims_attrs_of(like->rank, like->dims);
  return tgi_rewrite(s, at, op, &dims, &x, 1);
}

/* A reshape of a view by reshape, and a broadcast of a broadcast. */
static uint32_t rule_twice(tgi_simplify *s, size_t at) {
  const tgi_step *step = &s->g->steps[at], *inner = tgi_maker(s, step->x[0]);
  if (inner == NULL || !s->lies[step->x[0]].is_view) return TGI_KEEP;
  if (is_reshape(step->op) && is_reshape(inner->op))
    return to_dims(s, at, &tgi_op_reshape, inner->x[0]);
  if (step->op == &tgi_op_broadcast_to && inner->op == &tgi_op_broadcast_to)
    return to_dims(s, at, &tgi_op_broadcast_to, inner->x[0]);
  return TGI_KEEP;
}

/* A reduction of one element each is a copy. */
static uint32_t rule_one(tgi_simplify *s, size_t at) {
  const tgi_step *step = &s->g->steps[at];
  const tg_tensor *x = &s->g->values[step->x[0]].like, *y = &s->g->values[step->y[0]].like;
  bool one = tg_tensor_numel(x) == tg_tensor_numel(y);
  return one ? to_dims(s, at, &tgi_op_reshape, step->x[0]) : TGI_KEEP;
}

/* ---- the rules: first those of the table of numbers, then these ---- */

/* By operator; NULL: of every one that may give a view. Earlier rows are tried first. */
typedef struct rule {
  const tg_op *op;
  tgi_rule_fn *fn;
} rule;

static const rule rules[] = {
    {NULL, rule_same_place},
    {NULL, tgi_rule_part},
    {NULL, rule_twice},
    {&tgi_op_div_scalar, rule_divide},
    {&tgi_op_where, rule_where_same},
    {&tgi_op_neg, rule_neg},
    {&tgi_op_cast, rule_cast_back},
    {&tgi_op_sum, rule_one},
    {&tgi_op_sum_to, rule_one},
    {&tgi_op_amax, rule_one},
    {&tgi_op_amin, rule_one},
    {&tgi_op_prod, rule_one},
};

static uint32_t apply(tgi_simplify *s, size_t at) {
  const tg_op *op = s->g->steps[at].op;
  bool may_view = op->flags & TG_OP_VIEW && s->g->steps[at].n > 0;
  uint32_t v = rule_number(s, at);
  for (size_t i = 0; i < sizeof rules / sizeof *rules && v == TGI_KEEP; i++)
    if (rules[i].op ? rules[i].op == op : may_view) v = rules[i].fn(s, at);
  return v;
}

/* ---- rounds ---- */

/* Apart from the values, which are wide: rules ask it of most operands, and rarely hear yes. */
static const bool *find_constants(tgi_graph *g, const tgi_lie lies[]) {
  bool *constant = lies ? tgi_graph_alloc(g, g->value_count * sizeof *constant) : NULL;
  for (size_t v = 0; constant && v < g->value_count; v++)
    constant[v] = g->values[lies[v].base].source == TGI_CONST;
  return constant;
}

static bool begin_round(tgi_simplify *s) {
  tgi_graph *g = s->g;
  *s = (tgi_simplify){.g = g,
                      .known = g->value_count,
                      .lies = tgi_graph_layout(g),
                      .maker = tgi_graph_makers(g),
                      .uses = tgi_graph_uses(g),
                      .replace = tgi_graph_alloc(g, g->value_count * sizeof *s->replace)};
  s->constant = find_constants(g, s->lies);
  if (!s->constant || !s->maker || !s->uses || !s->replace) return false;
  for (size_t v = 0; v < s->known; v++) s->replace[v] = (uint32_t)v;
  return true;
}

/* What is replaced is so at once: an operand's replacement is final when its users are met. */
static void read_replaced(const tgi_simplify *s, tgi_step *step) {
  for (uint32_t i = 0; i < step->n; i++)
    if (step->x[i] < s->known) step->x[i] = s->replace[step->x[i]];
}

static void simplify_step(tgi_simplify *s, size_t at) {
  tgi_step *step = &s->g->steps[at];
  if (step->op == NULL) return;
  read_replaced(s, step);
  uint32_t y = step->y[0], v = apply(s, at);
  if (v == TGI_KEEP || v == TGI_REWRITTEN) return;
  s->replace[y] = v;
  if (v < s->known) s->uses[v] += s->uses[y];
  tgi_val *to = &s->g->values[v];
  if (to->source == TGI_FROM_STEP && to->name == NULL) to->name = s->g->values[y].name;
  s->changed = true;
}

/* New values are read as they are. */
static tg_status end_round(tgi_simplify *s) {
  tgi_graph *g = s->g;
  uint32_t *replace = tgi_graph_alloc(g, g->value_count * sizeof *replace);
  if (replace == NULL) return g->error->status;
  for (size_t v = 0; v < g->value_count; v++)
    replace[v] = v < s->known ? s->replace[v] : (uint32_t)v;
  return tgi_graph_replace(g, replace);
}

tg_status tgi_pass_simplify(tgi_graph *g) {
  tgi_simplify s = {.g = g, .changed = true};
  tg_status status = TG_OK;
  for (int round = 0; round < MOST_ROUNDS && s.changed && status == TG_OK; round++) {
    if (!begin_round(&s)) return g->error->status;
    size_t steps = g->step_count;
    tgi_join_scatters(&s);
    for (size_t at = 0; at < steps; at++) simplify_step(&s, at);
    status = g->error->status == TG_OK ? end_round(&s) : g->error->status;
  }
  return status;
}
