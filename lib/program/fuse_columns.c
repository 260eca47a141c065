/* Runs a loop whose sums leave axes behind those that they add up: in [rows, run, columns], columns
   are added to side by side, as their elements are made, in the order of the tree in which the
   operators of their own add them up (kernel/reduce.h), so that no bit differs. */
#include <string.h>

#include "program/fuse_loop.h"

enum {
  LEAF = TGI_REDUCE_APART,
  LEVELS = 40,  /* of a tree: more than a run can have */
  NARROW = 128, /* columns that a piece may always have: all, where rows are taken together */
  GRAIN = 16,   /* columns: pieces have multiples of these */
  ROOM = LEVELS * TGI_FUSE_SUMS * NARROW * sizeof(double), /* bytes of the trees of a thread */
};

typedef tgi_loop_job job;
typedef tgi_loop_frame frame;

/* A piece of work: some columns of a part of one of the rows. */
typedef struct plan {
  const job *job;
  int64_t run, columns, rest; /* of a row, once rows of columns are taken together; elements left */
  int64_t width, pieces;      /* columns of a piece, but for the last; pieces of a part */
  int64_t levels;             /* of a tree */
  int64_t group;              /* pieces that one thread takes at a time */
} plan;

/* Partial sums: for each sum as many levels as a tree has, of a piece's width. */
typedef struct trees {
  _Alignas(TGI_LOOP_LINE) char room[ROOM];
} trees;

static int64_t levels_of(int64_t leaves) {
  int64_t levels = 2; /* one for what the run leaves over */
  for (; leaves > 1; leaves /= 2) levels++;
  return levels;
}

static plan plan_of(const job *j) {
  const tgi_loop *l = j->loop;
  plan p = {.job = j,
            .run = l->rows.run / l->together,
            .columns = l->rows.columns * l->together,
            .rest = l->rows.run % l->together * l->rows.columns};
  const int64_t of_part = tgi_ceil_div(p.run, l->parts);
  p.levels = levels_of(tgi_ceil_div(of_part, LEAF) + 1);
  int64_t most = ROOM / (int64_t)sizeof(double) / (p.levels * l->n_sums) / GRAIN * GRAIN;
  most = tgi_least(most, l->layout->block > NARROW ? l->layout->block : NARROW);
  const int64_t even = tgi_ceil_div(p.columns, tgi_ceil_div(p.columns, most));
  p.width = tgi_least(most, tgi_ceil_div(even, GRAIN) * GRAIN);
  p.pieces = tgi_ceil_div(p.columns, p.width);
  const int64_t elements = p.width * of_part;
  p.group = elements < TGI_LOOP_TILE ? TGI_LOOP_TILE / elements : 1;
  return p;
}

/* ---- sums ---- */

static char *level_of(const plan *p, trees *t, uint32_t k, int64_t level) {
  return t->room + (k * p->levels + level) * p->width * (int64_t)sizeof(double);
}

/* Sets a level of the trees to the sums of w columns of n rows, of which `start` is the first
   element. Whole rows come as many at a time as a block holds. */
static void add_leaf(const plan *p, frame *f, trees *t, int64_t level, int64_t start, int64_t w,
                     int64_t n) {
  const tgi_loop *l = p->job->loop;
  const int64_t least = w == p->columns ? l->layout->block / w : 1, most = least > 1 ? least : 1;
  for (uint32_t k = 0; k < l->n_sums; k++)
    memset(level_of(p, t, k, level), 0, (size_t)w * tg_dtype_size(l->sums[k].dtype));
  for (int64_t m; n > 0; n -= m, start += m * p->columns) {
    m = tgi_least(most, n);
    tgi_loop_elements(p->job, f, start, m * w);
    for (uint32_t k = 0; k < l->n_sums; k++)
      l->sums[k].add(w, m, tgi_loop_summed(p->job, f, k, start), w, NULL, level_of(p, t, k, level));
  }
}

/* The last two of `top` levels become one, in w columns. */
static void fold(const plan *p, trees *t, int64_t top, int64_t w) {
  const tgi_loop *l = p->job->loop;
  for (uint32_t k = 0; k < l->n_sums; k++)
    tgi_reduce_fold(&tgi_sum, l->sums[k].dtype, w, level_of(p, t, k, top - 2),
                    level_of(p, t, k, top - 1));
}

