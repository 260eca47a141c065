/* The exclusive or, learned by a 2-3-1 network of sigmoids with the mean squared error and
   full-batch gradient descent.

   First the recipe of the textbooks: learning rate 0.1, 10,000 steps. It mostly ends on the plateau
   near the loss 0.25. Then one that converges for every seed from 1 to 100: small first weights,
   and a rate that fits the flat sigmoid.

     xor [replay]   (replay: a step is recorded once for each network) */
#include <math.h>

#include "either.h"

static float inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static float targets[4][1] = {{0}, {1}, {1}, {0}};

typedef struct recipe {
  double lr, spread; /* first weights are uniform on [-spread, spread) */
  int steps;
} recipe;

static const recipe textbook = {.lr = 0.1, .spread = 1, .steps = 10000};
static const recipe sure = {.lr = 8, .spread = 0.3, .steps = 10000};

typedef struct network {
  tg_params *params;
  tg_grads *grads;
  tg_optimizer *optimizer;
  tg_linear_layer hidden, output;
} network;

static network make_network(const recipe *r, uint64_t seed) {
  tg_error error = {0};
  network net = {.params = tg_params_new(NULL, &error)};
  must(net.params != NULL, &error);
  net.hidden = tg_linear_declare(net.params, "hidden", TG_F32, 2, 3, true);
  net.output = tg_linear_declare(net.params, "output", TG_F32, 3, 1, true);
  must(tg_params_seal(net.params, &error) == TG_OK, &error);
  tg_key key = {.seed = seed};
  for (int i = 0; i < tg_params_count(net.params); i++) {
    tg_status status = tg_init_uniform(net.params, i, tg_key_fold(key, (uint64_t)i), -r->spread,
                                       r->spread, &error);
    must(status == TG_OK, &error);
  }
  net.grads = tg_grads_new(net.params, &error);
  net.optimizer = tg_sgd_new(net.params, &(tg_sgd_options){.lr = r->lr}, &error);
  must(net.grads != NULL && net.optimizer != NULL, &error);
  return net;
}

static void free_network(network *net) {
  tg_optimizer_free(net->optimizer);
  tg_grads_free(net->grads);
  tg_params_free(net->params);
}

static tg_var predict(tg_tape *t, const network *net, tg_var x) {
  tg_var h = tg_sigmoid(tg_linear_apply(t, net->params, net->hidden, x)); /* [4, 3] */
  return tg_sigmoid(tg_linear_apply(t, net->params, net->output, h));     /* [4, 1] */
}

/* One step of gradient descent; y[0] is the loss before it. */
static tg_status step(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  (void)n_x, (void)n_y;
  const network *net = user;
  y[0] = tg_mse_loss(predict(t, net, x[0]), x[1], TG_REDUCTION_MEAN);
  return descend(t, y[0], net->grads, net->optimizer);
}

static tg_tensor input_table(void) { return tg_tensor_of(inputs, TG_F32, TG_DIMS(4, 2)); }
static tg_tensor target_table(void) { return tg_tensor_of(targets, TG_F32, TG_DIMS(4, 1)); }

/* What the network says now. */
static tg_tensor answers(tg_tape *t, const network *net) {
  tg_tape_reset(t);
  return tg_value(predict(t, net, tg_leaf(t, input_table())));
}

/* Is every output within 0.1 of its target? */
static bool has_learned(tg_tape *t, const network *net) {
  tg_tensor y = answers(t, net);
  for (int i = 0; i < 4; i++)
    if (fabs(tg_tensor_at(&y, i) - (double)targets[i][0]) > 0.1) return false;
  return true;
}

/* Trains until the table is learned; returns the number of steps, or -1. */
static int train(tg_tape *t, network *net, const recipe *r, bool replay, double *loss) {
  either e = make_either(replay, step, 2, 1, net);
  int taken = -1;
  for (int k = 1; k <= r->steps && taken < 0; k++) {
    tg_tensor y;
    evaluate(&e, (tg_tensor[]){input_table(), target_table()}, 2, &y, 1);
    *loss = number(&y);
    if (k % 50 == 0 && has_learned(t, net)) taken = k;
  }
  free_either(&e);
  return taken;
}

static void print_table(tg_tape *t, const network *net) {
  tg_tensor y = answers(t, net);
  for (int i = 0; i < 4; i++)
    printf("  %.0f xor %.0f = %.1f\n", (double)inputs[i][0], (double)inputs[i][1],
           tg_tensor_at(&y, i));
}

int main(int argc, char **argv) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  must(t != NULL, &error);
  bool replay = says_replay(argc, argv);
  double loss = 0;

  network net = make_network(&textbook, 1);
  train(t, &net, &textbook, replay, &loss);
  printf("textbook: learning rate %.1f, %d steps, loss %.3f\n", textbook.lr, textbook.steps, loss);
  print_table(t, &net);
  free_network(&net);

  int converged = 0, most = 0;
  for (uint64_t seed = 1; seed <= 100; seed++) {
    net = make_network(&sure, seed);
    int steps = train(t, &net, &sure, replay, &loss);
    converged += steps > 0;
    if (steps > most) most = steps;
    if (seed == 1) {
      printf("sure: learning rate %.0f, seed 1, %d steps, loss %.2f\n", sure.lr, steps, loss);
      print_table(t, &net);
    }
    free_network(&net);
  }
  printf("sure: %d of 100 seeds converged, none took more than %d steps\n", converged, sure.steps);
  tg_tape_free(t);
  return converged == 100 && most <= sure.steps ? EXIT_SUCCESS : EXIT_FAILURE;
}
