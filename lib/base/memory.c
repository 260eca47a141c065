/* Memory by the runtime's hooks, counted and held to its byte budget. */
#include <string.h>

#include "base/parts.h"

enum { ALIGNMENT = 64 };

void *tgi_hook_alloc(const tg_runtime *runtime, size_t size) {
  return runtime->options.alloc(runtime->options.alloc_user, size, ALIGNMENT);
}

void tgi_hook_free(const tg_runtime *runtime, void *block, size_t size) {
  runtime->options.free(runtime->options.alloc_user, block, size);
}

/* Counts `size` bytes in; false where the budget has no room for them. */
static bool reserve(tgi_usage *usage, size_t size, size_t budget) {
  size_t bytes = atomic_load_explicit(&usage->bytes, memory_order_relaxed);
  do {
    size_t limit = budget ? budget : SIZE_MAX;
    if (size > limit || bytes > limit - size) return false;
  } while (!atomic_compare_exchange_weak(&usage->bytes, &bytes, bytes + size));
  return true;
}

static void raise_peak(tgi_usage *usage) {
  size_t bytes = atomic_load(&usage->bytes);
  size_t peak = atomic_load(&usage->peak);
  while (peak < bytes && !atomic_compare_exchange_weak(&usage->peak, &peak, bytes)) {
  }
}

void *tgi_alloc(const tg_runtime *runtime, size_t size) {
  runtime = tgi_runtime(runtime);
  tgi_usage *usage = runtime->usage;
  if (size == 0) return NULL;
  if (!usage) return tgi_hook_alloc(runtime, size);
  if (!reserve(usage, size, runtime->options.byte_budget)) return NULL;
  void *block = tgi_hook_alloc(runtime, size);
  if (block)
    raise_peak(usage);
  else
    atomic_fetch_sub(&usage->bytes, size);
  return block;
}

void tgi_free(const tg_runtime *runtime, void *block, size_t size) {
  if (!block) return;
  runtime = tgi_runtime(runtime);
  if (runtime->usage) atomic_fetch_sub(&runtime->usage->bytes, size);
  tgi_hook_free(runtime, block, size);
}

bool tgi_grow(const tg_runtime *runtime, void *array, size_t *capacity, size_t need,
              size_t element) {
  if (need <= *capacity) return true;
  size_t room = *capacity > SIZE_MAX / 2 ? need : *capacity * 2;
  if (room < need) room = need;
  size_t bytes;
  if (__builtin_mul_overflow(room, element, &bytes)) return false;
  void *fresh = tgi_alloc(runtime, bytes);
  if (!fresh) return false;
  void *old;
  memcpy(&old, array, sizeof(old));
  if (old) memcpy(fresh, old, *capacity * element);
  tgi_free(runtime, old, *capacity * element);
  memcpy(array, &fresh, sizeof(fresh));
  *capacity = room;
  return true;
}

size_t tg_runtime_bytes(const tg_runtime *runtime) {
  return runtime && runtime->usage ? atomic_load(&runtime->usage->bytes) : 0;
}

size_t tg_runtime_peak_bytes(const tg_runtime *runtime) {
  return runtime && runtime->usage ? atomic_load(&runtime->usage->peak) : 0;
}
