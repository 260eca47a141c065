/* From a group of elementwise steps of one shape to a loop: which values are operands and results,
   and the buffers of those that only the group sees. */
#include "program/fuse_loop.h"

/* clang-format off */
const tg_op tgi_fused_loop_op = {
  TG_OP_INIT, .name = "fused", .label = "fused", .formula = "elementwise operators, a block in cache at a time",
  .arity = 0, .max_arity = TG_VARIADIC, .dtypes = TG_ANY, .flags = TG_OP_MIXED | TG_OP_IN_PLACE,
  .attrs_size = sizeof(tgi_loop), .kernel = tgi_loop_run,
};
/* clang-format on */

/* f->slot[v] is 1 + v's slot. */
typedef struct maker {
  tgi_fuse *f;
  uint32_t unit, n;
  tgi_fuse_call calls[TGI_FUSE_MOST];
  uint32_t x[TGI_FUSE_MOST * TGI_FUSE_OPERANDS], y[TGI_FUSE_MOST];
  uint16_t unused[TGI_FUSE_MOST]; /* buffers given back */
  tg_dtype dtype[TGI_LOOP_SLOTS]; /* of the values that a slot holds */
  uint32_t n_unused;
  tgi_loop loop;
} maker;

static bool read_calls(maker *m, const tgi_step steps[]) {
  for (uint32_t k = 0; k < m->n; k++) {
    if (!tgi_fuse_call_of(m->f, &steps[k], &m->calls[k])) return false;
    for (uint32_t i = 0; i < steps[k].n; i++) m->f->seen[steps[k].x[i]]++;
    for (uint32_t i = 0; i < m->calls[k].n; i++) m->f->left[m->calls[k].x[i]]++;
  }
  return true;
}

static bool make_room(maker *m) {
  tgi_graph *g = m->f->g;
  tgi_loop *l = &m->loop;
  l->codes = tgi_graph_alloc(g, m->n * sizeof *l->codes);
  l->size = tgi_graph_alloc(g, (size_t)m->n * (TGI_FUSE_OPERANDS + 2));
  l->aside = tgi_graph_alloc(g, m->n * sizeof *l->aside);
  l->operands = tgi_graph_alloc(g, (size_t)m->n * TGI_FUSE_OPERANDS * sizeof *l->operands);
  l->layout = tgi_graph_alloc(g, sizeof *l->layout);
  if (!l->codes || !l->size || !l->aside || !l->operands || !l->layout) return false;
  *l->layout = (tgi_loop_layout){.known = false};
  return true;
}

static uint16_t new_slot(maker *m, uint32_t v) {
  uint32_t slot = m->loop.n_slots++;
  m->dtype[slot] = m->f->g->values[v].like.dtype;
  m->loop.size[slot] = (uint8_t)tg_dtype_size(m->dtype[slot]);
  m->f->slot[v] = slot + 1;
  return (uint16_t)slot;
}

static void find_operands(maker *m) {
  for (uint32_t k = 0; k < m->n; k++)
    for (uint32_t i = 0; i < m->calls[k].n; i++) {
      uint32_t v = m->calls[k].x[i];
      if (m->f->slot[v] || tgi_fuse_inside(m->f, v, m->unit)) continue;
      new_slot(m, v);
      m->x[m->loop.n_x++] = v;
    }
}

static void find_results(maker *m) {
  for (uint32_t k = 0; k < m->n; k++) {
    uint32_t v = m->calls[k].y;
    if (m->f->uses[v] <= m->f->seen[v]) continue;
    new_slot(m, v);
    m->y[m->loop.n_y++] = v;
  }
}

/* A buffer for v: the one of its dtype that was given back last, or a new one. */
static uint16_t buffer_for(maker *m, uint32_t v) {
  for (uint32_t k = m->n_unused; k-- > 0;) {
    uint16_t slot = m->unused[k];
    if (m->dtype[slot] != m->f->g->values[v].like.dtype) continue;
    m->unused[k] = m->unused[--m->n_unused];
    m->f->slot[v] = slot + 1u;
    return slot;
  }
  return new_slot(m, v);
}

static void emit(maker *m, const tgi_fuse_call *call) {
  tgi_fuse *f = m->f;
  tgi_loop_code c = {.fn = call->fn, .attrs = call->attrs};
  for (uint32_t i = 0; i < TGI_FUSE_OPERANDS; i++)
    c.x[i] = (uint16_t)(f->slot[call->x[i < call->n ? i : 0]] - 1);
  for (uint32_t i = 0; i < call->n; i++) {
    uint32_t slot = f->slot[call->x[i]] - 1;
    if (--f->left[call->x[i]] == 0 && slot >= m->loop.n_x + m->loop.n_y)
      m->unused[m->n_unused++] = (uint16_t)slot;
  }
  c.y = f->slot[call->y] ? (uint16_t)(f->slot[call->y] - 1) : buffer_for(m, call->y);
  m->loop.codes[m->loop.n_codes++] = c;
}

static void forget(maker *m, const tgi_step steps[]) {
  tgi_fuse *f = m->f;
  for (uint32_t k = 0; k < m->n; k++) {
    for (uint32_t i = 0; i < steps[k].n; i++) {
      uint32_t v = steps[k].x[i];
      f->slot[v] = f->seen[v] = f->left[v] = 0;
    }
    uint32_t y = steps[k].y[0];
    f->slot[y] = f->seen[y] = f->left[y] = 0;
  }
}

tg_status tgi_fuse_loop(tgi_fuse *f, uint32_t unit, const tgi_step steps[], uint32_t n) {
  maker m;
  m.f = f, m.unit = unit, m.n = n, m.n_unused = 0;
  m.loop = (tgi_loop){0};
  m.loop.like = f->g->values[steps[0].y[0]].like;
  if (!make_room(&m) || !read_calls(&m, steps)) return f->g->error->status;
  find_operands(&m);
  find_results(&m);
  for (uint32_t k = 0; k < n; k++) emit(&m, &m.calls[k]);
  forget(&m, steps);
  bool made =
      tgi_graph_step(f->g, &tgi_fused_loop_op, &m.loop, m.x, m.loop.n_x, m.y, m.loop.n_y) != NULL;
  return made ? TG_OK : f->g->error->status;
}
