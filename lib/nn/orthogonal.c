/* Random orthonormal rows or columns: the Q of a normal matrix, by Gram-Schmidt done twice, which
   is enough (Giraud, Langou, Rozložník, "The loss of orthogonality in the Gram-Schmidt
   orthogonalization process", 2005). R has a positive diagonal by construction, so Q is uniform. */
#include <math.h>

#include "kernel/gemm.h"
#include "nn/nn.h"

/* v -= Q (Q^T v): q [j, n] holds j orthonormal vectors as rows, v [n] is the next row. */
static tg_status project(const tg_runtime *runtime, tgi_arena *scratch, double *q, int64_t j,
                         int64_t n, double *c) {
  double *v = q + j * n;
  tg_status status = tgi_gemm(runtime, scratch, TG_F64, j, 1, n, (tgi_matrix){q, n, 1},
                              (tgi_matrix){v, 1, 1}, 0, (tgi_matrix){c, 1, 1});
  for (int64_t i = 0; i < j; i++) c[i] = -c[i];
  if (status != TG_OK) return status;
  return tgi_gemm(runtime, scratch, TG_F64, 1, n, j, (tgi_matrix){c, 1, 1}, (tgi_matrix){q, n, 1},
                  1, (tgi_matrix){v, n, 1});
}

/* Length 1. A zero vector, which 2^-53 of all draws are, stays zero. */
static void normalize(double *v, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += v[i] * v[i];
  for (int64_t i = 0; sum > 0 && i < n; i++) v[i] /= sqrt(sum);
}

/* q [k, n], k <= n: k normal vectors become k orthonormal ones. */
static tg_status orthonormalize(const tg_runtime *runtime, tgi_arena *scratch, double *q, int64_t k,
                                int64_t n, double *c) {
  for (int64_t j = 0; j < k; j++) {
    tg_status status = TG_OK;
    for (int pass = 0; pass < 2 && status == TG_OK; pass++)
      status = project(runtime, scratch, q, j, n, c);
    if (status != TG_OK) return status;
    normalize(q + j * n, n);
  }
  return TG_OK;
}

/* x, seen as [rows, cols], becomes gain Q, or its transpose where the columns are fewer. */
static void write_scaled(const tg_tensor *x, const double *q, int64_t rows, int64_t cols,
                         double gain) {
  bool wide = rows <= cols;
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++)
      tg_tensor_put(x, i * cols + j, gain * q[wide ? i * cols + j : j * rows + i]);
}

static tg_status fill(const tg_runtime *runtime, tgi_arena *scratch, const tg_tensor *x, tg_key key,
                      double gain) {
  int64_t numel = tg_tensor_numel(x), rows = x->dims[0], cols = numel / rows;
  int64_t k = rows < cols ? rows : cols, n = numel / k, bytes;
  if (!tgi_mul_size(numel, (int64_t)sizeof(double), &bytes)) return TG_OVERFLOW;
  double *q = tgi_arena_alloc(scratch, (size_t)bytes); /* [k, n] */
  double *c = tgi_arena_alloc(scratch, (size_t)k * sizeof *c);
  if (q == NULL || c == NULL) return TG_NO_MEMORY;
  tg_fill_normal(tg_tensor_of(q, TG_F64, 1, &numel), key, 0, 1);
  tg_status status = orthonormalize(runtime, scratch, q, k, n, c);
  if (status == TG_OK) write_scaled(x, q, rows, cols, gain);
  return status;
}

tg_status tg_init_orthogonal(tg_params *params, int index, tg_key key, double gain,
                             tg_error *error) {
  tg_tensor x;
  tg_status status = tgi_init_target(params, index, 2, &x, error);
  if (status != TG_OK) return status;
  if (!isfinite(gain)) return tgi_error(error, TG_ARGUMENT, "init: the gain is %g", gain);
  tgi_arena scratch;
  tgi_arena_init(&scratch, params->runtime, 0);
  if (tg_tensor_numel(&x) > 0) status = fill(params->runtime, &scratch, &x, key, gain);
  tgi_arena_free(&scratch);
  if (status != TG_OK)
    return tgi_error(error, status, "init: no memory for an orthogonal \"%s\"",
                     tg_params_name(params, index));
  tg_params_touch(params, index);
  return TG_OK;
}
