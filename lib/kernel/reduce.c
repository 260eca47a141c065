/* Reductions: x is seen as columns, each reduced to one element of dst. A column is cut into leaves
   of a fixed length, which are put together pairwise; up to 128 columns go side by side. Where
   there are few, in rows without gaps, several rows count as one, and the reductions of one column
   are put together at the end. Knows no dtype and no arithmetic. */
#include <string.h>

#include "kernel/accumulate.h"
#include "kernel/reduce_parts.h"

enum {
  WIDTH = TGI_REDUCE_WIDTH,
  LEAF_ALONG = TGI_REDUCE_LEAF,  /* elements of a leaf that lie side by side */
  LEAF_APART = TGI_REDUCE_APART, /* and of one whose elements do not */
  LEVELS = 40,                   /* of a tree: more than a column can have */
  PARTS = 32,                    /* most pieces of work into which few columns are cut */
  PART = 1 << 15,                /* fewest elements of such a piece */
};

/* Where an element of each lies. */
enum { X, DST, ABOUT, OPERANDS };

/* Some axes of x, the one with the smallest stride last, walked in this order. */
typedef struct axes {
  int rank;
  int64_t dims[TG_MAX_RANK], strides[TG_MAX_RANK][OPERANDS]; /* in bytes */
} axes;

/* WIDTH elements of the largest size. */
typedef struct partial {
  _Alignas(16) double of[WIDTH];
} partial;

static const partial zeros;

typedef struct plan {
  const char *x, *about;
  char *dst;
  bool accumulate;
  axes kept, reduced;                  /* without their last axes, which are in: */
  tgi_leaf_sum of;                     /* how one leaf is reduced */
  int64_t column[OPERANDS];            /* strides of its columns */
  bool many;                           /* elements in a run of columns */
  int64_t leaf, leaves_of_run, leaves; /* length; numbers of them in a run and a column */
  int64_t tiles_of_columns, tiles;     /* of WIDTH columns */
  int64_t parts;                       /* into which each tile is cut, by its leaves */
  int64_t group;                       /* of pieces that one thread takes at a time */
  partial *partials;                   /* [tiles, parts], where parts > 1 */
} plan;

static int64_t magnitude(int64_t a) { return a < 0 ? -a : a; }

/* ---- the axes ---- */

static void insert_axis(axes *a, int64_t dim, const int64_t strides[OPERANDS]) {
  int at = a->rank++;
  for (; at > 0 && magnitude(a->strides[at - 1][X]) < magnitude(strides[X]); at--) {
    a->dims[at] = a->dims[at - 1];
    for (int o = 0; o < OPERANDS; o++) a->strides[at][o] = a->strides[at - 1][o];
  }
  a->dims[at] = dim;
  for (int o = 0; o < OPERANDS; o++) a->strides[at][o] = strides[o];
}

static bool one_walk(const int64_t outer[], const int64_t inner[], int64_t n) {
  return outer[X] == inner[X] * n && outer[DST] == inner[DST] * n &&
         outer[ABOUT] == inner[ABOUT] * n;
}

/* Neighbours become one axis where all strides allow. */
static void merge_axes(axes *a) {
  int rank = 0;
  for (int k = 0; k < a->rank; k++) {
    bool joins = rank > 0 && one_walk(a->strides[rank - 1], a->strides[k], a->dims[k]);
    if (!joins) rank++;
    a->dims[rank - 1] = joins ? a->dims[rank - 1] * a->dims[k] : a->dims[k];
    for (int o = 0; o < OPERANDS; o++) a->strides[rank - 1][o] = a->strides[k][o];
  }
  a->rank = rank;
}

static int64_t take_last(axes *a, int64_t strides[OPERANDS]) {
  for (int o = 0; o < OPERANDS; o++) strides[o] = a->rank > 0 ? a->strides[a->rank - 1][o] : 0;
  return a->rank > 0 ? a->dims[--a->rank] : 1;
}

static int64_t count(const axes *a) {
  int64_t n = 1;
  for (int k = 0; k < a->rank; k++) n *= a->dims[k];
  return n;
}

/* Moves the offsets by position `i` in the walk of the axes. */
static void advance(const axes *a, int64_t i, int64_t at[OPERANDS]) {
  for (int k = a->rank - 1; k >= 0; k--) {
    int64_t index = i % a->dims[k];
    i /= a->dims[k];
    for (int o = 0; o < OPERANDS; o++) at[o] += index * a->strides[k][o];
  }
}

