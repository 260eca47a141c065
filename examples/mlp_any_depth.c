/* A network of any depth by a loop, and why depth was hard: the norm of each layer's delta = dL/dz.
   Through sigmoids it vanishes, since each layer multiplies it by a' <= 1/4; through relu with
   Kaiming's first weights it keeps its size.

     mlp_any_depth [LAYERS]   (10 without it) */
#include <math.h>
#include <string.h>

#include "must.h"

enum { WIDTH = 32, BATCH = 16, MOST = 200 };

static double norm(tg_var x) { return tg_item(tg_norm(x, 2, TG_ALL, false)); }

/* Prints the norm of every layer's delta; the weights are `gain` / sqrt(width) times normal
   numbers. */
static void show(tg_tape *t, int layers, const char *name, tg_var activation(tg_var), double gain) {
  tg_var z[MOST], delta[MOST];
  const int64_t square[2] = {WIDTH, WIDTH}, batch[2] = {BATCH, WIDTH};
  tg_tape_reset(t);
  tg_var a = tg_rand_normal(t, TG_F64, 2, batch, 0, 1, (tg_key){.seed = 1});
  for (int l = 0; l < layers; l++) {
    tg_key key = {.seed = 2, .stream = (uint64_t)l};
    tg_var weight = tg_rand_normal(t, TG_F64, 2, square, 0, gain / sqrt(WIDTH), key);
    z[l] = tg_linear(a, weight, TG_NONE);
    a = activation(z[l]);
  }
  tg_var loss = tg_mean(tg_square(a), TG_ALL, false);
  tg_grad(loss, z, layers, delta);
  must_tape(t);
  printf("%s, %d layers\n", name, layers);
  for (int l = 0; l < layers; l++) {
    double relative = norm(delta[l]) / norm(delta[layers - 1]);
    printf("  layer %3d  |delta| / |delta of the last| = %.3e\n", l + 1, relative);
  }
}

int main(int argc, char **argv) {
  long asked = argc > 1 ? strtol(argv[1], NULL, 10) : 10;
  if (asked < 1 || asked > MOST) {
    fprintf(stderr, "mlp_any_depth: LAYERS is 1 to %d, not \"%s\"\n", MOST, argv[1]);
    return 2;
  }
  int layers = (int)asked;
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  must(t != NULL, &error);
  show(t, layers, "sigmoid", tg_sigmoid, 1);
  show(t, layers, "relu", tg_relu, sqrt(2));
  tg_tape_free(t);
  return EXIT_SUCCESS;
}
