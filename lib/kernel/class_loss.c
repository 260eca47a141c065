/* Losses of class indices: tiles of rows, shared by the threads, whose sums are added in order. */
#include "kernel/class_loss_parts.h"

/* Elements of a tile, about: some rows, for while one is computed the next is fetched, but not so
   many that threads would idle. */
enum { TILE = 8192, MOST = 65536, SHARES = 64 };

typedef struct job {
  tgi_class_job rows;
  const tgi_class_kernels *kernels;
  int64_t count, tile; /* rows, and of a tile */
  double *sums;        /* of the tiles, or NULL */
} job;

static const tgi_class_kernels *kernels_for(tg_isa isa, tg_dtype dtype) {
#define ROW(ISA, isa) [TG_ISA_##ISA] = {&TGI_CLASS_KERNELS(f32, isa), &TGI_CLASS_KERNELS(f64, isa)},
  static const tgi_class_kernels *const tables[TG_ISA_COUNT][2] = {TGI_ISA_MAP(ROW)};
#undef ROW
  return tables[tables[isa][0] != NULL ? isa : TG_ISA_BASE][dtype == TG_F64];
}

int64_t tgi_class_loss_bad_row(const tgi_class_loss *c) {
  for (int64_t r = 0; r < c->outer * c->inner; r++)
    if ((c->index[r] < 0 || c->index[r] >= c->count) && !tgi_class_is_ignored(c, r)) return r;
  return -1;
}

double tgi_class_loss_weight(const tgi_class_loss *c) {
  return kernels_for(TG_ISA_BASE, c->dtype)->weight(c);
}

/* ---- tiles ---- */

static void run_tile(void *user, int64_t i) {
  const job *j = user;
  const int64_t start = i * j->tile;
  const double sum =
      j->kernels->rows(&j->rows, start, j->count - start < j->tile ? j->count : start + j->tile);
  if (j->sums != NULL) j->sums[i] = sum;
}

static int64_t tiles(const job *j) { return tgi_ceil_div(j->count, j->tile); }

static void run(const tg_runtime *runtime, job *j) {
  const tgi_class_loss *c = j->rows.c;
  j->kernels = kernels_for(tg_runtime_isa(runtime), c->dtype);
  tgi_parallel(runtime, tiles(j), run_tile, j);
}

static job job_of(const tgi_class_loss *c) {
  const int64_t rows = c->outer * c->inner, share = rows * c->count / SHARES;
  const int64_t most = share < TILE ? TILE : share < MOST ? share : MOST;
  return (job){
      .rows = {.c = c}, .count = rows, .tile = c->count < most ? most / (c->count + 1) + 1 : 1};
}

void tgi_class_loss_each(const tg_runtime *runtime, const tgi_class_loss *c, void *y) {
  job j = job_of(c);
  j.rows.each = y;
  run(runtime, &j);
}

/* Runs the job for the sum of the losses. */
static tg_status run_sums(const tg_runtime *runtime, tgi_arena *scratch, job *j, double *sum) {
  j->rows.sums = true;
  j->sums = tgi_arena_alloc(scratch, (size_t)tiles(j) * sizeof *j->sums);
  if (j->sums == NULL) return TG_NO_MEMORY;
  run(runtime, j);
  *sum = 0;
  for (int64_t i = 0; i < tiles(j); i++) *sum += j->sums[i];
  return TG_OK;
}

tg_status tgi_class_loss_sum(const tg_runtime *runtime, tgi_arena *scratch, const tgi_class_loss *c,
                             double *sum) {
  job j = job_of(c);
  return run_sums(runtime, scratch, &j, sum);
}

static job slopes_of(const tgi_class_loss *c, void *dx, const void *g, int64_t g_step,
                     double divisor, double beta) {
  job j = job_of(c);
  j.rows.dx = dx, j.rows.g = g, j.rows.g_step = g_step;
  j.rows.divisor = divisor, j.rows.beta = beta;
  return j;
}

void tgi_class_loss_grad(const tg_runtime *runtime, const tgi_class_loss *c, void *dx,
                         const void *g, int64_t g_step, double divisor, double beta) {
  job j = slopes_of(c, dx, g, g_step, divisor, beta);
  run(runtime, &j);
}

tg_status tgi_class_loss_both(const tg_runtime *runtime, tgi_arena *scratch,
                              const tgi_class_loss *c, void *y, double *sum, void *dx,
                              const void *g, int64_t g_step, double divisor, double beta) {
  job j = slopes_of(c, dx, g, g_step, divisor, beta);
  j.rows.each = y;
  if (sum != NULL) return run_sums(runtime, scratch, &j, sum);
  run(runtime, &j);
  return TG_OK;
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
