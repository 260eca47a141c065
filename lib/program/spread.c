/* The pass `spread`: what is equal along an axis, because all that it is made from is, is computed
   once and broadcast: rows of copies of one input, numbers that a whole tensor is multiplied with.
   The layout says what is equal: the stride along the axis is 0. Operators say how the axes of
   their operands become axes of the result (tg_op.axis); this pass names but views and the
   broadcasts. */
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

/* The step as its operator sees it, without data: operands by the strides by which they lie. False:
   no memory. */
static bool call_of(const spread *s, const tgi_step *step, tg_call *c) {
  tg_tensor *in = tgi_tape_work(s->t, step->n * sizeof *in);
  if (in == NULL) return tgi_error(s->g->error, s->t->status, "%s", s->t->message), false;
  for (uint32_t i = 0; i < step->n; i++) in[i] = s->lies[step->x[i]].view;
  *c = tgi_step_call(step, s->t, in);
  c->out = s->g->values[step->y[0]].like;
  return true;
}

/* The axis of the result that axis k of operand i becomes, where there is more than one index. */
static int becomes(const tg_call *c, int i, int k) {
  int64_t n = c->in[i].dims[k];
  int to = n > 1 ? tgi_axis_fn_of(c->op)(c, i, k) : TG_NO_AXIS;
  return to >= 0 && to < c->out.rank && c->out.dims[to] == n ? to : TG_NO_AXIS;
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
static unsigned equal_axes(const tg_call *c) {
  unsigned had = 0, differ = 0;
  for (int i = 0; i < c->n; i++)
    for (int k = 0; k < c->in[i].rank; k++) {
      int to = becomes(c, i, k);
      if (to == TG_NO_AXIS) continue;
      had |= 1u << to;
      if (c->in[i].strides[k] != 0) differ |= 1u << to;
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
static unsigned operand_cut(const tg_call *c, int i, unsigned cut) {
  unsigned own = 0;
  for (int k = 0; k < c->in[i].rank; k++) {
    int to = becomes(c, i, k);
    if (to != TG_NO_AXIS && cut >> to & 1) own |= 1u << k;
  }
  return own;
}

/* The step's result at the first index of the axes `cut`; UINT32_MAX: no memory. Of sum_to the
   attributes are the result's dims. */
static uint32_t compute_part(spread *s, const tgi_step *step, const tg_call *c, unsigned cut) {
  tgi_graph *g = s->g;
  const tg_tensor like = cut_dims(&c->out, cut);
  const tgi_dims_attrs dims = tgi_dims_attrs_of(like.rank, like.dims);
  const void *attrs = step->op == &tgi_op_sum_to ? &dims : step->attrs;
  uint32_t *x = tgi_graph_alloc(g, step->n * sizeof *x);
  for (uint32_t i = 0; x && i < step->n; i++) {
    x[i] = part_of(s, step->x[i], operand_cut(c, (int)i, cut));
    if (x[i] == UINT32_MAX) return UINT32_MAX;
  }
  uint32_t part = x ? tgi_graph_value(g, &like) : UINT32_MAX;
  if (part == UINT32_MAX || !tgi_graph_step(g, step->op, attrs, x, step->n, &part, 1))
    return UINT32_MAX;
  return part;
}

/* Step `at` becomes the broadcast of a part that is computed instead. False: no memory. */
static bool spread_step(spread *s, size_t at, const tg_call *c, unsigned cut) {
  tgi_graph *g = s->g;
  const tgi_step step = g->steps[at];
  uint32_t y = step.y[0], part = compute_part(s, &step, c, cut);
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

static bool try_step(spread *s, size_t at) {
  tgi_arena_mark work = tgi_arena_mark_of(&s->t->work);
  tg_call c;
  bool right = call_of(s, &s->g->steps[at], &c);
  unsigned cut = right ? equal_axes(&c) : 0;
  if (cut) right = spread_step(s, at, &c, cut);
  tgi_arena_rewind(&s->t->work, work);
  return right;
}

static bool visit(spread *s, size_t at) {
  const tgi_step *step = &s->g->steps[at];
  if (step->n_y != 1 || step->n == 0) return true;
  if (!follow(s, step)) return false;
  const tgi_lie *y = &s->lies[step->y[0]];
  bool computed = !y->is_view && tg_tensor_numel(&y->view) > 0;
  return !computed || !tgi_axis_fn_of(step->op) || !has_equal(s, step) || try_step(s, at);
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
