/* Backpropagation on paper: two inputs, two hidden sigmoids, one output sigmoid, every z, a, delta
   and gradient printed, forward and backward, and one step of gradient descent. With a = sigmoid(z)
   and delta = dL/dz:

     output:  delta = (y - t) y (1 - y)              hidden:  delta_j = delta v_j a_j (1 - a_j)
     dL/dv_j = delta a_j,  dL/dc = delta             dL/dW_ji = delta_j x_i,  dL/db_j = delta_j  */
#include "must.h"

static double x_data[2] = {1, 2}, hidden_weight[2][2] = {{0.1, 0.2}, {0.3, 0.4}},
              hidden_bias[2] = {0.1, 0.2}, output_weight[2] = {0.5, 0.6}, output_bias = 0.1,
              target = 1;
static const double eta = 0.1;

static tg_var leaf(tg_tape *t, const char *name, double *data, int rank, const int64_t dims[]) {
  return tg_name(tg_leaf(t, tg_tensor_of(data, TG_F64, rank, dims)), name);
}

static void print(const char *label, tg_var x) {
  tg_tensor value = tg_value(x);
  printf("  %-28s", label);
  for (int64_t i = 0; i < tg_tensor_numel(&value); i++) printf(" %11.8f", tg_tensor_at(&value, i));
  printf("\n");
}

/* p <- p - eta g, in the example's own memory. */
static void descend(double *p, tg_var gradient) {
  tg_tensor g = tg_value(gradient);
  for (int64_t i = 0; i < tg_tensor_numel(&g); i++) p[i] -= eta * tg_tensor_at(&g, i);
}

typedef struct network {
  tg_var x, W, b, v, c;      /* [2], [2, 2], [2], [2], [] */
  tg_var hidden_z, hidden_a; /* [2] */
  tg_var output_z, y, loss;  /* [] */
} network;

static network forward(tg_tape *t) {
  network n;
  n.x = leaf(t, "x", x_data, TG_DIMS(2));
  n.W = leaf(t, "W", &hidden_weight[0][0], TG_DIMS(2, 2));
  n.b = leaf(t, "b", hidden_bias, TG_DIMS(2));
  n.v = leaf(t, "v", output_weight, TG_DIMS(2));
  n.c = leaf(t, "c", &output_bias, TG_SCALAR);
  n.hidden_z = tg_add(tg_matmul(n.W, n.x), n.b);
  n.hidden_a = tg_sigmoid(n.hidden_z);
  n.output_z = tg_add(tg_dot(n.v, n.hidden_a), n.c);
  n.y = tg_sigmoid(n.output_z);
  n.loss = tg_mul_scalar(tg_square(tg_sub_scalar(n.y, target)), 0.5);
  must_tape(t);
  return n;
}

int main(void) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  must(t != NULL, &error);

  network n = forward(t);
  printf("forward\n");
  print("hidden z = W x + b", n.hidden_z);
  print("hidden a = sigmoid(z)", n.hidden_a);
  print("output z = v . a + c", n.output_z);
  print("output y = sigmoid(z)", n.y);
  print("loss = (y - t)^2 / 2", n.loss);

  /* Any var can be asked for its derivative: the deltas are those of the z. */
  tg_var of[8] = {n.y, n.output_z, n.hidden_a, n.hidden_z, n.v, n.c, n.W, n.b}, d[8];
  tg_grad(n.loss, of, 8, d);
  must_tape(t);
  printf("backward\n");
  print("dL/dy = y - t", d[0]);
  print("delta output = dL/dz", d[1]);
  print("dL/da hidden = delta v", d[2]);
  print("delta hidden = dL/dz", d[3]);
  print("dL/dv = delta a", d[4]);
  print("dL/dc = delta", d[5]);
  print("dL/dW = delta x^T", d[6]);
  print("dL/db = delta", d[7]);

  descend(output_weight, d[4]);
  descend(&output_bias, d[5]);
  descend(&hidden_weight[0][0], d[6]);
  descend(hidden_bias, d[7]);
  tg_tape_reset(t);
  n = forward(t);
  printf("after one step with eta = %.1f\n", eta);
  print("v", n.v);
  print("c", n.c);
  print("W", n.W);
  print("b", n.b);
  print("output y", n.y);
  print("loss", n.loss);
  tg_tape_free(t);
  return EXIT_SUCCESS;
}
