/* Texts numbered in order of first appearance. */
#ifndef TGI_CLASSES_H
#define TGI_CLASSES_H

#include "base/base.h"

typedef struct tgi_classes {
  const tg_runtime *runtime;
  tgi_arena *arena; /* holds the texts */
  const char **names;
  size_t count, capacity;
  int64_t *slots; /* open addressing: an id, or -1; at least twice as many as ids */
  size_t slot_count;
} tgi_classes;

/* The id of a text, which is copied where it is new. -1: no memory. */
int64_t tgi_class_of(tgi_classes *c, const char *text, size_t length);
void tgi_classes_free(tgi_classes *c);

#endif
