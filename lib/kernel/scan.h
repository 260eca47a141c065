/* The linear recurrence along one axis of strided memory. Knows memory and strides only. */
#ifndef TGI_SCAN_H
#define TGI_SCAN_H

#include "tensor/tensor.h"

/* y[i] = a[i] y[i-1] + b[i] along the axis, y[0] = b[0]. All of one shape and dtype, any strides
   (from the end where they are negative); f32 and f64. */
void tgi_linear_scan(const tg_tensor *y, const tg_tensor *a, const tg_tensor *b, int axis);

#endif
