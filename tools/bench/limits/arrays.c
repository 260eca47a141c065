/* The workloads that one fused loop does: elementwise, softmax_ce_wide, adam_10m, and the bandwidth
   of memory. Work is cut into pieces that stay in the cache, and shared among OpenMP's threads. */
#include <math.h>
#include <stdlib.h>

#include "../fill.h"
#include "limits.h"
#include "loops.h"

enum { PIECE = 16000, MAPS = 1000000, ROWS = 4096, COLUMNS = 8192, ADAM = 10000000 };

static int64_t piece_at(int64_t start, int64_t n) { return n - start < PIECE ? n - start : PIECE; }

static float *floats(int64_t n, uint64_t seed, double lo, double hi) {
  float *x = limits_room((size_t)n * sizeof *x);
  fill_f32(x, n, seed, lo, hi);
  return x;
}

/* ---- state of all of them ---- */

typedef struct arrays {
  const loops *loops;
  int threads;
  float *a, *b, *c, *d;
  int64_t *labels, n;
  double value;
  int step;
} arrays;

static void free_arrays(arrays *s) {
  free(s->a);
  free(s->b);
  free(s->c);
  free(s->d);
  free(s->labels);
}

static limit measure(arrays *s, step_fn *step, double (*check)(const arrays *), double seconds) {
  limit found = {.what = "fused loop", .isa = s->loops->isa};
  for (int k = 1; k <= 5; k++) {
    step(s);
    if (k == 1) found.c1 = check(s);
  }
  found.c5 = check(s);
  if (seconds > 0) found.time = time_steps(step, NULL, s, seconds);
  free_arrays(s);
  return found;
}

static double value_of(const arrays *s) { return s->value; }

/* ---- elementwise ---- */

static void maps_step(void *state) {
  arrays *s = state;
  double sum = 0;
#pragma omp parallel for num_threads(s->threads) reduction(+ : sum) if (s->threads > 1)
  for (int64_t i = 0; i < s->n; i += PIECE)
    sum +=
        s->loops->maps(s->a + i, s->b + i, s->c + i, s->d + i, piece_at(i, s->n), 1 / (float)s->n);
  s->value = sum / (double)s->n;
}

limit limit_elementwise(const options *o) {
  arrays s = {.loops = loops_best(o->isa), .threads = o->threads, .n = MAPS};
  s.a = floats(MAPS, 1, -2, 2);
  s.b = floats(MAPS, 2, -2, 2);
  s.c = limits_room(MAPS * sizeof *s.c);
  s.d = limits_room(MAPS * sizeof *s.d);
  return measure(&s, maps_step, value_of, o->seconds);
}

/* ---- softmax_ce_wide ---- */

static void softmax_step(void *state) {
  arrays *s = state;
  double sum = 0;
#pragma omp parallel for num_threads(s->threads) reduction(+ : sum) if (s->threads > 1)
  for (int64_t i = 0; i < ROWS; i++)
    sum += s->loops->cross_entropy(s->a + i * COLUMNS, s->labels[i], s->b + i * COLUMNS, COLUMNS,
                                   1.0F / ROWS);
  s->value = sum / ROWS;
}

limit limit_softmax_ce_wide(const options *o) {
  arrays s = {.loops = loops_best(o->isa), .threads = o->threads};
  s.a = floats((int64_t)ROWS * COLUMNS, 1, -4, 4);
  s.b = limits_room((size_t)ROWS * COLUMNS * sizeof *s.b);
  s.labels = limits_room(ROWS * sizeof *s.labels);
  fill_labels(s.labels, ROWS, 2, COLUMNS);
  return measure(&s, softmax_step, value_of, o->seconds);
}

/* ---- adam_10m ---- */

static void adam_step(void *state) {
  arrays *s = state;
  double left1 = 1 - pow(0.9, ++s->step), left2 = 1 - pow(0.999, s->step);
  adam_rates r = {0.9F, 0.999F, (float)(1e-3 / left1), (float)(1 / sqrt(left2)), 1e-8F};
#pragma omp parallel for num_threads(s->threads) if (s->threads > 1)
  for (int64_t i = 0; i < s->n; i += PIECE)
    s->loops->adam(s->a + i, s->b + i, s->c + i, s->d + i, piece_at(i, s->n), r);
}

static double adam_check(const arrays *s) {
  double sum = 0;
  for (int64_t i = 0; i < s->n; i++) sum += (double)s->a[i] * (double)s->a[i];
  return sum;
}

limit limit_adam_10m(const options *o) {
  arrays s = {.loops = loops_best(o->isa), .threads = o->threads, .n = ADAM};
  s.a = floats(ADAM, 1, -1, 1);
  s.b = floats(ADAM, 2, -1, 1);
  s.c = limits_room(ADAM * sizeof *s.c);
  s.d = limits_room(ADAM * sizeof *s.d);
  return measure(&s, adam_step, adam_check, o->seconds);
}

/* ---- memory ---- */

static void triad_step(void *state) {
  arrays *s = state;
#pragma omp parallel for num_threads(s->threads) if (s->threads > 1)
  for (int64_t i = 0; i < s->n; i += PIECE)
    s->loops->triad(s->a + i, s->b + i, s->c + i, piece_at(i, s->n));
}

static void read_step(void *state) {
  arrays *s = state;
  double sum = 0;
#pragma omp parallel for num_threads(s->threads) reduction(+ : sum) if (s->threads > 1)
  for (int64_t i = 0; i < s->n; i += PIECE)
    sum += (double)s->loops->sum(s->a + i, piece_at(i, s->n));
  s->value = sum;
}

bandwidth limit_memory(const options *o) {
  enum { FLOATS = 32000000 };
  arrays s = {.loops = loops_best(o->isa), .threads = o->threads, .n = FLOATS};
  s.a = limits_room(FLOATS * sizeof *s.a);
  s.b = floats(FLOATS, 1, 0, 1);
  s.c = floats(FLOATS, 2, 0, 1);
  timing triad = time_steps(triad_step, NULL, &s, o->seconds);
  timing read = time_steps(read_step, NULL, &s, o->seconds);
  free_arrays(&s);
  double bytes = FLOATS * sizeof(float);
  return (bandwidth){.triad = 3 * bytes / triad.min, .read = bytes / read.min};
}
