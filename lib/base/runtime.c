/* The runtime: its options checked once, its defaults, and what it says about itself. The GEMM
   library's name is told in kernel/, which knows the libraries. */
#include <stdio.h>
#include <stdlib.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "base/parts.h"

enum { MAX_THREADS = 1024 };

/* Large blocks lie in huge pages, where the system has them: walking down a column of a matrix
   would miss the table of small ones at every step. */
static void *default_alloc(void *user, size_t size, size_t alignment) {
  (void)user;
  if (size > PTRDIFF_MAX - TGI_HUGE_PAGE) return NULL;
#if defined(__linux__)
  if (size >= TGI_HUGE_PAGE) {
    void *block = aligned_alloc(TGI_HUGE_PAGE, tgi_round_up(size, TGI_HUGE_PAGE));
    if (block) (void)madvise(block, size / TGI_HUGE_PAGE * TGI_HUGE_PAGE, MADV_HUGEPAGE);
    return block;
  }
#endif
  return aligned_alloc(alignment, tgi_round_up(size, alignment));
}

static void default_free(void *user, void *block, size_t size) {
  (void)user, (void)size;
  free(block);
}

static tg_isa detect_isa(void) {
#if defined(__x86_64__) || defined(__i386__)
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return TG_ISA_BASE;
  bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return wide ? TG_ISA_AVX512 : TG_ISA_AVX2;
#else
  return TG_ISA_BASE;
#endif
}

const tg_runtime *tgi_runtime(const tg_runtime *runtime) {
#define DEFAULTS(which)                                                                            \
  [which] = {.options = {.alloc = default_alloc, .free = default_free, .threads = 1, .isa = which} }
  static const tg_runtime defaults[TG_ISA_COUNT] = {DEFAULTS(TG_ISA_BASE), DEFAULTS(TG_ISA_AVX2),
                                                    DEFAULTS(TG_ISA_AVX512)};
#undef DEFAULTS
  return runtime ? runtime : &defaults[detect_isa()];
}

static tg_status check_options(const tg_runtime_options *o, tg_error *error) {
  if (!o->alloc != !o->free)
    return tgi_error(error, TG_ARGUMENT, "runtime: set both alloc and free, or neither");
  if (o->threads < 0 || o->threads > MAX_THREADS)
    return tgi_error(error, TG_ARGUMENT, "runtime: threads is %d, expected 0 to %d", o->threads,
                     MAX_THREADS);
  if ((int)o->isa < 0 || o->isa >= TG_ISA_COUNT)
    return tgi_error(error, TG_ARGUMENT, "runtime: isa %d is no instruction set", (int)o->isa);
  if ((int)o->gemm < 0 || o->gemm > TG_GEMM_BLAS)
    return tgi_error(error, TG_ARGUMENT, "runtime: gemm %d is no backend", (int)o->gemm);
#ifndef TGI_HAVE_BLAS
  if (o->gemm == TG_GEMM_BLAS)
    return tgi_error(error, TG_UNSUPPORTED, "runtime: this library was built without BLAS");
#endif
  return TG_OK;
}

static tg_runtime_options with_defaults(tg_runtime_options o) {
  if (!o.alloc) {
    o.alloc = default_alloc;
    o.free = default_free;
  }
  if (o.threads == 0) o.threads = 1;
  tg_isa best = detect_isa();
  if (o.isa == TG_ISA_BEST || o.isa > best) o.isa = best;
  return o;
}

/* One block: the runtime and what it counts. */
typedef struct block {
  tg_runtime runtime;
  tgi_usage usage;
} block;

tg_runtime *tg_runtime_new(const tg_runtime_options *options, tg_error *error) {
  tg_runtime start = {0};
  if (options) start.options = *options;
  if (check_options(&start.options, error) != TG_OK) return NULL;
  start.options = with_defaults(start.options);
  block *b = tgi_hook_alloc(&start, sizeof(*b));
  if (!b) {
    tgi_error(error, TG_NO_MEMORY, "runtime: no memory");
    return NULL;
  }
  b->runtime = start;
  b->runtime.usage = &b->usage;
  atomic_init(&b->usage.bytes, 0);
  atomic_init(&b->usage.peak, 0);
  if (start.options.threads == 1) return &b->runtime;
  b->runtime.pool = tgi_pool_new(&start, start.options.threads, error);
  if (b->runtime.pool) return &b->runtime;
  tgi_hook_free(&start, b, sizeof(*b));
  return NULL;
}

void tg_runtime_free(tg_runtime *runtime) {
  if (!runtime) return;
  tg_runtime last = *runtime;
  if (last.pool) tgi_pool_free(&last, last.pool);
  tgi_hook_free(&last, runtime, sizeof(block));
}

tg_isa tg_runtime_isa(const tg_runtime *runtime) { return tgi_runtime(runtime)->options.isa; }
int tg_runtime_threads(const tg_runtime *runtime) { return tgi_runtime(runtime)->options.threads; }
tg_gemm_backend tgi_runtime_gemm(const tg_runtime *runtime) {
  return tgi_runtime(runtime)->options.gemm;
}

const char *tg_isa_name(tg_isa isa) {
  static const char *const names[TG_ISA_COUNT] = {"best", "base", "avx2", "avx512"};
  return (int)isa >= 0 && isa < TG_ISA_COUNT ? names[isa] : "?";
}

void tgi_log(const tg_runtime *runtime, const char *format, ...) {
  const tg_runtime_options *o = &tgi_runtime(runtime)->options;
  if (!o->log) return;
  char line[TG_MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(line, sizeof(line), format, args);
  va_end(args);
  o->log(o->log_user, line);
}
