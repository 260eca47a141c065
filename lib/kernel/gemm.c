/* Matrix products on raw memory, in the simplest way. */
#include "kernel/gemm.h"

#define GEMM(name, T, U)                                                                           \
  static void gemm_##name(int64_t m, int64_t n, int64_t k, tgi_matrix a, tgi_matrix b,             \
                          double beta, tgi_matrix c) {                                             \
    const T *pa = a.data, *pb = b.data;                                                            \
    for (int64_t i = 0; i < m; i++) {                                                              \
      for (int64_t j = 0; j < n; j++) {                                                            \
        T *y = (T *)c.data + i * c.row + j;                                                        \
        U sum = beta == 0 ? (U)0 : (U)*y;                                                          \
        for (int64_t l = 0; l < k; l++)                                                            \
          sum += (U)pa[i * a.row + l * a.col] * (U)pb[l * b.row + j * b.col];                      \
        *y = (T)sum;                                                                               \
      }                                                                                            \
    }                                                                                              \
  }
GEMM(f32, float, float)
GEMM(f64, double, double)
GEMM(i64, int64_t, uint64_t)
GEMM(i32, int32_t, uint32_t)
#undef GEMM

tg_status tgi_gemm(const tg_runtime *runtime, tgi_arena *scratch, tg_dtype dtype, int64_t m,
                   int64_t n, int64_t k, tgi_matrix a, tgi_matrix b, double beta, tgi_matrix c) {
  (void)runtime, (void)scratch;
  switch (dtype) {
  case TG_F32: gemm_f32(m, n, k, a, b, beta, c); return TG_OK;
  case TG_F64: gemm_f64(m, n, k, a, b, beta, c); return TG_OK;
  case TG_I64: gemm_i64(m, n, k, a, b, beta, c); return TG_OK;
  case TG_I32: gemm_i32(m, n, k, a, b, beta, c); return TG_OK;
  default: return TG_DTYPE;
  }
}

const char *tg_runtime_gemm_name(const tg_runtime *runtime) {
  (void)runtime;
  return "portable";
}
