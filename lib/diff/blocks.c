/* A run is reversed node by node within a block of elements, then the next block is taken: what
   each element adds up, and in which order, is as without. Cotangents that only nodes of the run
   write and read lie in a piece of memory of the length of a block, so they never leave the cache.
   Others have their usual place. Blocks are tiles for the runtime's threads. */
#include "diff/blocks.h"

enum {
  MOST = 64,          /* nodes of a run */
  LATER = 8,          /* operands of nodes that wait */
  GAP = 16,           /* nodes between two of the run */
  SLOTS = 4,          /* cotangents in the cache at a time */
  BLOCK = 16 << 10,   /* bytes: some pages, so that processors fetch ahead */
  SLOT = BLOCK + 192, /* no multiple of a page, which would make addresses look alike */
  TILE = 8192,        /* elements */
};

/* Where elements of a cotangent lie: at base, `step` bytes from one to the next; NULL: in a slot.
 */
typedef struct place {
  char *base;
  int64_t step;
  int slot;
} place;

/* One call of grad_part. */
typedef struct step {
  const tg_call *c;
  int i;
  place g, dx;
  double beta;
} step;

typedef struct run {
  tgi_plain *s;
  tg_dtype dtype;
  int64_t n, size;     /* elements of every operand, bytes of one */
  uint32_t ids[MOST];  /* descending; those without a cotangent are passed over */
  int count, operands; /* of all */
  uint32_t later[LATER];
  int n_later;
  char slots[SLOTS]; /* what lies in slot k has the address of slots[k] as its memory */
  bool busy[SLOTS];
  step *steps;
  int n_steps;
} run;

/* ---- which nodes ---- */

static const tgi_node *node_of(const run *r, uint32_t id) { return tgi_node_at(r->s->t, id); }

/* Will a node that waits add to its cotangent? */
static bool is_later(const run *r, uint32_t id) {
  for (int k = 0; k < r->n_later; k++)
    if (r->later[k] == id) return true;
  return false;
}

static bool has_dense_cotangent(const run *r, uint32_t id) {
  return !tgi_is_viewed(r->s, id) || tg_tensor_is_contiguous(&r->s->of[id].view->g);
}

/* A result of one element belongs too: its cotangent is complete, for nodes of the run add to
   cotangents of n elements only. */
static bool fits(const run *r, uint32_t id) {
  const tgi_node *node = node_of(r, id);
  const uint32_t *ids = tgi_operand_ids(node);
  if (node->op->grad_part == NULL || node->dtype != r->dtype || is_later(r, id) ||
      (node->layout->numel != r->n && node->layout->numel != 1) || !node->layout->contiguous ||
      !has_dense_cotangent(r, id))
    return false;
  for (int i = 0; i < node->n; i++) {
    const tgi_node *x = node_of(r, ids[i]);
    if (x->layout->numel != r->n || !x->layout->contiguous) return false;
    if (tgi_is_on_path(r->s, ids[i]) && (x->dtype != r->dtype || is_later(r, ids[i]))) return false;
  }
  return true;
}

/* The node is reversed after the run, so its operands' cotangents are none of the run's affair.
   False: too many are. */
static bool postpone(run *r, uint32_t id) {
  const tgi_node *node = node_of(r, id);
  const uint32_t *ids = tgi_operand_ids(node);
  for (int i = 0; i < node->n; i++) {
    if (!tgi_is_on_path(r->s, ids[i])) continue;
    if (r->n_later == LATER) return false;
    r->later[r->n_later++] = ids[i];
  }
  return true;
}

static void find_nodes(run *r, uint32_t top) {
  int gap = 0;
  for (uint32_t id = top; id > 0 && r->count < MOST && gap < GAP; id--, gap++) {
    const tgi_node *node = node_of(r, id);
    if (node->flags & TGI_CONSTANT || node->n == 0 || !tgi_is_on_path(r->s, id)) continue;
    if (fits(r, id)) {
      r->ids[r->count++] = id;
      r->operands += node->n;
      gap = 0;
    } else if (!postpone(r, id)) {
      return;
    }
  }
}

/* ---- where cotangents lie ---- */

static bool is_of_run(const run *r, uint32_t id) {
  int low = 0, high = r->count;
  while (low < high) {
    int middle = (low + high) / 2;
    if (r->ids[middle] > id)
      low = middle + 1;
    else
      high = middle;
  }
  return low < r->count && r->ids[low] == id;
}

/* -1: it lies in memory of its own. */
static int slot_of(const run *r, const void *data) {
  for (int k = 0; k < SLOTS; k++)
    if (data == &r->slots[k]) return k;
  return -1;
}

static bool may_be_near(const run *r, uint32_t id) {
  return is_of_run(r, id) && !tgi_is_target(r->s, id);
}

static void *take_slot(run *r) {
  for (int k = 0; k < SLOTS; k++) {
    if (r->busy[k]) continue;
    r->busy[k] = true;
    return &r->slots[k];
  }
  return NULL;
}

/* As tgi_destination, which finds what lies in a slot already. */
static bool find_destination(run *r, uint32_t id, tg_tensor *dx, bool *fresh) {
  tgi_cotangent *of = &r->s->of[id];
  if (of->data == NULL && may_be_near(r, id) && (of->data = take_slot(r)) != NULL) {
    dx->data = of->data;
    return *fresh = true;
  }
  return tgi_destination(r->s, id, dx, fresh);
}

static place place_of(const run *r, void *data, int64_t numel) {
  int slot = slot_of(r, data);
  return (place){slot < 0 ? data : NULL, numel == 1 ? 0 : r->size, slot};
}

/* ---- what is done in each block ---- */

