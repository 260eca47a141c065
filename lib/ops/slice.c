/* Parts of a tensor along one axis: slice, select, split are views; slice_scatter, the transpose of
   slicing, writes a part. The two are each other's rules, so they can be differentiated again. */
#include "kernel/accumulate.h"
#include "ops/view.h"

static const tg_field slice_fields[] = {
    {.name = "axis", .type = TG_FIELD_INT, .offset = offsetof(tgi_slice_attrs, axis)},
    {.name = "start", .type = TG_FIELD_I64, .offset = offsetof(tgi_slice_attrs, start)},
    {.name = "stop", .type = TG_FIELD_I64, .offset = offsetof(tgi_slice_attrs, stop)},
    {.name = "step", .type = TG_FIELD_I64, .offset = offsetof(tgi_slice_attrs, step)},
    {.name = NULL},
};

/* ---- NumPy's bounds ---- */

static int64_t clamp(int64_t i, int64_t low, int64_t high) {
  return i < low ? low : i > high ? high : i;
}

/* A bound as an index: negative ones count from the end, far ones stop at the axis' ends, which for
   a walk backwards are n - 1 and -1. */
static int64_t bound(int64_t i, int64_t n, bool backwards) {
  if (i < 0) i = i < -n ? -1 : i + n;
  return backwards ? clamp(i, -1, n - 1) : clamp(i, 0, n);
}

/* The number of indices start, start + step, ... before stop. */
static int64_t count_between(int64_t start, int64_t stop, int64_t step) {
  uint64_t stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
  int64_t length = step > 0 ? stop - start : start - stop;
  return length <= 0 ? 0 : (int64_t)(((uint64_t)length - 1) / stride) + 1;
}

void tgi_slice_part(const tgi_slice_attrs *attrs, int64_t n, int64_t *start, int64_t *count) {
  bool backwards = attrs->step < 0, to_end = attrs->stop == TG_END;
  *start = bound(attrs->start, n, backwards);
  int64_t stop = backwards && to_end ? -1 : bound(attrs->stop, n, backwards);
  *count = count_between(*start, stop, attrs->step);
}

/* The part of x that the call's attributes name, or the sticky error. */
static tg_status part_of(const tg_call *c, const tg_tensor *x, tg_tensor *part) {
  const tgi_slice_attrs *attrs = c->attrs;
  int axis = tgi_call_axis(c, attrs->axis);
  if (axis < 0) return TG_ARGUMENT;
  if (attrs->step == 0) return tg_call_fail(c, TG_ARGUMENT, "the step is 0");
  int64_t start, count;
  tgi_slice_part(attrs, x->dims[axis], &start, &count);
  *part = tgi_slice_view(x, axis, start, attrs->step, count);
  return TG_OK;
}

/* ---- slice ---- */

static tg_status shape_slice(tg_call *c) { return part_of(c, &c->in[0], &c->out); }

static tg_var vjp_slice(const tg_call *c, tg_var g) {
  const tgi_slice_attrs *attrs = c->attrs;
  tg_var zeros = tgi_zeros_like(c->tape, &c->in[0]);
  return tg_slice_scatter(zeros, g, attrs->axis, attrs->start, attrs->stop, attrs->step);
}

static void fill_between(const tg_tensor *x, int axis, int64_t from, int64_t to) {
  const tg_tensor part = tgi_slice_view(x, axis, from, 1, to - from);
  if (from < to) tgi_fill(&part, 0);
}

/* Zeros only where g does not come to lie. */
static tg_status grad_slice(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                            double beta) {
  const tgi_slice_attrs *attrs = c->attrs;
  if (beta != 0 || attrs->step != 1) return tgi_grad_view(c, i, g, dx, beta);
  int axis = tgi_axis(dx->rank, attrs->axis);
  int64_t n = dx->dims[axis], start, count;
  tgi_slice_part(attrs, n, &start, &count);
  const tg_tensor part = tgi_slice_view(dx, axis, start, 1, count);
  fill_between(dx, axis, 0, start);
  fill_between(dx, axis, start + count, n);
  tgi_accumulate(c->runtime, &part, g, 0);
  return TG_OK;
}

