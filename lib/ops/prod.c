/* The product of many. Its derivative is the product of the others, which is what comes before
   times what comes after. */
#include <math.h>

#include "kernel/accumulate.h"
#include "kernel/scan.h"
#include "kernel/slopes.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"
#include "ops/scan.h"

static tg_status kernel_prod(const tg_call *c) {
  tg_tensor to = tgi_kept(c, &c->out);
  return tgi_reduce(c->runtime, &tgi_prod, &to, &c->in[0], 0);
}

/* The kept axes first, then the reduced ones; returns how many are kept. */
static int order(const tg_call *c, int64_t axes[]) {
  unsigned mask = tgi_reduced_axes(c);
  int kept = 0, n = 0;
  for (int k = 0; k < c->in[0].rank; k++)
    if (!(mask >> k & 1)) axes[n++] = k;
  kept = n;
  for (int k = 0; k < c->in[0].rank; k++)
    if (mask >> k & 1) axes[n++] = k;
  return kept;
}

/* x [kept..., reduced...] as [kept..., n]. */
static tg_var lanes(const tg_call *c, const int64_t axes[], int kept) {
  int64_t dims[TG_MAX_RANK + 1];
  for (int k = 0; k < kept; k++) dims[k] = c->in[0].dims[axes[k]];
  dims[kept] = tgi_reduced_count(c);
  return tg_reshape(tg_permute(c->x[0], c->in[0].rank, axes), kept + 1, dims);
}

/* From [kept..., n] to x's shape. */
static tg_var from_lanes(const tg_call *c, tg_var x, const int64_t axes[]) {
  int64_t dims[TG_MAX_RANK], back[TG_MAX_RANK];
  for (int k = 0; k < c->in[0].rank; k++) {
    dims[k] = c->in[0].dims[axes[k]];
    back[axes[k]] = k;
  }
  return tg_permute(tg_reshape(x, c->in[0].rank, dims), c->in[0].rank, back);
}

/* For each element, the product of the others. */
static tg_var others(const tg_call *c) {
  if (tgi_reduced_axes(c) == 0) return tgi_broadcast_like(tg_scalar_like(c->y, 1), &c->in[0]);
  int64_t axes[TG_MAX_RANK];
  int kept = order(c, axes);
  tg_var x = lanes(c, axes, kept);
  tg_var before = tgi_cumprod_but_last(x, kept, false), after = tgi_cumprod_but_last(x, kept, true);
  return from_lanes(c, tg_mul(before, after), axes);
}

static tg_var vjp_prod(const tg_call *c, tg_var g) { return tg_mul(tgi_spread(c, g), others(c)); }

static tg_var jvp_prod(const tg_call *c, const tg_var dx[]) {
  const tgi_reduce_attrs *attrs = c->attrs;
  return tg_sum(tg_mul(dx[0], others(c)), attrs->n, attrs->axes, attrs->keepdim);
}

/* ---- the same in memory ---- */

/* Is y / x as exact as y, whatever x? Not where y is 0, infinite, or lost bits near 0. */
static bool can_divide(const tg_tensor *y) {
  bool all = true;
  for (int64_t k = 0; k < tg_tensor_numel(y); k++) {
    if (y->dtype == TG_F32)
      all &= isnormal(((const float *)y->data)[k]) != 0;
    else
      all &= isnormal(((const double *)y->data)[k]) != 0;
  }
  return all;
}

static tg_status grad_by_division(const tg_call *c, const tg_tensor *g, const tg_tensor *dx,
                                  double beta) {
  const tgi_slopes *slopes = tgi_slopes_for(tg_runtime_isa(c->runtime), dx->dtype);
  const tg_tensor y = tgi_spread_view(c, &c->out), wide = tgi_spread_view(c, g);
  tgi_map(c->runtime, slopes->prod[beta != 0], dx, (const tg_tensor *const[]){&c->in[0], &y, &wide},
          3, NULL);
  return TG_OK;
}

/* x, by any strides, as lanes of n: a copy. data NULL: no memory. */
static tg_tensor dense_lanes(const tg_call *c, const tg_tensor *x, int64_t n) {
  tg_tensor to = *x;
  tgi_set_contiguous(&to);
  to.data = tg_call_scratch(c, tg_tensor_bytes(x));
  if (to.data) tgi_copy(&to, x);
  int64_t lanes = n > 0 ? tg_tensor_numel(x) / n : 0;
  return tg_tensor_of(to.data, x->dtype, 2, (int64_t[]){lanes, n});
}

