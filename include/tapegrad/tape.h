/* The tape: it records operators while they are evaluated, and owns everything that an evaluation
   makes. A tg_var names one of its nodes. Used by one thread at a time. */
#ifndef TAPEGRAD_TAPE_H
#define TAPEGRAD_TAPE_H

#include "runtime.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_tape tg_tape;
typedef struct tg_params tg_params;

/* A node by name, 16 bytes, passed by value. Three kinds:
   - live: tape set, id > 0. Using it after its node is gone is TG_STALE, never a wrong number;
   - failed: tape set, id 0. Operators given one fail at once and keep the tape's first error;
   - TG_NONE: no tape. Deliberately absent: an optional bias, a symbolic zero cotangent. */
typedef struct tg_var {
  tg_tape *tape;
  uint32_t id, generation;
} tg_var;

#ifdef __cplusplus
#define TG_NONE (tg_var{NULL, 0, 0})
#else
#define TG_NONE ((tg_var){NULL, 0, 0})
#endif

static inline bool tg_is_none(tg_var x) { return x.tape == NULL; }
static inline bool tg_is_failed(tg_var x) { return x.tape != NULL && x.id == 0; }

/* ---- life ---- */

typedef struct tg_tape_options {
  const tg_runtime *runtime; /* NULL: plain defaults; must outlive the tape */
  size_t byte_budget;        /* most bytes that this tape may hold; 0: no limit */
  bool trace_nan; /* the first NaN or infinity is a sticky TG_NOT_FINITE that names its operator */
  bool check_leaves; /* hash borrowed memory, so that raw writes before backward are caught too */
} tg_tape_options;

/* options: NULL for defaults. NULL on failure, with the reason in `error`. All below take such a
   NULL: its vars are TG_NONE, its status is TG_NO_MEMORY, and nothing happens to it; so a program
   that asks for the status anyway need not ask for the tape. */
TG_API tg_tape *tg_tape_new(const tg_tape_options *options, tg_error *error);
/* Frees the tape and all that it owns; NULL is fine. Its vars and tensors are undefined from then
   on. */
TG_API void tg_tape_free(tg_tape *t);

/* A place on the tape. */
typedef struct tg_mark {
  uint32_t nodes, generation, errors, scopes, scope;
  size_t chunk, used; /* of the tape's memory */
} tg_mark;

TG_API tg_mark tg_tape_mark(const tg_tape *t);
/* Forgets every node, value and error since the mark; keeps the memory for what comes next. A mark
   that was itself rewound is TG_STALE and changes nothing. */
TG_API tg_status tg_tape_rewind(tg_tape *t, tg_mark mark);
/* Forgets everything and keeps the memory: from the second identical step on, no allocation. */
TG_API void tg_tape_reset(tg_tape *t);
/* Keeps only keep[0..n) of what came since the mark: their values become constants just above it,
   and keep[] their new names. Inference in bounded memory. TG_NONE entries stay. A tape that has
   failed, or fails here, keeps its error and its nodes, and all keep[] are failed vars. TG_STATE
   during a capture. */
TG_API tg_status tg_tape_collapse(tg_tape *t, tg_mark mark, tg_var keep[], int n);

/* While off, new nodes are constants: no gradient passes through them. Returns what it was; on at
   the start. */
TG_API bool tg_tape_set_grad(tg_tape *t, bool on);

/* ---- leaves ---- */

/* Borrows x's memory until the node is gone. A gradient can be asked for it by name. */
TG_API tg_var tg_leaf(tg_tape *t, tg_tensor x);
/* Copies x into the tape. */
TG_API tg_var tg_constant(tg_tape *t, tg_tensor x);
/* Rank 0. */
TG_API tg_var tg_scalar(tg_tape *t, tg_dtype dtype, double value);
/* A rank-0 constant of x's dtype on x's tape. */
TG_API tg_var tg_scalar_like(tg_var x, double value);
/* Borrows a parameter or buffer of sealed params; tg_backward gives a parameter's gradient to
   tg_grads. A write to it through the library before backward is TG_CHANGED. */
TG_API tg_var tg_param(tg_tape *t, tg_params *params, int index);

/* ---- values ---- */

/* The var's value: valid while its node lives. data NULL for a failed, stale or absent var. */
TG_API tg_tensor tg_value(tg_var x);
/* The only element of a var with one element, as a double; NaN for others, failed or absent. */
TG_API double tg_item(tg_var x);
TG_API int tg_rank(tg_var x); /* -1 where there is no value */
TG_API int64_t tg_dim(tg_var x,
                      int axis);   /* negative axes count from the end; -1 where there is none */
TG_API int64_t tg_numel(tg_var x); /* -1 where there is no value */
TG_API tg_dtype tg_dtype_of(tg_var x); /* TG_DTYPE_NONE where there is no value */

/* ---- names and scopes, for messages and pictures ---- */

/* Names the node (the text is copied) and returns x. */
TG_API tg_var tg_name(tg_var x, const char *name);
/* The node's name, or NULL. Lives as long as the node. */
TG_API const char *tg_name_of(tg_var x);
/* Nodes made between the two belong to the scope; scopes nest. */
TG_API void tg_scope_begin(tg_tape *t, const char *name);
TG_API void tg_scope_end(tg_tape *t);

/* ---- errors: sticky ---- */

/* The first failure since the tape was new, reset, or rewound below it. TG_OK and "" where there is
   none. The message names operator, operands and shapes: matmul: "x" [32,784] @ "fc1.weight"
   [64,784]: inner sizes 784 and 64 differ */
TG_API tg_status tg_tape_status(const tg_tape *t);
TG_API const char *tg_tape_message(const tg_tape *t);
/* For operators and programs on top: makes the tape fail unless it has, and returns a failed
   var. */
TG_API tg_var tg_tape_fail(tg_tape *t, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

/* ---- looking at it ---- */

TG_API int64_t tg_tape_nodes(const tg_tape *t);
TG_API size_t tg_tape_bytes(const tg_tape *t);

/* Receives text in pieces; false stops the writer. */
typedef bool tg_write_fn(void *user, const char *text, size_t length);

/* Plain text, one line a node that the roots need: id, operator, operands, shape, dtype, bytes,
   name. Numbered by walking from the roots in operand order, so that the text does not depend on
   C's order of argument evaluation; n = 0 takes every node, in tape order. TG_STOPPED where `write`
   said so. */
TG_API tg_status tg_tape_dump(tg_tape *t, const tg_var roots[], int n, tg_write_fn *write,
                              void *user);

#ifdef __cplusplus
}
#endif
#endif
