/* Layouts: rank, dims and strides that nodes of a tape share, found by hash. */
#include "tape/tape.h"

#include <string.h>

const tgi_layout tgi_scalar_layout = {.numel = 1, .contiguous = true, .plain = true};

static uint64_t hash_layout(const tg_tensor *x) {
  uint64_t hash = (uint64_t)x->rank;
  for (int k = 0; k < x->rank; k++) {
    hash = (hash ^ (uint64_t)x->dims[k]) * 0x9E3779B97F4A7C15u;
    hash = (hash ^ (hash >> 32) ^ (uint64_t)x->strides[k]) * 0xBF58476D1CE4E5B9u;
  }
  return hash ^ (hash >> 31);
}

/* Twice the buckets, all layouts moved. */
static bool grow_buckets(tg_tape *t) {
  size_t count = t->bucket_count ? 2 * t->bucket_count : 64;
  if (!tgi_tape_affords(t, count * sizeof *t->buckets)) return false;
  const tgi_layout **buckets = tgi_alloc(t->runtime, count * sizeof *buckets);
  if (buckets == NULL) return tgi_no_memory(t, "tape");
  memset(buckets, 0, count * sizeof *buckets);
  for (size_t i = 0; i < t->bucket_count; i++)
    for (const tgi_layout *l = t->buckets[i], *next; l; l = next) {
      next = l->next;
      ((tgi_layout *)l)->next = buckets[l->hash & (count - 1)];
      buckets[l->hash & (count - 1)] = l;
    }
  tgi_free(t->runtime, t->buckets, t->bucket_count * sizeof *t->buckets);
  t->buckets = buckets;
  t->bucket_count = count;
  return true;
}

static bool is_plain(const tg_tensor *x) {
  tg_tensor plain;
  tgi_copy_layout(&plain, x);
  plain.dtype = x->dtype;
  return tgi_set_contiguous(&plain) && tgi_same_dims(x->rank, plain.strides, x->strides);
}

static const tgi_layout *add_layout(tg_tape *t, const tg_tensor *x, uint64_t hash) {
  if (t->layout_count >= t->bucket_count && !grow_buckets(t)) return NULL;
  size_t rank = (size_t)x->rank;
  size_t entries = 2 * rank + 1; /* tgi_copy_entries reads two strides of one */
  tgi_layout *layout =
      tgi_tape_take(t, &t->layouts, sizeof *layout + entries * sizeof *layout->entries);
  if (layout == NULL) return NULL;
  const tgi_layout **bucket = &t->buckets[hash & (t->bucket_count - 1)];
  *layout = (tgi_layout){.next = *bucket,
                         .hash = hash,
                         .numel = tg_tensor_numel(x),
                         .rank = x->rank,
                         .contiguous = tg_tensor_is_contiguous(x),
                         .plain = is_plain(x)};
  memcpy(layout->entries, x->dims, rank * sizeof *layout->entries);
  memcpy(layout->entries + rank, x->strides, rank * sizeof *layout->entries);
  *bucket = layout;
  t->layout_count++;
  return layout;
}

void tgi_forget_layouts(tgi_node block[]) {
  for (int i = 0; i < TGI_BLOCK_NODES; i++) block[i].layout = NULL;
}

const tgi_layout *tgi_layout_of(tg_tape *t, const tg_tensor *x) {
  if (x->rank == 0) return &tgi_scalar_layout;
  uint64_t hash = hash_layout(x);
  if (t->bucket_count)
    for (const tgi_layout *l = t->buckets[hash & (t->bucket_count - 1)]; l; l = l->next)
      if (l->hash == hash && tgi_has_layout(l, x)) return l;
  return add_layout(t, x, hash);
}
