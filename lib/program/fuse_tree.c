/* Runs a loop with sums of losses or over the last axes: the elements are made in the order of the
   trees in which the operators of their own add them up (kernel/reduce.h, kernel/loss.h), leaf by
   leaf, so that no bit differs. */
#include <string.h>

#include "kernel/loss.h"
#include "program/fuse_loop.h"

enum { LEAF = TGI_REDUCE_LEAF, LEVELS = 40 };

typedef tgi_loop_job job;
typedef tgi_loop_frame frame;

/* A tree of which the leaves so far are folded; from[top - 1] is the last one. */
typedef struct tree {
  double from[LEVELS];
  int top;
} tree;

const void *tgi_loop_summed(const job *j, const frame *f, uint32_t k, int64_t start) {
  const tgi_loop *l = j->loop;
  const uint32_t slot = l->sums[k].slot;
  if (f->leaf[k]) return f->leaf[k];
  return (const char *)tgi_loop_result(j->call, slot - l->n_x)->data + start * l->size[slot];
}

/* ---- rows ---- */

static void divide(tg_dtype dtype, int64_t n, void *x, double by) {
  for (int64_t i = 0; i < n; i++) {
    if (dtype == TG_F32)
      ((float *)x)[i] /= (float)by;
    else
      ((double *)x)[i] /= by;
  }
}

void tgi_loop_store(const job *j, uint32_t k, int64_t at, int64_t n, const void *sums) {
  const tgi_loop_sum *sum = &j->loop->sums[k];
  const size_t size = tg_dtype_size(sum->dtype);
  char *to = (char *)tgi_loop_result(j->call, j->loop->n_y + k)->data + at * (int64_t)size;
  memcpy(to, sums, (size_t)n * size);
  if (sum->divisor != 0) divide(sum->dtype, n, to, sum->divisor);
}

/* Rows of a leaf each, as many at a time as a block holds. */
static void short_rows(const job *j, frame *f, int64_t first, int64_t last) {
  const tgi_loop *l = j->loop;
  const int64_t run = l->rows.run, least = l->layout->block / run;
  const int64_t most = least > 1 ? least : 1;
  double sums[LEAF];
  for (int64_t row = first, n; row < last; row += n) {
    n = tgi_least(most, last - row);
    tgi_loop_elements(j, f, row * run, n * run);
    for (uint32_t k = 0; k < l->n_sums; k++) {
      tgi_reduce_leaves(&tgi_sum, l->sums[k].dtype, n, run, tgi_loop_summed(j, f, k, row * run),
                        sums);
      tgi_loop_store(j, k, row, n, sums);
    }
  }
}

/* Leaf number c (of its part) joins the tree. */
static void grow(tree *t, tg_dtype dtype, int64_t c, int64_t n, const void *leaf) {
  tgi_reduce_leaves(&tgi_sum, dtype, 1, n, leaf, &t->from[t->top++]);
  for (; c & 1; c >>= 1, t->top--)
    tgi_reduce_fold(&tgi_sum, dtype, 1, &t->from[t->top - 2], &t->from[t->top - 1]);
}

static void close(tree *t, tg_dtype dtype) {
  for (; t->top > 1; t->top--)
    tgi_reduce_fold(&tgi_sum, dtype, 1, &t->from[t->top - 2], &t->from[t->top - 1]);
}

/* A part of a long row. */
static void long_part(const job *j, frame *f, int64_t row, int64_t part) {
  const tgi_loop *l = j->loop;
  const int64_t run = l->rows.run, leaves = tgi_ceil_div(run, LEAF);
  const int64_t first = leaves * part / l->parts, last = leaves * (part + 1) / l->parts;
  tree trees[TGI_FUSE_SUMS];
  for (uint32_t k = 0; k < l->n_sums; k++) trees[k].top = 0;
  for (int64_t i = first; i < last; i++) {
    const int64_t start = row * run + i * LEAF, n = tgi_least(LEAF, run - i * LEAF);
    tgi_loop_elements(j, f, start, n);
    for (uint32_t k = 0; k < l->n_sums; k++)
      grow(&trees[k], l->sums[k].dtype, i - first, n, tgi_loop_summed(j, f, k, start));
  }
  for (uint32_t k = 0; k < l->n_sums; k++) {
    close(&trees[k], l->sums[k].dtype);
    if (l->parts == 1)
      tgi_loop_store(j, k, row, 1, trees[k].from);
    else
      l->sums[k].parts[row * l->parts + part] = trees[k].from[0];
  }
}

