/* Matrix products on raw memory. Which library serves is the runtime's choice; the results do not
   depend on the number of threads. */
#ifndef TGI_GEMM_H
#define TGI_GEMM_H

#include "tensor/tensor.h"

/* C = beta C + A B, for row-major views: A [m,k], B [k,n], C [m,n], each element (i,j) at data[i *
   row + j * col]. Any row and col strides for A and B (0 and negative too); C has col stride 1.
   beta is 0 (C holds garbage, NaN among it) or 1. k = 0 gives beta C. Memory for packing comes from
   `scratch` and is given back. */
typedef struct tgi_matrix {
  void *data;
  int64_t row, col; /* strides in elements */
} tgi_matrix;

tg_status tgi_gemm(const tg_runtime *runtime, tgi_arena *scratch, tg_dtype dtype, int64_t m,
                   int64_t n, int64_t k, tgi_matrix a, tgi_matrix b, double beta, tgi_matrix c);

#endif
