/* Batches of matrix products. A batch axis becomes rows or inner length of one larger product where
   the strides allow (a layer on a batch of sequences is one product); what is left is looped over,
   shared by the threads where the products are small. */
#include "kernel/batch_gemm.h"

#include "kernel/gemm.h"

/* Axes that are looped over, outermost last; strides of a, b, add, c in bytes. */
typedef struct loop {
  int rank;
  int64_t n; /* all its steps */
  int64_t dims[TG_MAX_RANK], strides[TG_MAX_RANK][4];
} loop;

typedef struct batch {
  tgi_product of;    /* one of its products */
  loop free, summed; /* axes along which c moves, and along which it stays */
  int64_t tiles;
  char *memory; /* NULL: products take from scratch; else each tile has a piece of its own */
  size_t piece;
  tg_status *status; /* by tile */
} batch;

/* ---- fewer, larger products ---- */

/* Rows of a larger A and C, under one B. */
static bool merge_rows(tgi_product *p, int64_t dim, int64_t a, int64_t b, int64_t add, int64_t c) {
  bool one_step = a == p->m * p->a.row && add == p->m * p->add.row && c == p->m * p->c.row;
  if (b != 0 || (p->m != 1 && !one_step)) return false;
  if (p->m == 1) {
    p->a.row = a;
    p->add.row = add;
    p->c.row = c;
  }
  p->m *= dim;
  return true;
}

/* A longer inner product: the sum over the axis is a part of the product. */
static bool merge_inner(tgi_product *p, int64_t dim, int64_t a, int64_t b, int64_t c) {
  if (c != 0 || (p->k != 1 && (a != p->k * p->a.col || b != p->k * p->b.row))) return false;
  if (p->k == 1) {
    p->a.col = a;
    p->b.row = b;
  }
  p->k *= dim;
  return true;
}

static void add_loop(loop *l, int64_t dim, const int64_t strides[4], int64_t size) {
  l->dims[l->rank] = dim;
  for (int i = 0; i < 4; i++) l->strides[l->rank][i] = strides[i] * size;
  l->rank++;
  l->n *= dim;
}

static void plan(batch *p, const tg_tensor *a, const tg_tensor *b, const tg_tensor *add,
                 const tg_tensor *c) {
  int64_t size = (int64_t)tg_dtype_size(a->dtype);
  for (int axis = a->rank - 3; axis >= 0; axis--) {
    int64_t dim = a->dims[axis];
    int64_t sa = a->strides[axis], sb = b->strides[axis], sd = add->strides[axis];
    int64_t sc = c->strides[axis];
    if (dim == 1 || merge_inner(&p->of, dim, sa, sb, sc)) continue;
    if (sc != 0 && merge_rows(&p->of, dim, sa, sb, sd, sc)) continue;
    add_loop(sc == 0 ? &p->summed : &p->free, dim, (const int64_t[]){sa, sb, sd, sc}, size);
  }
}

/* ---- the products ---- */

static void offsets_of(const loop *l, int64_t i, int64_t at[4]) {
  for (int axis = 0; axis < l->rank; axis++) {
    int64_t index = i % l->dims[axis];
    i /= l->dims[axis];
    for (int j = 0; j < 4; j++) at[j] += index * l->strides[axis][j];
  }
}

static void move(tgi_matrix *x, int64_t bytes) {
  if (x->data) x->data = (char *)x->data + bytes;
}

/* One matrix of C: the sum of its products. */
static tg_status compute(const batch *p, tgi_arena *scratch, int64_t i) {
  tg_status status = TG_OK;
  int64_t at[4] = {0};
  offsets_of(&p->free, i, at);
  tgi_product first = p->of;
  first.scratch = scratch;
  if (p->summed.n == 0) first.k = 0;
  move(&first.a, at[0]);
  move(&first.b, at[1]);
  move(&first.add, at[2]);
  move(&first.c, at[3]);
  status = tgi_multiply(&first);
  for (int64_t j = 1; j < p->summed.n && status == TG_OK; j++) {
    int64_t to[4] = {0};
    offsets_of(&p->summed, j, to);
    tgi_product next = first;
    move(&next.a, to[0]);
    move(&next.b, to[1]);
    next.add = next.c;
    status = tgi_multiply(&next);
  }
  return status;
}

/* ---- threads ---- */

enum { TILES = 32 };
/* Products with fewer multiplications are too small to be shared themselves. */
static const double SMALL = 1 << 24;
/* Multiplications below which no thread is worth waking. */
static const double WORTH = 1 << 24;

