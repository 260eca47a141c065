/* Tensors from nothing: full and its special cases, arange, linspace, eye. */
#include "ops/create.h"

#include <math.h>

#include "tape/tape.h"

tg_status tgi_create_dtype(tg_call *c, tg_dtype dtype) {
  bool known = tg_dtype_size(dtype) > 0;
  if (!known || !(c->op->dtypes >> dtype & 1))
    return tg_call_fail(c, TG_DTYPE, "not defined for %s", tg_dtype_name(dtype));
  c->out.dtype = dtype;
  return TG_OK;
}

tg_status tgi_shape_create(tg_call *c) {
  const tgi_create_attrs *attrs = c->attrs;
  tg_status status = tgi_create_dtype(c, attrs->dtype);
  return status == TG_OK ? tgi_out_dims(c, attrs->to.n, attrs->to.entries) : status;
}

/* ---- full ---- */

static const tg_field full_fields[] = {TGI_CREATE_FIELDS, TGI_CREATE_P("value"), {.name = NULL}};

static tg_status kernel_full(const tg_call *c) {
  tgi_fill(&c->out, ((const tgi_create_attrs *)c->attrs)->p);
  return TG_OK;
}

/* ---- arange and linspace ---- */

typedef struct range_attrs {
  tg_dtype dtype;
  double start, stop, step;
  int64_t n; /* linspace */
} range_attrs;

static const tg_field arange_fields[] = {
    {.name = "dtype", .type = TG_FIELD_DTYPE, .offset = offsetof(range_attrs, dtype)},
    {.name = "start", .type = TG_FIELD_F64, .offset = offsetof(range_attrs, start)},
    {.name = "stop", .type = TG_FIELD_F64, .offset = offsetof(range_attrs, stop)},
    {.name = "step", .type = TG_FIELD_F64, .offset = offsetof(range_attrs, step)},
    {.name = NULL},
};
static const tg_field linspace_fields[] = {
    {.name = "dtype", .type = TG_FIELD_DTYPE, .offset = offsetof(range_attrs, dtype)},
    {.name = "start", .type = TG_FIELD_F64, .offset = offsetof(range_attrs, start)},
    {.name = "stop", .type = TG_FIELD_F64, .offset = offsetof(range_attrs, stop)},
    {.name = "n", .type = TG_FIELD_I64, .offset = offsetof(range_attrs, n)},
    {.name = NULL},
};

static tg_status shape_arange(tg_call *c) {
  const range_attrs *attrs = c->attrs;
  tg_status status = tgi_create_dtype(c, attrs->dtype);
  if (status != TG_OK) return status;
  double n = ceil((attrs->stop - attrs->start) / attrs->step);
  if (!isfinite(attrs->start) || !isfinite(attrs->step) || !isfinite(n))
    return tg_call_fail(c, TG_ARGUMENT, "start, stop or step is not finite, or the step is 0");
  bool whole = trunc(attrs->start) == attrs->start && trunc(attrs->step) == attrs->step;
  if (!tg_dtype_is_float(attrs->dtype) && !whole)
    return tg_call_fail(c, TG_ARGUMENT, "start or step is not an integer");
  if (n >= 0x1p62) return tg_call_fail(c, TG_OVERFLOW, "the size does not fit into 63 bits");
  return tgi_out_dims(c, TG_DIMS(n > 0 ? (int64_t)n : 0));
}

static tg_status shape_linspace(tg_call *c) {
  const range_attrs *attrs = c->attrs;
  tg_status status = tgi_create_dtype(c, attrs->dtype);
  if (status != TG_OK) return status;
  if (attrs->n < 0) return tg_call_fail(c, TG_ARGUMENT, "a negative number of elements");
  if (!isfinite(attrs->stop - attrs->start))
    return tg_call_fail(c, TG_ARGUMENT, "start or stop is not finite");
  return tgi_out_dims(c, TG_DIMS(attrs->n));
}

typedef double value_fn(const range_attrs *attrs, int64_t i);

static double arange_value(const range_attrs *attrs, int64_t i) {
  return attrs->start + (double)i * attrs->step;
}

/* From the nearer end, so that both ends are exact. */
static double linspace_value(const range_attrs *attrs, int64_t i) {
  if (attrs->n == 1) return attrs->start;
  double step = (attrs->stop - attrs->start) / (double)(attrs->n - 1);
  return i < attrs->n / 2 ? attrs->start + (double)i * step
                          : attrs->stop - (double)(attrs->n - 1 - i) * step;
}

