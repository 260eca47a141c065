/* Sums of columns that lie side by side, in a processor's widest vectors: rows are read once, in
   long pieces. Knows memory only. */
#ifndef TGI_COLUMNS_H
#define TGI_COLUMNS_H

#include "tensor/tensor.h"

/* to[j] = to[j] + x[j] + x[row + j] + ..., from the left, n rows of w columns: the bits depend
   neither on w nor on the instruction set. Any alignment. */
typedef void tgi_columns_fn(int64_t w, int64_t n, const void *x, int64_t row, const void *about,
                            void *to);
typedef struct tgi_columns {
  tgi_columns_fn *sum;     /* without `about` */
  tgi_columns_fn *squares; /* of (x[j] - about[j])^2 and so on */
} tgi_columns;

/* dtype: f32 or f64. The base instruction set where this build has not the one asked for. */
const tgi_columns *tgi_columns_for(tg_isa isa, tg_dtype dtype);

#endif