static tg_tensor permuted(const tg_tensor *x, const int64_t axes[]) {
  tg_tensor y = *x;
  for (int k = 0; k < x->rank; k++) {
    y.dims[k] = x->dims[axes[k]];
    y.strides[k] = x->strides[axes[k]];
  }
  return y;
}

/* The lanes' last column is g, and the others are 0: the cotangent of their cumulative product. */
static void put_last(const tg_call *c, const tg_tensor *g, const tg_tensor *lanes) {
  tg_tensor last = *g;
  tgi_set_contiguous(&last);
  for (int k = 0; k < last.rank; k++) last.strides[k] *= lanes->dims[1];
  last.data = tgi_address(lanes, lanes->dims[1] - 1);
  tgi_fill(lanes, 0);
  tgi_accumulate(c->runtime, &last, g, 0);
}

static tg_status grad_by_others(const tg_call *c, const tg_tensor *g, const tg_tensor *dx,
                                double beta) {
  int64_t axes[TG_MAX_RANK], n = tgi_reduced_count(c);
  order(c, axes);
  tg_tensor from = permuted(&c->in[0], axes), to = permuted(dx, axes);
  tg_tensor x = dense_lanes(c, &from, n), y = x, slope = x;
  y.data = tg_call_scratch(c, tg_tensor_bytes(&x));
  slope.data = tg_call_scratch(c, tg_tensor_bytes(&x));
  if (!x.data || !y.data || !slope.data) return TG_NO_MEMORY;
  tg_status status = tgi_cumulate(c->runtime, &tgi_prod, &y, &x, 1, 0);
  put_last(c, g, &slope);
  x = tgi_slice_view(&x, 1, n - 1, -1, n);
  y = tgi_slice_view(&y, 1, n - 1, -1, n);
  tg_tensor back = tgi_slice_view(&slope, 1, n - 1, -1, n), result = to;
  tgi_scan_slope(c->runtime, &back, &x, &back, &y, 1, 1, 0);
  tgi_set_contiguous(&result);
  result.data = slope.data;
  tgi_accumulate(c->runtime, &to, &result, beta);
  return status;
}

static tg_status grad_prod(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                           double beta) {
  (void)i;
  if (tg_tensor_numel(dx) == 0) return TG_OK;
  return can_divide(&c->out) ? grad_by_division(c, g, dx, beta) : grad_by_others(c, g, dx, beta);
}

/* ---- samples ---- */

static const tgi_reduce_attrs all = {0}, first = {1, false, {0}, 0}, last_kept = {1, true, {-1}, 0},
                              outer = {2, false, {2, 0}, 0}, beyond = {1, false, {2}, 0};

/* clang-format off */
#define IN(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples[] = {
  {.n = 1, .in = {IN(2, 2, 3)}, .attrs = &all},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &first},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &last_kept},
  {.n = 1, .in = {IN(3, 2, 3, 2)}, .attrs = &outer},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4}}}, .attrs = &first}, /* zeros */
  {.n = 1, .in = {IN(0, 0)}, .attrs = &all},
  {.n = 1, .in = {IN(2, 0, 3)}, .attrs = &first},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &beyond, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 1, .dims = {3}, .dtype = TG_BOOL, .high = 1}}, .attrs = &all, .refuse = TG_DTYPE},
};
#undef IN

const tg_op tgi_op_prod = {
  TG_OP_INIT, .name = "prod", .label = "prod", .formula = "y = product of x over axes",
  .arity = 1, .dtypes = TG_NUMBERS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = tgi_reduce_fields,
  .shape = tgi_shape_axes, .axis = tgi_axis_of_reduction, .kernel = kernel_prod, .vjp = {vjp_prod}, .jvp = jvp_prod, .grad = grad_prod, TG_SAMPLES(samples),
};
/* clang-format on */

tg_var tg_prod(tg_var x, int n_axes, const int64_t axes[], bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n_axes, axes, keepdim);
  return tgi_apply1(&tgi_op_prod, x, &attrs);
}
