/* ADBench's Gaussian mixture: log-likelihood and Wishart prior (gamma 1, m 0), gradients by
   weights, means and inverse covariance factors (Srajer, Kukelova & Fitzgibbon, 2018). */
#include <math.h>

#include "workloads.h"

enum { D = 10, K = 25, N = 1000, LOWER = D * (D - 1) / 2 };

static const double pi = 3.14159265358979323846;

/* Where exp of the diagonal, then the strict lower triangle column by column, go in a [D,D]. */
static void places(int64_t to[D + LOWER]) {
  int n = D;
  for (int j = 0; j < D; j++) {
    to[j] = j * D + j;
    for (int i = j + 1; i < D; i++) to[n++] = i * D + j;
  }
}

static double constant_part(void) {
  double freedom = D + 1, log_gamma = 0.25 * D * (D - 1) * log(pi);
  for (int j = 1; j <= D; j++) log_gamma += lgamma(0.5 * freedom + 0.5 * (1 - j));
  return -N * D * 0.5 * log(2 * pi) + K * (freedom * D * 0.5 * log(2.0) + log_gamma);
}

/* y = Q x - Q mean for every component and every point, as one product: [D,K,N], whose sums over D
   are sums of rows. */
static tg_var distances(tg_tape *t, tg_var q, tg_var low, tg_var means, tg_var points) {
  int64_t to[D + LOWER];
  places(to);
  tg_var index = tg_constant(t, tg_tensor_of(to, TG_I64, TG_DIMS(D + LOWER)));
  tg_var parts = tg_concat((tg_var[]){q, low}, 2, 1);
  tg_var zero = tg_zeros(t, TG_F64, TG_DIMS(K, D * D));
  tg_var Q = tg_reshape(tg_index_add(zero, 1, index, parts), TG_DIMS(K, D, D));
  tg_var shift = tg_neg(tg_matmul(Q, tg_unsqueeze(means, 2)));
  tg_var rows = tg_transpose(tg_concat((tg_var[]){Q, shift}, 2, 2), 0, 1); /* [D,K,D+1] */
  tg_var ones = tg_expand(tg_scalar(t, TG_F64, 1), TG_DIMS(N, 1));
  tg_var columns = tg_concat((tg_var[]){points, ones}, 2, 1);
  tg_var y = tg_linear(tg_reshape(rows, TG_DIMS(D * K, D + 1)), columns, TG_NONE);
  return tg_reshape(y, TG_DIMS(D, K, N));
}

static tg_var likelihood(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]) {
  (void)w;
  tg_var alphas = p[0], means = p[1], diagonal = tg_slice(p[2], 1, 0, D, 1);
  tg_var low = tg_slice(p[2], 1, D, TG_END, 1), q = tg_exp(diagonal);
  tg_var squares = tg_sum(tg_square(distances(t, q, low, means, x[0])), TG_AXES(0), false);
  tg_var weight = tg_add(alphas, tg_sum(diagonal, TG_AXES(1), false));
  tg_var inner = tg_sub(tg_unsqueeze(weight, 1), tg_mul_scalar(squares, 0.5)); /* [K,N] */
  tg_var fit = tg_sum(tg_logsumexp(inner, TG_AXES(0), false), TG_ALL, false);
  tg_var norm = tg_mul_scalar(tg_logsumexp(alphas, TG_ALL, false), N);
  tg_var sizes = tg_add(tg_sum(tg_square(q), TG_ALL, false), tg_sum(tg_square(low), TG_ALL, false));
  tg_var prior = tg_add_scalar(tg_mul_scalar(sizes, 0.5), constant_part());
  return tg_add(tg_sub(fit, norm), prior);
}

const workload workload_gmm = {
    .name = "gmm",
    .note = "d=10 K=25 n=1000 f64, gamma 1, m 0; Q x - Q mu with one product, [d,K,n]",
    .params = {{TG_F64, 1, {K}, .seed = 100, .lo = -1, .hi = 1},
               {TG_F64, 2, {K, D}, .seed = 101, .lo = -1, .hi = 1},
               {TG_F64, 2, {K, D + LOWER}, .seed = 102, .lo = -1, .hi = 1}},
    .inputs = {{TG_F64, 2, {N, D}, .seed = 1, .lo = -1, .hi = 1}},
    .loss = likelihood,
};