/* Stores the sums of w columns from `column` of a row on; rows that were taken together are folded
   first. */
static void finish(const plan *p, uint32_t k, int64_t row, int64_t column, int64_t w, char *sums) {
  const tgi_loop *l = p->job->loop;
  const int64_t size = (int64_t)tg_dtype_size(l->sums[k].dtype);
  for (int64_t together = l->together; together > 1; together /= 2) {
    w /= 2;
    tgi_reduce_fold(&tgi_sum, l->sums[k].dtype, w, sums, sums + w * size);
  }
  tgi_loop_store(p->job, k, row * l->rows.columns + column, w, sums);
}

/* ---- pieces ---- */

/* Where columns of a part wait to be joined. */
static char *part_at(const plan *p, uint32_t k, int64_t row, int64_t part, int64_t column) {
  const tgi_loop *l = p->job->loop;
  const int64_t at = (row * l->parts + part) * p->columns + column;
  return (char *)l->sums[k].parts + at * (int64_t)tg_dtype_size(l->sums[k].dtype);
}

/* Level 0 has the sums of w columns of a part. */
static void keep(const plan *p, trees *t, int64_t row, int64_t part, int64_t column, int64_t w) {
  const tgi_loop *l = p->job->loop;
  for (uint32_t k = 0; k < l->n_sums; k++) {
    char *sums = level_of(p, t, k, 0);
    if (l->parts == 1)
      finish(p, k, row, column, w, sums);
    else
      memcpy(part_at(p, k, row, part, column), sums, (size_t)w * tg_dtype_size(l->sums[k].dtype));
  }
}

static void run_piece(const plan *p, frame *f, trees *t, int64_t i) {
  const int64_t parts = p->job->loop->parts, part = i % parts, row = i / parts / p->pieces;
  const int64_t start = row * (p->run * p->columns + p->rest);
  const int64_t column = i / parts % p->pieces * p->width;
  const int64_t w = tgi_least(p->width, p->columns - column), leaves = tgi_ceil_div(p->run, LEAF);
  const int64_t first = leaves * part / parts, last = leaves * (part + 1) / parts;
  int64_t top = 0;
  for (int64_t leaf = first; leaf < last; leaf++) {
    const int64_t at = leaf * LEAF;
    add_leaf(p, f, t, top++, start + at * p->columns + column, w, tgi_least(LEAF, p->run - at));
    for (int64_t done = leaf - first; done & 1; done >>= 1) fold(p, t, top--, w);
  }
  for (; top > 1; top--) fold(p, t, top, w);
  if (p->rest > 0 && part == parts - 1) {
    add_leaf(p, f, t, 1, start + p->run * p->columns, p->rest, 1);
    fold(p, t, 2, p->rest);
  }
  keep(p, t, row, part, column, w);
}

static int64_t count(const plan *p) {
  return p->job->loop->rows.rows * p->pieces * p->job->loop->parts;
}

static void run_pieces(void *user, int64_t i) {
  const plan *p = user;
  const int64_t last = tgi_least((i + 1) * p->group, count(p));
  frame f;
  trees t;
  tgi_loop_set_up(p->job, &f, p->job->loop->layout->n);
  for (int64_t at = i * p->group; at < last; at++) run_piece(p, &f, &t, at);
}

/* ---- the whole ---- */

static void join_parts(const plan *p, uint32_t k, int64_t row) {
  const tgi_loop *l = p->job->loop;
  for (int64_t step = 1; step < l->parts; step *= 2)
    for (int64_t q = 0; q + step < l->parts; q += 2 * step)
      tgi_reduce_fold(&tgi_sum, l->sums[k].dtype, p->columns, part_at(p, k, row, q, 0),
                      part_at(p, k, row, q + step, 0));
  finish(p, k, row, 0, p->columns, part_at(p, k, row, 0, 0));
}

void tgi_loop_run_columns(const job *j) {
  const tgi_loop *l = j->loop;
  plan p = plan_of(j);
  tgi_parallel_tiles(j->call->runtime, tgi_ceil_div(count(&p), p.group), run_pieces, &p);
  for (uint32_t k = 0; k < l->n_sums && l->parts > 1; k++)
    for (int64_t row = 0; row < l->rows.rows; row++) join_parts(&p, k, row);
}
