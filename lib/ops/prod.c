/* The product of many. Its derivative is the product of the others, which is what comes before
   times what comes after. */
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
  .shape = tgi_shape_axes, .axis = tgi_axis_of_reduction, .kernel = kernel_prod, .vjp = {vjp_prod}, .jvp = jvp_prod, TG_SAMPLES(samples),
};
/* clang-format on */

tg_var tg_prod(tg_var x, int n_axes, const int64_t axes[], bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n_axes, axes, keepdim);
  return tgi_apply1(&tgi_op_prod, x, &attrs);
}
