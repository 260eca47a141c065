/* Softmax along one axis, forward and backward, in one pass over memory each. Knows memory and
   strides only. */
#ifndef TGI_SOFTMAX_H
#define TGI_SOFTMAX_H

#include "tensor/tensor.h"

typedef enum tgi_softmax_kind { TGI_SOFTMAX, TGI_LOG_SOFTMAX, TGI_LOGSUMEXP } tgi_softmax_kind;

/* y = e^x / sum of e^x along the axis, or its logarithm; f32 and f64. y is contiguous, x may have
   any strides. The largest x of a lane is subtracted first, so nothing overflows. */
void tgi_softmax(const tg_runtime *runtime, tgi_softmax_kind kind, const tg_tensor *y,
                 const tg_tensor *x, int axis);

/* y[o, i] = ln of the sum over k of e^x[o, k, i], of x [outer, n, inner] with n > 0; both
   contiguous. */
void tgi_logsumexp(const tg_runtime *runtime, const tg_tensor *y, const tg_tensor *x);

/* dx = beta dx + y (g - sum of g y), or g - e^y sum of g. All contiguous; beta is 0 or 1. */
void tgi_softmax_grad(const tg_runtime *runtime, tgi_softmax_kind kind, const tg_tensor *dx,
                      const tg_tensor *y, const tg_tensor *g, int axis, double beta);

#endif
