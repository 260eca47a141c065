/* What the kernels of matrix products ask of an instruction set beyond vector extensions: parts of
   vectors, and squares turned over. Included by gemm_kernel.c alone, which says VECTOR. */
#ifndef TGI_GEMM_VECTORS_H
#define TGI_GEMM_VECTORS_H

#if defined(__AVX2__)
#include <immintrin.h>
#endif

typedef float vec_f32 __attribute__((vector_size(VECTOR), aligned(4), may_alias));
typedef double vec_f64 __attribute__((vector_size(VECTOR), aligned(8), may_alias));
typedef float quad_f32 __attribute__((vector_size(16), aligned(4), may_alias));
typedef double quad_f64 __attribute__((vector_size(32), aligned(8), may_alias));

/* ---- parts ---- */

/* The first `count` elements of a vector; those past them are loaded as 0. */
#if defined(__AVX512F__)
static inline vec_f32 load_part_f32(const float *x, int count) {
  return _mm512_maskz_loadu_ps((__mmask16)((1U << count) - 1), x);
}
static inline vec_f64 load_part_f64(const double *x, int count) {
  return _mm512_maskz_loadu_pd((__mmask8)((1U << count) - 1), x);
}
static inline void store_part_f32(float *y, vec_f32 x, int count) {
  _mm512_mask_storeu_ps(y, (__mmask16)((1U << count) - 1), x);
}
static inline void store_part_f64(double *y, vec_f64 x, int count) {
  _mm512_mask_storeu_pd(y, (__mmask8)((1U << count) - 1), x);
}
#elif defined(__AVX2__)
static inline __m256i mask_f32(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline __m256i mask_f64(int count) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(count), _mm256_setr_epi64x(0, 1, 2, 3));
}
static inline vec_f32 load_part_f32(const float *x, int count) {
  return _mm256_maskload_ps(x, mask_f32(count));
}
static inline vec_f64 load_part_f64(const double *x, int count) {
  return _mm256_maskload_pd(x, mask_f64(count));
}
static inline void store_part_f32(float *y, vec_f32 x, int count) {
  _mm256_maskstore_ps(y, mask_f32(count), x);
}
static inline void store_part_f64(double *y, vec_f64 x, int count) {
  _mm256_maskstore_pd(y, mask_f64(count), x);
}
#else
static inline vec_f32 load_part_f32(const float *x, int count) {
  vec_f32 y = {x[0], 0, 0, 0};
  if (count > 1) y[1] = x[1];
  if (count > 2) y[2] = x[2];
  if (count > 3) y[3] = x[3];
  return y;
}
static inline vec_f64 load_part_f64(const double *x, int count) {
  return (vec_f64){x[0], count > 1 ? x[1] : 0};
}
static inline void store_part_f32(float *y, vec_f32 x, int count) {
  y[0] = x[0];
  if (count > 1) y[1] = x[1];
  if (count > 2) y[2] = x[2];
  if (count > 3) y[3] = x[3];
}
static inline void store_part_f64(double *y, vec_f64 x, int count) {
  y[0] = x[0];
  if (count > 1) y[1] = x[1];
}
#endif

/* ---- squares ---- */

/* x as a square matrix, transposed. */
#if defined(__AVX512F__)
/* Of four blocks of 16 bytes a vector. */
static inline __attribute__((always_inline)) void blocks(__m512d x[4]) {
  __m512d a = _mm512_shuffle_f64x2(x[0], x[1], 0x44), b = _mm512_shuffle_f64x2(x[2], x[3], 0x44);
  __m512d c = _mm512_shuffle_f64x2(x[0], x[1], 0xEE), d = _mm512_shuffle_f64x2(x[2], x[3], 0xEE);
  x[0] = _mm512_shuffle_f64x2(a, b, 0x88);
  x[1] = _mm512_shuffle_f64x2(a, b, 0xDD);
  x[2] = _mm512_shuffle_f64x2(c, d, 0x88);
  x[3] = _mm512_shuffle_f64x2(c, d, 0xDD);
}

