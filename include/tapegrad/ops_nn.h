/* Operators of neural networks that stand in no other chapter. Included by ops.h. */
#ifndef TAPEGRAD_OPS_NN_H
#define TAPEGRAD_OPS_NN_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y[i] = x[i] / (1 - p) where tg_random_uniform(key, i) >= p, i counting in row-major order; else
   0. For training; a model at rest leaves it out. p in [0, 1], TG_ARGUMENT else: 0 gives x, 1
   zeros. f32, f64. The same key drops the same elements, on any number of threads and again on
   replay. */
TG_API tg_var tg_dropout(tg_var x, double p, tg_key key);

#ifdef __cplusplus
}
#endif
#endif
