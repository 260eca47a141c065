/* Packing by time: an allocator that lives through the steps. Free parts of the block hang in lists
   by their size; the smallest that is found there is taken, and neighbours that are free are one.
   Each piece costs a few list operations. */
#include <string.h>

#include "program/pack.h"

#define NONE UINT32_MAX

enum {
  QUARTERS = 4, /* lists for every power of two */
  LISTS = 64 * QUARTERS,
  WORDS = LISTS / 64,
  LOOK = 16, /* free parts of one list that are looked at */
};

/* A part of the block, between its neighbours in order of address. */
typedef struct part {
  size_t start, end;
  uint32_t before, after;  /* neighbours */
  uint32_t previous, next; /* of its list, where it is free */
  bool is_free;
} part;

typedef struct heap {
  part *parts;
  uint32_t count, last, unused; /* last: the highest; unused: those that merged, by `next` */
  uint32_t first[LISTS];
  uint64_t present[WORDS]; /* lists that are not empty */
  size_t bytes;            /* the most that was needed */
} heap;

static int list_of(size_t size) {
  if (size < QUARTERS) return (int)size;
  int log = 63 - __builtin_clzll(size);
  return log * QUARTERS + (int)(size >> (log - 2) & (QUARTERS - 1));
}

/* ---- lists of free parts ---- */

static void link_free(heap *h, uint32_t i) {
  part *p = &h->parts[i];
  int list = list_of(p->end - p->start);
  p->is_free = true;
  p->previous = NONE;
  p->next = h->first[list];
  if (p->next != NONE) h->parts[p->next].previous = i;
  h->first[list] = i;
  h->present[list / 64] |= 1ull << list % 64;
}

static void unlink_free(heap *h, uint32_t i) {
  part *p = &h->parts[i];
  int list = list_of(p->end - p->start);
  p->is_free = false;
  if (p->next != NONE) h->parts[p->next].previous = p->previous;
  if (p->previous != NONE) {
    h->parts[p->previous].next = p->next;
    return;
  }
  h->first[list] = p->next;
  if (p->next == NONE) h->present[list / 64] &= ~(1ull << list % 64);
}

/* The first list from `list` on that is not empty; LISTS: none. */
static int next_list(const heap *h, int list) {
  if (list >= LISTS) return LISTS;
  int word = list / 64;
  uint64_t bits = h->present[word] >> list % 64 << list % 64;
  while (bits == 0 && ++word < WORDS) bits = h->present[word];
  return word < WORDS ? word * 64 + __builtin_ctzll(bits) : LISTS;
}

static size_t start_in(const part *p, const tgi_piece *piece) {
  return (p->start + piece->grain - 1) & ~(piece->grain - 1);
}

/* The smallest free part that takes the piece, of the first list that has one. */
static uint32_t find(const heap *h, const tgi_piece *piece) {
  for (int list = next_list(h, list_of(piece->size)); list < LISTS; list = next_list(h, list + 1)) {
    uint32_t best = NONE;
    int looked = 0;
    for (uint32_t i = h->first[list]; i != NONE && looked < LOOK; i = h->parts[i].next, looked++) {
      const part *p = &h->parts[i];
      if (start_in(p, piece) + piece->size > p->end) continue;
      if (best == NONE || p->end - p->start < h->parts[best].end - h->parts[best].start) best = i;
    }
    if (best != NONE) return best;
  }
  return NONE;
}

/* ---- parts ---- */

/* A part [start, end) after `before`. */
static uint32_t insert(heap *h, uint32_t before, size_t start, size_t end) {
  uint32_t i = h->unused;
  if (i != NONE)
    h->unused = h->parts[i].next;
  else
    i = h->count++;
  uint32_t after = before == NONE ? NONE : h->parts[before].after;
  h->parts[i] = (part){.start = start, .end = end, .before = before, .after = after};
  if (before != NONE) h->parts[before].after = i;
  if (after != NONE) h->parts[after].before = i;
  if (after == NONE) h->last = i;
  return i;
}

static void erase(heap *h, uint32_t i) {
  part *p = &h->parts[i];
  if (p->before != NONE) h->parts[p->before].after = p->after;
  if (p->after != NONE)
    h->parts[p->after].before = p->before;
  else
    h->last = p->before;
  p->next = h->unused;
  h->unused = i;
}

