/* Programs: what a tape recorded, turned into a plan that replays on new inputs, without recording
   and without allocation. A capture is an ordinary evaluation between tg_capture_begin and
   tg_capture_end; it computes values as always and changes nothing: stores, assignments and what
   was handed to tg_then happen in replays only. examples/replay.c shows a training step. */
#ifndef TAPEGRAD_PROGRAM_H
#define TAPEGRAD_PROGRAM_H

#include "diff.h"
#include "op.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A plan and the memory it needs, in one block. Used by one thread at a time. Parameters and the
   memory that it stores to must outlive it; the tape need not. */
typedef struct tg_program tg_program;

/* ---- capture ---- */

/* All that is recorded from here on is of the program. TG_STATE where a capture is on already, or
   the tape has failed. tg_tape_reset, and a rewind below this place, end it without a program. */
TG_API tg_status tg_capture_begin(tg_tape *t);
TG_API bool tg_is_capturing(const tg_tape *t);

/* Input `index` of the program: a leaf that borrows x, whose values are those of this evaluation. A
   replay brings others of the same shape and dtype. Only inputs and parameters vary in a replay;
   any other leaf keeps the values that it has at tg_capture_end. Indexes count from 0, each is
   declared once, and all up to the largest (TG_ARGUMENT else). `name` is copied, for messages and
   pictures; NULL: none. Outside of a capture it is tg_leaf with a name. */
TG_API tg_var tg_input(tg_tape *t, int index, tg_tensor x, const char *name);
/* The same for one number that is copied: a learning rate, a step number. Rank 0. */
TG_API tg_var tg_input_scalar(tg_tape *t, int index, tg_dtype dtype, double value,
                              const char *name);
/* A key of random numbers that varies; its index counts among keys alone. Random operators that are
   given it, or what tg_input_fold makes of it, draw by the replay's key. Keys that are declared may
   not be equal. Returns `key`. */
TG_API tg_key tg_input_key(tg_tape *t, int index, tg_key key);
/* tg_key_fold(key, n), which stays a function of the input that `key` came from. */
TG_API tg_key tg_input_fold(tg_tape *t, tg_key key, uint64_t n);

/* x != 0, of a var with one element, as a bool that C may branch on. The program then holds for
   this answer alone: a replay in which it differs is TG_BRANCH, and changes nothing. During a
   capture tg_item and tg_value are errors (TG_STATE), since what C would make of the number could
   not vary; shapes may be asked for (tg_dim, tg_numel). False for a failed var. */
TG_API bool tg_branch(tg_var x);
/* A constant with x's present value, by the caller's word that it is the same in every replay.
   tg_item and tg_value take it. Copies, also where no capture is on. */
TG_API tg_var tg_declare_constant(tg_var x);

/* At the end of every replay that succeeds, parameter or buffer `index` becomes x. All assignments
   are made together, so expressions always see the values from before. One for each index.
   TG_SHAPE, TG_DTYPE, TG_STATE (no capture) are sticky on the tape. */
TG_API tg_status tg_assign(tg_params *params, int index, tg_var x);
/* Every replay writes x to the caller's contiguous memory `to`, which no input and no other store
   may overlap. After a replay that failed it may hold anything. */
TG_API tg_status tg_store(tg_tensor to, tg_var x);
/* Every replay makes grads the gradient of root (one element): of each parameter, which is written,
   not added to, with zeros where root is not made from it. */
TG_API tg_status tg_store_grads(tg_grads *grads, tg_var root);
/* Every replay that succeeded calls fn(user) after all stores and before the assignments, in the
   order of these calls. A status other than TG_OK ends the replay with it; those that follow, and
   the assignments, are then left out. tg_optimizer_capture is made of this. */
typedef tg_status tg_then_fn(void *user, tg_error *error);
TG_API tg_status tg_then(tg_tape *t, tg_then_fn *fn, void *user);

/* What is done to a recording. Each pass can be left out, for tests and for curiosity. A replay
   gives the tape's numbers to the last bit, -0, NaN and infinity among them, but for three things:
   - FOLD, SIMPLIFY and SPREAD may leave a sum to be added in another order, by the strides of a
     view that the tape had copied, or as one row of a product instead of many: both sums of n terms
     are within n u of their magnitudes' sum;
   - ACCUMULATE adds the terms of a product to what is there: as the tape, it is within n u of the
     magnitudes' sum, n being all terms that are added up;
   - gradients are those of the recorded sweep, or of the plain one where a fused operator has a
     gradient of its own.
   u is 2^-24 in f32 and 2^-53 in f64 (Higham, Accuracy and Stability of Numerical Algorithms, 3.1),
   to first order. */