/* Sorts x's axes into kept and reduced ones. False where dst does not broadcast to x. */
static bool split_axes(plan *p, const tg_tensor *x, const tg_tensor *dst, const tg_tensor *about) {
  int extra = x->rank - dst->rank;
  if (extra < 0) return false;
  for (int k = 0; k < x->rank; k++) {
    int64_t to = k < extra ? 1 : dst->dims[k - extra], dim = x->dims[k];
    if (to != dim && to != 1) return false;
    if (dim == 1) continue;
    bool kept = to == dim;
    int64_t size = p->of.size;
    int64_t strides[OPERANDS] = {[X] = x->strides[k] * size,
                                 [DST] = kept ? dst->strides[k - extra] * size : 0,
                                 [ABOUT] = kept && about ? about->strides[k - extra] * size : 0};
    insert_axis(kept ? &p->kept : &p->reduced, dim, strides);
  }
  merge_axes(&p->kept);
  merge_axes(&p->reduced);
  return true;
}

/* Columns of nothing are one run of length 0. */
static void take_runs(plan *p) {
  int64_t row[OPERANDS];
  p->of.run = take_last(&p->reduced, row);
  p->of.row = row[X];
  if (p->of.run == 0 || count(&p->reduced) == 0) p->of.run = 0, p->reduced.rank = 0;
}

int64_t tgi_reduce_together(int64_t run, int64_t columns) {
  int64_t together = 1;
  while (2 * together * columns <= WIDTH && run * columns >= TGI_REDUCE_FEW) together *= 2;
  return together;
}

static void take_rows_together(plan *p) {
  const int64_t size = p->of.size;
  p->many = p->of.columns * p->of.run >= TGI_REDUCE_FEW;
  const bool one_piece = p->column[X] == size && p->of.row == p->of.columns * size;
  p->of.together =
      one_piece && p->reduced.rank == 0 ? tgi_reduce_together(p->of.run, p->of.columns) : 1;
  p->of.rest = p->of.run % p->of.together;
  p->of.run /= p->of.together;
  p->of.row *= p->of.together;
  p->of.columns *= p->of.together;
}

static int64_t parts_of(int64_t tiles, int64_t elements, int64_t leaves) {
  int64_t parts = tiles > 0 ? tgi_least(PARTS / tiles, elements / PART) : 1;
  parts = tgi_least(parts, leaves);
  return parts < 1 ? 1 : parts;
}

/* Few columns, each of them one leaf. */
static bool is_one_leaf(const plan *p) { return p->tiles == 1 && p->leaves == 1; }

/* Cuts the columns into tiles and leaves, and few columns into parts. */
static void cut(plan *p) {
  p->of.columns = take_last(&p->kept, p->column);
  take_runs(p);
  take_rows_together(p);
  p->leaf = p->of.row == p->of.size ? LEAF_ALONG : LEAF_APART;
  int64_t runs = count(&p->reduced);
  p->leaves_of_run = p->of.run > p->leaf ? tgi_ceil_div(p->of.run, p->leaf) : 1;
  p->leaves = p->leaves_of_run * runs;
  p->tiles_of_columns = tgi_ceil_div(p->of.columns, WIDTH);
  p->tiles = p->tiles_of_columns * count(&p->kept);
  p->parts = p->group = 1;
  if (is_one_leaf(p)) return;
  int64_t elements = p->of.run * runs * tgi_least(p->of.columns, WIDTH); /* of a tile */
  p->parts = parts_of(p->tiles, elements, p->leaves);
  int64_t piece = elements / p->parts;
  p->group = piece > 0 && piece < PART ? PART / piece : 1;
}

/* ---- the tree ---- */

/* n rows of w columns at x. */
static void take_leaf(const tgi_leaf_sum *l, int64_t w, int64_t n, const char *x,
                      const partial *about, partial *to) {
  if (l->add != NULL) {
    memset(to, 0, (size_t)(w * l->size));
    l->add(w, n, x, l->row / l->size, about, to);
  } else {
    l->kernels->leaf(w, n, x, l->column, l->row, about, to);
  }
}

/* Leaf i of the w columns at x. */
static void reduce_leaf(const plan *p, int64_t i, const char *x, int64_t w, const partial *about,
                        partial *to) {
  int64_t at[OPERANDS] = {0}, first = i % p->leaves_of_run * p->leaf;
  advance(&p->reduced, i / p->leaves_of_run, at);
  take_leaf(&p->of, w, tgi_least(p->leaf, p->of.run - first), x + at[X] + first * p->of.row, about,
            to);
}

/* Leaves [first, last), at least one, pairwise: after leaf number c as many pairs are joined as c
   has factors of two, so that the levels hold falling powers of two of leaves. */
static void reduce_leaves(const plan *p, int64_t first, int64_t last, const char *x, int64_t w,
                          const partial *about, partial *to) {
  partial level[LEVELS];
  int top = 0;
  for (int64_t i = first; i < last; i++) {
    reduce_leaf(p, i, x, w, about, &level[top]);
    for (int64_t done = i - first; done & 1; done >>= 1, top--)
      p->of.kernels->fold(w, &level[top - 1], &level[top]);
    top++;
  }
  for (; top > 1; top--) p->of.kernels->fold(w, &level[top - 2], &level[top - 1]);
  memcpy(to, &level[0], (size_t)(w * p->of.size));
}

