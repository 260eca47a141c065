/* Single floats by as many lanes as the flags of this translation unit allow, in a vocabulary of a
   dozen words, so that the loops are written once. */
#ifndef LIMITS_LANES_H
#define LIMITS_LANES_H

#if defined(__AVX512F__)

#include <immintrin.h>
enum { LANES = 16 };
typedef __m512 V;
static inline V load(const float *p) { return _mm512_loadu_ps(p); }
static inline void store(float *p, V x) { _mm512_storeu_ps(p, x); }
static inline V splat(float x) { return _mm512_set1_ps(x); }
static inline V add(V a, V b) { return _mm512_add_ps(a, b); }
static inline V sub(V a, V b) { return _mm512_sub_ps(a, b); }
static inline V mul(V a, V b) { return _mm512_mul_ps(a, b); }
static inline V quotient(V a, V b) { return _mm512_div_ps(a, b); }
static inline V madd(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }  /* a b + c */
static inline V less(V a, V b, V c) { return _mm512_fnmadd_ps(a, b, c); } /* c - a b */
static inline V least(V a, V b) { return _mm512_min_ps(a, b); }
static inline V most(V a, V b) { return _mm512_max_ps(a, b); }
static inline V root(V a) { return _mm512_sqrt_ps(a); }
static inline V whole(V a) { return _mm512_roundscale_ps(a, 0); }
static inline V scale(V a, V n) { return _mm512_scalef_ps(a, n); } /* a 2^n, n whole */
static inline V magnitude(V a) { return _mm512_abs_ps(a); }
static inline V with_sign(V a, V s) {
  return _mm512_or_ps(a, _mm512_and_ps(s, _mm512_set1_ps(-0.0F)));
}
static inline V guess_reciprocal(V a) { return _mm512_rcp14_ps(a); }
static inline float total(V a) { return _mm512_reduce_add_ps(a); }
static inline float largest(V a) { return _mm512_reduce_max_ps(a); }
static inline void stream(float *p, V x) { _mm512_stream_ps(p, x); }

#elif defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>
enum { LANES = 8 };
typedef __m256 V;
static inline V load(const float *p) { return _mm256_loadu_ps(p); }
static inline void store(float *p, V x) { _mm256_storeu_ps(p, x); }
static inline V splat(float x) { return _mm256_set1_ps(x); }
static inline V add(V a, V b) { return _mm256_add_ps(a, b); }
static inline V sub(V a, V b) { return _mm256_sub_ps(a, b); }
static inline V mul(V a, V b) { return _mm256_mul_ps(a, b); }
static inline V quotient(V a, V b) { return _mm256_div_ps(a, b); }
static inline V madd(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
static inline V less(V a, V b, V c) { return _mm256_fnmadd_ps(a, b, c); }
static inline V least(V a, V b) { return _mm256_min_ps(a, b); }
static inline V most(V a, V b) { return _mm256_max_ps(a, b); }
static inline V root(V a) { return _mm256_sqrt_ps(a); }
static inline V whole(V a) { return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT); }
static inline V scale(V a, V n) { /* -126 <= n <= 127 */
  __m256i e = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(e, 23)));
}
static inline V magnitude(V a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0F), a); }
static inline V with_sign(V a, V s) {
  return _mm256_or_ps(a, _mm256_and_ps(s, _mm256_set1_ps(-0.0F)));
}
static inline V guess_reciprocal(V a) { return _mm256_rcp_ps(a); }
static inline float total(V a) {
  float x[8];
  _mm256_storeu_ps(x, a);
  return ((x[0] + x[4]) + (x[1] + x[5])) + ((x[2] + x[6]) + (x[3] + x[7]));
}
static inline float largest(V a) {
  float x[8], m;
  _mm256_storeu_ps(x, a);
  m = x[0];
  for (int i = 1; i < 8; i++) m = x[i] > m ? x[i] : m;
  return m;
}
static inline void stream(float *p, V x) { _mm256_stream_ps(p, x); }

#else

#include <math.h>
enum { LANES = 1 };
typedef float V;
static inline V load(const float *p) { return *p; }
static inline void store(float *p, V x) { *p = x; }
static inline V splat(float x) { return x; }
static inline V add(V a, V b) { return a + b; }
static inline V sub(V a, V b) { return a - b; }
static inline V mul(V a, V b) { return a * b; }
static inline V quotient(V a, V b) { return a / b; }
static inline V less(V a, V b, V c) { return c - a * b; }
static inline V least(V a, V b) { return a < b ? a : b; }
static inline V most(V a, V b) { return a > b ? a : b; }
static inline V root(V a) { return sqrtf(a); }
static inline V whole(V a) { return rintf(a); }
static inline V scale(V a, V n) { return ldexpf(a, (int)n); }
static inline V magnitude(V a) { return fabsf(a); }
static inline V with_sign(V a, V s) { return copysignf(a, s); }
static inline V guess_reciprocal(V a) { return 1 / a; }
static inline float total(V a) { return a; }
static inline float largest(V a) { return a; }
static inline void stream(float *p, V x) { *p = x; }
static inline V madd(V a, V b, V c) { return a * b + c; }

#endif

/* Two, since a product and an addition take several cycles, but start anew each. */
enum { STEP = 2 * LANES };

#endif
