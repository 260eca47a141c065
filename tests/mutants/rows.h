/* The broken rows: what was made of which operator, and how. */
#ifndef TESTS_MUTANTS_ROWS_H
#define TESTS_MUTANTS_ROWS_H

#include "tapegrad/op.h"

typedef struct row_mutant {
  const tg_op *op;  /* under a name of its own, tanh__3 */
  const char *name; /* of the sound operator */
  const char *what; /* "vjp 0: tg_neg(g) -> g" */
} row_mutant;

extern const row_mutant row_mutants[];
extern const int row_mutant_count;

#endif