/* ---- pieces of work ---- */

/* Where a tile's columns begin; how many they are. */
static int64_t tile_at(const plan *p, int64_t tile, int64_t at[OPERANDS]) {
  int64_t first = tile % p->tiles_of_columns * WIDTH;
  for (int o = 0; o < OPERANDS; o++) at[o] = first * p->column[o];
  advance(&p->kept, tile / p->tiles_of_columns, at);
  return tgi_least(WIDTH, p->of.columns - first);
}

/* What stands for several rows, w columns in all; returns how many are left. */
static int64_t fold_rows(const tgi_leaf_sum *l, int64_t w, partial *sums) {
  for (int64_t together = l->together; together > 1; together /= 2) {
    w /= 2;
    l->kernels->fold(w, sums, (const char *)sums + w * l->size);
  }
  return w;
}

static void store(const plan *p, int64_t tile, partial *from) {
  int64_t at[OPERANDS], w = tile_at(p, tile, at);
  w = fold_rows(&p->of, w, from);
  p->of.kernels->store(w, from, p->dst + at[DST], p->of.to, p->accumulate);
}

/* The rows that are left, of a column of rows at x. */
static void add_rest(const tgi_leaf_sum *l, const char *x, const partial *about, partial *to) {
  const int64_t w = l->rest * (l->columns / l->together);
  partial rest;
  take_leaf(l, w, 1, x + l->run * l->row, about, &rest);
  l->kernels->fold(w, to, &rest);
}

/* What squares are taken about in w columns from `x` on. */
static void copy_about(const plan *p, const char *x, int64_t w, partial *to) {
  const int64_t size = p->of.size, least = w / p->of.together; /* columns of x */
  for (int64_t j = 0; j < least; j++)
    memcpy((char *)to + j * size, x + j * p->column[ABOUT], (size_t)size);
  for (int64_t done = least; done < w; done += least)
    memcpy((char *)to + done * size, to, (size_t)(least * size));
}

static void piece(const plan *p, int64_t i) {
  int64_t tile = i / p->parts, part = i % p->parts;
  int64_t at[OPERANDS], w = tile_at(p, tile, at);
  partial result, copy, *to = p->parts > 1 ? &p->partials[i] : &result;
  const partial *about = p->about ? &copy : &zeros;
  if (p->about) copy_about(p, p->about + at[ABOUT], w, &copy);
  reduce_leaves(p, p->leaves * part / p->parts, p->leaves * (part + 1) / p->parts, p->x + at[X], w,
                about, to);
  if (p->of.rest > 0 && part == p->parts - 1) add_rest(&p->of, p->x + at[X], about, to);
  if (p->parts == 1) store(p, tile, to);
}

static void pieces(void *user, int64_t group) {
  const plan *p = user;
  int64_t end = tgi_least(p->tiles * p->parts, (group + 1) * p->group);
  for (int64_t i = group * p->group; i < end; i++) piece(p, i);
}

/* The parts of a tile, pairwise. */
static void join_parts(const plan *p, int64_t tile) {
  int64_t at[OPERANDS], w = tile_at(p, tile, at);
  partial *part = p->partials + tile * p->parts;
  for (int64_t step = 1; step < p->parts; step *= 2)
    for (int64_t q = 0; q + step < p->parts; q += 2 * step)
      p->of.kernels->fold(w, &part[q], &part[q + step]);
  store(p, tile, part);
}

static void begin(plan *p, const tgi_reduction *kind, const tg_tensor *x) {
  p->of.kernels = kind->of[x->dtype];
  p->of.size = (int64_t)tgi_dtype_size(x->dtype);
  p->kept.rank = p->reduced.rank = 0;
}

static tgi_columns_fn *columns_of(const tg_runtime *runtime, const tgi_reduction *kind,
                                  tg_dtype dtype) {
  if (!tgi_is_float(dtype) || (kind != &tgi_sum && kind != &tgi_squares)) return NULL;
  const tgi_columns *columns = tgi_columns_for(tg_runtime_isa(runtime), dtype);
  return kind == &tgi_sum ? columns->sum : columns->squares;
}

/* Sums of columns side by side, unless they are too few for it to be worth a call. */
static void choose(plan *p, const tg_runtime *runtime, const tgi_reduction *kind, tg_dtype dtype) {
  p->of.column = p->column[X];
  p->of.to = p->column[DST];
  const bool beside = p->of.column == p->of.size && p->many;
  p->of.add = beside ? columns_of(runtime, kind, dtype) : NULL;
}

