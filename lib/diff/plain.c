/* The plain reverse sweep: cotangents are numbers in memory that the sweep owns. It uses grad where
   an operator has one, and else the rules, on scratch that is rewound node by node. Nothing stays
   on the tape. */
#include <string.h>

#include "diff/blocks.h"
#include "kernel/accumulate.h"
#include "tape/params.h"

/* ---- one node ---- */

/* Rules may record, but what the sweep stands on must live. */
static bool is_intact(const tgi_plain *s, const char *what) {
  return s->t->generation == s->mark_generation || tgi_check_intact(s->t, s->mark, what);
}

/* Operand i, which is not the heir, reads the cotangent that it has in common with the node. */
static bool is_lender(const tgi_plain *s, const tgi_node *node, const uint32_t ids[], int i,
                      const tg_tensor *g) {
  return tgi_passes(node->op, i) && tgi_has_shape_of(tgi_node_at(s->t, ids[i]), node) &&
         tgi_may_lend(s, ids[i], g);
}

/* The cotangents of all operands but the heir. */
static tg_status reverse_by_grad(tgi_plain *s, tg_call *c, const tg_tensor *g, int heir) {
  tg_tape *t = s->t;
  const tgi_node *node = tgi_node_at(t, c->y.id);
  const uint32_t *ids = tgi_operand_ids(node);
  for (int i = 0; i < c->n; i++) {
    tg_tensor dx;
    bool fresh;
    if (i == heir) continue;
    if (is_lender(s, node, ids, i, g)) {
      if (!tgi_lend(s, c->y.id, ids[i], g)) return t->status;
      continue;
    }
    if (!tgi_destination(s, ids[i], &dx, &fresh)) continue;
    tgi_arena_mark work = tgi_scratch_mark(t);
    tg_status status = c->op->grad(c, i, g, &dx, fresh ? 0 : 1);
    tgi_arena_rewind(&t->work, work);
    if (!is_intact(s, c->op->name)) return t->status;
    if (status != TG_OK) return tg_call_fail(c, status, "%s", tg_status_text(status));
    if (t->trace_nan && tgi_trace(t, &dx, c, "a cotangent") != TG_OK) return t->status;
  }
  return t->status;
}

static tg_status add_results(tgi_plain *s, const tg_call *c, const tg_var dx[]) {
  for (int i = 0; i < c->n; i++) {
    tg_tensor to, from = tgi_value(dx[i]);
    bool fresh;
    uint32_t id = c->x[i].id;
    if (tg_is_none(dx[i])) continue;
    if (tgi_may_lend(s, id, &from)) {
      if (!tgi_lend(s, c->y.id, id, &from)) return s->t->status;
      continue;
    }
    if (!tgi_destination(s, id, &to, &fresh)) continue;
    tgi_accumulate(s->t->runtime, &to, &from, fresh ? 0 : 1);
    if (s->t->trace_nan && tgi_trace(s->t, &to, c, "a cotangent") != TG_OK) return s->t->status;
  }
  return s->t->status;
}

static tg_status reverse_by_rules(tgi_plain *s, uint32_t id, const tg_tensor *g) {
  tg_tape *t = s->t;
  tg_call c;
  if (!tgi_rule_call(t, id, &c)) return t->status;
  size_t n = (size_t)c.n;
  bool *want = tgi_tape_work(t, n * sizeof *want);
  tg_var *dx = tgi_tape_work(t, n * sizeof *dx);
  if (!want || !dx) return t->status;
  for (int i = 0; i < c.n; i++) want[i] = tgi_is_on_path(s, c.x[i].id);
  tg_mark mark = tg_tape_mark(t);
  bool was = tg_tape_set_grad(t, true); /* a rule may sweep on its own */
  tg_status status = t->status;
  if (tgi_apply_rules(&c, tg_leaf(t, *g), want, dx)) status = add_results(s, &c, dx);
  tg_tape_set_grad(t, was);
  tgi_tape_drop(t, mark);
  return status == TG_OK ? t->status : status;
}

