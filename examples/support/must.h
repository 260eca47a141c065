/* What every example needs: to stop with the library's sentence where something went wrong. A
   program may print and exit; the library does neither. */
#ifndef EXAMPLES_MUST_H
#define EXAMPLES_MUST_H

#include <stdio.h>
#include <stdlib.h>

#include "tapegrad/tapegrad.h"

/* Ends the program with the tape's message where it failed. */
static inline void must_tape(const tg_tape *t) {
  if (t != NULL && tg_tape_status(t) == TG_OK) return;
  fprintf(stderr, "%s\n", t ? tg_tape_message(t) : "no memory for a tape");
  exit(EXIT_FAILURE);
}

/* Ends the program with the error's message where a call failed. */
static inline void must(bool right, const tg_error *error) {
  if (right) return;
  fprintf(stderr, "%s\n", error->message);
  exit(EXIT_FAILURE);
}

#endif