static void reduce_tiles(const tg_runtime *runtime, plan *p) {
  partial partials[PARTS];
  p->partials = partials;
  tgi_parallel_tiles(runtime, tgi_ceil_div(p->tiles * p->parts, p->group), pieces, p);
  for (int64_t tile = 0; p->parts > 1 && tile < p->tiles; tile++) join_parts(p, tile);
}

static void reduce_one_leaf(const tgi_leaf_sum *l, char *dst, const char *x, bool accumulate) {
  partial result;
  take_leaf(l, l->columns, l->run, x, &zeros, &result);
  if (l->rest > 0) add_rest(l, x, &zeros, &result);
  l->kernels->store(fold_rows(l, l->columns, &result), &result, dst, l->to, accumulate);
}

static tg_status reduce(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                        const tg_tensor *x, const tg_tensor *about, bool accumulate) {
  plan p;
  begin(&p, kind, x);
  if (!p.of.kernels || dst->dtype != x->dtype) return TG_DTYPE;
  if (!split_axes(&p, x, dst, about)) return TG_SHAPE;
  p.x = x->data;
  p.dst = dst->data;
  p.about = about ? about->data : NULL;
  p.accumulate = accumulate;
  cut(&p);
  choose(&p, runtime, kind, x->dtype);
  if (is_one_leaf(&p) && about == NULL)
    reduce_one_leaf(&p.of, p.dst, p.x, accumulate);
  else
    reduce_tiles(runtime, &p);
  return TG_OK;
}

tg_status tgi_reduce(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                     const tg_tensor *x, double beta) {
  bool summed = kind == &tgi_sum && tgi_is_float(x->dtype) && dst->dtype == x->dtype;
  if (summed && tgi_same_shape(dst, x)) { /* over nothing */
    tgi_accumulate(runtime, dst, x, beta);
    return TG_OK;
  }
  return reduce(runtime, kind, dst, x, NULL, beta != 0);
}

bool tgi_reduce_single(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                       const tg_tensor *x, tgi_leaf_sum *leaf) {
  plan p;
  begin(&p, kind, x);
  if (!p.of.kernels || dst->dtype != x->dtype || tg_tensor_same_shape(dst, x)) return false;
  if (!split_axes(&p, x, dst, NULL)) return false;
  cut(&p);
  choose(&p, runtime, kind, x->dtype);
  *leaf = p.of;
  return is_one_leaf(&p);
}

void tgi_reduce_leaf(const tgi_leaf_sum *leaf, void *dst, const void *x) {
  reduce_one_leaf(leaf, dst, x, false);
}

/* About a number of each result. */
static tg_status reduce_about(const tg_runtime *runtime, const tgi_reduction *kind,
                              const tg_tensor *dst, const tg_tensor *x, const tg_tensor *about) {
  if (about->dtype != x->dtype) return TG_DTYPE;
  if (!tg_tensor_same_shape(about, dst)) return TG_SHAPE;
  return reduce(runtime, kind, dst, x, about, false);
}

tg_status tgi_reduce_squares(const tg_runtime *runtime, const tg_tensor *dst, const tg_tensor *x,
                             const tg_tensor *mean) {
  return reduce_about(runtime, &tgi_squares, dst, x, mean);
}

tg_status tgi_reduce_equals(const tg_runtime *runtime, const tg_tensor *dst, const tg_tensor *x,
                            const tg_tensor *y) {
  return reduce_about(runtime, &tgi_equals, dst, x, y);
}

/* ---- what comes piece by piece ---- */

int64_t tgi_reduce_parts(int64_t rows, int64_t run, int64_t columns) {
  if (columns == 1)
    return parts_of(tgi_ceil_div(rows, WIDTH), run * tgi_least(rows, WIDTH),
                    tgi_ceil_div(run, LEAF_ALONG));
  return parts_of(rows * tgi_ceil_div(columns, WIDTH), run * tgi_least(columns, WIDTH),
                  tgi_ceil_div(run, LEAF_APART));
}

void tgi_reduce_leaves(const tgi_reduction *kind, tg_dtype dtype, int64_t rows, int64_t n,
                       const void *x, void *to) {
  const int64_t size = (int64_t)tg_dtype_size(dtype);
  for (int64_t j = 0; j < rows; j += WIDTH) {
    partial sums;
    const int64_t w = tgi_least(WIDTH, rows - j);
    kind->of[dtype]->leaf(w, n, (const char *)x + j * n * size, n * size, size, &zeros, &sums);
    memcpy((char *)to + j * size, &sums, (size_t)(w * size));
  }
}

void tgi_reduce_fold(const tgi_reduction *kind, tg_dtype dtype, int64_t n, void *to,
                     const void *from) {
  kind->of[dtype]->fold(n, to, from);
}
