/* The network: linear layers with relu between them; its loss; its gradient held against finite
   differences. */
#ifndef FASHION_MODEL_H
#define FASHION_MODEL_H

#include "images.h"
#include "settings.h"

typedef struct model {
  tg_params *params;
  tg_linear_layer layers[MOST_HIDDEN + 1];
  int n_layers;
  int mean, scale; /* buffers [inputs], []: of the training images, kept with the parameters */
} model;

/* Ends the program with a sentence on failure. First weights from the seed, as PyTorch's nn.Linear
   makes them. */
model make_model(const settings *s, int64_t inputs, const tg_runtime *runtime);
void free_model(model *m);
/* Takes mean and scale from the training images. */
void fit_input(model *m, const images *set);
/* (pixels - mean) scale, [batch, inputs]: about zero, with variance 1 over all. */
tg_var centred(tg_tape *t, const model *m, tg_var pixels);

enum { MOST_PARAMETERS = 2 * (MOST_HIDDEN + 1) };

/* The parameters as leaves of a tape: weight, bias, weight, bias, ... Returns how many. */
int parameters(tg_tape *t, const model *m, tg_var p[]);
/* Scores of the classes, [batch, 10], of images x [batch, inputs]: x W^T + b with relu between the
   layers. */
tg_var scores(tg_tape *t, const tg_var p[], int n_layers, tg_var x);

/* The same network in f64 on a few images against finite differences; prints the verdict. False
   where the gradient is wrong. */
bool check_gradient(const model *m, const images *set, const tg_runtime *runtime);

#endif
