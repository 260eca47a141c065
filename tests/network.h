/* A network of 74 parameters and its data, made of the hash in tools/golden/trajectories.py. */
#ifndef TESTS_NETWORK_H
#define TESTS_NETWORK_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "support.h"
#include "tapegrad/tapegrad.h"

enum { LAYERS = 3, SAMPLES = 8 };
static const int64_t network_sizes[LAYERS + 1] = {5, 6, 4, 2};

typedef struct network {
  tg_params *params;
  tg_linear_layer layers[LAYERS];
  double x[SAMPLES * 5], y[SAMPLES * 2];
} network;

static inline double hash_uniform(int64_t i, uint64_t seed) {
  uint64_t z = (uint64_t)(i + 1) * 0x9E3779B97F4A7C15U + seed * 0xD1B54A32D192ED03U;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9U;
  z = (z ^ z >> 27) * 0x94D049BB133111EBU;
  z = z ^ z >> 31;
  return (double)(z >> 40) / 0x1p24;
}

static inline void hash_fill(tg_tensor x, uint64_t seed, double low, double high) {
  for (int64_t i = 0; i < tg_tensor_numel(&x); i++)
    tg_tensor_put(&x, i, low + (high - low) * hash_uniform(i, seed));
}

/* Parameter i is W0, b0, W1, b1, ... NULL params: no memory. */
static inline network network_new(tg_dtype dtype, const tg_runtime *runtime, tg_error *error) {
  static const char *const names[LAYERS] = {"fc1", "fc2", "fc3"};
  network net = {.params = tg_params_new(runtime, error)};
  if (net.params == NULL) return net;
  for (int k = 0; k < LAYERS; k++)
    net.layers[k] = tg_linear_declare(net.params, names[k], dtype, network_sizes[k],
                                      network_sizes[k + 1], true);
  if (tg_params_seal(net.params, error) != TG_OK) {
    tg_params_free(net.params);
    net.params = NULL;
    return net;
  }
  for (int i = 0; i < 2 * LAYERS; i++) {
    double bound = 1 / sqrt((double)network_sizes[i / 2]);
    hash_fill(tg_params_tensor(net.params, i), 100 + (uint64_t)i, -bound, bound);
  }
  hash_fill(tg_tensor_of(net.x, TG_F64, TG_DIMS(SAMPLES, 5)), 1, -1, 1);
  hash_fill(tg_tensor_of(net.y, TG_F64, TG_DIMS(SAMPLES, 2)), 2, -1, 1);
  return net;
}

/* The mean squared error over the batch's samples: of all where n = SAMPLES. */
static inline tg_var network_loss(tg_tape *t, network *net, const int64_t rows[], int64_t n) {
  double x[SAMPLES * 5], y[SAMPLES * 2];
  for (int64_t i = 0; i < n; i++) {
    int64_t row = rows == NULL ? i : rows[i];
    for (int k = 0; k < 5; k++) x[i * 5 + k] = net->x[row * 5 + k];
    for (int k = 0; k < 2; k++) y[i * 2 + k] = net->y[row * 2 + k];
  }
  tg_dtype dtype = tg_params_tensor(net->params, 0).dtype;
  tg_var h = tg_cast(tg_constant(t, tg_tensor_of(x, TG_F64, TG_DIMS(n, 5))), dtype);
  tg_var target = tg_cast(tg_constant(t, tg_tensor_of(y, TG_F64, TG_DIMS(n, 2))), dtype);
  h = tg_relu(tg_linear_apply(t, net->params, net->layers[0], h));
  h = tg_tanh(tg_linear_apply(t, net->params, net->layers[1], h));
  h = tg_linear_apply(t, net->params, net->layers[2], h);
  return tg_mean(tg_square(tg_sub(h, target)), TG_ALL, false);
}

#endif
