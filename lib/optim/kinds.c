/* The rules: each a table of options, the names of what it remembers, and the numbers that its
   kernel takes at one step. The formulas stand in kernel/update_float.c. */
#include <math.h>

#include "kernel/update.h"
#include "optim/optim.h"

static const tgi_updates *kernels(const tg_update *u) {
  return tgi_updates_for(tg_runtime_isa(u->runtime), u->dtype);
}

#define OPTION(type, name, ...)                                                                    \
  { #name, offsetof(type, name), __VA_ARGS__ }
#define KIND_INIT(type) .size = sizeof(tg_optimizer_kind), .options_size = sizeof(type)

/* One group of all parameters. */
static tg_optimizer *one_group(tg_params *params, const tg_optimizer_kind *kind,
                               const void *options, tg_error *error) {
  return tg_optimizer_new(params, kind, &(tg_param_group){.options = options}, 1, error);
}

/* ---- SGD ---- */

/* clang-format off */
static const tg_option sgd_options[] = {
  OPTION(tg_sgd_options, lr,           1e-3, 0, INFINITY),
  OPTION(tg_sgd_options, momentum,     0,    0, INFINITY),
  OPTION(tg_sgd_options, dampening,    0,    0, INFINITY),
  OPTION(tg_sgd_options, weight_decay, 0,    0, INFINITY),
  {0},
};
/* clang-format on */

static bool sgd_keeps(const void *options, int k) {
  const tg_sgd_options *s = options;
  return k == 0 && s->momentum != 0;
}

static const char *sgd_refuse(const void *options) {
  const tg_sgd_options *s = options;
  bool fits = !s->nesterov || (s->momentum > 0 && s->dampening == 0);
  return fits ? NULL : "nesterov needs a momentum above 0 and a dampening of 0";
}

static void sgd_update(const tg_update *u) {
  const tg_sgd_options *s = u->options;
  tgi_sgd_numbers c = {.lr = s->lr,
                       .weight_decay = s->weight_decay,
                       .keep = u->step > 1 ? s->momentum : 0,
                       .add = u->step > 1 ? 1 - s->dampening : 1,
                       .momentum = s->nesterov ? s->momentum : 0};
  kernels(u)->sgd(u->n, u->p, u->g, u->state[0], &c);
}

const tg_optimizer_kind tg_sgd = {
    KIND_INIT(tg_sgd_options),     .name = "sgd",      .options = sgd_options,
    .states = {"momentum_buffer"}, .keeps = sgd_keeps, .refuse = sgd_refuse,
    .update = sgd_update,
};

tg_optimizer *tg_sgd_new(tg_params *params, const tg_sgd_options *options, tg_error *error) {
  return one_group(params, &tg_sgd, options, error);
}

/* ---- Adam and AdamW ---- */

/* clang-format off */
#define ADAM_OPTIONS(usual_decay)                                 \
  OPTION(tg_adam_options, lr,           1e-3,        0, INFINITY), \
  OPTION(tg_adam_options, beta1,        0.9,         0, 1),        \
  OPTION(tg_adam_options, beta2,        0.999,       0, 1),        \
  OPTION(tg_adam_options, eps,          1e-8,        0, INFINITY), \
  OPTION(tg_adam_options, weight_decay, usual_decay, 0, INFINITY), \
  {0}
/* clang-format on */
static const tg_option adam_options[] = {ADAM_OPTIONS(0)};
static const tg_option adamw_options[] = {ADAM_OPTIONS(1e-2)};

static bool adam_keeps(const void *options, int k) {
  const tg_adam_options *s = options;
  return k < 2 || s->amsgrad;
}

static void adam_step(const tg_update *u, double shrink, double weight_decay) {
  const tg_adam_options *s = u->options;
  double k = (double)u->step;
  tgi_adam_numbers c = {.shrink = shrink,
                        .weight_decay = weight_decay,
                        .beta1 = s->beta1,
                        .beta2 = s->beta2,
                        .step = s->lr / (1 - pow(s->beta1, k)),
                        .scale = 1 / sqrt(1 - pow(s->beta2, k)),
                        .eps = s->eps};
  kernels(u)->adam(u->n, u->p, u->g, u->state[0], u->state[1], u->state[2], &c);
}

static void adam_update(const tg_update *u) {
  adam_step(u, 1, ((const tg_adam_options *)u->options)->weight_decay);
}

static void adamw_update(const tg_update *u) {
  const tg_adamw_options *s = u->options;
  adam_step(u, 1 - s->lr * s->weight_decay, 0);
}

#define ADAM_STATES .states = {"exp_avg", "exp_avg_sq", "max_exp_avg_sq"}, .keeps = adam_keeps

const tg_optimizer_kind tg_adam = {
    KIND_INIT(tg_adam_options), .name = "adam", .options = adam_options, ADAM_STATES,
    .update = adam_update,
};

const tg_optimizer_kind tg_adamw = {
    KIND_INIT(tg_adamw_options), .name = "adamw", .options = adamw_options, ADAM_STATES,
    .update = adamw_update,
};

tg_optimizer *tg_adam_new(tg_params *params, const tg_adam_options *options, tg_error *error) {
  return one_group(params, &tg_adam, options, error);
}

tg_optimizer *tg_adamw_new(tg_params *params, const tg_adamw_options *options, tg_error *error) {
  return one_group(params, &tg_adamw, options, error);
}

/* ---- RMSprop ---- */

/* clang-format off */
static const tg_option rmsprop_options[] = {
  OPTION(tg_rmsprop_options, lr,           1e-2, 0, INFINITY),
  OPTION(tg_rmsprop_options, alpha,        0.99, 0, 1),
  OPTION(tg_rmsprop_options, eps,          1e-8, 0, INFINITY),
  OPTION(tg_rmsprop_options, momentum,     0,    0, INFINITY),
  OPTION(tg_rmsprop_options, weight_decay, 0,    0, INFINITY),
  {0},
};
/* clang-format on */

static bool rmsprop_keeps(const void *options, int k) {
  const tg_rmsprop_options *s = options;
  return k == 0 || (k == 1 ? s->centered : s->momentum > 0);
}

static void rmsprop_update(const tg_update *u) {
  const tg_rmsprop_options *s = u->options;
  tgi_rmsprop_numbers c = {.lr = s->lr,
                           .weight_decay = s->weight_decay,
                           .alpha = s->alpha,
                           .eps = s->eps,
                           .momentum = s->momentum};
  kernels(u)->rmsprop(u->n, u->p, u->g, u->state[0], u->state[1], u->state[2], &c);
}

const tg_optimizer_kind tg_rmsprop = {
    KIND_INIT(tg_rmsprop_options), .name = "rmsprop",
    .options = rmsprop_options,    .states = {"square_avg", "grad_avg", "momentum_buffer"},
    .keeps = rmsprop_keeps,        .update = rmsprop_update,
};

tg_optimizer *tg_rmsprop_new(tg_params *params, const tg_rmsprop_options *options,
                             tg_error *error) {
  return one_group(params, &tg_rmsprop, options, error);
}

/* ---- Adagrad ---- */

/* clang-format off */
static const tg_option adagrad_options[] = {
  OPTION(tg_adagrad_options, lr,                  1e-2,  0, INFINITY),
  OPTION(tg_adagrad_options, eps,                 1e-10, 0, INFINITY),
  OPTION(tg_adagrad_options, lr_decay,            0,     0, INFINITY),
  OPTION(tg_adagrad_options, weight_decay,        0,     0, INFINITY),
  OPTION(tg_adagrad_options, initial_accumulator, 0,     0, INFINITY),
  {0},
};
/* clang-format on */

static double adagrad_start(const void *options, int k) {
  (void)k;
  return ((const tg_adagrad_options *)options)->initial_accumulator;
}

static void adagrad_update(const tg_update *u) {
  const tg_adagrad_options *s = u->options;
  tgi_adagrad_numbers c = {.lr = s->lr / (1 + (double)(u->step - 1) * s->lr_decay),
                           .weight_decay = s->weight_decay,
                           .eps = s->eps};
  kernels(u)->adagrad(u->n, u->p, u->g, u->state[0], &c);
}

const tg_optimizer_kind tg_adagrad = {
    KIND_INIT(tg_adagrad_options), .name = "adagrad",
    .options = adagrad_options,    .states = {"sum"},
    .start = adagrad_start,        .update = adagrad_update,
};

tg_optimizer *tg_adagrad_new(tg_params *params, const tg_adagrad_options *options,
                             tg_error *error) {
  return one_group(params, &tg_adagrad, options, error);
}
