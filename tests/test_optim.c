/* lib/optim: trajectories against PyTorch's, groups, clipping, schedules, resumed training. */
#include "files.h"
#include "golden/trajectories.h"
#include "network.h"

/* ---- trajectories ---- */

typedef struct trainer {
  network net;
  tg_grads *grads;
  tg_optimizer *o;
  tg_tape *t;
} trainer;

static trainer trainer_new(tg_dtype dtype, const tg_optimizer_kind *kind, const void *options) {
  tg_error e = {0};
  trainer r = {.net = network_new(dtype, NULL, &e)};
  r.grads = tg_grads_new(r.net.params, &e);
  r.t = tg_tape_new(NULL, &e);
  r.o = tg_optimizer_new(r.net.params, kind, &(tg_param_group){.options = options}, 1, &e);
  ck_assert_msg(r.o != NULL, "%s", e.message);
  return r;
}

static void trainer_free(trainer *r) {
  tg_tape_free(r->t);
  tg_optimizer_free(r->o);
  tg_grads_free(r->grads);
  tg_params_free(r->net.params);
}

/* Leaves the gradients of the batch in r->grads; returns the loss. */
static double backward(trainer *r, const int64_t rows[], int64_t n) {
  tg_tape_reset(r->t);
  tg_grads_zero(r->grads);
  tg_var loss = network_loss(r->t, &r->net, rows, n);
  ck_assert_msg(tg_backward(loss, r->grads) == TG_OK, "%s", tg_tape_message(r->t));
  return tg_item(loss);
}

static const struct golden_run *golden(const char *name) {
  for (size_t i = 0; i < sizeof golden_runs / sizeof *golden_runs; i++)
    if (strcmp(golden_runs[i].name, name) == 0) return &golden_runs[i];
  ck_abort_msg("no golden run \"%s\"", name);
  return NULL;
}

static double digest(const network *net) {
  double sum = 0;
  for (int i = 0; i < tg_params_count(net->params); i++) {
    tg_tensor p = tg_params_tensor(net->params, i);
    for (int64_t k = 0; k < tg_tensor_numel(&p); k++)
      sum += (2 * hash_uniform(k, 200 + (uint64_t)i) - 1) * tg_tensor_at(&p, k);
  }
  return sum;
}

static void assert_near(const char *name, int step, double value, double expected, double rtol) {
  ck_assert_msg(fabs(value - expected) <= rtol * fabs(expected),
                "%s, step %d: %.17g, expected %.17g", name, step, value, expected);
}

typedef void before_step_fn(trainer *r, int step);

static void follow(const char *name, trainer *r, before_step_fn *before, double rtol) {
  const struct golden_run *run = golden(name);
  for (int step = 0; step <= STEPS; step++) {
    assert_near(name, step, backward(r, NULL, SAMPLES), run->loss[step], rtol);
    if (step == STEPS) break;
    if (before != NULL) before(r, step);
    ck_assert_int_eq(tg_optimizer_step(r->o, r->grads, r->t), TG_OK);
  }
  assert_near(name, STEPS, digest(&r->net), run->digest, rtol);
  ck_assert_int_eq(tg_optimizer_steps(r->o), STEPS);
  trainer_free(r);
}

static void follow_kind(const char *name, const tg_optimizer_kind *kind, const void *options,
                        before_step_fn *before) {
  trainer r = trainer_new(TG_F64, kind, options);
  follow(name, &r, before, 1e-10);
  r = trainer_new(TG_F32, kind, options);
  follow(name, &r, before, 2e-3);
}

#define OPTIONS(kind, ...) &tg_##kind, &(tg_##kind##_options){__VA_ARGS__}, NULL

START_TEST(test_sgd) {
  follow_kind("sgd", OPTIONS(sgd, .lr = 0.1));
  follow_kind("sgd decay", OPTIONS(sgd, .lr = 0.1, .weight_decay = 0.1));
  follow_kind("sgd momentum", OPTIONS(sgd, .lr = 0.1, .momentum = 0.9));
  follow_kind("sgd dampening",
              OPTIONS(sgd, .lr = 0.1, .momentum = 0.9, .dampening = 0.5, .weight_decay = 0.01));
  follow_kind("sgd nesterov",
              OPTIONS(sgd, .lr = 0.1, .momentum = 0.8, .nesterov = true, .weight_decay = 0.01));
}
END_TEST

START_TEST(test_adam) {
  follow_kind("adam", &tg_adam, NULL, NULL);
  follow_kind("adam betas", OPTIONS(adam, .lr = 0.01, .beta1 = 0.8, .beta2 = 0.99, .eps = 1e-6,
                                    .weight_decay = 0.1));
  follow_kind("adam no m", OPTIONS(adam, .lr = 0.01, .beta1 = TG_ZERO, .beta2 = 0.99));
  follow_kind("amsgrad", OPTIONS(adam, .lr = 0.02, .beta2 = 0.9, .amsgrad = true));
}
END_TEST

START_TEST(test_adamw) {
  follow_kind("adamw", &tg_adamw, NULL, NULL);
  follow_kind("adamw amsgrad", OPTIONS(adamw, .lr = 0.02, .weight_decay = 0.2, .amsgrad = true));
}
END_TEST

