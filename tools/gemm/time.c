/* Times the matrix products of the table below by one library, which is told by name, and prints a
   line for each: what tools/gemm-table reads. One process a library: their symbols and thread pools
   never meet. Time is the thread's own, so that a busy machine disturbs less. */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel/gemm_parts.h"
#ifdef HAVE_XSMM
#include <libxsmm.h>
#endif

enum { NN, NT, TN };

typedef struct shape {
  const char *group; /* whose products these are, or what they have in common */
  tg_dtype dtype;
  int turned;
  int m, n, k;
} shape;

/* clang-format off */
static const shape shapes[] = {
  {"xor", TG_F32, NT, 4, 3, 2},          {"xor", TG_F32, NT, 4, 1, 3},
  {"xor", TG_F32, TN, 3, 2, 4},          {"xor", TG_F32, NN, 4, 3, 1},
  {"fashion", TG_F32, NT, 32, 64, 784},  {"fashion", TG_F32, NT, 32, 64, 64},
  {"fashion", TG_F32, NT, 32, 10, 64},   {"fashion", TG_F32, TN, 10, 64, 32},
  {"fashion", TG_F32, NN, 32, 64, 10},   {"fashion", TG_F32, TN, 64, 64, 32},
  {"fashion", TG_F32, NN, 32, 64, 64},   {"fashion", TG_F32, TN, 64, 784, 32},
  {"b128", TG_F32, NT, 128, 64, 784},    {"b128", TG_F32, NT, 128, 64, 64},
  {"b128", TG_F32, NT, 128, 10, 64},     {"b128", TG_F32, TN, 10, 64, 128},
  {"b128", TG_F32, NN, 128, 64, 10},     {"b128", TG_F32, TN, 64, 64, 128},
  {"b128", TG_F32, NN, 128, 64, 64},     {"b128", TG_F32, TN, 64, 784, 128},
  {"lstm", TG_F32, NT, 32, 1024, 64},    {"lstm", TG_F32, NT, 32, 1024, 256},
  {"lstm", TG_F32, NN, 32, 256, 1024},   {"lstm", TG_F32, TN, 1024, 64, 32},
  {"lstm", TG_F32, TN, 1024, 256, 32},   {"lstm", TG_F32, NN, 32, 1024, 256},
  {"small", TG_F32, NN, 8, 8, 8},        {"small", TG_F32, NN, 16, 16, 16},
  {"small", TG_F32, NN, 32, 32, 32},     {"small", TG_F32, NN, 64, 64, 64},
  {"small", TG_F32, NT, 64, 64, 64},     {"small", TG_F32, TN, 64, 64, 64},
  {"small", TG_F64, NN, 8, 8, 8},        {"small", TG_F64, NN, 16, 16, 16},
  {"small", TG_F64, NN, 32, 32, 32},     {"small", TG_F64, NN, 64, 64, 64},
  {"gmm", TG_F64, NN, 1000, 250, 10},    {"gmm", TG_F64, NT, 1000, 250, 10},
  {"gmm", TG_F64, TN, 250, 10, 1000},    {"gmm", TG_F64, TN, 10, 250, 1000},
  {"gmm", TG_F64, NN, 1000, 10, 250},    {"gmm", TG_F64, NT, 1000, 10, 250},
  {"skinny", TG_F32, NN, 4, 1000, 1000}, {"skinny", TG_F32, NT, 4, 1000, 1000},
  {"skinny", TG_F32, NN, 1000, 4, 1000}, {"skinny", TG_F32, TN, 1000, 4, 1000},
  {"skinny", TG_F32, NN, 1000, 1000, 4}, {"skinny", TG_F32, NT, 1000, 1000, 4},
  {"medium", TG_F32, NN, 128, 128, 128}, {"medium", TG_F32, NN, 200, 200, 200},
  {"medium", TG_F32, NN, 256, 256, 256}, {"medium", TG_F32, NT, 256, 256, 256},
  {"medium", TG_F32, TN, 256, 256, 256}, {"medium", TG_F64, NN, 128, 128, 128},
  {"medium", TG_F64, NN, 256, 256, 256}, {"medium", TG_F64, NT, 256, 256, 256},
  {"medium", TG_F64, TN, 256, 256, 256},
  {"large", TG_F32, NN, 512, 512, 512},  {"large", TG_F32, NN, 1000, 1000, 1000},
  {"large", TG_F32, NN, 1024, 1024, 1024}, {"large", TG_F32, NT, 1024, 1024, 1024},
  {"large", TG_F32, TN, 1024, 1024, 1024}, {"large", TG_F64, NN, 512, 512, 512},
  {"large", TG_F64, NN, 1024, 1024, 1024}, {"large", TG_F64, NT, 1000, 1000, 1000},
  {"mlp_large", TG_F32, NT, 256, 4096, 1024}, {"mlp_large", TG_F32, NT, 256, 4096, 4096},
  {"mlp_large", TG_F32, NT, 256, 1024, 4096}, {"mlp_large", TG_F32, TN, 1024, 4096, 256},
  {"mlp_large", TG_F32, NN, 256, 4096, 1024}, {"mlp_large", TG_F32, TN, 4096, 4096, 256},
  {"mlp_large", TG_F32, NN, 256, 4096, 4096}, {"mlp_large", TG_F32, TN, 4096, 1024, 256},
};
/* clang-format on */
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* One product in memory: A, B as they lie (turned ones are stored transposed), C zero. */
typedef struct job {
  const shape *s;
  void *a, *b, *c;
  int lda, ldb;
} job;