static inline __attribute__((always_inline)) void square_f32(vec_f32 x[16]) {
  __m512d y[4][4];
  UNROLLED
  for (int i = 0; i < 4; i++) {
    vec_f32 *r = x + 4 * i;
    __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(r[0], r[1]));
    __m512d b = _mm512_castps_pd(_mm512_unpackhi_ps(r[0], r[1]));
    __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(r[2], r[3]));
    __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(r[2], r[3]));
    y[0][i] = _mm512_unpacklo_pd(a, c);
    y[1][i] = _mm512_unpackhi_pd(a, c);
    y[2][i] = _mm512_unpacklo_pd(b, d);
    y[3][i] = _mm512_unpackhi_pd(b, d);
  }
  UNROLLED
  for (int i = 0; i < 4; i++) {
    blocks(y[i]);
    UNROLLED
    for (int j = 0; j < 4; j++) x[4 * j + i] = _mm512_castpd_ps(y[i][j]);
  }
}

static inline __attribute__((always_inline)) void square_f64(vec_f64 x[8]) {
  __m512d y[2][4];
  UNROLLED
  for (int i = 0; i < 4; i++) {
    y[0][i] = _mm512_unpacklo_pd(x[2 * i], x[2 * i + 1]);
    y[1][i] = _mm512_unpackhi_pd(x[2 * i], x[2 * i + 1]);
  }
  UNROLLED
  for (int i = 0; i < 2; i++) {
    blocks(y[i]);
    UNROLLED
    for (int j = 0; j < 4; j++) x[2 * j + i] = y[i][j];
  }
}
#elif defined(__AVX2__)
static inline __attribute__((always_inline)) void square_f32(vec_f32 x[8]) {
  __m256 y[4][2];
  UNROLLED
  for (int i = 0; i < 2; i++) {
    vec_f32 *r = x + 4 * i;
    __m256d a = _mm256_castps_pd(_mm256_unpacklo_ps(r[0], r[1]));
    __m256d b = _mm256_castps_pd(_mm256_unpackhi_ps(r[0], r[1]));
    __m256d c = _mm256_castps_pd(_mm256_unpacklo_ps(r[2], r[3]));
    __m256d d = _mm256_castps_pd(_mm256_unpackhi_ps(r[2], r[3]));
    y[0][i] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, c));
    y[1][i] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
    y[2][i] = _mm256_castpd_ps(_mm256_unpacklo_pd(b, d));
    y[3][i] = _mm256_castpd_ps(_mm256_unpackhi_pd(b, d));
  }
  UNROLLED
  for (int i = 0; i < 4; i++) {
    x[i] = _mm256_permute2f128_ps(y[i][0], y[i][1], 0x20);
    x[4 + i] = _mm256_permute2f128_ps(y[i][0], y[i][1], 0x31);
  }
}

static inline __attribute__((always_inline)) void square_f64(vec_f64 x[4]) {
  __m256d a = _mm256_unpacklo_pd(x[0], x[1]), b = _mm256_unpackhi_pd(x[0], x[1]);
  __m256d c = _mm256_unpacklo_pd(x[2], x[3]), d = _mm256_unpackhi_pd(x[2], x[3]);
  x[0] = _mm256_permute2f128_pd(a, c, 0x20);
  x[1] = _mm256_permute2f128_pd(b, d, 0x20);
  x[2] = _mm256_permute2f128_pd(a, c, 0x31);
  x[3] = _mm256_permute2f128_pd(b, d, 0x31);
}
#else
static inline void square_f32(vec_f32 x[4]) {
  vec_f32 a = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5);
  vec_f32 b = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7);
  vec_f32 c = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5);
  vec_f32 d = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);
  x[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  x[1] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  x[2] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  x[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

static inline void square_f64(vec_f64 x[2]) {
  vec_f64 a = x[0];
  x[0] = __builtin_shufflevector(a, x[1], 0, 2);
  x[1] = __builtin_shufflevector(a, x[1], 1, 3);
}
#endif

#endif
