/* Products of few rows by many, both contiguous along k, as the layers of a small batch are: inner
   products, for which the many are read once and not packed. An element of C does not depend on how
   they are cut. */
#include "kernel/gemm_parts.h"

enum {
  LEAST_VECTORS = 8, /* along k: to add up their elements costs as much as a few */
  TILE = 64,         /* rows that are one piece of work */
};
/* Fewer multiplications than this are not worth waking a thread for. */
static const double WORTH = 1 << 20;

typedef struct job {
  const tgi_gemm_kernels *kernels;
  tgi_product p;
  size_t size; /* of an element */
} job;

static void tile(void *user, int64_t index) {
  const job *j = user;
  tgi_product p = j->p;
  int64_t i = index * TILE;
  p.m = tgi_least(TILE, p.m - i);
  p.a.data = tgi_matrix_at(p.a, j->size, i, 0);
  p.c.data = tgi_matrix_at(p.c, j->size, i, 0);
  if (p.add.data) p.add.data = tgi_matrix_at(p.add, j->size, i, 0);
  j->kernels->dots(&p);
}

bool tgi_gemm_dots(const tgi_product *p) {
  if (p->a.col != 1 || p->b.row != 1) return false;
  job j = {.kernels = tgi_gemm_kernels_for(tg_runtime_isa(p->runtime), p->dtype),
           .p = p->m < p->n ? tgi_product_turned(p) : *p, /* the many are A */
           .size = tg_dtype_size(p->dtype)};
  if (j.p.n > j.kernels->mr || p->k < LEAST_VECTORS * j.kernels->lanes) return false;
  int64_t tiles = tgi_ceil_div(j.p.m, TILE);
  if ((double)p->m * (double)p->n * (double)p->k < WORTH)
    for (int64_t i = 0; i < tiles; i++) tile(&j, i);
  else
    tgi_parallel(p->runtime, tiles, tile, &j);
  return true;
}
