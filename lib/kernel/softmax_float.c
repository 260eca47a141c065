/* Softmax for one dtype and instruction set, in vectors. Where inner is 1, lanes are done one by
   one; else neighbours at once, so that the innermost loop runs over adjacent memory. The build
   names T, LANES, DTYPE, ISA and SUFFIX. */
#include "kernel/lane.h"
#include "kernel/softmax_parts.h"

enum { BLOCK = TGI_SOFTMAX_BLOCK };

/* ---- one lane in adjacent memory ---- */

static void lane(const tgi_lanes *j, const T *x, T *y) {
  const T top = lane_largest(j->n, x);
  if (j->kind == TGI_SOFTMAX) {
    const V total = all(lane_powers(j->n, x, top, y, NULL));
    EACH_VECTOR(j->n, { store(y + i, m, load(y + i, m) / total); });
  } else {
    const V top_of_all = all(top), total = log(all(lane_powers(j->n, x, top, NULL, NULL)));
    EACH_VECTOR(j->n, { store(y + i, m, load(x + i, m) - top_of_all - total); });
  }
}

/* What is subtracted before the exponential: the largest, or 0 where that is infinite or NaN. */
static V tame(V top) { return select(top - top == all(0), top, all(0)); }

static T log_of_lane(const tgi_lanes *j, const T *x) {
  const T largest = lane_largest(j->n, x);
  const V top = tame(all(largest));
  V sum = all(0);
  if (largest == (T)INFINITY) /* infinite too, unless there is a NaN */
    EACH_VECTOR(j->n, { sum += exp(load(x + i, m)); });
  const V y = largest == (T)INFINITY ? all(sum_of(sum))
                                     : log(all(lane_powers(j->n, x, top[0], NULL, NULL))) + top;
  return y[0];
}

static inline void lane_grad_of(const tgi_lanes *j, const T *y, const T *g, T *dx,
                                const bool logarithm, const bool adds) {
  const V total = all(lane_sum(j->n, g, logarithm ? NULL : y));
  EACH_VECTOR(j->n, {
    const V ys = load(y + i, m), gs = load(g + i, m);
    PUT(dx + i, m, logarithm ? gs - exp(ys) * total : ys * (gs - total), adds);
  });
}

static void lane_grad(const tgi_lanes *j, const T *y, const T *g, T *dx) {
  if (j->kind == TGI_LOG_SOFTMAX)
    lane_grad_of(j, y, g, dx, true, j->accumulate);
  else
    lane_grad_of(j, y, g, dx, false, j->accumulate);
}

/* ---- neighbouring lanes ---- */

static void lanes(const tgi_lanes *j, int width, const T *x, T *y) {
  const int64_t end = j->n * j->inner;
  T top[BLOCK], total[BLOCK] = {0};
  memcpy(top, x, (size_t)width * sizeof *top);
  for (int64_t at = j->inner; at < end; at += j->inner)
    EACH_VECTOR(width, { store(top + i, m, larger(load(x + at + i, m), load(top + i, m))); });
  for (int64_t at = 0; at < end; at += j->inner)
    EACH_VECTOR(width, {
      const V power = exp_below(load(x + at + i, m) - load(top + i, m));
      store(total + i, m, load(total + i, m) + power);
      if (j->kind == TGI_SOFTMAX) store(y + at + i, m, power);
    });
  if (j->kind == TGI_LOG_SOFTMAX)
    EACH_VECTOR(width, { store(total + i, m, log(load(total + i, m))); });
  for (int64_t at = 0; at < end; at += j->inner)
    EACH_VECTOR(width, {
      const V b = load(total + i, m);
      store(y + at + i, m,
            j->kind == TGI_SOFTMAX ? load(y + at + i, m) / b
                                   : load(x + at + i, m) - load(top + i, m) - b);
    });
}

static void logs_of_lanes(const tgi_lanes *j, int width, const T *x, T *y) {
  const int64_t end = j->n * j->inner;
  T top[BLOCK], total[BLOCK] = {0};
  memcpy(top, x, (size_t)width * sizeof *top);
  for (int64_t at = j->inner; at < end; at += j->inner)
    EACH_VECTOR(width, { store(top + i, m, larger(load(x + at + i, m), load(top + i, m))); });
  EACH_VECTOR(width, { store(top + i, m, tame(load(top + i, m))); });
  for (int64_t at = 0; at < end; at += j->inner)
    EACH_VECTOR(width, {
      const V power = exp(load(x + at + i, m) - load(top + i, m));
      store(total + i, m, load(total + i, m) + power);
    });
  EACH_VECTOR(width, { store(y + i, m, log(load(total + i, m)) + load(top + i, m)); });
}

static void lanes_grad(const tgi_lanes *j, int width, const T *y, const T *g, T *dx) {
  const bool logarithm = j->kind == TGI_LOG_SOFTMAX;
  const int64_t end = j->n * j->inner;
  T total[BLOCK] = {0};
  for (int64_t at = 0; at < end; at += j->inner)
    EACH_VECTOR(width, {
      V a = load(g + at + i, m);
      if (!logarithm) a *= load(y + at + i, m);
      store(total + i, m, load(total + i, m) + a);
    });
  for (int64_t at = 0; at < end; at += j->inner)
    EACH_VECTOR(width, {
      const V ys = load(y + at + i, m), gs = load(g + at + i, m), b = load(total + i, m);
      PUT(dx + at + i, m, logarithm ? gs - exp(ys) * b : ys * (gs - b), j->accumulate);
    });
}

/* ---- the lanes from `at` on ---- */

void TGI_SOFTMAX_OF(DTYPE, ISA)(const tgi_lanes *j, int width, int64_t at) {
  T *to = (T *)j->to + at;
  const T *x = (const T *)j->x + at;
  if (j->kind == TGI_LOGSUMEXP) to = (T *)j->to + at / j->n / j->inner * j->inner + at % j->inner;
  if (j->kind == TGI_LOGSUMEXP && j->inner == 1)
    *to = log_of_lane(j, x);
  else if (j->kind == TGI_LOGSUMEXP)
    logs_of_lanes(j, width, x, to);
  else if (j->g == NULL && j->inner == 1)
    lane(j, x, to);
  else if (j->g == NULL)
    lanes(j, width, x, to);
  else if (j->inner == 1)
    lane_grad(j, x, (const T *)j->g + at, to);
  else
    lanes_grad(j, width, x, (const T *)j->g + at, to);
}
