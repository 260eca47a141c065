/* Which library serves which shape: a table that was measured, never a clock. Knows no library. */
#include <string.h>

#include "kernel/gemm_parts.h"

enum { PORTABLE = TG_GEMM_PORTABLE, BLAS = TG_GEMM_BLAS };
#include "kernel/gemm_table.h"

tgi_gemm_class tgi_gemm_class_of(int64_t m, int64_t n, int64_t k) {
  enum { SKINNY = 16 };
  double work = (double)m * (double)n * (double)k;
  if (work <= 16 * 16 * 16) return TGI_GEMM_TINY;
  if (m <= SKINNY) return TGI_GEMM_ROWS;
  if (n <= SKINNY) return TGI_GEMM_COLUMNS;
  if (k <= SKINNY) return TGI_GEMM_OUTER;
  if (work <= 80 * 80 * 80) return TGI_GEMM_SMALL;
  return work <= 320 * 320 * 320 ? TGI_GEMM_MEDIUM : TGI_GEMM_LARGE;
}

const char *tgi_gemm_class_name(tgi_gemm_class c) {
  static const char *const names[TGI_GEMM_CLASSES] = {"tiny",  "rows",   "columns", "outer",
                                                      "small", "medium", "large"};
  return names[c];
}

tg_gemm_backend tgi_gemm_choice(tg_isa isa, tg_dtype dtype, int64_t m, int64_t n, int64_t k) {
  tgi_gemm_class c = tgi_gemm_class_of(m, n, k);
#if defined(__x86_64__)
  return (tg_gemm_backend)table[isa][dtype == TG_F64][c];
#else
  /* Not measured: the portable product is sure to be good only where a call costs most. */
  (void)isa, (void)dtype;
  return c == TGI_GEMM_TINY ? TG_GEMM_PORTABLE : TG_GEMM_BLAS;
#endif
}

tg_isa tgi_gemm_core_isa(const char *core) {
  static const char *const avx512[] = {"SkylakeX", "Cooperlake", "SapphireRapids"};
  static const char *const avx2[] = {"Haswell", "Zen", "Excavator"};
  for (size_t i = 0; i < sizeof avx512 / sizeof *avx512; i++)
    if (strcmp(core, avx512[i]) == 0) return TG_ISA_AVX512;
  for (size_t i = 0; i < sizeof avx2 / sizeof *avx2; i++)
    if (strcmp(core, avx2[i]) == 0) return TG_ISA_AVX2;
  return TG_ISA_BASE;
}

tg_gemm_backend tgi_gemm_served(tg_isa isa, const char *core, tg_dtype dtype, int64_t m, int64_t n,
                                int64_t k) {
  bool blas = tgi_gemm_choice(isa, dtype, m, n, k) == TG_GEMM_BLAS;
  return blas && tgi_gemm_core_isa(core) >= isa ? TG_GEMM_BLAS : TG_GEMM_PORTABLE;
}
