/* Reductions on strided memory. They are fixed trees: the bits depend on shape and strides, never
   on the number of threads. Knows memory and strides only. */
#ifndef TGI_REDUCE_H
#define TGI_REDUCE_H

#include "kernel/columns.h"
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
  const struct tgi_reduce_kernels *kernels;
  tgi_columns_fn *add; /* NULL, or what sums columns that lie side by side */
  int64_t size;        /* of an element */
  int64_t columns, run;
  int64_t column, row, to; /* strides in bytes: of x from column to column, in one; of dst */
  int64_t together, rest;  /* rows of x in one; rows after the last of these */
} tgi_leaf_sum;
bool tgi_reduce_single(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                       const tg_tensor *x, tgi_leaf_sum *leaf);
void tgi_reduce_leaf(const tgi_leaf_sum *leaf, void *dst, const void *x);

/* For those who make the elements as they go: the tree of tgi_reduce over the middle axis of [rows,
   run, columns], run > 1, in one piece of memory. A run is cut into leaves of TGI_REDUCE_LEAF
   elements, of TGI_REDUCE_APART where there are columns > 1, and those into parts: part q has
   leaves [leaves * q / parts, leaves * (q + 1) / parts). A leaf of columns adds them from the first
   element to the last. The leaves of a part are folded pairwise: after leaf number c (from 0) as
   many pairs as c + 1 has factors of two, at its end the rest from the last on. The parts likewise:
   neighbours, then pairs of neighbours.
   All this is so for columns of TGI_REDUCE_FEW elements and more, in all.
   Few columns are made more: x is taken for [rows, run / t, t columns], t a power of two. What the
   run leaves over is a leaf of one row, shorter than the others, that is folded into the last part.
   After all, the t sums of a column are folded by halves, the second half into the first. */
enum { TGI_REDUCE_LEAF = 1024, TGI_REDUCE_APART = 64, TGI_REDUCE_FEW = 512 };
int64_t tgi_reduce_together(int64_t run, int64_t columns);            /* t */
int64_t tgi_reduce_parts(int64_t rows, int64_t run, int64_t columns); /* with t in them */
/* to[j] = the leaf of the n elements from x + j n on, n <= TGI_REDUCE_LEAF */
void tgi_reduce_leaves(const tgi_reduction *kind, tg_dtype dtype, int64_t rows, int64_t n,
                       const void *x, void *to);
/* to[j] = to[j] o from[j], j < n */
void tgi_reduce_fold(const tgi_reduction *kind, tg_dtype dtype, int64_t n, void *to,
                     const void *from);

/* dst = sum of (x - mean)^2, with the axes of tgi_reduce; mean has dst's shape. f32 and f64. */
tg_status tgi_reduce_squares(const tg_runtime *runtime, const tg_tensor *dst, const tg_tensor *x,
                             const tg_tensor *mean);

/* dst = how many elements of x equal that of y in their place, likewise. f32 and f64. */
tg_status tgi_reduce_equals(const tg_runtime *runtime, const tg_tensor *dst, const tg_tensor *x,
                            const tg_tensor *y);

/* dst = place along `axis` of the largest or the smallest element: the first NaN, else the first of
   equals. dst is i64 and has x's shape, with 1 along the axis. TG_SHAPE where it has not, or x is
   empty along the axis. */
tg_status tgi_argreduce(const tg_runtime *runtime, bool largest, const tg_tensor *dst,
                        const tg_tensor *x, int axis);

/* dst[i] = x[0] o x[1] o ... o x[i] along `axis`, o being the kind's step, from the first on; with
   beta 1 what dst holds o that. dst has x's shape and dtype, and other memory. */
tg_status tgi_cumulate(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                       const tg_tensor *x, int axis, double beta);

#endif
