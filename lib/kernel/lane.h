/* What softmax and its losses do along a lane of adjacent memory, n >= 1 elements, in vectors. The
   sums have an order of their own per instruction set, and the same on any number of threads. */
#ifndef TGI_LANE_H
#define TGI_LANE_H

#include "kernel/vector_math.h"

#if defined(__AVX512F__)
static inline T sum_of(V v) { return X86(reduce_add)(v); }
static inline T largest_of(V v) { return X86(reduce_max)(v); }
#else
static inline T sum_of(V v) {
  for (int half = LANES / 2; half > 0; half /= 2)
    for (int k = 0; k < half; k++) v[k] += v[k + half];
  return v[0];
}
static inline T largest_of(V v) {
  for (int k = 1; k < LANES; k++) v[0] = v[k] > v[0] ? v[k] : v[0];
  return v[0];
}
#endif

/* Any number where there is a NaN: then the powers are NaN. */
static inline T lane_largest(int64_t n, const T *x) {
  V top[4] = {all(*x), all(*x), all(*x), all(*x)};
  int64_t at = 0;
  for (; n - at >= 4 * LANES; at += 4 * LANES)
    for (int k = 0; k < 4; k++) top[k] = larger(load(x + at + k * LANES, LANES), top[k]);
  EACH_VECTOR(n - at, { top[0] = larger(load(x + at + i, m), top[0]); });
  return largest_of(larger(larger(top[0], top[2]), larger(top[1], top[3])));
}

/* The sum of x, or of x times `by` unless it is NULL. */
static inline T lane_sum(int64_t n, const T *x, const T *by) {
  V total[4] = {all(0), all(0), all(0), all(0)};
  int64_t at = 0;
  for (; n - at >= 4 * LANES; at += 4 * LANES)
    for (int k = 0; k < 4; k++) {
      const V a = load(x + at + k * LANES, LANES);
      total[k] += by != NULL ? a * load(by + at + k * LANES, LANES) : a;
    }
  EACH_VECTOR(n - at, {
    V a = load(x + at + i, m);
    if (by != NULL) a *= load(by + at + i, m);
    total[0] += m == LANES ? a : select(within(m), a, all(0));
  });
  return sum_of((total[0] + total[2]) + (total[1] + total[3]));
}

/* The sum of e^(x - top), x <= top or NaN; the powers go to e as well unless it is NULL; it may be
   x. Meanwhile the n elements at `next` are fetched, unless it is NULL: memory would idle. */
static inline T lane_powers(int64_t n, const T *x, T top, T *e, const T *next) {
  enum { AT_ONCE = 64 }; /* vectors that are added before they are added to the sum */
  T sum = 0;
  for (int64_t at = 0; at < n;) {
    V total[4] = {all(0), all(0), all(0), all(0)};
    const int64_t end = n - at < AT_ONCE * 4 * LANES ? n : at + AT_ONCE * 4 * LANES;
    for (; end - at >= 4 * LANES; at += 4 * LANES)
      for (int k = 0; k < 4; k++) {
        const V power = exp_below(load(x + at + k * LANES, LANES) - all(top));
        if (next != NULL) __builtin_prefetch(next + at + k * LANES);
        if (e != NULL) store(e + at + k * LANES, LANES, power);
        total[k] += power;
      }
    EACH_VECTOR(end - at, {
      const V power = exp_below(load(x + at + i, m) - all(top));
      if (e != NULL) store(e + at + i, m, power);
      total[0] += m == LANES ? power : select(within(m), power, all(0));
    });
    sum += sum_of((total[0] + total[2]) + (total[1] + total[3]));
    at = end;
  }
  return sum;
}

/* dx = d, or dx + d. */
#define PUT(dx, m, d, adds)                                                                        \
  do {                                                                                             \
    const V was_ = (adds) ? load(dx, m) : all(0), d_ = (d);                                        \
    store(dx, m, (adds) ? was_ + d_ : d_);                                                         \
  } while (0)

#endif
