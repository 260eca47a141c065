/* The plain reverse sweep: cotangents are numbers in memory that the sweep owns. It uses grad where
   an operator has one, and else the rules, on scratch that is rewound node by node. Nothing stays
   on the tape. */
#include <string.h>

#include "diff/sweep.h"
#include "kernel/reduce.h"
#include "tapegrad/ops.h"

/* A node's cotangent: NULL while zero; small ones lie in place. */
typedef struct cotangent {
  void *data;
  double small;
} cotangent;

/* A buffer that was given back, in its own memory. */
typedef struct spare {
  struct spare *next;
  size_t size;
} spare;

enum { BINS = 32, SMALL = sizeof(double), LINE = 64 };

typedef struct sweep {
  tg_tape *t;
  cotangent *of;     /* by id */
  const uint8_t *on; /* NULL: parameters are the only targets, and nodes know what leads to one */
  tg_grads *grads;
  const tg_var *x;
  const tg_tensor *dx;
  int n_x;
  spare *bins[BINS];
} sweep;

/* ---- buffers: recycled by exact size ---- */

static size_t round_up(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }
static spare **bin_of(sweep *s, size_t size) { return &s->bins[size / LINE % BINS]; }

static void *take_buffer(sweep *s, size_t bytes) {
  size_t size = round_up(bytes);
  for (spare **at = bin_of(s, size); *at; at = &(*at)->next)
    if ((*at)->size == size) {
      spare *found = *at;
      *at = found->next;
      return found;
    }
  return tgi_tape_sweeps(s->t, size);
}

static void give_buffer(sweep *s, void *data, size_t bytes) {
  spare *buffer = data;
  spare **bin = bin_of(s, round_up(bytes));
  *buffer = (spare){*bin, round_up(bytes)};
  *bin = buffer;
}

/* ---- cotangents ---- */

static bool is_on_path(const sweep *s, uint32_t id) {
  return s->on ? s->on[id] != 0 : tgi_node_at(s->t, id)->flags & TGI_NEEDS_GRAD;
}
static bool is_target(const sweep *s, uint32_t id) { return s->on && s->on[id] & TGI_TARGET; }

/* Dense memory of the node's shape; data is left to the caller. */
static void dense_like(const tgi_node *node, tg_tensor *x) {
  tgi_node_tensor(node, x);
  if (!node->layout->contiguous) tgi_set_contiguous(x);
}

/* The memory of a parameter's gradient, where the sweep writes straight into it. */
static bool is_gradient(const sweep *s, uint32_t id, tg_tensor *dx) {
  const tgi_node *node = tgi_node_at(s->t, id);
  if (!(node->flags & TGI_LEAF) || s->grads == NULL || is_target(s, id)) return false;
  const tgi_leaf *leaf = node->attrs;
  if (leaf->params != tg_grads_params(s->grads)) return false;
  *dx = tg_grads_tensor(s->grads, leaf->index);
  return dx->data != NULL;
}

static bool open_cotangent(sweep *s, uint32_t id, tg_tensor *dx) {
  cotangent *c = &s->of[id];
  dense_like(tgi_node_at(s->t, id), dx);
  if (c->data == NULL) {
    size_t bytes = tg_tensor_bytes(dx);
    c->data = bytes <= SMALL ? (void *)&c->small : take_buffer(s, bytes);
  }
  dx->data = c->data;
  return c->data != NULL;
}

static void close_cotangent(sweep *s, uint32_t id) {
  cotangent *c = &s->of[id];
  tg_tensor x;
  dense_like(tgi_node_at(s->t, id), &x);
  if (c->data && c->data != (void *)&c->small) give_buffer(s, c->data, tg_tensor_bytes(&x));
  c->data = NULL;
}

/* ---- one node ---- */

/* dx = beta dx + x */
static tg_status add_into(sweep *s, const tg_tensor *dx, const tg_tensor *x, double beta) {
  return tgi_reduce(s->t->runtime, &tgi_sum, dx, x, beta);
}

/* Where the cotangent of operand `id` goes. *fresh: it holds garbage. False: nowhere, or no
   memory. */
static bool destination(sweep *s, uint32_t id, tg_tensor *dx, bool *fresh) {
  *fresh = false;
  if (!is_on_path(s, id)) return false;
  if (is_gradient(s, id, dx)) return true;
  bool stranger = tgi_node_at(s->t, id)->flags & TGI_LEAF && !is_target(s, id);
  if (stranger) return false;
  *fresh = s->of[id].data == NULL;
  return open_cotangent(s, id, dx);
}

