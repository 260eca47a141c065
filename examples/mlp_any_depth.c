/* A network of any depth by a loop, and why depth was hard: the norm of each layer's delta = dL/dz.
   Through sigmoids it vanishes, since each layer multiplies it by a' <= 1/4; through relu with
   Kaiming's first weights it keeps its size.

     mlp_any_depth [LAYERS] [replay]   (10 layers without it; replay: the norms by a program) */
#include <math.h>

#include "either.h"

enum { WIDTH = 32, BATCH = 16, MOST = 200 };

/* The weights are `gain` / sqrt(width) times normal numbers. */
typedef struct network {
  const char *name;
  tg_var (*activation)(tg_var);
  double gain;
} network;

/* y[l] = the norm of layer l's delta. */
static tg_status norms(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int layers, void *user) {
  (void)x, (void)n_x;
  const network *net = user;
  tg_var z[MOST], delta[MOST];
  const int64_t square[2] = {WIDTH, WIDTH}, batch[2] = {BATCH, WIDTH};
  tg_var a = tg_rand_normal(t, TG_F64, 2, batch, 0, 1, (tg_key){.seed = 1});
  for (int l = 0; l < layers; l++) {
    tg_key key = {.seed = 2, .stream = (uint64_t)l};
    tg_var weight = tg_rand_normal(t, TG_F64, 2, square, 0, net->gain / sqrt(WIDTH), key);
    z[l] = tg_linear(a, weight, TG_NONE);
    a = net->activation(z[l]);
  }
  tg_var loss = tg_mean(tg_square(a), TG_ALL, false);
  tg_grad(loss, z, layers, delta);
  for (int l = 0; l < layers; l++) y[l] = tg_norm(delta[l], 2, TG_ALL, false);
  return TG_OK;
}

static void show(int layers, bool replay, network net) {
  tg_tensor norm[MOST];
  either e = make_either(replay, norms, 0, layers, &net);
  evaluate(&e, NULL, 0, norm, layers);
  printf("%s, %d layers\n", net.name, layers);
  for (int l = 0; l < layers; l++) {
    double relative = number(&norm[l]) / number(&norm[layers - 1]);
    printf("  layer %3d  |delta| / |delta of the last| = %.3e\n", l + 1, relative);
  }
  free_either(&e);
}

int main(int argc, char **argv) {
  bool replay = says_replay(argc, argv);
  long asked = argc > 1 + replay ? strtol(argv[1], NULL, 10) : 10;
  if (asked < 1 || asked > MOST) {
    fprintf(stderr, "mlp_any_depth: LAYERS is 1 to %d, not \"%s\"\n", MOST, argv[1]);
    return 2;
  }
  int layers = (int)asked;
  show(layers, replay, (network){"sigmoid", tg_sigmoid, 1});
  show(layers, replay, (network){"relu", tg_relu, sqrt(2)});
  return EXIT_SUCCESS;
}
