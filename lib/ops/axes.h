/* What reductions share: the axes over which they go, and the way of a result's shape to the
   operand's. */
#ifndef TGI_OPS_AXES_H
#define TGI_OPS_AXES_H

#include "kernel/reduce.h"
#include "ops/attrs.h"
#include "tape/tape.h"

typedef struct tgi_reduce_attrs {
  int n; /* 0: all axes; -1: the caller's were no axes */
  bool keepdim;
  int64_t axes[TG_MAX_RANK];
  double number; /* of operators that have one: norm's p, the correction of a variance */
} tgi_reduce_attrs;
extern const tg_field tgi_reduce_fields[]; /* axes=[0,1] keepdim=true */

static inline tgi_reduce_attrs tgi_reduce_attrs_of(int n, const int64_t axes[], bool keepdim) {
  tgi_reduce_attrs attrs = {.n = n, .keepdim = keepdim};
  if (n < 0 || n > TG_MAX_RANK || (n > 0 && axes == NULL)) attrs.n = -1;
  for (int k = 0; k < attrs.n; k++) attrs.axes[k] = axes[k];
  return attrs;
}

/* tg_axis_fns: of operators whose result has its operands' axes, and of reductions. */
int tgi_axis_same(const tg_call *c, int i, int k);
int tgi_axis_of_reduction(const tg_call *c, int i, int k);
/* The operator's own, or that of all elementwise ones; NULL: none. */
static inline tg_axis_fn *tgi_axis_fn_of(const tg_op *op) {
  return op->flags & TG_OP_ELEMENTWISE ? tgi_axis_same : tgi_op_axis(op);
}

/* Is axis k of operand 0 reduced, by the bits of the mask; the axes are known to be right. */
unsigned tgi_reduced_axes(const tg_call *c);
/* Checks the axes and sets c->out's rank and dims, or the sticky error. */
tg_status tgi_shape_axes(tg_call *c);
/* How many elements go into one of the result. */
int64_t tgi_reduced_count(const tg_call *c);
/* y, which has the result's shape, with the reduced axes put back as length 1. */
tg_tensor tgi_kept(const tg_call *c, const tg_tensor *y);
/* y, which has the result's shape, spread over the operand's. */
tg_tensor tgi_spread_view(const tg_call *c, const tg_tensor *y);
tg_var tgi_spread(const tg_call *c, tg_var y);
/* A tg_bind_fn for the sum of operand 0 into `to`, the result as tgi_reduce takes it. */
tg_kernel_fn *tgi_bind_sum(const tg_call *c, const tg_tensor *to, const void **attrs);

#endif
