/* The linear recurrence along one axis of strided memory, and its slope. Knows memory and strides
   only. */
#ifndef TGI_SCAN_H
#define TGI_SCAN_H

#include "tensor/tensor.h"

/* All tensors are of one shape and dtype, f32 or f64, with any strides (from the end where they are
   negative). */

/* y[i] = a[i] y[i-1] + b[i] along the axis, y[0] = b[0] */
void tgi_linear_scan(const tg_runtime *runtime, const tg_tensor *y, const tg_tensor *a,
                     const tg_tensor *b, int axis);

/* Its transpose, given the way back: the tensors are walked from the recurrence's end to its start.
   s[i] = a[i-1] s[i-1] + g[i], s[0] = g[0]; dx[i] = beta dx[i] + s[i] y[i+1], where y is `edge`
   past the end, and everywhere where it is NULL. dx may be g's memory. */
void tgi_scan_slope(const tg_runtime *runtime, const tg_tensor *dx, const tg_tensor *a,
                    const tg_tensor *g, const tg_tensor *y, double edge, int axis, double beta);

#endif
