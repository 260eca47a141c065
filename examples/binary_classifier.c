/* A binary classifier: 2-3-1, relu then sigmoid, binary cross-entropy, stochastic gradient descent
   with the rate 0.01 for 1,000 steps, on two clouds of points that a line can nearly part.

     binary_classifier [replay]   (replay: the step is recorded once) */
#include "either.h"

enum { POINTS = 200, STEPS = 1000 };

/* Two normal clouds about (-1, -1) and (1, 1). */
static void make_points(float x[POINTS][2], float label[POINTS][1]) {
  tg_key key = {.seed = 7};
  for (int i = 0; i < POINTS; i++) {
    label[i][0] = (float)(i % 2);
    double centre = i % 2 ? 1 : -1;
    for (int k = 0; k < 2; k++)
      x[i][k] = (float)(centre + 0.8 * tg_random_normal(key, 2 * (uint64_t)i + (uint64_t)k));
  }
}

typedef struct classifier {
  tg_params *params;
  tg_linear_layer hidden, output;
  tg_grads *grads;
  tg_optimizer *sgd;
} classifier;

static tg_var probability(tg_tape *t, const classifier *c, tg_var x) {
  tg_var h = tg_relu(tg_linear_apply(t, c->params, c->hidden, x));
  return tg_sigmoid(tg_linear_apply(t, c->params, c->output, h));
}

static tg_var loss_of(tg_tape *t, const classifier *c, tg_var x, tg_var label) {
  return tg_binary_cross_entropy(probability(t, c, x), label, TG_REDUCTION_MEAN);
}

/* One step; y[0] is the loss before it. */
static tg_status step(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  (void)n_x, (void)n_y;
  const classifier *c = user;
  y[0] = loss_of(t, c, x[0], x[1]);
  return descend(t, y[0], c->grads, c->sgd);
}

/* The share of points on the right side of 1/2. */
static double accuracy(tg_tape *t, const classifier *c, tg_tensor x, tg_tensor label) {
  tg_tape_reset(t);
  tg_tensor p = tg_value(probability(t, c, tg_leaf(t, x)));
  int right = 0;
  for (int i = 0; i < POINTS; i++)
    right += (tg_tensor_at(&p, i) > 0.5) == (tg_tensor_at(&label, i) > 0.5);
  return (double)right / POINTS;
}

int main(int argc, char **argv) {
  static float points[POINTS][2], labels[POINTS][1];
  make_points(points, labels);
  tg_tensor x = tg_tensor_of(points, TG_F32, TG_DIMS(POINTS, 2));
  tg_tensor label = tg_tensor_of(labels, TG_F32, TG_DIMS(POINTS, 1));

  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  classifier c = {.params = tg_params_new(NULL, &error)};
  must(t != NULL && c.params != NULL, &error);
  c.hidden = tg_linear_declare(c.params, "hidden", TG_F32, 2, 3, true);
  c.output = tg_linear_declare(c.params, "output", TG_F32, 3, 1, true);
  must(tg_params_seal(c.params, &error) == TG_OK, &error);
  must(tg_linear_init(c.params, c.hidden, (tg_key){.seed = 1}, &error) == TG_OK, &error);
  must(tg_linear_init(c.params, c.output, (tg_key){.seed = 2}, &error) == TG_OK, &error);
  c.grads = tg_grads_new(c.params, &error);
  c.sgd = tg_sgd_new(c.params, &(tg_sgd_options){.lr = 0.01}, &error);
  must(c.grads != NULL && c.sgd != NULL, &error);

  either e = make_either(says_replay(argc, argv), step, 2, 1, &c);
  for (int k = 0; k < STEPS; k++) {
    tg_tensor loss;
    evaluate(&e, (tg_tensor[]){x, label}, 2, &loss, 1);
    if (k % 200 == 0) printf("step %4d  loss %.4f\n", k, number(&loss));
  }
  free_either(&e);
  tg_tape_reset(t);
  double last = tg_item(loss_of(t, &c, tg_leaf(t, x), tg_leaf(t, label)));
  must_tape(t);
  printf("step %4d  loss %.4f\n", STEPS, last);
  printf("accuracy %.1f %%\n", 100 * accuracy(t, &c, x, label));

  tg_optimizer_free(c.sgd);
  tg_grads_free(c.grads);
  tg_params_free(c.params);
  tg_tape_free(t);
  return EXIT_SUCCESS;
}
