/* What a workload is: numbers to begin with, an expression, an update. Each family of workloads is
   one file; workloads.c lists them. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include <tapegrad/tapegrad.h>

enum { MOST_PARAMS = 8, MOST_INPUTS = 8 };

/* Where a tensor's first values come from. */
typedef struct source {
  tg_dtype dtype; /* none: the list ends here; TG_I64: class indices */
  int rank;
  int64_t dims[3];
  uint64_t seed;
  double lo, hi;
  int64_t fan_in;     /* where not 0: lo and hi are -+ 1 / sqrt(fan_in) */
  int64_t classes;    /* of class indices */
  const float *given; /* where not NULL: the values themselves */
  bool identity;      /* a matrix; in a program a constant */
} source;

/* Weight [out,in] and bias [out] of a layer. */
/* clang-format off */
#define LAYER(in, out, number)                              \
  {TG_F32, 2, {out, in}, .seed = (number), .fan_in = (in)},  \
  {TG_F32, 1, {out}, .seed = (number) + 1, .fan_in = (in)}
/* clang-format on */

typedef enum update { UPDATE_NONE, UPDATE_SGD, UPDATE_ADAM } update;

typedef struct workload workload;
typedef struct bench bench;

struct workload {
  const char *name, *note;
  source params[MOST_PARAMS], inputs[MOST_INPUTS];
  source result; /* memory for what a step of its own finds, zeros at first */
  /* The value whose gradients by all params a step asks for. */
  tg_var (*loss)(const workload *w, tg_tape *t, const tg_var p[], const tg_var x[]);
  update update;
  double lr;
  int64_t n;      /* a size that loss knows */
  int64_t per_op; /* operators a step records and reverses, where that is what the row is about */
  /* Where not NULL, a step in place of: loss, gradients, update. It sets b->outputs, whose sum of
     squares is then the check value in place of the loss. */
  void (*step)(bench *b);
  /* The same for a program: it stores what b->outputs then names. NULL: loss, gradients, update. */
  void (*record)(bench *b, const tg_var p[], const tg_var x[]);
  bool eager_only;
};

/* A workload that is being run. */
struct bench {
  const workload *w;
  tg_runtime *runtime;
  tg_params *params;
  tg_grads *grads;
  tg_optimizer *optimizer; /* NULL: no update */
  tg_tape *t;
  tg_program *program; /* NULL: eager */
  tg_tensor inputs[MOST_INPUTS], result, outputs[MOST_PARAMS];
  tg_tensor varying[MOST_INPUTS]; /* the program's inputs */
  int n_params, n_inputs, n_varying, n_outputs;
  void *start[MOST_PARAMS]; /* first values, where the params are small enough to go back to them */
  size_t kept;              /* bytes of params, gradients and optimizer */
  double value;             /* the loss of the last step */
};

/* Ends the program with a sentence where something went wrong. */
void must(bool right, const tg_error *error);
void must_tape(const tg_tape *t);

/* Takes ownership of the runtime. replay: what a step does is captured once and then replayed. */
bench *bench_new(const workload *w, tg_runtime *runtime, bool replay);
void bench_free(bench *b);

/* Vars of all params and inputs on an empty tape. */
void bench_begin(bench *b, tg_var p[], tg_var x[]);
/* One step, a step_fn; NULL reset where nothing drifts. */
void bench_step(void *b);
void bench_reset(void *b);
bool bench_drifts(const bench *b);
/* The number that tells whether the last step was right. */
double bench_check(const bench *b);
/* The most that it held besides params, gradients and optimizer; for a program, its block. */
size_t bench_peak(const bench *b);
/* What no plan of the program can go below; 0 where there is no program. */
size_t bench_least(const bench *b);
/* Nodes of the tape, or steps of the program. */
int64_t bench_nodes(const bench *b);

#endif
