/* What operators have in common: ready-made rules and shape functions, shared attributes. */
#include "ops/attrs.h"
#include "tape/tape.h"

const tg_field tgi_dims_fields[] = {
    {.name = "dims",
     .type = TG_FIELD_I64S,
     .offset = offsetof(tgi_dims_attrs, entries),
     .count = offsetof(tgi_dims_attrs, n)},
    {.name = NULL},
};
const tg_field tgi_axes_fields[] = {
    {.name = "axes",
     .type = TG_FIELD_I64S,
     .offset = offsetof(tgi_dims_attrs, entries),
     .count = offsetof(tgi_dims_attrs, n)},
    {.name = NULL},
};

tg_status tgi_out_dims(tg_call *c, int rank, const int64_t dims[]) {
  if (rank < 0 || rank > TG_MAX_RANK)
    return tg_call_fail(c, TG_SHAPE, "the rank asked for is not 0 to %d", TG_MAX_RANK);
  if (!tgi_set_dims(&c->out, rank, dims))
    return tg_call_fail(c, TG_SHAPE, "a dim is negative, or the size does not fit into 63 bits");
  return TG_OK;
}

tg_status tg_shape_same(tg_call *c) {
  for (int i = 1; i < c->n; i++)
    if (!tgi_same_shape(&c->in[i], &c->in[0]))
      return tg_call_fail(c, TG_SHAPE, "the shapes differ");
  return TG_OK;
}

/* ---- reverse ---- */

tg_var tg_vjp_zero(const tg_call *c, tg_var g) {
  (void)c;
  (void)g;
  return TG_NONE;
}

tg_var tg_vjp_none(const tg_call *c, tg_var g) {
  (void)g;
  tg_call_fail(c, TG_NOT_DIFFERENTIABLE, "operand %d has no derivative", c->i);
  return tgi_failed(c->tape);
}

/* ---- forward ---- */

tg_var tg_jvp_zero(const tg_call *c, const tg_var dx[]) {
  (void)c;
  (void)dx;
  return TG_NONE;
}

static tg_var add_tangents(tg_var a, tg_var b) {
  if (tg_is_none(a)) return b;
  return tg_is_none(b) ? a : tg_add(a, b);
}

tg_var tg_jvp_elementwise(const tg_call *c, const tg_var dx[]) {
  tg_call at = *c;
  tg_var dy = TG_NONE;
  for (int i = 0; i < c->n; i++) {
    tg_vjp_fn *rule = tgi_rule(c->op, i);
    at.i = i;
    if (tg_is_none(dx[i])) continue;
    dy = add_tangents(dy, rule ? rule(&at, dx[i]) : tg_vjp_none(&at, dx[i]));
  }
  return dy;
}

tg_var tgi_zeros_like(tg_tape *t, const tg_tensor *like) {
  return tgi_broadcast_like(tg_scalar(t, like->dtype, 0), like);
}

tg_var tg_jvp_linear(const tg_call *c, const tg_var dx[]) {
  tg_var *x = tg_call_scratch(c, (size_t)c->n * sizeof *x);
  if (x == NULL) return tgi_failed(c->tape);
  for (int i = 0; i < c->n; i++) {
    bool moves = tg_dtype_is_float(c->in[i].dtype);
    x[i] = !moves ? c->x[i] : tg_is_none(dx[i]) ? tgi_zeros_like(c->tape, &c->in[i]) : dx[i];
  }
  return tg_apply_on(c->tape, c->op, x, c->n, c->attrs);
}

tg_var tg_jvp_bilinear(const tg_call *c, const tg_var dx[]) {
  tg_var dy = TG_NONE;
  if (c->n != 2) {
    tg_call_fail(c, TG_ARGUMENT, "tg_jvp_bilinear is of two operands, not %d", c->n);
    return tgi_failed(c->tape);
  }
  if (!tg_is_none(dx[0])) dy = tg_apply(c->op, (const tg_var[]){dx[0], c->x[1]}, 2, c->attrs);
  if (!tg_is_none(dx[1]))
    dy = add_tangents(dy, tg_apply(c->op, (const tg_var[]){c->x[0], dx[1]}, 2, c->attrs));
  return dy;
}
