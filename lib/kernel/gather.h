/* Moving elements by index along one axis, any strides. Lines along the axis do not touch each
   other, and each is worked through in order by one thread: the bits do not depend on the number of
   threads. Indices are in range; who calls has checked. */
#ifndef TGI_GATHER_H
#define TGI_GATHER_H

#include "tensor/tensor.h"

typedef enum tgi_move {
  TGI_GATHER,     /* b[..., k, ...] = a[..., index[..., k, ...], ...] */
  TGI_GATHER_ADD, /* b[..., k, ...] += a[..., index[..., k, ...], ...] */
  TGI_SCATTER_ADD /* a[..., index[..., k, ...], ...] += b[..., k, ...] */
} tgi_move;

/* index (i64) and b have one shape; a's dims are at least theirs but along the axis. a and b have
   one dtype; TG_DTYPE where it has no sum (u8, bool) and one is asked for. */
tg_status tgi_move_lines(const tg_runtime *runtime, tgi_move move, int axis, const tg_tensor *a,
                         const tg_tensor *index, const tg_tensor *b);

/* The same with one index for all lines: slice k of b and slice index[k] of a. */
tg_status tgi_move_slices(const tg_runtime *runtime, tgi_move move, int axis, const tg_tensor *a,
                          const int64_t *index, const tg_tensor *b);

#endif