static void run_tile(void *user, int64_t tile) {
  batch *p = user;
  int64_t from = tile * p->free.n / p->tiles, to = (tile + 1) * p->free.n / p->tiles;
  tgi_arena own = {.runtime = p->of.runtime, .bytes = p->piece, .budget = p->piece};
  own.memory = p->memory + (size_t)tile * p->piece;
  own.size = p->piece;
  p->status[tile] = TG_OK;
  for (int64_t i = from; i < to && p->status[tile] == TG_OK; i++)
    p->status[tile] = compute(p, &own, i);
}

/* Room for copies of A, B and C, with margins for padding. */
static size_t piece_of(const batch *p) {
  enum { MARGIN = 64 };
  double m = (double)p->of.m + MARGIN, n = (double)p->of.n + MARGIN;
  double k = (double)p->of.k + MARGIN;
  double bytes = (m * k + k * n + m * n) * (double)tg_dtype_size(p->of.dtype) + 4096;
  return (size_t)bytes / 64 * 64;
}

static tg_status run_tiles(batch *p) {
  tg_status statuses[TILES];
  p->status = statuses;
  p->tiles = p->free.n < TILES ? p->free.n : TILES;
  p->piece = piece_of(p);
  tgi_arena_mark mark = tgi_arena_mark_of(p->of.scratch);
  p->memory = tgi_arena_alloc(p->of.scratch, p->piece * (size_t)p->tiles);
  if (p->memory == NULL) return TG_NO_MEMORY;
  tgi_parallel(p->of.runtime, p->tiles, run_tile, p);
  tgi_arena_rewind(p->of.scratch, mark);
  for (int64_t i = 0; i < p->tiles; i++)
    if (statuses[i] != TG_OK) return statuses[i];
  return TG_OK;
}

static tg_status run(batch *p) {
  if (p->free.n == 1 && p->summed.n == 1) return tgi_multiply(&p->of);
  double each = (double)p->of.m * (double)p->of.n * (double)p->of.k * (double)p->summed.n;
  double work = each * (double)p->free.n;
  if (p->free.n > 1 && each < SMALL && work > WORTH) return run_tiles(p);
  tg_status status = TG_OK;
  for (int64_t i = 0; i < p->free.n && status == TG_OK; i++) status = compute(p, p->of.scratch, i);
  return status;
}

static void prepare(batch *p, const tg_runtime *runtime, tgi_arena *scratch, const tg_tensor *a,
                    const tg_tensor *b, const tg_tensor *add, const tg_tensor *c) {
  int row = a->rank - 2, col = a->rank - 1;
  const tg_tensor *start = add ? add : c;
  p->of = (tgi_product){.runtime = runtime,
                        .scratch = scratch,
                        .dtype = a->dtype,
                        .m = a->dims[row],
                        .n = b->dims[col],
                        .k = a->dims[col],
                        .a = {a->data, a->strides[row], a->strides[col]},
                        .b = {b->data, b->strides[row], b->strides[col]},
                        .add = {add ? add->data : NULL, start->strides[row], 1},
                        .c = {c->data, c->strides[row], 1}};
  p->free.rank = p->summed.rank = 0;
  p->free.n = p->summed.n = 1;
  plan(p, a, b, start, c);
}

tg_status tgi_batch_gemm_add(const tg_runtime *runtime, tgi_arena *scratch, const tg_tensor *a,
                             const tg_tensor *b, const tg_tensor *add, const tg_tensor *c) {
  batch p;
  prepare(&p, runtime, scratch, a, b, add, c);
  if (p.of.m == 0 || p.of.n == 0 || p.free.n == 0) return TG_OK;
  return run(&p);
}

bool tgi_batch_gemm_single(const tg_runtime *runtime, tgi_arena *scratch, const tg_tensor *a,
                           const tg_tensor *b, const tg_tensor *add, const tg_tensor *c,
                           tgi_product *product) {
  batch p;
  prepare(&p, runtime, scratch, a, b, add, c);
  if (p.of.m == 0 || p.of.n == 0 || p.free.n != 1 || p.summed.n != 1) return false;
  *product = p.of;
  return true;
}

tg_status tgi_batch_gemm(const tg_runtime *runtime, tgi_arena *scratch, const tg_tensor *a,
                         const tg_tensor *b, double beta, const tg_tensor *c) {
  return tgi_batch_gemm_add(runtime, scratch, a, b, beta == 0 ? NULL : c, c);
}
