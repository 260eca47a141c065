/* Broadcasting, in one place: broadcast_to is a view with stride 0, sum_to is its transpose, and
   binary operators are arranged by them. No rule un-broadcasts. */
#include "kernel/accumulate.h"
#include "kernel/reduce.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"
#include "tape/tape.h"

static tg_status shape_broadcast_to(tg_call *c) {
  const tgi_dims_attrs *attrs = c->attrs;
  tg_status status = tgi_out_dims(c, attrs->n, attrs->entries);
  if (status != TG_OK) return status;
  tg_tensor to = c->out;
  if (!tgi_broadcast_dims(&to, &c->in[0]) || !tg_tensor_same_shape(&to, &c->out)) {
    char text[200];
    tg_tensor_shape_text(&c->out, text, sizeof text);
    return tg_call_fail(c, TG_SHAPE, "does not broadcast to %s", text);
  }
  c->out = tgi_broadcast_view(&c->in[0], &to);
  return TG_OK;
}

static tg_var vjp_broadcast_to(const tg_call *c, tg_var g) { return tgi_sum_like(g, &c->in[0]); }

static tg_status grad_broadcast_to(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                                   double beta) {
  (void)i;
  return tgi_reduce(c->runtime, &tgi_sum, dx, g, beta);
}

static tg_status shape_sum_to(tg_call *c) {
  const tgi_dims_attrs *attrs = c->attrs;
  tg_status status = tgi_out_dims(c, attrs->n, attrs->entries);
  if (status != TG_OK) return status;
  tg_tensor to = c->in[0];
  if (tgi_broadcast_dims(&to, &c->out) && tg_tensor_same_shape(&to, &c->in[0])) return TG_OK;
  char text[200];
  tg_tensor_shape_text(&c->out, text, sizeof text);
  return tg_call_fail(c, TG_SHAPE,
                      "%s does not broadcast to the operand, so it cannot be summed to", text);
}

static int axis_sum_to(const tg_call *c, int i, int k) {
  (void)i;
  int to = k - (c->in[0].rank - c->out.rank);
  return to >= 0 && c->out.dims[to] == c->in[0].dims[k] ? to : TG_NO_AXIS;
}

static tg_status kernel_sum_to(const tg_call *c) {
  return tgi_reduce(c->runtime, &tgi_sum, &c->out, &c->in[0], 0);
}

static tg_kernel_fn *bind_sum_to(const tg_call *c, const void **attrs) {
  return tgi_bind_sum(c, &c->out, attrs);
}

static tg_var vjp_sum_to(const tg_call *c, tg_var g) { return tgi_broadcast_like(g, &c->in[0]); }

static tg_status grad_sum_to(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                             double beta) {
  (void)i;
  tg_tensor wide = tgi_broadcast_view(g, dx);
  tgi_accumulate(c->runtime, dx, &wide, beta);
  return TG_OK;
}

/* ---- samples ---- */

static const tgi_dims_attrs to_234 = {3, {2, 3, 4}}, to_34 = {2, {3, 4}}, to_31 = {2, {3, 1}},
                            to_none = {0, {0}}, to_03 = {2, {0, 3}}, to_52 = {2, {5, 2}};

/* clang-format off */
static const tg_sample samples_broadcast_to[] = {
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4}, .low = -2, .high = 2}}, .attrs = &to_234},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 1}, .low = -2, .high = 2}}, .attrs = &to_34},
  {.n = 1, .in = {{.rank = 0,                 .low = -2, .high = 2}}, .attrs = &to_34},
  {.n = 1, .in = {{.rank = 0,                 .low = -2, .high = 2}}, .attrs = &to_none},
  {.n = 1, .in = {{.rank = 1, .dims = {1},    .low = -2, .high = 2}}, .attrs = &to_03},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4}, .low = -2, .high = 2}}, .attrs = &to_52, .refuse = TG_SHAPE},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 1}, .low = -2, .high = 2}}, .attrs = &to_none, .refuse = TG_SHAPE},
};
static const tg_sample samples_sum_to[] = {
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &to_34},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &to_31},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &to_none},
  {.n = 1, .in = {{.rank = 2, .dims = {0, 3},    .low = -2, .high = 2}}, .attrs = &to_none},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &to_52, .refuse = TG_SHAPE},
};

