/* The inner kernels of the portable matrix product, compiled once per instruction set: TGI_ISA is
   base, avx2, or avx512. This file alone is compiled with -ffp-contract=fast, because a product
   without fused multiply-add runs at half of the processor's speed. */
#include <string.h>

#include "kernel/gemm_parts.h"

#define PASTE2_(a, b)   a##_##b
#define PASTE2(a, b)    PASTE2_(a, b)
#define PASTE3(a, b, c) PASTE2(PASTE2(a, b), c)
#define LOCAL(name)     PASTE2(name, NAME)

/* MASKED: a part of a vector is loaded as fast as the whole. */
#if defined(__AVX512F__)
#define MASKED 1
enum { VECTOR = 64, MR = 8 };
#define ROWS_MAP(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)
#elif defined(__AVX2__)
#define MASKED      0
enum { VECTOR = 32, MR = 6 };
#define ROWS_MAP(X) X(1) X(2) X(3) X(4) X(5) X(6)
#else
#define MASKED      0
enum { VECTOR = 16, MR = 4 };
#define ROWS_MAP(X) X(1) X(2) X(3) X(4)
#endif

/* Where a kernel has many registers gcc keeps an array of them there only if it unrolls its loops
   early; with few, what is unrolled early copies sums about. */
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#elif defined(__AVX2__)
#define UNROLLED _Pragma("GCC unroll 16")
#else
#define UNROLLED
#endif

#define LANES (VECTOR / (int)sizeof(T))
#define NR    (2 * LANES)
#define vec   LOCAL(vec)
#define quad  LOCAL(quad)
#define piece LOCAL(piece)

#include "kernel/gemm_vectors.h"

#define T    float
#define NAME f32
#include "kernel/gemm_kernel_of.h"
#undef T
#undef NAME

#define T    double
#define NAME f64
#include "kernel/gemm_kernel_of.h"
