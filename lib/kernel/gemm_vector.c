/* Products in which one operand is a vector: they read each element once, so nothing is packed, and
   a tile of results is made at a time. */
#include "kernel/gemm_parts.h"

/* y [m] = x [m,n] v [n], y and v with any step. */
typedef struct vector_job {
  const tgi_gemm_kernels *kernels;
  tg_dtype dtype;
  int64_t m, n;
  tgi_matrix x;
  const void *v;
  int64_t v_step;
  void *y;
  int64_t y_step;
  bool accumulate;
} vector_job;

#define STORE(name, T)                                                                             \
  static void store_##name(int64_t m, const void *from, T *y, int64_t step, bool accumulate) {     \
    const T *sum = from;                                                                           \
    for (int64_t i = 0; i < m; i++) y[i * step] = accumulate ? y[i * step] + sum[i] : sum[i];      \
  }
STORE(f32, float)
STORE(f64, double)
#undef STORE

static void tile(void *user, int64_t index) {
  const vector_job *p = user;
  double sums[TGI_VECTOR_TILE]; /* or as many floats */
  int64_t i = index * TGI_VECTOR_TILE;
  int64_t m = p->m - i < TGI_VECTOR_TILE ? p->m - i : TGI_VECTOR_TILE;
  tgi_matrix x = {tgi_matrix_at(p->x, tg_dtype_size(p->dtype), i, 0), p->x.row, p->x.col};
  p->kernels->vector(m, p->n, x, p->v, p->v_step, sums);
  if (p->dtype == TG_F32)
    store_f32(m, sums, (float *)p->y + i * p->y_step, p->y_step, p->accumulate);
  else
    store_f64(m, sums, (double *)p->y + i * p->y_step, p->y_step, p->accumulate);
}

void tgi_gemm_vector(const tgi_product *p) {
  vector_job v = {.kernels = tgi_gemm_kernels_for(tg_runtime_isa(p->runtime), p->dtype),
                  .dtype = p->dtype,
                  .n = p->k,
                  .y = p->c.data,
                  .accumulate = p->accumulate};
  if (p->n == 1) { /* A b */
    v.m = p->m, v.x = p->a, v.v = p->b.data, v.v_step = p->b.row, v.y_step = p->c.row;
  } else { /* a B, which is the transpose of B times a */
    v.m = p->n, v.x = (tgi_matrix){p->b.data, p->b.col, p->b.row};
    v.v = p->a.data, v.v_step = p->a.col, v.y_step = 1;
  }
  int64_t tiles = (v.m + TGI_VECTOR_TILE - 1) / TGI_VECTOR_TILE;
  if ((double)v.m * (double)v.n < 1 << 17)
    for (int64_t i = 0; i < tiles; i++) tile(&v, i);
  else
    tgi_parallel(p->runtime, tiles, tile, &v);
}
