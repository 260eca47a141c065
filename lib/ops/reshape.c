/* The same elements in the same order under other dims: reshape, flatten, squeeze, unsqueeze. Views
   whenever the operand's strides allow. One rule serves all: the cotangent takes the operand's
   dims again. */
#include "ops/view.h"
#include "tape/tape.h"

/* ---- shapes ---- */

static tg_status fail_count(const tg_call *c, const tg_tensor *to) {
  char text[200];
  tg_tensor_shape_text(to, text, sizeof text);
  return tg_call_fail(c, TG_SHAPE, "%lld elements do not fill %s",
                      (long long)tg_tensor_numel(&c->in[0]), text);
}

static tg_status reshape_to(tg_call *c, int rank, const int64_t dims[]) {
  tg_status status = tgi_out_dims(c, rank, dims);
  if (status != TG_OK) return status;
  if (tg_tensor_numel(&c->out) != tg_tensor_numel(&c->in[0])) return fail_count(c, &c->out);
  tg_tensor view;
  if (tgi_reshape_view(&c->in[0], rank, dims, &view)) c->out = view;
  return TG_OK;
}

/* The length that stands for -1, given the product of the others. */
static tg_status infer_dim(const tg_call *c, int64_t others, int64_t *dim) {
  int64_t n = tg_tensor_numel(&c->in[0]);
  if (others == 0) return tg_call_fail(c, TG_SHAPE, "-1 cannot be inferred beside a dim of 0");
  if (n % others != 0)
    return tg_call_fail(c, TG_SHAPE, "%lld elements are not a multiple of %lld, so -1 fits nothing",
                        (long long)n, (long long)others);
  *dim = n / others;
  return TG_OK;
}

static tg_status shape_reshape(tg_call *c) {
  tgi_dims_attrs to = *(const tgi_dims_attrs *)c->attrs;
  int inferred = -1;
  int64_t others = 1;
  for (int k = 0; k < to.n; k++) {
    if (to.entries[k] == -1 && inferred >= 0)
      return tg_call_fail(c, TG_SHAPE, "only one dim may be -1");
    if (to.entries[k] == -1)
      inferred = k;
    else if (!tgi_mul_size(others, to.entries[k], &others))
      return tg_call_fail(c, TG_OVERFLOW, "the size asked for does not fit into 63 bits");
  }
  if (inferred >= 0) {
    tg_status status = infer_dim(c, others, &to.entries[inferred]);
    if (status != TG_OK) return status;
  }
  return reshape_to(c, to.n, to.entries);
}

typedef struct flatten_attrs {
  int start_axis, end_axis;
} flatten_attrs;

static const tg_field flatten_fields[] = {
    {.name = "start_axis", .type = TG_FIELD_INT, .offset = offsetof(flatten_attrs, start_axis)},
    {.name = "end_axis", .type = TG_FIELD_INT, .offset = offsetof(flatten_attrs, end_axis)},
    {.name = NULL},
};

/* A scalar becomes [1], as in PyTorch. */
static tg_status shape_flatten(tg_call *c) {
  const flatten_attrs *attrs = c->attrs;
  const tg_tensor *x = &c->in[0];
  if (x->rank == 0) return reshape_to(c, 1, (const int64_t[]){1});
  int start = tgi_call_axis(c, attrs->start_axis), end = tgi_call_axis(c, attrs->end_axis);
  if (start < 0 || end < 0) return TG_ARGUMENT;
  if (start > end) return tg_call_fail(c, TG_ARGUMENT, "start_axis comes after end_axis");
  int64_t dims[TG_MAX_RANK];
  int rank = 0;
  for (int k = 0; k < x->rank; k++) {
    if (k > start && k <= end)
      dims[rank - 1] *= x->dims[k];
    else
      dims[rank++] = x->dims[k];
  }
  return reshape_to(c, rank, dims);
}

static tg_status shape_squeeze(tg_call *c) {
  int axis = tgi_call_axis(c, ((const tgi_axis_attrs *)c->attrs)->axis);
  if (axis < 0) return TG_ARGUMENT;
  bool gone = c->in[0].dims[axis] == 1;
  c->out = gone ? tgi_select_view(&c->in[0], axis, 0) : c->in[0];
  return TG_OK;
}

static tg_status shape_squeeze_all(tg_call *c) {
  c->out = c->in[0];
  for (int k = c->out.rank - 1; k >= 0; k--)
    if (c->out.dims[k] == 1) c->out = tgi_select_view(&c->out, k, 0);
  return TG_OK;
}

