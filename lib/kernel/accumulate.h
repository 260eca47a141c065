/* One tensor added to another of its shape, or copied into it. Knows memory and strides only. */
#ifndef TGI_ACCUMULATE_H
#define TGI_ACCUMULATE_H

#include "tensor/tensor.h"

/* dst = beta dst + x, same shape and dtype, any strides (dst covers no element twice), no overlap.
   beta is 0 (any dtype; dst may hold garbage) or 1 (f32 and f64). */
void tgi_accumulate(const tg_runtime *runtime, const tg_tensor *dst, const tg_tensor *x,
                    double beta);

#endif
