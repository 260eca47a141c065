/* LANES numbers of type T as one value, in the compiler's vector extension: one source serves every
   instruction set, and nothing depends on what a compiler sees through. The build names T (float,
   double), LANES, and SUFFIX (of libm). Included once by what is compiled per instruction set; the
   words for numbers are those of the rows (elementwise_rows.h). */
#ifndef TGI_VECTOR_H
#define TGI_VECTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "kernel/libm.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

typedef T V __attribute__((vector_size(LANES * sizeof(T))));
typedef __typeof__(_Generic((T)0, float : (int32_t)0, double : (int64_t)0)) truth;
typedef truth M __attribute__((vector_size(LANES * sizeof(T)))); /* all bits or none, per lane */

/* X86(sqrt) is _mm256_sqrt_ps and so on, where V is one of the instruction set's registers. */
#define X86_(bits, name, type)  X86__(bits, name, type)
#define X86__(bits, name, type) _mm##bits##_##name##_##type
#if defined(__AVX512F__) && LANES == 16
#define X86(name) X86_(512, name, ps)
typedef __mmask16 bits;
#elif defined(__AVX512F__)
#define X86(name) X86_(512, name, pd)
typedef __mmask8 bits;
#elif defined(__AVX__) && LANES == 8
#define X86(name) X86_(256, name, ps)
#elif defined(__AVX__)
#define X86(name) X86_(256, name, pd)
#elif defined(__SSE2__) && LANES == 4
#define X86(name) X86_(, name, ps)
#elif defined(__SSE2__)
#define X86(name) X86_(, name, pd)
#endif

/* ---- memory ---- */

static inline V all(T x) { return x - (V){0}; }

#if defined(__AVX512F__)
static inline V load_first(const T *x, int m) {
  return X86(mask_loadu)(all(*x), (bits)((1u << m) - 1), x);
}
static inline void store_first(T *to, int m, V v) {
  X86(mask_storeu)(to, (bits)((1u << m) - 1), v);
}
#else
static inline V load_first(const T *x, int m) {
  V v = all(*x);
  for (int k = 1; k < LANES; k++)
    if (k < m) v[k] = x[k];
  return v;
}
static inline void store_first(T *to, int m, V v) {
  for (int k = 0; k < LANES; k++)
    if (k < m) to[k] = v[k];
}
#endif

/* m elements, 1 <= m <= LANES; a constant LANES costs nothing, and 1 is as fast as a number. Lanes
   past them repeat the first, so that no function is slower for them or divides by 0. */
static inline V load(const T *x, int m) {
  V v;
  if (m == 1) return all(*x);
  if (m < LANES) return load_first(x, m);
  memcpy(&v, x, sizeof v);
  return v;
}
static inline void store(T *to, int m, V v) {
  if (m == 1)
    *to = v[0];
  else if (m < LANES)
    store_first(to, m, v);
  else
    memcpy(to, &v, sizeof v);
}

/* The statements for elements [i, i + m) of n, m = LANES but for the last. What is computed for an
   element then depends on nothing but the element. */
#define EACH_VECTOR(n, ...)                                                                        \
  do {                                                                                             \
    int64_t i = 0;                                                                                 \
    for (const int m = LANES; (n)-i >= m; i += m) __VA_ARGS__                                      \
    if (i < (n)) {                                                                                 \
      const int m = (int)((n)-i);                                                                  \
      __VA_ARGS__                                                                                  \
    }                                                                                              \
  } while (0)

/* ---- arithmetic ---- */

