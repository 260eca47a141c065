/* The pass `merge`: equal steps with equal operands become one, and so do nodes that stand for one
   parameter, and constants of equal bytes. What draws merges with what draws the same by the same
   key. Of a + b and b + a it makes one: they differ at most in which of two NaNs comes out. */
#include <string.h>

#include "ops/ops_internal.h"
#include "program/passes.h"

/* A value by its hash, of which a part lies here: most that differ are told apart without a look at
   them. */
typedef struct slot {
  uint32_t taken; /* 1 + the value; 0: free */
  uint32_t tag;
} slot;

/* Values by hash; open addressing. */
typedef struct merge {
  tgi_graph *g;
  const int32_t *maker;
  uint32_t *replace;
  slot *slots;
  uint64_t mask;
} merge;

static const tgi_step *step_of(const merge *m, uint32_t v) {
  return m->maker[v] == TGI_NO_STEP ? NULL : &m->g->steps[m->maker[v]];
}

static bool is_commutative(const tg_op *op) { return op == &tgi_op_add || op == &tgi_op_mul; }

/* Can its attributes be compared? */
static bool is_open(const tg_op *op) {
  return (op->attrs_size == 0 || op->attrs) && !(op->flags & TG_OP_RANDOM && op->attrs == NULL);
}

/* ---- hashes ---- */

static uint64_t hash_step(const tgi_step *step) {
  uint64_t hash = tgi_mix((uint64_t)(uintptr_t)step->op, tgi_hash_attrs(step->op, step->attrs));
  uint64_t low = step->n > 0 ? step->x[0] : 0;
  if (!is_commutative(step->op)) {
    for (uint32_t i = 0; i < step->n; i++) hash = tgi_mix(hash, step->x[i]);
    return hash;
  }
  uint64_t high = step->x[1];
  return tgi_mix(hash, low < high ? low << 32 | high : high << 32 | low);
}

static uint64_t hash_value(const merge *m, uint32_t v) {
  const tgi_val *value = &m->g->values[v];
  if (value->source == TGI_CONST)
    return tgi_mix(tgi_mix(1, (uint64_t)value->like.rank), tgi_hash_tensor(&value->like));
  if (value->source == TGI_FROM_PARAM)
    return tgi_mix(tgi_mix(2, (uint64_t)(uintptr_t)value->params), (uint64_t)value->index);
  return hash_step(step_of(m, v));
}

/* ---- equality ---- */

static bool have_same_operands(const tgi_step *a, const tgi_step *b) {
  if (a->n != b->n) return false;
  if (memcmp(a->x, b->x, a->n * sizeof *a->x) == 0) return true;
  return is_commutative(a->op) && a->x[0] == b->x[1] && a->x[1] == b->x[0];
}

static bool are_same_steps(const tgi_step *a, const tgi_step *b) {
  return a->op == b->op && a->key == b->key && have_same_operands(a, b) &&
         tgi_same_attrs(a->op, a->attrs, b->attrs);
}

static bool are_same(const merge *m, uint32_t v, uint32_t w) {
  const tgi_val *a = &m->g->values[v], *b = &m->g->values[w];
  if (a->source != b->source || a->like.dtype != b->like.dtype ||
      !tg_tensor_same_shape(&a->like, &b->like))
    return false;
  if (a->source == TGI_CONST)
    return memcmp(a->like.data, b->like.data, tg_tensor_bytes(&a->like)) == 0;
  if (a->source == TGI_FROM_PARAM) return a->params == b->params && a->index == b->index;
  return are_same_steps(step_of(m, v), step_of(m, w));
}

/* ---- the pass ---- */

/* v is replaced by an equal value that was met before, or is remembered. */
static void meet(merge *m, uint32_t v) {
  const uint64_t hash = hash_value(m, v);
  const uint32_t tag = (uint32_t)(hash >> 32);
  uint64_t at = hash & m->mask;
  for (; m->slots[at].taken; at = (at + 1) & m->mask)
    if (m->slots[at].tag == tag && are_same(m, m->slots[at].taken - 1, v)) {
      m->replace[v] = m->slots[at].taken - 1;
      return;
    }
  m->slots[at] = (slot){v + 1, tag};
}

static bool set_up(merge *m) {
  tgi_graph *g = m->g;
  uint64_t size = 16;
  while (size < 2 * g->value_count) size *= 2;
  m->mask = size - 1;
  m->maker = tgi_graph_makers(g);
  m->replace = tgi_graph_alloc(g, g->value_count * sizeof *m->replace);
  m->slots = tgi_graph_alloc(g, size * sizeof *m->slots);
  if (!m->maker || !m->replace || !m->slots) return false;
  memset(m->slots, 0, size * sizeof *m->slots);
  for (size_t v = 0; v < g->value_count; v++) m->replace[v] = (uint32_t)v;
  return true;
}

tg_status tgi_pass_merge(tgi_graph *g) {
  merge m = {.g = g};
  if (!set_up(&m)) return g->error->status;
  for (size_t v = 0; v < g->value_count; v++)
    if (g->values[v].source == TGI_CONST || g->values[v].source == TGI_FROM_PARAM)
      meet(&m, (uint32_t)v);
  for (size_t s = 0; s < g->step_count; s++) {
    tgi_step *step = &g->steps[s];
    for (uint32_t i = 0; i < step->n; i++) step->x[i] = m.replace[step->x[i]];
    if (step->n_y == 1 && is_open(step->op)) meet(&m, step->y[0]);
  }
  return tgi_graph_replace(g, m.replace);
}
