/* Axes in another order or direction: transpose, permute, flip. Always views; the rule of each is
   itself, or its inverse. */
#include "ops/view.h"

/* ---- transpose ---- */

typedef struct transpose_attrs {
  int axis0, axis1;
} transpose_attrs;

static const tg_field transpose_fields[] = {
    {.name = "axis0", .type = TG_FIELD_INT, .offset = offsetof(transpose_attrs, axis0)},
    {.name = "axis1", .type = TG_FIELD_INT, .offset = offsetof(transpose_attrs, axis1)},
    {.name = NULL},
};

static tg_status shape_transpose(tg_call *c) {
  const transpose_attrs *attrs = c->attrs;
  int axis0 = tgi_call_axis(c, attrs->axis0), axis1 = tgi_call_axis(c, attrs->axis1);
  if (axis0 < 0 || axis1 < 0) return TG_ARGUMENT;
  int axes[TG_MAX_RANK];
  for (int k = 0; k < c->in[0].rank; k++) axes[k] = k == axis0 ? axis1 : k == axis1 ? axis0 : k;
  c->out = tgi_permute_view(&c->in[0], axes);
  return TG_OK;
}

static tg_var vjp_transpose(const tg_call *c, tg_var g) {
  const transpose_attrs *attrs = c->attrs;
  return tg_transpose(g, attrs->axis0, attrs->axis1);
}

/* ---- permute ---- */

/* axes as [0, rank), each once; or the sticky error. */
static tg_status check_permutation(const tg_call *c, int axes[]) {
  const tgi_dims_attrs *attrs = c->attrs;
  int rank = c->in[0].rank;
  bool seen[TG_MAX_RANK] = {false};
  if (attrs->n != rank)
    return tg_call_fail(c, TG_SHAPE, "an axis for each of the %d is expected", rank);
  for (int k = 0; k < rank; k++) {
    axes[k] = tgi_call_axis(c, attrs->entries[k]);
    if (axes[k] < 0) return TG_ARGUMENT;
    if (seen[axes[k]]) return tg_call_fail(c, TG_ARGUMENT, "axis %d is named twice", axes[k]);
    seen[axes[k]] = true;
  }
  return TG_OK;
}

static tg_status shape_permute(tg_call *c) {
  int axes[TG_MAX_RANK];
  tg_status status = check_permutation(c, axes);
  if (status == TG_OK) c->out = tgi_permute_view(&c->in[0], axes);
  return status;
}

static tg_var vjp_permute(const tg_call *c, tg_var g) {
  const tgi_dims_attrs *attrs = c->attrs;
  int64_t inverse[TG_MAX_RANK];
  for (int k = 0; k < attrs->n; k++) inverse[tgi_axis(attrs->n, attrs->entries[k])] = k;
  return tg_permute(g, attrs->n, inverse);
}

/* ---- flip ---- */

/* No axis named: all of them. */
static tg_status shape_flip(tg_call *c) {
  const tgi_dims_attrs *attrs = c->attrs;
  bool flipped[TG_MAX_RANK] = {false};
  if (attrs->n < 0) return tg_call_fail(c, TG_ARGUMENT, "more than %d axes named", TG_MAX_RANK);
  for (int k = 0; k < attrs->n; k++) {
    int axis = tgi_call_axis(c, attrs->entries[k]);
    if (axis < 0) return TG_ARGUMENT;
    if (flipped[axis]) return tg_call_fail(c, TG_ARGUMENT, "axis %d is named twice", axis);
    flipped[axis] = true;
  }
  c->out = c->in[0];
  for (int k = 0; k < c->out.rank; k++)
    if (flipped[k] || attrs->n == 0)
      c->out = tgi_slice_view(&c->out, k, c->out.dims[k] - 1, -1, c->out.dims[k]);
  return TG_OK;
}

static tg_var vjp_flip(const tg_call *c, tg_var g) {
  const tgi_dims_attrs *attrs = c->attrs;
  return tg_flip(g, attrs->n, attrs->entries);
}

