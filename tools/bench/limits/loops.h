/* What a workload costs as one loop over memory, written by hand: the bound that a library can aim
   at. One table for each instruction set; lengths are multiples of 32. */
#ifndef LIMITS_LOOPS_H
#define LIMITS_LOOPS_H

#include <stdint.h>

/* Step k of Adam: p -= step m / (sqrt(v) root + eps) */
typedef struct adam_rates {
  float beta1, beta2, step, root, eps;
} adam_rates;

typedef struct loops {
  const char *isa;
  /* z = sigmoid(tanh(x) y + exp(-x^2)); returns sum (z - y)^2; gx and gy are the gradients of its
     `share`-fold. */
  double (*maps)(const float *x, const float *y, float *gx, float *gy, int64_t n, float share);
  /* A row's cross-entropy; g becomes (softmax - one_hot) share. */
  double (*cross_entropy)(const float *x, int64_t label, float *g, int64_t n, float share);
  void (*adam)(float *p, const float *g, float *m, float *v, int64_t n, adam_rates r);
  /* a = b + 3 c, past the cache; a is aligned to 64 bytes */
  void (*triad)(float *a, const float *b, const float *c, int64_t n);
  float (*sum)(const float *a, int64_t n);
} loops;

extern const loops loops_base, loops_avx2, loops_avx512;

/* The best that this processor has, at most the one named (NULL: any). */
const loops *loops_best(const char *isa);

#endif
