/* Losses of class indices: tiles of rows, and the rows in float and double. */
#include "kernel/class_loss.h"

#include <math.h>

typedef struct job {
  const tgi_class_loss *c;
  void *to;      /* y, or dx */
  const void *g; /* as many as rows, or one */
  int64_t g_step, rows, tile;
  double divisor, beta;
  double *sums; /* of the tiles */
} job;

static bool is_ignored(const tgi_class_loss *c, int64_t r) {
  return c->ignores && c->index[r] == c->ignore_index;
}

#define JOIN_(name, suffix) name##suffix
#define JOIN(name, suffix)  JOIN_(name, suffix)

#define T           float
#define TYPED(name) JOIN(name, _f32)
#define LIBM(name)  JOIN(name, f)
#include "kernel/class_loss_rows.h"
#undef T
#undef TYPED
#undef LIBM
#define T           double
#define TYPED(name) JOIN(name, _f64)
#define LIBM(name)  name
#include "kernel/class_loss_rows.h"
#undef T
#undef TYPED
#undef LIBM

int64_t tgi_class_loss_bad_row(const tgi_class_loss *c) {
  for (int64_t r = 0; r < c->outer * c->inner; r++)
    if ((c->index[r] < 0 || c->index[r] >= c->count) && !is_ignored(c, r)) return r;
  return -1;
}

double tgi_class_loss_weight(const tgi_class_loss *c) {
  return c->dtype == TG_F32 ? total_f32(c) : total_f64(c);
}

/* ---- tiles ---- */

enum { TILE = 8192 }; /* elements, about */

static job job_of(const tgi_class_loss *c) {
  const int64_t rows = c->outer * c->inner;
  return (job){.c = c, .rows = rows, .tile = c->count < TILE ? TILE / (c->count + 1) + 1 : 1};
}
static int64_t tiles(const job *j) { return (j->rows + j->tile - 1) / j->tile; }
static int64_t tile_end(const job *j, int64_t i) {
  return j->rows - i * j->tile < j->tile ? j->rows : (i + 1) * j->tile;
}

static void each_tile(void *user, int64_t i) {
  const job *j = user;
  (j->c->dtype == TG_F32 ? each_f32 : each_f64)(j, i * j->tile, tile_end(j, i));
}

static void sum_tile(void *user, int64_t i) {
  const job *j = user;
  j->sums[i] = (j->c->dtype == TG_F32 ? sum_f32 : sum_f64)(j, i * j->tile, tile_end(j, i));
}

static void grad_tile(void *user, int64_t i) {
  const job *j = user;
  (j->c->dtype == TG_F32 ? slopes_f32 : slopes_f64)(j, i * j->tile, tile_end(j, i));
}

void tgi_class_loss_each(const tg_runtime *runtime, const tgi_class_loss *c, void *y) {
  job j = job_of(c);
  j.to = y;
  tgi_parallel(runtime, tiles(&j), each_tile, &j);
}

tg_status tgi_class_loss_sum(const tg_runtime *runtime, tgi_arena *scratch, const tgi_class_loss *c,
                             double *sum) {
  job j = job_of(c);
  j.sums = tgi_arena_alloc(scratch, (size_t)tiles(&j) * sizeof *j.sums);
  if (j.sums == NULL) return TG_NO_MEMORY;
  tgi_parallel(runtime, tiles(&j), sum_tile, &j);
  *sum = 0;
  for (int64_t i = 0; i < tiles(&j); i++) *sum += j.sums[i];
  return TG_OK;
}

void tgi_class_loss_grad(const tg_runtime *runtime, const tgi_class_loss *c, void *dx,
                         const void *g, int64_t g_step, double divisor, double beta) {
  job j = job_of(c);
  j.to = dx, j.g = g, j.g_step = g_step, j.divisor = divisor, j.beta = beta;
  tgi_parallel(runtime, tiles(&j), grad_tile, &j);
}

/* q is minus the slope of a row whose scores are not normalised. */
void tgi_class_loss_targets(const tg_runtime *runtime, const tgi_class_loss *c, void *q,
                            double divisor) {
  tgi_class_loss plain = *c;
  plain.logits = false;
  const float f32 = -1;
  const double f64 = -1;
  const void *g = c->dtype == TG_F32 ? (const void *)&f32 : &f64;
  tgi_class_loss_grad(runtime, &plain, q, g, 0, divisor, 0);
}
