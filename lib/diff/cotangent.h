/* The plain sweep's cotangents: whose memory each lies in. */
#ifndef TGI_COTANGENT_H
#define TGI_COTANGENT_H

#include "diff/sweep.h"

/* A node's cotangent: NULL while zero; small ones lie in place. */
typedef struct tgi_cotangent {
  void *data;
  double small;
} tgi_cotangent;

/* A buffer that was given back, in its own memory. */
typedef struct tgi_spare {
  struct tgi_spare *next;
  size_t size;
} tgi_spare;

enum { TGI_BINS = 32 };

typedef struct tgi_plain {
  tg_tape *t;
  tgi_cotangent *of; /* by id */
  const uint8_t *on; /* NULL: parameters are the only targets, and nodes know what leads to one */
  tg_grads *grads;
  const tg_var *x;
  const tg_tensor *dx;
  int n_x;
  bool *written; /* [n_x] dx was written, and is the cotangent's own memory; NULL: it is added to */
  bool *fresh;   /* by parameter: its gradient holds garbage yet; NULL: it is added to */
  tgi_spare *bins[TGI_BINS];
  tg_mark mark; /* what must live: all that the tape had when the sweep began */
  uint32_t mark_generation;
} tgi_plain;

static inline bool tgi_is_on_path(const tgi_plain *s, uint32_t id) {
  return s->on ? s->on[id] != 0 : tgi_node_at(s->t, id)->flags & TGI_NEEDS_GRAD;
}
static inline bool tgi_is_target(const tgi_plain *s, uint32_t id) {
  return s->on && s->on[id] & TGI_TARGET;
}
/* A leaf that is no target has no cotangent of its own. */
static inline bool tgi_is_borrowed(const tgi_plain *s, const tgi_node *node, uint32_t id) {
  return node->flags & TGI_LEAF && !tgi_is_target(s, id);
}
/* Does the caller's memory serve as the node's cotangent? */
static inline bool tgi_is_written(const tgi_plain *s, uint32_t id) {
  return s->written && tgi_is_target(s, id);
}

/* Dense memory of the node's shape; data is left to the caller. */
void tgi_dense_like(const tgi_node *node, tg_tensor *x);
/* Where the cotangent of operand `id` goes. *fresh: it holds garbage. False: nowhere, or no
   memory. */
bool tgi_destination(tgi_plain *s, uint32_t id, tg_tensor *dx, bool *fresh);
/* The node was passed: its buffer is free for others. */
void tgi_close_cotangent(tgi_plain *s, uint32_t id);

#endif
