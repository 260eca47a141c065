/* The only file that knows OpenBLAS. It is called single-threaded on tiles of C that depend on the
   sizes alone; the runtime's threads share the tiles. */
#include <cblas.h>
#include <limits.h>
#include <string.h>

#include "kernel/gemm_parts.h"

/* A matrix as BLAS takes it: row-major, plain or transposed. */
typedef struct operand {
  const void *data;
  CBLAS_TRANSPOSE transpose;
  int64_t ld;
} operand;

typedef struct blas_job {
  const tgi_product *p;
  operand a, b;
  int64_t tile_m, tile_n;
} blas_job;

enum { TILE = 512 };
/* Products below this are one tile. */
static const double WHOLE = 1 << 21;

/* False where the strides are neither (ld, 1) nor (1, ld) with ld >= 1 and no overlap. */
static bool as_operand(int64_t rows, int64_t cols, tgi_matrix x, operand *to) {
  to->data = x.data;
  to->transpose = CblasNoTrans;
  to->ld = rows == 1 ? cols : x.row;
  if ((cols == 1 || x.col == 1) && to->ld >= cols) return to->ld <= INT_MAX;
  to->transpose = CblasTrans;
  to->ld = cols == 1 ? rows : x.col;
  return (rows == 1 || x.row == 1) && to->ld >= rows && to->ld <= INT_MAX;
}

/* A contiguous copy from scratch where the strides do not suit. False: no memory. */
static bool make_operand(const tgi_product *p, int64_t rows, int64_t cols, tgi_matrix x,
                         operand *to) {
  if (as_operand(rows, cols, x, to)) return true;
  int64_t bytes;
  if (!tgi_mul_size(rows * cols, (int64_t)tg_dtype_size(p->dtype), &bytes)) return false;
  void *copy = tgi_arena_alloc(p->scratch, (size_t)bytes);
  if (!copy) return false;
  tg_tensor from = {.data = x.data,
                    .dtype = p->dtype,
                    .rank = 2,
                    .dims = {rows, cols},
                    .strides = {x.row, x.col}};
  tg_tensor y = tg_tensor_of(copy, p->dtype, 2, (const int64_t[]){rows, cols});
  *to = (operand){copy, CblasNoTrans, cols};
  return tg_tensor_copy(&y, &from) == TG_OK;
}

/* Address of row i of A, or of column i of B^T. */
static const void *line(operand x, size_t size, CBLAS_TRANSPOSE strided, int64_t i) {
  return (const char *)x.data + i * (x.transpose == strided ? x.ld : 1) * (int64_t)size;
}

static void tile(void *user, int64_t index) {
  const blas_job *job = user;
  const tgi_product *p = job->p;
  int64_t across = tgi_ceil_div(p->n, job->tile_n);
  int64_t i = index / across * job->tile_m, j = index % across * job->tile_n;
  int m = (int)tgi_least(job->tile_m, p->m - i), n = (int)tgi_least(job->tile_n, p->n - j);
  int lda = (int)job->a.ld, ldb = (int)job->b.ld, ldc = (int)(p->m == 1 ? p->n : p->c.row);
  size_t size = tg_dtype_size(p->dtype);
  const void *a = line(job->a, size, CblasNoTrans, i), *b = line(job->b, size, CblasTrans, j);
  void *c = tgi_matrix_at(p->c, size, i, j);
  if (p->dtype == TG_F32)
    cblas_sgemm(CblasRowMajor, job->a.transpose, job->b.transpose, m, n, (int)p->k, 1.0F, a, lda, b,
                ldb, p->add.data ? 1.0F : 0.0F, c, ldc);
  else
    cblas_dgemm(CblasRowMajor, job->a.transpose, job->b.transpose, m, n, (int)p->k, 1.0, a, lda, b,
                ldb, p->add.data ? 1.0 : 0.0, c, ldc);
}

/* At least two tiles along each long side, and none longer than TILE. */
static int64_t tile_side(int64_t n) { return n < 128 ? n : tgi_least(TILE, (n / 2 + 15) & ~15); }

/* BLAS adds to C: what it begins with is put there. */
static void start(const tgi_product *p) {
  if (!p->add.data || p->add.data == p->c.data) return;
  size_t size = tg_dtype_size(p->dtype);
  for (int64_t i = 0; i < p->m; i++)
    memcpy(tgi_matrix_at(p->c, size, i, 0), tgi_matrix_at(p->add, size, i, 0), (size_t)p->n * size);
}

tg_status tgi_gemm_blas(const tgi_product *p) {
  bool fits = p->m <= INT_MAX && p->n <= INT_MAX && p->k <= INT_MAX && p->c.row <= INT_MAX;
  if (!fits || (p->m > 1 && p->c.row < p->n)) return TG_UNSUPPORTED;
  blas_job job = {.p = p, .tile_m = p->m, .tile_n = p->n};
  if ((double)p->m * (double)p->n * (double)p->k >= WHOLE)
    job.tile_m = tile_side(p->m), job.tile_n = tile_side(p->n);
  tgi_arena_mark mark = tgi_arena_mark_of(p->scratch);
  tg_status status = TG_NO_MEMORY;
  if (make_operand(p, p->m, p->k, p->a, &job.a) && make_operand(p, p->k, p->n, p->b, &job.b)) {
    /* Its threads would change the bits and fight with ours; the number is OpenBLAS's own state. */
    if (openblas_get_num_threads() != 1) openblas_set_num_threads(1);
    int64_t tiles = tgi_ceil_div(p->m, job.tile_m) * tgi_ceil_div(p->n, job.tile_n);
    start(p);
    tgi_parallel(p->runtime, tiles, tile, &job);
    status = TG_OK;
  }
  tgi_arena_rewind(p->scratch, mark);
  return status;
}

const char *tgi_blas_core(void) { return openblas_get_corename(); }
