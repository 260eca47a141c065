/* Tensors filled with random numbers: element i in row-major order has index i of the key. */
#include <math.h>

#include "base/philox.h"
#include "tensor/tensor.h"

enum { TILE = 1024, BATCH = 128 };

typedef void pair_fn(tg_key key, uint64_t pair, double out[2]);

typedef struct recipe {
  tg_key key;
  pair_fn *draw;
  double offset, scale; /* value = offset + scale * number */
  double most;          /* what rounds to more than this becomes this */
} recipe;

/* Values of the indices [first, first + n). */
static void make(const recipe *r, int64_t first, int64_t n, double value[]) {
  double pair[2];
  for (int64_t i = 0; i < n; i++) {
    uint64_t index = (uint64_t)(first + i);
    if (i == 0 || index % 2 == 0) r->draw(r->key, index / 2, pair);
    double made = r->offset + r->scale * pair[index % 2];
    value[i] = made > r->most ? r->most : made;
  }
}

typedef struct job {
  const recipe *r;
  tgi_walk w;
  tgi_convert_fn *convert;
  int64_t n;
} job;

/* Elements [i, i + n) of one run. */
static void fill_run(const job *j, int64_t run, int64_t i, int64_t n) {
  const int64_t step = j->w.strides[0][j->w.rank - 1], end = i + n;
  double value[BATCH];
  char *at;
  tgi_walk_run(&j->w, run, &at);
  for (; i < end; i += BATCH) {
    int64_t m = tgi_least(BATCH, end - i);
    make(j->r, run * j->w.n + i, m, value);
    j->convert(m, at + i * step, step, (const char *)value, sizeof(double));
  }
}

static void fill_tile(void *user, int64_t tile) {
  const job *j = user;
  const int64_t end = tgi_least(j->n, (tile + 1) * TILE);
  for (int64_t at = tile * TILE, n; at < end; at += n) {
    int64_t i = at % j->w.n;
    n = tgi_least(j->w.n - i, end - at);
    fill_run(j, at / j->w.n, i, n);
  }
}

static tg_status fill(const tg_runtime *runtime, const tg_tensor *x, const recipe *r) {
  job j = {.r = r, .convert = tgi_convert_for(x->dtype, TG_F64), .n = tg_tensor_numel(x)};
  tgi_walk_init(&j.w, 1, &x);
  tgi_parallel_tiles(runtime, tgi_ceil_div(j.n, TILE), fill_tile, &j);
  return TG_OK;
}

/* The largest number of the dtype below high. */
static double below(tg_dtype dtype, double high) {
  if (dtype == TG_F64) return nextafter(high, -INFINITY);
  float nearest = (float)high;
  return (double)nearest < high ? nearest : nextafterf(nearest, -INFINITY);
}

tg_status tgi_fill_uniform(const tg_runtime *runtime, tg_tensor x, tg_key key, double low,
                           double high) {
  if (!tg_dtype_is_float(x.dtype)) return TG_DTYPE;
  if (!isfinite(high - low) || low > high) return TG_ARGUMENT;
  double most = low < high ? below(x.dtype, high) : high;
  return fill(runtime, &x, &(recipe){key, tgi_uniform_pair, low, high - low, most});
}

tg_status tgi_fill_normal(const tg_runtime *runtime, tg_tensor x, tg_key key, double mean,
                          double std) {
  if (!tg_dtype_is_float(x.dtype)) return TG_DTYPE;
  if (!isfinite(mean) || !isfinite(std) || std < 0) return TG_ARGUMENT;
  return fill(runtime, &x, &(recipe){key, tgi_normal_pair, mean, std, INFINITY});
}

tg_status tg_fill_uniform(tg_tensor x, tg_key key, double low, double high) {
  return tgi_fill_uniform(NULL, x, key, low, high);
}

tg_status tg_fill_normal(tg_tensor x, tg_key key, double mean, double std) {
  return tgi_fill_normal(NULL, x, key, mean, std);
}