static tg_status reverse_by_grad(sweep *s, tg_call *c, const tg_tensor *g, const uint32_t ids[]) {
  tg_mark mark = tg_tape_mark(s->t);
  for (int i = 0; i < c->n; i++) {
    tg_tensor dx;
    bool fresh;
    if (!destination(s, ids[i], &dx, &fresh)) continue;
    tgi_arena_mark work = tgi_arena_mark_of(&s->t->work);
    tg_status status = c->op->grad(c, i, g, &dx, fresh ? 0 : 1);
    tgi_arena_rewind(&s->t->work, work);
    if (!tgi_check_intact(s->t, mark, c->op->name)) return s->t->status;
    if (status != TG_OK) return tg_call_fail(c, status, "%s", tg_status_text(status));
    if (s->t->trace_nan && tgi_trace(s->t, &dx, c, "a cotangent") != TG_OK) return s->t->status;
  }
  return s->t->status;
}

static tg_status add_results(sweep *s, const tg_call *c, const tg_var dx[]) {
  for (int i = 0; i < c->n; i++) {
    tg_tensor to, from = tgi_value(dx[i]);
    bool fresh;
    if (tg_is_none(dx[i]) || !destination(s, c->x[i].id, &to, &fresh)) continue;
    tg_status status = add_into(s, &to, &from, fresh ? 0 : 1);
    if (status != TG_OK) return status;
    if (s->t->trace_nan && tgi_trace(s->t, &to, c, "a cotangent") != TG_OK) return s->t->status;
  }
  return s->t->status;
}

static tg_status reverse_by_rules(sweep *s, uint32_t id, const tg_tensor *g) {
  tg_tape *t = s->t;
  tg_call c;
  if (!tgi_rule_call(t, id, &c)) return t->status;
  size_t n = (size_t)c.n;
  bool *want = tgi_tape_work(t, n * sizeof *want);
  tg_var *dx = tgi_tape_work(t, n * sizeof *dx);
  if (!want || !dx) return t->status;
  for (int i = 0; i < c.n; i++) want[i] = is_on_path(s, c.x[i].id);
  tg_mark mark = tg_tape_mark(t);
  bool was = tg_tape_set_grad(t, true); /* a rule may sweep on its own */
  tg_status status = t->status;
  if (tgi_apply_rules(&c, tg_leaf(t, *g), want, dx)) status = add_results(s, &c, dx);
  tg_tape_set_grad(t, was);
  tgi_tape_drop(t, mark);
  return status == TG_OK ? t->status : status;
}

/* ---- targets ---- */

/* The node's cotangent is complete: it goes to every dx[i] that asked for it. */
static tg_status deliver(sweep *s, uint32_t id, const tg_tensor *g) {
  tg_tensor dx;
  for (int i = 0; i < s->n_x; i++)
    if (s->x[i].id == id && add_into(s, &s->dx[i], g, 1) != TG_OK)
      return tg_tape_fail(s->t, TG_SHAPE, "backward: dx[%d] does not fit", i), s->t->status;
  const tgi_node *node = tgi_node_at(s->t, id);
  bool trained = node->flags & TGI_LEAF && node->flags & TGI_NEEDS_GRAD;
  const tgi_leaf *leaf = trained ? node->attrs : NULL;
  if (s->grads && leaf && leaf->params == tg_grads_params(s->grads)) {
    dx = tg_grads_tensor(s->grads, leaf->index);
    if (dx.data) return add_into(s, &dx, g, 1);
  }
  return TG_OK;
}

static tg_status reverse_node(sweep *s, uint32_t id) {
  const tgi_node *node = tgi_node_at(s->t, id);
  tg_tensor g;
  dense_like(node, &g);
  g.data = s->of[id].data;
  tg_status status = is_target(s, id) ? deliver(s, id, &g) : TG_OK;
  if (status != TG_OK || node->flags & TGI_CONSTANT || node->n == 0) return status;
  if (node->op->grad == NULL) return reverse_by_rules(s, id, &g);
  enum { FEW = 4 };
  tg_tensor few[FEW], *in = few;
  if (node->n > FEW) in = tgi_tape_work(s->t, node->n * sizeof *in);
  if (in == NULL) return s->t->status;
  tg_call c;
  tgi_call_of(s->t, id, in, &c);
  return reverse_by_grad(s, &c, &g, tgi_operand_ids(node));
}

