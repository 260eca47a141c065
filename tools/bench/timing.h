/* How all of the benchmark is timed, the peer's script alike: warm-up; then samples of so many
   steps that one lasts half a millisecond; the fastest and the median sample, per step. */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include <stdint.h>

/* A training step on one batch drifts: after some 800 steps a quarter of Adam's first moments are
   denormal numbers, which cost more. So a state that drifts goes back to its start this often,
   outside of what is timed. */
enum { EPISODE = 200 };

typedef void step_fn(void *state);

typedef struct timing {
  double min, median; /* seconds a step */
  int samples;
  int64_t inner; /* steps a sample */
} timing;

double now(void); /* seconds, since any moment */

/* Times for about `seconds` after a warm-up; reset: NULL where a step leaves no trace. */
timing time_steps(step_fn *step, step_fn *reset, void *state, double seconds);

/* of n sorted or unsorted numbers, which it sorts */
double median(double x[], int n);

#endif
