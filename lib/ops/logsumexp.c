/* The logarithm of a sum of exponentials: the largest is taken out first, so nothing overflows. */
#include "kernel/map.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"

#include <math.h>

/* What is subtracted before the exponential: the largest, or 0 where that is infinite or NaN. Both
   contiguous. */
static void tame(const tg_tensor *to, const tg_tensor *most) {
  int64_t n = tg_tensor_numel(most);
  if (most->dtype == TG_F32) {
    const float *x = most->data;
    for (int64_t i = 0; i < n; i++) ((float *)to->data)[i] = isfinite(x[i]) ? x[i] : 0;
  } else {
    const double *x = most->data;
    for (int64_t i = 0; i < n; i++) ((double *)to->data)[i] = isfinite(x[i]) ? x[i] : 0;
  }
}

/* Contiguous scratch of x's shape; data NULL: no memory. */
static tg_tensor scratch_like(const tg_call *c, const tg_tensor *x) {
  tg_tensor y = *x;
  tgi_set_contiguous(&y);
  y.data = tg_call_scratch(c, tg_tensor_bytes(x));
  return y;
}

static void map(const tg_call *c, tgi_map_fn *fn, const tg_tensor *to, const tg_tensor *a,
                const tg_tensor *b) {
  tgi_map(c->runtime, fn, to, (const tg_tensor *const[]){a, b}, b ? 2 : 1, NULL);
}

/* sums = sum over axes of e^(x - shift) */
static tg_status sum_powers(const tg_call *c, const tgi_map_table *rows, const tg_tensor *shift,
                            const tg_tensor *sums) {
  const tg_tensor *x = &c->in[0];
  tg_tensor less = scratch_like(c, x), powers = scratch_like(c, x);
  if (less.data == NULL || powers.data == NULL) return TG_NO_MEMORY;
  tg_tensor wide = tgi_spread_view(c, shift), to = tgi_kept(c, sums);
  map(c, rows->sub.value, &less, x, &wide);
  map(c, rows->exp.value, &powers, &less, NULL);
  return tgi_reduce(c->runtime, &tgi_sum, &to, &powers, 0);
}

static tg_status kernel_logsumexp(const tg_call *c) {
  const tgi_map_table *rows = tgi_map_table_for(tg_runtime_isa(c->runtime), c->in[0].dtype);
  tg_tensor shift = scratch_like(c, &c->out), sums = scratch_like(c, &c->out);
  if (shift.data == NULL || sums.data == NULL) return TG_NO_MEMORY;
  tg_tensor to = tgi_kept(c, &sums);
  tg_status status = tgi_reduce(c->runtime, &tgi_max, &to, &c->in[0], 0);
  if (status != TG_OK) return status;
  tame(&shift, &sums);
  status = sum_powers(c, rows, &shift, &sums);
  if (status != TG_OK) return status;
  tg_tensor logs = scratch_like(c, &c->out);
  if (logs.data == NULL) return TG_NO_MEMORY;
  map(c, rows->log.value, &logs, &sums, NULL);
  map(c, rows->add.value, &c->out, &logs, &shift);
  return TG_OK;
}

/* e^(x - y); 0 where all x are -inf and so is y. */
static tg_var shares(const tg_call *c) {
  tg_var tame_y = tg_where(tg_eq_scalar(c->y, -INFINITY), tg_scalar_like(c->y, 0), c->y);
  return tg_exp(tg_sub(c->x[0], tgi_spread(c, tame_y)));
}

static tg_var vjp_logsumexp(const tg_call *c, tg_var g) {
  return tg_mul(tgi_spread(c, g), shares(c));
}

static tg_var jvp_logsumexp(const tg_call *c, const tg_var dx[]) {
  const tgi_reduce_attrs *attrs = c->attrs;
  return tg_sum(tg_mul(dx[0], shares(c)), attrs->n, attrs->axes, attrs->keepdim);
}

/* ---- samples ---- */

static const tgi_reduce_attrs all = {0}, first = {1, false, {0}, 0}, outer = {2, false, {2, 0}, 0},
                              last_kept = {1, true, {-1}, 0}, beyond = {1, false, {2}, 0};

/* clang-format off */
static const tg_sample samples[] = {
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &all},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 1},    .low = -2, .high = 2}}, .attrs = &last_kept},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &first},
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &outer},
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &all},
  {.n = 1, .in = {{.rank = 2, .dims = {0, 3},    .low = -2, .high = 2}}, .attrs = &last_kept},
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4}}}, .attrs = &beyond, .refuse = TG_ARGUMENT},
};

const tg_op tgi_op_logsumexp = {
  TG_OP_INIT, .name = "logsumexp", .label = "logsumexp", .formula = "y = ln sum of e^x over axes",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = tgi_reduce_fields,
  .shape = tgi_shape_axes, .kernel = kernel_logsumexp, .vjp = {vjp_logsumexp}, .jvp = jvp_logsumexp, TG_SAMPLES(samples),
};
/* clang-format on */

tg_var tg_logsumexp(tg_var x, int n_axes, const int64_t axes[], bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n_axes, axes, keepdim);
  return tgi_apply1(&tgi_op_logsumexp, x, &attrs);
}
