/* The inner kernels of the portable matrix product, compiled once per instruction set: TGI_ISA is
   base, avx2, or avx512. This file alone is compiled with -ffp-contract=fast, because a product
   without fused multiply-add runs at half of the processor's speed. */
#include "kernel/gemm_parts.h"

#define PASTE2_(a, b)   a##_##b
#define PASTE2(a, b)    PASTE2_(a, b)
#define PASTE3(a, b, c) PASTE2(PASTE2(a, b), c)

#if defined(__AVX512F__)
enum { VECTOR = 64, MR = 8 };
#elif defined(__AVX2__)
enum { VECTOR = 32, MR = 6 };
#else
enum { VECTOR = 16, MR = 4 };
#endif

#define T    float
#define NAME f32
#include "kernel/gemm_kernel_of.h"
#undef T
#undef NAME

#define T    double
#define NAME f64
#include "kernel/gemm_kernel_of.h"