/* ---- who multiplies ---- */

typedef bool multiply_fn(const job *j);

static tg_runtime *runtime;
static tgi_arena scratch;

static bool tapegrad(const job *j) {
  const shape *s = j->s;
  tgi_matrix a = {j->a, j->lda, 1}, b = {j->b, j->ldb, 1};
  if (s->turned == TN) a.row = 1, a.col = j->lda;
  if (s->turned == NT) b.row = 1, b.col = j->ldb;
  return tgi_multiply(&(tgi_product){.runtime = runtime,
                                     .scratch = &scratch,
                                     .dtype = s->dtype,
                                     .m = s->m,
                                     .n = s->n,
                                     .k = s->k,
                                     .a = a,
                                     .b = b,
                                     .c = {j->c, s->n, 1}}) == TG_OK;
}

typedef void sgemm_fn(int, int, int, int, int, int, float, const float *, int, const float *, int,
                      float, float *, int);
typedef void dgemm_fn(int, int, int, int, int, int, double, const double *, int, const double *,
                      int, double, double *, int);
typedef int dnnl_fn(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t,
                    const float *, int64_t, float, float *, int64_t);
typedef void blis_fn(int, int, int64_t, int64_t, int64_t, const void *, const void *, int64_t,
                     int64_t, const void *, int64_t, int64_t, const void *, void *, int64_t,
                     int64_t);
static blis_fn *blis_sgemm, *blis_dgemm;
static sgemm_fn *sgemm;
static dgemm_fn *dgemm;
static dnnl_fn *dnnl_sgemm;

static bool by_cblas(const job *j) {
  enum { ROWS = 101, PLAIN = 111, TURNED = 112 };
  const shape *s = j->s;
  int ta = s->turned == TN ? TURNED : PLAIN, tb = s->turned == NT ? TURNED : PLAIN;
  if (s->dtype == TG_F32)
    sgemm(ROWS, ta, tb, s->m, s->n, s->k, 1, j->a, j->lda, j->b, j->ldb, 0, j->c, s->n);
  else
    dgemm(ROWS, ta, tb, s->m, s->n, s->k, 1, j->a, j->lda, j->b, j->ldb, 0, j->c, s->n);
  return true;
}

