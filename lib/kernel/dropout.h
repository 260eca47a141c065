/* The mask of dropout, drawn and applied in one pass over dense memory; tiles of a fixed size. */
#ifndef TGI_DROPOUT_H
#define TGI_DROPOUT_H

#include "tapegrad/random.h"
#include "tensor/tensor.h"

/* y = beta y + x / (1 - p) where the key's uniform i is >= p; beta is 0 (y holds garbage) or 1.
   Both contiguous, f32 or f64. */
void tgi_dropout(const tg_runtime *runtime, const tg_tensor *y, const tg_tensor *x, double p,
                 tg_key key, double beta);

#endif
