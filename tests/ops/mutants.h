/* Operators broken on purpose. An operator is a value, so a mutant is a copy of its struct with one
   function exchanged; nothing is built again. */
#ifndef TESTS_OPS_MUTANTS_H
#define TESTS_OPS_MUTANTS_H

#include "cases.h"

typedef struct mutation {
  const char *name;
  int rule; /* the operand whose rule is broken; -1: not about a rule */
  /* Exchanges a function of m; false where there is nothing to break. */
  bool (*make)(tg_op *m, int rule);
} mutation;

extern const mutation mutations[];
extern const int mutation_count;

/* The mutant of op, valid until the next one; false where there is none. */
bool mutate(const mutation *how, const tg_op *op, tg_op *m);

/* Who caught it: a check's name, "crash" or "endless loop", NULL where it survived; in a process of
   its own. `failure` gets the failure's text. */
const char *catch_mutant(const tg_op *m, char failure[FAILURE_SIZE]);

/* Why the mutant may survive, by tests/ops/survivors.txt ("operator: mutant: reason" a line); NULL
   where it may not. */
const char *survivor_reason(const char *op, const char *mutant, char reason[200]);

/* Mutants as a report: one line each, "operator: mutant: caught by". */
typedef struct tally {
  FILE *to; /* NULL: quiet */
  int mutants, caught, explained;
  char survivors[2000]; /* unexplained ones, and explained ones that were caught */
} tally;
void try_mutant(tally *count, const tg_op *m, const char *mutant);

#endif
