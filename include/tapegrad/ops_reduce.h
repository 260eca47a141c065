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

#ifdef __cplusplus
}
#endif
#endif
