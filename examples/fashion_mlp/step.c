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
               .room = make_room(s->batch, set->size)};
  must(r.t && r.grads && r.adam && r.batches, &error);
  return r;
}

void free_trainer(trainer *r) {
  free_room(&r->room);
  tg_batches_free(r->batches);
  tg_optimizer_free(r->adam);
  tg_grads_free(r->grads);
  tg_tape_free(r->t);
}

double train_step(trainer *r, const model *m, const images *set, int64_t step) {
  tg_batch batch = tg_batches_at(r->batches, step);
  tg_tensor x, label;
  fill_room(&r->room, set, &batch, &x, &label);
  tg_tape_reset(r->t);
  tg_var p[MOST_PARAMETERS];
  parameters(r->t, m, p);
  tg_var y = scores(r->t, p, m->n_layers, centred(r->t, m, tg_leaf(r->t, x)));
  tg_var loss = tg_cross_entropy(y, tg_leaf(r->t, label));
  tg_grads_zero(r->grads);
  tg_backward(loss, r->grads);
  tg_optimizer_step(r->adam, r->grads, r->t);
  must_tape(r->t);
  return tg_item(loss);
}
