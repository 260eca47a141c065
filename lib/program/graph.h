/* The graph of a program: values, and the steps that make them, each after what it reads. Passes
   rewrite it; then it is laid out, planned and bound, and stays as it is. It lives in an arena. */
#ifndef TGI_PROGRAM_GRAPH_H
#define TGI_PROGRAM_GRAPH_H

#include "base/out.h"
#include "tape/capture.h"

typedef enum tgi_source { TGI_FROM_STEP, TGI_FROM_INPUT, TGI_FROM_PARAM, TGI_CONST } tgi_source;

/* Something with a shape and a place. */
typedef struct tgi_val {
  tg_tensor like; /* dtype, rank, dims, contiguous strides; data where it is known: constants and
                     parameters */
  tgi_source source;
  int index;         /* FROM_INPUT: its number; FROM_PARAM: the parameter's */
  tg_params *params; /* FROM_PARAM */
  const char *name;  /* or NULL */
} tgi_val;

/* One application of an operator. A step with several results (fused ones) has them in y[]; its
   kernel finds the first in call->out, and the others in call->in[n], call->in[n + 1], ... */
typedef struct tgi_step {
  const tg_op *op; /* NULL: removed */
  void *attrs;     /* its own copy, or NULL */
  uint32_t n, n_y;
  uint32_t *x, *y;  /* values */
  int key;          /* 1 + the entry of tgi_graph.keys that its key is; 0: its key does not vary */
  uint32_t n_parts; /* of a fused step: */
  const struct tgi_step *parts; /* the steps that it does */
} tgi_step;

/* What is wanted of a graph, and keeps its value alive. */
typedef enum tgi_root_kind {
  TGI_ROOT_OUTPUT, /* a result, by position */
  TGI_ROOT_BRANCH, /* compared as soon as it is computed */
  TGI_ROOT_STORE,  /* written to the caller's memory */
  TGI_ROOT_ASSIGN, /* written to a parameter, at the very end */
} tgi_root_kind;

typedef struct tgi_root {
  tgi_root_kind kind;
  uint32_t value;
  bool expected;     /* BRANCH */
  tg_tensor to;      /* STORE, ASSIGN */
  tg_params *params; /* ASSIGN */
  int index;
} tgi_root;

typedef struct tgi_graph {
  const tg_runtime *runtime;
  tgi_arena *arena; /* of all below */
  tg_error *error;  /* where passes say what went wrong; never NULL */
  tgi_val *values;  /* [value_count]; ids count from 0 */
  size_t value_count, value_capacity;
  tgi_step *steps;
  size_t step_count, step_capacity;
  tgi_root *roots;
  size_t root_count;
  tgi_key_entry *keys;
  size_t key_count;
  uint32_t *inputs; /* [input_count] values by number */
  size_t input_count;
  int64_t recorded;
  struct tgi_lie *lies; /* [lies_room] memory of layouts */
  size_t lies_room;
} tgi_graph;

enum { TGI_NO_STEP = -1 };

/* ---- building ---- */

/* Memory of the graph's arena; NULL with error set. */
void *tgi_graph_alloc(tgi_graph *g, size_t size);
/* A new value, source FROM_STEP, contiguous; UINT32_MAX with error set. */
uint32_t tgi_graph_value(tgi_graph *g, const tg_tensor *like);
/* A constant with memory of its own, which the caller fills through ->like.data. */
uint32_t tgi_graph_constant(tgi_graph *g, const tg_tensor *like);
/* Appends a step at the end; x, y and attrs are copied. NULL with error set. A pass that puts one
   between others calls tgi_graph_sort afterwards. */
tgi_step *tgi_graph_step(tgi_graph *g, const tg_op *op, const void *attrs, const uint32_t x[],
                         uint32_t n, const uint32_t y[], uint32_t n_y);

/* The steps and values that the roots need, from what the tape recorded. */
tg_status tgi_graph_of_tape(tgi_graph *g, tg_tape *t, const tg_var y[], int n);

/* ---- rewriting: what passes share ---- */

/* A step as its operator's functions see it, its result left out. t holds no node: it is there for
   errors and scratch. */
static inline tg_call tgi_step_call(const tgi_step *step, tg_tape *t, const tg_tensor in[]) {
  return (tg_call){.op = step->op,
                   .attrs = step->attrs,
                   .n = (int)step->n,
                   .in = in,
                   .tape = t,
                   .runtime = t->runtime,
                   .scratch = &t->work};
}
/* maker[v]: the step that makes value v, or TGI_NO_STEP. NULL with error set. */
int32_t *tgi_graph_makers(tgi_graph *g);
/* uses[v]: how often v is an operand or a root. NULL with error set. */
uint32_t *tgi_graph_uses(tgi_graph *g);
/* Reads replace[v] (v itself: kept) in operands and roots, follows chains, and sorts. */
tg_status tgi_graph_replace(tgi_graph *g, uint32_t replace[]);
/* Drops removed steps, and those that no root needs; the steps are in order. */
tg_status tgi_graph_sweep(tgi_graph *g);
/* Orders steps so that each comes after what it reads, and otherwise as they are: one that comes
   too late moves up to before its first reader. Then it sweeps. */
tg_status tgi_graph_sort(tgi_graph *g);
/* Are the attributes of two steps of one operator equal, by its table of fields? */
bool tgi_same_attrs(const tg_op *op, const void *a, const void *b);
/* The same for equal attributes. */
uint64_t tgi_hash_attrs(const tg_op *op, const void *attrs);
/* The hash of what `hash` is of, and then `word`. */
static inline uint64_t tgi_mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}
/* The only element of a constant, which is a float; false where v is none. */
bool tgi_constant_number(const tgi_graph *g, uint32_t v, double *number);

/* ---- passes ---- */

/* A pass rewrites a graph and keeps what its roots compute; what went wrong is in g->error. */
typedef tg_status tgi_pass_fn(tgi_graph *g);

/* ---- layout: where values lie ---- */

/* A value lies in the memory of its base (itself where it is no view), `offset` bytes from there.
 */
typedef struct tgi_lie {
  uint32_t base;
  bool is_view;
  int64_t offset;
  tg_tensor view; /* strides; data is left to binding */
} tgi_lie;
/* lies[value_count], and room for one more value for each root, which is no view; NULL with error
   set. It may take the memory of the last layout, which is gone then. */
tgi_lie *tgi_graph_layout(tgi_graph *g);
/* The lie of the step's result, if it may be a view; those of its operands are right. t holds no
   node. False with error set. */
bool tgi_graph_lay(tgi_graph *g, tg_tape *t, const tgi_step *step, tgi_lie lies[]);

/* The plan: where in the block each base lies. */
typedef struct tgi_plan {
  int64_t *offset;  /* by base: in the block; -1: not there */
  uint32_t *stored; /* by base: 1 + the root (STORE) in whose memory it is computed; 0: none */
  size_t bytes, least_bytes;
} tgi_plan;
/* reuse: memory is taken again as soon as its value is dead. */
tg_status tgi_graph_plan(tgi_graph *g, const tgi_lie lies[], bool reuse, tgi_plan *plan);

/* ---- looking ---- */

typedef bool tgi_show_fn(void *user, int pass, const char *text, size_t length);
/* DOT text of the graph. TG_STOPPED where `show` said so. */
tg_status tgi_graph_show(tgi_graph *g, int pass, tgi_show_fn *show, void *user);
/* What a fused step does: the names of its parts, the first few of many. */
void tgi_put_parts(tgi_out *out, const tgi_step *step, const char *between);

#endif
