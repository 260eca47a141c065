/* A hash table of class names. */
#include "data/classes.h"

#include <string.h>

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t hash(const char *text, size_t length) {
  uint64_t h = 0xcbf29ce484222325u;
  for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)text[i]) * 0x100000001b3u;
  return h;
}

/* The slot that holds the text's id, or the empty one where it belongs. */
static int64_t *find_slot(const tgi_classes *c, const char *text, size_t length) {
  size_t k = (size_t)hash(text, length) & (c->slot_count - 1);
  for (;; k = (k + 1) & (c->slot_count - 1)) {
    if (c->slots[k] < 0) return &c->slots[k];
    const char *name = c->names[c->slots[k]];
    if (strncmp(name, text, length) == 0 && name[length] == 0) return &c->slots[k];
  }
}

enum { FIRST_SLOTS = 64 };

static bool grow_slots(tgi_classes *c) {
  if (c->slot_count > 2 * c->count) return true;
  size_t old = c->slot_count, count = old ? 2 * old : FIRST_SLOTS;
  int64_t *slots = tgi_alloc(c->runtime, count * sizeof *slots);
  if (!slots) return false;
  for (size_t k = 0; k < count; k++) slots[k] = -1;
  tgi_free(c->runtime, c->slots, old * sizeof *slots);
  c->slots = slots;
  c->slot_count = count;
  for (size_t i = 0; i < c->count; i++)
    *find_slot(c, c->names[i], strlen(c->names[i])) = (int64_t)i;
  return true;
}

static bool add_name(tgi_classes *c, const char *text, size_t length) {
  if (!tgi_grow(c->runtime, &c->names, &c->capacity, c->count + 1, sizeof *c->names)) return false;
  char *name = tgi_arena_alloc(c->arena, length + 1);
  if (!name) return false;
  memcpy(name, text, length);
  name[length] = 0;
  c->names[c->count++] = name;
  return true;
}

int64_t tgi_class_of(tgi_classes *c, const char *text, size_t length) {
  if (!grow_slots(c)) return -1;
  int64_t *slot = find_slot(c, text, length);
  if (*slot >= 0) return *slot;
  if (!add_name(c, text, length)) return -1;
  return *slot = (int64_t)c->count - 1;
}

void tgi_classes_free(tgi_classes *c) {
  tgi_free(c->runtime, c->names, c->capacity * sizeof *c->names);
  tgi_free(c->runtime, c->slots, c->slot_count * sizeof *c->slots);
  *c = (tgi_classes){.runtime = c->runtime, .arena = c->arena};
}
