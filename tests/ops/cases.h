/* The generated tests of operators: a case is one operator on one of its samples in one dtype; a
   check looks at one case. Checks know no particular operator. A check does not assert: it reports,
   so that tests/test_mutants.c can run it on an operator that is broken on purpose. */
#ifndef TESTS_OPS_CASES_H
#define TESTS_OPS_CASES_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/diff.h"
#include "tapegrad/op.h"
#include "tapegrad/ops.h"

enum { FAILURE_SIZE = 512 };

typedef struct op_case {
  const tg_op *op;
  int index; /* of the sample */
  tg_dtype dtype;
  const tg_sample *sample;
  tg_tape *t;
  int n;
  tg_tensor in[TG_SAMPLE_INPUTS]; /* contiguous */
  void *blocks;                   /* all memory of the case, a list */
  int compared;                   /* how much was looked at; 0: the check does not apply */
  char failure[FAILURE_SIZE];     /* "": none */
} op_case;

/* ---- cases ---- */

/* False: the operator has no such case. */
bool case_begin(op_case *c, const tg_op *op, int index, tg_dtype dtype, const tg_runtime *runtime);
/* The same inputs by another shape of the sample's. */
bool case_begin_sample(op_case *c, const tg_op *op, int index, const tg_sample *sample,
                       tg_dtype dtype, const tg_runtime *runtime);
void case_end(op_case *c);
/* Operand i of the sample; other numbers of its range for each `turn`, of which 0 is in[i]. */
tg_tensor case_input(op_case *c, int i, uint64_t turn);
/* "tanh sample 1 f64: ..." unless the case has failed before. */
void case_fail(op_case *c, const char *format, ...) TG_PRINTF(2, 3);
static inline bool case_failed(const op_case *c) { return c->failure[0] != 0; }

/* ---- memory, until the end of the case ---- */

tg_tensor case_tensor(op_case *c, tg_dtype dtype, int rank, const int64_t dims[]); /* zeros */
tg_tensor case_like(op_case *c, const tg_tensor *like);                            /* zeros */
tg_tensor case_copy(op_case *c, const tg_tensor *x);                               /* contiguous */
tg_tensor case_cast(op_case *c, const tg_tensor *x, tg_dtype dtype);
/* Floats in [-1, 1], other numbers for each `stream`. */
tg_tensor case_random(op_case *c, const tg_tensor *like, uint64_t stream);

/* ---- evaluation ---- */

/* The operator on leaves over in[0..c->n). A failed var is the case's failure. */
tg_var case_apply(op_case *c, const tg_tensor in[], tg_var x[]);
/* No gradient passes, or nothing that it could pass to. */
bool case_is_constant(const op_case *c, const tg_tensor *y);
bool case_is_differentiable(const op_case *c, int i);
/* Each element of the result is made of one element of each operand, without choice of order. */
bool op_is_elementwise(const tg_op *op);

/* ---- comparison ---- */

/* Same shape, and |a - b| <= tolerance (|b| + max(1, largest |b|)); 0: equal, NaN being equal to
   NaN. Else the case's failure: "WHAT: 1.3e-2 off at [0,2]". */
bool case_equal(op_case *c, const char *what, const tg_tensor *a, const tg_tensor *b,
                double tolerance);
double dot(const tg_tensor *a, const tg_tensor *b);
void index_text(const tg_tensor *x, int64_t position, char text[64]);

/* ---- checks ---- */

typedef struct op_check {
  const char *name, *says;
  uint32_t dtypes; /* it looks at cases of these; 0: at samples that must be refused */
  void (*run)(op_case *c);
} op_check;

extern const op_check op_checks[];
extern const int op_check_count;

void check_value(op_case *c);
void check_edges(op_case *c);
void check_views(op_case *c);
void check_axes(op_case *c);
void check_precision(op_case *c);
void check_instructions(op_case *c);
void check_transpose(op_case *c);
void check_slope(op_case *c);
void check_second_slope(op_case *c);
void check_plain(op_case *c);
void check_refused(op_case *c);
void check_replay(op_case *c);

/* Runs one check on all cases of an operator until one fails. How many it looked at; -1 with the
   text in `failure`. */
int run_check(const op_check *check, const tg_op *op, char failure[FAILURE_SIZE]);

/* Why a check looks at no case of an operator; NULL: there is no reason, which is a mistake. */
const char *why_not(const op_check *check, const tg_op *op);

/* ---- golden numbers (tests/golden/ops.txt, made by tools/golden/ops.py) ---- */

/* What the script reads: every case, its attributes and its inputs. */
void dump_cases(FILE *to);

#endif
