/* Reductions on strided memory. Sums are fixed trees: the bits depend on shape and strides, never
   on the number of threads. Knows memory and strides only. */
#ifndef TGI_REDUCE_H
#define TGI_REDUCE_H

#include "tensor/tensor.h"

/* What is done with two partial results, per dtype; a value, one constant for each below. */
typedef struct tgi_reduction tgi_reduction;

/* Integers wrap. Nothing summed gives 0, nothing multiplied 1. The largest and the smallest of
   nothing are -inf and inf, or the ends of the integer's range (so max is `any` on bools, and min
   is `all`); a NaN among the elements is their largest and their smallest. Bools have no sum and no
   product. */
extern const tgi_reduction tgi_sum, tgi_prod, tgi_max, tgi_min;

/* dst = beta dst + reduction of x over the axes along which dst is 1 and x is not. dst broadcasts
   to x's shape (its rank may be lower) and has x's dtype; neither need be contiguous. beta is 0
   (dst holds garbage, NaN among it) or, for tgi_sum, 1. TG_DTYPE where the reduction has no such
   dtype, TG_SHAPE where dst does not broadcast to x. */
tg_status tgi_reduce(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                     const tg_tensor *x, double beta);

#endif