const tg_op tgi_op_broadcast_to = {
  TG_OP_INIT, .flags = TG_OP_VIEW, .name = "broadcast_to", .label = "broadcast", .formula = "y[..., i, ...] = x[..., 0, ...] along new and stretched axes",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_dims_attrs), .attrs = tgi_dims_fields,
  .shape = shape_broadcast_to, .vjp = {vjp_broadcast_to}, .jvp = tg_jvp_linear, .grad = grad_broadcast_to, TG_SAMPLES(samples_broadcast_to),
};
const tg_op tgi_op_sum_to = {
  TG_OP_INIT, .flags = TG_OP_SPREADS, .name = "sum_to", .label = "sum_to", .formula = "y = x summed over the axes that broadcasting y to x's shape would stretch",
  .arity = 1, .dtypes = TG_NUMBERS, .attrs_size = sizeof(tgi_dims_attrs), .attrs = tgi_dims_fields,
  .shape = shape_sum_to, .kernel = kernel_sum_to, .bind = bind_sum_to, .vjp = {vjp_sum_to}, .jvp = tg_jvp_linear, .grad = grad_sum_to, .axis = axis_sum_to, TG_SAMPLES(samples_sum_to),
};
/* clang-format on */

tg_var tg_broadcast_to(tg_var x, int rank, const int64_t dims[]) {
  tgi_dims_attrs attrs = tgi_dims_attrs_of(rank, dims);
  return tgi_apply1(&tgi_op_broadcast_to, x, &attrs);
}

tg_var tg_sum_to(tg_var x, int rank, const int64_t dims[]) {
  tgi_dims_attrs attrs = tgi_dims_attrs_of(rank, dims);
  return tgi_apply1(&tgi_op_sum_to, x, &attrs);
}

static bool has_shape(tg_var x, const tg_tensor *like) {
  tg_tensor value = tgi_value(x);
  return value.data && tg_tensor_same_shape(&value, like);
}

tg_var tgi_broadcast_like(tg_var x, const tg_tensor *like) {
  return has_shape(x, like) ? x : tg_broadcast_to(x, like->rank, like->dims);
}

tg_var tgi_sum_like(tg_var x, const tg_tensor *like) {
  return has_shape(x, like) ? x : tg_sum_to(x, like->rank, like->dims);
}

/* Nodes of one layout have one shape. Of a var that is not live nothing is known: the caller
   refuses it. */
static bool need_no_broadcast(const tg_call *c, const tg_var x[]) {
  const tgi_layout *first = NULL;
  bool same = true;
  for (int i = 0; i < c->n; i++) {
    if (!tgi_lives_on(c->tape, x[i])) return true;
    const tgi_layout *own = tgi_node_at(c->tape, x[i].id)->layout;
    if (i == 0) first = own;
    same = same && (own == first || (own->rank == first->rank &&
                                     tgi_same_dims(own->rank, own->entries, first->entries)));
  }
  return same;
}

tg_status tg_arrange_broadcast(const tg_call *c, tg_var x[]) {
  if (need_no_broadcast(c, x)) return TG_OK;
  tg_tensor to = tgi_value(x[0]);
  for (int i = 1; i < c->n; i++) {
    tg_tensor value = tgi_value(x[i]);
    if (!tgi_broadcast_dims(&to, &value))
      return tg_call_fail(c, TG_SHAPE, "the shapes do not broadcast");
  }
  for (int i = 0; i < c->n; i++) x[i] = tgi_broadcast_like(x[i], &to);
  return tg_tape_status(c->tape);
}
