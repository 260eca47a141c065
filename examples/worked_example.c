/* Backpropagation on paper: two inputs, two hidden sigmoids, one output sigmoid, every z, a, delta
   and gradient printed, forward and backward, and one step of gradient descent. With a = sigmoid(z)
   and delta = dL/dz:

     output:  delta = (y - t) y (1 - y)              hidden:  delta_j = delta v_j a_j (1 - a_j)
     dL/dv_j = delta a_j,  dL/dc = delta             dL/dW_ji = delta_j x_i,  dL/db_j = delta_j

     worked_example [replay]   (replay: both passes are recorded once) */
#include "either.h"

static double x_data[2] = {1, 2}, hidden_weight[2][2] = {{0.1, 0.2}, {0.3, 0.4}},
              hidden_bias[2] = {0.1, 0.2}, output_weight[2] = {0.5, 0.6}, output_bias = 0.1,
              target = 1;
static const double eta = 0.1;

enum { WEIGHTS = 4, W = 0, B, V, C }; /* [2, 2], [2], [2], [] */
enum {
  HIDDEN_Z,
  HIDDEN_A,
  OUTPUT_Z,
  OUTPUT,
  LOSS, /* [2], [2], [], [], [] */
  D_OUTPUT,
  D_OUTPUT_Z,
  D_HIDDEN_A,
  D_HIDDEN_Z,
  D_WEIGHTS,
  VALUES = D_WEIGHTS + WEIGHTS
};

/* All that is printed, from the four weights. */
static tg_status network(tg_tape *t, const tg_var p[], int n_p, tg_var y[], int n_y, void *user) {
  (void)n_y, (void)user;
  tg_var x = tg_name(tg_leaf(t, tg_tensor_of(x_data, TG_F64, TG_DIMS(2))), "x");
  y[HIDDEN_Z] = tg_add(tg_matmul(p[W], x), p[B]);
  y[HIDDEN_A] = tg_sigmoid(y[HIDDEN_Z]);
  y[OUTPUT_Z] = tg_add(tg_dot(p[V], y[HIDDEN_A]), p[C]);
  y[OUTPUT] = tg_sigmoid(y[OUTPUT_Z]);
  y[LOSS] = tg_mul_scalar(tg_square(tg_sub_scalar(y[OUTPUT], target)), 0.5);

  /* Any var can be asked for its derivative: the deltas are those of the z. */
  tg_grad(y[LOSS], (tg_var[]){y[OUTPUT], y[OUTPUT_Z], y[HIDDEN_A], y[HIDDEN_Z]}, 4, &y[D_OUTPUT]);
  return tg_grad(y[LOSS], p, n_p, &y[D_WEIGHTS]);
}

static void print(const char *label, tg_tensor value) {
  printf("  %-28s", label);
  for (int64_t i = 0; i < tg_tensor_numel(&value); i++) printf(" %11.8f", tg_tensor_at(&value, i));
  printf("\n");
}

/* p <- p - eta g, in the example's own memory. */
static void move(tg_tensor p, tg_tensor g) {
  for (int64_t i = 0; i < tg_tensor_numel(&p); i++)
    tg_tensor_put(&p, i, tg_tensor_at(&p, i) - eta * tg_tensor_at(&g, i));
}

int main(int argc, char **argv) {
  const tg_tensor p[WEIGHTS] = {tg_tensor_of(hidden_weight, TG_F64, TG_DIMS(2, 2)),
                                tg_tensor_of(hidden_bias, TG_F64, TG_DIMS(2)),
                                tg_tensor_of(output_weight, TG_F64, TG_DIMS(2)),
                                tg_tensor_of(&output_bias, TG_F64, TG_SCALAR)};
  tg_tensor y[VALUES];
  either e = make_either(says_replay(argc, argv), network, WEIGHTS, VALUES, NULL);

  evaluate(&e, p, WEIGHTS, y, VALUES);
  printf("forward\n");
  print("hidden z = W x + b", y[HIDDEN_Z]);
  print("hidden a = sigmoid(z)", y[HIDDEN_A]);
  print("output z = v . a + c", y[OUTPUT_Z]);
  print("output y = sigmoid(z)", y[OUTPUT]);
  print("loss = (y - t)^2 / 2", y[LOSS]);
  printf("backward\n");
  print("dL/dy = y - t", y[D_OUTPUT]);
  print("delta output = dL/dz", y[D_OUTPUT_Z]);
  print("dL/da hidden = delta v", y[D_HIDDEN_A]);
  print("delta hidden = dL/dz", y[D_HIDDEN_Z]);
  print("dL/dv = delta a", y[D_WEIGHTS + V]);
  print("dL/dc = delta", y[D_WEIGHTS + C]);
  print("dL/dW = delta x^T", y[D_WEIGHTS + W]);
  print("dL/db = delta", y[D_WEIGHTS + B]);

  for (int i = 0; i < WEIGHTS; i++) move(p[i], y[D_WEIGHTS + i]);
  evaluate(&e, p, WEIGHTS, y, VALUES);
  printf("after one step with eta = %.1f\n", eta);
  print("v", p[V]);
  print("c", p[C]);
  print("W", p[W]);
  print("b", p[B]);
  print("output y", y[OUTPUT]);
  print("loss", y[LOSS]);
  free_either(&e);
  return EXIT_SUCCESS;
}
