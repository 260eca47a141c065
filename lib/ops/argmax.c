/* Where the largest and the smallest are. */
#include "ops/axes.h"
#include "ops/ops_internal.h"

static tg_status shape_argmax(tg_call *c) {
  tg_status status = tgi_shape_axes(c);
  if (status != TG_OK) return status;
  const tgi_reduce_attrs *attrs = c->attrs;
  if (c->in[0].dims[tgi_axis(c->in[0].rank, attrs->axes[0])] == 0)
    return tg_call_fail(c, TG_SHAPE, "there is no element to choose from");
  c->out.dtype = TG_I64;
  return TG_OK;
}

static tg_status find(const tg_call *c, bool largest) {
  const tgi_reduce_attrs *attrs = c->attrs;
  tg_tensor to = tgi_kept(c, &c->out);
  int axis = tgi_axis(c->in[0].rank, attrs->axes[0]);
  return tgi_argreduce(c->runtime, largest, &to, &c->in[0], axis);
}

static tg_status kernel_argmax(const tg_call *c) { return find(c, true); }
static tg_status kernel_argmin(const tg_call *c) { return find(c, false); }

static const tgi_reduce_attrs first = {1, false, {0}, 0}, last = {1, false, {-1}, 0},
                              last_kept = {1, true, {-1}, 0}, beyond = {1, false, {2}, 0};

/* clang-format off */
#define IN(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples[] = {
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &first},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &last},
  {.n = 1, .in = {IN(3, 2, 3, 4)}, .attrs = &last_kept},
  {.n = 1, .in = {IN(2, 3, 1)}, .attrs = &last},
  {.n = 1, .in = {IN(2, 0, 3)}, .attrs = &last},
  {.n = 1, .in = {IN(2, 0, 3)}, .attrs = &first, .refuse = TG_SHAPE},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &beyond, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {IN(0, 0)}, .attrs = &last, .refuse = TG_ARGUMENT},
};
#undef IN

#define ARG(f, what)                                                                                        \
  const tg_op tgi_op_##f = {                                                                                \
    TG_OP_INIT, .flags = TG_OP_CONST, .name = #f, .label = #f, .formula = "y = index of the " what " x along the axis", \
    .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = tgi_reduce_fields,       \
    .shape = shape_argmax, .kernel = kernel_##f, TG_SAMPLES(samples),                                       \
  };
ARG(argmax, "largest")
ARG(argmin, "smallest")
/* clang-format on */

tg_var tg_argmax(tg_var x, int axis, bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(TG_AXES(axis), keepdim);
  return tgi_apply1(&tgi_op_argmax, x, &attrs);
}

tg_var tg_argmin(tg_var x, int axis, bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(TG_AXES(axis), keepdim);
  return tgi_apply1(&tgi_op_argmin, x, &attrs);
}