/* ---- slice_scatter ---- */

static tg_status shape_slice_scatter(tg_call *c) {
  tg_tensor part;
  tg_status status = part_of(c, &c->in[0], &part);
  if (status != TG_OK || tg_tensor_same_shape(&part, &c->in[1])) return status;
  char text[200];
  tg_tensor_shape_text(&part, text, sizeof text);
  return tg_call_fail(c, TG_SHAPE, "the part of the first operand has the shape %s", text);
}

static int axis_slice_scatter(const tg_call *c, int i, int k) {
  (void)i;
  const tgi_slice_attrs *attrs = c->attrs;
  return k == tgi_axis(c->out.rank, attrs->axis) ? TG_NO_AXIS : k;
}

static void copy_between(const tg_call *c, int axis, int64_t from, int64_t to) {
  const tg_tensor of_a = tgi_slice_view(&c->in[0], axis, from, 1, to - from);
  const tg_tensor of_y = tgi_slice_view(&c->out, axis, from, 1, to - from);
  if (from < to) tgi_copy(&of_y, &of_a);
}

/* What b does not replace of a: what lies before it and behind; all of it where b has gaps. */
static void copy_rest(const tg_call *c) {
  const tgi_slice_attrs *attrs = c->attrs;
  int axis = tgi_axis(c->out.rank, attrs->axis);
  int64_t n = c->out.dims[axis], start, count;
  tgi_slice_part(attrs, n, &start, &count);
  bool has_gaps = attrs->step != 1;
  copy_between(c, axis, 0, has_gaps ? n : start);
  if (!has_gaps) copy_between(c, axis, start + count, n);
}

static tg_status kernel_slice_scatter(const tg_call *c) {
  tg_tensor part;
  copy_rest(c);
  tg_status status = part_of(c, &c->out, &part);
  if (status == TG_OK) tgi_copy(&part, &c->in[1]);
  return status;
}

static tg_var vjp_slice_scatter_base(const tg_call *c, tg_var g) {
  const tgi_slice_attrs *attrs = c->attrs;
  tg_var zeros = tgi_zeros_like(c->tape, &c->in[1]);
  return tg_slice_scatter(g, zeros, attrs->axis, attrs->start, attrs->stop, attrs->step);
}

static tg_var vjp_slice_scatter_part(const tg_call *c, tg_var g) {
  const tgi_slice_attrs *attrs = c->attrs;
  return tg_slice(g, attrs->axis, attrs->start, attrs->stop, attrs->step);
}

static tg_status grad_slice_scatter(const tg_call *c, int i, const tg_tensor *g,
                                    const tg_tensor *dx, double beta) {
  return tgi_grad_scatter(c, part_of, i, g, dx, beta);
}

/* ---- select ---- */

typedef struct select_attrs {
  int axis;
  int64_t index;
} select_attrs;

static const tg_field select_fields[] = {
    {.name = "axis", .type = TG_FIELD_INT, .offset = offsetof(select_attrs, axis)},
    {.name = "index", .type = TG_FIELD_I64, .offset = offsetof(select_attrs, index)},
    {.name = NULL},
};

static tg_status shape_select(tg_call *c) {
  const select_attrs *attrs = c->attrs;
  int axis = tgi_call_axis(c, attrs->axis);
  if (axis < 0) return TG_ARGUMENT;
  int64_t n = c->in[0].dims[axis], index = attrs->index;
  if (index < -n || index >= n)
    return tg_call_fail(c, TG_ARGUMENT, "index %lld is out of range for axis %d of length %lld",
                        (long long)index, axis, (long long)n);
  c->out = tgi_select_view(&c->in[0], axis, index < 0 ? index + n : index);
  return TG_OK;
}

