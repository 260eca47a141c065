/* Numbers that any language can make again: a 64-bit hash of seed and position, as torch_rows.py
   has it. Both programs begin from the same data and parameters, whatever their random generators.
 */
#ifndef BENCH_FILL_H
#define BENCH_FILL_H

#include <stdint.h>

/* Element i: lo + (hi - lo) u, u in [0, 1) a multiple of 2^-24; computed in double. */
void fill_f32(float *x, int64_t n, uint64_t seed, double lo, double hi);
void fill_f64(double *x, int64_t n, uint64_t seed, double lo, double hi);
/* Class indices from 0 to classes - 1. */
void fill_labels(int64_t *x, int64_t n, uint64_t seed, int64_t classes);

#endif