static bool by_dnnl(const job *j) {
  const shape *s = j->s;
  if (s->dtype != TG_F32) return false;
  return dnnl_sgemm(s->turned == TN ? 'T' : 'N', s->turned == NT ? 'T' : 'N', s->m, s->n, s->k, 1,
                    j->a, j->lda, j->b, j->ldb, 0, j->c, s->n) == 0;
}

/* Its own interface, any strides: by cblas it would call the BLAS that this program links. */
static bool by_blis(const job *j) {
  const shape *s = j->s;
  const float one = 1, zero = 0;
  const double one_f64 = 1, zero_f64 = 0;
  bool single = s->dtype == TG_F32, ta = s->turned == TN, tb = s->turned == NT;
  (single ? blis_sgemm : blis_dgemm)(0, 0, s->m, s->n, s->k, single ? (const void *)&one : &one_f64,
                                     j->a, ta ? 1 : j->lda, ta ? j->lda : 1, j->b, tb ? 1 : j->ldb,
                                     tb ? j->ldb : 1, single ? (const void *)&zero : &zero_f64,
                                     j->c, s->n, 1);
  return true;
}

#ifdef HAVE_XSMM
/* Column-major, with no kernel for a transposed first operand: that is copied, and timed. */
static bool by_xsmm(const job *j) {
  static double copy[1 << 20];
  const shape *s = j->s;
  if ((double)s->m * s->n * s->k > 1 << 24 || (double)s->n * s->k > 1 << 20) return false;
  size_t size = tg_dtype_size(s->dtype);
  const void *b = j->b;
  int ldb = j->ldb, lda = j->lda, ldc = s->n;
  if (s->turned == NT) {
    libxsmm_otrans(copy, b, (unsigned)size, s->k, s->n, ldb, s->n);
    b = copy, ldb = s->n;
  }
  int flags = s->turned == TN ? LIBXSMM_GEMM_FLAG_TRANS_B : 0;
  if (s->dtype == TG_F32) {
    float alpha = 1, beta = 0;
    libxsmm_smmfunction f =
        libxsmm_smmdispatch(s->n, s->m, s->k, &ldb, &lda, &ldc, &alpha, &beta, &flags, NULL);
    if (f) f(b, j->a, j->c);
    return f != NULL;
  }
  double alpha = 1, beta = 0;
  libxsmm_dmmfunction f =
      libxsmm_dmmdispatch(s->n, s->m, s->k, &ldb, &lda, &ldc, &alpha, &beta, &flags, NULL);
  if (f) f(b, j->a, j->c);
  return f != NULL;
}
#endif

/* ISO C has no conversion between pointers to objects and to functions; POSIX makes it work. */
static void find(void *library, const char *name, void *function) {
  void *symbol = library ? dlsym(library, name) : NULL;
  memcpy(function, &symbol, sizeof symbol);
}

static const char *call_text(void *library, const char *name) {
  char *(*text)(void) = NULL;
  find(library, name, &text);
  return text ? text() : "?";
}

/* NULL where the machine has no such thing; they say on stderr what was found. */
static multiply_fn *open_openblas(void) {
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  find(library, "cblas_sgemm", &sgemm);
  find(library, "cblas_dgemm", &dgemm);
  if (library) fprintf(stderr, "%s\n", call_text(library, "openblas_get_config"));
  return sgemm && dgemm ? by_cblas : NULL;
}

static multiply_fn *open_blis(void) {
  void *library = dlopen("libblis.so.4", RTLD_NOW | RTLD_LOCAL);
  void (*init)(void) = NULL;
  find(library, "bli_init", &init);
  if (init) init();
  find(library, "bli_sgemm", &blis_sgemm);
  find(library, "bli_dgemm", &blis_dgemm);
  if (library) fprintf(stderr, "BLIS %s\n", call_text(library, "bli_info_get_version_str"));
  return blis_sgemm && blis_dgemm ? by_blis : NULL;
}

