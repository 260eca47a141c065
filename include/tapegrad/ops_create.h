/* Tensors from nothing, on a tape that is given, and the same numbers again in another form.
   TG_DTYPE where the dtype is none or not one of those named, TG_SHAPE for bad dims. */
#ifndef TAPEGRAD_OPS_CREATE_H
#define TAPEGRAD_OPS_CREATE_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- filled; any dtype ---- */

/* All elements are `value`, converted as tg_tensor_put does:
   tg_full(t, TG_F32, TG_DIMS(2, 3), 1). */
TG_API tg_var tg_full(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[], double value);
TG_API tg_var tg_zeros(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[]);
TG_API tg_var tg_ones(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[]);
/* The same with x's tape, dtype and shape. No gradient passes to x. */
TG_API tg_var tg_full_like(tg_var x, double value);
TG_API tg_var tg_zeros_like(tg_var x);
TG_API tg_var tg_ones_like(tg_var x);
/* Ones on the diagonal of a matrix [n, n] of zeros. */
TG_API tg_var tg_eye(tg_tape *t, tg_dtype dtype, int64_t n);

/* ---- ranges ---- */

/* start, start + step, ... up to but not including stop: ceil((stop - start) / step) numbers, none
   where that is negative. Numbers; start and step of integers are integers, exact up to 2^53.
   TG_ARGUMENT where step is 0 or an argument is not finite. */
TG_API tg_var tg_arange(tg_tape *t, tg_dtype dtype, double start, double stop, double step);
/* n numbers at equal distances from start to stop, both among them; n = 1 gives start. f32 and f64.
   TG_ARGUMENT where n is negative or an argument is not finite. */
TG_API tg_var tg_linspace(tg_tape *t, tg_dtype dtype, double start, double stop, int64_t n);

/* ---- random: pure functions of the key, element i drawn at index i. TG_ARGUMENT where there is no
   such distribution ---- */

/* Uniform in [low, high); f32 and f64. */
TG_API tg_var tg_rand_uniform(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[],
                              double low, double high, tg_key key);
/* Normal with that mean and standard deviation; f32 and f64. */
TG_API tg_var tg_rand_normal(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[],
                             double mean, double std, tg_key key);
/* 1 with probability p, else 0; any dtype. */
TG_API tg_var tg_rand_bernoulli(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[],
                                double p, tg_key key);

/* ---- the same numbers again; any dtype ---- */

/* x itself under another name; a view. */
TG_API tg_var tg_identity(tg_var x);
/* x as a constant: no gradient passes; a view. */
TG_API tg_var tg_detach(tg_var x);
/* x in row-major order without gaps: a view where it is, else a copy. */
TG_API tg_var tg_contiguous(tg_var x);
/* x in another dtype, converted as tg_tensor_copy does; a view where x has it. Gradients pass
   between f32 and f64. */
TG_API tg_var tg_cast(tg_var x, tg_dtype dtype);

#ifdef __cplusplus
}
#endif
#endif
