/* Several tensors made one: concat along an axis, stack along a new one. The rules take the parts
   out again. */
#include "kernel/accumulate.h"
#include "ops/view.h"

static int axis_of(const tg_call *c) { return tgi_axis_in(c, &c->out); }

/* ---- concat ---- */

static int axis_concat(const tg_call *c, int i, int k) {
  (void)i;
  return k == axis_of(c) ? TG_NO_AXIS : k;
}

/* All operands are as the first, but for the axis. */
static tg_status shape_concat(tg_call *c) {
  int axis = tgi_call_axis(c, ((const tgi_axis_attrs *)c->attrs)->axis);
  if (axis < 0) return TG_ARGUMENT;
  tg_tensor like = c->in[0];
  int64_t total = 0;
  for (int i = 0; i < c->n; i++) {
    if (c->in[i].rank == like.rank) like.dims[axis] = c->in[i].dims[axis];
    if (!tg_tensor_same_shape(&like, &c->in[i]))
      return tg_call_fail(c, TG_SHAPE, "operand %d does not fit: only axis %d may differ", i, axis);
    if (!tgi_add_size(total, like.dims[axis], &total))
      return tg_call_fail(c, TG_OVERFLOW, "the size does not fit into 63 bits");
  }
  like.dims[axis] = total;
  return tgi_out_dims(c, like.rank, like.dims);
}

static tg_status kernel_concat(const tg_call *c) {
  int axis = axis_of(c);
  int64_t offset = 0;
  for (int i = 0; i < c->n; i++) {
    int64_t n = c->in[i].dims[axis];
    tg_tensor part = tgi_slice_view(&c->out, axis, offset, 1, n);
    tgi_copy(&part, &c->in[i]);
    offset += n;
  }
  return TG_OK;
}

/* Where operand i begins in the result. The notes: an operand before it, and where that begins. */
static int64_t concat_offset(const tg_call *c, int axis, int i) {
  int64_t none[2] = {0}, *notes = c->notes ? c->notes : none;
  while (notes[0] < i) notes[1] += c->in[notes[0]++].dims[axis];
  return notes[1];
}

static tg_var vjp_concat(const tg_call *c, tg_var g) {
  int axis = axis_of(c);
  int64_t offset = concat_offset(c, axis, c->i);
  return tg_slice(g, axis, offset, offset + c->in[c->i].dims[axis], 1);
}

static tg_status grad_concat(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                             double beta) {
  int axis = axis_of(c);
  tg_tensor part = tgi_slice_view(g, axis, concat_offset(c, axis, i), 1, dx->dims[axis]);
  tgi_accumulate(c->runtime, dx, &part, beta);
  return TG_OK;
}

/* ---- stack ---- */

static tg_status shape_stack(tg_call *c) {
  const tg_tensor *x = &c->in[0];
  int axis;
  tg_status status = tgi_new_axis(c, &axis);
  if (status != TG_OK) return status;
  for (int i = 1; i < c->n; i++)
    if (!tg_tensor_same_shape(&c->in[i], x))
      return tg_call_fail(c, TG_SHAPE, "operand %d has another shape than the first", i);
  int64_t dims[TG_MAX_RANK];
  for (int k = 0; k <= x->rank; k++) dims[k] = k == axis ? c->n : x->dims[k < axis ? k : k - 1];
  return tgi_out_dims(c, x->rank + 1, dims);
}

static tg_status kernel_stack(const tg_call *c) {
  for (int i = 0; i < c->n; i++) {
    tg_tensor part = tgi_select_view(&c->out, axis_of(c), i);
    tgi_copy(&part, &c->in[i]);
  }
  return TG_OK;
}

static int axis_stack(const tg_call *c, int i, int k) {
  (void)i;
  return k + (k >= axis_of(c));
}

static tg_var vjp_stack(const tg_call *c, tg_var g) { return tg_select(g, axis_of(c), c->i); }

static tg_status grad_stack(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                            double beta) {
  tg_tensor part = tgi_select_view(g, axis_of(c), i);
  tgi_accumulate(c->runtime, dx, &part, beta);
  return TG_OK;
}

