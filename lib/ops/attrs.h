/* Attribute structs that several operators share, their field tables, and small helpers of the
   operators' files. */
#ifndef TGI_OPS_ATTRS_H
#define TGI_OPS_ATTRS_H

#include <string.h>

#include "base/base.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"
#include "tensor/tensor.h"

/* Dtypes of an index; those that have both a sum and a product with -1. */
enum { TGI_INDEXES = 1 << TG_I64 | 1 << TG_I32, TGI_SIGNED = TG_FLOATS | TGI_INDEXES };

/* Dims, or axes: a count and its entries. */
typedef struct tgi_dims_attrs {
  int n;
  int64_t entries[TG_MAX_RANK];
} tgi_dims_attrs;
extern const tg_field tgi_dims_fields[]; /* dims=[2,3] */
extern const tg_field tgi_axes_fields[]; /* axes=[0,1] */

/* False: n is not 0 to TG_MAX_RANK; then the attrs say n = -1, which shape functions refuse. */
static inline tgi_dims_attrs tgi_dims_attrs_of(int n, const int64_t entries[]) {
  tgi_dims_attrs attrs = {.n = n};
  if (n < 0 || n > TG_MAX_RANK || (n > 0 && entries == NULL)) attrs.n = -1;
  for (int k = 0; k < attrs.n; k++) attrs.entries[k] = entries[k];
  return attrs;
}

/* Sets c->out's rank and dims (contiguous strides), or the sticky error. */
tg_status tgi_out_dims(tg_call *c, int rank, const int64_t dims[]);
/* The operator on one and two operands. */
static inline tg_var tgi_apply1(const tg_op *op, tg_var x, const void *attrs) {
  return tg_apply(op, &x, 1, attrs);
}
static inline tg_var tgi_apply2(const tg_op *op, tg_var a, tg_var b, const void *attrs) {
  const tg_var x[2] = {a, b};
  return tg_apply(op, x, 2, attrs);
}
/* x brought to the shape of `like` by broadcast_to or sum_to; x itself where it has it. */
tg_var tgi_broadcast_like(tg_var x, const tg_tensor *like);
tg_var tgi_sum_like(tg_var x, const tg_tensor *like);
tg_var tgi_reshape_like(tg_var x, const tg_tensor *like);
/* A constant of zeros in the shape of `like`: one number, seen with stride 0. */
tg_var tgi_zeros_like(tg_tape *t, const tg_tensor *like);

#endif
