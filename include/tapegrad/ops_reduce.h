/* Reductions: operators that turn many elements into one along some of the axes, and cumulative
   ones. Included by ops.h. Axes are given by TG_AXES(0, -1), negative ones count from the end;
   TG_ALL says all. The reduced axes disappear, or stay with length 1 where keepdim. TG_ARGUMENT
   where an axis is out of range or named twice. */
#ifndef TAPEGRAD_OPS_REDUCE_H
#define TAPEGRAD_OPS_REDUCE_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y = sum of x; 0 where there is nothing to sum. Numbers; the dtype stays, integers wrap. */
TG_API tg_var tg_sum(tg_var x, int n_axes, const int64_t axes[], bool keepdim);
/* y = sum of x / number of elements; NaN where there are none. f32, f64. */
TG_API tg_var tg_mean(tg_var x, int n_axes, const int64_t axes[], bool keepdim);
/* y = product of x; 1 where there is nothing to multiply. Numbers. The derivative divides by
   nothing, so it is right with zeros among the factors. */
TG_API tg_var tg_prod(tg_var x, int n_axes, const int64_t axes[], bool keepdim);

/* The largest and the smallest; NaN where there is one. Any dtype; TG_SHAPE where there is nothing
   to choose from. Equal ones share the cotangent evenly. */
TG_API tg_var tg_amax(tg_var x, int n_axes, const int64_t axes[], bool keepdim);
TG_API tg_var tg_amin(tg_var x, int n_axes, const int64_t axes[], bool keepdim);
/* The index of the largest and of the smallest along the axis, i64 and a constant: the first of
   equal ones; of the first NaN where there is one. Any dtype; TG_SHAPE where the axis is empty. */
TG_API tg_var tg_argmax(tg_var x, int axis, bool keepdim);
TG_API tg_var tg_argmin(tg_var x, int axis, bool keepdim);
/* Is any x true, are all; of nothing false and true. Bool, and a constant. */
TG_API tg_var tg_any(tg_var x, int n_axes, const int64_t axes[], bool keepdim);
TG_API tg_var tg_all(tg_var x, int n_axes, const int64_t axes[], bool keepdim);

/* y = ln sum of e^x, without overflow; -inf where there is nothing to sum, or every x is -inf (the
   slope is then 0). f32, f64. */
TG_API tg_var tg_logsumexp(tg_var x, int n_axes, const int64_t axes[], bool keepdim);
/* y = (sum of |x|^p)^(1/p) for p > 0, the largest |x| where p is infinite. f32, f64. Slope 0 where
   y is 0, and for x = 0. TG_ARGUMENT for other p. */
TG_API tg_var tg_norm(tg_var x, double p, int n_axes, const int64_t axes[], bool keepdim);

/* y = sum of (x - mean)^2 / (n - correction), n the number of elements, in two passes; usually
   correction = 1. f32, f64. NaN or infinite where n <= correction. (tg_var is the type of a
   var.) */
TG_API tg_var tg_variance(tg_var x, int n_axes, const int64_t axes[], double correction,
                          bool keepdim);
/* Its root; slope 0 where all x are equal. */
TG_API tg_var tg_std(tg_var x, int n_axes, const int64_t axes[], double correction, bool keepdim);
/* Variance and mean at once, views of one result. */
TG_API void tg_var_mean(tg_var x, int n_axes, const int64_t axes[], double correction, bool keepdim,
                        tg_var *variance, tg_var *mean);

/* ---- cumulative: the shape of x; TG_ARGUMENT for an axis out of range ---- */

/* y[i] = sum over j <= i of x[j] along the axis. Numbers. */
TG_API tg_var tg_cumsum(tg_var x, int axis);
/* y[i] = product over j <= i of x[j] along the axis. Numbers; right with zeros, as tg_prod. */
TG_API tg_var tg_cumprod(tg_var x, int axis);
/* y[i] = a[i] y[i-1] + b[i] along the axis, y[0] = b[0] (a[0] is not used). Of one shape. f32,
   f64. */
TG_API tg_var tg_linear_scan(tg_var a, tg_var b, int axis);

#ifdef __cplusplus
}
#endif
#endif
