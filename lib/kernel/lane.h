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

/* The sum of e^(x - top), which go to e as well unless it is NULL; it may be x. By blocks: a sum
   that waits for a call in each step would be slower than the powers. */
static inline T lane_powers(int64_t n, const T *x, T top, T *e) {
  enum { AT_ONCE = 1024 };
  T block[AT_ONCE], total = 0;
  for (int64_t at = 0; at < n; at += AT_ONCE) {
    const int64_t count = n - at < AT_ONCE ? n - at : AT_ONCE;
    T *const to = e != NULL ? e + at : block;
    EACH_VECTOR(count, { store(to + i, m, exp(load(x + at + i, m) - all(top))); });
    total += lane_sum(count, to, NULL);
  }
  return total;
}

/* dx = d, or dx + d. */
#define PUT(dx, m, d, adds)                                                                        \
  do {                                                                                             \
    const V was_ = (adds) ? load(dx, m) : all(0), d_ = (d);                                        \
    store(dx, m, (adds) ? was_ + d_ : d_);                                                         \
  } while (0)

#endif
