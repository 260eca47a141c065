/* How the losses' rows are run: tiles of fixed size, shared by the runtime's threads, whose sums
   are added in order. */
#include "kernel/loss_names.h"

enum { TILE = TGI_LOSS_TILE, BLOCK = TGI_LOSS_BLOCK, LANES = 8 };

typedef struct job {
  const tgi_loss_row *row;
  const tg_tensor *x, *t, *g, *to;
  double p, scale, beta;
  int i;
  int64_t n, size; /* elements, bytes of one */
  double *sums;    /* of the tiles */
} job;

const tgi_loss_table *tgi_loss_table_for(tg_isa isa, tg_dtype dtype) {
#define ROW(ISA, isa) [TG_ISA_##ISA] = {&TGI_LOSSES(f32, isa), &TGI_LOSSES(f64, isa)},
  static const tgi_loss_table *const tables[TG_ISA_COUNT][2] = {TGI_ISA_MAP(ROW)};
#undef ROW
  return tables[tables[isa][0] != NULL ? isa : TG_ISA_BASE][dtype == TG_F64];
}

static int64_t tiles(int64_t n) { return tgi_ceil_div(n, TILE); }
static int64_t tile_length(const job *j, int64_t tile) {
  const int64_t left = j->n - tile * TILE;
  return left < TILE ? left : TILE;
}
static void *element(const job *j, const tg_tensor *x, int64_t i) {
  return (char *)x->data + i * j->size;
}

/* ---- values ---- */

static void each_tile(void *user, int64_t tile) {
  const job *j = user;
  const int64_t start = tile * TILE;
  j->row->value(tile_length(j, tile), element(j, j->to, start), element(j, j->x, start),
                element(j, j->t, start), j->p);
}

void tgi_loss_each(const tg_runtime *runtime, const tgi_loss_row *row, const tg_tensor *out,
                   const tg_tensor *x, const tg_tensor *t, double p) {
  job j = {.row = row, .x = x, .t = t, .to = out, .p = p, .n = tgi_numel(x)};
  j.size = (int64_t)tgi_dtype_size(x->dtype);
  tgi_parallel_tiles(runtime, tiles(j.n), each_tile, &j);
}

/* ---- sums ---- */

/* LANES sums side by side, then their tree. */
#define SUM(T)                                                                                     \
  static double sum_##T(const T *x, int64_t n) {                                                   \
    T lane[LANES] = {0};                                                                           \
    int64_t i = 0;                                                                                 \
    for (; i + LANES <= n; i += LANES)                                                             \
      for (int k = 0; k < LANES; k++) lane[k] += x[i + k];                                         \
    for (int k = 0; i + k < n; k++) lane[k] += x[i + k];                                           \
    for (int half = LANES / 2; half > 0; half /= 2)                                                \
      for (int k = 0; k < half; k++) lane[k] += lane[k + half];                                    \
    return (double)lane[0];                                                                        \
  }
SUM(float)
SUM(double)
#undef SUM

double tgi_loss_block(tg_dtype dtype, const void *block, int64_t n) {
  return dtype == TG_F32 ? sum_float(block, n) : sum_double(block, n);
}

static void sum_tile(void *user, int64_t tile) {
  const job *j = user;
  _Alignas(64) double block[BLOCK]; /* or twice as many floats, of which half are used */
  double sum = 0;
  for (int64_t i = tile * TILE, end = i + tile_length(j, tile); i < end; i += BLOCK) {
    const int64_t n = tgi_least(BLOCK, end - i);
    j->row->value(n, block, element(j, j->x, i), element(j, j->t, i), j->p);
    sum += tgi_loss_block(j->x->dtype, block, n);
  }
  j->sums[tile] = sum;
}

tg_status tgi_loss_sum(const tg_runtime *runtime, tgi_arena *scratch, const tgi_loss_row *row,
                       const tg_tensor *out, const tg_tensor *x, const tg_tensor *t, double p,
                       double divisor) {
  job j = {.row = row, .x = x, .t = t, .p = p, .n = tgi_numel(x)};
  j.size = (int64_t)tgi_dtype_size(x->dtype);
  const int64_t count = tiles(j.n);
  j.sums = tgi_arena_alloc(scratch, (size_t)count * sizeof *j.sums);
  if (j.sums == NULL) return TG_NO_MEMORY;
  tgi_parallel_tiles(runtime, count, sum_tile, &j);
  double sum = 0;
  for (int64_t tile = 0; tile < count; tile++) sum += j.sums[tile];
  tg_tensor_put(out, 0, sum / divisor);
  return TG_OK;
}

/* ---- gradients ---- */

static void grad_tile(void *user, int64_t tile) {
  const job *j = user;
  const int64_t start = tile * TILE, g_step = tgi_numel(j->g) == 1 ? 0 : 1;
  j->row->slope[j->i](tile_length(j, tile), element(j, j->to, start), element(j, j->x, start),
                      element(j, j->t, start), j->p, element(j, j->g, start * g_step), g_step,
                      j->scale, j->beta);
}

void tgi_loss_grad(const tg_runtime *runtime, const tgi_loss_row *row, int i, const tg_tensor *dx,
                   const tg_tensor *x, const tg_tensor *t, double p, const tg_tensor *g,
                   double divisor, double beta) {
  job j = {.row = row, .x = x, .t = t, .g = g, .to = dx, .p = p, .i = i, .beta = beta};
  j.scale = 1 / divisor;
  j.n = tgi_numel(x);
  j.size = (int64_t)tgi_dtype_size(x->dtype);
  tgi_parallel_tiles(runtime, tiles(j.n), grad_tile, &j);
}
