/* One pass over parameters, gradients and an optimizer's memory, per dtype and instruction set; and
   what clipping needs. Knows dense memory only: vectors of n elements which do not overlap. The
   numbers c are rounded to the dtype before they are used, as PyTorch's scalars are. */
#ifndef TGI_UPDATE_H
#define TGI_UPDATE_H

#include "tensor/tensor.h"

typedef struct tgi_sgd_numbers {
  double lr, weight_decay;
  double keep, add; /* b = keep b + add g */
  double momentum;  /* of nesterov: g + momentum b stands for b; 0: not so */
} tgi_sgd_numbers;

typedef struct tgi_adam_numbers {
  double shrink, weight_decay; /* p *= shrink; g += weight_decay p */
  double beta1, beta2;
  double step, scale, eps; /* p -= step m / (scale sqrt(v) + eps) */
} tgi_adam_numbers;

typedef struct tgi_rmsprop_numbers {
  double lr, weight_decay, alpha, eps, momentum;
} tgi_rmsprop_numbers;

typedef struct tgi_adagrad_numbers {
  double lr, weight_decay, eps;
} tgi_adagrad_numbers;

typedef struct tgi_updates {
  /* b: NULL where there is no momentum */
  void (*sgd)(int64_t n, void *p, const void *g, void *b, const tgi_sgd_numbers *c);
  /* most: the largest v so far, or NULL */
  void (*adam)(int64_t n, void *p, const void *g, void *m, void *v, void *most,
               const tgi_adam_numbers *c);
  /* m: where centered; b: where there is momentum; else NULL */
  void (*rmsprop)(int64_t n, void *p, const void *g, void *v, void *m, void *b,
                  const tgi_rmsprop_numbers *c);
  void (*adagrad)(int64_t n, void *p, const void *g, void *s, const tgi_adagrad_numbers *c);
  void (*clamp)(int64_t n, void *x, double limit); /* into [-limit, limit]; a NaN stays */
  void (*scale)(int64_t n, void *x, double factor);
  double (*sum_squares)(int64_t n, const void *x); /* in f64, on the same tree everywhere */
  double (*max_abs)(int64_t n, const void *x);     /* NaN where one is; 0 for nothing */
} tgi_updates;

/* Never NULL for f32 and f64. */
const tgi_updates *tgi_updates_for(tg_isa isa, tg_dtype dtype);

#endif
