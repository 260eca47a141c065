/* Tensors filled with random numbers: element i in row-major order has index i of the key. */
#include <math.h>

#include "base/philox.h"
#include "tensor/tensor.h"

enum { BATCH = 128 };

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

static tg_status fill(const tg_tensor *x, const recipe *r) {
  tgi_walk w;
  tgi_walk_init(&w, 1, &x);
  tgi_convert_fn *convert = tgi_convert_for(x->dtype, TG_F64);
  int64_t step = w.strides[0][w.rank - 1];
  double value[BATCH];
  for (int64_t run = 0; run < w.runs; run++) {
    char *at;
    tgi_walk_run(&w, run, &at);
    for (int64_t i = 0; i < w.n; i += BATCH) {
      int64_t n = w.n - i < BATCH ? w.n - i : BATCH;
      make(r, run * w.n + i, n, value);
      convert(n, at + i * step, step, (const char *)value, sizeof(double));
    }
  }
  return TG_OK;
}

/* The largest number of the dtype below high. */
static double below(tg_dtype dtype, double high) {
  if (dtype == TG_F64) return nextafter(high, -INFINITY);
  float nearest = (float)high;
  return (double)nearest < high ? nearest : nextafterf(nearest, -INFINITY);
}

tg_status tg_fill_uniform(tg_tensor x, tg_key key, double low, double high) {
  if (!tg_dtype_is_float(x.dtype)) return TG_DTYPE;
  if (!isfinite(high - low) || low > high) return TG_ARGUMENT;
  double most = low < high ? below(x.dtype, high) : high;
  return fill(&x, &(recipe){key, tgi_uniform_pair, low, high - low, most});
}

tg_status tg_fill_normal(tg_tensor x, tg_key key, double mean, double std) {
  if (!tg_dtype_is_float(x.dtype)) return TG_DTYPE;
  if (!isfinite(mean) || !isfinite(std) || std < 0) return TG_ARGUMENT;
  return fill(&x, &(recipe){key, tgi_normal_pair, mean, std, INFINITY});
}
