/* The portable matrix product after Goto and van de Geijn, "Anatomy of High-Performance Matrix
   Multiplication" (2008): A and B are packed block by block into slivers that a kernel of registers
   reads in order. Blocks and tiles depend on m, n, k alone, so the number of threads changes no
   bit. Knows no instruction set. */
#include "kernel/gemm_parts.h"

enum {
  BLOCK_M = 1536,       /* rows of A that are packed at a time */
  BLOCK_K_BYTES = 1024, /* of a row of A: a sliver of B stays in the first cache */
  WHOLE_K = 1024,       /* the same in elements where nothing is packed twice */
  TILE_M = 96,          /* the part of C that is one piece of work */
  TILE_N = 128,         /* a multiple of every sliver's width */
  SLIVERS = 4,          /* that are packed as one piece of work */
  STRIPS = 8,           /* so many columns of tiles are work enough for all threads */
  A_IN_PLACE_N = 128,   /* A is read too few times to be worth packing for C's no wider than this */
  B_IN_PLACE_M = 64,    /* B likewise */
};
static int64_t round_up(int64_t n, int64_t to) { return tgi_ceil_div(n, to) * to; }

bool tgi_gemm_in_place(const tgi_product *p) {
  enum { SLIVER = 8192 };
  char sliver[SLIVER] __attribute__((aligned(64)));
  if (p->n > A_IN_PLACE_N || p->k > WHOLE_K || !tgi_product_is_small(p)) return false;
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
  bool alone, strips;
  char *packed_a; /* NULL: A is read in place */
  char *packed_b; /* all slivers, or in strips one for each strip */
  int64_t tile_m, tile_n;
  tgi_tile t;
} block;

/* n cut into the fewest parts of at most `most`, all about as long: the length of the parts. */
static int64_t even_part(int64_t n, int64_t most) { return tgi_ceil_div(n, tgi_ceil_div(n, most)); }

static void *sliver_at(const block *b, char *packed, int64_t first) {
  return packed + first * b->t.k * (int64_t)b->size;
}

static void pack_sliver(const block *b, int width, int64_t count, tgi_matrix from, void *to) {
  b->kernels->pack(width, (int)tgi_least(width, count), b->t.k, from.data, from.row, from.col, to);
}

/* Slivers i * SLIVERS and on, of `count` rows in all. */
static void pack(const block *b, int64_t i, int width, int64_t count, tgi_matrix from, char *to) {
  int64_t end = tgi_least(count, (i + 1) * SLIVERS * width);
  for (int64_t r = i * SLIVERS * width; r < end; r += width) {
    tgi_matrix rows = {tgi_matrix_at(from, b->size, r, 0), from.row, from.col};
    pack_sliver(b, width, end - r, rows, sliver_at(b, to, r));
  }
}

static void pack_a(void *user, int64_t i) {
  const block *b = user;
  pack(b, i, b->kernels->mr, b->t.m, b->t.a, b->packed_a);
}

/* B's columns from j on, as rows. */
static tgi_matrix columns(const block *b, int64_t j) {
  return (tgi_matrix){tgi_matrix_at(b->t.b, b->size, 0, j), b->t.b.col, b->t.b.row};
}

/* The columns that are not read in place. */
static void pack_b(void *user, int64_t i) {
  const block *b = user;
  pack(b, i, b->kernels->nr, b->t.n - b->t.in_place, columns(b, b->t.in_place), b->packed_b);
}

/* C's rows from i and columns from j, at most m and n of them; B's panels are left to the caller.
 */
static tgi_tile tile_at(const block *b, int64_t i, int64_t j, int64_t m, int64_t n) {
  tgi_tile t = b->t;
  t.m = tgi_least(m, t.m - i);
  t.n = tgi_least(n, t.n - j);
  t.a_packed = b->packed_a != NULL;
  t.a.data = t.a_packed ? sliver_at(b, b->packed_a, i) : tgi_matrix_at(t.a, b->size, i, 0);
  t.b.data = tgi_matrix_at(t.b, b->size, 0, j);
  t.in_place = j < t.in_place ? tgi_least(t.n, t.in_place - j) : 0;
  t.c.data = tgi_matrix_at(t.c, b->size, i, j);
  if (t.add.data) t.add.data = tgi_matrix_at(t.add, b->size, i, j);
  return t;
}

static void tile(void *user, int64_t index) {
  const block *b = user;
  int64_t across = tgi_ceil_div(b->t.n, b->tile_n), placed = b->t.in_place;
  int64_t i = index / across * b->tile_m, j = index % across * b->tile_n;
  tgi_tile t = tile_at(b, i, j, b->tile_m, b->tile_n);
  t.panels = j < placed ? b->packed_b : sliver_at(b, b->packed_b, j - placed);
  b->kernels->tile(&t);
}

/* The memory of B's columns from j on, at most n of them, where one of its strides is 1. */
static tgi_ahead ahead_of(const block *b, int64_t j, int64_t n) {
  int64_t size = (int64_t)b->size, count = tgi_least(n, b->t.n - j);
  if (b->alone || count <= 0) return (tgi_ahead){0};
  tgi_matrix x = columns(b, j);
  if (x.row == 1) return (tgi_ahead){x.data, b->t.k, x.col * size, count * size};
  if (x.col == 1) return (tgi_ahead){x.data, count, x.row * size, b->t.k * size};
  return (tgi_ahead){0};
}

