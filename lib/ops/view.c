/* What the operators on shapes share: axes, and one gradient kernel for all views. */
#include "ops/view.h"

#include "kernel/accumulate.h"

const tg_field tgi_axis_fields[] = {
    {.name = "axis", .type = TG_FIELD_INT, .offset = offsetof(tgi_axis_attrs, axis)},
    {.name = NULL},
};

int tgi_call_axis(const tg_call *c, int64_t axis) {
  int rank = c->in[0].rank, k = tgi_axis(rank, axis);
  if (k < 0)
    tg_call_fail(c, TG_ARGUMENT, "axis %lld is out of range for rank %d", (long long)axis, rank);
  return k;
}

tg_status tgi_new_axis(const tg_call *c, int *axis) {
  int rank = c->in[0].rank + 1, given = ((const tgi_axis_attrs *)c->attrs)->axis;
  *axis = tgi_axis(rank, given);
  if (*axis < 0)
    return tg_call_fail(c, TG_ARGUMENT, "axis %d is out of range for a result of rank %d", given,
                        rank);
  if (rank > TG_MAX_RANK) return tg_call_fail(c, TG_SHAPE, "the rank is already %d", TG_MAX_RANK);
  return TG_OK;
}

/* The shape function is asked again, with dx in the place of the operand. dx is contiguous, so it
   gives a view whatever the operand's strides were. */
tg_status tgi_grad_view(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                        double beta) {
  (void)i;
  tg_call at = *c;
  at.in = dx;
  at.out = *dx;
  at.out.data = NULL;
  tg_status status = c->op->shape(&at);
  if (status != TG_OK) return status;
  bool whole = tg_tensor_numel(g) == tg_tensor_numel(dx);
  if (!whole && beta == 0) tgi_fill(dx, 0);
  tgi_accumulate(c->runtime, &at.out, g, beta);
  return TG_OK;
}

/* g but in `part` of dx, where it is 0. What dx has there is put back after the sum. */
static tg_status grad_around(const tg_call *c, const tg_tensor *part, const tg_tensor *g,
                             const tg_tensor *dx, double beta) {
  tg_tensor kept = *part;
  tgi_set_contiguous(&kept);
  if (beta != 0) {
    kept.data = tg_call_scratch(c, tg_tensor_bytes(part));
    if (kept.data == NULL) return TG_NO_MEMORY;
    tgi_copy(&kept, part);
  }
  tgi_accumulate(c->runtime, dx, g, beta);
  if (beta != 0)
    tgi_copy(part, &kept);
  else
    tgi_fill(part, 0);
  return TG_OK;
}

tg_status tgi_grad_scatter(const tg_call *c, tgi_part_of_fn *part_of, int i, const tg_tensor *g,
                           const tg_tensor *dx, double beta) {
  tg_tensor part;
  tg_status status = part_of(c, i == 0 ? dx : g, &part);
  if (status != TG_OK) return status;
  if (i == 0) return grad_around(c, &part, g, dx, beta);
  tgi_accumulate(c->runtime, dx, &part, beta);
  return TG_OK;
}

void tgi_part_same(const tg_call *c, int i, int64_t first, int64_t n, const void *g, void *dx,
                   double beta) {
  (void)i, (void)first;
  const tg_tensor to = tgi_vector_of(dx, c->out.dtype, n, 1);
  const tg_tensor from = tgi_vector_of(g, c->out.dtype, n, 1);
  if (g != dx || beta != 0) tgi_accumulate(c->runtime, &to, &from, beta);
}