/* Room at the block's end: the last part where it is free, and what lies beyond it. */
static uint32_t extend(heap *h, const tgi_piece *piece) {
  uint32_t i = h->last;
  if (i != NONE && h->parts[i].is_free)
    unlink_free(h, i);
  else
    i = insert(h, i, i == NONE ? 0 : h->parts[i].end, 0);
  part *p = &h->parts[i];
  p->end = start_in(p, piece) + piece->size;
  if (p->end > h->bytes) h->bytes = p->end;
  return i;
}

/* The part that is the piece's; what is left on its sides stays free. */
static uint32_t take(heap *h, tgi_piece *piece) {
  uint32_t i = find(h, piece);
  if (i == NONE)
    i = extend(h, piece);
  else
    unlink_free(h, i);
  size_t start = start_in(&h->parts[i], piece), end = start + piece->size;
  piece->offset = (int64_t)start;
  if (start > h->parts[i].start) {
    uint32_t front = i;
    i = insert(h, front, start, h->parts[front].end);
    h->parts[front].end = start;
    link_free(h, front);
  }
  if (end < h->parts[i].end) {
    uint32_t rest = insert(h, i, end, h->parts[i].end);
    h->parts[i].end = end;
    link_free(h, rest);
  }
  return i;
}

static void give_back(heap *h, uint32_t i) {
  uint32_t before = h->parts[i].before, after = h->parts[i].after;
  if (before != NONE && h->parts[before].is_free) {
    unlink_free(h, before);
    h->parts[i].start = h->parts[before].start;
    erase(h, before);
  }
  if (after != NONE && h->parts[after].is_free) {
    unlink_free(h, after);
    h->parts[i].end = h->parts[after].end;
    erase(h, after);
  }
  link_free(h, i);
}

/* ---- time ---- */

/* Pieces by the step at which they begin and by that after which they end: lists. */
typedef struct calendar {
  uint32_t *begin, *end;           /* by step: the first piece */
  uint32_t *next_begin, *next_end; /* by piece */
} calendar;

static bool make_calendar(tgi_arena *arena, const tgi_piece pieces[], uint32_t count,
                          uint32_t steps, bool backward, calendar *c) {
  c->begin = tgi_arena_alloc(arena, steps * sizeof(uint32_t));
  c->end = tgi_arena_alloc(arena, steps * sizeof(uint32_t));
  c->next_begin = tgi_arena_alloc(arena, count * sizeof(uint32_t));
  c->next_end = tgi_arena_alloc(arena, count * sizeof(uint32_t));
  if (!c->begin || !c->end || !c->next_begin || !c->next_end) return false;
  for (uint32_t s = 0; s < steps; s++) c->begin[s] = c->end[s] = NONE;
  for (uint32_t i = count; i-- > 0;) {
    uint32_t from = pieces[i].from, to = pieces[i].to;
    if (backward) {
      from = steps - 1 - pieces[i].to;
      to = steps - 1 - pieces[i].from;
    }
    c->next_begin[i] = c->begin[from];
    c->begin[from] = i;
    c->next_end[i] = c->end[to];
    c->end[to] = i;
  }
  return true;
}

bool tgi_pack_by_time(tgi_arena *arena, tgi_piece pieces[], uint32_t count, uint32_t steps,
                      bool backward, size_t *bytes) {
  calendar c;
  heap h = {.last = NONE, .unused = NONE};
  uint32_t *part_of = tgi_arena_alloc(arena, count * sizeof *part_of);
  h.parts = tgi_arena_alloc(arena, (3 * (size_t)count + 1) * sizeof *h.parts);
  if (!part_of || !h.parts || !make_calendar(arena, pieces, count, steps, backward, &c))
    return false;
  for (int list = 0; list < LISTS; list++) h.first[list] = NONE;
  for (uint32_t s = 0; s < steps; s++) {
    for (uint32_t i = c.begin[s]; i != NONE; i = c.next_begin[i]) part_of[i] = take(&h, &pieces[i]);
    for (uint32_t i = c.end[s]; i != NONE; i = c.next_end[i]) give_back(&h, part_of[i]);
  }
  *bytes = h.bytes;
  return true;
}
