/* What stands behind the door of gemm.h: the libraries that serve, and the kernels that are
   compiled once per instruction set. No layer above kernel/ includes this. */
#ifndef TGI_GEMM_PARTS_H
#define TGI_GEMM_PARTS_H

#include "kernel/gemm.h"

/* Address of element (i, j), in elements of `size` bytes. */
static inline void *tgi_matrix_at(tgi_matrix x, size_t size, int64_t i, int64_t j) {
  return (char *)x.data + (i * x.row + j * x.col) * (int64_t)size;
}

/* Are there too few multiplications to be worth waking a thread for? */
static inline bool tgi_product_is_small(const tgi_product *p) {
  return (double)p->m * (double)p->n * (double)p->k < 1 << 24;
}

/* C^T = add^T + B^T A^T. */
static inline tgi_product tgi_product_turned(const tgi_product *p) {
  tgi_product q = *p;
  q.m = p->n, q.n = p->m;
  q.a = (tgi_matrix){p->b.data, p->b.col, p->b.row};
  q.b = (tgi_matrix){p->a.data, p->a.col, p->a.row};
  q.c = (tgi_matrix){p->c.data, 1, p->c.row};
  q.add = (tgi_matrix){p->add.data, 1, p->add.row};
  return q;
}

/* Plain loops on strides: integers, and floats too few for anything else. k may be 0. */
void tgi_gemm_direct(const tgi_product *p);
/* m or n is 1; floats. */
void tgi_gemm_vector(const tgi_product *p);
/* Small products of rows: one call of a kernel. False, and nothing done, where it does not suit. */
bool tgi_gemm_in_place(const tgi_product *p);
/* Few columns, or few rows, by inner products. False, and nothing done, where it does not suit. */
bool tgi_gemm_dots(const tgi_product *p);
/* Packed and blocked, by the kernels below; floats. */
tg_status tgi_gemm_portable(const tgi_product *p);

/* OpenBLAS; floats. TG_UNSUPPORTED, and nothing done, where a size does not fit its int or C its
   layout. */
#ifdef TGI_HAVE_BLAS
tg_status tgi_gemm_blas(const tgi_product *p);
/* The name of the processor for which OpenBLAS picked its kernels: "Haswell". */
const char *tgi_blas_core(void);
#endif

/* ---- who serves ---- */

/* Shapes that a library is fast or slow at. */
typedef enum tgi_gemm_class {
  TGI_GEMM_TINY,    /* up to 16^3 multiplications */
  TGI_GEMM_ROWS,    /* at most 16 rows */
  TGI_GEMM_COLUMNS, /* at most 16 columns */
  TGI_GEMM_OUTER,   /* at most 16 inner steps */
  TGI_GEMM_SMALL,   /* up to 80^3 */
  TGI_GEMM_MEDIUM,  /* up to 320^3 */
  TGI_GEMM_LARGE,
  TGI_GEMM_CLASSES
} tgi_gemm_class;

tgi_gemm_class tgi_gemm_class_of(int64_t m, int64_t n, int64_t k);
const char *tgi_gemm_class_name(tgi_gemm_class c);
/* PORTABLE or BLAS, by the committed table. f32 and f64 only. */
tg_gemm_backend tgi_gemm_choice(tg_isa isa, tg_dtype dtype, int64_t m, int64_t n, int64_t k);
/* The instruction set of OpenBLAS's kernels for a processor: a library that does not know this one
   runs at a fraction of its speed. BASE for names that are not known here. */
tg_isa tgi_gemm_core_isa(const char *core);
/* The choice, where OpenBLAS's kernels are for this instruction set. */
tg_gemm_backend tgi_gemm_served(tg_isa isa, const char *core, tg_dtype dtype, int64_t m, int64_t n,
                                int64_t k);

/* ---- kernels of one dtype and one instruction set ---- */

/* Memory that is read next: `rows` lines of `bytes` each, `step` bytes apart. */
typedef struct tgi_ahead {
  const char *at;
  int64_t rows, step, bytes;
} tgi_ahead;

/* A product by register tiles. A sliver is `width` rows of A, or columns of B, beside each other:
   [k, width]. */
typedef struct tgi_tile {
  int64_t m, n, k;
  tgi_matrix a;       /* where it lies, or its slivers one after the other */
  tgi_matrix b;       /* its first columns, contiguous: a multiple of `grain` of them */
  int64_t in_place;   /* columns that are read there */
  const void *panels; /* slivers of the columns that follow */
  int64_t panel_row;  /* their width; less than nr, in whole vectors, where there is one */
  tgi_matrix c, add;  /* add.data NULL: 0 */
  tgi_ahead ahead;    /* fetched into the cache meanwhile */
  bool a_packed;
  bool turned; /* columns of C and add are contiguous (row is 1), else rows (col is 1) */
} tgi_tile;

typedef struct tgi_gemm_kernels {
  int mr, nr; /* widths of A's and B's slivers, and the part of C that is held in registers */
  int grain;  /* columns of B in place are a multiple of it */
  int lanes;  /* of a vector */
  /* to[l, i] = from[i * across + l * along], i < count <= width; a sliver of B is padded to whole
     vectors with anything that can be multiplied without harm. */
  void (*pack)(int width, int count, int64_t k, const void *from, int64_t across, int64_t along,
               void *to);
  void (*tile)(const tgi_tile *t);
  /* C = add + A B, where A's rows and B's columns are contiguous; C and add have any strides. */
  void (*dots)(const tgi_product *p);
  /* y[i] = sum over j of x(i,j) v[j * step], i < m <= TGI_VECTOR_TILE. */
  void (*vector)(int64_t m, int64_t n, tgi_matrix x, const void *v, int64_t step, void *y);
} tgi_gemm_kernels;

enum { TGI_VECTOR_TILE = 256 };

/* f32 and f64 only. */
const tgi_gemm_kernels *tgi_gemm_kernels_for(tg_isa isa, tg_dtype dtype);

#endif
