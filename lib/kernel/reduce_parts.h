/* What reductions are made of: kernels per kind and dtype (reduce_kernels.c), which reduce.c puts
   into a tree and lines.c runs along an axis. No layer above kernel/ includes this. */
#ifndef TGI_REDUCE_PARTS_H
#define TGI_REDUCE_PARTS_H

#include "kernel/reduce.h"

enum { TGI_REDUCE_WIDTH = 128 }; /* most columns at a time */

/* Strides in bytes. Partial results and `about` are contiguous and aligned to 16 bytes. */
typedef struct tgi_reduce_kernels {
  /* to[j] = reduction over i < n of x[i * row + j * col], for j < w <= TGI_REDUCE_WIDTH; about[j]
     is what squares are taken about, and what elements are compared with. */
  void (*leaf)(int64_t w, int64_t n, const char *x, int64_t col, int64_t row, const void *about,
               void *to);
  void (*fold)(int64_t w, void *to, const void *from); /* to[j] = to[j] o from[j] */
  /* dst[j] = from[j], or dst[j] o from[j] */
  void (*store)(int64_t w, const void *from, char *dst, int64_t stride, bool accumulate);
  /* dst[i] = x[0] o ... o x[i], or dst[i] o that, in w <= TGI_REDUCE_WIDTH columns */
  void (*scan)(int64_t w, int64_t n, const char *x, int64_t col, int64_t row, char *dst,
               int64_t to_col, int64_t to_row, bool accumulate);
} tgi_reduce_kernels;

struct tgi_reduction {
  const tgi_reduce_kernels *of[TG_DTYPE_COUNT]; /* NULL where it has no such dtype */
};

extern const tgi_reduction tgi_squares, tgi_equals;

#endif
