/* From gradients to better parameters: optimizers, clipping, schedules, and training that goes on
   where it stopped. The formulas are PyTorch's (torch.optim of 1.13), in the parameter's dtype. */
#ifndef TAPEGRAD_OPTIM_H
#define TAPEGRAD_OPTIM_H

#include "io.h"
#include "params.h"
#include "random.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- optimizers ---- */

/* A rule with its memory for one sealed params, as vectors that mirror the params' own. Allocates
   when it is made and never after. One thread at a time. The params must outlive it. */
typedef struct tg_optimizer tg_optimizer;

/* What a rule is; tg_adam is one. Open at the end of this header, for rules of your own. */
typedef struct tg_optimizer_kind tg_optimizer_kind;

/* In the option structs 0 stands for the default that is named beside the field. TG_ZERO is the 0
   that is meant: a learning rate of nothing, Adam without its first moment. */
#define TG_ZERO (-0.0)

/* All rules: lr >= 0 the learning rate, weight_decay >= 0; p the parameter, g its gradient.
   g += weight_decay p before anything else, but for AdamW. A NaN or an infinity in g goes where
   the formula takes it. */

/* b = momentum b + (1 - dampening) g, at the first step b = g; where momentum is 0, b = g.
   p -= lr b;  nesterov: p -= lr (g + momentum b), which needs momentum and no dampening. */
typedef struct tg_sgd_options {
  double lr; /* 1e-3 */
  double momentum, dampening, weight_decay;
  bool nesterov;
} tg_sgd_options;

/* m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2; at step k
   p -= lr / (1 - beta1^k) m / (sqrt(v / (1 - beta2^k)) + eps)
   amsgrad: with the largest v so far (Kingma & Ba, arXiv:1412.6980; Reddi et al., 2018). */
typedef struct tg_adam_options {
  double lr;           /* 1e-3 */
  double beta1, beta2; /* 0.9, 0.999; both in [0, 1) */
  double eps;          /* 1e-8 */
  double weight_decay;
  bool amsgrad;
} tg_adam_options;

/* Adam with p *= 1 - lr weight_decay before the step, and g as it is (Loshchilov & Hutter,
   arXiv:1711.05101). weight_decay: 1e-2. */
typedef tg_adam_options tg_adamw_options;

/* v = alpha v + (1 - alpha) g^2;  centered: m = alpha m + (1 - alpha) g, and v - m^2 for v below
   s = g / (sqrt(v) + eps);  p -= lr s, or with momentum: b = momentum b + s;  p -= lr b. */
typedef struct tg_rmsprop_options {
  double lr;    /* 1e-2 */
  double alpha; /* 0.99, in [0, 1) */
  double eps;   /* 1e-8 */
  double momentum, weight_decay;
  bool centered;
} tg_rmsprop_options;

/* s += g^2;  at step k  p -= lr / (1 + (k - 1) lr_decay) g / (sqrt(s) + eps). */
typedef struct tg_adagrad_options {
  double lr;  /* 1e-2 */
  double eps; /* 1e-10 */
  double lr_decay, weight_decay;
  double initial_accumulator; /* s before the first step */
} tg_adagrad_options;

TG_API extern const tg_optimizer_kind tg_sgd, tg_adam, tg_adamw, tg_rmsprop, tg_adagrad;

/* All parameters in one group. options: NULL for defaults. NULL on failure: params that are not
   sealed, TG_ARGUMENT for an option outside its range. */
TG_API tg_optimizer *tg_sgd_new(tg_params *params, const tg_sgd_options *options, tg_error *error);
TG_API tg_optimizer *tg_adam_new(tg_params *params, const tg_adam_options *options,
                                 tg_error *error);
TG_API tg_optimizer *tg_adamw_new(tg_params *params, const tg_adamw_options *options,
                                  tg_error *error);
TG_API tg_optimizer *tg_rmsprop_new(tg_params *params, const tg_rmsprop_options *options,
                                    tg_error *error);
