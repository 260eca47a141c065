/* Paths from targets to roots, arguments checked, rules called and their results checked. */
#include "diff/sweep.h"

#include <string.h>

#include "tapegrad/ops.h"

/* ---- paths ---- */

static bool has_marked_operand(const tgi_node *node, const uint8_t *on) {
  const uint32_t *ids = tgi_operand_ids(node);
  for (int i = 0; i < node->n; i++)
    if (on[ids[i]]) return true;
  return false;
}

uint8_t *tgi_paths(tg_tape *t, uint32_t top, const tg_var x[], int n, bool with_params) {
  uint8_t *on = tgi_tape_work(t, (size_t)top + 1);
  if (on == NULL) return NULL;
  memset(on, 0, (size_t)top + 1);
  uint32_t first = with_params ? 1 : top;
  for (int i = 0; i < n; i++) {
    if (x[i].id > top) continue;
    on[x[i].id] = TGI_ON_PATH | TGI_TARGET;
    if (x[i].id < first) first = x[i].id;
  }
  for (uint32_t id = first; id <= top; id++) {
    const tgi_node *node = tgi_node_at(t, id);
    bool param = with_params && node->flags & TGI_NEEDS_GRAD;
    if (param || (!(node->flags & TGI_CONSTANT) && has_marked_operand(node, on)))
      on[id] |= TGI_ON_PATH;
  }
  return on;
}

/* ---- arguments ---- */

bool tgi_sweep_vars(tg_tape *t, const tg_var x[], int n, const char *what) {
  for (int i = 0; i < n; i++) {
    if (!tgi_check_var(t, x[i], what)) return false;
    if (tg_dtype_is_float(tg_dtype_of(x[i]))) continue;
    tg_tape_fail(t, TG_DTYPE, "%s: a var is %s; gradients are of f32 and f64", what,
                 tg_dtype_name(tg_dtype_of(x[i])));
    return false;
  }
  return true;
}

tg_tape *tgi_sweep_tape(const tg_var x[], int n, const char *what) {
  tg_tape *t = tgi_tape_of(x, n);
  return t && t->status == TG_OK && tgi_sweep_vars(t, x, n, what) ? t : NULL;
}

bool tgi_check_intact(tg_tape *t, tg_mark mark, const char *what) {
  if (tgi_is_intact(t, mark)) return true;
  tg_tape_fail(t, TG_STATE, "%s%s: its rule rewound the tape that is being swept", what,
               t->backward ? " (backward)" : "");
  return false;
}

static void refuse_shape(tg_tape *t, tg_var y, tg_var g, const char *what) {
  tg_tensor a = tgi_value(y), b = tgi_value(g);
  char has[200], given[200];
  tg_tensor_shape_text(&a, has, sizeof has);
  tg_tensor_shape_text(&b, given, sizeof given);
  tg_tape_fail(t, a.dtype == b.dtype ? TG_SHAPE : TG_DTYPE,
               "%s: a cotangent or tangent is %s %s where the var is %s %s", what, given,
               tg_dtype_name(b.dtype), has, tg_dtype_name(a.dtype));
}

bool tgi_check_cotangent(tg_tape *t, tg_var y, tg_var g, const char *what) {
  if (tg_is_none(g)) return true;
  if (!tgi_check_var(t, g, what)) return false;
  tg_tensor a = tgi_value(y), b = tgi_value(g);
  if (a.dtype == b.dtype && tg_tensor_same_shape(&a, &b)) return true;
  refuse_shape(t, y, g, what);
  return false;
}

bool tgi_check_scalar(tg_tape *t, tg_var y, const char *what) {
  if (tg_numel(y) == 1) return true;
  char shape[200];
  tg_tensor value = tgi_value(y);
  tg_tensor_shape_text(&value, shape, sizeof shape);
  tg_tape_fail(t, TG_SHAPE, "%s: the root is %s; it must have one element", what, shape);
  return false;
}

uint32_t tgi_top(const tg_var x[], int n) {
  uint32_t top = 0;
  for (int i = 0; i < n; i++)
    if (x[i].id > top) top = x[i].id;
  return top;
}

tg_var tgi_filled_like(tg_var x, double value) {
  tg_tensor like = tgi_value(x);
  tg_var filled = tg_scalar(x.tape, like.dtype, value);
  return like.rank == 0 ? filled : tg_broadcast_to(filled, like.rank, like.dims);
}

/* ---- gradients off ---- */

tgi_recording tgi_recording_begin(tg_tape *t) {
  return (tgi_recording){.nodes = t->nodes, .grad = tg_tape_set_grad(t, true)};
}

void tgi_recording_end(tg_tape *t, tgi_recording r) {
  tg_tape_set_grad(t, r.grad);
  for (uint32_t id = r.nodes + 1; !r.grad && id <= t->nodes; id++) {
    tgi_node *node = tgi_node_at(t, id);
    node->flags = (uint8_t)((node->flags & ~TGI_NEEDS_GRAD) | TGI_CONSTANT);
  }
}

/* ---- rules ---- */

bool tgi_rule_call(tg_tape *t, uint32_t id, tg_call *c) {
  const tgi_node *node = tgi_node_at(t, id);
  size_t n = node->n ? node->n : 1;
  tg_tensor *in = tgi_tape_work(t, n * sizeof *in);
  tg_var *x = tgi_tape_work(t, n * sizeof *x);
  if (in == NULL || x == NULL) return false;
  tgi_call_of(t, id, in, c);
  const uint32_t *ids = tgi_operand_ids(node);
  for (int i = 0; i < c->n; i++) x[i] = tgi_var_of(t, ids[i]);
  c->x = x;
  return true;
}

/* What a rule returned for operand i: live, and of the operand's shape and dtype. */
static bool check_result(const tg_call *c, int i, tg_var dx) {
  if (tg_is_none(dx)) return true;
  if (!tgi_is_live(dx) || dx.tape != c->tape) {
    tg_call_fail(c, TG_STALE, "the rule for operand %d gave no live var of this tape", i);
    return false;
  }
  tg_tensor value = tgi_value(dx);
  if (value.dtype == c->in[i].dtype && tg_tensor_same_shape(&value, &c->in[i])) return true;
  char shape[200];
  tg_tensor_shape_text(&value, shape, sizeof shape);
  tg_call_fail(c, TG_SHAPE, "the rule for operand %d gave %s %s, not the operand's shape and dtype",
               i, shape, tg_dtype_name(value.dtype));
  return false;
}

static bool apply_rules(tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  tg_mark mark = tg_tape_mark(c->tape);
  for (int i = 0; i < c->n; i++) dx[i] = TG_NONE;
  if (c->op->vjp_all) c->op->vjp_all(c, g, want, dx);
  for (int i = 0; i < c->n; i++) {
    if (!want[i]) continue;
    c->i = i;
    tg_vjp_fn *rule = tgi_rule(c->op, i);
    if (!c->op->vjp_all) dx[i] = rule ? rule(c, g) : tg_vjp_none(c, g);
    if (!tgi_check_intact(c->tape, mark, c->op->name)) return false;
    if (!check_result(c, i, dx[i])) return false;
  }
  return c->tape->status == TG_OK;
}

bool tgi_apply_rules(tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  tg_tape *t = c->tape;
  const tg_call *outer = t->rule;
  int64_t notes[2] = {0};
  t->rule = c;
  c->notes = notes;
  bool right = apply_rules(c, g, want, dx);
  c->notes = NULL;
  t->rule = outer;
  return right;
}
