/* Products in which one operand is a vector: they read each element once, so nothing is packed, and
   a tile of results is made at a time. */
#include "kernel/gemm_parts.h"

/* Fewer multiplications are not worth waking a thread for. */
static const double WORTH = 1 << 20;

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
  const void *add; /* NULL: 0 */
  int64_t add_step;
} vector_job;

#define STORE(name, T)                                                                             \
  static void store_##name(const vector_job *p, int64_t i, int64_t m, const T *sum) {              \
    T *y = (T *)p->y + i * p->y_step;                                                              \
    const T *add = (const T *)p->add + (p->add ? i * p->add_step : 0);                             \
    for (int64_t r = 0; r < m; r++)                                                                \
      y[r * p->y_step] = p->add ? add[r * p->add_step] + sum[r] : sum[r];                          \
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
    store_f32(p, i, m, (const float *)sums);
  else
    store_f64(p, i, m, sums);
}

void tgi_gemm_vector(const tgi_product *p) {
  vector_job v = {.kernels = tgi_gemm_kernels_for(tg_runtime_isa(p->runtime), p->dtype),
                  .dtype = p->dtype,
                  .n = p->k,
                  .y = p->c.data,
                  .add = p->add.data};
  if (p->n == 1) { /* A b */
    v.m = p->m, v.x = p->a, v.v = p->b.data, v.v_step = p->b.row, v.y_step = p->c.row,
    v.add_step = p->add.row;
  } else { /* a B, which is the transpose of B times a */
    v.m = p->n, v.x = (tgi_matrix){p->b.data, p->b.col, p->b.row};
    v.v = p->a.data, v.v_step = p->a.col, v.y_step = v.add_step = 1;
  }
  int64_t tiles = (v.m + TGI_VECTOR_TILE - 1) / TGI_VECTOR_TILE;
  if ((double)v.m * (double)v.n < WORTH)
    for (int64_t i = 0; i < tiles; i++) tile(&v, i);
  else
    tgi_parallel(p->runtime, tiles, tile, &v);
}