TG_API tg_optimizer *tg_adagrad_new(tg_params *params, const tg_adagrad_options *options,
                                    tg_error *error);

/* Parameters with options of their own. */
typedef struct tg_param_group {
  const int *indexes; /* of parameters, each in one group; NULL: all that no other group names */
  int count;
  const void *options; /* the kind's option struct; NULL: defaults */
} tg_param_group;

/* A parameter that is in no group is not trained. indexes and options are copied. TG_ARGUMENT: an
   index is a buffer's, out of range, or named twice. NULL on failure. */
TG_API tg_optimizer *tg_optimizer_new(tg_params *params, const tg_optimizer_kind *kind,
                                      const tg_param_group groups[], int n, tg_error *error);
TG_API void tg_optimizer_free(tg_optimizer *o); /* NULL is fine */

/* One step along the gradients; touches every parameter of its groups. Where `t` has failed, its
   status is returned and nothing changes; NULL: no tape to ask. TG_ARGUMENT for gradients of other
   params, TG_STATE where `t` is capturing (tg_optimizer_capture is for that). Results do not depend
   on the number of threads. */
TG_API tg_status tg_optimizer_step(tg_optimizer *o, const tg_grads *grads, const tg_tape *t);

/* Every replay of the program that `t` is capturing ends with this step (program.h), with the rates
   and the count of steps that the optimizer then has. grads and the optimizer must outlive the
   program. TG_STATE: no capture is on; TG_ARGUMENT: gradients of other params; sticky on the
   tape. */
TG_API tg_status tg_optimizer_capture(tg_optimizer *o, const tg_grads *grads, tg_tape *t);

TG_API const tg_optimizer_kind *tg_optimizer_kind_of(const tg_optimizer *o);
TG_API tg_params *tg_optimizer_params(const tg_optimizer *o);
TG_API int tg_optimizer_groups(const tg_optimizer *o);
/* Of one group, or with group -1 of all. Taken as it is: 0 is 0. TG_ARGUMENT, and nothing changes,
   where it is negative or not finite, or there is no such group. */
TG_API tg_status tg_optimizer_set_lr(tg_optimizer *o, int group, double lr);
TG_API double tg_optimizer_lr(const tg_optimizer *o, int group); /* NaN: no such group */
/* Steps made. Bias corrections count from here. */
TG_API int64_t tg_optimizer_steps(const tg_optimizer *o);
TG_API tg_status tg_optimizer_set_steps(tg_optimizer *o, int64_t steps);
/* The k-th memory of one parameter, of its shape and dtype, named kind->states[k]; data NULL where
   the group's options keep none. It may be written. */
TG_API tg_tensor tg_optimizer_state(const tg_optimizer *o, int k, int index);

/* ---- clipping: in place, before the step ---- */

/* Every element into [-limit, limit]; a NaN stays. TG_ARGUMENT where limit < 0 or NaN. */
TG_API tg_status tg_clip_grad_value(tg_grads *grads, double limit);
/* Returns the norm of all gradients as one vector, summed in f64 in an order that depends on the
   sizes alone; where it exceeds max_norm, all are scaled by max_norm / (norm + 1e-6). norm_type: 2,
   or INFINITY for the largest magnitude; for another, or where max_norm is negative or NaN, the
   result is NaN and nothing changes. */
TG_API double tg_clip_grad_norm(tg_grads *grads, double max_norm, double norm_type);

/* ---- schedules: the learning rate as a pure function of the step, which counts from 0 ---- */

typedef struct tg_schedule tg_schedule;
/* The rate `step` steps after the warm-up. */
typedef double tg_decay_fn(const tg_schedule *s, double base_lr, int64_t step);