static tg_status fill_by(const tg_call *c, value_fn *value) {
  enum { BATCH = 128 };
  double batch[BATCH];
  tgi_convert_fn *convert = tgi_convert_for(c->out.dtype, TG_F64);
  int64_t n = c->out.dims[0], size = (int64_t)tg_dtype_size(c->out.dtype);
  for (int64_t i = 0; i < n; i += BATCH) {
    int64_t m = tgi_least(BATCH, n - i);
    for (int64_t j = 0; j < m; j++) batch[j] = value(c->attrs, i + j);
    convert(m, (char *)c->out.data + i * size, size, (const char *)batch, sizeof *batch);
  }
  return TG_OK;
}

static tg_status kernel_arange(const tg_call *c) { return fill_by(c, arange_value); }
static tg_status kernel_linspace(const tg_call *c) { return fill_by(c, linspace_value); }

/* ---- eye ---- */

typedef struct eye_attrs {
  tg_dtype dtype;
  int64_t n;
} eye_attrs;

static const tg_field eye_fields[] = {
    {.name = "dtype", .type = TG_FIELD_DTYPE, .offset = offsetof(eye_attrs, dtype)},
    {.name = "n", .type = TG_FIELD_I64, .offset = offsetof(eye_attrs, n)},
    {.name = NULL},
};

static tg_status shape_eye(tg_call *c) {
  const eye_attrs *attrs = c->attrs;
  tg_status status = tgi_create_dtype(c, attrs->dtype);
  return status == TG_OK ? tgi_out_dims(c, TG_DIMS(attrs->n, attrs->n)) : status;
}

static tg_status kernel_eye(const tg_call *c) {
  int64_t n = c->out.dims[0];
  tgi_fill(&c->out, 0);
  tgi_fill(&(tg_tensor){c->out.data, c->out.dtype, 1, {n}, {n + 1}}, 1);
  return TG_OK;
}

/* ---- samples ---- */

static const tgi_create_attrs full_23 = {TG_F64, {2, {2, 3}}, 2.5, 0, {0, 0}},
                              full_scalar = {TG_F32, {0, {0}}, -1, 0, {0, 0}},
                              full_empty = {TG_I64, {2, {0, 3}}, 7, 0, {0, 0}},
                              full_bool = {TG_BOOL, {1, {3}}, 1, 0, {0, 0}},
                              full_none = {TG_DTYPE_NONE, {1, {3}}, 1, 0, {0, 0}},
                              full_neg = {TG_F64, {1, {-3}}, 1, 0, {0, 0}},
                              full_bad = {TG_F64, {-1, {0}}, 1, 0, {0, 0}};
static const range_attrs range_5 = {TG_F64, 0, 5, 1, 0}, range_half = {TG_F32, -1, 1, 0.5, 0},
                         range_down = {TG_I64, 5, -1, -2, 0}, range_none = {TG_F64, 5, 0, 1, 0},
                         range_still = {TG_F64, 0, 5, 0, 0}, range_nan = {TG_F64, 0, NAN, 1, 0},
                         range_part = {TG_I32, 0, 5, 0.5, 0}, range_bool = {TG_BOOL, 0, 1, 1, 0},
                         range_huge = {TG_F64, 0, 1e300, 1, 0};
static const range_attrs line_5 = {TG_F64, -1, 1, 0, 5}, line_1 = {TG_F32, 3, 9, 0, 1},
                         line_0 = {TG_F64, 0, 1, 0, 0}, line_neg = {TG_F64, 0, 1, 0, -1},
                         line_inf = {TG_F64, 0, INFINITY, 0, 5}, line_int = {TG_I64, 0, 1, 0, 2};
static const eye_attrs eye_3 = {TG_F64, 3}, eye_1 = {TG_I32, 1}, eye_0 = {TG_F32, 0},
                       eye_neg = {TG_F64, -1}, eye_none = {TG_DTYPE_NONE, 2};