static void join_parts(const job *j, uint32_t k, int64_t row) {
  const int64_t parts = j->loop->parts;
  double *part = j->loop->sums[k].parts + row * parts;
  for (int64_t step = 1; step < parts; step *= 2)
    for (int64_t q = 0; q + step < parts; q += 2 * step)
      tgi_reduce_fold(&tgi_sum, j->loop->sums[k].dtype, 1, &part[q], &part[q + step]);
  tgi_loop_store(j, k, row, 1, part);
}

/* ---- losses ---- */

static void loss_tile(const job *j, frame *f, int64_t tile) {
  const tgi_loop *l = j->loop;
  double sums[TGI_FUSE_SUMS] = {0};
  const int64_t start = tile * TGI_LOSS_TILE;
  const int64_t end = tgi_least(start + TGI_LOSS_TILE, l->layout->n);
  for (int64_t at = start; at < end; at += LEAF) {
    const int64_t n = tgi_least(LEAF, end - at);
    tgi_loop_elements(j, f, at, n);
    for (uint32_t k = 0; k < l->n_sums; k++) {
      const char *x = tgi_loop_summed(j, f, k, at);
      const int64_t size = (int64_t)tg_dtype_size(l->sums[k].dtype);
      for (int64_t i = 0; i < n; i += TGI_LOSS_BLOCK)
        sums[k] += tgi_loss_block(l->sums[k].dtype, x + i * size, tgi_least(TGI_LOSS_BLOCK, n - i));
    }
  }
  for (uint32_t k = 0; k < l->n_sums; k++) l->sums[k].parts[tile] = sums[k];
}

static void join_tiles(const job *j, uint32_t k, int64_t tiles) {
  const tgi_loop_sum *sum = &j->loop->sums[k];
  double all = 0;
  for (int64_t i = 0; i < tiles; i++) all += sum->parts[i];
  tg_tensor_put(tgi_loop_result(j->call, j->loop->n_y + k), 0, all / sum->divisor);
}

/* ---- the whole ---- */

/* What one thread takes: rows, a part of one, or tiles of a loss. */
static int64_t rows_at_a_time(const tgi_loop *l) {
  const int64_t length = l->rows.loss ? TGI_LOSS_TILE : l->rows.run;
  return length < TGI_LOOP_TILE ? TGI_LOOP_TILE / length : 1;
}

static int64_t pieces(const tgi_loop *l) {
  if (l->rows.loss) return tgi_ceil_div(l->layout->n, TGI_LOSS_TILE);
  return l->rows.rows * l->parts;
}

static void run_pieces(void *user, int64_t i) {
  const job *j = user;
  const tgi_loop *l = j->loop;
  const int64_t group = rows_at_a_time(l), first = i * group;
  const int64_t last = tgi_least(first + group, pieces(l));
  frame f;
  tgi_loop_set_up(j, &f, l->layout->n);
  if (!l->rows.loss && l->rows.run <= LEAF) {
    short_rows(j, &f, first, last);
    return;
  }
  for (int64_t at = first; at < last; at++)
    if (l->rows.loss)
      loss_tile(j, &f, at);
    else
      long_part(j, &f, at / l->parts, at % l->parts);
}

void tgi_loop_run_sums(const job *j) {
  const tgi_loop *l = j->loop;
  const int64_t n = pieces(l);
  tgi_parallel_tiles(j->call->runtime, tgi_ceil_div(n, rows_at_a_time(l)), run_pieces, (void *)j);
  for (uint32_t k = 0; k < l->n_sums; k++) {
    if (l->rows.loss) join_tiles(j, k, n);
    for (int64_t row = 0; l->parts > 1 && row < l->rows.rows; row++) join_parts(j, k, row);
  }
}
