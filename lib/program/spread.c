/* The pass `spread`: what is equal along an axis, because all that it is made from is, is computed
   once and broadcast: rows of copies of one input, numbers that a whole tensor is multiplied with.
   The layout says what is equal: the stride along the axis is 0. Knows of operators how the axes of
   their operands become axes of the result; what draws is none of them. */
#include <string.h>

#include "ops/axes.h"
#include "ops/ops_internal.h"
#include "ops/view.h"
#include "program/passes.h"

typedef struct spread {
  tgi_graph *g;
  tg_tape *t; /* for shape functions */
  tgi_lie *lies;
  bool *moved; /* by value: it lies elsewhere than before the pass */
  /* By value: `part` is the value at the first index of the axes `cut`, which are bits. */
  uint32_t *part;
  unsigned *cut;
  bool changed;
} spread;

/* ---- operators and their axes ---- */

/* The axis of the result along which axis k of operand i is taken index by index; NONE: all of its
   indices go into each element. */
typedef int axis_fn(const tgi_graph *g, const tgi_step *step, uint32_t i, int k);
enum { NONE = -1 };

static const tg_tensor *operand(const tgi_graph *g, const tgi_step *step, uint32_t i) {
  return &g->values[step->x[i]].like;
}

static int axis_same(const tgi_graph *g, const tgi_step *step, uint32_t i, int k) {
  (void)g, (void)step, (void)i;
  return k;
}

/* The attributes begin with an axis, which is the operator's own. */
static int axis_but_one(const tgi_graph *g, const tgi_step *step, uint32_t i, int k) {
  return k == tgi_axis(operand(g, step, i)->rank, *(const int *)step->attrs) ? NONE : k;
}

static int axis_stack(const tgi_graph *g, const tgi_step *step, uint32_t i, int k) {
  return k + (k >= tgi_axis(operand(g, step, i)->rank + 1, *(const int *)step->attrs));
}

static int axis_reduction(const tgi_graph *g, const tgi_step *step, uint32_t i, int k) {
  const tg_tensor *x = operand(g, step, i);
  bool keepdim = ((const tgi_reduce_attrs *)step->attrs)->keepdim;
  unsigned gone = tgi_reduced_axes(&(tg_call){.op = step->op, .attrs = step->attrs, .in = x});
  int to = 0;
  for (int before = 0; before < k; before++) to += keepdim || !(gone >> before & 1);
  return gone >> k & 1 ? NONE : to;
}

static int axis_sum_to(const tgi_graph *g, const tgi_step *step, uint32_t i, int k) {
  const tg_tensor *x = operand(g, step, i), *y = &g->values[step->y[0]].like;
  int to = k - (x->rank - y->rank);
  return to >= 0 && y->dims[to] == x->dims[k] ? to : NONE;
}

/* x [..., in], weight [out, in], bias [out] */
static int axis_linear(const tgi_graph *g, const tgi_step *step, uint32_t i, int k) {
  int last = operand(g, step, 0)->rank - 1;
  if (i == 0) return k == last ? NONE : k;
  return k == 0 ? last : NONE;
}

/* a [..., m, k] and b [..., k, n]; one of rank 1 has no m, no n. */
static int axis_matmul(const tgi_graph *g, const tgi_step *step, uint32_t i, int k) {
  int rank = operand(g, step, i)->rank, other = operand(g, step, 1 - i)->rank;
  int leading = g->values[step->y[0]].like.rank - (rank > 1) - (other > 1);
  int from_end = rank - 1 - k;
  if (rank == 1 || from_end == (i == 0 ? 0 : 1)) return NONE;
  if (from_end > 1) return leading + 1 - from_end;
  return i == 0 ? leading : leading + (other > 1);
}

/* clang-format off */
static const struct {
  const tg_op *op;
  axis_fn *axis;
} rows[] = {
    {&tgi_op_cast, axis_same},           {&tgi_op_contiguous, axis_same},
    {&tgi_op_concat, axis_but_one},      {&tgi_op_slice_scatter, axis_but_one},
    {&tgi_op_softmax, axis_but_one},     {&tgi_op_log_softmax, axis_but_one},
    {&tgi_op_cumsum, axis_but_one},      {&tgi_op_cumprod, axis_but_one},
    {&tgi_op_linear_scan, axis_but_one}, {&tgi_op_stack, axis_stack},
    {&tgi_op_sum, axis_reduction},       {&tgi_op_mean, axis_reduction},
    {&tgi_op_prod, axis_reduction},      {&tgi_op_logsumexp, axis_reduction},
    {&tgi_op_amax, axis_reduction},      {&tgi_op_amin, axis_reduction},
    {&tgi_op_any, axis_reduction},       {&tgi_op_all, axis_reduction},
    {&tgi_op_sum_to, axis_sum_to},
    {&tgi_op_linear, axis_linear},       {&tgi_op_matmul, axis_matmul},
};
/* clang-format on */

