/* Products of few columns, A's rows contiguous along k, as layers of few outputs or a small batch
   are: inner products, for which the many rows are read once and not packed. An element of C does
   not depend on how rows and columns are cut. */
#include "kernel/gemm_parts.h"

enum {
  LEAST_VECTORS = 8,  /* along k: to add up their elements costs as much as a few */
  WIDE_BYTES = 1024,  /* the same where B fills registers, or is turned over */
  LEAST_TURNED = 128, /* rows of A that are worth turning B over for */
  TILE = 60,          /* rows that are one piece of work */
};

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

/* B's columns as rows, beside each other along k. False: no memory. */
static bool turn(job *j) {
  tgi_matrix *b = &j->p.b;
  char *to = tgi_arena_alloc(j->p.scratch, (size_t)(j->p.n * j->p.k) * j->size);
  if (to == NULL) return false;
  j->kernels->pack((int)j->p.k, (int)j->p.k, j->p.n, b->data, b->row, b->col, to);
  *b = (tgi_matrix){to, 1, j->p.k};
  return true;
}

/* Beyond mr columns most of the vectors of a tile of registers are used. */
static bool suits(const job *j) {
  const tgi_product *p = &j->p;
  const tgi_gemm_kernels *kernels = j->kernels;
  bool turn = p->b.row != 1;
  if (p->a.col != 1 || p->n > kernels->mr + kernels->mr / 2) return false;
  if (turn && (p->m < LEAST_TURNED || p->k > INT32_MAX)) return false;
  if (turn || p->n > kernels->mr) return p->k * (int64_t)j->size >= WIDE_BYTES;
  return p->k >= LEAST_VECTORS * kernels->lanes;
}

bool tgi_gemm_dots(const tgi_product *p) {
  job j = {.kernels = tgi_gemm_kernels_for(tg_runtime_isa(p->runtime), p->dtype),
           .p = p->m < p->n ? tgi_product_turned(p) : *p, /* the many are A */
           .size = tg_dtype_size(p->dtype)};
  if (!suits(&j)) return false;
  tgi_arena_mark mark = tgi_arena_mark_of(p->scratch);
  if (j.p.b.row != 1 && !turn(&j)) return false;
  int64_t tiles = tgi_ceil_div(j.p.m, TILE);
  if (tgi_product_is_small(p))
    for (int64_t i = 0; i < tiles; i++) tile(&j, i);
  else
    tgi_parallel(p->runtime, tiles, tile, &j);
  tgi_arena_rewind(p->scratch, mark);
  return true;
}
