/* Regions with a derivative of their own. A region is one node: its operands are the region's
   inputs and, last, the value that was computed and collapsed, of which the node is a view. */
#include <string.h>

#include "diff/sweep.h"
#include "tapegrad/ops.h"

typedef struct region {
  tg_fn *fn;
  tg_custom_vjp_fn *vjp; /* NULL: the region is computed again and differentiated */
  void *user;
} region;

static tg_status shape_region(tg_call *c) {
  c->out = c->in[c->n - 1];
  return TG_OK;
}

/* The inputs as vars of their own, so that a sweep from the region ends at them: one may be made
   from another, be given twice, or be captured by fn. NULL with the tape failed. */
static tg_var *cut_inputs(const tg_call *c) {
  tg_var *x = tg_call_scratch(c, (size_t)c->n * sizeof *x);
  for (int i = 0; x && i < c->n; i++) x[i] = tg_identity(c->x[i]);
  return x;
}

/* The value is no input: its cotangent is dropped, since the gradient goes to the inputs by the
   region's own rule. */
static void vjp_checkpoint(const tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  const region *r = c->attrs;
  int n = c->n - 1, m = 0;
  tg_tape *t = c->tape;
  tg_var *x = cut_inputs(c), *found = tg_call_scratch(c, (size_t)c->n * sizeof *found);
  if (x == NULL || found == NULL) return;
  tg_var y = r->fn(t, x, r->user);
  if (!tgi_check_var(t, y, c->op->name)) return;
  for (int i = 0; i < n; i++)
    if (want[i]) x[m++] = x[i];
  tg_vjp(&y, &g, 1, x, m, found);
  for (int i = n - 1; i >= 0; i--)
    if (want[i]) dx[i] = found[--m];
}

static void vjp_custom(const tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  const region *r = c->attrs;
  const tg_var *x = cut_inputs(c);
  (void)want;
  if (x) r->vjp(c->tape, x, c->n - 1, c->y, g, dx, r->user);
}

/* clang-format off */
static const tg_op checkpoint_op = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_MIXED, .name = "checkpoint", .label = "checkpoint", .formula = "fn(x), computed again for its gradient",
  .arity = 1, .max_arity = TG_VARIADIC, .dtypes = TG_ANY, .attrs_size = sizeof(region), .shape = shape_region, .vjp_all = vjp_checkpoint,
};
static const tg_op custom_op = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_MIXED, .name = "custom_vjp", .label = "custom", .formula = "fn(x), with a gradient of its own",
  .arity = 1, .max_arity = TG_VARIADIC, .dtypes = TG_ANY, .attrs_size = sizeof(region), .shape = shape_region, .vjp_all = vjp_custom,
};
/* clang-format on */

/* A capture keeps what the value was made by, since replays compute it anew. */
static tg_var evaluate(tg_tape *t, const region *r, const tg_var x[]) {
  tg_mark mark = tg_tape_mark(t);
  tg_var y = r->fn(t, x, r->user);
  bool whole = tgi_check_var(t, y, "region");
  if (whole && !t->capture) tg_tape_collapse(t, mark, &y, 1);
  return y;
}

static tg_var apply_region(const tg_op *op, tg_tape *t, const region *r, const tg_var x[], int n) {
  if (t == NULL) return TG_NONE;
  for (int i = 0; i < n; i++)
    if (!tgi_check_var(t, x[i], op->name)) return tgi_failed(t);
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  tg_var *operands = tgi_tape_work(t, ((size_t)n + 1) * sizeof *operands), y = tgi_failed(t);
  if (operands) {
    memcpy(operands, x, (size_t)n * sizeof *operands);
    operands[n] = evaluate(t, r, x);
    y = tg_apply_on(t, op, operands, n + 1, r);
  }
  tgi_arena_rewind(&t->work, work);
  return y;
}

tg_var tg_checkpoint(tg_fn *fn, tg_tape *t, const tg_var x[], int n, void *user) {
  return apply_region(&checkpoint_op, t, &(region){.fn = fn, .user = user}, x, n);
}

tg_var tg_custom_vjp(tg_fn *fn, tg_custom_vjp_fn *vjp, tg_tape *t, const tg_var x[], int n,
                     void *user) {
  return apply_region(&custom_op, t, &(region){.fn = fn, .vjp = vjp, .user = user}, x, n);
}