static axis_fn *axis_of(const tg_op *op) {
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
    if (rows[k].op == op) return rows[k].axis;
  return op->flags & TG_OP_ELEMENTWISE ? axis_same : NULL;
}

/* ---- what is equal ---- */

/* Is an axis of one of the operands that is longer than 1 known to be equal? */
static bool has_equal(const spread *s, const tgi_step *step) {
  for (uint32_t i = 0; i < step->n; i++) {
    const tg_tensor *x = &s->lies[step->x[i]].view;
    for (int k = 0; k < x->rank && s->lies[step->x[i]].is_view; k++)
      if (x->dims[k] > 1 && x->strides[k] == 0) return true;
  }
  return false;
}

/* The axes of the result, as bits, along which all operands that have them are equal. */
static unsigned equal_axes(const spread *s, const tgi_step *step, axis_fn *axis) {
  const tg_tensor *y = &s->g->values[step->y[0]].like;
  unsigned had = 0, differ = 0;
  for (uint32_t i = 0; i < step->n; i++) {
    const tg_tensor *x = &s->lies[step->x[i]].view;
    for (int k = 0; k < x->rank; k++) {
      int to = axis(s->g, step, i, k);
      if (to == NONE || x->dims[k] == 1 || y->dims[to] == 1) continue;
      had |= 1u << to;
      if (x->strides[k] != 0) differ |= 1u << to;
    }
  }
  return had & ~differ;
}

/* ---- computing once ---- */

/* The dims with 1 along the axes. */
static tg_tensor cut_dims(const tg_tensor *x, unsigned cut) {
  tg_tensor y = {.dtype = x->dtype};
  tgi_copy_layout(&y, x);
  for (int k = 0; k < y.rank; k++)
    if (cut >> k & 1) y.dims[k] = 1;
  return y;
}

/* v at the first index of the axes; UINT32_MAX: no memory. */
static uint32_t part_of(spread *s, uint32_t v, unsigned cut) {
  if (cut == 0 || s->cut[v] == cut) return cut ? s->part[v] : v;
  uint32_t part = v;
  for (int k = 0; k < TG_MAX_RANK; k++) {
    if (!(cut >> k & 1)) continue;
    const tgi_slice_attrs first = {.axis = k, .start = 0, .stop = 1, .step = 1};
    tg_tensor like = cut_dims(&s->g->values[part].like, 1u << k);
    uint32_t next = tgi_graph_value(s->g, &like);
    if (next == UINT32_MAX || !tgi_graph_step(s->g, &tgi_op_slice, &first, &part, 1, &next, 1))
      return UINT32_MAX;
    part = next;
  }
  s->part[v] = part;
  s->cut[v] = cut;
  return part;
}

/* The axes of operand i that become axes of `cut`. */
static unsigned operand_cut(const spread *s, const tgi_step *step, uint32_t i, axis_fn *axis,
                            unsigned cut) {
  const tg_tensor *x = operand(s->g, step, i);
  unsigned own = 0;
  for (int k = 0; k < x->rank; k++) {
    int to = axis(s->g, step, i, k);
    if (to != NONE && x->dims[k] > 1 && cut >> to & 1) own |= 1u << k;
  }
  return own;
}

/* The step's result at the first index of the axes `cut`; UINT32_MAX: no memory. */
static uint32_t compute_part(spread *s, const tgi_step *step, axis_fn *axis, unsigned cut) {
  tgi_graph *g = s->g;
  const tg_tensor like = cut_dims(&g->values[step->y[0]].like, cut);
  const tgi_dims_attrs dims = tgi_dims_attrs_of(like.rank, like.dims);
  const void *attrs = step->op == &tgi_op_sum_to ? &dims : step->attrs;
  uint32_t *x = tgi_graph_alloc(g, step->n * sizeof *x);
  for (uint32_t i = 0; x && i < step->n; i++) {
    x[i] = part_of(s, step->x[i], operand_cut(s, step, i, axis, cut));
    if (x[i] == UINT32_MAX) return UINT32_MAX;
  }
  uint32_t part = x ? tgi_graph_value(g, &like) : UINT32_MAX;
  if (part == UINT32_MAX || !tgi_graph_step(g, step->op, attrs, x, step->n, &part, 1))
    return UINT32_MAX;
  return part;
}

