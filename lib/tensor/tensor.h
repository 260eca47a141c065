/* Views by strides: helpers on tg_tensor that the public header does not offer. Knows no
   arithmetic. */
#ifndef TGI_TENSOR_H
#define TGI_TENSOR_H

#include <string.h>

#include "base/base.h"
#include "tapegrad/random.h"
#include "tapegrad/tensor.h"

/* ---- what is asked at every node, inline ---- */

extern const uint8_t tgi_dtype_sizes[TG_DTYPE_COUNT];
static inline size_t tgi_dtype_size(tg_dtype dtype) {
  return (unsigned)dtype < TG_DTYPE_COUNT ? tgi_dtype_sizes[dtype] : 0;
}
static inline bool tgi_is_float(tg_dtype dtype) { return dtype == TG_F32 || dtype == TG_F64; }
static inline bool tgi_same_dims(int rank, const int64_t a[], const int64_t b[]) {
  for (int k = 0; k < rank; k++)
    if (a[k] != b[k]) return false;
  return true;
}
static inline bool tgi_same_shape(const tg_tensor *a, const tg_tensor *b) {
  return a->rank == b->rank && tgi_same_dims(a->rank, a->dims, b->dims);
}
/* Both have room for 2, unless rank is 0; what is past the rank means nothing. Ranks above 2 are
   rare. */
static inline void tgi_copy_entries(int rank, int64_t to[], const int64_t from[]) {
  if (rank > 0) memcpy(to, from, 2 * sizeof *to);
  for (int k = 2; k < rank; k++) to[k] = from[k];
}
/* tg_tensor_numel. */
static inline int64_t tgi_numel(const tg_tensor *x) {
  int64_t n = 1;
  for (int k = 0; k < x->rank; k++) {
    if (x->dims[k] == 0) return 0;
    n *= x->dims[k];
  }
  return n;
}
/* Is there exactly one element? */
static inline bool tgi_is_single(const tg_tensor *x) {
  for (int k = 0; k < x->rank; k++)
    if (x->dims[k] != 1) return false;
  return true;
}

/* ---- shapes ---- */

/* Fills strides for row-major order; the dims are given. False: the number of elements or bytes
   does not fit. */
bool tgi_set_contiguous(tg_tensor *x);
/* Sets rank and dims (and contiguous strides). False: rank or a dim out of range, or the size. */
bool tgi_set_dims(tg_tensor *x, int rank, const int64_t dims[]);
/* Copies rank, dims and strides, not data and dtype; copies no more than rank entries. */
static inline void tgi_copy_layout(tg_tensor *to, const tg_tensor *from) {
  to->rank = from->rank;
  tgi_copy_entries(from->rank, to->dims, from->dims);
  tgi_copy_entries(from->rank, to->strides, from->strides);
}
/* axis in [-rank, rank) becomes [0, rank); -1 where it is outside. */
static inline int tgi_axis(int rank, int64_t axis) {
  if (axis < 0) axis += rank;
  return axis >= 0 && axis < rank ? (int)axis : -1;
}
/* NumPy broadcasting of b's dims into the dims of `to`, whose strides become contiguous. False
   where they do not fit or the size does not; `to` is then as it was. */
bool tgi_broadcast_dims(tg_tensor *to, const tg_tensor *b);
/* x seen with the dims of `to` (which it broadcasts to): stride 0 along new and stretched axes. */
tg_tensor tgi_broadcast_view(const tg_tensor *x, const tg_tensor *to);
/* x with its axes in another order. */
tg_tensor tgi_permute_view(const tg_tensor *x, const int axes[]);
/* x seen with other dims of the same number of elements, where strides allow; else false. */
bool tgi_reshape_view(const tg_tensor *x, int rank, const int64_t dims[], tg_tensor *view);

/* x with `count` elements of one axis: start, start + step, ... All of them exist. */
tg_tensor tgi_slice_view(const tg_tensor *x, int axis, int64_t start, int64_t step, int64_t count);
/* x at one index of an axis, which is gone. */
tg_tensor tgi_select_view(const tg_tensor *x, int axis, int64_t index);

/* tg_tensor_copy, unchecked: same shape, no overlap. */
void tgi_copy(const tg_tensor *to, const tg_tensor *from);
/* All elements become `value`, rounded as tg_tensor_put does. */
void tgi_fill(const tg_tensor *x, double value);

/* tg_fill_uniform and tg_fill_normal on the runtime's threads. */
tg_status tgi_fill_uniform(const tg_runtime *runtime, tg_tensor x, tg_key key, double low,
                           double high);
tg_status tgi_fill_normal(const tg_runtime *runtime, tg_tensor x, tg_key key, double mean,
                          double std);

/* n elements from one dtype to another; steps in bytes. NULL where a dtype is none. */
typedef void tgi_convert_fn(int64_t n, char *to, int64_t to_step, const char *from,
                            int64_t from_step);
tgi_convert_fn *tgi_convert_for(tg_dtype to, tg_dtype from);

/* The first and last byte that a tensor with elements touches; false: it has none, or they lie
   nowhere. */
bool tgi_find_span(const tg_tensor *x, intptr_t span[2]);

/* The byte address of the element at a position in row-major order. */
char *tgi_address(const tg_tensor *x, int64_t position);

/* ---- strided walks ---- */

enum { TGI_WALK_MAX = 8 };

/* Several tensors of one shape, walked together: axes of length 1 dropped, neighbours merged where
   all strides allow. What is left is an outer odometer over runs, each of `n` elements with
   constant strides. */
typedef struct tgi_walk {
  int count; /* tensors */
  int rank;  /* merged axes, at least 1; the last is the run */
  int64_t dims[TG_MAX_RANK];
  int64_t strides[TGI_WALK_MAX][TG_MAX_RANK]; /* in bytes */
  char *base[TGI_WALK_MAX];
  int64_t n, runs; /* length of a run, number of runs; runs 0 where there is no element */
} tgi_walk;

/* All of `x` have the shape of x[0]. */
void tgi_walk_init(tgi_walk *w, int count, const tg_tensor *const x[]);
/* The addresses at the start of run r. */
void tgi_walk_run(const tgi_walk *w, int64_t r, char *at[]);
/* The same for many runs in a row, without divisions; index[rank - 1] is the odometer. */
void tgi_walk_start(const tgi_walk *w, int64_t r, int64_t index[], char *at[]);
void tgi_walk_next(const tgi_walk *w, int64_t index[], char *at[]);

/* Memory of n elements as a tensor of rank 1; `step` is 1, or 0 for one element n times. */
static inline tg_tensor tgi_vector_of(const void *data, tg_dtype dtype, int64_t n, int64_t step) {
  return (tg_tensor){
      .data = (void *)data, .dtype = dtype, .rank = 1, .dims = {n}, .strides = {step}};
}

#endif
