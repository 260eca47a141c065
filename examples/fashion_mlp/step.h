/* One step of training, and what it needs: the test of allocations counts this very step. */
#ifndef FASHION_STEP_H
#define FASHION_STEP_H

#include "model.h"

/* Room for one batch as the network wants it. */
typedef struct batch_room {
  float *pixels;   /* [n, size] */
  int64_t *labels; /* [n] */
  int64_t n, size;
} batch_room;

batch_room make_room(int64_t n, int64_t size);
void free_room(batch_room *room);
/* The batch's images and labels into the room: x [batch, size], label [batch]. */
void fill_room(batch_room *room, const images *set, const tg_batch *batch, tg_tensor *x,
               tg_tensor *label);

typedef struct trainer {
  const tg_runtime *runtime;
  tg_tape *t;
  tg_grads *grads;
  tg_optimizer *adam;
  tg_batches *batches;
  batch_room room;
  const model *m;
  bool replay;
  tg_function *step; /* replay: a program for each size of a batch; made by the first step */
} trainer;

/* Ends the program with a sentence on failure, as do all functions here. */
trainer make_trainer(model *m, const images *set, const settings *s, const tg_runtime *runtime);
void free_trainer(trainer *r);

/* One step of Adam; returns the loss before it. After the first two it allocates nothing; replayed,
   after the first two of each size of a batch. */
double train_step(trainer *r, const images *set, int64_t step);

#endif
