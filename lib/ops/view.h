/* What the operators on shapes share: axes, and one gradient kernel for all views. */
#ifndef TGI_OPS_VIEW_H
#define TGI_OPS_VIEW_H

#include "ops/attrs.h"
#include "ops/ops_internal.h"

typedef struct tgi_axis_attrs {
  int axis;
} tgi_axis_attrs;
extern const tg_field tgi_axis_fields[]; /* axis=1 */

/* x[start:stop:step] along the axis, NumPy's way. */
typedef struct tgi_slice_attrs {
  int axis;
  int64_t start, stop, step;
} tgi_slice_attrs;
/* Of an axis of length n: the first index, and how many there are. The step is not 0. */
void tgi_slice_part(const tgi_slice_attrs *attrs, int64_t n, int64_t *start, int64_t *count);

/* axis of operand 0 as [0, rank); -1 with the sticky error. */
int tgi_call_axis(const tg_call *c, int64_t axis);
/* The axis of the call's tgi_axis_attrs as one that the result has and operand 0 has not. */
tg_status tgi_new_axis(const tg_call *c, int *axis);
/* The axis of the call's tgi_axis_attrs, which is known to be one of x's. */
static inline int tgi_axis_in(const tg_call *c, const tg_tensor *x) {
  return tgi_axis(x->rank, ((const tgi_axis_attrs *)c->attrs)->axis);
}
/* The cotangent of a view that covers no element twice: g is added to the same view of dx. */
tg_status tgi_grad_view(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                        double beta);
/* The cotangents of y = a, but b in a part of it: of a it is g, and 0 in the part; of b it is g's
   part. part_of: sets the part of x, which has a's shape. */
typedef tg_status tgi_part_of_fn(const tg_call *c, const tg_tensor *x, tg_tensor *part);
tg_status tgi_grad_scatter(const tg_call *c, tgi_part_of_fn *part_of, int i, const tg_tensor *g,
                           const tg_tensor *dx, double beta);
/* grad_part where the cotangent is g as it is, in row-major order. */
void tgi_part_same(const tg_call *c, int i, int64_t first, int64_t n, const void *g, void *dx,
                   double beta);

#endif
