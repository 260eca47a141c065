/* The portable matrix product after Goto and van de Geijn, "Anatomy of High-Performance Matrix
   Multiplication" (2008): A and B are packed block by block into slivers that a kernel of registers
   reads in order. Blocks and tiles depend on m, n, k alone, so the number of threads changes no
   bit. Knows no instruction set. */
#include "kernel/gemm_parts.h"

enum {
  BLOCK_M = 1536,       /* rows of A that are packed at a time */
  BLOCK_N = 3072,       /* columns of B */
  BLOCK_K_BYTES = 1536, /* of a row of A: a sliver of B stays in the first cache */
  WHOLE_K = 1024,       /* the same in elements where nothing is packed twice */
  TILE_M = 96,          /* the part of C that one call of a kernel makes */
  TILE_N = 128,         /* a multiple of every sliver's width */
  SLIVERS = 4,          /* that are packed as one piece of work */
  A_IN_PLACE_N = 128,   /* A is read too few times to be worth packing for C's no wider than this */
  B_IN_PLACE_M = 64,    /* B likewise */
};
/* Fewer multiplications than this are one tile, not worth waking a thread for. */
static const double ALONE = 1 << 24;

static int64_t round_up(int64_t n, int64_t to) { return tgi_ceil_div(n, to) * to; }

static double work_of(const tgi_product *p) { return (double)p->m * (double)p->n * (double)p->k; }

bool tgi_gemm_in_place(const tgi_product *p) {
  enum { SLIVER = 8192 };
  char sliver[SLIVER] __attribute__((aligned(64)));
  if (p->n > A_IN_PLACE_N || p->k > WHOLE_K || work_of(p) >= ALONE) return false;
  const tgi_gemm_kernels *kernels = tgi_gemm_kernels_for(tg_runtime_isa(p->runtime), p->dtype);
  tgi_tile t = {.m = p->m, .n = p->n, .k = p->k, .a = p->a, .b = p->b, .c = p->c, .add = p->add};
  t.in_place = p->n;
  if (p->b.col != 1 || (p->n & (kernels->grain - 1)) != 0) {
    t.panel_row = round_up(p->n, kernels->lanes);
    size_t bytes = (size_t)(t.panel_row * p->k) * tg_dtype_size(p->dtype);
    if (p->n > kernels->nr || bytes > SLIVER) return false;
    kernels->pack((int)t.panel_row, (int)p->n, p->k, p->b.data, p->b.col, p->b.row, sliver);
    t.panels = sliver;
    t.in_place = 0;
  } else if (p->m > B_IN_PLACE_M) {
    return false;
  }
  kernels->tile(&t);
  return true;
}

/* One block of the product, its operands where they lie and where they go. */
typedef struct block {
  const tg_runtime *runtime;
  const tgi_gemm_kernels *kernels;
  size_t size; /* of an element */
  bool alone;
  char *packed_a, *packed_b; /* packed_a NULL: A is read in place */
  int64_t tile_m, tile_n;
  tgi_tile t;
} block;

/* n cut into the fewest parts of at most `most`, all about as long: the length of the parts. */
static int64_t even_part(int64_t n, int64_t most) { return tgi_ceil_div(n, tgi_ceil_div(n, most)); }

/* Slivers i * SLIVERS and on, of `count` rows in all. */
static void pack(const block *b, int64_t i, int width, int64_t count, tgi_matrix from, char *to) {
  int64_t k = b->t.k, size = (int64_t)b->size, end = tgi_least(count, (i + 1) * SLIVERS * width);
  for (int64_t r = i * SLIVERS * width; r < end; r += width)
    b->kernels->pack(width, (int)tgi_least(width, end - r), k, tgi_matrix_at(from, b->size, r, 0),
                     from.row, from.col, to + r * k * size);
}

static void pack_a(void *user, int64_t i) {
  const block *b = user;
  pack(b, i, b->kernels->mr, b->t.m, b->t.a, b->packed_a);
}

/* The columns that are not read in place. */
static void pack_b(void *user, int64_t i) {
  const block *b = user;
  tgi_matrix columns = {tgi_matrix_at(b->t.b, b->size, 0, b->t.in_place), b->t.b.col, b->t.b.row};
  pack(b, i, b->kernels->nr, b->t.n - b->t.in_place, columns, b->packed_b);
}

static void tile(void *user, int64_t index) {
  const block *b = user;
  int64_t across = tgi_ceil_div(b->t.n, b->tile_n), size = (int64_t)b->size;
  int64_t i = index / across * b->tile_m, j = index % across * b->tile_n;
  tgi_tile t = b->t;
  t.m = tgi_least(b->tile_m, t.m - i);
  t.n = tgi_least(b->tile_n, t.n - j);
  t.a_packed = b->packed_a != NULL;
  t.a.data = t.a_packed ? b->packed_a + i * t.k * size : tgi_matrix_at(t.a, b->size, i, 0);
  t.b.data = tgi_matrix_at(t.b, b->size, 0, j);
  t.panels = j < t.in_place ? b->packed_b : b->packed_b + (j - t.in_place) * t.k * size;
  t.in_place = j < t.in_place ? tgi_least(t.n, t.in_place - j) : 0;
  t.c.data = tgi_matrix_at(t.c, b->size, i, j);
  if (t.add.data) t.add.data = tgi_matrix_at(t.add, b->size, i, j);
  b->kernels->tile(&t);
}

