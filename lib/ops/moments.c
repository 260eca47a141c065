/* Variance and mean in two passes, as one packed operator; what is made of them. */
#include <math.h>

#include "kernel/slopes.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"

static const tg_field moment_fields[] = {
    {.name = "axes",
     .type = TG_FIELD_I64S,
     .offset = offsetof(tgi_reduce_attrs, axes),
     .count = offsetof(tgi_reduce_attrs, n)},
    {.name = "correction", .type = TG_FIELD_F64, .offset = offsetof(tgi_reduce_attrs, number)},
    {.name = "keepdim", .type = TG_FIELD_BOOL, .offset = offsetof(tgi_reduce_attrs, keepdim)},
    {.name = NULL},
};

/* ---- packed: y[0] the variance, y[1] the mean ---- */

/* [2, result...] */
static tg_status shape_var_mean(tg_call *c) {
  tg_status status = tgi_shape_axes(c);
  if (status != TG_OK) return status;
  if (c->out.rank == TG_MAX_RANK)
    return tg_call_fail(c, TG_SHAPE, "the packed result would have more than %d axes", TG_MAX_RANK);
  for (int k = c->out.rank++; k > 0; k--) c->out.dims[k] = c->out.dims[k - 1];
  c->out.dims[0] = 2;
  return TG_OK;
}

/* The number by which the sum of squares is divided; never negative. */
static double divisor(const tg_call *c) {
  const tgi_reduce_attrs *attrs = c->attrs;
  return fmax(0, (double)tgi_reduced_count(c) - attrs->number);
}

/* to = sums / by, all of the result's shape and contiguous */
static void divide(const tg_call *c, const tg_tensor *to, const tg_tensor *sums, double by) {
  const tgi_map_table *rows = tgi_map_table_for(tg_runtime_isa(c->runtime), to->dtype);
  tgi_map(c->runtime, rows->div_scalar.value, to, (const tg_tensor *const[]){sums}, 1,
          (double[]){by, 0});
}

static tg_status kernel_var_mean(const tg_call *c) {
  const tg_tensor *x = &c->in[0];
  tg_tensor variance = tgi_select_view(&c->out, 0, 0), mean = tgi_select_view(&c->out, 0, 1);
  tg_tensor sums = mean;
  sums.data = tg_call_scratch(c, tg_tensor_bytes(&mean));
  if (sums.data == NULL) return TG_NO_MEMORY;
  tg_tensor to = tgi_kept(c, &sums), about = tgi_kept(c, &mean);
  tg_status status = tgi_reduce(c->runtime, &tgi_sum, &to, x, 0);
  divide(c, &mean, &sums, (double)tgi_reduced_count(c));
  if (status == TG_OK) status = tgi_reduce_squares(c->runtime, &to, x, &about);
  divide(c, &variance, &sums, divisor(c));
  return status;
}

static tg_status grad_var_mean(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                               double beta) {
  const tg_tensor mean = tgi_select_view(&c->out, 0, 1), of_variance = tgi_select_view(g, 0, 0),
                  of_mean = tgi_select_view(g, 0, 1);
  const tg_tensor about = tgi_spread_view(c, &mean), u = tgi_spread_view(c, &of_variance),
                  v = tgi_spread_view(c, &of_mean);
  const tgi_slopes *slopes = tgi_slopes_for(tg_runtime_isa(c->runtime), dx->dtype);
  (void)i;
  tgi_map(c->runtime, slopes->moments[beta != 0], dx,
          (const tg_tensor *const[]){&c->in[0], &about, &u, &v}, 4,
          (double[]){2 / divisor(c), (double)tgi_reduced_count(c)});
  return TG_OK;
}

static tg_var off_mean(const tg_call *c) {
  return tg_sub(c->x[0], tgi_spread(c, tg_select(c->y, 0, 1)));
}

static tg_var vjp_var_mean(const tg_call *c, tg_var g) {
  double n = (double)tgi_reduced_count(c);
  tg_var of_variance = tg_mul_scalar(tg_select(g, 0, 0), 2 / divisor(c));
  tg_var of_mean = tg_div_scalar(tg_select(g, 0, 1), n);
  return tg_add(tg_mul(off_mean(c), tgi_spread(c, of_variance)), tgi_spread(c, of_mean));
}

static tg_var jvp_var_mean(const tg_call *c, const tg_var dx[]) {
  const tgi_reduce_attrs *attrs = c->attrs;
  tg_var sum = tg_sum(tg_mul(off_mean(c), dx[0]), attrs->n, attrs->axes, attrs->keepdim);
  tg_var mean = tg_mean(dx[0], attrs->n, attrs->axes, attrs->keepdim);
  return tg_stack((const tg_var[]){tg_mul_scalar(sum, 2 / divisor(c)), mean}, 2, 0);
}

/* ---- made of it ---- */

/* Eight kept axes leave none for the packed result: they are put back afterwards. */
static bool is_full(tg_var x, const tgi_reduce_attrs *attrs) {
  return attrs->keepdim && tg_rank(x) == TG_MAX_RANK;
}

