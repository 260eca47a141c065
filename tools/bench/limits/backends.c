/* The libraries, opened at run time where they are installed; libxsmm, which is static, where it
   was at build time; and the library's own product. */
#include "backends.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/gemm.h"
#include "tapegrad/runtime.h"

/* ISO C has no conversion from an object's pointer to a function's; dlsym's is by copy. */
static bool find(void *library, const char *name, void *function) {
  void *symbol = library ? dlsym(library, name) : NULL;
  memcpy(function, &symbol, sizeof symbol);
  return symbol != NULL;
}

/* ---- CBLAS: OpenBLAS, BLIS ---- */

typedef void cblas_fn(int order, int ta, int tb, int m, int n, int k, float alpha, const float *a,
                      int lda, const float *b, int ldb, float beta, float *c, int ldc);
static cblas_fn *cblas;

static bool by_cblas(const product *p) {
  enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };
  cblas(ROW_MAJOR, p->ta ? TRANSPOSED : PLAIN, p->tb ? TRANSPOSED : PLAIN, p->m, p->n, p->k, 1,
        p->a, p->lda, p->b, p->ldb, p->beta, p->c, p->ldc);
  return true;
}

/* Their threads are set by OPENBLAS_NUM_THREADS and BLIS_NUM_THREADS. */
static gemm_fn *open_openblas(int threads) {
  (void)threads;
  return find(dlopen("libopenblas.so.0", RTLD_NOW), "cblas_sgemm", &cblas) ? by_cblas : NULL;
}
static gemm_fn *open_blis(int threads) {
  (void)threads;
  void (*init)(void);
  void *library = dlopen("libblis.so.4", RTLD_NOW | RTLD_DEEPBIND);
  if (!find(library, "bli_init", &init) || !find(library, "cblas_sgemm", &cblas)) return NULL;
  init(); /* 0.9 aborts where BLIS_ARCH_TYPE is read before it */
  return by_cblas;
}

/* ---- oneDNN ---- */

typedef int dnnl_fn(char ta, char tb, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                    int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);
static dnnl_fn *dnnl;

static bool by_dnnl(const product *p) {
  return dnnl(p->ta ? 'T' : 'N', p->tb ? 'T' : 'N', p->m, p->n, p->k, 1, p->a, p->lda, p->b, p->ldb,
              p->beta, p->c, p->ldc) == 0;
}

static gemm_fn *open_dnnl(int threads) {
  (void)threads; /* OMP_NUM_THREADS */
  static const char *const names[] = {"libdnnl.so.3", "libdnnl.so.2"};
  for (int i = 0; i < 2; i++)
    if (find(dlopen(names[i], RTLD_NOW), "dnnl_sgemm", &dnnl)) return by_dnnl;
  return NULL;
}

/* ---- libxsmm: column-major, one thread, and no kernel for a transposed first operand ---- */

#ifdef HAVE_XSMM
#include <libxsmm.h>

enum { MOST_INSIDE = 1 << 20 }; /* elements of a transposed operand */

static bool by_xsmm(const product *p) {
  static float turned[MOST_INSIDE];
  const float one = 1, *b = p->b;
  int ldb = p->ldb, flags = p->ta ? LIBXSMM_GEMM_FLAG_TRANS_B : 0;
  if (p->tb) {
    if ((int64_t)p->n * p->k > MOST_INSIDE) return false;
    libxsmm_otrans(turned, b, sizeof *b, (libxsmm_blasint)p->k, (libxsmm_blasint)p->n, ldb, p->n);
    b = turned;
    ldb = p->n;
  }
  if ((int64_t)p->m * p->n > MOST_INSIDE) return false;
  libxsmm_smmfunction kernel =
      libxsmm_smmdispatch(p->n, p->m, p->k, &ldb, &p->lda, &p->ldc, &one, &p->beta, &flags, NULL);
  if (kernel != NULL) kernel(b, p->a, p->c);
  return kernel != NULL;
}

static gemm_fn *open_xsmm(int threads) {
  libxsmm_init();
  return threads == 1 ? by_xsmm : NULL;
}
#else
static gemm_fn *open_xsmm(int threads) {
  (void)threads;
  return NULL;
}
#endif

/* ---- tapegrad's own ---- */

static tg_runtime *runtime;
static tgi_arena scratch;

static bool by_tapegrad(const product *p) {
  tgi_matrix a = {p->a, p->ta ? 1 : p->lda, p->ta ? p->lda : 1};
  tgi_matrix b = {p->b, p->tb ? 1 : p->ldb, p->tb ? p->ldb : 1};
  tgi_matrix c = {p->c, p->ldc, 1};
  return tgi_gemm(runtime, &scratch, TG_F32, p->m, p->n, p->k, a, b, (double)p->beta, c) == TG_OK;
}

static gemm_fn *open_with(int threads, tg_gemm_backend gemm) {
  runtime = tg_runtime_new(&(tg_runtime_options){.threads = threads, .gemm = gemm}, NULL);
  if (runtime == NULL) return NULL;
  tgi_arena_init(&scratch, runtime, 0);
  return by_tapegrad;
}
static gemm_fn *open_tapegrad(int threads) { return open_with(threads, TG_GEMM_AUTO); }
static gemm_fn *open_portable(int threads) { return open_with(threads, TG_GEMM_PORTABLE); }

/* ---- the table ---- */

const backend backends[] = {
    {"tapegrad", NULL, NULL, NULL, open_tapegrad},
    {"tapegrad:portable", NULL, NULL, NULL, open_portable},
    {"openblas", NULL, NULL, NULL, open_openblas},
    {"openblas:Haswell", "OPENBLAS_CORETYPE", "Haswell", "avx2", open_openblas},
    {"openblas:Zen", "OPENBLAS_CORETYPE", "Zen", "avx2", open_openblas},
    {"openblas:SkylakeX", "OPENBLAS_CORETYPE", "SkylakeX", "avx512bw", open_openblas},
    {"openblas:Cooperlake", "OPENBLAS_CORETYPE", "Cooperlake", "avx512bf16", open_openblas},
    {"blis", NULL, NULL, NULL, open_blis},
    {"blis:skx", "BLIS_ARCH_TYPE", "0", "avx512bw", open_blis},
    {"dnnl", NULL, NULL, NULL, open_dnnl},
    {"xsmm", NULL, NULL, NULL, open_xsmm},
    {0},
};

bool backend_fits(const backend *b) {
  if (b->needs == NULL) return true;
#if defined(__x86_64__)
  if (strcmp(b->needs, "avx2") == 0) return __builtin_cpu_supports("avx2");
  if (strcmp(b->needs, "avx512bw") == 0) return __builtin_cpu_supports("avx512bw");
  if (strcmp(b->needs, "avx512bf16") == 0) return __builtin_cpu_supports("avx512bf16");
#endif
  return false;
}
