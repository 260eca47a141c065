/* The loop around a step. It knows nothing of what a step is. */
#include "timing.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { MOST_SAMPLES = 400, LEAST_SAMPLES = 10, WARM_STEPS = 5, SETTLING_STEPS = 3 };

double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int order(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double median(double x[], int n) {
  qsort(x, (size_t)n, sizeof *x, order);
  return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

typedef struct clockwork {
  step_fn *step, *reset;
  void *state;
  int64_t since; /* steps since the last reset */
} clockwork;

/* Not timed: sees to it that the next k steps lie within an episode, where that is possible. */
static void make_ready(clockwork *c, int64_t k) {
  if (c->reset != NULL && c->since + k > EPISODE) {
    c->reset(c->state);
    for (int i = 0; i < SETTLING_STEPS; i++) c->step(c->state);
    c->since = SETTLING_STEPS;
  }
  c->since += k;
}

static double sample(clockwork *c, int64_t k) {
  make_ready(c, k);
  double start = now();
  for (int64_t i = 0; i < k; i++) c->step(c->state);
  return (now() - start) / (double)k;
}

timing time_steps(step_fn *step, step_fn *reset, void *state, double seconds) {
  /* as if it were late in an episode: what ran before is not known */
  clockwork c = {.step = step, .reset = reset, .state = state, .since = EPISODE};
  double warm = fmin(seconds, 0.3), start = now(), samples[MOST_SAMPLES];
  for (int i = 0; i < WARM_STEPS || now() - start < warm; i++) sample(&c, 1);
  double one = sample(&c, 1);
  int64_t k = (int64_t)fmax(1, ceil(0.5e-3 / one));
  int n = (int)fmin(MOST_SAMPLES, fmax(LEAST_SAMPLES, seconds / (one * (double)k)));
  for (int i = 0; i < n; i++) samples[i] = sample(&c, k);
  double middle = median(samples, n);
  return (timing){.min = samples[0], .median = middle, .samples = n, .inner = k};
}
