/* Moving elements by index. An index is i64 or i32 and is not differentiated; one that is negative
   or too large is TG_INDEX, with its position and value. Sums are added in the index's order: same
   bits for any number of threads. Included by ops.h. */
#ifndef TAPEGRAD_OPS_INDEX_H
#define TAPEGRAD_OPS_INDEX_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* y[..., k, ...] = x[..., index[..., k, ...], ...] along the axis; y has index's shape. index has
   x's rank and is not longer than x along other axes. Any dtype. */
TG_API tg_var tg_gather(tg_var x, int axis, tg_var index);
/* y = x, then y[..., index[..., k, ...], ...] += src[..., k, ...]; index as in gather, src has its
   shape. f32, f64, i64, i32. */
TG_API tg_var tg_scatter_add(tg_var x, int axis, tg_var index, tg_var src);
/* y[..., k, ...] = x[..., index[k], ...]; index [n]; y has length n along the axis. Any dtype. */
TG_API tg_var tg_index_select(tg_var x, int axis, tg_var index);
/* y = x, then y[..., index[k], ...] += src[..., k, ...]; index [n]. f32, f64, i64, i32. */
TG_API tg_var tg_index_add(tg_var x, int axis, tg_var index, tg_var src);
/* y[..., j] = 1 where index[...] = j, else 0; [dims of index, classes] of the dtype; a constant. */
TG_API tg_var tg_one_hot(tg_var index, int64_t classes, tg_dtype dtype);
/* y[..., :] = weight[index[...], :]; weight [n,d], index of any shape. Composite. */
TG_API tg_var tg_embedding(tg_var weight, tg_var index);

#ifdef __cplusplus
}
#endif
#endif