static void run(block *b, int64_t n, tgi_work_fn *work) {
  if (!b->alone)
    tgi_parallel(b->runtime, n, work, b);
  else
    for (int64_t i = 0; i < n; i++) work(b, i);
}

/* Columns of B, of n, that are read where they lie. */
static int64_t in_place(const block *b, int64_t n, bool wanted) {
  return wanted ? n / b->kernels->grain * b->kernels->grain : 0;
}

/* Room for the largest blocks. False: no memory. */
static bool reserve(const tgi_product *p, block *b, int64_t block_k, bool b_in_place) {
  int64_t size = block_k * (int64_t)b->size;
  int64_t cols = b_in_place ? p->n - in_place(b, p->n, true) : tgi_least(p->n, BLOCK_N);
  if (p->n > A_IN_PLACE_N) {
    int64_t rows = round_up(tgi_least(p->m, BLOCK_M), b->kernels->mr);
    b->packed_a = tgi_arena_alloc(p->scratch, (size_t)(rows * size));
    if (!b->packed_a) return false;
  }
  if (cols == 0) return true;
  cols = round_up(cols, b->kernels->nr);
  b->packed_b = tgi_arena_alloc(p->scratch, (size_t)(cols * size));
  return b->packed_b != NULL;
}

/* C's rows [i, i + b->t.m): every block of k, of it every block of n. */
static void rows(const tgi_product *p, block *b, int64_t i, int64_t block_k, bool b_in_place) {
  tgi_tile *t = &b->t;
  for (int64_t l = 0; l < p->k; l += block_k) {
    t->k = tgi_least(block_k, p->k - l);
    t->a.data = tgi_matrix_at(p->a, b->size, i, l);
    if (b->packed_a) run(b, tgi_ceil_div(t->m, SLIVERS * b->kernels->mr), pack_a);
    for (int64_t j = 0; j < p->n; j += BLOCK_N) {
      t->n = tgi_least(BLOCK_N, p->n - j);
      t->in_place = in_place(b, t->n, b_in_place);
      t->b.data = tgi_matrix_at(p->b, b->size, l, j);
      t->c.data = tgi_matrix_at(p->c, b->size, i, j);
      t->add = l > 0 ? t->c : p->add;
      if (l == 0 && p->add.data) t->add.data = tgi_matrix_at(p->add, b->size, i, j);
      run(b, tgi_ceil_div(t->n - t->in_place, SLIVERS * b->kernels->nr), pack_b);
      b->tile_m = b->alone ? t->m : TILE_M;
      b->tile_n = b->alone ? t->n : TILE_N;
      run(b, tgi_ceil_div(t->m, b->tile_m) * tgi_ceil_div(t->n, b->tile_n), tile);
    }
  }
}

/* C^T = add^T + B^T A^T. */
static tgi_product turned(const tgi_product *p) {
  tgi_product q = *p;
  q.m = p->n, q.n = p->m;
  q.a = (tgi_matrix){p->b.data, p->b.col, p->b.row};
  q.b = (tgi_matrix){p->a.data, p->a.col, p->a.row};
  q.c = (tgi_matrix){p->c.data, 1, p->c.row};
  q.add = (tgi_matrix){p->add.data, 1, p->add.row};
  return q;
}

/* Packing costs as much an element as storing a turned result. */
static bool worth_turning(const tgi_product *p) {
  double m = (double)p->m, n = (double)p->n, k = (double)p->k;
  return p->b.col != 1 && p->b.row == 1 && m <= 128 && m * k + 2 * m * n < n * k;
}

tg_status tgi_gemm_portable(const tgi_product *given) {
  bool turn = worth_turning(given);
  tgi_product other, *const p = &other;
  other = turn ? turned(given) : *given;
  block b = {.runtime = p->runtime,
             .kernels = tgi_gemm_kernels_for(tg_runtime_isa(p->runtime), p->dtype),
             .size = tg_dtype_size(p->dtype),
             .alone = work_of(p) < ALONE,
             .t = {.a = p->a, .b = p->b, .c = p->c, .turned = turn}};
  b.t.panel_row = b.kernels->nr;
  bool b_in_place = p->b.col == 1 && p->m <= B_IN_PLACE_M;
  int64_t most_k = b.alone ? WHOLE_K : BLOCK_K_BYTES / (int64_t)b.size;
  int64_t block_k = even_part(p->k, most_k);
  tgi_arena_mark mark = tgi_arena_mark_of(p->scratch);
  bool fits = reserve(p, &b, block_k, b_in_place);
  for (int64_t i = 0; fits && i < p->m; i += BLOCK_M) {
    b.t.m = tgi_least(BLOCK_M, p->m - i);
    rows(p, &b, i, block_k, b_in_place);
  }
  tgi_arena_rewind(p->scratch, mark);
  return fits ? TG_OK : TG_NO_MEMORY;
}