START_TEST(test_rmsprop) {
  follow_kind("rmsprop", &tg_rmsprop, NULL, NULL);
  follow_kind("rmsprop decay",
              OPTIONS(rmsprop, .lr = 1e-3, .alpha = 0.9, .eps = 1e-4, .weight_decay = 0.1));
  follow_kind("rmsprop momentum", OPTIONS(rmsprop, .lr = 1e-3, .momentum = 0.9));
  follow_kind("rmsprop centered", OPTIONS(rmsprop, .lr = 1e-3, .centered = true));
  follow_kind("rmsprop all", OPTIONS(rmsprop, .lr = 1e-3, .alpha = 0.95, .momentum = 0.5,
                                     .centered = true, .weight_decay = 0.05));
}
END_TEST

START_TEST(test_adagrad) {
  follow_kind("adagrad", &tg_adagrad, NULL, NULL);
  follow_kind("adagrad all", OPTIONS(adagrad, .lr = 0.05, .lr_decay = 0.1, .weight_decay = 0.01,
                                     .eps = 1e-6, .initial_accumulator = 0.1));
}
END_TEST

static void clip_norm(trainer *r, int step) {
  double norm = tg_clip_grad_norm(r->grads, 0.05, 2);
  ck_assert_msg(norm > 0.05 || step > 0, "%g was not worth clipping", norm);
}
static void clip_inf(trainer *r, int step) {
  (void)step;
  tg_clip_grad_norm(r->grads, 0.02, INFINITY);
}
static void clip_value(trainer *r, int step) {
  (void)step;
  ck_assert_int_eq(tg_clip_grad_value(r->grads, 0.01), TG_OK);
}
static void cosine(trainer *r, int step) {
  tg_schedule s = {.decay = tg_decay_cosine, .period = STEPS, .lr_min = 0.01};
  ck_assert_int_eq(tg_optimizer_set_lr(r->o, 0, tg_schedule_lr(&s, 0.3, step)), TG_OK);
}

START_TEST(test_clipped_and_scheduled) {
  follow_kind("clip norm", &tg_sgd, &(tg_sgd_options){.lr = 0.5}, clip_norm);
  follow_kind("clip inf", &tg_sgd, &(tg_sgd_options){.lr = 0.5}, clip_inf);
  follow_kind("clip value", &tg_sgd, &(tg_sgd_options){.lr = 0.5}, clip_value);
  follow_kind("cosine", &tg_sgd, &(tg_sgd_options){.lr = 0.3}, cosine);
}
END_TEST

/* Biases with options of their own, the last weight with others; the first two weights stay. */
START_TEST(test_groups) {
  const int biases[] = {5, 3, 1}, weights[] = {4};
  const tg_param_group groups[] = {
      {biases, 3, &(tg_adamw_options){.lr = 2e-2, .weight_decay = TG_ZERO}},
      {weights, 1, &(tg_adamw_options){.lr = 1e-2, .weight_decay = 0.3}},
  };
  tg_error e = {0};
  trainer r = trainer_new(TG_F64, &tg_adamw, NULL);
  tg_optimizer_free(r.o);
  r.o = tg_optimizer_new(r.net.params, &tg_adamw, groups, 2, &e);
  ck_assert_msg(r.o != NULL, "%s", e.message);
  ck_assert_int_eq(tg_optimizer_groups(r.o), 2);
  ck_assert_double_eq(tg_optimizer_lr(r.o, 0), 2e-2);
  ck_assert_double_eq(tg_optimizer_lr(r.o, 1), 1e-2);
  ck_assert(isnan(tg_optimizer_lr(r.o, 2)));
  uint64_t version = tg_params_version(r.net.params, 0), other = tg_params_version(r.net.params, 1);
  ck_assert_ptr_null(tg_optimizer_state(r.o, 0, 0).data);
  ck_assert_ptr_nonnull(tg_optimizer_state(r.o, 1, 1).data);
  ck_assert_ptr_null(tg_optimizer_state(r.o, 2, 1).data);
  ck_assert_int_eq(tg_optimizer_step(r.o, r.grads, NULL), TG_OK);
  ck_assert_uint_eq(tg_params_version(r.net.params, 0), version);
  ck_assert_uint_gt(tg_params_version(r.net.params, 1), other);
  trainer_free(&r);

  r = trainer_new(TG_F64, &tg_adamw, NULL);
  tg_optimizer_free(r.o);
  r.o = tg_optimizer_new(r.net.params, &tg_adamw, groups, 2, &e);
  follow("groups", &r, NULL, 1e-10);
}
END_TEST

