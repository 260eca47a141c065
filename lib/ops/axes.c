/* The axes of reductions: checked once by the shape function, read as a mask by everything else. */
#include "ops/axes.h"

const tg_field tgi_reduce_fields[] = {
    {.name = "axes",
     .type = TG_FIELD_I64S,
     .offset = offsetof(tgi_reduce_attrs, axes),
     .count = offsetof(tgi_reduce_attrs, n)},
    {.name = "keepdim", .type = TG_FIELD_BOOL, .offset = offsetof(tgi_reduce_attrs, keepdim)},
    {.name = NULL},
};

unsigned tgi_reduced_axes(const tg_call *c) {
  const tgi_reduce_attrs *attrs = c->attrs;
  if (attrs->n == 0) return (1u << c->in[0].rank) - 1;
  unsigned mask = 0;
  for (int k = 0; k < attrs->n; k++) mask |= 1u << tgi_axis(c->in[0].rank, attrs->axes[k]);
  return mask;
}

int tgi_axis_same(const tg_call *c, int i, int k) {
  (void)c, (void)i;
  return k;
}

int tgi_axis_of_reduction(const tg_call *c, int i, int k) {
  (void)i;
  const tgi_reduce_attrs *attrs = c->attrs;
  unsigned reduced = tgi_reduced_axes(c);
  int to = 0;
  if (reduced >> k & 1) return TG_NO_AXIS;
  for (int before = 0; before < k; before++) to += attrs->keepdim || !(reduced >> before & 1);
  return to;
}

static tg_status check_axes(const tg_call *c) {
  const tgi_reduce_attrs *attrs = c->attrs;
  if (attrs->n < 0)
    return tg_call_fail(c, TG_ARGUMENT, "the number of axes is not 0 to %d", TG_MAX_RANK);
  unsigned mask = 0;
  for (int k = 0; k < attrs->n; k++) {
    int axis = tgi_axis(c->in[0].rank, attrs->axes[k]);
    if (axis < 0)
      return tg_call_fail(c, TG_ARGUMENT, "axis %lld is out of range for rank %d",
                          (long long)attrs->axes[k], c->in[0].rank);
    if (mask >> axis & 1) return tg_call_fail(c, TG_ARGUMENT, "axis %d is named twice", axis);
    mask |= 1u << axis;
  }
  return TG_OK;
}

tg_status tgi_shape_axes(tg_call *c) {
  tg_status status = check_axes(c);
  if (status != TG_OK) return status;
  const tgi_reduce_attrs *attrs = c->attrs;
  const tg_tensor *x = &c->in[0];
  unsigned mask = tgi_reduced_axes(c);
  c->out.rank = 0;
  for (int k = 0; k < x->rank; k++) {
    bool reduced = mask >> k & 1;
    if (!reduced || attrs->keepdim) c->out.dims[c->out.rank++] = reduced ? 1 : x->dims[k];
  }
  return TG_OK;
}

int64_t tgi_reduced_count(const tg_call *c) {
  unsigned mask = tgi_reduced_axes(c);
  int64_t n = 1;
  for (int k = 0; k < c->in[0].rank; k++)
    if (mask >> k & 1) n *= c->in[0].dims[k];
  return n;
}

tg_tensor tgi_kept(const tg_call *c, const tg_tensor *y) {
  const tgi_reduce_attrs *attrs = c->attrs;
  if (attrs->keepdim || y->rank == c->in[0].rank) return *y;
  unsigned mask = tgi_reduced_axes(c);
  tg_tensor kept;
  kept.data = y->data;
  kept.dtype = y->dtype;
  kept.rank = c->in[0].rank;
  for (int k = 0, from = 0; k < kept.rank; k++) {
    bool reduced = mask >> k & 1;
    kept.dims[k] = reduced ? 1 : y->dims[from];
    kept.strides[k] = reduced ? 0 : y->strides[from++];
  }
  return kept;
}

tg_tensor tgi_spread_view(const tg_call *c, const tg_tensor *y) {
  tg_tensor kept = tgi_kept(c, y);
  return tgi_broadcast_view(&kept, &c->in[0]);
}

/* Where only leading axes are missing, broadcasting finds the others by itself. */
tg_var tgi_spread(const tg_call *c, tg_var y) {
  const tgi_reduce_attrs *attrs = c->attrs;
  const tg_tensor *x = &c->in[0];
  unsigned mask = tgi_reduced_axes(c);
  bool leading = (mask & (mask + 1)) == 0;
  if (!attrs->keepdim && !leading) {
    int64_t kept[TG_MAX_RANK];
    for (int k = 0; k < x->rank; k++) kept[k] = mask >> k & 1 ? 1 : x->dims[k];
    y = tg_reshape(y, x->rank, kept);
  }
  return tgi_broadcast_like(y, x);
}
