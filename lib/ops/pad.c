/* Elements moved along axes: pad, whose negative widths crop, so that its rule is itself; and roll,
   whose rule rolls back. */
#include "kernel/accumulate.h"
#include "ops/view.h"

/* ---- pad ---- */

typedef struct pad_attrs {
  int n; /* -1: not two numbers for each axis */
  int64_t before[TG_MAX_RANK], after[TG_MAX_RANK];
  double value;
} pad_attrs;

static const tg_field pad_fields[] = {
    {.name = "before",
     .type = TG_FIELD_I64S,
     .offset = offsetof(pad_attrs, before),
     .count = offsetof(pad_attrs, n)},
    {.name = "after",
     .type = TG_FIELD_I64S,
     .offset = offsetof(pad_attrs, after),
     .count = offsetof(pad_attrs, n)},
    {.name = "value", .type = TG_FIELD_F64, .offset = offsetof(pad_attrs, value)},
    {.name = NULL},
};

static tg_status shape_pad(tg_call *c) {
  const pad_attrs *attrs = c->attrs;
  const tg_tensor *x = &c->in[0];
  int64_t dims[TG_MAX_RANK];
  if (attrs->n != x->rank)
    return tg_call_fail(c, TG_SHAPE, "%d numbers are expected, two for each axis", 2 * x->rank);
  for (int k = 0; k < x->rank; k++) {
    int64_t before = attrs->before[k], after = attrs->after[k];
    bool fits = before > INT64_MIN && after > INT64_MIN &&
                tgi_add_size(x->dims[k], before, &dims[k]) &&
                tgi_add_size(dims[k], after, &dims[k]);
    if (!fits) return tg_call_fail(c, TG_OVERFLOW, "the size does not fit into 63 bits");
    if (dims[k] < 0)
      return tg_call_fail(c, TG_SHAPE, "axis %d of length %lld loses %lld elements", k,
                          (long long)x->dims[k], (long long)(x->dims[k] - dims[k]));
  }
  return tgi_out_dims(c, x->rank, dims);
}

/* The part of x that y keeps, and where it lies in y: y[i + before] = x[i]. */
static void common_parts(const pad_attrs *attrs, tg_tensor *x, tg_tensor *y) {
  for (int k = 0; k < attrs->n; k++) {
    int64_t before = attrs->before[k], n = x->dims[k], m = y->dims[k];
    int64_t from = before < 0 ? -before : 0, to = before > 0 ? before : 0;
    int64_t count = n - from < m - to ? n - from : m - to;
    if (count < 0) count = 0;
    *x = tgi_slice_view(x, k, from, 1, count);
    *y = tgi_slice_view(y, k, to, 1, count);
  }
}

/* The rim is filled axis by axis, each time leaving less in the middle: every element is written
   once. */
static void fill_rim(const pad_attrs *attrs, const tg_tensor *y, const tg_tensor *middle) {
  tg_tensor left = *y;
  for (int k = 0; k < attrs->n; k++) {
    int64_t n = left.dims[k], count = middle->dims[k];
    int64_t first = attrs->before[k] > 0 && count > 0 ? attrs->before[k] : 0;
    tg_tensor low = tgi_slice_view(&left, k, 0, 1, first);
    tg_tensor high = tgi_slice_view(&left, k, first + count, 1, n - first - count);
    tgi_fill(&low, attrs->value);
    tgi_fill(&high, attrs->value);
    left = tgi_slice_view(&left, k, first, 1, count);
  }
}

static tg_status kernel_pad(const tg_call *c) {
  tg_tensor from = c->in[0], to = c->out;
  common_parts(c->attrs, &from, &to);
  fill_rim(c->attrs, &c->out, &to);
  tgi_copy(&to, &from);
  return TG_OK;
}

static tg_var vjp_pad(const tg_call *c, tg_var g) {
  const pad_attrs *attrs = c->attrs;
  int64_t pairs[2 * TG_MAX_RANK];
  for (int k = 0; k < attrs->n; k++) {
    pairs[2 * k] = -attrs->before[k];
    pairs[2 * k + 1] = -attrs->after[k];
  }
  return tg_pad(g, 2 * attrs->n, pairs, 0);
}

static tg_var jvp_pad(const tg_call *c, const tg_var dx[]) {
  pad_attrs attrs = *(const pad_attrs *)c->attrs;
  attrs.value = 0;
  return tg_apply(c->op, dx, 1, &attrs);
}

static tg_status grad_pad(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                          double beta) {
  (void)i;
  tg_tensor to = *dx, from = *g;
  common_parts(c->attrs, &to, &from);
  bool whole = tg_tensor_numel(&to) == tg_tensor_numel(dx);
  if (!whole && beta == 0) tgi_fill(dx, 0);
  tgi_accumulate(c->runtime, &to, &from, beta);
  return TG_OK;
}

/* ---- roll ---- */

typedef struct roll_attrs {
  int64_t shift;
  int axis;
} roll_attrs;

static const tg_field roll_fields[] = {
    {.name = "shift", .type = TG_FIELD_I64, .offset = offsetof(roll_attrs, shift)},
    {.name = "axis", .type = TG_FIELD_INT, .offset = offsetof(roll_attrs, axis)},
    {.name = NULL},
};

static tg_status shape_roll(tg_call *c) {
  return tgi_call_axis(c, ((const roll_attrs *)c->attrs)->axis) < 0 ? TG_ARGUMENT : TG_OK;
}

/* The shift as [0, n). */
static int64_t shift_of(const tg_call *c, int64_t n) {
  if (n == 0) return 0;
  int64_t shift = ((const roll_attrs *)c->attrs)->shift % n;
  return shift < 0 ? shift + n : shift;
}