static void add_step(run *r, const tg_call *c, int i, place g, void *dx, bool fresh) {
  r->steps[r->n_steps++] =
      (step){.c = c, .i = i, .g = g, .dx = place_of(r, dx, r->n), .beta = fresh ? 0 : 1};
}

/* Where grad_part finds the node's cotangent. */
static place find_cotangent(const run *r, uint32_t id) {
  const tgi_cotangent *of = &r->s->of[id];
  void *data = tgi_is_viewed(r->s, id) ? of->view->g.data : of->data;
  return place_of(r, data, node_of(r, id)->layout->numel);
}

/* May operand i take over the node's memory, as things stand? Views stay as they are until the run
   has read them. */
static bool inherits(const run *r, uint32_t id, const uint32_t ids[], int i) {
  const tgi_plain *s = r->s;
  if (tgi_is_target(s, id) || tgi_is_viewed(s, id) || !tgi_may_inherit(s, id, ids, i)) return false;
  return slot_of(r, s->of[id].data) >= 0 ? may_be_near(r, ids[i]) : true;
}

/* The operand that has the node's cotangent as it is; -1: none. */
static int find_heir(const run *r, uint32_t id, const uint32_t ids[]) {
  int heir = tgi_find_heir(r->s, id, ids);
  return heir >= 0 && inherits(r, id, ids, heir) ? heir : -1;
}

/* The last operand that is served may be written where g was read. */
static bool is_in_place(const run *r, uint32_t id, const uint32_t ids[], int i) {
  const tgi_node *node = node_of(r, id);
  for (int j = i + 1; j < node->n; j++)
    if (tgi_is_on_path(r->s, ids[j])) return false;
  bool near = slot_of(r, r->s->of[id].data) >= 0;
  return inherits(r, id, ids, i) && near == may_be_near(r, ids[i]);
}

static void plan_node(run *r, uint32_t id, const tg_call *c) {
  tgi_plain *s = r->s;
  const uint32_t *ids = tgi_operand_ids(node_of(r, id));
  const place g = find_cotangent(r, id);
  const int heir = find_heir(r, id, ids);
  for (int i = 0; i < c->n && s->of[id].data; i++) {
    tg_tensor dx;
    bool fresh;
    if (i == heir) continue;
    if (heir < 0 && is_in_place(r, id, ids, i)) {
      add_step(r, c, i, g, s->of[id].data, true);
      tgi_hand_over(s, id, ids[i]);
    } else if (find_destination(r, ids[i], &dx, &fresh)) {
      add_step(r, c, i, g, dx.data, fresh);
    }
  }
  if (heir >= 0) tgi_hand_over(s, id, ids[heir]);
  if (g.slot >= 0 && s->of[id].data) {
    r->busy[g.slot] = false;
    if (!tgi_is_viewed(s, id)) s->of[id].data = NULL;
  }
}

/* In tape order, as the sweep would: so nodes are reached, and memory is fresh, as ever. */
static bool plan(run *r) {
  tg_tape *t = r->s->t;
  tg_call *calls = tgi_tape_work(t, (size_t)r->count * sizeof *calls);
  tg_tensor *in = tgi_tape_work(t, (size_t)r->operands * sizeof *in);
  r->steps = tgi_tape_work(t, (size_t)(r->operands + r->count) * sizeof *r->steps);
  if (calls == NULL || in == NULL || r->steps == NULL) return false;
  for (int k = 0; k < r->count && t->status == TG_OK; k++) {
    if (r->s->of[r->ids[k]].data == NULL) continue;
    tgi_call_of(t, r->ids[k], in, &calls[k]);
    in += calls[k].n;
    plan_node(r, r->ids[k], &calls[k]);
  }
  return t->status == TG_OK;
}

/* ---- blocks ---- */

static char *at(const place *p, char area[], int64_t first) {
  return p->base ? p->base + first * p->step : area + p->slot * SLOT;
}

static void do_step(const step *p, char area[], int64_t first, int64_t n) {
  char *dx = at(&p->dx, area, first);
  p->c->op->grad_part(p->c, p->i, first, n, at(&p->g, area, first), dx, p->beta);
}

static void tile(void *user, int64_t k) {
  const run *r = user;
  _Alignas(64) char area[SLOTS * SLOT];
  const int64_t block = BLOCK / r->size, end = tgi_least((k + 1) * TILE, r->n);
  for (int64_t first = k * TILE; first < end; first += block)
    for (int m = 0; m < r->n_steps; m++)
      do_step(&r->steps[m], area, first, tgi_least(block, end - first));
}

/* Cotangents in memory of their own go where they were asked for, and are given back. */
static void close(run *r) {
  for (int k = 0; k < r->count; k++) {
    const uint32_t id = r->ids[k];
    tg_tensor g;
    if (r->s->of[id].data == NULL) continue;
    tgi_cotangent_tensor(r->s, id, &g);
    if (tgi_is_target(r->s, id)) tgi_deliver(r->s, id, &g);
    tgi_close_cotangent(r->s, id);
  }
}

bool tgi_reverse_blocks(tgi_plain *s, uint32_t id) {
  const tgi_node *node = tgi_node_at(s->t, id);
  if (node->op->grad_part == NULL || node->n == 0) return false;
  run r = {.s = s, .dtype = (tg_dtype)node->dtype};
  r.n = tgi_node_at(s->t, *tgi_operand_ids(node))->layout->numel;
  r.size = (int64_t)tgi_dtype_size(r.dtype);
  if (r.n < TGI_BLOCKS_LEAST / r.size) return false;
  find_nodes(&r, id);
  if (r.count < 2 || r.ids[0] != id) return false;
  if (!plan(&r)) return true;
  if (r.n_steps > 0) tgi_parallel_tiles(s->t->runtime, tgi_ceil_div(r.n, TILE), tile, &r);
  close(&r);
  return true;
}