/* clang-format off */
#define TG_PASS_MAP(X)                                                                             \
  X(FOLD,     "fold",     "what depends on no input and no parameter is computed once")            \
  X(MERGE,    "merge",    "equal steps with equal operands become one")                            \
  X(SIMPLIFY, "simplify", "x * 1, x - 0, transposes of transposes, and their like go")             \
  X(SPREAD,   "spread",   "what is equal along an axis, being a broadcast, is computed once")      \
  X(PAIR,     "pair",     "a loss and its gradient are computed in one pass")                      \
  X(ACCUMULATE, "accumulate", "sums of products are added up in place, which rounds once less")    \
  X(FUSE,     "fuse",     "elementwise steps and reductions become loops over blocks in cache")    \
  X(REUSE,    "reuse",    "results take the memory of operands that are used no more")
/* clang-format on */
typedef enum tg_pass {
#define TG_PASS_ENUM(name, text, does) TG_PASS_##name,
  TG_PASS_MAP(TG_PASS_ENUM)
#undef TG_PASS_ENUM
      TG_PASS_COUNT
} tg_pass;

/* The zero value is the default. */
typedef struct tg_program_options {
  const tg_runtime *runtime; /* NULL: the tape's; must outlive the program */
  uint32_t without;          /* passes to leave out: bits 1 << TG_PASS_... */
  /* Called with DOT text in pieces: of the graph as recorded (pass -1), and after each pass. */
  bool (*show)(void *user, int pass, const char *text, size_t length);
  void *user;
} tg_program_options;

/* Ends the capture and plans the program whose results are y[0..n) (n may be 0). options: NULL for
   defaults. NULL on failure, also where the tape had failed; all below take it, and answer
   TG_ARGUMENT or nothing. The tape's nodes stay. */
TG_API tg_program *tg_capture_end(tg_tape *t, const tg_var y[], int n,
                                  const tg_program_options *options, tg_error *error);
TG_API void tg_program_free(tg_program *p); /* NULL is fine */

/* ---- replay ---- */

/* Runs the program on x[0..n): one for each input, of its shape and dtype, any strides, borrowed
   for the call. Results of its last replay may be among them. TG_SHAPE, TG_DTYPE, TG_ARGUMENT name
   the input that does not fit; TG_BRANCH a branch that came out otherwise; kernels' own errors
   (TG_INDEX, TG_DIVISION) name their operator. After a failure parameters and optimizers are as
   before. Makes no call to the allocator from the second replay on (from the first where inputs are
   contiguous). */
TG_API tg_status tg_program_replay(tg_program *p, const tg_tensor x[], int n, tg_error *error);
/* The key that input `index` has from the next replay on; before the first call, that of the
   capture. */
TG_API tg_status tg_program_set_key(tg_program *p, int index, tg_key key);

/* Result i of the last replay: valid until the next one. data NULL for a bad index, before the
   first replay, and after one that failed. */
TG_API tg_tensor tg_program_value(const tg_program *p, int i);
/* The same as a number, where it has one element; else NaN. */
TG_API double tg_program_item(const tg_program *p, int i);

/* ---- looking at it ---- */

/* What a program is made of. */
typedef struct tg_program_stats {
  int64_t recorded;   /* nodes of the capture that its results need */
  int64_t steps;      /* what is run */
  size_t bytes;       /* of the memory block: all values but inputs, parameters and stores */
  size_t least_bytes; /* the most that lives at one time: no plan in this order needs less */
  size_t constants;   /* bytes of constants, besides */
} tg_program_stats;
TG_API tg_program_stats tg_program_stats_of(const tg_program *p);
/* The steps as they are run, one a line: number, operator (and what was fused into it), operands,
   shape, dtype, where it lies. TG_STOPPED where `write` said so. */
TG_API tg_status tg_program_dump(const tg_program *p, tg_write_fn *write, void *user);

/* ---- functions that capture themselves ---- */

/* One program for each list of input shapes and dtypes, and for each way that branches went. */
typedef struct tg_function tg_function;
/* Records y[0..n_y) from x[0..n_x), which are inputs; every y[j] must be set. TG_OK, or what the
   call then returns. It is called once for each program, never in a replay. */
typedef tg_status tg_function_fn(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y,
                                 void *user);
typedef struct tg_function_options {
  tg_program_options program;
  int most; /* programs that are kept, the least recently used goes first; 0: 8 */
} tg_function_options;

/* options: NULL for defaults. What fn uses of `user` (parameters, gradients, optimizers) must
   outlive the function. NULL on failure: TG_ARGUMENT without fn or for a negative count. All below
   take that NULL. One thread at a time. */
TG_API tg_function *tg_function_new(tg_function_fn *fn, int n_x, int n_y, void *user,
                                    const tg_function_options *options, tg_error *error);
TG_API void tg_function_free(tg_function *f); /* NULL is fine */
/* Replays the program that fits x[0..n_x), capturing it first where there is none, and has
   y[0..n_y) view the results until the next call, of which they may be inputs. On failure y[i].data
   is NULL, and the function is as it was. A first call evaluates twice: it captures, then replays.
 */
TG_API tg_status tg_function_call(tg_function *f, const tg_tensor x[], tg_tensor y[],
                                  tg_error *error);
TG_API int tg_function_programs(const tg_function *f); /* how many it holds */

#ifdef __cplusplus
}
#endif
#endif