/* dst = beta dst + x rolled by `shift`: the two pieces change places. */
static void add_rolled(const tg_call *c, const tg_tensor *dst, const tg_tensor *x, int64_t shift,
                       double beta) {
  int axis = tgi_axis(x->rank, ((const roll_attrs *)c->attrs)->axis);
  int64_t rest = x->dims[axis] - shift;
  tg_tensor from = tgi_slice_view(x, axis, 0, 1, rest);
  tg_tensor to = tgi_slice_view(dst, axis, shift, 1, rest);
  tgi_accumulate(c->runtime, &to, &from, beta);
  from = tgi_slice_view(x, axis, rest, 1, shift);
  to = tgi_slice_view(dst, axis, 0, 1, shift);
  tgi_accumulate(c->runtime, &to, &from, beta);
}

static int64_t rolled_dim(const tg_call *c) {
  return c->out.dims[tgi_axis(c->out.rank, ((const roll_attrs *)c->attrs)->axis)];
}

static tg_status kernel_roll(const tg_call *c) {
  add_rolled(c, &c->out, &c->in[0], shift_of(c, rolled_dim(c)), 0);
  return TG_OK;
}

static tg_var vjp_roll(const tg_call *c, tg_var g) {
  int64_t n = rolled_dim(c);
  return tg_roll(g, n - shift_of(c, n), ((const roll_attrs *)c->attrs)->axis);
}

static tg_status grad_roll(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                           double beta) {
  (void)i;
  int64_t n = rolled_dim(c);
  add_rolled(c, dx, g, n - shift_of(c, n), beta);
  return TG_OK;
}

/* ---- samples ---- */

static const pad_attrs rim = {2, {1, 0}, {2, 3}, 1.5}, crop = {2, {-1, 2}, {0, -3}, 0.5},
                       around = {1, {3}, {1}, 7}, away = {2, {5, -6}, {-5, 4}, 2},
                       gone = {2, {-2, 0}, {-1, 0}, 1}, too_much = {2, {-3, 0}, {-1, 0}, 0},
                       none = {0, {0}, {0}, 3}, bad = {-1, {0}, {0}, 0},
                       huge = {1, {INT64_MAX}, {1}, 0}, least = {1, {INT64_MIN}, {0}, 0};
static const roll_attrs roll_1 = {1, 0}, roll_back = {-1, -1}, roll_far = {11, 1},
                        roll_least = {INT64_MIN, 0}, roll_0 = {0, 0}, roll_out = {1, 2};

/* clang-format off */
#define X(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_pad[] = {
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &rim},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &crop},
  {.n = 1, .in = {X(1, 0)},    .attrs = &around},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &away},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &gone},
  {.n = 1, .in = {X(0, 0)},    .attrs = &none},
  {.n = 1, .in = {X(1, 1)},    .attrs = &around},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &too_much, .refuse = TG_SHAPE},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &around,   .refuse = TG_SHAPE},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &bad,      .refuse = TG_SHAPE},
  {.n = 1, .in = {X(1, 3)},    .attrs = &huge,     .refuse = TG_OVERFLOW},
  {.n = 1, .in = {X(1, 3)},    .attrs = &least,    .refuse = TG_OVERFLOW},
};
static const tg_sample samples_roll[] = {
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &roll_1},
  {.n = 1, .in = {X(3, 2, 3, 4)}, .attrs = &roll_back},
  {.n = 1, .in = {X(3, 2, 3, 4)}, .attrs = &roll_far},
  {.n = 1, .in = {X(1, 5)},       .attrs = &roll_least},
  {.n = 1, .in = {X(1, 5)},       .attrs = &roll_0},
  {.n = 1, .in = {X(1, 1)},       .attrs = &roll_1},
  {.n = 1, .in = {X(2, 0, 3)},    .attrs = &roll_1},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &roll_out, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(0, 0)},       .attrs = &roll_1,   .refuse = TG_ARGUMENT},
};
#undef X

const tg_op tgi_op_pad = {
  TG_OP_INIT, .name = "pad", .label = "pad", .formula = "y[..., i + before, ...] = x[..., i, ...], else value",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(pad_attrs), .attrs = pad_fields,
  .shape = shape_pad, .kernel = kernel_pad, .vjp = {vjp_pad}, .jvp = jvp_pad, .grad = grad_pad, TG_SAMPLES(samples_pad),
};
const tg_op tgi_op_roll = {
  TG_OP_INIT, .name = "roll", .label = "roll", .formula = "y[..., (i + shift) mod n, ...] = x[..., i, ...] along the axis",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(roll_attrs), .attrs = roll_fields,
  .shape = shape_roll, .kernel = kernel_roll, .vjp = {vjp_roll}, .jvp = tg_jvp_linear, .grad = grad_roll, TG_SAMPLES(samples_roll),
};
/* clang-format on */

/* ---- constructors ---- */

tg_var tg_pad(tg_var x, int n, const int64_t pairs[], double value) {
  pad_attrs attrs = {.n = n / 2, .value = value};
  if (n < 0 || n > 2 * TG_MAX_RANK || n % 2 != 0 || (n > 0 && pairs == NULL)) attrs.n = -1;
  for (int k = 0; k < attrs.n; k++) {
    attrs.before[k] = pairs[2 * k];
    attrs.after[k] = pairs[2 * k + 1];
  }
  return tgi_apply1(&tgi_op_pad, x, &attrs);
}

tg_var tg_roll(tg_var x, int64_t shift, int axis) {
  return tgi_apply1(&tgi_op_roll, x, &(roll_attrs){shift, axis});
}
