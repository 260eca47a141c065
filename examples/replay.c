/* A training step that is recorded once and replayed: the exclusive or of examples/xor.c, trained
   by a tape and by a program from the same first weights. Both end in the same parameters, to the
   last bit. */
#include <string.h>

#include "must.h"

enum { STEPS = 2000 };

static float inputs[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static float targets[4][1] = {{0}, {1}, {1}, {0}};

typedef struct network {
  tg_params *params;
  tg_grads *grads;
  tg_optimizer *optimizer;
  tg_linear_layer hidden, output;
} network;

static network make_network(void) {
  tg_error error = {0};
  network net = {.params = tg_params_new(NULL, &error)};
  must(net.params != NULL, &error);
  net.hidden = tg_linear_declare(net.params, "hidden", TG_F32, 2, 3, true);
  net.output = tg_linear_declare(net.params, "output", TG_F32, 3, 1, true);
  must(tg_params_seal(net.params, &error) == TG_OK, &error);
  tg_key key = {.seed = 1};
  for (int i = 0; i < tg_params_count(net.params); i++)
    must(tg_init_uniform(net.params, i, tg_key_fold(key, (uint64_t)i), -0.3, 0.3, &error) == TG_OK,
         &error);
  net.grads = tg_grads_new(net.params, &error);
  net.optimizer = tg_sgd_new(net.params, &(tg_sgd_options){.lr = 8}, &error);
  must(net.grads != NULL && net.optimizer != NULL, &error);
  return net;
}

static void free_network(network *net) {
  tg_optimizer_free(net->optimizer);
  tg_grads_free(net->grads);
  tg_params_free(net->params);
}

static tg_var loss_of(tg_tape *t, const network *net, tg_var x, tg_var target) {
  tg_var h = tg_sigmoid(tg_linear_apply(t, net->params, net->hidden, x)); /* [4, 3] */
  tg_var y = tg_sigmoid(tg_linear_apply(t, net->params, net->output, h)); /* [4, 1] */
  return tg_mse_loss(y, target, TG_REDUCTION_MEAN);
}

/* A step by the tape: recorded, swept and forgotten every time. */
static double eager_step(tg_tape *t, const network *net, tg_tensor x, tg_tensor target) {
  tg_tape_reset(t);
  tg_var loss = loss_of(t, net, tg_leaf(t, x), tg_leaf(t, target));
  tg_grads_zero(net->grads);
  tg_backward(loss, net->grads);
  tg_optimizer_step(net->optimizer, net->grads, t);
  must_tape(t);
  return tg_item(loss);
}

/* The same step as a program: recorded once. */
static tg_program *make_program(tg_tape *t, const network *net, tg_tensor x, tg_tensor target) {
  tg_error error = {0};
  tg_tape_reset(t);
  tg_capture_begin(t);
  tg_var loss = loss_of(t, net, tg_input(t, 0, x, "x"), tg_input(t, 1, target, "target"));
  tg_store_grads(net->grads, loss);
  tg_optimizer_capture(net->optimizer, net->grads, t);
  tg_program *p = tg_capture_end(t, &loss, 1, NULL, &error);
  must(p != NULL, &error);
  return p;
}

int main(void) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  must(t != NULL, &error);
  network eager = make_network(), replayed = make_network();
  tg_tensor x = tg_tensor_of(inputs, TG_F32, TG_DIMS(4, 2));
  tg_tensor target = tg_tensor_of(targets, TG_F32, TG_DIMS(4, 1));
  tg_program *step = make_program(t, &replayed, x, target);

  double loss = 0;
  for (int k = 0; k < STEPS; k++) {
    loss = eager_step(t, &eager, x, target);
    must(tg_program_replay(step, (tg_tensor[]){x, target}, 2, &error) == TG_OK, &error);
  }
  tg_tensor a = tg_params_flat(eager.params, TG_F32), b = tg_params_flat(replayed.params, TG_F32);
  bool same = memcmp(a.data, b.data, tg_tensor_bytes(&a)) == 0;
  printf("after %d steps: loss %.4f by the tape, %.4f by the program\n", STEPS, loss,
         tg_program_item(step, 0));
  printf("parameters %s\n", same ? "are equal to the last bit" : "differ");

  float wrong[5][2] = {{0}};
  tg_tensor other = tg_tensor_of(wrong, TG_F32, TG_DIMS(5, 2));
  tg_program_replay(step, (tg_tensor[]){other, target}, 2, &error);
  printf("another shape: %s\n", error.message);

  tg_program_free(step);
  free_network(&eager);
  free_network(&replayed);
  tg_tape_free(t);
  return same ? EXIT_SUCCESS : EXIT_FAILURE;
}