static tg_var vjp_select(const tg_call *c, tg_var g) {
  const select_attrs *attrs = c->attrs;
  const tg_tensor *x = &c->in[0];
  int axis = tgi_axis(x->rank, attrs->axis);
  int64_t index = attrs->index < 0 ? attrs->index + x->dims[axis] : attrs->index;
  tg_var zeros = tgi_zeros_like(c->tape, x);
  return tg_slice_scatter(zeros, tg_unsqueeze(g, axis), axis, index, index + 1, 1);
}

/* ---- samples ---- */

static const tgi_slice_attrs slice_middle = {0, 1, 3, 1}, slice_even = {1, 0, TG_END, 2},
                             slice_last = {-1, -2, TG_END, 1},
                             slice_back = {-1, TG_END, TG_END, -1}, slice_back2 = {0, -1, -6, -2},
                             slice_far = {0, -9, 9, 1}, slice_nothing = {0, 3, 1, 1},
                             slice_still = {0, 0, 1, 0}, slice_out = {2, 0, 1, 1},
                             slice_leap = {0, 0, TG_END, INT64_MAX},
                             slice_leap_back = {0, TG_END, TG_END, INT64_MIN};
static const select_attrs pick_1 = {0, 1}, pick_last = {-1, -1}, pick_0 = {0, 0}, pick_5 = {0, 5},
                          pick_before = {0, -6}, pick_axis = {2, 0};

/* clang-format off */
#define X(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_slice[] = {
  {.n = 1, .in = {X(2, 5, 4)}, .attrs = &slice_middle},
  {.n = 1, .in = {X(2, 5, 4)}, .attrs = &slice_even},
  {.n = 1, .in = {X(2, 5, 4)}, .attrs = &slice_last},
  {.n = 1, .in = {X(3, 2, 3, 4)}, .attrs = &slice_back},
  {.n = 1, .in = {X(2, 5, 4)}, .attrs = &slice_back2},
  {.n = 1, .in = {X(2, 5, 4)}, .attrs = &slice_far},
  {.n = 1, .in = {X(2, 5, 4)}, .attrs = &slice_nothing},
  {.n = 1, .in = {X(1, 1)},    .attrs = &slice_back},
  {.n = 1, .in = {X(1, 0)},    .attrs = &slice_back2},
  {.n = 1, .in = {X(1, 3)},    .attrs = &slice_leap},
  {.n = 1, .in = {X(1, 3)},    .attrs = &slice_leap_back},
  {.n = 1, .in = {X(2, 5, 4)}, .attrs = &slice_still, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(2, 5, 4)}, .attrs = &slice_out,   .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(0, 0)},    .attrs = &slice_far,   .refuse = TG_ARGUMENT},
};
static const tg_sample samples_slice_scatter[] = {
  {.n = 2, .in = {X(2, 5, 4), X(2, 2, 4)}, .attrs = &slice_middle},
  {.n = 2, .in = {X(2, 5, 4), X(2, 5, 2)}, .attrs = &slice_even},
  {.n = 2, .in = {X(2, 5, 4), X(2, 3, 4)}, .attrs = &slice_back2},
  {.n = 2, .in = {X(2, 5, 4), X(2, 0, 4)}, .attrs = &slice_nothing},
  {.n = 2, .in = {X(1, 0),    X(1, 0)},    .attrs = &slice_back},
  {.n = 2, .in = {X(2, 5, 4), X(2, 3, 4)}, .attrs = &slice_middle, .refuse = TG_SHAPE},
  {.n = 2, .in = {X(2, 5, 4), X(1, 2)},    .attrs = &slice_middle, .refuse = TG_SHAPE},
  {.n = 2, .in = {X(2, 5, 4), X(2, 5, 4)}, .attrs = &slice_still,  .refuse = TG_ARGUMENT},
};
static const tg_sample samples_select[] = {
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &pick_1},
  {.n = 1, .in = {X(3, 2, 3, 4)}, .attrs = &pick_last},
  {.n = 1, .in = {X(1, 1)},       .attrs = &pick_0},
  {.n = 1, .in = {X(2, 3, 0)},    .attrs = &pick_1},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &pick_5,      .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(2, 5, 4)},    .attrs = &pick_before, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &pick_axis,   .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(1, 0)},       .attrs = &pick_0,      .refuse = TG_ARGUMENT},
};
#undef X

