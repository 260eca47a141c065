/* The portable matrix product after Goto and van de Geijn, "Anatomy of High-Performance Matrix
   Multiplication" (2008): A and B are packed block by block into slivers that a kernel of registers
   reads in order. Blocks and tiles depend on m, n, k alone, so the number of threads changes no
   bit. Knows no instruction set. */
#include "kernel/gemm_parts.h"

enum {
  BLOCK_M = 1536,       /* rows of A that are packed at a time */
  BLOCK_N = 3072,       /* columns of B */
  BLOCK_K_BYTES = 1536, /* of a row of A: a sliver of B stays in the first cache */
  TILE_M = 96,          /* the part of C that one call of a kernel makes */
  TILE_N = 128,         /* a multiple of every sliver's width */
  SLIVERS = 4,          /* that are packed as one piece of work */
  IN_PLACE_N = 128,     /* A is read too few times to be worth packing for C's no wider than this */
};
/* Fewer multiplications than this are not worth waking a thread for. */
static const double ALONE = 1 << 20;

/* One block of the product: A [m,k] B [k,n], its operands where they lie and where they go. */
typedef struct block {
  const tgi_gemm_kernels *kernels;
  size_t size; /* of an element */
  int64_t m, n, k;
  tgi_matrix a, b, c;
  char *packed_a, *packed_b; /* packed_a NULL: A is read in place */
  bool accumulate;
} block;

/* n cut into the fewest parts of at most `most`, all about as long: the length of the parts. */
static int64_t even_part(int64_t n, int64_t most) { return tgi_ceil_div(n, tgi_ceil_div(n, most)); }

/* Slivers i * SLIVERS and on, of `count` rows in all. */
static void pack(const block *b, int64_t i, int width, int64_t count, const char *from,
                 int64_t across, int64_t along, char *to) {
  int64_t size = (int64_t)b->size, end = tgi_least(count, (i + 1) * SLIVERS * width);
  for (int64_t r = i * SLIVERS * width; r < end; r += width)
    b->kernels->pack(width, (int)tgi_least(width, end - r), b->k, from + r * across * size, across,
                     along, to + r * b->k * size);
}

static void pack_a(void *user, int64_t i) {
  const block *b = user;
  pack(b, i, b->kernels->mr, b->m, b->a.data, b->a.row, b->a.col, b->packed_a);
}

static void pack_b(void *user, int64_t i) {
  const block *b = user;
  pack(b, i, b->kernels->nr, b->n, b->b.data, b->b.col, b->b.row, b->packed_b);
}

static void tile(void *user, int64_t index) {
  const block *b = user;
  int64_t across = tgi_ceil_div(b->n, TILE_N), size = (int64_t)b->size;
  int64_t i = index / across * TILE_M, j = index % across * TILE_N;
  tgi_matrix a = {tgi_matrix_at(b->a, b->size, i, 0), b->a.row, b->a.col};
  tgi_matrix c = {tgi_matrix_at(b->c, b->size, i, j), b->c.row, 1};
  b->kernels->tile(tgi_least(TILE_M, b->m - i), tgi_least(TILE_N, b->n - j), b->k,
                   b->packed_a ? b->packed_a + i * b->k * size : NULL, a,
                   b->packed_b + j * b->k * size, c, b->accumulate);
}

static void run(const tg_runtime *runtime, bool alone, int64_t n, tgi_work_fn *work, block *b) {
  if (!alone)
    tgi_parallel(runtime, n, work, b);
  else
    for (int64_t i = 0; i < n; i++) work(b, i);
}

static int64_t round_up(int64_t n, int64_t to) { return tgi_ceil_div(n, to) * to; }

/* Room for the largest blocks. False: no memory. */
static bool reserve(const tgi_product *p, block *b, int64_t block_k) {
  int64_t rows = round_up(tgi_least(p->m, BLOCK_M), b->kernels->mr);
  int64_t cols = round_up(tgi_least(p->n, BLOCK_N), b->kernels->nr);
  int64_t size = block_k * (int64_t)b->size;
  if (p->n > IN_PLACE_N) {
    b->packed_a = tgi_arena_alloc(p->scratch, (size_t)(rows * size));
    if (!b->packed_a) return false;
  }
  b->packed_b = tgi_arena_alloc(p->scratch, (size_t)(cols * size));
  return b->packed_b != NULL;
}

/* C's rows [i, i + b->m): every block of k, of it every block of n. */
static void rows(const tgi_product *p, block *b, int64_t i, int64_t block_k, bool alone) {
  for (int64_t l = 0; l < p->k; l += block_k) {
    b->k = tgi_least(block_k, p->k - l);
    b->accumulate = p->accumulate || l > 0;
    b->a.data = tgi_matrix_at(p->a, b->size, i, l);
    if (b->packed_a)
      run(p->runtime, alone, tgi_ceil_div(b->m, SLIVERS * b->kernels->mr), pack_a, b);
    for (int64_t j = 0; j < p->n; j += BLOCK_N) {
      b->n = tgi_least(BLOCK_N, p->n - j);
      b->b.data = tgi_matrix_at(p->b, b->size, l, j);
      b->c.data = tgi_matrix_at(p->c, b->size, i, j);
      run(p->runtime, alone, tgi_ceil_div(b->n, SLIVERS * b->kernels->nr), pack_b, b);
      run(p->runtime, alone, tgi_ceil_div(b->m, TILE_M) * tgi_ceil_div(b->n, TILE_N), tile, b);
    }
  }
}

tg_status tgi_gemm_portable(const tgi_product *p) {
  block b = {.kernels = tgi_gemm_kernels_for(tg_runtime_isa(p->runtime), p->dtype),
             .size = tg_dtype_size(p->dtype),
             .a = p->a,
             .b = p->b,
             .c = p->c};
  int64_t block_k = even_part(p->k, BLOCK_K_BYTES / (int64_t)b.size);
  bool alone = (double)p->m * (double)p->n * (double)p->k < ALONE;
  tgi_arena_mark mark = tgi_arena_mark_of(p->scratch);
  bool fits = reserve(p, &b, block_k);
  for (int64_t i = 0; fits && i < p->m; i += BLOCK_M) {
    b.m = tgi_least(BLOCK_M, p->m - i);
    rows(p, &b, i, block_k, alone);
  }
  tgi_arena_rewind(p->scratch, mark);
  return fits ? TG_OK : TG_NO_MEMORY;
}
