/* What everything stands on: memory by the runtime's hooks, arenas, the thread pool, error structs.
   It knows no tensor. Only this folder calls the allocator. */
#ifndef TGI_BASE_H
#define TGI_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tapegrad/runtime.h"

/* ---- the runtime ---- */

/* Never NULL: the given one, or a constant one of plain defaults. Internal code holds only what
   this returned. */
const tg_runtime *tgi_runtime(const tg_runtime *runtime);
tg_gemm_backend tgi_runtime_gemm(const tg_runtime *runtime);
void tgi_log(const tg_runtime *runtime, const char *format, ...) TG_PRINTF(2, 3);

/* 64-byte aligned, not cleared; NULL where there is none or the budget is spent. size 0 gives NULL
   too. */
void *tgi_alloc(const tg_runtime *runtime, size_t size);
void tgi_free(const tg_runtime *runtime, void *block, size_t size);

/* Growth of an array: `array` is the address of its pointer (of any type), which gets room for at
   least `need` elements, at least doubling. False: no memory, nothing changed. */
bool tgi_grow(const tg_runtime *runtime, void *array, size_t *capacity, size_t need,
              size_t element);

/* c = a * b, and a + b: false where it does not fit. */
static inline bool tgi_mul_size(int64_t a, int64_t b, int64_t *c) {
  return !__builtin_mul_overflow(a, b, c);
}
static inline bool tgi_add_size(int64_t a, int64_t b, int64_t *c) {
  return !__builtin_add_overflow(a, b, c);
}

static inline int64_t tgi_least(int64_t a, int64_t b) { return a < b ? a : b; }
/* n / size rounded up, for n >= 0. */
static inline int64_t tgi_ceil_div(int64_t n, int64_t size) { return n / size + (n % size != 0); }

/* ---- arenas: memory in stack order ---- */

/* Under AddressSanitizer what is not handed out is poisoned, and pieces have a gap between them. */
#if defined(__SANITIZE_ADDRESS__)
#define TGI_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TGI_ASAN 1
#endif
#endif
#ifdef TGI_ASAN
#include <sanitizer/asan_interface.h>
#define TGI_POISON(memory, size)   ASAN_POISON_MEMORY_REGION(memory, size)
#define TGI_UNPOISON(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#define TGI_RED_ZONE               ((size_t)16)
#else
#define TGI_POISON(memory, size)   ((void)(memory), (void)(size))
#define TGI_UNPOISON(memory, size) ((void)(memory), (void)(size))
#define TGI_RED_ZONE               ((size_t)0)
#endif

typedef struct tgi_chunk {
  char *memory;
  size_t size;
} tgi_chunk;

/* Chunks are kept across rewinds, so identical work allocates once. */
typedef struct tgi_arena {
  char *memory;      /* of the chunk that is filled, its size, and what is handed out; */
  size_t size, used; /* all 0 where there is no chunk yet */
  const tg_runtime *runtime;
  tgi_chunk *chunks;
  size_t count, capacity, at; /* chunks[at] is filled; those past it are empty */
  size_t bytes, budget;       /* held by all chunks; most that may be (0: no limit) */
} tgi_arena;

typedef struct tgi_arena_mark {
  size_t chunk, used;
} tgi_arena_mark;

void tgi_arena_init(tgi_arena *a, const tg_runtime *runtime, size_t budget);
void tgi_arena_free(tgi_arena *a);
/* From the chunk that is filled; NULL where it has no room. 64-byte aligned for 64 bytes and more,
   16-byte aligned below. Chunk sizes are multiples of 64: alignment never passes a chunk's end. */
static inline void *tgi_arena_try(tgi_arena *a, size_t size) {
  size_t mask = size < 64 ? 15 : 63;
  size_t start = (a->used + mask) & ~mask;
  size_t least = start + TGI_RED_ZONE;
  if (least >= a->size || size > a->size - least) return NULL;
  a->used = least + size;
  TGI_UNPOISON(a->memory + start, size);
  return a->memory + start;
}
/* From the next chunk with room, a new one if there is none. */
void *tgi_arena_alloc_slow(tgi_arena *a, size_t size);
/* Aligned likewise. NULL: no memory. size 0 gives a valid pointer. */
static inline void *tgi_arena_alloc(tgi_arena *a, size_t size) {
  void *memory = tgi_arena_try(a, size);
  return memory ? memory : tgi_arena_alloc_slow(a, size);
}
static inline tgi_arena_mark tgi_arena_mark_of(const tgi_arena *a) {
  return (tgi_arena_mark){.chunk = a->at, .used = a->used};
}
/* Empties the chunks past the mark's, which is filled again. */
void tgi_arena_rewind_chunks(tgi_arena *a, size_t chunk);
/* Gives back all since the mark; poisoned under AddressSanitizer until it is handed out again. */
static inline void tgi_arena_rewind(tgi_arena *a, tgi_arena_mark mark) {
  if (a->at > mark.chunk) tgi_arena_rewind_chunks(a, mark.chunk);
  if (a->size > 0) TGI_POISON(a->memory + mark.used, a->size - mark.used);
  a->used = mark.used;
}

/* ---- threads ---- */

/* Calls work(user, i) for i in [0, n), on the runtime's threads, and returns when all are done. The
   i are dealt in any order: what work(i) computes may not depend on it. n == 1 or one thread: a
   plain loop. Nested calls run as plain loops. In a forked child the pool's threads are gone and it
   is a plain loop too. */
typedef void tgi_work_fn(void *user, int64_t i);
void tgi_parallel(const tg_runtime *runtime, int64_t n, tgi_work_fn *work, void *user);
/* The same for tiles of some microseconds each: few of them are a plain loop. */
void tgi_parallel_tiles(const tg_runtime *runtime, int64_t n, tgi_work_fn *work, void *user);

/* ---- errors ---- */

/* Fills `error` (NULL: nothing) and returns status. */
tg_status tgi_error(tg_error *error, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

/* Text into a fixed buffer, piece by piece, as snprintf would; `length` is what would have been
   written. */
typedef struct tgi_text {
  char *text;
  size_t size, length;
} tgi_text;
void tgi_text_add(tgi_text *b, const char *format, ...) TG_PRINTF(2, 3);
/* Control characters become question marks: a message is one line. */
void tgi_one_line(char *text);

#endif
