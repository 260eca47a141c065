/* The logarithm of a sum of exponentials: the largest is taken out first, so nothing overflows. */
#include <math.h>

#include "kernel/slopes.h"
#include "kernel/softmax.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"

/* ---- the value: lanes of contiguous memory ---- */

static bool adjacent(unsigned axes) {
  while (axes && !(axes & 1)) axes >>= 1;
  return (axes & (axes + 1)) == 0;
}

/* x as [outer, n, inner], where its reduced axes are neighbours in contiguous memory. */
static tg_tensor in_place(const tg_tensor *x, unsigned reduced) {
  int64_t dims[3] = {1, 1, 1};
  for (int k = 0, at = 0; k < x->rank; k++) {
    if (reduced >> k & 1)
      at = 1;
    else if (at == 1)
      at = 2;
    dims[at] *= x->dims[k];
  }
  return tg_tensor_of(x->data, x->dtype, 3, dims);
}

/* The same of a copy whose reduced axes are the last; data NULL: no memory. */
static tg_tensor moved(const tg_call *c, unsigned reduced) {
  const tg_tensor *x = &c->in[0];
  tg_tensor from = *x, to;
  int rank = 0;
  for (int last = 0; last < 2; last++)
    for (int k = 0; k < x->rank; k++) {
      if ((int)(reduced >> k & 1) != last) continue;
      from.dims[rank] = x->dims[k];
      from.strides[rank++] = x->strides[k];
    }
  to = from;
  tgi_set_contiguous(&to);
  to.data = tg_call_scratch(c, tg_tensor_bytes(x));
  if (to.data != NULL) tgi_copy(&to, &from);
  const int64_t n = tgi_reduced_count(c);
  return tg_tensor_of(to.data, x->dtype, 3, (int64_t[]){tg_tensor_numel(x) / n, n, 1});
}

static tg_status kernel_logsumexp(const tg_call *c) {
  const unsigned reduced = tgi_reduced_axes(c);
  const tg_tensor *x = &c->in[0];
  const int64_t n = tg_tensor_numel(&c->out);
  if (tgi_reduced_count(c) == 0)
    for (int64_t i = 0; i < n; i++) tg_tensor_put(&c->out, i, -INFINITY);
  if (n == 0 || tgi_reduced_count(c) == 0) return TG_OK;
  const bool lies_right = adjacent(reduced) && tg_tensor_is_contiguous(x);
  const tg_tensor lanes = lies_right ? in_place(x, reduced) : moved(c, reduced);
  if (lanes.data == NULL) return TG_NO_MEMORY;
  tgi_logsumexp(c->runtime, &c->out, &lanes);
  return TG_OK;
}

static tg_status grad_logsumexp(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                                double beta) {
  const tg_tensor y = tgi_spread_view(c, &c->out), wide = tgi_spread_view(c, g);
  const tgi_slopes *slopes = tgi_slopes_for(tg_runtime_isa(c->runtime), dx->dtype);
  (void)i;
  tgi_map(c->runtime, slopes->logsumexp[beta != 0], dx,
          (const tg_tensor *const[]){&c->in[0], &y, &wide}, 3, NULL);
  return TG_OK;
}

/* ---- rules ---- */

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
  .shape = tgi_shape_axes, .axis = tgi_axis_of_reduction, .kernel = kernel_logsumexp, .grad = grad_logsumexp, .vjp = {vjp_logsumexp}, .jvp = jvp_logsumexp, TG_SAMPLES(samples),
};
/* clang-format on */

tg_var tg_logsumexp(tg_var x, int n_axes, const int64_t axes[], bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n_axes, axes, keepdim);
  return tgi_apply1(&tgi_op_logsumexp, x, &attrs);
}
