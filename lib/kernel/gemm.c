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
#endif

/* Up to as many multiplications the direct loops win; fewer where nothing need be packed. */
static const double DIRECT = 256, DIRECT_IN_PLACE = 32;

/* The library that is fastest with an instruction set. Measured on Zen 5 for 16^3 to 1024^3, f32
   and f64: our AVX-512 kernels do twice what OpenBLAS 0.3.21 does there; with AVX2 they are
   even. */
static tg_gemm_backend fastest(tg_isa isa) {
  return HAVE_BLAS && isa != TG_ISA_AVX512 ? TG_GEMM_BLAS : TG_GEMM_PORTABLE;
}

static tg_gemm_backend backend(const tg_runtime *runtime) {
  tg_gemm_backend wanted = tgi_runtime_gemm(runtime);
  return wanted == TG_GEMM_AUTO ? fastest(tg_runtime_isa(runtime)) : wanted;
}

const char *tg_runtime_gemm_name(const tg_runtime *runtime) {
  return backend(tgi_runtime(runtime)) == TG_GEMM_BLAS ? TGI_BLAS_NAME : "portable";
}

tg_status tgi_multiply(const tgi_product *p) {
  double work = (double)p->m * (double)p->n * (double)p->k;
  if (work <= DIRECT_IN_PLACE || !tg_dtype_is_float(p->dtype)) {
    tgi_gemm_direct(p);
    return TG_OK;
  }
  if (p->m == 1 || p->n == 1) {
    tgi_gemm_vector(p);
    return TG_OK;
  }
  if (tgi_gemm_in_place(p)) return TG_OK;
  if (work <= DIRECT) {
    tgi_gemm_direct(p);
    return TG_OK;
  }
  tg_status status = TG_UNSUPPORTED;
  if (backend(p->runtime) == TG_GEMM_BLAS) status = tgi_gemm_blas(p);
  return status == TG_UNSUPPORTED ? tgi_gemm_portable(p) : status;
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
