/* Looking at a recorded graph: as plain text, a line a node, and as Graphviz DOT, forward and
   backward, with scopes as clusters.

     graph_dump            both on the standard output
     graph_dump FILE.dot   the DOT into a file: dot -Tsvg FILE.dot > FILE.svg draws it */
#include "must.h"

static bool print(void *user, const char *text, size_t length) {
  (void)user;
  return fwrite(text, 1, length, stdout) == length;
}

int main(int argc, char **argv) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  must(t != NULL, &error);

  float x_data[2] = {1, 2}, W_data[3][2] = {{0.1f, 0.2f}, {0.3f, 0.4f}, {0.5f, 0.6f}},
        b_data[3] = {0};
  tg_var x = tg_name(tg_leaf(t, tg_tensor_of(x_data, TG_F32, TG_DIMS(1, 2))), "x");
  tg_scope_begin(t, "layer");
  tg_var W = tg_name(tg_leaf(t, tg_tensor_of(W_data, TG_F32, TG_DIMS(3, 2))), "W");
  tg_var b = tg_name(tg_leaf(t, tg_tensor_of(b_data, TG_F32, TG_DIMS(3))), "b");
  tg_var h = tg_name(tg_sigmoid(tg_linear(x, W, b)), "h");
  tg_scope_end(t);
  tg_var loss = tg_name(tg_mean(tg_square(h), TG_ALL, false), "loss");

  tg_var of[2] = {W, b}, gradient[2];
  tg_grad(loss, of, 2, gradient);
  tg_name(gradient[0], "dloss/dW");
  tg_name(gradient[1], "dloss/db");
  must_tape(t);

  tg_var roots[3] = {loss, gradient[0], gradient[1]};
  const tg_graph_gradient pairs[2] = {{W, gradient[0]}, {b, gradient[1]}};
  tg_graph_options options = {.gradients = pairs, .n_gradients = 2};
  if (argc > 1) {
    must(tg_graph_dot_file(t, roots, 3, &options, argv[1], &error) == TG_OK, &error);
  } else {
    tg_tape_dump(t, roots, 3, print, NULL);
    tg_graph_dot(t, roots, 3, &options, print, NULL);
  }
  must_tape(t);
  tg_tape_free(t);
  return EXIT_SUCCESS;
}
