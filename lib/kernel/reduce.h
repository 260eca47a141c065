/* Reductions on strided memory. They are fixed trees: the bits depend on shape and strides, never
   on the number of threads. Knows memory and strides only. */
#ifndef TGI_REDUCE_H
#define TGI_REDUCE_H

#include "tensor/tensor.h"

/* What is done with two partial results, per dtype. */
typedef struct tgi_reduction tgi_reduction;

/* Integers wrap. Nothing summed gives 0, nothing multiplied 1. The largest and the smallest of
   nothing are -inf and inf, or the ends of the integer's range (so max is `any` on bools, and min
   is `all`); a NaN among the elements is their largest and their smallest. Bools have no sum and no
   product. */
extern const tgi_reduction tgi_sum, tgi_prod, tgi_max, tgi_min;

/* dst = reduction of x over the axes along which dst is 1 and x is not; with beta 1 of that and
   what dst holds, with beta 0 dst may hold garbage. dst broadcasts to x's shape (its rank may be
   lower) and has x's dtype; neither need be contiguous. TG_DTYPE where the reduction has no such
   dtype, TG_SHAPE where dst does not broadcast to x. */
tg_status tgi_reduce(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                     const tg_tensor *x, double beta);

/* The same with beta 0 for other numbers in the same layout, where that is one leaf of few columns.
   False where it is not. */
typedef struct tgi_leaf_sum {
  const tgi_reduction *kind;
  tg_dtype dtype;
  int64_t columns, run;
  int64_t column, row, to; /* strides in bytes: of x from column to column, in one; of dst */
} tgi_leaf_sum;
bool tgi_reduce_single(const tgi_reduction *kind, const tg_tensor *dst, const tg_tensor *x,
                       tgi_leaf_sum *leaf);
void tgi_reduce_leaf(const tgi_leaf_sum *leaf, void *dst, const void *x);

/* For those who make the elements as they go: the tree of tgi_reduce over rows of `run` > 1
   elements in one piece of memory. A row is cut into leaves of TGI_REDUCE_LEAF, and those into
   parts: part q has leaves [leaves * q / parts, leaves * (q + 1) / parts). The leaves of a part are
   folded pairwise: after leaf number c (from 0) as many pairs as c + 1 has factors of two, at its
   end the rest from the last on. The parts likewise: neighbours, then pairs of neighbours. */
enum { TGI_REDUCE_LEAF = 1024 };
int64_t tgi_reduce_parts(int64_t rows, int64_t run);
/* to[j] = the leaf of the n elements from x + j n on, n <= TGI_REDUCE_LEAF */
void tgi_reduce_leaves(const tgi_reduction *kind, tg_dtype dtype, int64_t rows, int64_t n,
                       const void *x, void *to);
/* *to = *to o *from */
void tgi_reduce_fold(const tgi_reduction *kind, tg_dtype dtype, void *to, const void *from);

/* dst = sum of (x - mean)^2, with the axes of tgi_reduce; mean has dst's shape. f32 and f64. */
tg_status tgi_reduce_squares(const tg_runtime *runtime, const tg_tensor *dst, const tg_tensor *x,
                             const tg_tensor *mean);

/* dst = place along `axis` of the largest or the smallest element: the first NaN, else the first of
   equals. dst is i64 and has x's shape, with 1 along the axis. TG_SHAPE where it has not, or x is
   empty along the axis. */
tg_status tgi_argreduce(const tg_runtime *runtime, bool largest, const tg_tensor *dst,
                        const tg_tensor *x, int axis);

/* dst[i] = x[0] o x[1] o ... o x[i] along `axis`, o being the kind's step, from the first on. dst
   has x's shape and dtype, and other memory. */
tg_status tgi_cumulate(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                       const tg_tensor *x, int axis);

#endif