const tg_op tgi_op_slice = {
  TG_OP_INIT, .flags = TG_OP_VIEW, .name = "slice", .label = "slice", .formula = "y = x[start:stop:step] along the axis",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_slice_attrs), .attrs = slice_fields,
  .shape = shape_slice, .vjp = {vjp_slice}, .jvp = tg_jvp_linear, .grad = grad_slice, TG_SAMPLES(samples_slice),
};
const tg_op tgi_op_slice_scatter = {
  TG_OP_INIT, .flags = TG_OP_SAME_BITS, .name = "slice_scatter", .label = "slice =", .formula = "y = a, but y[start:stop:step] = b along the axis",
  .arity = 2, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_slice_attrs), .attrs = slice_fields,
  .shape = shape_slice_scatter, .kernel = kernel_slice_scatter, .vjp = {vjp_slice_scatter_base, vjp_slice_scatter_part}, .jvp = tg_jvp_linear, .grad = grad_slice_scatter, .axis = axis_slice_scatter, TG_SAMPLES(samples_slice_scatter),
};
const tg_op tgi_op_select = {
  TG_OP_INIT, .flags = TG_OP_VIEW, .name = "select", .label = "select", .formula = "y = x[index] along the axis, which is gone",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(select_attrs), .attrs = select_fields,
  .shape = shape_select, .vjp = {vjp_select}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, TG_SAMPLES(samples_select),
};
/* clang-format on */

/* ---- constructors ---- */

tg_var tg_slice(tg_var x, int axis, int64_t start, int64_t stop, int64_t step) {
  return tgi_apply1(&tgi_op_slice, x, &(tgi_slice_attrs){axis, start, stop, step});
}

tg_var tg_slice_scatter(tg_var a, tg_var b, int axis, int64_t start, int64_t stop, int64_t step) {
  return tgi_apply2(&tgi_op_slice_scatter, a, b, &(tgi_slice_attrs){axis, start, stop, step});
}

tg_var tg_select(tg_var x, int axis, int64_t index) {
  return tgi_apply1(&tgi_op_select, x, &(select_attrs){axis, index});
}

static bool can_split(tg_var x, int64_t size, int axis, int n) {
  int64_t length = tg_dim(x, axis);
  if (length < 0) return tg_tape_fail(x.tape, TG_ARGUMENT, "split: no axis %d", axis), false;
  if (size < 1) return tg_tape_fail(x.tape, TG_ARGUMENT, "split: the size is below 1"), false;
  int64_t pieces = length == 0 ? 1 : (length - 1) / size + 1;
  if (n == pieces) return true;
  tg_tape_fail(x.tape, TG_SHAPE, "split: %lld elements by %lld make %lld pieces, not %d",
               (long long)length, (long long)size, (long long)pieces, n);
  return false;
}

tg_status tg_split(tg_var x, int64_t size, int axis, tg_var out[], int n) {
  bool fits = !tg_is_none(x) && can_split(x, size, axis, n);
  for (int64_t k = 0; k < n; k++) {
    tg_var failed = {x.tape, 0, 0};
    int64_t stop = k == n - 1 ? TG_END : (k + 1) * size;
    out[k] = fits ? tg_slice(x, axis, k * size, stop, 1) : failed;
  }
  return tg_is_none(x) ? TG_ARGUMENT : tg_tape_status(x.tape);
}