/* A group without a list takes what is left, wherever it stands. */
START_TEST(test_rest_group) {
  const int two[] = {2};
  const tg_param_group groups[] = {{.options = &(tg_sgd_options){.lr = 1}},
                                   {two, 1, &(tg_sgd_options){.lr = 2}}};
  tg_error e = {0};
  trainer r = trainer_new(TG_F64, &tg_sgd, NULL);
  tg_optimizer *o = tg_optimizer_new(r.net.params, &tg_sgd, groups, 2, &e);
  tg_tensor g = tg_grads_flat(r.grads, TG_F64), p = tg_params_flat(r.net.params, TG_F64);
  for (int64_t i = 0; i < p.dims[0]; i++) tg_tensor_put(&g, i, 1), tg_tensor_put(&p, i, 0);
  ck_assert_int_eq(tg_optimizer_step(o, r.grads, NULL), TG_OK);
  for (int i = 0; i < 6; i++) {
    tg_tensor x = tg_params_tensor(r.net.params, i);
    for (int64_t k = 0; k < tg_tensor_numel(&x); k++)
      ck_assert_double_eq(tg_tensor_at(&x, k), i == 2 ? -2 : -1);
  }
  tg_optimizer_free(o);
  trainer_free(&r);
}
END_TEST

/* ---- refusals ---- */

static void refuse(tg_params *params, const tg_optimizer_kind *kind, const tg_param_group groups[],
                   int n, const char *sentence) {
  tg_error e = {0};
  ck_assert_ptr_null(tg_optimizer_new(params, kind, groups, n, &e));
  ck_assert_int_eq(e.status, TG_ARGUMENT);
  ck_assert_str_eq(e.message, sentence);
}