static tg_status shape_unsqueeze(tg_call *c) {
  const tg_tensor *x = &c->in[0];
  int axis;
  tg_status status = tgi_new_axis(c, &axis);
  if (status != TG_OK) return status;
  c->out = (tg_tensor){.data = x->data, .dtype = x->dtype, .rank = x->rank + 1};
  for (int k = 0; k < c->out.rank; k++) {
    int from = k < axis ? k : k - 1;
    c->out.dims[k] = k == axis ? 1 : x->dims[from];
    c->out.strides[k] = k == axis ? 1 : x->strides[from];
  }
  return TG_OK;
}

/* ---- kernel and rules ---- */

/* The result is dense: the operand is copied into it, seen with the operand's dims. */
static tg_status kernel_reshape(const tg_call *c) {
  tg_tensor to = {.data = c->out.data, .dtype = c->out.dtype};
  tgi_set_dims(&to, c->in[0].rank, c->in[0].dims);
  tgi_copy(&to, &c->in[0]);
  return TG_OK;
}

static tg_var vjp_reshape(const tg_call *c, tg_var g) { return tgi_reshape_like(g, &c->in[0]); }

/* ---- samples ---- */

static const tgi_dims_attrs dims_43 = {2, {4, 3}}, dims_infer = {3, {2, -1, 1}},
                            dims_none = {0, {0}}, dims_11 = {2, {1, 1}}, dims_30 = {2, {3, 0}},
                            dims_two = {2, {-1, -1}}, dims_5x = {2, {5, -1}},
                            dims_0x = {2, {0, -1}}, dims_neg = {2, {-2, -6}}, dims_bad = {-1, {0}},
                            dims_huge = {3, {INT64_C(1) << 40, INT64_C(1) << 40, 1}};
static const flatten_attrs flat_all = {0, -1}, flat_last = {-2, -1}, flat_back = {1, 0},
                           flat_out = {0, 3};
static const tgi_axis_attrs axis_0 = {0}, axis_1 = {1}, axis_m1 = {-1}, axis_m3 = {-3},
                            axis_4 = {4};

/* clang-format off */
static const tg_sample samples_reshape[] = {
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &dims_43},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &dims_infer},
  {.n = 1, .in = {{.rank = 2, .dims = {1, 1},    .low = -2, .high = 2}}, .attrs = &dims_none},
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &dims_11},
  {.n = 1, .in = {{.rank = 1, .dims = {0},       .low = -2, .high = 2}}, .attrs = &dims_30},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &dims_two,  .refuse = TG_SHAPE},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &dims_5x,   .refuse = TG_SHAPE},
  {.n = 1, .in = {{.rank = 1, .dims = {0},       .low = -2, .high = 2}}, .attrs = &dims_0x,   .refuse = TG_SHAPE},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &dims_neg,  .refuse = TG_SHAPE},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &dims_30,   .refuse = TG_SHAPE},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &dims_bad,  .refuse = TG_SHAPE},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &dims_huge, .refuse = TG_OVERFLOW},
};
static const tg_sample samples_flatten[] = {
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &flat_all},
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &flat_last},
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &flat_all},
  {.n = 1, .in = {{.rank = 2, .dims = {0, 4},    .low = -2, .high = 2}}, .attrs = &flat_all},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &flat_back, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &flat_out,  .refuse = TG_ARGUMENT},
};
static const tg_sample samples_squeeze[] = {
  {.n = 1, .in = {{.rank = 3, .dims = {2, 1, 3}, .low = -2, .high = 2}}, .attrs = &axis_1},
  {.n = 1, .in = {{.rank = 3, .dims = {2, 1, 3}, .low = -2, .high = 2}}, .attrs = &axis_m1},
  {.n = 1, .in = {{.rank = 1, .dims = {1},       .low = -2, .high = 2}}, .attrs = &axis_0},
  {.n = 1, .in = {{.rank = 2, .dims = {0, 1},    .low = -2, .high = 2}}, .attrs = &axis_m1},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 1},    .low = -2, .high = 2}}, .attrs = &axis_4,  .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &axis_0,  .refuse = TG_ARGUMENT},
};
static const tg_sample samples_squeeze_all[] = {
  {.n = 1, .in = {{.rank = 4, .dims = {1, 2, 1, 3}, .low = -2, .high = 2}}},
  {.n = 1, .in = {{.rank = 2, .dims = {1, 1},       .low = -2, .high = 2}}},
  {.n = 1, .in = {{.rank = 0,                       .low = -2, .high = 2}}},
  {.n = 1, .in = {{.rank = 2, .dims = {0, 1},       .low = -2, .high = 2}}},
};
static const tg_sample samples_unsqueeze[] = {
  {.n = 1, .in = {{.rank = 2, .dims = {2, 3},    .low = -2, .high = 2}}, .attrs = &axis_1},
  {.n = 1, .in = {{.rank = 2, .dims = {2, 3},    .low = -2, .high = 2}}, .attrs = &axis_m1},
  {.n = 1, .in = {{.rank = 2, .dims = {2, 3},    .low = -2, .high = 2}}, .attrs = &axis_m3},
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &axis_0},
  {.n = 1, .in = {{.rank = 1, .dims = {0},       .low = -2, .high = 2}}, .attrs = &axis_1},
  {.n = 1, .in = {{.rank = 2, .dims = {2, 3},    .low = -2, .high = 2}}, .attrs = &axis_4, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 8, .dims = {1, 1, 1, 1, 1, 1, 1, 2}, .low = -2, .high = 2}}, .attrs = &axis_0, .refuse = TG_SHAPE},
};