/* Step `at` becomes the broadcast of a part that is computed instead. False: no memory. */
static bool spread_step(spread *s, size_t at, axis_fn *axis, unsigned cut) {
  tgi_graph *g = s->g;
  const tgi_step step = g->steps[at];
  uint32_t y = step.y[0], part = compute_part(s, &step, axis, cut);
  tgi_dims_attrs *dims = tgi_graph_alloc(g, sizeof *dims);
  uint32_t *x = tgi_graph_alloc(g, sizeof *x);
  if (part == UINT32_MAX || dims == NULL || x == NULL) return false;
  const tg_tensor *like = &g->values[y].like;
  *dims = tgi_dims_attrs_of(like->rank, like->dims);
  *x = part;
  g->steps[at] =
      (tgi_step){.op = &tgi_op_broadcast_to, .attrs = dims, .n = 1, .n_y = 1, .x = x, .y = step.y};
  s->lies[y] = (tgi_lie){
      .base = part, .view = tgi_broadcast_view(&g->values[part].like, like), .is_view = true};
  s->part[y] = part;
  s->cut[y] = cut;
  s->moved[y] = s->changed = true;
  return true;
}

/* ---- the pass ---- */

/* A view of what lies elsewhere now does so too. False: no memory. */
static bool follow(spread *s, const tgi_step *step) {
  bool moved = false;
  for (uint32_t i = 0; i < step->n; i++) moved = moved || s->moved[step->x[i]];
  if (!moved) return true;
  s->moved[step->y[0]] = true;
  return tgi_graph_lay(s->g, s->t, step, s->lies);
}

static bool visit(spread *s, size_t at) {
  const tgi_step *step = &s->g->steps[at];
  if (step->n_y != 1 || step->n == 0) return true;
  if (!follow(s, step)) return false;
  const tgi_lie *y = &s->lies[step->y[0]];
  if (y->is_view || tg_tensor_numel(&y->view) == 0 || !has_equal(s, step)) return true;
  axis_fn *axis = axis_of(step->op);
  unsigned cut = axis ? equal_axes(s, step, axis) : 0;
  return cut == 0 || spread_step(s, at, axis, cut);
}

/* Results that were dense stay so: their readers may count on it. dense[r]: by root. */
static bool keep_dense(spread *s, const bool dense[]) {
  tgi_graph *g = s->g;
  for (size_t r = 0; r < g->root_count; r++) {
    uint32_t v = g->roots[r].value;
    if (!dense[r] || !s->moved[v] || tg_tensor_is_contiguous(&s->lies[v].view)) continue;
    uint32_t y = tgi_graph_value(g, &g->values[v].like);
    if (y == UINT32_MAX || !tgi_graph_step(g, &tgi_op_contiguous, NULL, &v, 1, &y, 1)) return false;
    g->roots[r].value = y;
  }
  return true;
}

static bool *dense_results(const spread *s) {
  tgi_graph *g = s->g;
  bool *dense = tgi_graph_alloc(g, g->root_count * sizeof *dense);
  for (size_t r = 0; dense && r < g->root_count; r++)
    dense[r] = g->roots[r].kind == TGI_ROOT_OUTPUT &&
               tg_tensor_is_contiguous(&s->lies[g->roots[r].value].view);
  return dense;
}

static bool set_up(spread *s) {
  size_t n = s->g->value_count;
  s->lies = tgi_graph_layout(s->g);
  s->moved = tgi_graph_alloc(s->g, n * sizeof *s->moved);
  s->part = tgi_graph_alloc(s->g, n * sizeof *s->part);
  s->cut = tgi_graph_alloc(s->g, n * sizeof *s->cut);
  if (!s->lies || !s->moved || !s->part || !s->cut) return false;
  memset(s->moved, 0, n * sizeof *s->moved);
  memset(s->cut, 0, n * sizeof *s->cut);
  return true;
}

tg_status tgi_pass_spread(tgi_graph *g) {
  spread s = {.g = g};
  bool *dense = set_up(&s) ? dense_results(&s) : NULL;
  if (dense) s.t = tg_tape_new(&(tg_tape_options){.runtime = g->runtime}, g->error);
  bool right = s.t != NULL;
  for (size_t at = 0, n = g->step_count; right && at < n; at++) right = visit(&s, at);
  if (right && s.changed) right = keep_dense(&s, dense);
  tg_tape_free(s.t);
  if (!right) return g->error->status;
  return s.changed ? tgi_graph_sort(g) : TG_OK;
}
