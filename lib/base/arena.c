/* Arenas: chunks filled in order and kept across rewinds. A request goes to the first chunk ahead
   that has room, so identical work finds every piece where it was, and allocates once. */
#include "base/parts.h"

enum { FIRST_CHUNK = 16 << 10, LARGEST_CHUNK = 16 << 20, GRAIN = 64 };

void tgi_arena_init(tgi_arena *a, const tg_runtime *runtime, size_t budget) {
  *a = (tgi_arena){.runtime = tgi_runtime(runtime), .budget = budget};
}

void tgi_arena_free(tgi_arena *a) {
  for (size_t i = 0; i < a->count; i++) {
    TGI_UNPOISON(a->chunks[i].memory, a->chunks[i].size);
    tgi_free(a->runtime, a->chunks[i].memory, a->chunks[i].size);
  }
  tgi_free(a->runtime, a->chunks, a->capacity * sizeof(*a->chunks));
  tgi_arena_init(a, a->runtime, a->budget);
}

static bool add_chunk(tgi_arena *a, size_t size) {
  if (a->budget && (size > a->budget || a->bytes > a->budget - size)) return false;
  if (!tgi_grow(a->runtime, &a->chunks, &a->capacity, a->count + 1, sizeof(*a->chunks)))
    return false;
  char *memory = tgi_alloc(a->runtime, size);
  if (!memory) return false;
  TGI_POISON(memory, size);
  a->chunks[a->count++] = (tgi_chunk){memory, size};
  a->bytes += size;
  return true;
}

/* As much again as there is, up to a huge page; beyond, an eighth of it. */
static size_t next_size(const tgi_arena *a) {
  size_t size = a->bytes < FIRST_CHUNK ? FIRST_CHUNK : a->bytes;
  if (size > TGI_HUGE_PAGE) size = size / 8 < TGI_HUGE_PAGE ? TGI_HUGE_PAGE : size / 8;
  return size < LARGEST_CHUNK ? size : LARGEST_CHUNK;
}

/* A request of more than a quarter of the next chunk, which might leave much of it unused, gets one
   of its own, with some room for small ones. Whole huge pages, where that costs little. Where so
   much is not to be had, just the request. */
static bool grow(tgi_arena *a, size_t need) {
  size_t size = next_size(a);
  if (need > size / 4) size = need + (need / 8 < FIRST_CHUNK ? need / 8 : FIRST_CHUNK);
  size_t whole = tgi_round_up(size, TGI_HUGE_PAGE);
  size = whole - size <= size / 8 ? whole : tgi_round_up(size, GRAIN);
  return add_chunk(a, size) || add_chunk(a, need);
}

static void fill_chunk(tgi_arena *a, size_t at) {
  a->at = at;
  a->memory = a->chunks[at].memory;
  a->size = a->chunks[at].size;
  a->used = 0;
}

void *tgi_arena_alloc_slow(tgi_arena *a, size_t size) {
  if (size > PTRDIFF_MAX / 2) return NULL;
  size_t need = tgi_round_up(size + TGI_RED_ZONE, GRAIN);
  if (need == 0) need = GRAIN;
  size_t next = a->count == 0 ? 0 : a->at + 1;
  while (next < a->count && a->chunks[next].size < need) next++;
  if (next == a->count && !grow(a, need)) return NULL;
  fill_chunk(a, next);
  return tgi_arena_try(a, size);
}

/* Chunks past `at` are poisoned throughout. */
void tgi_arena_rewind_chunks(tgi_arena *a, size_t chunk) {
  for (size_t i = chunk + 1; i <= a->at; i++) TGI_POISON(a->chunks[i].memory, a->chunks[i].size);
  fill_chunk(a, chunk);
}
