/* The optimizers' formulas, each a loop that reads and writes every vector once. The build names T
   (float, double), DTYPE, ISA and SUFFIX (of libm). Decisions are made before the loops: what is
   `const bool` in an inline function is known where it is called. */
#include "kernel/libm.h"
#include "kernel/update_names.h"

#define square_root LIBM(sqrt)
#define magnitude   LIBM(fabs)

/* ---- SGD ---- */

static inline void sgd_loop(int64_t n, T *restrict p, const T *restrict g, T *restrict b,
                            const tgi_sgd_numbers *c, const bool decays, const bool nesterov) {
  const T lr = (T)c->lr, decay = (T)c->weight_decay;
  const T keep = (T)c->keep, add = (T)c->add, momentum = (T)c->momentum;
  for (int64_t i = 0; i < n; i++) {
    const T d = decays ? g[i] + decay * p[i] : g[i];
    b[i] = b[i] * keep + add * d;
    p[i] -= lr * (nesterov ? d + momentum * b[i] : b[i]);
  }
}

static inline void sgd_plain_loop(int64_t n, T *restrict p, const T *restrict g,
                                  const tgi_sgd_numbers *c, const bool decays) {
  const T lr = (T)c->lr, decay = (T)c->weight_decay;
  for (int64_t i = 0; i < n; i++) p[i] -= lr * (decays ? g[i] + decay * p[i] : g[i]);
}

static void sgd(int64_t n, void *p, const void *g, void *b, const tgi_sgd_numbers *c) {
  const bool decays = c->weight_decay != 0;
  if (b == NULL && decays)
    sgd_plain_loop(n, p, g, c, true);
  else if (b == NULL)
    sgd_plain_loop(n, p, g, c, false);
  else if (c->momentum != 0)
    sgd_loop(n, p, g, b, c, decays, true);
  else
    sgd_loop(n, p, g, b, c, decays, false);
}

/* ---- Adam and AdamW ---- */

static inline void adam_loop(int64_t n, T *restrict p, const T *restrict g, T *restrict m,
                             T *restrict v, T *restrict most, const tgi_adam_numbers *c,
                             const bool decays, const bool amsgrad) {
  const T shrink = (T)c->shrink, decay = (T)c->weight_decay;
  const T beta1 = (T)c->beta1, rest1 = (T)(1 - c->beta1);
  const T beta2 = (T)c->beta2, rest2 = (T)(1 - c->beta2);
  const T step = (T)c->step, scale = (T)c->scale, eps = (T)c->eps;
  for (int64_t i = 0; i < n; i++) {
    const T x = p[i] * shrink, d = decays ? g[i] + decay * x : g[i];
    m[i] = m[i] * beta1 + rest1 * d;
    v[i] = v[i] * beta2 + rest2 * d * d;
    T u = v[i];
    if (amsgrad) u = most[i] = most[i] > u || most[i] != most[i] ? most[i] : u;
    p[i] = x - step * m[i] / (square_root(u) * scale + eps);
  }
}

static void adam(int64_t n, void *p, const void *g, void *m, void *v, void *most,
                 const tgi_adam_numbers *c) {
  if (most != NULL)
    adam_loop(n, p, g, m, v, most, c, c->weight_decay != 0, true);
  else if (c->weight_decay != 0)
    adam_loop(n, p, g, m, v, NULL, c, true, false);
  else
    adam_loop(n, p, g, m, v, NULL, c, false, false);
}

/* ---- RMSprop ---- */

