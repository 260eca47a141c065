/* Vector norms. Those that are sums or extremes are composed; the others have rules that put 0
   where PyTorch does. */
#include <math.h>

#include "kernel/slopes.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"

static const tg_field norm_fields[] = {
    {.name = "p", .type = TG_FIELD_F64, .offset = offsetof(tgi_reduce_attrs, number)},
    {.name = "axes",
     .type = TG_FIELD_I64S,
     .offset = offsetof(tgi_reduce_attrs, axes),
     .count = offsetof(tgi_reduce_attrs, n)},
    {.name = "keepdim", .type = TG_FIELD_BOOL, .offset = offsetof(tgi_reduce_attrs, keepdim)},
    {.name = NULL},
};

static double p_of(const tg_call *c) { return ((const tgi_reduce_attrs *)c->attrs)->number; }

/* ---- finite p ---- */

static tg_status shape_power_norm(tg_call *c) {
  double p = p_of(c);
  if (!(p > 0) || isinf(p)) return tg_call_fail(c, TG_ARGUMENT, "p is %g, not > 0", p);
  return tgi_shape_axes(c);
}

/* sum of |x|^p over axes */
static tg_status sum_powers(const tg_call *c, const tgi_map_table *rows) {
  const tg_tensor *x = &c->in[0];
  tg_tensor sizes = *x, powers = *x, to = tgi_kept(c, &c->out);
  tgi_set_contiguous(&sizes);
  tgi_set_contiguous(&powers);
  powers.data = tg_call_scratch(c, tg_tensor_bytes(x));
  if (powers.data == NULL) return TG_NO_MEMORY;
  if (p_of(c) == 2) {
    tgi_map(c->runtime, rows->square.value, &powers, &x, 1, NULL);
    return tgi_reduce(c->runtime, &tgi_sum, &to, &powers, 0);
  }
  sizes.data = tg_call_scratch(c, tg_tensor_bytes(x));
  if (sizes.data == NULL) return TG_NO_MEMORY;
  tgi_map(c->runtime, rows->abs.value, &sizes, &x, 1, NULL);
  tgi_map(c->runtime, rows->pow_scalar.value, &powers, (const tg_tensor *const[]){&sizes}, 1,
          (double[]){p_of(c), 0});
  return tgi_reduce(c->runtime, &tgi_sum, &to, &powers, 0);
}

static tg_status kernel_power_norm(const tg_call *c) {
  const tgi_map_table *rows = tgi_map_table_for(tg_runtime_isa(c->runtime), c->in[0].dtype);
  tg_status status = sum_powers(c, rows);
  tg_tensor sums = c->out;
  sums.data = tg_call_scratch(c, tg_tensor_bytes(&sums));
  if (status != TG_OK || sums.data == NULL) return status != TG_OK ? status : TG_NO_MEMORY;
  tgi_copy(&sums, &c->out);
  const tg_tensor *in[] = {&sums};
  bool root = p_of(c) == 2;
  tgi_map(c->runtime, root ? rows->sqrt.value : rows->pow_scalar.value, &c->out, in, 1,
          (double[]){1 / p_of(c), 0});
  return TG_OK;
}

/* x with the zeros among it replaced by 1, so that no power of it is infinite. */
static tg_var without_zeros(tg_var x, tg_var zeros) {
  return tg_where(zeros, tg_scalar_like(x, 1), x);
}

static tg_var masked(tg_var zeros, tg_var x) { return tg_where(zeros, tg_scalar_like(x, 0), x); }

/* dy/dx = sign(x) |x|^(p-1) / y^(p-1), 0 where x or y is 0 */
static tg_var slope(const tg_call *c) {
  double p = p_of(c);
  tg_var x = c->x[0], no_y = tg_eq_scalar(c->y, 0), y = without_zeros(c->y, no_y);
  if (p == 2) return tg_mul(x, tgi_spread(c, masked(no_y, tg_reciprocal(y))));
  tg_var no_x = tg_eq_scalar(x, 0);
  tg_var size = tg_pow_scalar(tg_abs(without_zeros(x, no_x)), p - 1);
  tg_var up = masked(no_x, tg_mul(tg_sign(x), size));
  return tg_mul(up, tgi_spread(c, masked(no_y, tg_pow_scalar(y, 1 - p))));
}

/* p is 2: x times g / y, which is 0 where y is. */
static tg_status grad_square_norm(const tg_call *c, const tg_tensor *g, const tg_tensor *dx,
                                  double beta) {
  const tg_isa isa = tg_runtime_isa(c->runtime);
  const tg_tensor *x = &c->in[0], *y = &c->out;
  tg_tensor part = *y;
  part.data = tg_call_scratch(c, tg_tensor_bytes(&part));
  if (part.data == NULL) return TG_NO_MEMORY;
  tgi_map(c->runtime, tgi_slopes_for(isa, dx->dtype)->norm[0], &part,
          (const tg_tensor *const[]){y, y, g}, 3, (double[]){0, -1});
  const tg_tensor wide = tgi_spread_view(c, &part);
  tgi_map(c->runtime, tgi_map_table_for(isa, dx->dtype)->mul.cotangent[0][beta != 0], dx,
          (const tg_tensor *const[]){x, x, x, &wide}, 4, NULL);
  return TG_OK;
}