/* Is any operand but the heir on a path? */
static bool has_others(const tgi_plain *s, const tgi_node *node, const uint32_t ids[], int heir) {
  for (int i = 0; i < node->n; i++)
    if (i != heir && tgi_is_on_path(s, ids[i])) return true;
  return false;
}

static tg_status reverse_operands(tgi_plain *s, uint32_t id, const tg_tensor *g) {
  const tgi_node *node = tgi_node_at(s->t, id);
  const uint32_t *ids = tgi_operand_ids(node);
  enum { FEW = 4 };
  tg_tensor few[FEW], *in = few;
  int64_t notes[2];
  tg_status status = TG_OK;
  int heir = tgi_find_heir(s, id, ids);
  if (has_others(s, node, ids, heir)) {
    tg_call c;
    if (node->n > FEW) in = tgi_tape_work(s->t, node->n * sizeof *in);
    if (in == NULL) return s->t->status;
    tgi_call_of(s->t, id, in, &c);
    if (node->n > FEW) c.notes = memset(notes, 0, sizeof notes);
    status = reverse_by_grad(s, &c, g, heir);
  }
  if (heir >= 0) tgi_hand_over(s, id, ids[heir]);
  return status;
}

/* Has the operator no grad, or one that fills memory with what its rule has as a view? */
static bool by_rules(const tgi_plain *s, const tgi_node *node) {
  const tg_op *op = node->op;
  return !op->grad || (op->flags & TG_OP_SPREADS && tgi_may_view(s, tgi_operand_ids(node)[0]));
}

static tg_status reverse_node(tgi_plain *s, uint32_t id) {
  const tgi_node *node = tgi_node_at(s->t, id);
  tg_tensor g;
  tgi_cotangent_tensor(s, id, &g);
  if (tgi_is_target(s, id)) tgi_deliver(s, id, &g);
  if (node->flags & TGI_CONSTANT || node->n == 0) return TG_OK;
  return by_rules(s, node) ? reverse_by_rules(s, id, &g) : reverse_operands(s, id, &g);
}

/* ---- the sweep ---- */

/* A root that is itself a parameter hands its cotangent on at once. */
static tg_status seed(tgi_plain *s, tg_var y, tg_var g) {
  tg_tensor to, from = tgi_value(g);
  bool fresh;
  double one;
  if (!tg_is_none(g) && tgi_may_lend(s, y.id, &from))
    return tgi_lend(s, 0, y.id, &from) ? TG_OK : s->t->status;
  if (!tgi_destination(s, y.id, &to, &fresh)) return s->t->status;
  if (fresh && tg_is_none(g)) {
    tgi_fill(&to, 1);
    return TG_OK;
  }
  if (tg_is_none(g)) {
    tg_tensor number = {.data = &one, .dtype = to.dtype};
    tg_tensor_put(&number, 0, 1);
    from = tgi_broadcast_view(&number, &to);
  }
  tgi_accumulate(s->t->runtime, &to, &from, fresh ? 0 : 1);
  return TG_OK;
}

