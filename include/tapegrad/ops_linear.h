/* Linear algebra of every day: products of vectors, matrices and batches of them, and softmax.
   Included by ops.h. */
#ifndef TAPEGRAD_OPS_LINEAR_H
#define TAPEGRAD_OPS_LINEAR_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y[..., i, j] = sum over l of a[..., i, l] b[..., l, j]: a [..., m, k], b [..., k, n], y [..., m,
   n]; the leading axes broadcast. An a of rank 1 is a row, a b of rank 1 a column, and that axis is
   missing in y. f32, f64, i64, i32 (which wrap); TG_SHAPE for rank 0, and where inner sizes differ.
   Views, transposed ones too, are read in place. */
TG_API tg_var tg_matmul(tg_var a, tg_var b);
/* y = x W^T + b: x [..., in], weight [out, in], bias [out] or TG_NONE, y [..., out]. f32, f64. */
TG_API tg_var tg_linear(tg_var x, tg_var weight, tg_var bias);
/* y = sum over i of a[i] b[i]: a [n], b [n]. f32, f64, i64, i32. */
TG_API tg_var tg_dot(tg_var a, tg_var b);
/* y[i, j] = a[i] b[j]: a [m], b [n], y [m, n]. Numbers. */
TG_API tg_var tg_outer(tg_var a, tg_var b);

/* y = e^x / sum of e^x along the axis; finite for all finite x. f32, f64; TG_ARGUMENT for an axis
   out of range. */
TG_API tg_var tg_softmax(tg_var x, int axis);
/* y = x - ln sum of e^x along the axis. */
TG_API tg_var tg_log_softmax(tg_var x, int axis);

#ifdef __cplusplus
}
#endif
#endif