/* clang-format off */
static const tg_sample samples_full[] = {
  {.attrs = &full_23}, {.attrs = &full_scalar}, {.attrs = &full_empty}, {.attrs = &full_bool},
  {.attrs = &full_none, .refuse = TG_DTYPE}, {.attrs = &full_neg, .refuse = TG_SHAPE}, {.attrs = &full_bad, .refuse = TG_SHAPE},
};
static const tg_sample samples_arange[] = {
  {.attrs = &range_5}, {.attrs = &range_half}, {.attrs = &range_down}, {.attrs = &range_none},
  {.attrs = &range_still, .refuse = TG_ARGUMENT}, {.attrs = &range_nan,  .refuse = TG_ARGUMENT}, {.attrs = &range_part, .refuse = TG_ARGUMENT},
  {.attrs = &range_bool,  .refuse = TG_DTYPE},    {.attrs = &range_huge, .refuse = TG_OVERFLOW},
};
static const tg_sample samples_linspace[] = {
  {.attrs = &line_5}, {.attrs = &line_1}, {.attrs = &line_0},
  {.attrs = &line_neg, .refuse = TG_ARGUMENT}, {.attrs = &line_inf, .refuse = TG_ARGUMENT}, {.attrs = &line_int, .refuse = TG_DTYPE},
};
static const tg_sample samples_eye[] = {
  {.attrs = &eye_3}, {.attrs = &eye_1}, {.attrs = &eye_0},
  {.attrs = &eye_neg, .refuse = TG_SHAPE}, {.attrs = &eye_none, .refuse = TG_DTYPE},
};

const tg_op tgi_op_full = {
  TG_OP_INIT, .name = "full", .label = "full", .formula = "y[...] = value",
  .dtypes = TG_ANY, .attrs_size = sizeof(tgi_create_attrs), .attrs = full_fields,
  .shape = tgi_shape_create, .kernel = kernel_full, TG_SAMPLES(samples_full),
};
const tg_op tgi_op_arange = {
  TG_OP_INIT, .name = "arange", .label = "arange", .formula = "y[i] = start + i step, up to stop",
  .dtypes = TG_NUMBERS, .attrs_size = sizeof(range_attrs), .attrs = arange_fields,
  .shape = shape_arange, .kernel = kernel_arange, TG_SAMPLES(samples_arange),
};
const tg_op tgi_op_linspace = {
  TG_OP_INIT, .name = "linspace", .label = "linspace", .formula = "y[i] = start + i (stop - start) / (n - 1)",
  .dtypes = TG_FLOATS, .attrs_size = sizeof(range_attrs), .attrs = linspace_fields,
  .shape = shape_linspace, .kernel = kernel_linspace, TG_SAMPLES(samples_linspace),
};
const tg_op tgi_op_eye = {
  TG_OP_INIT, .name = "eye", .label = "eye", .formula = "y[i, j] = 1 where i = j, else 0",
  .dtypes = TG_ANY, .attrs_size = sizeof(eye_attrs), .attrs = eye_fields,
  .shape = shape_eye, .kernel = kernel_eye, TG_SAMPLES(samples_eye),
};
/* clang-format on */

/* ---- constructors ---- */

tg_var tg_full(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[], double value) {
  tgi_create_attrs attrs = {.dtype = dtype, .to = tgi_dims_attrs_of(rank, dims), .p = value};
  return tg_apply_on(t, &tgi_op_full, NULL, 0, &attrs);
}

tg_var tg_zeros(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[]) {
  return tg_full(t, dtype, rank, dims, 0);
}

tg_var tg_ones(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[]) {
  return tg_full(t, dtype, rank, dims, 1);
}

tg_var tg_full_like(tg_var x, double value) {
  if (tg_is_none(x)) return TG_NONE;
  if (!tgi_check_var(x.tape, x, "full_like")) return tgi_failed(x.tape);
  tg_tensor like = tgi_value(x);
  return tg_full(x.tape, like.dtype, like.rank, like.dims, value);
}

tg_var tg_zeros_like(tg_var x) { return tg_full_like(x, 0); }
tg_var tg_ones_like(tg_var x) { return tg_full_like(x, 1); }

tg_var tg_arange(tg_tape *t, tg_dtype dtype, double start, double stop, double step) {
  range_attrs attrs = {.dtype = dtype, .start = start, .stop = stop, .step = step};
  return tg_apply_on(t, &tgi_op_arange, NULL, 0, &attrs);
}

tg_var tg_linspace(tg_tape *t, tg_dtype dtype, double start, double stop, int64_t n) {
  range_attrs attrs = {.dtype = dtype, .start = start, .stop = stop, .n = n};
  return tg_apply_on(t, &tgi_op_linspace, NULL, 0, &attrs);
}

tg_var tg_eye(tg_tape *t, tg_dtype dtype, int64_t n) {
  return tg_apply_on(t, &tgi_op_eye, NULL, 0, &(eye_attrs){dtype, n});
}
