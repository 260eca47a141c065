#include "step.h"

#include "must.h"

/* ---- batches ---- */

batch_room make_room(int64_t n, int64_t size) {
  batch_room room = {malloc((size_t)(n * size) * sizeof(float)),
                     malloc((size_t)n * sizeof(int64_t)), n, size};
  if (room.pixels == NULL || room.labels == NULL) {
    fprintf(stderr, "fashion_mlp: out of memory\n");
    exit(EXIT_FAILURE);
  }
  return room;
}

void free_room(batch_room *room) {
  free(room->pixels);
  free(room->labels);
}

void fill_room(batch_room *room, const images *set, const tg_batch *batch, tg_tensor *x,
               tg_tensor *label) {
  tg_error error = {0};
  *x = tg_batch_gather_scaled(batch, set->pixels, 1, 0,
                              tg_tensor_of(room->pixels, TG_F32, TG_DIMS(room->n, room->size)),
                              &error);
  must(x->data != NULL, &error);
  int64_t n = batch->n;
  const uint8_t *from = set->labels.data;
  for (int64_t i = 0; i < n; i++) room->labels[i] = from[batch->rows[i]];
  *label = tg_tensor_of(room->labels, TG_I64, 1, &n);
}

/* ---- training ---- */

trainer make_trainer(model *m, const images *set, const settings *s, const tg_runtime *runtime) {
  tg_error error = {0};
  tg_batches_options options = {
      .size = s->batch, .shuffle = true, .key = {.seed = s->seed, .stream = 1000}};
  trainer r = {.t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, &error),
               .grads = tg_grads_new(m->params, &error),
               .adam = tg_adam_new(m->params, &(tg_adam_options){.lr = s->lr}, &error),
               .batches = tg_batches_new(set->n, &options, runtime, &error),
               .room = make_room(s->batch, set->size),
               .runtime = runtime,
               .m = m,
               .replay = s->replay};
  must(r.t && r.grads && r.adam && r.batches, &error);
  return r;
}

void free_trainer(trainer *r) {
  free_room(&r->room);
  tg_function_free(r->step);
  tg_batches_free(r->batches);
  tg_optimizer_free(r->adam);
  tg_grads_free(r->grads);
  tg_tape_free(r->t);
}

static tg_var loss_of(tg_tape *t, const model *m, tg_var x, tg_var label) {
  tg_var p[MOST_PARAMETERS];
  parameters(t, m, p);
  return tg_cross_entropy(scores(t, p, m->n_layers, centred(t, m, x)), label);
}

/* Recorded, swept, and forgotten by the next one. */
static double eager_step(trainer *r, tg_tensor x, tg_tensor label) {
  tg_tape_reset(r->t);
  tg_var loss = loss_of(r->t, r->m, tg_leaf(r->t, x), tg_leaf(r->t, label));
  tg_grads_zero(r->grads);
  tg_backward(loss, r->grads);
  tg_optimizer_step(r->adam, r->grads, r->t);
  must_tape(r->t);
  return tg_item(loss);
}

/* What a program of a step does: x[0] images, x[1] labels, y[0] the loss. */
static tg_status record(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  (void)n_x, (void)n_y;
  trainer *r = user;
  y[0] = loss_of(t, r->m, x[0], x[1]);
  tg_store_grads(r->grads, y[0]);
  return tg_optimizer_capture(r->adam, r->grads, t);
}

static double replayed_step(trainer *r, tg_tensor x, tg_tensor label) {
  tg_error error = {0};
  tg_tensor loss;
  if (r->step == NULL)
    r->step = tg_function_new(record, 2, 1, r,
                              &(tg_function_options){.program = {.runtime = r->runtime}}, &error);
  must(r->step != NULL, &error);
  must(tg_function_call(r->step, (tg_tensor[]){x, label}, &loss, &error) == TG_OK, &error);
  return tg_tensor_at(&loss, 0);
}

double train_step(trainer *r, const images *set, int64_t step) {
  tg_batch batch = tg_batches_at(r->batches, step);
  tg_tensor x, label;
  fill_room(&r->room, set, &batch, &x, &label);
  return r->replay ? replayed_step(r, x, label) : eager_step(r, x, label);
}
