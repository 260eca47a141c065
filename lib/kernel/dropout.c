/* The mask of dropout, drawn and applied in one pass. */
#include "kernel/dropout.h"

#include "base/philox.h"

enum { TILE = 4096 }; /* even: uniforms come in pairs */

typedef struct job {
  const tg_tensor *y, *x;
  double p, beta;
  tg_key key;
  int64_t n;
} job;

/* Elements i to end; where p is 1, none is kept and 1 / (1 - p) is not used. */
#define DROP(T)                                                                                    \
  static void drop_##T(const job *j, int64_t i, int64_t end) {                                     \
    const T *x = j->x->data, scale = (T)(1 / (1 - j->p));                                          \
    T *y = j->y->data;                                                                             \
    for (double u[2]; i < end; i++) {                                                              \
      if (i % 2 == 0) tgi_uniform_pair(j->key, (uint64_t)i / 2, u);                                \
      const T kept = u[i % 2] >= j->p ? x[i] * scale : 0;                                          \
      y[i] = j->beta == 0 ? kept : y[i] + kept;                                                    \
    }                                                                                              \
  }
DROP(float)
DROP(double)
#undef DROP

static void drop_tile(void *user, int64_t tile) {
  const job *j = user;
  const int64_t start = tile * TILE, end = tgi_least(j->n, start + TILE);
  (j->x->dtype == TG_F32 ? drop_float : drop_double)(j, start, end);
}

void tgi_dropout(const tg_runtime *runtime, const tg_tensor *y, const tg_tensor *x, double p,
                 tg_key key, double beta) {
  job j = {.y = y, .x = x, .p = p, .beta = beta, .key = key, .n = tg_tensor_numel(x)};
  tgi_parallel_tiles(runtime, tgi_ceil_div(j.n, TILE), drop_tile, &j);
}
