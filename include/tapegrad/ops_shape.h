/* Operators on shapes. All dtypes; views of x share its memory and cost nothing. Negative axes
   count from the end. TG_SHAPE where shapes do not fit, TG_ARGUMENT where an axis is out of range
   or named twice. */
#ifndef TAPEGRAD_OPS_SHAPE_H
#define TAPEGRAD_OPS_SHAPE_H

#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- other dims ---- */

/* The elements of x, in row-major order, under other dims; one of them may be -1, which is inferred
   from the rest. A view whenever x's strides allow, else a copy. */
TG_API tg_var tg_reshape(tg_var x, int rank, const int64_t dims[]);
/* The axes start_axis to end_axis as one: tg_flatten(x, 0, -1) is a vector. A scalar gives [1]. A
   view or a copy, as reshape. */
TG_API tg_var tg_flatten(tg_var x, int start_axis, int end_axis);
/* Without the axis, where its length is 1, else as x; a view. */
TG_API tg_var tg_squeeze(tg_var x, int axis);
/* Without any axis of length 1; a view. */
TG_API tg_var tg_squeeze_all(tg_var x);
/* With a new axis of length 1, which is `axis` of the result; a view. */
TG_API tg_var tg_unsqueeze(tg_var x, int axis);
/* x broadcast to the given dims; -1 keeps x's length along that axis. A view. */
TG_API tg_var tg_expand(tg_var x, int rank, const int64_t dims[]);

/* ---- order of axes and elements ---- */

/* Two axes exchanged; a view. */
TG_API tg_var tg_transpose(tg_var x, int axis0, int axis1);
/* Axis k of the result is axis axes[k] of x; n is x's rank. A view. */
TG_API tg_var tg_permute(tg_var x, int n, const int64_t axes[]);
/* Along each named axis the last element first; over TG_ALL, all axes. A view. */
TG_API tg_var tg_flip(tg_var x, int n, const int64_t axes[]);
/* Element i goes to i + shift along the axis; what leaves at one end enters at the other. */
TG_API tg_var tg_roll(tg_var x, int64_t shift, int axis);

/* ---- parts ---- */

/* As `stop`: the axis to its end, which for a negative step is its first element; so
   tg_slice(x, 0, TG_END, TG_END, -1) is NumPy's x[::-1]. */
#define TG_END INT64_MAX

/* x[start:stop:step] along the axis as in NumPy: negative bounds count from the end, bounds past
   the ends are moved to them, steps may be negative. A view. TG_ARGUMENT where step is 0. */
TG_API tg_var tg_slice(tg_var x, int axis, int64_t start, int64_t stop, int64_t step);
/* a with that slice replaced by b, which has the slice's shape. */
TG_API tg_var tg_slice_scatter(tg_var a, tg_var b, int axis, int64_t start, int64_t stop,
                               int64_t step);
/* x[index] along the axis, which is gone; negative indices count from the end. A view. TG_ARGUMENT
   where there is no such index. */
TG_API tg_var tg_select(tg_var x, int axis, int64_t index);
/* x cut along the axis into n pieces of `size`, the last may be shorter: out[0..n), views. TG_SHAPE
   where there are not n of them (an axis of length 0 has one). Every entry of out is set, to failed
   vars on failure; returns the tape's status. */
TG_API tg_status tg_split(tg_var x, int64_t size, int axis, tg_var out[], int n);

/* Element i of the last axis is x[..., i, ..., i + offset, ...] in the axes axis0 and axis1 (the
   row is i - offset where the offset is negative), which are gone. A view. */
TG_API tg_var tg_diagonal(tg_var x, int64_t offset, int axis0, int axis1);
/* a with that diagonal replaced by b, which has the diagonal's shape. */
TG_API tg_var tg_diagonal_scatter(tg_var a, tg_var b, int64_t offset, int axis0, int axis1);
/* Square matrices of zeros with x's last axis (of length n) on that diagonal, in new axes axis0 and
   axis1 of the result, each of length n + |offset|. */
TG_API tg_var tg_diag_embed(tg_var x, int64_t offset, int axis0, int axis1);
/* The matrix, or each of a batch, with zeros where j > i + k. */
TG_API tg_var tg_tril(tg_var x, int64_t k);
/* The same with zeros where j < i + k. */
TG_API tg_var tg_triu(tg_var x, int64_t k);

/* ---- more of it ---- */

/* pairs: elements added before and after, axis by axis from the first, n = 2 rank numbers; negative
   ones take elements away. What is added is `value`. One row above, two columns on the right:
   tg_pad(x, TG_DIMS(1, 0, 0, 2), 0). */
TG_API tg_var tg_pad(tg_var x, int n, const int64_t pairs[], double value);
/* x reps[k] times along each axis, numbers and axes aligned from the right; whichever has fewer
   counts as 1 (NumPy's and PyTorch's tile). TG_ARGUMENT where one is negative, here and below. */
TG_API tg_var tg_tile(tg_var x, int n, const int64_t reps[]);
/* The same with n >= x's rank (PyTorch's repeat). */
TG_API tg_var tg_repeat(tg_var x, int n, const int64_t reps[]);
/* Each element along the axis `repeats` times in a row (NumPy's repeat). */
TG_API tg_var tg_repeat_interleave(tg_var x, int64_t repeats, int axis);

/* ---- joining ---- */

/* One after another along the axis; the shapes agree but for it. */
TG_API tg_var tg_concat(const tg_var x[], int n, int axis);
/* x[i] at index i of a new axis, which is `axis` of the result; all of one shape. */
TG_API tg_var tg_stack(const tg_var x[], int n, int axis);

#ifdef __cplusplus
}
#endif
#endif
