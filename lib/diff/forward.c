/* The forward sweep: tangents are vars, pushed from the leaves to the results in tape order by the
   operators' jvp rules. */
#include <string.h>

#include "diff/sweep.h"
#include "tapegrad/ops.h"

/* Keeps only path nodes that a result needs. */
static void keep_needed(const tg_tape *t, uint8_t *on, const tg_var y[], int n, uint32_t top) {
  enum { NEEDED = 4 };
  for (int j = 0; j < n; j++) on[y[j].id] |= on[y[j].id] ? NEEDED : 0;
  for (uint32_t id = top; id > 0; id--) {
    if (!(on[id] & NEEDED)) {
      on[id] = 0;
      continue;
    }
    const tgi_node *node = tgi_node_at(t, id);
    const uint32_t *ids = tgi_operand_ids(node);
    for (int i = 0; i < node->n; i++) on[ids[i]] |= on[ids[i]] ? NEEDED : 0;
  }
}

/* Without a jvp rule: J dx is the derivative of g -> J^T g, which is linear in g, transposed in
   turn. */
static tg_var transpose_twice(tg_call *c, const tg_var dx[]) {
  tg_tape *t = c->tape;
  size_t n = (size_t)c->n;
  bool *want = tgi_tape_work(t, n * sizeof *want);
  tg_var *back = tgi_tape_work(t, 2 * n * sizeof *back), g = tgi_filled_like(c->y, 0), dy;
  if (want == NULL || back == NULL) return tgi_failed(t);
  for (int i = 0; i < c->n; i++) want[i] = !tg_is_none(dx[i]);
  if (!tgi_apply_rules(c, g, want, back)) return tgi_failed(t);
  tg_var *tangents = back + n;
  int m = 0;
  for (int i = 0; i < c->n; i++) {
    if (!want[i] || tg_is_none(back[i])) continue;
    tangents[m] = dx[i];
    back[m++] = back[i];
  }
  if (m == 0) return TG_NONE;
  tg_vjp(back, tangents, m, &g, 1, &dy);
  return dy;
}

static tg_var push_node(tg_tape *t, uint32_t id, const tg_var tangents[], const uint8_t *on) {
  tg_call c;
  if (!tgi_rule_call(t, id, &c)) return tgi_failed(t);
  tg_var *dx = tgi_tape_work(t, (size_t)c.n * sizeof *dx);
  if (dx == NULL) return tgi_failed(t);
  bool any = false;
  for (int i = 0; i < c.n; i++) {
    dx[i] = on[c.x[i].id] ? tangents[c.x[i].id] : TG_NONE;
    any = any || !tg_is_none(dx[i]);
  }
  if (!any) return TG_NONE;
  tg_mark mark = tg_tape_mark(t);
  tg_var dy = c.op->jvp ? c.op->jvp(&c, dx) : transpose_twice(&c, dx);
  return tgi_check_intact(t, mark, c.op->name) && tgi_check_cotangent(t, c.y, dy, c.op->name)
             ? dy
             : tgi_failed(t);
}

static void add_tangent(tg_var *sum, tg_var dx) {
  if (!tg_is_none(dx)) *sum = tg_is_none(*sum) ? dx : tg_add(*sum, dx);
}

static bool sweep(tg_tape *t, const tg_var y[], int n_y, const tg_var x[], const tg_var dx[],
                  int n_x, tg_var dy[]) {
  uint32_t top = tgi_top(y, n_y);
  uint8_t *on = tgi_paths(t, top, x, n_x, false);
  tg_var *tangents = tgi_tape_work(t, ((size_t)top + 1) * sizeof *tangents);
  if (on == NULL || tangents == NULL) return false;
  memset(tangents, 0, ((size_t)top + 1) * sizeof *tangents);
  for (int i = 0; i < n_x; i++)
    if (x[i].id <= top) add_tangent(&tangents[x[i].id], dx[i]);
  keep_needed(t, on, y, n_y, top);
  for (uint32_t id = 1; id <= top; id++) {
    if (!on[id] || tgi_node_at(t, id)->flags & TGI_CONSTANT) continue;
    tgi_arena_mark work = tgi_arena_mark_of(&t->work);
    add_tangent(&tangents[id], push_node(t, id, tangents, on));
    tgi_arena_rewind(&t->work, work);
    if (t->status != TG_OK) return false;
  }
  for (int j = 0; j < n_y; j++) {
    tg_var tangent = tangents[y[j].id];
    dy[j] = tg_is_none(tangent) ? tgi_filled_like(y[j], 0) : tangent;
  }
  return t->status == TG_OK;
}

static bool check_arguments(tg_tape *t, const tg_var x[], const tg_var dx[], int n) {
  if (!tgi_sweep_vars(t, x, n, "jvp")) return false;
  for (int i = 0; i < n; i++)
    if (!tgi_check_cotangent(t, x[i], dx[i], "jvp")) return false;
  return tgi_check_leaves(t) == TG_OK;
}

tg_status tg_jvp(const tg_var y[], int n_y, const tg_var x[], const tg_var dx[], int n_x,
                 tg_var dy[]) {
  tg_tape *t = tgi_tape_of(y, n_y);
  tgi_arena_mark work = t ? tgi_arena_mark_of(&t->work) : (tgi_arena_mark){0};
  bool right = tgi_sweep_tape(y, n_y, "jvp") && check_arguments(t, x, dx, n_x);
  if (right) {
    tgi_recording recording = tgi_recording_begin(t);
    right = sweep(t, y, n_y, x, dx, n_x, dy);
    tgi_recording_end(t, recording);
  }
  if (t) tgi_arena_rewind(&t->work, work);
  for (int j = 0; j < n_y && !right; j++) dy[j] = t ? tgi_failed(t) : TG_NONE;
  return right ? TG_OK : t ? t->status : TG_ARGUMENT;
}
