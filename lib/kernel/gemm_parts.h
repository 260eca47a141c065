/* What stands behind the door of gemm.h: the libraries that serve, and the kernels that are
   compiled once per instruction set. No layer above kernel/ includes this. */
#ifndef TGI_GEMM_PARTS_H
#define TGI_GEMM_PARTS_H

#include "kernel/gemm.h"

/* One product C = beta C + A B as gemm.h says, m, n, k >= 1. */
typedef struct tgi_product {
  const tg_runtime *runtime;
  tgi_arena *scratch;
  tg_dtype dtype;
  int64_t m, n, k;
  tgi_matrix a, b, c;
  bool accumulate; /* beta is 1 */
} tgi_product;

/* Address of element (i, j), in elements of `size` bytes. */
static inline void *tgi_matrix_at(tgi_matrix x, size_t size, int64_t i, int64_t j) {
  return (char *)x.data + (i * x.row + j * x.col) * (int64_t)size;
}

/* Plain loops on strides: integers, and floats too few for anything else. k may be 0. */
void tgi_gemm_direct(const tgi_product *p);
/* m or n is 1; floats. */
void tgi_gemm_vector(const tgi_product *p);
/* Packed and blocked, by the kernels below; floats. */
tg_status tgi_gemm_portable(const tgi_product *p);

/* OpenBLAS; floats. TG_UNSUPPORTED, and nothing done, where a size does not fit its int or C its
   layout. */
#ifdef TGI_HAVE_BLAS
tg_status tgi_gemm_blas(const tgi_product *p);
#endif

/* ---- kernels of one dtype and one instruction set ---- */

/* A sliver is `width` rows of A (or columns of B) beside each other, [k, width], padded with 0. */
typedef struct tgi_gemm_kernels {
  int mr, nr; /* widths of A's and B's slivers, and the part of C that is held in registers */
  /* to[l, i] = from[i * across + l * along], i < count <= width */
  void (*pack)(int width, int count, int64_t k, const void *from, int64_t across, int64_t along,
               void *to);
  /* C [m,n] (+)= A B: A packed where a.data is NULL, else read where it is; B packed. */
  void (*tile)(int64_t m, int64_t n, int64_t k, const void *packed_a, tgi_matrix a,
               const void *packed_b, tgi_matrix c, bool accumulate);
  /* y[i] = sum over j of x(i,j) v[j * step], i < m <= TGI_VECTOR_TILE. */
  void (*vector)(int64_t m, int64_t n, tgi_matrix x, const void *v, int64_t step, void *y);
} tgi_gemm_kernels;

enum { TGI_VECTOR_TILE = 256 };

/* f32 and f64 only. */
const tgi_gemm_kernels *tgi_gemm_kernels_for(tg_isa isa, tg_dtype dtype);

#endif
