/* The epochs: batches, steps, and what each epoch is measured by. */
#include "train.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "must.h"
#include "step.h"

enum { CURVE_POINTS = 400, TEST_BATCH = 1000 };

/* ---- progress ---- */

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

typedef struct progress {
  bool terminal;
  double start, shown;
  int64_t steps, per_epoch, images;
  int epochs;
} progress;

static void show_bar(progress *p, int64_t step, double loss) {
  double now = seconds(), share = (double)step / (double)p->steps, spent = now - p->start;
  if (!p->terminal || (now - p->shown < 0.1 && step < p->steps)) return;
  p->shown = now;
  char bar[31];
  for (int i = 0; i < 30; i++) bar[i] = i < (int)(30 * share) ? '#' : '.';
  bar[30] = '\0';
  double rate = share * (double)p->images / spent,
         left = share > 0 ? spent * (1 - share) / share : 0;
  int64_t epoch = step == p->steps ? p->epochs : step / p->per_epoch + 1;
  printf("\repoch %lld/%d [%s] loss %.4f  %.0f images/s  %.0f s left ", (long long)epoch, p->epochs,
         bar, loss, rate, left);
  (void)fflush(stdout);
}

static void show_epoch(const progress *p, int64_t step, double mean_loss) {
  double spent = seconds() - p->start;
  if (p->terminal) printf("\r\033[K");
  printf("epoch %lld/%d  loss %.6f", (long long)(step / p->per_epoch), p->epochs, mean_loss);
  printf("  %.0f images/s\n", (double)p->images * (double)step / (double)p->steps / spent);
  (void)fflush(stdout);
}

/* ---- training ---- */

static curve make_curve(void) {
  curve c = {malloc(CURVE_POINTS * sizeof(double)), malloc(CURVE_POINTS * sizeof(double)), 0};
  if (c.step == NULL || c.loss == NULL) exit(EXIT_FAILURE);
  return c;
}

/* The mean loss since the curve's last point becomes its next, CURVE_POINTS times in all. */
static void add_to_curve(curve *c, int64_t step, int64_t steps, double loss, double *sum,
                         int64_t *n) {
  *sum += loss;
  ++*n;
  if (step * CURVE_POINTS / steps <= c->n || c->n == CURVE_POINTS) return;
  c->step[c->n] = (double)step;
  c->loss[c->n++] = *sum / (double)*n;
  *sum = 0, *n = 0;
}

curve train(model *m, const images *set, const settings *s, const tg_runtime *runtime) {
  trainer r = make_trainer(m, set, s, runtime);
  curve c = make_curve();
  int64_t per_epoch = tg_batches_count(r.batches), steps = s->epochs * per_epoch, n = 0;
  progress p = {isatty(STDOUT_FILENO) == 1, seconds(), 0, steps, per_epoch,
                s->epochs * set->n,         s->epochs};
  double sum = 0, epoch_sum = 0;
  for (int64_t step = 1; step <= steps; step++) {
    double loss = train_step(&r, set, step - 1);
    epoch_sum += loss;
    add_to_curve(&c, step, steps, loss, &sum, &n);
    show_bar(&p, step, loss);
    if (step % per_epoch != 0) continue;
    show_epoch(&p, step, epoch_sum / (double)per_epoch);
    epoch_sum = 0;
  }
  free_trainer(&r);
  return c;
}

/* ---- testing ---- */

double test(const model *m, const images *set, const tg_runtime *runtime, uint8_t predicted[]) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, &error);
  tg_batches *batches =
      tg_batches_new(set->n, &(tg_batches_options){.size = TEST_BATCH}, runtime, &error);
  must(t != NULL && batches != NULL, &error);
  batch_room room = make_room(TEST_BATCH, set->size);
  const uint8_t *label = set->labels.data;
  int64_t right = 0;
  tg_tape_set_grad(t, false);
  for (int64_t step = 0; step < tg_batches_count(batches); step++) {
    tg_batch batch = tg_batches_at(batches, step);
    tg_tensor x, unused;
    fill_room(&room, set, &batch, &x, &unused);
    tg_tape_reset(t);
    tg_var p[MOST_PARAMETERS];
    parameters(t, m, p);
    tg_tensor best =
        tg_value(tg_argmax(scores(t, p, m->n_layers, centred(t, m, tg_leaf(t, x))), 1, false));
    must_tape(t);
    for (int64_t i = 0; i < batch.n; i++) {
      predicted[batch.rows[i]] = (uint8_t)tg_tensor_at(&best, i);
      right += predicted[batch.rows[i]] == label[batch.rows[i]];
    }
  }
  free_room(&room);
  tg_batches_free(batches);
  tg_tape_free(t);
  return (double)right / (double)set->n;
}

/* ---- the graph ---- */

void write_graph(const model *m, const images *set, const tg_runtime *runtime, const char *path) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, &error);
  must(t != NULL, &error);
  batch_room room = make_room(1, set->size);
  const int64_t first = 0;
  tg_tensor x, label;
  fill_room(&room, set, &(tg_batch){.n = 1, .rows = &first}, &x, &label);
  tg_var p[MOST_PARAMETERS], roots[1 + MOST_PARAMETERS];
  tg_graph_gradient pairs[MOST_PARAMETERS];
  int n = parameters(t, m, p);
  tg_var y = scores(t, p, m->n_layers, centred(t, m, tg_name(tg_leaf(t, x), "image")));
  roots[0] = tg_name(tg_cross_entropy(y, tg_name(tg_leaf(t, label), "label")), "loss");
  tg_grad(roots[0], p, n, roots + 1);
  for (int i = 0; i < n; i++) pairs[i] = (tg_graph_gradient){p[i], roots[i + 1]};
  tg_graph_options options = {.gradients = pairs, .n_gradients = n};
  must_tape(t);
  must(tg_graph_dot_file(t, roots, n + 1, &options, path, &error) == TG_OK, &error);
  free_room(&room);
  tg_tape_free(t);
}