/* ---- the sweep ---- */

/* A root that is itself a parameter hands its cotangent on at once. */
static tg_status seed(sweep *s, tg_var y, tg_var g) {
  tg_tensor to, from = tg_is_none(g) ? (tg_tensor){0} : tgi_value(g);
  bool fresh;
  if (!destination(s, y.id, &to, &fresh)) return s->t->status;
  if (tg_is_none(g)) {
    from = to;
    from.data = tgi_tape_work(s->t, tg_tensor_bytes(&to));
    if (from.data == NULL) return s->t->status;
    tgi_fill(&from, 1);
  }
  return add_into(s, &to, &from, fresh ? 0 : 1);
}

static tg_status run(sweep *s, uint32_t top, const tg_var y[], const tg_var g[], int n_y) {
  size_t bytes = ((size_t)top + 1) * sizeof *s->of;
  s->of = tgi_tape_work(s->t, bytes);
  if (s->of == NULL) return s->t->status;
  memset(s->of, 0, bytes);
  for (int j = 0; j < n_y; j++) {
    tg_status status = seed(s, y[j], g ? g[j] : TG_NONE);
    if (status != TG_OK) return status;
  }
  for (uint32_t id = top; id > 0; id--) {
    if (s->of[id].data == NULL) continue;
    tgi_arena_mark work = tgi_arena_mark_of(&s->t->work);
    tg_status status = reverse_node(s, id);
    tgi_arena_rewind(&s->t->work, work);
    if (status != TG_OK) return status;
    close_cotangent(s, id);
  }
  return TG_OK;
}

/* ---- arguments ---- */

static bool check_into(tg_tape *t, tg_var x, const tg_tensor *dx, int i) {
  tg_tensor value = tgi_value(x);
  if (dx->data && dx->dtype == value.dtype && tg_tensor_same_shape(dx, &value) &&
      tg_tensor_is_contiguous(dx))
    return true;
  tg_tape_fail(t, TG_SHAPE, "backward: dx[%d] is not contiguous memory of x[%d]'s shape and dtype",
               i, i);
  return false;
}

static bool check_arguments(tg_tape *t, const tg_var y[], const tg_var g[], int n_y,
                            const tg_var x[], const tg_tensor dx[], int n_x) {
  for (int j = 0; g && j < n_y; j++)
    if (!tgi_check_cotangent(t, y[j], g[j], "backward")) return false;
  if (!tgi_sweep_vars(t, x, n_x, "backward")) return false;
  for (int i = 0; i < n_x; i++)
    if (!check_into(t, x[i], &dx[i], i)) return false;
  return tgi_check_leaves(t) == TG_OK;
}

tg_status tg_backward_into(const tg_var y[], const tg_var g[], int n_y, tg_grads *grads,
                           const tg_var x[], const tg_tensor dx[], int n_x) {
  tg_tape *t = tgi_tape_of(y, n_y);
  if (t == NULL) return TG_ARGUMENT;
  if (!tgi_sweep_tape(y, n_y, "backward") || !check_arguments(t, y, g, n_y, x, dx, n_x))
    return t->status;
  if (t->capture) { /* a replay would leave out what is written here */
    tg_tape_fail(t, TG_STATE,
                 "backward: a capture is on; tg_store_grads has replays write gradients");
    return t->status;
  }
  tgi_arena_mark work = tgi_arena_mark_of(&t->work), sweeps = tgi_arena_mark_of(&t->sweeps);
  uint32_t top = tgi_top(y, n_y);
  bool was = t->backward;
  t->backward = true;
  sweep s = {.t = t, .grads = grads, .x = x, .dx = dx, .n_x = n_x};
  tg_status status = TG_OK;
  if (n_x > 0 && (s.on = tgi_paths(t, top, x, n_x, grads != NULL)) == NULL) status = t->status;
  if (status == TG_OK) status = run(&s, top, y, g, n_y);
  if (status != TG_OK) tg_tape_fail(t, status, "backward: %s", tg_status_text(status));
  t->backward = was;
  tgi_arena_rewind(&t->sweeps, sweeps);
  tgi_arena_rewind(&t->work, work);
  return t->status;
}

tg_status tg_backward(tg_var root, tg_grads *grads) {
  if (tgi_is_live(root) && !tgi_check_scalar(root.tape, root, "backward")) return root.tape->status;
  return tg_backward_into(&root, NULL, 1, grads, NULL, NULL, 0);
}