/* All fields zero: the rate is constant. */
struct tg_schedule {
  tg_decay_fn *decay; /* one of those below, or the caller's; NULL: none */
  int64_t period; /* of `decay`, in steps after the warm-up: a run of n ends at n - warmup; 0: 1 */
  double gamma;   /* a factor; 0: 0.1 for tg_decay_step, 0.95 for tg_decay_exponential */
  double lr_min;  /* where tg_decay_cosine ends */
  int64_t warmup; /* steps before `decay` begins; during them the rate is linear, */
  double warmup_start; /* from this factor of base_lr (0: 1/3; TG_ZERO: 0) up to 1 */
  void *user;          /* for the caller's decay */
};

/* StepLR: base_lr gamma^floor(step / period). */
TG_API double tg_decay_step(const tg_schedule *s, double base_lr, int64_t step);
/* ExponentialLR: base_lr gamma^step. */
TG_API double tg_decay_exponential(const tg_schedule *s, double base_lr, int64_t step);
/* CosineAnnealingLR in closed form: lr_min + (base_lr - lr_min) (1 + cos(pi step / period)) / 2,
   which rises again past `period`. */
TG_API double tg_decay_cosine(const tg_schedule *s, double base_lr, int64_t step);

/* The rate of a step. NULL: constant. A negative step counts as 0. */
TG_API double tg_schedule_lr(const tg_schedule *s, double base_lr, int64_t step);

/* ---- training that goes on where it stopped ---- */

/* What the caller's loop needs besides parameters and optimizer. Batches follow from step and key
   (tg_batches_at), so nothing else is kept. */
typedef struct tg_training {
  int64_t step, epoch;
  tg_key key;
  const tg_named_text *texts; /* saved in the file's metadata; tg_training_load leaves them, */
  int64_t text_count;         /* tg_safetensors_text finds them */
} tg_training;

/* Writes parameters and buffers under their names (tg_params_load reads such a file too), the
   optimizer's memory as "optimizer.STATE.NAME", its steps and rates, and `training`. The file is
   replaced as a whole. optimizer, training: NULL leaves them out. */
TG_API tg_status tg_training_save(const char *path, const tg_params *params,
                                  const tg_optimizer *optimizer, const tg_training *training,
                                  tg_error *error);
/* Reads it back, into an optimizer made with the same groups and options (of them the file has the
   rates): a run that loads goes on bit for bit as the run that saved. Nothing is changed unless all
   fits: names, shapes, dtypes, and the optimizer's kind. */
TG_API tg_status tg_training_load(const char *path, tg_params *params, tg_optimizer *optimizer,
                                  tg_training *training, tg_error *error);

/* ---- rules of your own ---- */

enum { TG_OPTIMIZER_STATES = 4 };

/* A number among the options. 0 becomes `usual`, and then low <= value < high must hold. */
typedef struct tg_option {
  const char *name;
  size_t offset; /* of a double in the option struct */
  double usual, low, high;
} tg_option;

/* One piece of a step: dense vectors of n elements. Pieces are worked on by several threads. */
typedef struct tg_update {
  const tg_runtime *runtime;
  tg_dtype dtype; /* TG_F32 or TG_F64 */
  int64_t n;
  void *p;                          /* the parameters */
  const void *g;                    /* their gradients */
  void *state[TG_OPTIMIZER_STATES]; /* NULL where the options keep none */
  const void *options;              /* the group's, defaults filled in */
  int64_t step;                     /* 1 for the first */
} tg_update;

struct tg_optimizer_kind {
  size_t size;      /* sizeof(tg_optimizer_kind) where it was compiled */
  const char *name; /* written into files */
  size_t options_size;
  const tg_option *options; /* the first is the rate; ended by a row without a name */
  const char *states[TG_OPTIMIZER_STATES]; /* names; NULL past the last */
  /* Does this option set keep state k? NULL: all that have names. */
  bool (*keeps)(const void *options, int k);
  /* The first value of state k; NULL: 0. */
  double (*start)(const void *options, int k);
  /* What is wrong with the options as a whole: a sentence, or NULL. May be NULL. */
  const char *(*refuse)(const void *options);
  void (*update)(const tg_update *u);
};

#ifdef __cplusplus
}
#endif
#endif