/* ---- samples ---- */

static const transpose_attrs swap_01 = {0, 1}, swap_last = {-1, -2}, swap_same = {1, 1},
                             swap_out = {0, 2};
static const tgi_dims_attrs axes_201 = {3, {2, 0, 1}}, axes_m = {3, {-1, 0, -2}},
                            axes_none = {0, {0}}, axes_twice = {2, {1, -1}}, axes_out = {2, {0, 2}},
                            axes_1 = {1, {1}}, axes_02 = {2, {0, -1}}, axes_bad = {-1, {0}};

/* clang-format off */
static const tg_sample samples_transpose[] = {
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &swap_01},
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &swap_last},
  {.n = 1, .in = {{.rank = 2, .dims = {1, 4},    .low = -2, .high = 2}}, .attrs = &swap_same},
  {.n = 1, .in = {{.rank = 2, .dims = {0, 4},    .low = -2, .high = 2}}, .attrs = &swap_01},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &swap_out, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &swap_01,  .refuse = TG_ARGUMENT},
};
static const tg_sample samples_permute[] = {
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &axes_201},
  {.n = 1, .in = {{.rank = 3, .dims = {2, 1, 4}, .low = -2, .high = 2}}, .attrs = &axes_m},
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &axes_none},
  {.n = 1, .in = {{.rank = 3, .dims = {2, 0, 4}, .low = -2, .high = 2}}, .attrs = &axes_201},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &axes_201,   .refuse = TG_SHAPE},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &axes_twice, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &axes_out,   .refuse = TG_ARGUMENT},
};
static const tg_sample samples_flip[] = {
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &axes_1},
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &axes_02},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 1},    .low = -2, .high = 2}}, .attrs = &axes_none},
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &axes_none},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 0},    .low = -2, .high = 2}}, .attrs = &axes_1},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &axes_twice, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &axes_out,   .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &axes_bad,   .refuse = TG_ARGUMENT},
};

const tg_op tgi_op_transpose = {
  TG_OP_INIT, .flags = TG_OP_VIEW, .name = "transpose", .label = "T", .formula = "y[..., i, ..., j, ...] = x[..., j, ..., i, ...] for the axes axis0 and axis1",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(transpose_attrs), .attrs = transpose_fields,
  .shape = shape_transpose, .vjp = {vjp_transpose}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, TG_SAMPLES(samples_transpose),
};
const tg_op tgi_op_permute = {
  TG_OP_INIT, .flags = TG_OP_VIEW, .name = "permute", .label = "permute", .formula = "axis k of y is axis axes[k] of x",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_dims_attrs), .attrs = tgi_axes_fields,
  .shape = shape_permute, .vjp = {vjp_permute}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, TG_SAMPLES(samples_permute),
};
const tg_op tgi_op_flip = {
  TG_OP_INIT, .flags = TG_OP_VIEW, .name = "flip", .label = "flip", .formula = "y[..., i, ...] = x[..., n - 1 - i, ...] along the axes",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_dims_attrs), .attrs = tgi_axes_fields,
  .shape = shape_flip, .vjp = {vjp_flip}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, TG_SAMPLES(samples_flip),
};
/* clang-format on */

/* ---- constructors ---- */

tg_var tg_transpose(tg_var x, int axis0, int axis1) {
  return tgi_apply1(&tgi_op_transpose, x, &(transpose_attrs){axis0, axis1});
}

tg_var tg_permute(tg_var x, int n, const int64_t axes[]) {
  tgi_dims_attrs attrs = tgi_dims_attrs_of(n, axes);
  return tgi_apply1(&tgi_op_permute, x, &attrs);
}

tg_var tg_flip(tg_var x, int n, const int64_t axes[]) {
  tgi_dims_attrs attrs = tgi_dims_attrs_of(n, axes);
  return tgi_apply1(&tgi_op_flip, x, &attrs);
}