static tg_var packed_moments(tg_var x, const tgi_reduce_attrs *attrs) {
  tgi_reduce_attrs own = *attrs;
  own.keepdim = attrs->keepdim && !is_full(x, attrs);
  return tgi_apply1(&tgi_op_var_mean, x, &own);
}

/* Of the packed moments of x: 0 the variance, 1 the mean. */
static tg_var moment(tg_var packed, tg_var x, const tgi_reduce_attrs *attrs, int which) {
  tg_var y = tg_select(packed, 0, which);
  int64_t dims[TG_MAX_RANK];
  if (tg_is_failed(y) || !is_full(x, attrs)) return y; /* else the axes are right */
  for (int k = 0; k < TG_MAX_RANK; k++) dims[k] = attrs->n == 0 ? 1 : tg_dim(x, k);
  for (int i = 0; i < attrs->n; i++) dims[tgi_axis(TG_MAX_RANK, attrs->axes[i])] = 1;
  return tg_reshape(y, TG_MAX_RANK, dims);
}

static tg_var compose_variance(const tg_call *c) {
  return moment(packed_moments(c->x[0], c->attrs), c->x[0], c->attrs, 0);
}

/* The norm has slope 0 at 0, and so has the deviation of equal numbers. */
static tg_var compose_std(const tg_call *c) {
  const tgi_reduce_attrs *attrs = c->attrs;
  tgi_reduce_attrs kept = *attrs;
  kept.keepdim = true;
  tg_var mean = moment(packed_moments(c->x[0], &kept), c->x[0], &kept, 1);
  if (tg_is_failed(mean)) return mean; /* and so the axes are right */
  tg_var size = tg_norm(tg_sub(c->x[0], mean), 2, attrs->n, attrs->axes, attrs->keepdim);
  return tg_div_scalar(size, sqrt(divisor(c)));
}

/* ---- samples ---- */

static const tgi_reduce_attrs all = {.number = 1}, all_kept = {.keepdim = true, .number = 1},
                              first = {1, false, {0}, 0}, last_kept = {1, true, {-1}, 1},
                              outer = {2, false, {2, 0}, 1}, beyond = {1, false, {2}, 0};

/* clang-format off */
#define IN(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples[] = {
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &all},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &all_kept},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &first},
  {.n = 1, .in = {IN(3, 2, 3, 4)}, .attrs = &last_kept},
  {.n = 1, .in = {IN(3, 2, 3, 4)}, .attrs = &outer},
  {.n = 1, .in = {IN(2, 0, 3)}, .attrs = &last_kept},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &beyond, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 1, .dims = {3}, .dtype = TG_I64, .high = 1}}, .attrs = &all, .refuse = TG_DTYPE},
};
#undef IN

const tg_op tgi_op_var_mean = {
  TG_OP_INIT, .name = "var_mean", .label = "var, mean", .formula = "y[0] = sum of (x - mean)^2 over axes / (n - correction), y[1] = mean",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = moment_fields,
  .shape = shape_var_mean, .kernel = kernel_var_mean, .grad = grad_var_mean, .vjp = {vjp_var_mean}, .jvp = jvp_var_mean, TG_SAMPLES(samples),
};
const tg_op tgi_op_variance = {
  TG_OP_INIT, .name = "variance", .label = "var", .formula = "y = sum of (x - mean)^2 over axes / (n - correction)",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = moment_fields,
  .compose = compose_variance, TG_SAMPLES(samples),
};
const tg_op tgi_op_std = {
  TG_OP_INIT, .name = "std", .label = "std", .formula = "y = sqrt(sum of (x - mean)^2 over axes / (n - correction))",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = moment_fields,
  .compose = compose_std, TG_SAMPLES(samples),
};
/* clang-format on */

static tgi_reduce_attrs attrs_of(int n, const int64_t axes[], double correction, bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n, axes, keepdim);
  attrs.number = correction;
  return attrs;
}

tg_var tg_variance(tg_var x, int n_axes, const int64_t axes[], double correction, bool keepdim) {
  tgi_reduce_attrs attrs = attrs_of(n_axes, axes, correction, keepdim);
  return tgi_apply1(&tgi_op_variance, x, &attrs);
}

tg_var tg_std(tg_var x, int n_axes, const int64_t axes[], double correction, bool keepdim) {
  tgi_reduce_attrs attrs = attrs_of(n_axes, axes, correction, keepdim);
  return tgi_apply1(&tgi_op_std, x, &attrs);
}

void tg_var_mean(tg_var x, int n_axes, const int64_t axes[], double correction, bool keepdim,
                 tg_var *variance, tg_var *mean) {
  tgi_reduce_attrs attrs = attrs_of(n_axes, axes, correction, keepdim);
  tg_var packed = packed_moments(x, &attrs);
  *variance = moment(packed, x, &attrs, 0);
  *mean = moment(packed, x, &attrs, 1);
}