static tg_status grad_power_norm(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                                 double beta) {
  const tg_tensor y = tgi_spread_view(c, &c->out), wide = tgi_spread_view(c, g);
  const tgi_slopes *slopes = tgi_slopes_for(tg_runtime_isa(c->runtime), dx->dtype);
  (void)i;
  if (p_of(c) == 2) return grad_square_norm(c, g, dx, beta);
  tgi_map(c->runtime, slopes->norm[beta != 0], dx, (const tg_tensor *const[]){&c->in[0], &y, &wide},
          3, (double[]){p_of(c) - 1, 1 - p_of(c)});
  return TG_OK;
}

static tg_var vjp_power_norm(const tg_call *c, tg_var g) {
  return tg_mul(tgi_spread(c, g), slope(c));
}

static tg_var jvp_power_norm(const tg_call *c, const tg_var dx[]) {
  const tgi_reduce_attrs *attrs = c->attrs;
  return tg_sum(tg_mul(dx[0], slope(c)), attrs->n, attrs->axes, attrs->keepdim);
}

/* ---- any p ---- */

static tg_var compose_norm(const tg_call *c) {
  const tgi_reduce_attrs *attrs = c->attrs;
  double p = attrs->number;
  if (p != 1 && p != (double)INFINITY) return tgi_apply1(&tgi_op_power_norm, c->x[0], attrs);
  tg_var sizes = tg_abs(c->x[0]);
  return p == 1 ? tg_sum(sizes, attrs->n, attrs->axes, attrs->keepdim)
                : tg_amax(sizes, attrs->n, attrs->axes, attrs->keepdim);
}

/* ---- samples ---- */

static const tgi_reduce_attrs two = {.number = 2}, two_first = {1, false, {0}, 2},
                              three_kept = {1, true, {-1}, 3}, between = {2, false, {2, 0}, 1.5},
                              one = {1, false, {0}, 1}, most = {1, false, {-1}, (double)INFINITY},
                              negative = {.number = -1};

/* clang-format off */
#define IN(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
#define SAMPLES_OF_POWERS                                                                           \
  {.n = 1, .in = {IN(2, 3, 4)},    .attrs = &two,        .n_kinks = 1, .kinks = {0}},               \
  {.n = 1, .in = {IN(2, 3, 4)},    .attrs = &two_first,  .n_kinks = 1, .kinks = {0}},               \
  {.n = 1, .in = {IN(2, 3, 4)},    .attrs = &three_kept, .n_kinks = 1, .kinks = {0}},               \
  {.n = 1, .in = {IN(3, 2, 3, 4)}, .attrs = &between,    .n_kinks = 1, .kinks = {0}},               \
  {.n = 1, .in = {IN(0, 0)},       .attrs = &two,        .n_kinks = 1, .kinks = {0}},               \
  {.n = 1, .in = {IN(2, 0, 3)},    .attrs = &two_first,  .n_kinks = 1, .kinks = {0}},               \
  {.n = 1, .in = {IN(2, 3, 4)},    .attrs = &negative, .refuse = TG_ARGUMENT}
static const tg_sample samples_power_norm[] = {SAMPLES_OF_POWERS};
static const tg_sample samples_norm[] = {
  SAMPLES_OF_POWERS,
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &one,  .n_kinks = 1, .kinks = {0}},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &most, .n_kinks = 1, .kinks = {0}},
};
#undef IN

const tg_op tgi_op_power_norm = {
  TG_OP_INIT, .name = "power_norm", .label = "norm", .formula = "y = (sum of |x|^p over axes)^(1/p)",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = norm_fields,
  .shape = shape_power_norm, .kernel = kernel_power_norm, .grad = grad_power_norm, .vjp = {vjp_power_norm}, .jvp = jvp_power_norm, TG_SAMPLES(samples_power_norm),
};
const tg_op tgi_op_norm = {
  TG_OP_INIT, .name = "norm", .label = "norm", .formula = "y = (sum of |x|^p over axes)^(1/p); max |x| where p is infinite",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = norm_fields,
  .compose = compose_norm, TG_SAMPLES(samples_norm),
};
/* clang-format on */

tg_var tg_norm(tg_var x, double p, int n_axes, const int64_t axes[], bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n_axes, axes, keepdim);
  attrs.number = p;
  return tgi_apply1(&tgi_op_norm, x, &attrs);
}
