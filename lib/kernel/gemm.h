/* Matrix products on raw memory. Which library serves is the runtime's choice; the results do not
   depend on the number of threads. */
#ifndef TGI_GEMM_H
#define TGI_GEMM_H

#include "tensor/tensor.h"

/* Row-major views, each element (i,j) at data[i * row + j * col]. */
typedef struct tgi_matrix {
  void *data;
  int64_t row, col; /* strides in elements */
} tgi_matrix;

/* C = add + A B: A [m,k], B [k,n] with any strides (0 and negative too), add and C [m,n] with col
   stride 1. add.data is NULL (C holds garbage, NaN among it), or C's (it is added to), or apart
   from C with any row stride: 0 is one bias under every row. k = 0 gives add. Memory for packing
   comes from `scratch` and is given back. */
typedef struct tgi_product {
  const tg_runtime *runtime;
  tgi_arena *scratch;
  tg_dtype dtype;
  int64_t m, n, k;
  tgi_matrix a, b, add, c;
} tgi_product;

tg_status tgi_multiply(const tgi_product *p);
/* C = beta C + A B, beta 0 or 1. */
tg_status tgi_gemm(const tg_runtime *runtime, tgi_arena *scratch, tg_dtype dtype, int64_t m,
                   int64_t n, int64_t k, tgi_matrix a, tgi_matrix b, double beta, tgi_matrix c);

#endif
