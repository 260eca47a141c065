/* What networks are made of: first values for parameters, and layers as small structs of parameter
   indexes. Nothing here is hidden state: a layer is declared, filled from a key, and applied. */
#ifndef TAPEGRAD_NN_H
#define TAPEGRAD_NN_H

#include "params.h"
#include "random.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- first values: each fills one parameter or buffer of sealed params and touches it ---- */

/* TG_ARGUMENT: no sealed parameter has the index, or the numbers give no distribution. */
TG_API tg_status tg_init_zeros(tg_params *params, int index, tg_error *error);
TG_API tg_status tg_init_constant(tg_params *params, int index, double value, tg_error *error);

/* The rest needs f32 or f64 (TG_DTYPE). Uniform on [low, high); normal. */
TG_API tg_status tg_init_uniform(tg_params *params, int index, tg_key key, double low, double high,
                                 tg_error *error);
TG_API tg_status tg_init_normal(tg_params *params, int index, tg_key key, double mean, double std,
                                tg_error *error);

/* The rest needs rank 2 at least (TG_SHAPE): [out, in, window...], with fan_in = in * window and
   fan_out = out * window; a fan of 0 has nothing to fill.

   Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks",
   2010: variance gain^2 * 2 / (fan_in + fan_out). gain: 1 for linear and sigmoid, 5/3 for tanh,
   sqrt(2) for relu. */
TG_API tg_status tg_init_xavier_uniform(tg_params *params, int index, tg_key key, double gain,
                                        tg_error *error);
TG_API tg_status tg_init_xavier_normal(tg_params *params, int index, tg_key key, double gain,
                                       tg_error *error);

typedef enum tg_fan { TG_FAN_IN, TG_FAN_OUT } tg_fan;

/* He et al., "Delving deep into rectifiers", 2015: variance 2 / ((1 + slope^2) fan). slope: of
   leaky_relu below 0; 0 for relu. fan_in keeps the variance going forward, fan_out backward. */
TG_API tg_status tg_init_kaiming_uniform(tg_params *params, int index, tg_key key, tg_fan fan,
                                         double slope, tg_error *error);
TG_API tg_status tg_init_kaiming_normal(tg_params *params, int index, tg_key key, tg_fan fan,
                                        double slope, tg_error *error);

/* gain times a random matrix [out, in * window] with orthonormal rows or columns, whichever are
   fewer, each such matrix equally likely (Saxe et al., arXiv:1312.6120; Mezzadri,
   math-ph/0609050). */
TG_API tg_status tg_init_orthogonal(tg_params *params, int index, tg_key key, double gain,
                                    tg_error *error);

/* ---- the linear layer ---- */

typedef struct tg_linear_layer {
  int weight, bias; /* indexes in the params; -1 where there is none */
} tg_linear_layer;

/* Declares "NAME.weight" [out, in] and, where bias, "NAME.bias" [out]. What cannot be declared has
   index -1, and tg_params_seal says why. */
TG_API tg_linear_layer tg_linear_declare(tg_params *params, const char *name, tg_dtype dtype,
                                         int64_t in, int64_t out, bool bias);
/* Weight and bias uniform on [-1/sqrt(in), 1/sqrt(in)), as PyTorch's nn.Linear. */
TG_API tg_status tg_linear_init(tg_params *params, tg_linear_layer layer, tg_key key,
                                tg_error *error);
/* x W^T + b: x [..., in], the result [..., out]. */
TG_API tg_var tg_linear_apply(tg_tape *t, tg_params *params, tg_linear_layer layer, tg_var x);

#ifdef __cplusplus
}
#endif
#endif
