/* Rules of `simplify` on parts of tensors: what concat and stack join and slices take apart, and
   the gradients of slices, which are parts in a sea of zeros. */
#include <string.h>

#include "ops/attrs.h"
#include "ops/ops_internal.h"
#include "ops/view.h"
#include "program/simplify.h"

/* ---- a view of a part ---- */

enum { START = 1 << 16 }; /* stands for the address at which a value lies */

static bool lies_at(const tgi_lie *lie, const tg_tensor *part) {
  int64_t offset = (int64_t)(uintptr_t)part->data - START;
  return tgi_is_same_place(lie, &(tgi_lie){.base = lie->base, .offset = offset, .view = *part});
}

/* Where along the axis of a dense `like` an address lies. */
static int64_t index_at(const tg_tensor *like, int axis, int64_t offset) {
  return offset / (int64_t)tg_dtype_size(like->dtype) / like->strides[axis] % like->dims[axis];
}

/* The operand of concat or stack that lies where y does; y has elements. The one that lies where y
   begins is asked alone: there may be thousands, and as many parts. */
static uint32_t joined_part(const tgi_simplify *s, const tgi_step *of, const tgi_lie *y) {
  const tgi_val *values = s->g->values;
  tg_tensor like = values[of->y[0]].like, part;
  const int axis = tgi_axis(like.rank, ((const tgi_axis_attrs *)of->attrs)->axis);
  const int64_t at = index_at(&like, axis, y->offset);
  uint32_t i = 0;
  like.data = (void *)(uintptr_t)START;
  if (of->op == &tgi_op_stack) {
    i = (uint32_t)at;
    part = tgi_select_view(&like, axis, at);
  } else {
    int64_t start = 0, n;
    while (start + (n = values[of->x[i]].like.dims[axis]) <= at) start += n, i++;
    part = tgi_slice_view(&like, axis, start, 1, n);
  }
  return lies_at(y, &part) ? of->x[i] : TGI_KEEP;
}

/* Where slice_scatter writes its second operand: axis, first index and count; false where not
   every index between is written. */
typedef struct range {
  int axis;
  int64_t start, count;
} range;

static bool range_of(const tgi_simplify *s, const tgi_step *scatter, range *r) {
  const tgi_slice_attrs *attrs = scatter->attrs;
  const tg_tensor *like = &s->g->values[scatter->y[0]].like;
  if (attrs->step != 1) return false;
  r->axis = tgi_axis(like->rank, attrs->axis);
  tgi_slice_part(attrs, like->dims[r->axis], &r->start, &r->count);
  return true;
}

static uint32_t written_part(const tgi_simplify *s, const tgi_step *scatter, const tgi_lie *y) {
  tg_tensor like = s->g->values[scatter->y[0]].like;
  range r;
  if (!range_of(s, scatter, &r)) return TGI_KEEP;
  like.data = (void *)(uintptr_t)START;
  tg_tensor part = tgi_slice_view(&like, r.axis, r.start, 1, r.count);
  return r.count > 0 && lies_at(y, &part) ? scatter->x[1] : TGI_KEEP;
}

uint32_t tgi_rule_part(tgi_simplify *s, size_t at) {
  const tgi_lie *y = &s->lies[s->g->steps[at].y[0]];
  const tgi_step *of = y->is_view ? tgi_maker(s, y->base) : NULL;
  if (of == NULL || tg_tensor_numel(&y->view) == 0) return TGI_KEEP;
  if (of->op == &tgi_op_concat || of->op == &tgi_op_stack) return joined_part(s, of, y);
  return of->op == &tgi_op_slice_scatter ? written_part(s, of, y) : TGI_KEEP;
}

/* ---- sums of parts in zeros ---- */

/* The scatters that a chain of sums ends with: ((rest + s0) + s1) + ... Wherever s_k has its part
   another scatter adds 0, so that -0 becomes 0: what comes out is rest + concat(part + 0). */
typedef struct chain {
  tgi_simplify *s;
  range *ranges;
  uint32_t *parts; /* in the order of their ranges */
  uint32_t n;
  uint32_t rest; /* TGI_KEEP: none */
} chain;

/* The step that puts a part into zeros, for nothing but this sum. */
static const tgi_step *scatter_of(const tgi_simplify *s, uint32_t v, range *r) {
  const tgi_step *step = tgi_made_by(s, v, &tgi_op_slice_scatter);
  bool fits = step && s->uses[v] == 1 && tgi_is_number(s, step->x[0], 0) && range_of(s, step, r);
  return fits && r->count > 0 ? step : NULL;
}

/* The place of a range among the chain's; UINT32_MAX where it overlaps one, or is of another axis.
 */
static uint32_t place_of(const chain *c, range r) {
  uint32_t at = c->n;
  while (at > 0 && c->ranges[at - 1].start > r.start) at--;
  if (at > 0 && c->ranges[at - 1].start + c->ranges[at - 1].count > r.start) return UINT32_MAX;
  if (at < c->n && r.start + r.count > c->ranges[at].start) return UINT32_MAX;
  return c->n > 0 && c->ranges[0].axis != r.axis ? UINT32_MAX : at;
}

