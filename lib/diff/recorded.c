/* The recorded reverse sweep: cotangents are vars, made by the operators' rules, so that they can
   be differentiated again. It never changes a value. */
#include <string.h>

#include "diff/grad_of.h"

/* Cotangent of each node by id, TG_NONE while zero. */
static bool add_cotangent(tg_var cotangents[], uint32_t id, tg_var g) {
  if (tg_is_none(g)) return true;
  tg_var *sum = &cotangents[id];
  *sum = tg_is_none(*sum) ? g : tg_add(*sum, g);
  return !tg_is_failed(*sum);
}

static bool reverse_node(tg_tape *t, uint32_t id, tg_var cotangents[], const uint8_t *on) {
  tg_call c;
  if (!tgi_rule_call(t, id, &c)) return false;
  size_t n = (size_t)c.n + 1;
  bool *want = tgi_tape_work(t, n * sizeof *want);
  tg_var *dx = tgi_tape_work(t, n * sizeof *dx);
  if (want == NULL || dx == NULL) return false;
  for (int i = 0; i < c.n; i++) want[i] = on[c.x[i].id] != 0;
  bool fused = tgi_has_grad_of(t, c.op);
  if (!(fused ? tgi_apply_grads : tgi_apply_rules)(&c, cotangents[id], want, dx)) return false;
  for (int i = 0; i < c.n; i++)
    if (want[i] && !add_cotangent(cotangents, c.x[i].id, dx[i])) return false;
  return true;
}

static bool seed(const tg_var y[], const tg_var g[], int n, tg_var cotangents[],
                 const uint8_t *on) {
  for (int j = 0; j < n; j++) {
    tg_var given = g ? g[j] : TG_NONE;
    if (!on[y[j].id]) continue;
    if (!add_cotangent(cotangents, y[j].id, tg_is_none(given) ? tgi_filled_like(y[j], 1) : given))
      return false;
  }
  return true;
}

static bool sweep(tg_tape *t, const tg_var y[], const tg_var g[], int n_y, const tg_var x[],
                  int n_x, tg_var dx[]) {
  uint32_t top = tgi_top(y, n_y);
  uint8_t *on = tgi_paths(t, top, x, n_x, false);
  tg_var *cotangents = tgi_tape_work(t, ((size_t)top + 1) * sizeof *cotangents);
  if (on == NULL || cotangents == NULL) return false;
  memset(cotangents, 0, ((size_t)top + 1) * sizeof *cotangents);
  if (!seed(y, g, n_y, cotangents, on)) return false;
  uint32_t low = top;
  for (int i = 0; i < n_x; i++)
    if (x[i].id < low) low = x[i].id;
  for (uint32_t id = top; id > low; id--) {
    if (tg_is_none(cotangents[id]) || tgi_node_at(t, id)->flags & TGI_CONSTANT) continue;
    tgi_arena_mark work = tgi_arena_mark_of(&t->work);
    bool right = reverse_node(t, id, cotangents, on);
    tgi_arena_rewind(&t->work, work);
    if (!right) return false;
  }
  for (int i = 0; i < n_x; i++) {
    bool reached = x[i].id <= top && !tg_is_none(cotangents[x[i].id]);
    dx[i] = reached ? cotangents[x[i].id] : tgi_filled_like(x[i], 0);
  }
  return t->status == TG_OK;
}

static bool check_arguments(tg_tape *t, const tg_var y[], const tg_var g[], int n_y,
                            const tg_var x[], int n_x) {
  if (!tgi_sweep_vars(t, x, n_x, "vjp")) return false;
  for (int j = 0; g && j < n_y; j++)
    if (!tgi_check_cotangent(t, y[j], g[j], "vjp")) return false;
  return tgi_check_leaves(t) == TG_OK;
}

static tg_status fail_all(tg_tape *t, tg_var dx[], int n) {
  for (int i = 0; i < n; i++) dx[i] = t ? tgi_failed(t) : TG_NONE;
  return t ? t->status : TG_ARGUMENT;
}

tg_status tg_vjp(const tg_var y[], const tg_var g[], int n_y, const tg_var x[], int n_x,
                 tg_var dx[]) {
  tg_tape *t = tgi_tape_of(y, n_y);
  if (tgi_sweep_tape(y, n_y, "vjp") == NULL || !check_arguments(t, y, g, n_y, x, n_x))
    return fail_all(t, dx, n_x);
  bool was = t->backward;
  t->backward = true;
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  tgi_recording recording = tgi_recording_begin(t);
  bool right = sweep(t, y, g, n_y, x, n_x, dx);
  tgi_recording_end(t, recording);
  tgi_arena_rewind(&t->work, work);
  t->backward = was;
  return right ? TG_OK : fail_all(t, dx, n_x);
}

tg_status tg_grad(tg_var y, const tg_var x[], int n, tg_var dx[]) {
  if (tgi_is_live(y) && !tgi_check_scalar(y.tape, y, "grad")) return fail_all(y.tape, dx, n);
  return tg_vjp(&y, NULL, 1, x, n, dx);
}
