/* What the files of this folder share among themselves: the runtime laid open, and its pool. */
#ifndef TGI_BASE_PARTS_H
#define TGI_BASE_PARTS_H

#include <stdatomic.h>

#include "base/base.h"

enum { TGI_HUGE_PAGE = 2 << 20 }; /* bytes */

static inline size_t tgi_round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

typedef struct tgi_pool tgi_pool;

typedef struct tgi_usage {
  atomic_size_t bytes, peak;
} tgi_usage;

/* Constant from tg_runtime_new to tg_runtime_free, but for what usage and pool point at. */
struct tg_runtime {
  tg_runtime_options options; /* alloc and free are set, isa is one that the processor has */
  tgi_usage *usage;           /* NULL: not counted, no budget */
  tgi_pool *pool;             /* NULL: one thread */
};

/* By the hooks alone: not counted. */
void *tgi_hook_alloc(const tg_runtime *runtime, size_t size);
void tgi_hook_free(const tg_runtime *runtime, void *block, size_t size);

/* threads - 1 workers; NULL on failure. */
tgi_pool *tgi_pool_new(const tg_runtime *runtime, int threads, tg_error *error);
void tgi_pool_free(const tg_runtime *runtime, tgi_pool *pool);

#endif