/* Takes v into the chain, if it is a scatter that fits. */
static bool take(chain *c, uint32_t v) {
  range r;
  const tgi_step *scatter = scatter_of(c->s, v, &r);
  uint32_t at = scatter ? place_of(c, r) : UINT32_MAX;
  if (at == UINT32_MAX) return false;
  memmove(c->ranges + at + 1, c->ranges + at, (c->n - at) * sizeof *c->ranges);
  memmove(c->parts + at + 1, c->parts + at, (c->n - at) * sizeof *c->parts);
  c->ranges[at] = r;
  c->parts[at] = scatter->x[1];
  c->n++;
  return true;
}

/* Follows the sums from step `at` down. False: there are no two scatters. */
static bool follow(chain *c, size_t at) {
  const tgi_simplify *s = c->s;
  const tgi_step *sum = &s->g->steps[at];
  c->n = 0;
  c->rest = sum->y[0];
  while (sum && take(c, sum->x[1])) {
    c->rest = sum->x[0];
    sum = s->uses[c->rest] == 1 ? tgi_made_by(s, c->rest, &tgi_op_add) : NULL;
  }
  if (c->n > 0 && take(c, c->rest)) c->rest = TGI_KEEP;
  return c->n > 1;
}

/* Zeros in the shape of y, but `count` along the axis. */
static uint32_t zeros_of(tgi_simplify *s, tg_tensor like, int axis, int64_t count) {
  uint32_t zero = tgi_graph_constant(s->g, &(tg_tensor){.dtype = like.dtype});
  if (zero == UINT32_MAX) return TGI_KEEP;
  tgi_fill(&s->g->values[zero].like, 0);
  like.dims[axis] = count;
  const tgi_dims_attrs dims = tgi_dims_attrs_of(like.rank, like.dims);
  return tgi_new_step(s, &tgi_op_broadcast_to, &dims, &zero, 1, &like);
}

static uint32_t part_plus_zero(tgi_simplify *s, uint32_t part) {
  const double zero[2] = {0, 0};
  const tg_tensor like = s->g->values[part].like;
  return tgi_new_step(s, &tgi_op_add_scalar, zero, &part, 1, &like);
}

/* The operands of the concat, with zeros where no part is; their number, 0 where there is no
   memory. */
static uint32_t operands_of(chain *c, const tg_tensor *like, uint32_t x[]) {
  int axis = c->ranges[0].axis;
  uint32_t n = 0;
  int64_t done = 0;
  for (uint32_t k = 0; k <= c->n; k++) {
    int64_t start = k < c->n ? c->ranges[k].start : like->dims[axis];
    if (start > done) x[n++] = zeros_of(c->s, *like, axis, start - done);
    if (k < c->n) x[n++] = part_plus_zero(c->s, c->parts[k]);
    if (k < c->n) done = start + c->ranges[k].count;
  }
  for (uint32_t i = 0; i < n; i++)
    if (x[i] == TGI_KEEP) return 0;
  return n;
}

static void join(chain *c, size_t at) {
  tgi_simplify *s = c->s;
  uint32_t y = s->g->steps[at].y[0];
  const tg_tensor like = s->g->values[y].like;
  uint32_t *x = tgi_graph_alloc(s->g, (2 * (size_t)c->n + 1) * sizeof *x);
  uint32_t n = x ? operands_of(c, &like, x) : 0;
  const tgi_axis_attrs axis = {c->ranges[0].axis};
  if (n == 0) return;
  if (c->rest == TGI_KEEP) {
    tgi_rewrite(s, at, &tgi_op_concat, &axis, x, n);
    return;
  }
  uint32_t parts = tgi_new_step(s, &tgi_op_concat, &axis, x, n, &like);
  if (parts != TGI_KEEP)
    tgi_rewrite(s, at, &tgi_op_add, NULL, (const uint32_t[]){c->rest, parts}, 2);
}

/* The sums within the chain are read no more. */
static void drop_sums(const chain *c, size_t at) {
  uint32_t v = c->s->g->steps[at].x[0];
  for (tgi_step *sum; v != c->rest && (sum = tgi_made_by(c->s, v, &tgi_op_add)); v = sum->x[0])
    sum->op = NULL;
}

/* From the last sum on, so that a chain is met at its end. */
void tgi_join_scatters(tgi_simplify *s) {
  tgi_graph *g = s->g;
  chain c = {.s = s,
             .ranges = tgi_graph_alloc(g, (g->step_count + 1) * sizeof *c.ranges),
             .parts = tgi_graph_alloc(g, (g->step_count + 1) * sizeof *c.parts)};
  if (!c.ranges || !c.parts) return;
  for (size_t at = g->step_count; at-- > 0;) {
    if (g->steps[at].op != &tgi_op_add || !follow(&c, at)) continue;
    drop_sums(&c, at);
    join(&c, at);
  }
}
