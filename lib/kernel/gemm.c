/* The door to matrix products: who serves which shape. Knows no arithmetic. */
#include "kernel/gemm.h"

#include "kernel/gemm_parts.h"

#ifdef TGI_HAVE_BLAS
static const bool HAVE_BLAS = true;
#else
static const bool HAVE_BLAS = false;
#define TGI_BLAS_NAME "portable"
static tg_status tgi_gemm_blas(const tgi_product *p) {
  (void)p;
  return TG_UNSUPPORTED;
}
static const char *tgi_blas_core(void) { return ""; }
#endif

/* Up to as many multiplications the direct loops win; fewer where nothing need be packed. */
static const double DIRECT = 256, DIRECT_IN_PLACE = 32;

static tg_gemm_backend backend(const tg_runtime *runtime, tg_dtype dtype, int64_t m, int64_t n,
                               int64_t k) {
  tg_gemm_backend wanted = tgi_runtime_gemm(runtime);
  if (wanted != TG_GEMM_AUTO) return wanted;
  tg_isa isa = tg_runtime_isa(runtime);
  if (!HAVE_BLAS || tgi_gemm_choice(isa, dtype, m, n, k) != TG_GEMM_BLAS) return TG_GEMM_PORTABLE;
  return tgi_gemm_served(isa, tgi_blas_core(), dtype, m, n, k);
}

const char *tg_runtime_gemm_for(const tg_runtime *runtime, tg_dtype dtype, int64_t m, int64_t n,
                                int64_t k) {
  if (!tg_dtype_is_float(dtype)) return "portable";
  bool blas = backend(tgi_runtime(runtime), dtype, m, n, k) == TG_GEMM_BLAS;
  return blas ? TGI_BLAS_NAME : "portable";
}

const char *tg_runtime_gemm_name(const tg_runtime *runtime) {
  return tg_runtime_gemm_for(runtime, TG_F32, 1024, 1024, 1024);
}

tg_status tgi_multiply(const tgi_product *p) {
  double work = (double)p->m * (double)p->n * (double)p->k;
  if (work <= DIRECT_IN_PLACE || !tg_dtype_is_float(p->dtype)) {
    tgi_gemm_direct(p);
    return TG_OK;
  }
  bool blas = backend(p->runtime, p->dtype, p->m, p->n, p->k) == TG_GEMM_BLAS;
  tg_status status = blas && p->k > 0 ? tgi_gemm_blas(p) : TG_UNSUPPORTED;
  if (status != TG_UNSUPPORTED) return status;
  if (p->m == 1 || p->n == 1) {
    tgi_gemm_vector(p);
    return TG_OK;
  }
  if (tgi_gemm_dots(p) || tgi_gemm_in_place(p)) return TG_OK;
  if (work > DIRECT) return tgi_gemm_portable(p);
  tgi_gemm_direct(p);
  return TG_OK;
}

tg_status tgi_gemm(const tg_runtime *runtime, tgi_arena *scratch, tg_dtype dtype, int64_t m,
                   int64_t n, int64_t k, tgi_matrix a, tgi_matrix b, double beta, tgi_matrix c) {
  return tgi_multiply(&(tgi_product){.runtime = runtime,
                                     .scratch = scratch,
                                     .dtype = dtype,
                                     .m = m,
                                     .n = n,
                                     .k = k,
                                     .a = a,
                                     .b = b,
                                     .add = beta == 0 ? (tgi_matrix){0} : c,
                                     .c = c});
}
