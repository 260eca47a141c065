/* Batch, stochastic and mini-batch descent, momentum and Adam on the same data from the same first
   weights; their curves in one SVG.

     batch_modes [FILE.svg] [replay]   (batch_modes.svg without it; replay: each mode's step is
                                        recorded once)

   The data is a noisy sine; the network 1-16-1 with tanh; an epoch sees all 128 points once,
   whatever the batch. */
#include <math.h>

#include "chart.h"
#include "either.h"

enum { POINTS = 128, EPOCHS = 60 };

static float points[POINTS][1], values[POINTS][1];

static void make_data(void) {
  for (int i = 0; i < POINTS; i++) {
    double x = 4.0 * i / (POINTS - 1) - 2;
    points[i][0] = (float)x;
    values[i][0] = (float)(sin(2 * x) + 0.1 * tg_random_normal((tg_key){.seed = 5}, (uint64_t)i));
  }
}

typedef struct mode {
  const char *name;
  int batch; /* 0: all */
  bool adam;
  double lr, momentum;
} mode;

static const mode modes[] = {
    {.name = "batch", .batch = 0, .lr = 0.1},
    {.name = "stochastic", .batch = 1, .lr = 0.02},
    {.name = "mini-batch 16", .batch = 16, .lr = 0.1},
    {.name = "mini-batch 16, momentum", .batch = 16, .lr = 0.05, .momentum = 0.9},
    {.name = "mini-batch 16, Adam", .batch = 16, .lr = 0.02, .adam = true},
};
enum { MODES = sizeof modes / sizeof *modes };

typedef struct network {
  tg_params *params;
  tg_linear_layer hidden, output;
  tg_grads *grads;
  tg_optimizer *optimizer;
} network;

static network make_network(void) {
  tg_error error = {0};
  network net = {.params = tg_params_new(NULL, &error)};
  must(net.params != NULL, &error);
  net.hidden = tg_linear_declare(net.params, "hidden", TG_F32, 1, 16, true);
  net.output = tg_linear_declare(net.params, "output", TG_F32, 16, 1, true);
  must(tg_params_seal(net.params, &error) == TG_OK, &error);
  must(tg_linear_init(net.params, net.hidden, (tg_key){.seed = 1}, &error) == TG_OK, &error);
  must(tg_linear_init(net.params, net.output, (tg_key){.seed = 2}, &error) == TG_OK, &error);
  return net;
}

static tg_optimizer *make_optimizer(const network *net, const mode *m) {
  tg_error error = {0};
  tg_optimizer *o =
      m->adam ? tg_adam_new(net->params, &(tg_adam_options){.lr = m->lr}, &error)
              : tg_sgd_new(net->params, &(tg_sgd_options){.lr = m->lr, .momentum = m->momentum},
                           &error);
  must(o != NULL, &error);
  return o;
}

static tg_var loss_of(tg_tape *t, const network *net, tg_var x, tg_var y) {
  tg_var h = tg_tanh(tg_linear_apply(t, net->params, net->hidden, x));
  return tg_mse_loss(tg_linear_apply(t, net->params, net->output, h), y, TG_REDUCTION_MEAN);
}

/* One step on a batch; y[0] is the loss before it. */
static tg_status step(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  (void)n_x, (void)n_y;
  const network *net = user;
  y[0] = loss_of(t, net, x[0], x[1]);
  return descend(t, y[0], net->grads, net->optimizer);
}

static double whole_loss(tg_tape *t, const network *net) {
  tg_tape_reset(t);
  return tg_item(loss_of(t, net, tg_leaf(t, tg_tensor_of(points, TG_F32, TG_DIMS(POINTS, 1))),
                         tg_leaf(t, tg_tensor_of(values, TG_F32, TG_DIMS(POINTS, 1)))));
}

/* The rows of one batch, gathered into memory that is used again and again. */
static tg_tensor gather(const tg_batch *batch, float (*from)[1], float (*to)[1]) {
  tg_error error = {0};
  tg_tensor rows = tg_batch_gather(batch, tg_tensor_of(from, TG_F32, TG_DIMS(POINTS, 1)),
                                   tg_tensor_of(to, TG_F32, TG_DIMS(POINTS, 1)), &error);
  must(rows.data != NULL, &error);
  return rows;
}

/* Fills losses[0..EPOCHS]: over all points, before the first and after each epoch. */
static void train(const mode *m, bool replay, double losses[]) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  network net = make_network();
  net.grads = tg_grads_new(net.params, &error);
  net.optimizer = make_optimizer(&net, m);
  tg_batches *batches = tg_batches_new(
      POINTS, &(tg_batches_options){.size = m->batch, .shuffle = true}, NULL, &error);
  must(t != NULL && net.grads != NULL && batches != NULL, &error);
  either e = make_either(replay, step, 2, 1, &net);
  static float x[POINTS][1], y[POINTS][1];
  int64_t per_epoch = tg_batches_count(batches);
  losses[0] = whole_loss(t, &net);
  for (int64_t k = 0; k < EPOCHS * per_epoch; k++) {
    tg_batch batch = tg_batches_at(batches, k);
    tg_tensor rows[2] = {gather(&batch, points, x), gather(&batch, values, y)}, loss;
    evaluate(&e, rows, 2, &loss, 1);
    if ((k + 1) % per_epoch == 0) losses[(k + 1) / per_epoch] = whole_loss(t, &net);
  }
  free_either(&e);
  tg_batches_free(batches);
  tg_optimizer_free(net.optimizer);
  tg_grads_free(net.grads);
  tg_params_free(net.params);
  tg_tape_free(t);
}

int main(int argc, char **argv) {
  bool replay = says_replay(argc, argv);
  const char *path = argc > 1 + replay ? argv[1] : "batch_modes.svg";
  static double epochs[EPOCHS + 1], losses[MODES][EPOCHS + 1];
  chart_series series[MODES];
  make_data();
  for (int k = 0; k <= EPOCHS; k++) epochs[k] = k;
  for (int i = 0; i < MODES; i++) {
    train(&modes[i], replay, losses[i]);
    printf("%-24s loss %.4f -> %.4f\n", modes[i].name, losses[i][0], losses[i][EPOCHS]);
    series[i] =
        (chart_series){.label = modes[i].name, .x = epochs, .y = losses[i], .n = EPOCHS + 1};
  }
  chart picture = {.title = "Loss over all points",
                   .x_label = "epoch",
                   .y_label = "mean squared error",
                   .log_y = true,
                   .series = series,
                   .n = MODES};
  if (!chart_save(&picture, path)) {
    fprintf(stderr, "batch_modes: cannot write \"%s\"\n", path);
    return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
