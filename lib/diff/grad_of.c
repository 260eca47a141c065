/* The cotangent of one operand as one node, by the operator's `grad`: what a capture records of
   operators whose rules take many passes over memory. Its own rule differentiates the operator's
   rule, which says the same as an expression. */
#include "diff/grad_of.h"

#include <string.h>

enum { ROOM = 160 }; /* bytes of the operator's attributes, at most */

typedef struct grad_attrs {
  const tg_op *op;
  int i;
  _Alignas(16) char attrs[ROOM];
} grad_attrs;

/* Before the operator's operands. */
enum { G, Y, X };

/* The operator's call, as its grad and its rules see it. */
static tg_call inner_call(const tg_call *c) {
  const grad_attrs *a = c->attrs;
  tg_call inner = *c;
  inner.op = a->op;
  inner.attrs = a->attrs;
  inner.n = c->n - X;
  inner.i = a->i;
  inner.in = c->in + X;
  inner.out = c->in[Y];
  inner.x = c->x ? c->x + X : NULL;
  return inner;
}

static tg_status shape_grad_of(tg_call *c) {
  const tg_tensor *x = &c->in[X + ((const grad_attrs *)c->attrs)->i];
  c->out = (tg_tensor){.dtype = x->dtype};
  tgi_copy_layout(&c->out, x);
  return TG_OK;
}

/* A result is dense where the operator computes it; a program may read it as a view. */
static tg_status kernel_grad_of(const tg_call *c) {
  const grad_attrs *a = c->attrs;
  tg_call inner = inner_call(c);
  if (!tg_tensor_is_contiguous(&inner.out)) {
    tgi_set_contiguous(&inner.out);
    inner.out.data = tg_call_scratch(c, tg_tensor_bytes(&inner.out));
    if (inner.out.data == NULL) return TG_NO_MEMORY;
    tgi_copy(&inner.out, &c->in[Y]);
  }
  return a->op->grad(&inner, a->i, &c->in[G], &c->out, 0);
}

/* ---- its rule ---- */

/* Operands as vars of their own, at which a sweep ends. NULL with the tape failed. */
static tg_var *cut(const tg_call *c) {
  tg_var *x = tg_call_scratch(c, (size_t)c->n * sizeof *x);
  for (int k = 0; x && k < c->n; k++) x[k] = tg_identity(c->x[k]);
  return x;
}

/* The operator's rule on these operands; TG_NONE: it is zero. False with the tape failed. */
static bool apply_rule(const tg_call *c, const tg_var x[], tg_var *dx) {
  tg_call inner = inner_call(c);
  bool *want = tg_call_scratch(c, (size_t)c->n * sizeof *want);
  tg_var *all = tg_call_scratch(c, (size_t)c->n * sizeof *all);
  if (want == NULL || all == NULL) return false;
  inner.x = x + X;
  inner.y = x[Y];
  for (int k = 0; k < inner.n; k++) want[k] = k == inner.i;
  if (!tgi_apply_rules(&inner, x[G], want, all)) return false;
  *dx = all[((const grad_attrs *)c->attrs)->i];
  return true;
}

/* Only what the rule is made from has a cotangent: the rest would get zeros that sweep on. */
static bool is_made_from(const tg_call *c, tg_var y, tg_var x, bool *is) {
  const uint8_t *on = tgi_paths(c->tape, y.id, &x, 1, false);
  if (on) *is = on[y.id] != 0;
  return on != NULL;
}

static void vjp_grad_of(const tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  tg_var y = TG_NONE, *x = cut(c);
  tg_var *found = tg_call_scratch(c, (size_t)c->n * sizeof *found);
  bool *is = tg_call_scratch(c, (size_t)c->n * sizeof *is);
  int m = 0;
  if (!x || !found || !is || !apply_rule(c, x, &y) || tg_is_none(y)) return;
  for (int k = 0; k < c->n; k++) {
    is[k] = false;
    if (want[k] && !is_made_from(c, y, x[k], &is[k])) return;
    if (is[k]) x[m++] = x[k];
  }
  if (tg_vjp(&y, &g, 1, x, m, found) != TG_OK) return;
  for (int k = c->n - 1; k >= 0; k--)
    if (is[k]) dx[k] = found[--m];
}

/* clang-format off */
static const tg_op grad_of_op = {
  TG_OP_INIT, .flags = TG_OP_MIXED, .name = "grad_of", .label = "grad", .formula = "dx[i] of the operator, given g, y and x",
  .arity = 3, .max_arity = TG_VARIADIC, .dtypes = TG_ANY, .attrs_size = sizeof(grad_attrs),
  .shape = shape_grad_of, .kernel = kernel_grad_of, .vjp_all = vjp_grad_of,
};
/* clang-format on */

/* ---- for the recorded sweep ---- */

bool tgi_has_grad_of(const tg_tape *t, const tg_op *op) {
  return t->capture && op->flags & TG_OP_FUSED && op->grad && op->attrs_size <= ROOM;
}

bool tgi_apply_grads(tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  tg_var *x = tg_call_scratch(c, ((size_t)c->n + X) * sizeof *x);
  grad_attrs attrs = {.op = c->op};
  if (x == NULL) return false;
  if (c->op->attrs_size) memcpy(attrs.attrs, c->attrs, c->op->attrs_size);
  x[G] = g;
  x[Y] = c->y;
  memcpy(x + X, c->x, (size_t)c->n * sizeof *x);
  for (int i = 0; i < c->n; i++) {
    attrs.i = i;
    dx[i] = want[i] ? tg_apply_on(c->tape, &grad_of_op, x, c->n + X, &attrs) : TG_NONE;
  }
  return c->tape->status == TG_OK;
}

const tg_op *tgi_grad_of(const tg_op *op, const void *attrs) {
  return op == &grad_of_op ? ((const grad_attrs *)attrs)->op : NULL;
}
