/* Training, and testing once. */
#ifndef FASHION_TRAIN_H
#define FASHION_TRAIN_H

#include "model.h"

/* The mean loss of every `stride` steps, for the curve. */
typedef struct curve {
  double *step, *loss;
  int n;
} curve;

/* Adam on shuffled batches; prints progress. The curve's memory is the caller's to free. */
curve train(model *m, const images *set, const settings *s, const tg_runtime *runtime);

/* Predicts every image; fills predicted[n]; returns the share that is right. */
double test(const model *m, const images *set, const tg_runtime *runtime, uint8_t predicted[]);

/* The recorded graph of one batch, forward and backward, as DOT. */
void write_graph(const model *m, const images *set, const tg_runtime *runtime, const char *path);

#endif
