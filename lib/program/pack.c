/* The best of the ways to pack, and the bound that none can go below. */
#include "program/pack.h"

#include <stdlib.h>
#include <string.h>

/* Beyond it, packing by size takes longer than it is worth. */
enum { MOST_BY_SIZE = 6000 };

size_t tgi_pack_least(tgi_arena *arena, const tgi_piece pieces[], uint32_t count, uint32_t steps) {
  size_t *change = tgi_arena_alloc(arena, ((size_t)steps + 1) * sizeof *change);
  if (change == NULL) return SIZE_MAX;
  memset(change, 0, ((size_t)steps + 1) * sizeof *change);
  for (uint32_t i = 0; i < count; i++) {
    change[pieces[i].from] += pieces[i].size;
    change[pieces[i].to + 1] -= pieces[i].size;
  }
  size_t now = 0, most = 0;
  for (uint32_t s = 0; s < steps; s++) {
    now += change[s];
    if (now > most) most = now;
  }
  return most;
}

/* ---- by size ---- */

static int larger_first(const void *a, const void *b) {
  const tgi_piece *p = *(tgi_piece *const *)a, *q = *(tgi_piece *const *)b;
  if (p->size != q->size) return p->size < q->size ? 1 : -1;
  if (p->from != q->from) return p->from < q->from ? -1 : 1;
  return p < q ? -1 : p > q;
}

static size_t end_of(const tgi_piece *p) { return (size_t)p->offset + p->size; }

/* The narrowest gap between what lives at the same time, of pieces in order of their offset. */
static size_t best_gap(tgi_piece *const placed[], uint32_t n, const tgi_piece *p) {
  size_t best = SIZE_MAX, narrowest = SIZE_MAX, end = 0;
  for (uint32_t i = 0; i < n; i++) {
    const tgi_piece *q = placed[i];
    if (q->to < p->from || p->to < q->from) continue;
    size_t start = (end + p->grain - 1) & ~(p->grain - 1), at = (size_t)q->offset;
    if (at >= start + p->size && at - end < narrowest) best = start, narrowest = at - end;
    if (end_of(q) > end) end = end_of(q);
  }
  return best == SIZE_MAX ? (end + p->grain - 1) & ~(p->grain - 1) : best;
}

bool tgi_pack_by_size(tgi_arena *arena, tgi_piece pieces[], uint32_t count, size_t *bytes) {
  tgi_piece **order = tgi_arena_alloc(arena, count * sizeof *order);
  tgi_piece **placed = tgi_arena_alloc(arena, count * sizeof *placed);
  if (!order || !placed) return false;
  for (uint32_t i = 0; i < count; i++) order[i] = &pieces[i];
  qsort(order, count, sizeof *order, larger_first);
  *bytes = 0;
  for (uint32_t i = 0; i < count; i++) {
    tgi_piece *p = order[i];
    p->offset = (int64_t)best_gap(placed, i, p);
    if (end_of(p) > *bytes) *bytes = end_of(p);
    uint32_t at = i;
    for (; at > 0 && placed[at - 1]->offset > p->offset; at--) placed[at] = placed[at - 1];
    placed[at] = p;
  }
  return true;
}

/* ---- the best of all ---- */

/* Keeps the offsets of the attempt in `trial` where it needs less. */
static void keep_better(tgi_piece pieces[], const tgi_piece trial[], uint32_t count, size_t needs,
                        size_t *bytes) {
  if (needs >= *bytes) return;
  *bytes = needs;
  memcpy(pieces, trial, count * sizeof *pieces);
}

static bool try_all(tgi_arena *arena, tgi_piece pieces[], tgi_piece trial[], uint32_t count,
                    uint32_t steps, size_t *bytes) {
  size_t needs, least = tgi_pack_least(arena, pieces, count, steps);
  if (least == SIZE_MAX) return false;
  if (!tgi_pack_by_time(arena, trial, count, steps, false, &needs)) return false;
  keep_better(pieces, trial, count, needs, bytes);
  if (*bytes > least && count <= MOST_BY_SIZE) {
    if (!tgi_pack_by_size(arena, trial, count, &needs)) return false;
    keep_better(pieces, trial, count, needs, bytes);
  }
  if (*bytes == least) return true;
  if (!tgi_pack_by_time(arena, trial, count, steps, true, &needs)) return false;
  keep_better(pieces, trial, count, needs, bytes);
  return true;
}

bool tgi_pack(tgi_arena *arena, tgi_piece pieces[], uint32_t count, uint32_t steps, size_t *bytes) {
  *bytes = count ? SIZE_MAX : 0;
  if (count == 0) return true;
  tgi_piece *trial = tgi_arena_alloc(arena, count * sizeof *trial);
  if (trial == NULL) return false;
  memcpy(trial, pieces, count * sizeof *trial);
  return try_all(arena, pieces, trial, count, steps, bytes);
}