/* C's columns from index * tile_n on: those that B has in place; then sliver by sliver, each packed
   where the last one was, and used while what the next is made from is fetched. */
static void strip(void *user, int64_t index) {
  const block *b = user;
  int64_t nr = b->kernels->nr, placed = b->t.in_place;
  int64_t j = index * b->tile_n, end = tgi_least(b->t.n, j + b->tile_n);
  for (int64_t n; j < end; j += n) {
    n = tgi_least(j < placed ? placed - j : nr, end - j);
    tgi_tile t = tile_at(b, 0, j, b->t.m, n);
    if (j >= placed) {
      char *sliver = sliver_at(b, b->packed_b, index * nr);
      pack_sliver(b, (int)nr, n, columns(b, j), sliver);
      t.panels = sliver;
      t.ahead = ahead_of(b, j + n, nr);
    }
    b->kernels->tile(&t);
  }
}

static void run(block *b, int64_t n, tgi_work_fn *work) {
  if (!b->alone)
    tgi_parallel(b->runtime, n, work, b);
  else
    for (int64_t i = 0; i < n; i++) work(b, i);
}

/* Room for the largest blocks. False: no memory. */
static bool reserve(const tgi_product *p, block *b, int64_t block_k) {
  int64_t size = block_k * (int64_t)b->size, nr = b->kernels->nr;
  if (p->n > A_IN_PLACE_N) {
    int64_t rows = round_up(tgi_least(p->m, BLOCK_M), b->kernels->mr);
    b->packed_a = tgi_arena_alloc(p->scratch, (size_t)(rows * size));
    if (!b->packed_a) return false;
  }
  int64_t slivers =
      tgi_ceil_div(b->strips ? p->n : p->n - b->t.in_place, b->strips ? b->tile_n : nr);
  if (p->n == b->t.in_place) return true;
  b->packed_b = tgi_arena_alloc(p->scratch, (size_t)(slivers * nr * size));
  return b->packed_b != NULL;
}

/* C's rows [i, i + b->t.m), block of k by block. */
static void rows(const tgi_product *p, block *b, int64_t i, int64_t block_k) {
  tgi_tile *t = &b->t;
  int64_t nr = b->kernels->nr, tiles = tgi_ceil_div(t->n, b->tile_n);
  for (int64_t l = 0; l < p->k; l += block_k) {
    t->k = tgi_least(block_k, p->k - l);
    t->a.data = tgi_matrix_at(p->a, b->size, i, l);
    t->b.data = tgi_matrix_at(p->b, b->size, l, 0);
    t->c.data = tgi_matrix_at(p->c, b->size, i, 0);
    t->add = l > 0 ? t->c : p->add;
    if (l == 0 && p->add.data) t->add.data = tgi_matrix_at(p->add, b->size, i, 0);
    if (b->packed_a) run(b, tgi_ceil_div(t->m, SLIVERS * b->kernels->mr), pack_a);
    if (!b->strips) run(b, tgi_ceil_div(t->n - t->in_place, SLIVERS * nr), pack_b);
    run(b, b->strips ? tiles : tgi_ceil_div(t->m, b->tile_m) * tiles, b->strips ? strip : tile);
  }
}

/* Packing costs as much an element as storing a turned result. */
static bool worth_turning(const tgi_product *p) {
  double m = (double)p->m, n = (double)p->n, k = (double)p->k;
  return p->b.col != 1 && p->b.row == 1 && m <= 128 && m * k + 2 * m * n < n * k;
}

tg_status tgi_gemm_portable(const tgi_product *given) {
  bool turn = worth_turning(given), alone = tgi_product_is_small(given);
  const tgi_product p = turn ? tgi_product_turned(given) : *given;
  block b = {.runtime = p.runtime,
             .kernels = tgi_gemm_kernels_for(tg_runtime_isa(p.runtime), p.dtype),
             .size = tg_dtype_size(p.dtype),
             .alone = alone,
             .strips = alone || p.n >= STRIPS * TILE_N,
             .tile_m = TILE_M,
             .tile_n = alone ? p.n : TILE_N,
             .t = {.n = p.n, .a = p.a, .b = p.b, .c = p.c, .turned = turn}};
  b.t.panel_row = b.kernels->nr;
  if (p.b.col == 1 && p.m <= B_IN_PLACE_M) b.t.in_place = p.n / b.kernels->grain * b.kernels->grain;
  int64_t block_k = even_part(p.k, alone ? WHOLE_K : BLOCK_K_BYTES / (int64_t)b.size);
  tgi_arena_mark mark = tgi_arena_mark_of(p.scratch);
  bool fits = reserve(&p, &b, block_k);
  for (int64_t i = 0; fits && i < p.m; i += BLOCK_M) {
    b.t.m = tgi_least(BLOCK_M, p.m - i);
    rows(&p, &b, i, block_k);
  }
  tgi_arena_rewind(p.scratch, mark);
  return fits ? TG_OK : TG_NO_MEMORY;
}