/* ---- samples ---- */

static const tgi_axis_attrs axis_0 = {0}, axis_1 = {1}, axis_m1 = {-1}, axis_3 = {3};

/* clang-format off */
#define X(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_concat[] = {
  {.n = 3, .in = {X(2, 2, 4), X(2, 1, 4), X(2, 3, 4)}, .attrs = &axis_0},
  {.n = 2, .in = {X(3, 2, 3, 1), X(3, 2, 3, 4)},       .attrs = &axis_m1},
  {.n = 2, .in = {X(3, 2, 3, 4), X(3, 2, 1, 4)},       .attrs = &axis_1},
  {.n = 1, .in = {X(1, 3)},                            .attrs = &axis_0},
  {.n = 3, .in = {X(1, 3), X(1, 0), X(1, 2)},          .attrs = &axis_0},
  {.n = 2, .in = {X(2, 2, 4), X(2, 2, 3)},             .attrs = &axis_0, .refuse = TG_SHAPE},
  {.n = 2, .in = {X(2, 2, 4), X(1, 4)},                .attrs = &axis_0, .refuse = TG_SHAPE},
  {.n = 2, .in = {X(2, 2, 4), X(2, 2, 4)},             .attrs = &axis_3, .refuse = TG_ARGUMENT},
  {.n = 2, .in = {X(0, 0), X(0, 0)},                   .attrs = &axis_0, .refuse = TG_ARGUMENT},
};
static const tg_sample samples_stack[] = {
  {.n = 3, .in = {X(2, 2, 4), X(2, 2, 4), X(2, 2, 4)}, .attrs = &axis_0},
  {.n = 2, .in = {X(2, 2, 4), X(2, 2, 4)},             .attrs = &axis_m1},
  {.n = 2, .in = {X(2, 2, 4), X(2, 2, 4)},             .attrs = &axis_1},
  {.n = 4, .in = {X(0, 0), X(0, 0), X(0, 0), X(0, 0)}, .attrs = &axis_0},
  {.n = 1, .in = {X(1, 3)},                            .attrs = &axis_m1},
  {.n = 2, .in = {X(1, 0), X(1, 0)},                   .attrs = &axis_1},
  {.n = 2, .in = {X(2, 2, 4), X(2, 2, 1)},             .attrs = &axis_0, .refuse = TG_SHAPE},
  {.n = 2, .in = {X(2, 2, 4), X(2, 2, 4)},             .attrs = &axis_3, .refuse = TG_ARGUMENT},
};
#undef X

const tg_op tgi_op_concat = {
  TG_OP_INIT, .flags = TG_OP_SAME_BITS, .name = "concat", .label = "concat", .formula = "y = the operands, one after another along the axis",
  .arity = 1, .max_arity = TG_VARIADIC, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_axis_attrs), .attrs = tgi_axis_fields,
  .shape = shape_concat, .kernel = kernel_concat, .vjp = {vjp_concat}, .jvp = tg_jvp_linear, .grad = grad_concat, .axis = axis_concat, TG_SAMPLES(samples_concat),
};
const tg_op tgi_op_stack = {
  TG_OP_INIT, .name = "stack", .label = "stack", .formula = "y = the operands, each at its index along a new axis",
  .arity = 1, .max_arity = TG_VARIADIC, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_axis_attrs), .attrs = tgi_axis_fields,
  .shape = shape_stack, .kernel = kernel_stack, .vjp = {vjp_stack}, .jvp = tg_jvp_linear, .grad = grad_stack, .axis = axis_stack, TG_SAMPLES(samples_stack),
};
/* clang-format on */

tg_var tg_concat(const tg_var x[], int n, int axis) {
  return tg_apply(&tgi_op_concat, x, n, &(tgi_axis_attrs){axis});
}

tg_var tg_stack(const tg_var x[], int n, int axis) {
  return tg_apply(&tgi_op_stack, x, n, &(tgi_axis_attrs){axis});
}