#define REFUSE_OPTIONS(sentence, kind, ...)                                                        \
  refuse(r.net.params, &tg_##kind,                                                                 \
         &(tg_param_group){.options = &(tg_##kind##_options){__VA_ARGS__}}, 1, sentence)

START_TEST(test_refuses_options) {
  trainer r = trainer_new(TG_F64, &tg_sgd, NULL);
  REFUSE_OPTIONS("sgd: lr is -1, expected 0 <= lr < inf", sgd, .lr = -1);
  REFUSE_OPTIONS("sgd: lr is inf, expected 0 <= lr < inf", sgd, .lr = INFINITY);
  REFUSE_OPTIONS("sgd: momentum is nan, expected 0 <= momentum < inf", sgd,
                 .momentum = (double)NAN);
  REFUSE_OPTIONS("adam: beta2 is 1, expected 0 <= beta2 < 1", adam, .beta2 = 1);
  REFUSE_OPTIONS("adagrad: eps is -1, expected 0 <= eps < inf", adagrad, .eps = -1);
  REFUSE_OPTIONS("sgd: nesterov needs a momentum above 0 and a dampening of 0", sgd,
                 .nesterov = true);
  trainer_free(&r);
}
END_TEST

START_TEST(test_refuses_groups) {
  trainer r = trainer_new(TG_F64, &tg_sgd, NULL);
  const int zero[] = {0}, far[] = {1, 6};
  const tg_param_group twice[] = {{zero, 1, NULL}, {zero, 1, NULL}}, rests[] = {{0}, {0}},
                       outside[] = {{far, 2, NULL}};
  refuse(r.net.params, &tg_sgd, twice, 2, "sgd: \"fc1.weight\" is in group 0 and again in group 1");
  refuse(r.net.params, &tg_sgd, rests, 2, "sgd: groups 0 and 1 both take what no other names");
  refuse(r.net.params, &tg_sgd, outside, 1, "sgd: group 0 names the parameter 6, there are 6");
  refuse(r.net.params, &tg_sgd, NULL, -1, "sgd: the number of groups is negative");
  trainer_free(&r);
  tg_error e = {0};
  tg_params *params = tg_params_new(NULL, &e);
  tg_params_add_buffer(params, "mean", TG_F32, TG_DIMS(2));
  ck_assert_ptr_null(tg_sgd_new(params, NULL, &e));
  ck_assert_int_eq(e.status, TG_STATE);
  ck_assert_int_eq(tg_params_seal(params, &e), TG_OK);
  refuse(params, &tg_sgd, &(tg_param_group){zero, 1, NULL}, 1,
         "sgd: group 0 names \"mean\", which is a buffer");
  tg_optimizer *o = tg_sgd_new(params, NULL, &e); /* nothing to train */
  tg_grads *grads = tg_grads_new(params, &e);
  ck_assert_int_eq(tg_optimizer_step(o, grads, NULL), TG_OK);
  tg_optimizer_free(o);
  tg_grads_free(grads);
  tg_params_free(params);
}
END_TEST

START_TEST(test_failed_tape_changes_nothing) {
  trainer r = trainer_new(TG_F64, &tg_sgd, &(tg_sgd_options){.lr = 1});
  tg_tensor g = tg_grads_flat(r.grads, TG_F64);
  tg_tensor_put(&g, 0, 1);
  double before = digest(&r.net);
  uint64_t version = tg_params_version(r.net.params, 0);
  tg_tape_fail(r.t, TG_DIVISION, "on purpose");
  ck_assert_int_eq(tg_optimizer_step(r.o, r.grads, r.t), TG_DIVISION);
  ck_assert_double_eq(digest(&r.net), before);
  ck_assert_uint_eq(tg_params_version(r.net.params, 0), version);
  ck_assert_int_eq(tg_optimizer_steps(r.o), 0);
  trainer other = trainer_new(TG_F64, &tg_sgd, NULL);
  ck_assert_int_eq(tg_optimizer_step(r.o, other.grads, NULL), TG_ARGUMENT);
  tg_tape_reset(r.t);
  ck_assert_int_eq(tg_optimizer_step(r.o, r.grads, r.t), TG_OK);
  ck_assert_double_ne(digest(&r.net), before);
  trainer_free(&other);
  trainer_free(&r);
}
END_TEST

START_TEST(test_rates_and_steps) {
  trainer r = trainer_new(TG_F64, &tg_adam, &(tg_adam_options){.lr = TG_ZERO});
  ck_assert_double_eq(tg_optimizer_lr(r.o, 0), 0);
  ck_assert(!signbit(tg_optimizer_lr(r.o, 0)));
  ck_assert_int_eq(tg_optimizer_set_lr(r.o, -1, 0.5), TG_OK);
  ck_assert_int_eq(tg_optimizer_set_lr(r.o, 0, -1), TG_ARGUMENT);
  ck_assert_int_eq(tg_optimizer_set_lr(r.o, 0, (double)NAN), TG_ARGUMENT);
  ck_assert_int_eq(tg_optimizer_set_lr(r.o, 1, 1), TG_ARGUMENT);
  ck_assert_double_eq(tg_optimizer_lr(r.o, 0), 0.5);
  ck_assert_int_eq(tg_optimizer_set_steps(r.o, -1), TG_ARGUMENT);
  ck_assert_int_eq(tg_optimizer_set_steps(r.o, 7), TG_OK);
  ck_assert_int_eq(tg_optimizer_steps(r.o), 7);
  ck_assert_ptr_eq(tg_optimizer_kind_of(r.o), &tg_adam);
  ck_assert_ptr_eq(tg_optimizer_params(r.o), r.net.params);
  trainer_free(&r);
}
END_TEST

/* Each constructor gives its own kind, with its own defaults. */
START_TEST(test_constructors) {
  trainer r = trainer_new(TG_F32, &tg_sgd, NULL);
  tg_params *p = r.net.params;
  tg_optimizer *made[] = {tg_sgd_new(p, NULL, NULL), tg_adam_new(p, NULL, NULL),
                          tg_adamw_new(p, NULL, NULL), tg_rmsprop_new(p, NULL, NULL),
                          tg_adagrad_new(p, NULL, NULL)};
  const tg_optimizer_kind *const kinds[] = {&tg_sgd, &tg_adam, &tg_adamw, &tg_rmsprop, &tg_adagrad};
  const double rates[] = {1e-3, 1e-3, 1e-3, 1e-2, 1e-2};
  for (int i = 0; i < 5; i++) {
    ck_assert_ptr_eq(tg_optimizer_kind_of(made[i]), kinds[i]);
    ck_assert_double_eq(tg_optimizer_lr(made[i], 0), rates[i]);
    tg_optimizer_free(made[i]);
  }
  trainer_free(&r);
}
END_TEST

/* ---- a rule from outside ---- */

typedef struct sign_options {
  double lr;
} sign_options;

static void sign_update(const tg_update *u) {
  double *p = u->p, *count = u->state[0];
  const double *g = u->g, lr = ((const sign_options *)u->options)->lr;
  for (int64_t i = 0; i < u->n; i++) {
    p[i] -= lr * ((g[i] > 0) - (g[i] < 0));
    count[i] += 1;
  }
}

static double sign_start(const void *options, int k) {
  (void)options;
  return 10 + k;
}

START_TEST(test_kind_of_the_caller) {
  static const tg_option options[] = {{"lr", offsetof(sign_options, lr), 0.25, 0, 1}, {0}};
  static const tg_optimizer_kind kind = {.size = sizeof kind,
                                         .name = "sign",
                                         .options_size = sizeof(sign_options),
                                         .options = options,
                                         .states = {"count"},
                                         .start = sign_start,
                                         .update = sign_update};
  trainer r = trainer_new(TG_F64, &kind, NULL);
  tg_tensor g = tg_grads_tensor(r.grads, 5), p = tg_params_tensor(r.net.params, 5);
  tg_tensor_put(&g, 0, 3), tg_tensor_put(&g, 1, -3);
  double a = tg_tensor_at(&p, 0), b = tg_tensor_at(&p, 1);
  tg_optimizer_step(r.o, r.grads, NULL);
  ck_assert_double_eq(tg_tensor_at(&p, 0), a - 0.25);
  ck_assert_double_eq(tg_tensor_at(&p, 1), b + 0.25);
  tg_tensor count = tg_optimizer_state(r.o, 0, 5);
  ck_assert_double_eq(tg_tensor_at(&count, 1), 11);
  tg_optimizer_kind bad = kind;
  bad.size = 0;
  refuse(r.net.params, &bad, NULL, 0, "optimizer: the kind has no size or no options");
  bad = kind;
  bad.options = &options[1];
  refuse(r.net.params, &bad, NULL, 0, "optimizer: the kind has no size or no options");
  trainer_free(&r);
}
END_TEST

/* ---- large vectors: threads, instruction sets, clipping ---- */

enum { LARGE = 100003 };

typedef struct large {
  tg_runtime *runtime;
  tg_params *params;
  tg_grads *grads;
} large;

static large large_of(int64_t n, tg_dtype dtype, int threads, tg_isa isa) {
  tg_error e = {0};
  large l;
  tg_runtime_options o = {.threads = threads, .isa = isa};
  l.runtime = tg_runtime_new(&o, &e);
  l.params = tg_params_new(l.runtime, &e);
  tg_params_add(l.params, "w", dtype, TG_DIMS(n));
  ck_assert_int_eq(tg_params_seal(l.params, &e), TG_OK);
  l.grads = tg_grads_new(l.params, &e);
  return l;
}

static large large_new(tg_dtype dtype, int threads, tg_isa isa) {
  large l = large_of(LARGE, dtype, threads, isa);
  hash_fill(tg_params_tensor(l.params, 0), 1, -1, 1);
  hash_fill(tg_grads_tensor(l.grads, 0), 2, -1, 1);
  return l;
}

static void large_free(large *l) {
  tg_grads_free(l->grads);
  tg_params_free(l->params);
  tg_runtime_free(l->runtime);
}

static void assert_same_bits(const large *a, const large *b) {
  tg_tensor x = tg_params_tensor(a->params, 0), y = tg_params_tensor(b->params, 0);
  ck_assert_mem_eq(x.data, y.data, tg_tensor_bytes(&x));
}

/* Every loop of the kernels. */
static const struct rule {
  const tg_optimizer_kind *kind;
  const void *options;
} rules[] = {
    {&tg_sgd, NULL},
    {&tg_sgd, &(tg_sgd_options){.weight_decay = 0.1}},
    {&tg_sgd, &(tg_sgd_options){.momentum = 0.9, .weight_decay = 0.1}},
    {&tg_sgd, &(tg_sgd_options){.momentum = 0.9, .nesterov = true}},
    {&tg_adam, NULL},
    {&tg_adam, &(tg_adam_options){.weight_decay = 0.1}},
    {&tg_adam, &(tg_adam_options){.amsgrad = true}},
    {&tg_adamw, NULL},
    {&tg_rmsprop, NULL},
    {&tg_rmsprop, &(tg_rmsprop_options){.momentum = 0.9}},
    {&tg_rmsprop, &(tg_rmsprop_options){.centered = true}},
    {&tg_rmsprop, &(tg_rmsprop_options){.centered = true, .momentum = 0.9}},
    {&tg_adagrad, NULL},
};
enum { RULES = sizeof rules / sizeof *rules };

/* What a large vector is after three clipped steps. */
static large stepped(const struct rule *rule, tg_dtype dtype, int threads, tg_isa isa) {
  large l = large_new(dtype, threads, isa);
  const tg_param_group all = {.options = rule->options};
  tg_optimizer *o = tg_optimizer_new(l.params, rule->kind, &all, 1, NULL);
  tg_clip_grad_value(l.grads, 0.9);
  tg_clip_grad_norm(l.grads, 50, INFINITY);
  tg_clip_grad_norm(l.grads, 50, 2);
  for (int k = 0; k < 3; k++) ck_assert_int_eq(tg_optimizer_step(o, l.grads, NULL), TG_OK);
  tg_optimizer_free(o);
  return l;
}

START_TEST(test_threads_and_isas_change_no_bit) {
  const tg_dtype dtype = _i % 2 ? TG_F32 : TG_F64;
  large a = stepped(&rules[_i / 2], dtype, 3, TG_ISA_BEST);
  for (tg_isa isa = TG_ISA_BASE; isa < TG_ISA_COUNT; isa++) {
    large b = stepped(&rules[_i / 2], dtype, 1, isa);
    assert_same_bits(&a, &b);
    large_free(&b);
  }
  large_free(&a);
}
END_TEST

START_TEST(test_norms_of_large_vectors) {
  const tg_dtype dtype = _i ? TG_F32 : TG_F64;
  large a = large_new(dtype, 1, TG_ISA_BEST), b = large_new(dtype, 3, TG_ISA_BASE);
  tg_tensor g = tg_grads_tensor(a.grads, 0);
  double sum = 0, most = 0;
  for (int64_t i = 0; i < LARGE; i++) {
    double x = tg_tensor_at(&g, i);
    sum += x * x;
    most = fmax(most, fabs(x));
  }
  double first = tg_tensor_at(&g, 0), norm = tg_clip_grad_norm(a.grads, 1e9, 2);
  ck_assert_double_eq_tol(norm, sqrt(sum), 1e-9);
  ck_assert_double_eq(tg_tensor_at(&g, 0), first); /* below the limit nothing is touched */
  ck_assert_double_eq(tg_clip_grad_norm(a.grads, 1e9, INFINITY), most);
  ck_assert_double_eq(tg_clip_grad_norm(b.grads, 1, 2), norm);
  ck_assert_double_eq_tol(tg_clip_grad_norm(b.grads, 1e9, 2), 1, 1e-6);
  ck_assert(isnan(tg_clip_grad_norm(a.grads, 0, 1)));
  ck_assert(isnan(tg_clip_grad_norm(a.grads, -1, 2)));
  ck_assert_double_eq(tg_tensor_at(&g, 0), first);
  large_free(&a), large_free(&b);
}
END_TEST

/* More tiles than one round of them. */
START_TEST(test_norms_of_millions) {
  enum { MILLIONS = 9000000 };
  large l = large_of(MILLIONS, TG_F32, 2, TG_ISA_BEST);
  tg_tensor g = tg_grads_tensor(l.grads, 0);
  tg_tensor_put(&g, MILLIONS - 1, -4);
  ck_assert_double_eq(tg_clip_grad_norm(l.grads, 1e9, INFINITY), 4);
  tg_tensor_put(&g, MILLIONS / 2, 3);
  ck_assert_double_eq(tg_clip_grad_norm(l.grads, 1e9, 2), 5);
  large_free(&l);
}
END_TEST

START_TEST(test_clipping_what_is_not_finite) {
  large l = large_new(TG_F32, 1, TG_ISA_BEST);
  tg_tensor g = tg_grads_tensor(l.grads, 0);
  for (int64_t i = 0; i < LARGE; i += 17) {
    tg_tensor_put(&g, i, (double)NAN);
    ck_assert(isnan(tg_clip_grad_norm(l.grads, 1e9, INFINITY)));
    ck_assert(isnan(tg_tensor_at(&g, 1))); /* as PyTorch: the factor is NaN */
    hash_fill(g, 2, -1, 1);
    if (i > 100) break;
  }
  tg_tensor_put(&g, 3, (double)NAN), tg_tensor_put(&g, 4, -INFINITY);
  ck_assert_int_eq(tg_clip_grad_value(l.grads, 0.5), TG_OK);
  ck_assert(isnan(tg_tensor_at(&g, 3)));
  ck_assert_double_eq(tg_tensor_at(&g, 4), -0.5);
  ck_assert_int_eq(tg_clip_grad_value(l.grads, -1), TG_ARGUMENT);
  large_free(&l);
}
END_TEST

/* ---- schedules ---- */

START_TEST(test_schedules_are_pytorchs) {
  static const tg_schedule schedules[] = {
      {.decay = tg_decay_step, .period = 5, .gamma = 0.3},
      {.decay = tg_decay_exponential, .gamma = 0.9},
      {.decay = tg_decay_cosine, .period = 15, .lr_min = 0.05},
      {.warmup = 8, .warmup_start = 0.25},
      {.decay = tg_decay_exponential, .gamma = 0.9, .warmup = 8, .warmup_start = 0.25},
  };
  for (size_t i = 0; i < sizeof schedules / sizeof *schedules; i++)
    for (int step = 0; step < RATES; step++)
      assert_near(golden_rates[i].name, step, tg_schedule_lr(&schedules[i], 0.4, step),
                  golden_rates[i].lr[step], 1e-13);
}
END_TEST

START_TEST(test_schedules) {
  tg_schedule s = {.decay = tg_decay_step, .period = 10};
  ck_assert_double_eq(tg_schedule_lr(NULL, 0.5, 9), 0.5);
  ck_assert_double_eq(tg_schedule_lr(&(tg_schedule){0}, 0.5, 9), 0.5);
  ck_assert_double_eq(tg_schedule_lr(&s, 0.5, 9), 0.5);
  ck_assert_double_eq_tol(tg_schedule_lr(&s, 0.5, 10), 0.05, 1e-16);
  ck_assert_double_eq_tol(tg_schedule_lr(&s, 0.5, 39), 0.0005, 1e-18);
  s = (tg_schedule){.decay = tg_decay_exponential, .gamma = 0.5};
  ck_assert_double_eq(tg_schedule_lr(&s, 1, 3), 0.125);
  s = (tg_schedule){.decay = tg_decay_exponential};
  ck_assert_double_eq(tg_schedule_lr(&s, 1, 2), 0.95 * 0.95);
  s = (tg_schedule){.decay = tg_decay_cosine, .period = 4, .lr_min = 0.2};
  ck_assert_double_eq(tg_schedule_lr(&s, 1, 0), 1);
  ck_assert_double_eq_tol(tg_schedule_lr(&s, 1, 2), 0.6, 1e-15);
  ck_assert_double_eq_tol(tg_schedule_lr(&s, 1, 4), 0.2, 1e-15);
  ck_assert_double_eq_tol(tg_schedule_lr(&s, 1, 8), 1, 1e-15);
}
END_TEST

START_TEST(test_warm_up_comes_first) {
  tg_schedule s = {.decay = tg_decay_exponential, .gamma = 0.5, .warmup = 4};
  ck_assert_double_eq_tol(tg_schedule_lr(&s, 3, 0), 1, 1e-15);
  ck_assert_double_eq_tol(tg_schedule_lr(&s, 3, 2), 2, 1e-15);
  ck_assert_double_eq(tg_schedule_lr(&s, 3, 4), 3);
  ck_assert_double_eq(tg_schedule_lr(&s, 3, 5), 1.5);
  ck_assert_double_eq_tol(tg_schedule_lr(&s, 3, -5), 1, 1e-15);
  s.warmup_start = TG_ZERO;
  ck_assert_double_eq(tg_schedule_lr(&s, 3, 0), 0);
  ck_assert_double_eq(tg_schedule_lr(&s, 3, 1), 0.75);
}
END_TEST

/* ---- resumed training ---- */

static bool supported(void) {
  return tg_safetensors_write(in_folder("probe"), NULL, 0, NULL, 0, NULL, NULL) == TG_OK;
}

static const tg_key seed = {7, 11};

/* Steps [first, last) on shuffled batches of 3. */
static void run_steps(trainer *r, tg_training *now, int64_t last) {
  tg_batches *batches = tg_batches_new(
      SAMPLES, &(tg_batches_options){.size = 3, .shuffle = true, .key = now->key}, NULL, NULL);
  for (; now->step < last; now->step++) {
    tg_batch b = tg_batches_at(batches, now->step);
    backward(r, b.rows, b.n);
    tg_optimizer_step(r->o, r->grads, r->t);
    now->epoch = b.epoch;
  }
  tg_batches_free(batches);
}

static void resume(tg_dtype dtype, const tg_optimizer_kind *kind, const void *options) {
  tg_error e = {0};
  const char *path = in_folder("training.safetensors");
  trainer a = trainer_new(dtype, kind, options), b = trainer_new(dtype, kind, options);
  tg_training now = {.key = seed}, saved = {.key = seed}, loaded = {0};
  run_steps(&a, &now, 20);

  run_steps(&b, &saved, 10);
  tg_optimizer_set_lr(b.o, 0, tg_optimizer_lr(b.o, 0));
  saved.texts = &(tg_named_text){"note", "half way"};
  saved.text_count = 1;
  ck_assert_msg(tg_training_save(path, b.net.params, b.o, &saved, &e) == TG_OK, "%s", e.message);
  trainer_free(&b);

  b = trainer_new(dtype, kind, NULL);
  tg_optimizer_free(b.o);
  b.o = tg_optimizer_new(b.net.params, kind, &(tg_param_group){.options = options}, 1, &e);
  tg_optimizer_set_lr(b.o, 0, 123);
  tg_params_write(b.net.params, 5, tg_grads_tensor(b.grads, 5), &e);
  ck_assert_msg(tg_training_load(path, b.net.params, b.o, &loaded, &e) == TG_OK, "%s", e.message);
  ck_assert_int_eq(loaded.step, 10);
  ck_assert_int_eq(loaded.epoch, saved.epoch);
  ck_assert_uint_eq(loaded.key.seed, seed.seed);
  ck_assert_uint_eq(loaded.key.stream, seed.stream);
  ck_assert_double_eq(tg_optimizer_lr(b.o, 0), tg_optimizer_lr(a.o, 0));
  run_steps(&b, &loaded, 20);
  tg_tensor x = tg_params_flat(a.net.params, dtype), y = tg_params_flat(b.net.params, dtype);
  ck_assert_mem_eq(x.data, y.data, tg_tensor_bytes(&x));
  trainer_free(&a);
  trainer_free(&b);
}

START_TEST(test_resumed_training_is_the_same_to_the_bit) {
  if (!supported()) return;
  for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++) {
    resume(dtype, &tg_adam, &(tg_adam_options){.lr = 0.02, .amsgrad = true});
    resume(dtype, &tg_sgd, &(tg_sgd_options){.lr = 0.1, .momentum = 0.9});
    resume(dtype, &tg_rmsprop, &(tg_rmsprop_options){.momentum = 0.9, .centered = true});
    resume(dtype, &tg_adagrad, NULL);
  }
}
END_TEST

START_TEST(test_file_of_training) {
  if (!supported()) return;
  tg_error e = {0};
  const char *path = in_folder("training.safetensors");
  trainer a = trainer_new(TG_F32, &tg_adam, NULL);
  tg_training now = {.step = 3, .texts = &(tg_named_text){"note", "a text"}, .text_count = 1};
  ck_assert_int_eq(tg_training_save(path, a.net.params, a.o, &now, &e), TG_OK);
  tg_safetensors *file = tg_safetensors_open(path, NULL, &e);
  ck_assert_str_eq(tg_safetensors_text(file, "note"), "a text");
  ck_assert_str_eq(tg_safetensors_text(file, "optimizer"), "adam");
  ck_assert_int_ge(tg_safetensors_find(file, "optimizer.exp_avg_sq.fc2.bias"), 0);
  ck_assert_int_eq(tg_safetensors_count(file), 6 + 12 + 2 + 3);
  tg_safetensors_free(file);
  ck_assert_int_eq(tg_params_load(a.net.params, path, &e), TG_OK);
  ck_assert_int_eq(tg_training_load(path, a.net.params, NULL, NULL, &e), TG_OK);
  trainer_free(&a);
}
END_TEST

/* Loads into r, which must stay as it was. */
static void refuse_file(trainer *r, const char *path, tg_status status, const char *part) {
  tg_error e = {0};
  tg_training now = {.step = 5};
  double before = digest(&r->net);
  uint64_t version = tg_params_version(r->net.params, 0);
  ck_assert_int_eq(tg_training_load(path, r->net.params, r->o, &now, &e), status);
  ck_assert_msg(strstr(e.message, part) != NULL, "%s", e.message);
  ck_assert_int_eq(tg_training_load(path, r->net.params, r->o, &now, NULL), status);
  ck_assert_int_eq(now.step, 5);
  ck_assert_double_eq(digest(&r->net), before);
  ck_assert_uint_eq(tg_params_version(r->net.params, 0), version);
}

/* A file like `path` with other rates. */
static void put_rate(const char *path, const char *to, double rate) {
  enum { ROOM = 32 };
  tg_named_tensor items[ROOM];
  tg_safetensors *file = tg_safetensors_open(path, NULL, NULL);
  int64_t n = tg_safetensors_count(file), at = tg_safetensors_find(file, "optimizer.lr");
  ck_assert_int_le(n, ROOM);
  for (int64_t i = 0; i < n; i++) items[i] = tg_safetensors_tensor(file, i);
  items[at].tensor = tg_tensor_of(&rate, TG_F64, TG_DIMS(1));
  const tg_named_text texts[] = {tg_safetensors_metadata(file, 0)};
  ck_assert_int_eq(tg_safetensors_write(to, items, n, texts, 1, NULL, NULL), TG_OK);
  tg_safetensors_free(file);
}

START_TEST(test_refuses_files_that_do_not_fit) {
  if (!supported()) return;
  tg_error e = {0};
  const char *path = in_folder("a"), *bare = in_folder("b");
  trainer a = trainer_new(TG_F64, &tg_adam, NULL),
          ams = trainer_new(TG_F64, &tg_adam, &(tg_adam_options){.amsgrad = true}),
          sgd = trainer_new(TG_F64, &tg_sgd, NULL), f32 = trainer_new(TG_F32, &tg_adam, NULL);
  tg_tensor p = tg_params_flat(a.net.params, TG_F64);
  for (int64_t i = 0; i < p.dims[0]; i++) tg_tensor_put(&p, i, 42);
  tg_training now = {0};
  ck_assert_int_eq(tg_training_save(path, a.net.params, a.o, &now, &e), TG_OK);
  ck_assert_int_eq(tg_training_save(bare, a.net.params, NULL, NULL, &e), TG_OK);
  refuse_file(&sgd, path, TG_FORMAT, "its optimizer is \"adam\", expected \"sgd\"");
  refuse_file(&sgd, bare, TG_FORMAT, "its optimizer is \"none\", expected \"sgd\"");
  refuse_file(&ams, path, TG_FORMAT, "\"optimizer.max_exp_avg_sq.fc1.weight\" is not in the file");
  refuse_file(&f32, path, TG_DTYPE, "\"fc1.weight\" is f64 [6,5] in the file, expected f32 [6,5]");
  refuse_file(&a, in_folder("none"), TG_FILE, "none");
  put_rate(path, bare, (double)NAN);
  refuse_file(&a, bare, TG_FORMAT, "a learning rate or the steps are out of range");
  put_rate(path, bare, 0.125);
  ck_assert_int_eq(tg_training_load(bare, a.net.params, a.o, NULL, &e), TG_OK);
  ck_assert_double_eq(tg_optimizer_lr(a.o, 0), 0.125);
  tg_optimizer_set_steps(a.o, 3);
  ck_assert_int_eq(tg_training_load(path, ams.net.params, a.o, &now, &e), TG_STATE);
  trainer_free(&a), trainer_free(&ams), trainer_free(&sgd), trainer_free(&f32);
}
END_TEST

/* ---- the suite ---- */

int main(void) {
  Suite *s = suite_create("optim");
  TCase *c = tcase_create("trajectories");
  suite_add_tcase(s, c);
  tcase_add_test(c, test_sgd);
  tcase_add_test(c, test_adam);
  tcase_add_test(c, test_adamw);
  tcase_add_test(c, test_rmsprop);
  tcase_add_test(c, test_adagrad);
  tcase_add_test(c, test_clipped_and_scheduled);
  tcase_add_test(c, test_groups);
  c = tcase_create("rules");
  suite_add_tcase(s, c);
  tcase_add_test(c, test_rest_group);
  tcase_add_test(c, test_refuses_options);
  tcase_add_test(c, test_refuses_groups);
  tcase_add_test(c, test_failed_tape_changes_nothing);
  tcase_add_test(c, test_rates_and_steps);
  tcase_add_test(c, test_constructors);
  tcase_add_test(c, test_kind_of_the_caller);
  tcase_add_loop_test(c, test_threads_and_isas_change_no_bit, 0, 2 * RULES);
  tcase_add_loop_test(c, test_norms_of_large_vectors, 0, 2);
  tcase_add_test(c, test_norms_of_millions);
  tcase_add_test(c, test_clipping_what_is_not_finite);
  tcase_add_test(c, test_schedules_are_pytorchs);
  tcase_add_test(c, test_schedules);
  tcase_add_test(c, test_warm_up_comes_first);
  c = tcase_create("resumed");
  suite_add_tcase(s, c);
  use_folder(c);
  tcase_add_test(c, test_resumed_training_is_the_same_to_the_bit);
  tcase_add_test(c, test_file_of_training);
  tcase_add_test(c, test_refuses_files_that_do_not_fit);
  return run_suite(s);
}
