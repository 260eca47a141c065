/* tapegrad-limits: how fast the machine is at what a workload cannot do without. */
#ifndef LIMITS_LIMITS_H
#define LIMITS_LIMITS_H

#include <stddef.h>

#include "../options.h"
#include "../timing.h"

typedef struct limit {
  const char *what, *isa;
  timing time;
  double c1, c5; /* check values as the workload's; NaN where there are none */
  int64_t per_op;
  char by[512]; /* which library serves which product */
} limit;

typedef struct bandwidth {
  double triad, read; /* bytes a second */
} bandwidth;

limit limit_elementwise(const options *o);
limit limit_softmax_ce_wide(const options *o);
limit limit_scalar_chain(const options *o);
limit limit_adam_10m(const options *o);
bandwidth limit_memory(const options *o);

/* Zeros, at a multiple of 64; ends the program where there is no memory. */
void *limits_room(size_t bytes);

#endif
