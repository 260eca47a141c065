/* Gradients clipped in place. Norms are summed over tiles of a fixed size in a fixed order, so that
   their bits do not depend on the number of threads. */
#include <math.h>

#include "kernel/update.h"
#include "tape/params.h"
#include "tapegrad/optim.h"

enum { TILE = 16384, ROUND = 256 };

/* Tiles of one dtype's gradients; `part` holds what the tiles of one round give. */
typedef struct job {
  const tgi_updates *kernels;
  tg_tensor x;   /* [n] */
  double number; /* the limit, or the factor */
  bool largest;  /* magnitudes, not squares */
  int64_t first; /* tile of the round */
  double part[ROUND];
} job;

static int64_t tiles(const job *j) { return (j->x.dims[0] + TILE - 1) / TILE; }

static int64_t tile_at(const job *j, int64_t i, char **at) {
  int64_t start = i * TILE, left = j->x.dims[0] - start;
  *at = (char *)j->x.data + (size_t)start * tg_dtype_size(j->x.dtype);
  return left < TILE ? left : TILE;
}

static bool job_of(job *j, const tg_grads *grads, tg_dtype dtype, double number) {
  j->x = tg_grads_flat(grads, dtype);
  j->number = number;
  j->kernels = tgi_updates_for(tg_runtime_isa(tg_grads_params(grads)->runtime), dtype);
  return j->x.data != NULL;
}

static const tg_dtype dtypes[] = {TG_F32, TG_F64};

/* ---- elementwise ---- */

static void clamp_tile(void *user, int64_t i) {
  job *j = user;
  char *at;
  int64_t n = tile_at(j, i, &at);
  j->kernels->clamp(n, at, j->number);
}

static void scale_tile(void *user, int64_t i) {
  job *j = user;
  char *at;
  int64_t n = tile_at(j, i, &at);
  j->kernels->scale(n, at, j->number);
}

static void for_all(tg_grads *grads, double number, tgi_work_fn *work) {
  const tg_runtime *runtime = tg_grads_params(grads)->runtime;
  job j;
  for (int d = 0; d < 2; d++)
    if (job_of(&j, grads, dtypes[d], number)) tgi_parallel_tiles(runtime, tiles(&j), work, &j);
}

tg_status tg_clip_grad_value(tg_grads *grads, double limit) {
  if (!(limit >= 0)) return TG_ARGUMENT;
  for_all(grads, limit, clamp_tile);
  return TG_OK;
}

/* ---- norms ---- */

static void norm_tile(void *user, int64_t i) {
  job *j = user;
  char *at;
  int64_t n = tile_at(j, j->first + i, &at);
  j->part[i] = j->largest ? j->kernels->max_abs(n, at) : j->kernels->sum_squares(n, at);
}

/* total + part, or the larger of both; a NaN stays. */
static double join(double total, double part, bool largest) {
  if (!largest) return total + part;
  return total > part || isnan(total) ? total : part;
}

static double norm(const tg_grads *grads, bool largest) {
  const tg_runtime *runtime = tg_grads_params(grads)->runtime;
  double total = 0;
  job j;
  for (int d = 0; d < 2; d++) {
    if (!job_of(&j, grads, dtypes[d], 0)) continue;
    j.largest = largest;
    for (j.first = 0; j.first < tiles(&j); j.first += ROUND) {
      int64_t left = tiles(&j) - j.first, n = left < ROUND ? left : ROUND;
      tgi_parallel_tiles(runtime, n, norm_tile, &j);
      for (int64_t i = 0; i < n; i++) total = join(total, j.part[i], largest);
    }
  }
  return largest ? total : sqrt(total);
}

double tg_clip_grad_norm(tg_grads *grads, double max_norm, double norm_type) {
  bool largest = norm_type == INFINITY;
  if (!(max_norm >= 0) || (!largest && norm_type != 2)) return NAN;
  double total = norm(grads, largest), factor = max_norm / (total + 1e-6);
  if (!(factor >= 1)) for_all(grads, factor, scale_tile);
  return total;
}