const tg_op tgi_op_reshape = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_PASSES_0, .name = "reshape", .label = "reshape", .formula = "y = x under other dims, in row-major order",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_dims_attrs), .attrs = tgi_dims_fields,
  .shape = shape_reshape, .kernel = kernel_reshape, .vjp = {vjp_reshape}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, .grad_part = tgi_part_same, TG_SAMPLES(samples_reshape),
};
const tg_op tgi_op_flatten = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_PASSES_0, .name = "flatten", .label = "flatten", .formula = "y = x with the axes start_axis to end_axis as one",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(flatten_attrs), .attrs = flatten_fields,
  .shape = shape_flatten, .kernel = kernel_reshape, .vjp = {vjp_reshape}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, .grad_part = tgi_part_same, TG_SAMPLES(samples_flatten),
};
const tg_op tgi_op_squeeze = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_PASSES_0, .name = "squeeze", .label = "squeeze", .formula = "y = x without the axis, where its length is 1",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_axis_attrs), .attrs = tgi_axis_fields,
  .shape = shape_squeeze, .vjp = {vjp_reshape}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, .grad_part = tgi_part_same, TG_SAMPLES(samples_squeeze),
};
const tg_op tgi_op_squeeze_all = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_PASSES_0, .name = "squeeze_all", .label = "squeeze", .formula = "y = x without its axes of length 1",
  .arity = 1, .dtypes = TG_ANY,
  .shape = shape_squeeze_all, .vjp = {vjp_reshape}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, .grad_part = tgi_part_same, TG_SAMPLES(samples_squeeze_all),
};
const tg_op tgi_op_unsqueeze = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_PASSES_0, .name = "unsqueeze", .label = "unsqueeze", .formula = "y = x with a new axis of length 1",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_axis_attrs), .attrs = tgi_axis_fields,
  .shape = shape_unsqueeze, .vjp = {vjp_reshape}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, .grad_part = tgi_part_same, TG_SAMPLES(samples_unsqueeze),
};
/* clang-format on */

/* ---- constructors ---- */

tg_var tg_reshape(tg_var x, int rank, const int64_t dims[]) {
  tgi_dims_attrs attrs = tgi_dims_attrs_of(rank, dims);
  return tgi_apply1(&tgi_op_reshape, x, &attrs);
}

tg_var tg_flatten(tg_var x, int start_axis, int end_axis) {
  return tgi_apply1(&tgi_op_flatten, x, &(flatten_attrs){start_axis, end_axis});
}

tg_var tg_squeeze(tg_var x, int axis) {
  return tgi_apply1(&tgi_op_squeeze, x, &(tgi_axis_attrs){axis});
}

tg_var tg_squeeze_all(tg_var x) { return tgi_apply1(&tgi_op_squeeze_all, x, NULL); }

tg_var tg_unsqueeze(tg_var x, int axis) {
  return tgi_apply1(&tgi_op_unsqueeze, x, &(tgi_axis_attrs){axis});
}

tg_var tgi_reshape_like(tg_var x, const tg_tensor *like) {
  tg_tensor value = tgi_value(x);
  if (value.data && tg_tensor_same_shape(&value, like)) return x;
  return tg_reshape(x, like->rank, like->dims);
}
