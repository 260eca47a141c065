/* Dense networks: the smallest, one that fits the cache, one that is all matrix products. */
#include "workloads.h"

static const float corners[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const float parity[4][1] = {{0}, {1}, {1}, {0}};

static tg_var xor_loss(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]) {
  (void)w, (void)t;
  tg_var h = tg_sigmoid(tg_linear(x[0], p[0], p[1]));
  return tg_mse_loss(tg_sigmoid(tg_linear(h, p[2], p[3])), x[1], TG_REDUCTION_MEAN);
}

static tg_var relu_network(const tg_var p[], tg_var x) {
  tg_var h = tg_relu(tg_linear(x, p[0], p[1]));
  h = tg_relu(tg_linear(h, p[2], p[3]));
  return tg_linear(h, p[4], p[5]);
}

static tg_var classify(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]) {
  (void)w, (void)t;
  return tg_cross_entropy(relu_network(p, x[0]), x[1]);
}

static tg_var regress(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]) {
  (void)w, (void)t;
  return tg_mse_loss(relu_network(p, x[0]), x[1], TG_REDUCTION_MEAN);
}

const workload workload_xor = {
    .name = "xor",
    .note = "2-3-1, sigmoid on both layers, MSE, SGD 0.1",
    .params = {LAYER(2, 3, 100), LAYER(3, 1, 102)},
    .inputs = {{TG_F32, 2, {4, 2}, .given = corners[0]}, {TG_F32, 2, {4, 1}, .given = parity[0]}},
    .loss = xor_loss,
    .update = UPDATE_SGD,
    .lr = 0.1,
};

const workload workload_mlp_fashion = {
    .name = "mlp_fashion",
    .note = "784-64-64-10 relu, CE, Adam 1e-3, batch 32",
    .params = {LAYER(784, 64, 100), LAYER(64, 64, 102), LAYER(64, 10, 104)},
    .inputs = {{TG_F32, 2, {32, 784}, .seed = 1, .lo = 0, .hi = 1},
               {TG_I64, 1, {32}, .seed = 2, .classes = 10}},
    .loss = classify,
    .update = UPDATE_ADAM,
    .lr = 1e-3,
};

const workload workload_mlp_fashion_b128 = {
    .name = "mlp_fashion_b128",
    .note = "784-64-64-10 relu, CE, Adam 1e-3, batch 128",
    .params = {LAYER(784, 64, 100), LAYER(64, 64, 102), LAYER(64, 10, 104)},
    .inputs = {{TG_F32, 2, {128, 784}, .seed = 1, .lo = 0, .hi = 1},
               {TG_I64, 1, {128}, .seed = 2, .classes = 10}},
    .loss = classify,
    .update = UPDATE_ADAM,
    .lr = 1e-3,
};

const workload workload_mlp_large = {
    .name = "mlp_large",
    .note = "1024-4096-4096-1024 relu, MSE, batch 256, SGD 0.01",
    .params = {LAYER(1024, 4096, 100), LAYER(4096, 4096, 102), LAYER(4096, 1024, 104)},
    .inputs = {{TG_F32, 2, {256, 1024}, .seed = 1, .lo = -1, .hi = 1},
               {TG_F32, 2, {256, 1024}, .seed = 2, .lo = -1, .hi = 1}},
    .loss = regress,
    .update = UPDATE_SGD,
    .lr = 0.01,
};