static inline void rmsprop_loop(int64_t n, T *restrict p, const T *restrict g, T *restrict v,
                                T *restrict m, T *restrict b, const tgi_rmsprop_numbers *c,
                                const bool centered, const bool moving) {
  const bool decays = c->weight_decay != 0;
  const T lr = (T)c->lr, decay = (T)c->weight_decay, eps = (T)c->eps, momentum = (T)c->momentum;
  const T alpha = (T)c->alpha, rest = (T)(1 - c->alpha);
  for (int64_t i = 0; i < n; i++) {
    const T d = decays ? g[i] + decay * p[i] : g[i];
    T u = v[i] = v[i] * alpha + rest * d * d;
    if (centered) m[i] = m[i] * alpha + rest * d;
    if (centered) u -= m[i] * m[i];
    const T size = square_root(u) + eps;
    if (moving) b[i] = b[i] * momentum + d / size;
    p[i] -= moving ? lr * b[i] : lr * d / size;
  }
}

static void rmsprop(int64_t n, void *p, const void *g, void *v, void *m, void *b,
                    const tgi_rmsprop_numbers *c) {
  if (m != NULL && b != NULL)
    rmsprop_loop(n, p, g, v, m, b, c, true, true);
  else if (m != NULL)
    rmsprop_loop(n, p, g, v, m, NULL, c, true, false);
  else if (b != NULL)
    rmsprop_loop(n, p, g, v, NULL, b, c, false, true);
  else
    rmsprop_loop(n, p, g, v, NULL, NULL, c, false, false);
}

/* ---- Adagrad ---- */

static inline void adagrad_loop(int64_t n, T *restrict p, const T *restrict g, T *restrict s,
                                const tgi_adagrad_numbers *c) {
  const bool decays = c->weight_decay != 0;
  const T lr = (T)c->lr, decay = (T)c->weight_decay, eps = (T)c->eps;
  for (int64_t i = 0; i < n; i++) {
    const T d = decays ? g[i] + decay * p[i] : g[i];
    s[i] += d * d;
    p[i] -= lr * d / (square_root(s[i]) + eps);
  }
}

static void adagrad(int64_t n, void *p, const void *g, void *s, const tgi_adagrad_numbers *c) {
  adagrad_loop(n, p, g, s, c);
}

/* ---- clipping ---- */

static void clamp(int64_t n, void *x, double limit) {
  T *xs = x;
  const T high = (T)limit, low = -high;
  for (int64_t i = 0; i < n; i++) {
    const T most = xs[i] > high ? high : xs[i];
    xs[i] = most < low ? low : most;
  }
}

static void scale(int64_t n, void *x, double factor) {
  T *xs = x;
  const T by = (T)factor;
  for (int64_t i = 0; i < n; i++) xs[i] *= by;
}

enum { SUMS = 16 };

static double sum_squares(int64_t n, const void *x) {
  const T *xs = x;
  double lane[SUMS] = {0};
  int64_t i = 0;
  for (; i + SUMS <= n; i += SUMS)
    for (int k = 0; k < SUMS; k++) lane[k] += (double)xs[i + k] * (double)xs[i + k];
  for (int k = 0; i + k < n; k++) lane[k] += (double)xs[i + k] * (double)xs[i + k];
  for (int width = SUMS / 2; width > 0; width /= 2)
    for (int k = 0; k < width; k++) lane[k] += lane[k + width];
  return lane[0];
}

/* A NaN, once there, is larger than all. */
static inline T larger(T a, T b) { return a > b || a != a ? a : b; }

static double max_abs(int64_t n, const void *x) {
  const T *xs = x;
  T lane[SUMS] = {0};
  int64_t i = 0;
  for (; i + SUMS <= n; i += SUMS)
    for (int k = 0; k < SUMS; k++) lane[k] = larger(lane[k], magnitude(xs[i + k]));
  for (int k = 0; i + k < n; k++) lane[k] = larger(lane[k], magnitude(xs[i + k]));
  for (int k = 1; k < SUMS; k++) lane[0] = larger(lane[0], lane[k]);
  return (double)lane[0];
}

const tgi_updates TGI_UPDATES(DTYPE, ISA) = {
    .sgd = sgd,
    .adam = adam,
    .rmsprop = rmsprop,
    .adagrad = adagrad,
    .clamp = clamp,
    .scale = scale,
    .sum_squares = sum_squares,
    .max_abs = max_abs,
};
