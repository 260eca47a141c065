/* What memory bandwidth bounds: a chain of elementwise operators, softmax over wide rows, and a
   step of Adam. */
#include "workloads.h"

static tg_var chain_of_maps(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]) {
  (void)w, (void)t, (void)x;
  tg_var bell = tg_exp(tg_neg(tg_square(p[0])));
  tg_var z = tg_sigmoid(tg_add(tg_mul(tg_tanh(p[0]), p[1]), bell));
  return tg_mse_loss(z, p[1], TG_REDUCTION_MEAN);
}

static tg_var wide_softmax(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]) {
  (void)w, (void)t;
  return tg_cross_entropy(p[0], x[0]);
}

const workload workload_elementwise = {
    .name = "elementwise",
    .note = "mean (sigmoid(tanh(x) y + exp(-x^2)) - y)^2 of 1M f32, both gradients",
    .params = {{TG_F32, 1, {1000000}, .seed = 1, .lo = -2, .hi = 2},
               {TG_F32, 1, {1000000}, .seed = 2, .lo = -2, .hi = 2}},
    .loss = chain_of_maps,
};

const workload workload_softmax_ce_wide = {
    .name = "softmax_ce_wide",
    .note = "cross-entropy of [4096, 8192] f32 and its gradient",
    .params = {{TG_F32, 2, {4096, 8192}, .seed = 1, .lo = -4, .hi = 4}},
    .inputs = {{TG_I64, 1, {4096}, .seed = 2, .classes = 8192}},
    .loss = wide_softmax,
};

/* The gradient is given: it is what the seed of the input makes. */
static void give_gradient(bench *b) {
  tg_tensor g = tg_grads_tensor(b->grads, 0);
  tg_tensor_copy(&g, &b->inputs[0]);
  b->outputs[0] = tg_params_tensor(b->params, 0);
  b->n_outputs = 1;
}

static void adam_step(bench *b) {
  if (b->n_outputs == 0) give_gradient(b);
  tg_optimizer_step(b->optimizer, b->grads, b->t);
}

static void adam_record(bench *b, const tg_var p[], const tg_var x[]) {
  (void)p, (void)x;
  give_gradient(b);
  tg_optimizer_capture(b->optimizer, b->grads, b->t);
}

const workload workload_adam_10m = {
    .name = "adam_10m",
    .note = "a step of Adam on 10M f32, gradient given; check |p|^2",
    .params = {{TG_F32, 1, {10000000}, .seed = 1, .lo = -1, .hi = 1}},
    .inputs = {{TG_F32, 1, {10000000}, .seed = 2, .lo = -1, .hi = 1}},
    .update = UPDATE_ADAM,
    .lr = 1e-3,
    .step = adam_step,
    .record = adam_record,
};