static tg_status run(tgi_plain *s, uint32_t top, const tg_var y[], const tg_var g[], int n_y) {
  size_t bytes = ((size_t)top + 1) * sizeof *s->of;
  s->of = tgi_tape_work(s->t, bytes);
  if (s->of == NULL) return s->t->status;
  memset(s->of, 0, bytes);
  for (int j = 0; j < n_y; j++) {
    tg_status status = seed(s, y[j], g ? g[j] : TG_NONE);
    if (status != TG_OK) return status;
  }
  bool blocks = tgi_has_blocks(s->t);
  for (uint32_t id = top; id > 0; id--) {
    if (s->of[id].data == NULL) continue;
    tgi_arena_mark work = tgi_arena_mark_of(&s->t->work);
    bool reversed = blocks && tgi_reverse_blocks(s, id);
    tg_status status = reversed ? s->t->status : reverse_node(s, id);
    tgi_arena_rewind(&s->t->work, work);
    if (status != TG_OK) return status;
    tgi_close_cotangent(s, id);
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

/* What is to be written, and the sweep never reached. */
static void write_zeros(const tgi_plain *s) {
  int params = s->fresh ? tg_params_count(tg_grads_params(s->grads)) : 0;
  for (int i = 0; s->written && i < s->n_x; i++)
    if (!s->written[i]) tgi_fill(&s->dx[i], 0);
  for (int i = 0; i < params; i++) {
    if (!s->fresh[i]) continue;
    tg_tensor dx = tg_grads_tensor(s->grads, i);
    if (dx.data) tgi_fill(&dx, 0);
  }
}

/* n marks, all of one value; NULL with the tape failed. */
static bool *marks(tg_tape *t, int n, bool value) {
  bool *all = tgi_tape_work(t, (size_t)n * sizeof *all);
  return all ? memset(all, value, (size_t)n * sizeof *all) : NULL;
}

/* Finds what leads where, and runs. */
static tg_status start(tgi_plain *s, const tg_var y[], const tg_var g[], int n_y, bool write) {
  tg_tape *t = s->t;
  uint32_t top = tgi_top(y, n_y);
  if (s->n_x > 0 && (s->on = tgi_paths(t, top, s->x, s->n_x, s->grads != NULL)) == NULL)
    return t->status;
  if (write && s->n_x > 0 && (s->written = marks(t, s->n_x, false)) == NULL) return t->status;
  int params = write && s->grads ? tg_params_count(tg_grads_params(s->grads)) : 0;
  if (params > 0 && (s->fresh = marks(t, params, true)) == NULL) return t->status;
  tg_status status = run(s, top, y, g, n_y);
  if (status == TG_OK) write_zeros(s);
  return status;
}

static tg_status sweep_into(tgi_plain *s, const tg_var y[], const tg_var g[], int n_y, bool write) {
  tg_tape *t = s->t = tgi_tape_of(y, n_y);
  if (t == NULL) return TG_ARGUMENT;
  if (!tgi_sweep_tape(y, n_y, "backward") || !check_arguments(t, y, g, n_y, s->x, s->dx, s->n_x))
    return t->status;
  if (t->capture) { /* a replay would leave out what is written here */
    tg_tape_fail(t, TG_STATE,
                 "backward: a capture is on; tg_store_grads has replays write gradients");
    return t->status;
  }
  tgi_arena_mark work = tgi_arena_mark_of(&t->work), sweeps = tgi_arena_mark_of(&t->sweeps);
  bool was = t->backward;
  t->backward = true;
  s->mark = tg_tape_mark(t);
  s->mark_generation = t->generation;
  tg_status status = start(s, y, g, n_y, write);
  if (status != TG_OK) tg_tape_fail(t, status, "backward: %s", tg_status_text(status));
  t->backward = was;
  tgi_arena_rewind(&t->sweeps, sweeps);
  tgi_arena_rewind(&t->work, work);
  return t->status;
}

tg_status tg_backward_into(const tg_var y[], const tg_var g[], int n_y, tg_grads *grads,
                           const tg_var x[], const tg_tensor dx[], int n_x) {
  return sweep_into(&(tgi_plain){.grads = grads, .x = x, .dx = dx, .n_x = n_x}, y, g, n_y, false);
}

tg_status tg_vjp_into(const tg_var y[], const tg_var g[], int n_y, const tg_var x[], int n_x,
                      const tg_tensor dx[]) {
  return sweep_into(&(tgi_plain){.x = x, .dx = dx, .n_x = n_x}, y, g, n_y, true);
}

tg_status tg_backward(tg_var root, tg_grads *grads) {
  if (tgi_is_live(root) && !tgi_check_scalar(root.tape, root, "backward")) return root.tape->status;
  return tg_backward_into(&root, NULL, 1, grads, NULL, NULL, 0);
}

tg_status tg_backward_write(tg_var root, tg_grads *grads) {
  if (tgi_is_live(root) && !tgi_check_scalar(root.tape, root, "backward")) return root.tape->status;
  return sweep_into(&(tgi_plain){.grads = grads}, &root, NULL, 1, true);
}
