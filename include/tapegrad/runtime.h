/* The runtime: where memory comes from, how many threads work, which instructions are used.
   Made once, passed at creation of tapes and params. NULL stands for plain defaults everywhere:
   malloc, one thread, the best instruction set the processor has, no budget. */
#ifndef TAPEGRAD_RUNTIME_H
#define TAPEGRAD_RUNTIME_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_runtime tg_runtime;

/* Instruction sets for which kernels are compiled. A processor has all up to its best.
   TG_ISA_BASE is what the compiler targets without flags (SSE2 on x86-64). */
typedef enum tg_isa { TG_ISA_BEST, TG_ISA_BASE, TG_ISA_AVX2, TG_ISA_AVX512, TG_ISA_COUNT } tg_isa;

/* A GEMM library. TG_GEMM_AUTO takes the one that a table says is fastest for the processor and the
   shape, PORTABLE is always there. */
typedef enum tg_gemm_backend { TG_GEMM_AUTO, TG_GEMM_PORTABLE, TG_GEMM_BLAS } tg_gemm_backend;

/* `size` bytes at a multiple of `alignment` (a power of two, at most 64), or NULL. */
typedef void *tg_alloc_fn(void *user, size_t size, size_t alignment);
/* Gives back a block and tells the size it was asked with. */
typedef void tg_free_fn(void *user, void *block, size_t size);
/* One line of text without a newline. */
typedef void tg_log_fn(void *user, const char *line);

/* All fields zero: the defaults. Set both alloc and free, or neither. */
typedef struct tg_runtime_options {
  tg_alloc_fn *alloc;
  tg_free_fn *free;
  void *alloc_user;
  tg_log_fn *log;
  void *log_user;
  size_t
      byte_budget; /* most bytes in use at a time, the rest fails with TG_NO_MEMORY; 0: no limit */
  int threads;     /* threads that work on one kernel, the caller's among them; 0: 1 */
  tg_isa isa;      /* at most this instruction set */
  tg_gemm_backend gemm; /* TG_GEMM_BLAS where there is none: TG_UNSUPPORTED */
} tg_runtime_options;

/* options: NULL for defaults. NULL on failure. A runtime may be used by many tapes, on many threads
   at a time, and must outlive them. Results do not depend on `threads`. */
TG_API tg_runtime *tg_runtime_new(const tg_runtime_options *options, tg_error *error);
/* Frees it and ends its threads; NULL is fine. */
TG_API void tg_runtime_free(tg_runtime *runtime);

/* What serves: the instruction set in use, its name ("avx2"), the GEMM library's for large products
   ("OpenBLAS 0.3.21", "portable"), the number of threads. `runtime` may be NULL. */
TG_API tg_isa tg_runtime_isa(const tg_runtime *runtime);
TG_API const char *tg_isa_name(tg_isa isa);
TG_API const char *tg_runtime_gemm_name(const tg_runtime *runtime);
/* The library that multiplies [m,k] by [k,n]. */
TG_API const char *tg_runtime_gemm_for(const tg_runtime *runtime, tg_dtype dtype, int64_t m,
                                       int64_t n, int64_t k);
TG_API int tg_runtime_threads(const tg_runtime *runtime);

/* Bytes that this runtime's objects hold now, and the most that they held. 0 for NULL. */
TG_API size_t tg_runtime_bytes(const tg_runtime *runtime);
TG_API size_t tg_runtime_peak_bytes(const tg_runtime *runtime);

#ifdef __cplusplus
}
#endif
#endif
