/* The lists. A layer has X [rows,in] and W [out,in]: Y = X W^T, dW = dY^T X, dX = dY W. */
#include "products.h"

#include <stdlib.h>
#include <string.h>

#include "../fill.h"
#include "limits.h"

static float *matrix(products *p, int rows, int cols) {
  int64_t n = (int64_t)rows * cols;
  float *x = limits_room((size_t)n * sizeof *x);
  fill_f32(x, n, (uint64_t)p->n_blocks, -1, 1);
  return p->blocks[p->n_blocks++] = x;
}

/* X [rows,in], W and dW [out,in], Y and dY [rows,out] */
typedef struct layer {
  const char *forward, *weights, *inputs;
  int rows, in, out;
  float *x, *dx, *w, *dw, *y, *dy;
} layer;

static void forward(products *p, const layer *l, float beta) {
  p->of[p->n++] = (product){l->forward, false, true,  l->rows, l->out, l->in, l->x,
                            l->w,       l->y,  l->in, l->in,   l->out, beta};
}

static void by_weights(products *p, const layer *l, float beta) {
  p->of[p->n++] = (product){l->weights, true,  false,  l->out, l->in, l->rows, l->dy,
                            l->x,       l->dw, l->out, l->in,  l->in, beta};
}

static void by_inputs(products *p, const layer *l) {
  p->of[p->n++] = (product){l->inputs, false, false,  l->rows, l->in, l->out, l->dy,
                            l->w,      l->dx, l->out, l->in,   l->in, 0};
}

static void network(products *p, int rows, const int sizes[4]) {
  static const char *const names[3][3] = {
      {"fwd1", "dW1", "dX1"}, {"fwd2", "dW2", "dX2"}, {"fwd3", "dW3", "dX3"}};
  layer l[3];
  float *x = matrix(p, rows, sizes[0]), *dx = NULL;
  for (int i = 0; i < 3; i++) {
    int in = sizes[i], out = sizes[i + 1];
    l[i] = (layer){names[i][0], names[i][1], names[i][2], rows, in, out, .x = x, .dx = dx};
    l[i].w = matrix(p, out, in);
    l[i].dw = matrix(p, out, in);
    l[i].y = x = matrix(p, rows, out);
    l[i].dy = dx = matrix(p, rows, out);
    forward(p, &l[i], 0);
  }
  for (int i = 2; i >= 0; i--) {
    by_weights(p, &l[i], 0);
    if (i > 0) by_inputs(p, &l[i]);
  }
}

/* The inputs of all time steps in one product, the states one by one. */
static void recurrent(products *p) {
  enum { STEPS = 32, ROWS = 32, IN = 64, HIDDEN = 256, GATES = 4 * HIDDEN };
  float *h = matrix(p, (STEPS + 1) * ROWS, HIDDEN), *dh = matrix(p, (STEPS + 1) * ROWS, HIDDEN);
  layer in = {"fwd_x", "dWx", NULL, STEPS * ROWS, IN, GATES, .w = matrix(p, GATES, IN)};
  layer back = {"fwd_h", "dWh", "dh", ROWS, HIDDEN, GATES, .w = matrix(p, GATES, HIDDEN)};
  in.x = matrix(p, STEPS * ROWS, IN);
  in.y = matrix(p, STEPS * ROWS, GATES);
  in.dy = matrix(p, STEPS * ROWS, GATES);
  in.dw = matrix(p, GATES, IN);
  back.dw = matrix(p, GATES, HIDDEN);
  forward(p, &in, 0);
  for (int i = 0; i < 2 * STEPS; i++) {
    int t = i < STEPS ? i : 2 * STEPS - 1 - i;
    back.x = h + t * ROWS * HIDDEN;
    back.dx = dh + t * ROWS * HIDDEN;
    back.y = in.y + t * ROWS * GATES;
    back.dy = in.dy + t * ROWS * GATES;
    if (i < STEPS) {
      forward(p, &back, 1);
      continue;
    }
    if (t > 0) by_inputs(p, &back); /* the first state is a constant */
    by_weights(p, &back, t < STEPS - 1);
  }
  by_weights(p, &in, 0);
}

products *products_of(const char *workload) {
  static const int fashion[] = {784, 64, 64, 10}, large[] = {1024, 4096, 4096, 1024};
  products *p = limits_room(sizeof *p);
  if (strcmp(workload, "mlp_fashion") == 0) network(p, 32, fashion);
  if (strcmp(workload, "mlp_fashion_b128") == 0) network(p, 128, fashion);
  if (strcmp(workload, "mlp_large") == 0) network(p, 256, large);
  if (strcmp(workload, "lstm_cell") == 0) recurrent(p);
  if (p->n > 0) return p;
  products_free(p);
  return NULL;
}

void products_free(products *p) {
  for (int i = 0; i < p->n_blocks; i++) free(p->blocks[i]);
  free(p);
}