static inline V neg(V x) { return -x; }
static inline V add(V a, V b) { return a + b; }
static inline V sub(V a, V b) { return a - b; }
static inline V mul(V a, V b) { return a * b; }
static inline V quotient(V a, V b) { return a / b; }
static inline M eq(V a, V b) { return a == b; }
static inline M ne(V a, V b) { return a != b; }
static inline M lt(V a, V b) { return a < b; }
static inline M le(V a, V b) { return a <= b; }
static inline M gt(V a, V b) { return a > b; }
static inline M ge(V a, V b) { return a >= b; }
static inline M both(M a, M b) { return a & b; }
static inline M either(M a, M b) { return a | b; }
static inline M one_of(M a, M b) { return a ^ b; }
/* Without SSE4, gcc takes a condition that is no comparison apart, lane by lane. */
#if defined(X86) && !defined(__AVX__)
static inline V chosen(M condition, V a, V b) {
  return X86(or)(X86(and)((V)condition, a), X86(andnot)((V)condition, b));
}
#else
static inline V chosen(M condition, V a, V b) {
  return (V)((condition & (M)a) | (~condition & (M)b));
}
#endif
/* a b + c, rounded once where the instruction set can. */
#if defined(X86) && defined(__FMA__)
static inline V fused(V a, V b, V c) { return X86(fmadd)(a, b, c); }
#else
static inline V fused(V a, V b, V c) { return a * b + c; }
#endif
/* a > b ? a : b, and a < b ? a : b: b where either is NaN. */
#if defined(X86)
static inline V larger(V a, V b) { return X86(max)(a, b); }
static inline V smaller(V a, V b) { return X86(min)(a, b); }
#else
static inline V larger(V a, V b) { return chosen(a > b, a, b); }
static inline V smaller(V a, V b) { return chosen(a < b, a, b); }
#endif
/* NaN where either is. */
static inline V max(V a, V b) { return chosen(b != b, b, larger(b, a)); }
static inline V min(V a, V b) { return chosen(b != b, b, smaller(b, a)); }
static inline V magnitude(V x) { return (V)((M)x & ~(M)all((T)-0.0)); }

#if defined(__AVX512F__) && LANES == 16
static inline bool every(M condition) { return _mm512_movepi32_mask((__m512i)condition) == 0xffff; }
#elif defined(__AVX512F__)
static inline bool every(M condition) { return _mm512_movepi64_mask((__m512i)condition) == 0xff; }
#elif defined(X86)
static inline bool every(M condition) { return X86(movemask)((V)condition) == (1 << LANES) - 1; }
#else
static inline bool every(M condition) {
  bool yes = true;
  for (int k = 0; k < LANES; k++) yes = yes && condition[k] != 0;
  return yes;
}
#endif

/* The first m lanes. */
static inline M within(int m) {
  M v;
  for (int k = 0; k < LANES; k++) v[k] = k < m ? -1 : 0;
  return v;
}

/* ---- what processors round correctly ---- */

/* libm's function, lane by lane; `const`, as those of libmvec are, so that what a row computes
   twice is computed once. A number equal to the one before is not computed again, so lanes past the
   end of an array cost nothing. */
#define LANEWISE1(name, function)                                                                  \
  static V name(V x) __attribute__((const, noinline, unused));                                     \
  static V name(V x) {                                                                             \
    V y;                                                                                           \
    for (int k = 0; k < LANES; k++)                                                                \
      y[k] = k > 0 && ((M)x)[k] == ((M)x)[k - 1] ? y[k - 1] : LIBM(function)(x[k]);                \
    return y;                                                                                      \
  }
#define LANEWISE2(name, function)                                                                  \
  static V name(V a, V b) __attribute__((const, noinline, unused));                                \
  static V name(V a, V b) {                                                                        \
    V y;                                                                                           \
    for (int k = 0; k < LANES; k++)                                                                \
      y[k] = k > 0 && ((M)a)[k] == ((M)a)[k - 1] && ((M)b)[k] == ((M)b)[k - 1]                     \
                 ? y[k - 1]                                                                        \
                 : LIBM(function)(a[k], b[k]);                                                     \
    return y;                                                                                      \
  }

#if defined(X86)
static inline V root(V x) { return X86(sqrt)(x); }
#else
LANEWISE1(root, sqrt)
#endif
#if defined(__AVX512F__)
#define ROUNDED(name, function, how)                                                               \
  static inline V name(V x) { return X86(roundscale)(x, how); }
#elif defined(__AVX__)
#define ROUNDED(name, function, how)                                                               \
  static inline V name(V x) { return X86(round)(x, how); }
#else
#define ROUNDED(name, function, how) LANEWISE1(name, function)
#endif
ROUNDED(down, floor, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC)
ROUNDED(up, ceil, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC)
ROUNDED(to_zero, trunc, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)
ROUNDED(to_even, rint, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
LANEWISE2(remainder_of, fmod)

#define select(c, a, b) chosen(c, a, b)
#define abs(x)          magnitude(x)
#define div(a, b)       quotient(a, b)
#define sqrt(x)         root(x)
#define floor(x)        down(x)
#define ceil(x)         up(x)
#define trunc(x)        to_zero(x)
#define rint(x)         to_even(x)
#define fmod(a, b)      remainder_of(a, b)

#endif