static multiply_fn *open_library(const char *name) {
  tg_runtime_options options = {.gemm = TG_GEMM_PORTABLE};
  for (int isa = TG_ISA_BASE; isa < TG_ISA_COUNT; isa++)
    if (strcmp(name, tg_isa_name((tg_isa)isa)) == 0) options.isa = (tg_isa)isa;
  if (strcmp(name, "auto") == 0) options.gemm = TG_GEMM_AUTO;
  if (options.isa != TG_ISA_BEST || strcmp(name, "auto") == 0) {
    runtime = tg_runtime_new(&options, NULL);
    if (!runtime || (options.isa && tg_runtime_isa(runtime) != options.isa)) return NULL;
    tgi_arena_init(&scratch, runtime, 0);
    return tapegrad;
  }
  if (strcmp(name, "openblas") == 0) return open_openblas();
  if (strcmp(name, "blis") == 0) return open_blis();
  if (strcmp(name, "dnnl") == 0) {
    find(dlopen("libdnnl.so.2", RTLD_NOW | RTLD_LOCAL), "dnnl_sgemm", &dnnl_sgemm);
    if (dnnl_sgemm) fputs("oneDNN\n", stderr);
    return dnnl_sgemm ? by_dnnl : NULL;
  }
#ifdef HAVE_XSMM
  if (strcmp(name, "xsmm") == 0) return by_xsmm;
#endif
  return NULL;
}

/* ---- timing ---- */

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *numbers(tg_dtype dtype, int count) {
  size_t size = tg_dtype_size(dtype);
  void *data = aligned_alloc(64, ((size_t)count * size + 127) / 64 * 64);
  for (int i = 0; data && i < count; i++) {
    double x = (double)(i * 7919 % 2003) / 1001 - 1;
    if (dtype == TG_F32)
      ((float *)data)[i] = (float)x;
    else
      ((double *)data)[i] = x;
  }
  return data;
}

/* Seconds of one product: the least of batches that take `batch` seconds each; < 0: not served. */
static double seconds_of(multiply_fn *multiply, const job *j, double seconds) {
  enum { BATCHES = 12 };
  if (!multiply(j)) return -1;
  double start = now();
  multiply(j);
  double once = now() - start + 1e-9, best = once;
  int calls = 1 + (int)(seconds / BATCHES / once);
  double until = now() + seconds;
  for (int batch = 0; batch < 3 || now() < until; batch++) {
    start = now();
    for (int i = 0; i < calls; i++) multiply(j);
    double each = (now() - start) / calls;
    if (each < best) best = each;
    if (batch == 0 && each < once / 2) calls = 1 + (int)(seconds / BATCHES / each);
  }
  return best;
}

static void run(multiply_fn *multiply, const char *name, const shape *s, double seconds) {
  job j = {.s = s, .a = numbers(s->dtype, s->m * s->k), .b = numbers(s->dtype, s->k * s->n)};
  j.c = numbers(s->dtype, s->m * s->n);
  j.lda = s->turned == TN ? s->m : s->k;
  j.ldb = s->turned == NT ? s->k : s->n;
  double best = j.a && j.b && j.c ? seconds_of(multiply, &j, seconds) : -1;
  if (best > 0)
    printf("%s\t%s\t%s\t%s\t%d\t%d\t%d\t%.4g\t%s\n", name, s->group, tg_dtype_name(s->dtype),
           (const char *[]){"NN", "NT", "TN"}[s->turned], s->m, s->n, s->k, best * 1e9,
           tgi_gemm_class_name(tgi_gemm_class_of(s->m, s->n, s->k)));
  free(j.a), free(j.b), free(j.c);
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fputs("usage: gemm-time LIBRARY SECONDS [GROUP...]\n", stderr);
    return 2;
  }
  multiply_fn *multiply = open_library(argv[1]);
  if (!multiply) return 77;
  for (int i = 0; i < SHAPES; i++) {
    bool wanted = argc == 3;
    for (int arg = 3; arg < argc; arg++) wanted |= strcmp(argv[arg], shapes[i].group) == 0;
    if (wanted) run(multiply, argv[1], &shapes[i], atof(argv[2]));
  }
  return 0;
}
