/* The plain sweep's cotangents: whose memory each lies in. */
#ifndef TGI_COTANGENT_H
#define TGI_COTANGENT_H

#include "diff/sweep.h"

/* Memory that several cotangents read. */
typedef struct tgi_shared {
  void *data;
  size_t bytes;
  int users;
} tgi_shared;

/* A cotangent by strides, which is only read. */
typedef struct tgi_view {
  tg_tensor g;
  tgi_shared *of; /* NULL: memory that outlives the sweep */
} tgi_view;

/* A node's cotangent: NULL while zero; small ones lie in place. What is added to a view is added
   to a copy. */
typedef struct tgi_cotangent {
  void *data; /* its own dense memory; the sweep itself where it is a view */
  union {
    double small;
    tgi_view *view;
  };
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

static inline bool tgi_is_viewed(const tgi_plain *s, uint32_t id) { return s->of[id].data == s; }

/* Dense memory of the node's shape; data is left to the caller. */
static inline void tgi_dense_like(const tgi_node *node, tg_tensor *x) {
  tgi_node_tensor(node, x);
  if (!node->layout->plain) tgi_set_contiguous(x);
}
/* The node's cotangent, which is not zero. */
static inline void tgi_cotangent_tensor(const tgi_plain *s, uint32_t id, tg_tensor *g) {
  if (tgi_is_viewed(s, id)) {
    *g = s->of[id].view->g;
  } else {
    tgi_dense_like(tgi_node_at(s->t, id), g);
    g->data = s->of[id].data;
  }
}
/* Where the cotangent of operand `id` goes. *fresh: it holds garbage. False: nowhere, or no
   memory. */
bool tgi_open(tgi_plain *s, uint32_t id, tg_tensor *dx, bool *fresh); /* of one on a path */
static inline bool tgi_destination(tgi_plain *s, uint32_t id, tg_tensor *dx, bool *fresh) {
  return tgi_is_on_path(s, id) && tgi_open(s, id, dx, fresh);
}
/* The node was passed: its buffer is free for others. */
void tgi_close_cotangent(tgi_plain *s, uint32_t id);

/* May the cotangent of node `to` be a view? Only while there is none, and where it is large. */
bool tgi_may_view(const tgi_plain *s, uint32_t to);
/* And be g? Not where runs are so short that a copy would be read faster. */
bool tgi_may_lend(const tgi_plain *s, uint32_t to, const tg_tensor *g);
/* Makes it so. What lies in the cotangent of `from` is shared with it; from 0: g outlives the
   sweep; of anything else a copy is kept, without what it repeats. False: no memory. */
bool tgi_lend(tgi_plain *s, uint32_t from, uint32_t to, const tg_tensor *g);

/* The cotangent of operand i is the result's as it is. */
static inline bool tgi_passes(const tg_op *op, int i) {
  return (i == 0 && op->flags & TG_OP_PASSES_0) || (i == 1 && op->flags & TG_OP_PASSES_1);
}
static inline bool tgi_has_shape_of(const tgi_node *a, const tgi_node *b) {
  return a->layout->rank == b->layout->rank &&
         tgi_same_dims(a->layout->rank, a->layout->entries, b->layout->entries);
}
/* Can what the node has serve as the cotangent of operand i, which has none yet, once no other
   operand's needs it? */
bool tgi_may_inherit(const tgi_plain *s, uint32_t id, const uint32_t ids[], int i);
/* The operand whose cotangent is the node's as it is, and which takes it over once all others are
   served; -1: none. */
int tgi_find_heir(const tgi_plain *s, uint32_t id, const uint32_t ids[]);
void tgi_hand_over(tgi_plain *s, uint32_t id, uint32_t heir);
/* The node's cotangent is complete: it goes to every dx[i] that asked for it. */
void tgi_deliver(tgi_plain *s, uint32_t id, const tg_tensor *g);

#endif
