/* Training to and from a safetensors file. One list says what is in it: names, and the memory that
   each is written from or read into. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "optim/optim.h"

/* Numbers on their way between the file and where they belong. */
typedef struct numbers {
  int64_t step, epoch, key[2]; /* the key's bits */
  int64_t optimizer_steps;
  double *lr; /* [groups] */
} numbers;

typedef struct list {
  tgi_arena arena;
  tg_named_tensor *items;
  int64_t count;
  bool failed; /* for want of memory */
  numbers numbers;
} list;

static void add(list *l, const char *name, tg_tensor x) {
  l->failed = l->failed || name == NULL;
  if (!l->failed) l->items[l->count++] = (tg_named_tensor){name, x};
}

static void add_numbers(list *l, const char *name, tg_dtype dtype, void *data, int rank,
                        const int64_t dims[]) {
  add(l, name, tg_tensor_of(data, dtype, rank, dims));
}

/* "optimizer.STATE.NAME", or NULL. */
static const char *state_name(list *l, const char *state, const char *name) {
  size_t size = strlen(state) + strlen(name) + sizeof "optimizer..";
  char *text = tgi_arena_alloc(&l->arena, size);
  if (text != NULL) snprintf(text, size, "optimizer.%s.%s", state, name);
  return text;
}

static void add_optimizer(list *l, const tg_optimizer *o) {
  for (int k = 0; k < TG_OPTIMIZER_STATES; k++)
    for (int i = 0; i < o->params->count; i++) {
      tg_tensor x = tg_optimizer_state(o, k, i);
      if (x.data == NULL) continue;
      add(l, state_name(l, o->kind->states[k], tg_params_name(o->params, i)), x);
    }
  l->numbers.lr = tgi_arena_alloc(&l->arena, (size_t)o->groups * sizeof *l->numbers.lr);
  l->failed = l->failed || l->numbers.lr == NULL;
  add_numbers(l, "optimizer.steps", TG_I64, &l->numbers.optimizer_steps, TG_SCALAR);
  add_numbers(l, "optimizer.lr", TG_F64, l->numbers.lr, TG_DIMS(o->groups));
}

static void add_training(list *l) {
  add_numbers(l, "training.step", TG_I64, &l->numbers.step, TG_SCALAR);
  add_numbers(l, "training.epoch", TG_I64, &l->numbers.epoch, TG_SCALAR);
  add_numbers(l, "training.key", TG_I64, l->numbers.key, TG_DIMS(2));
}

/* Everything of the file but its metadata. The caller frees the arena. */
static tg_status collect(list *l, const tg_params *params, const tg_optimizer *o, bool training,
                         tg_error *error) {
  size_t most = (size_t)params->count * (1 + TG_OPTIMIZER_STATES) + 5;
  *l = (list){0};
  tgi_arena_init(&l->arena, params->runtime, 0);
  if (!params->sealed || (o != NULL && o->params != params))
    return tgi_error(error, TG_STATE, "training: %s",
                     params->sealed ? "the optimizer is of other params"
                                    : "tg_params_seal comes first");
  l->items = tgi_arena_alloc(&l->arena, most * sizeof *l->items);
  l->failed = l->items == NULL;
  for (int i = 0; i < params->count; i++)
    add(l, tg_params_name(params, i), tg_params_tensor(params, i));
  if (o != NULL) add_optimizer(l, o);
  if (training) add_training(l);
  return l->failed ? tgi_error(error, TG_NO_MEMORY, "training: no memory for its names") : TG_OK;
}

/* ---- saving ---- */

/* The caller's texts and the optimizer's kind. NULL: no memory. */
static const tg_named_text *metadata(list *l, const tg_optimizer *o, const tg_training *training,
                                     int64_t *count) {
  int64_t n = training != NULL ? training->text_count : 0;
  tg_named_text *texts = tgi_arena_alloc(&l->arena, ((size_t)n + 1) * sizeof *texts);
  if (texts == NULL) return NULL;
  for (int64_t i = 0; i < n; i++) texts[i] = training->texts[i];
  if (o != NULL) texts[n++] = (tg_named_text){"optimizer", o->kind->name};
  *count = n;
  return texts;
}

static void take_numbers(numbers *to, const tg_optimizer *o, const tg_training *training) {
  if (training != NULL) {
    to->step = training->step;
    to->epoch = training->epoch;
    memcpy(to->key, &training->key, sizeof to->key);
  }
  if (o == NULL) return;
  to->optimizer_steps = o->steps;
  for (int i = 0; i < o->groups; i++) to->lr[i] = tg_optimizer_lr(o, i);
}

static tg_status write(list *l, const char *path, const tg_params *params, const tg_optimizer *o,
                       const tg_training *training, tg_error *error) {
  int64_t count = 0;
  const tg_named_text *texts = metadata(l, o, training, &count);
  if (texts == NULL) return tgi_error(error, TG_NO_MEMORY, "training: no memory for its texts");
  take_numbers(&l->numbers, o, training);
  return tg_safetensors_write(path, l->items, l->count, texts, count, params->runtime, error);
}

tg_status tg_training_save(const char *path, const tg_params *params, const tg_optimizer *optimizer,
                           const tg_training *training, tg_error *error) {
  list l;
  tg_status status = collect(&l, params, optimizer, training != NULL, error);
  if (status == TG_OK) status = write(&l, path, params, optimizer, training, error);
  tgi_arena_free(&l.arena);
  return status;
}

/* ---- loading ---- */

static tg_named_tensor find(const tg_safetensors *file, const char *name) {
  return tg_safetensors_tensor(file, tg_safetensors_find(file, name));
}

static tg_status check_item(const char *path, const tg_named_tensor *item,
                            const tg_safetensors *file, tg_error *error) {
  tg_named_tensor found = find(file, item->name);
  const tg_tensor *x = &item->tensor, *y = &found.tensor;
  if (found.name == NULL)
    return tgi_file_error(error, TG_FORMAT, path, "\"%s\" is not in the file", item->name);
  if (x->dtype == y->dtype && tg_tensor_same_shape(x, y)) return TG_OK;
  char expected[128], shape[128];
  tg_tensor_shape_text(x, expected, sizeof expected);
  tg_tensor_shape_text(y, shape, sizeof shape);
  return tgi_file_error(error, x->dtype == y->dtype ? TG_SHAPE : TG_DTYPE, path,
                        "\"%s\" is %s %s in the file, expected %s %s", item->name,
                        tg_dtype_name(y->dtype), shape, tg_dtype_name(x->dtype), expected);
}

static tg_status check_numbers(const char *path, const tg_safetensors *file, tg_error *error) {
  tg_tensor steps = find(file, "optimizer.steps").tensor, lr = find(file, "optimizer.lr").tensor;
  bool fits = tg_tensor_at(&steps, 0) >= 0;
  for (int64_t i = 0; i < tg_tensor_numel(&lr); i++) {
    double rate = tg_tensor_at(&lr, i);
    fits = fits && rate >= 0 && isfinite(rate);
  }
  if (fits) return TG_OK;
  return tgi_file_error(error, TG_FORMAT, path, "a learning rate or the steps are out of range");
}

static tg_status check(const list *l, const char *path, const tg_optimizer *o,
                       const tg_safetensors *file, tg_error *error) {
  const char *kind = tg_safetensors_text(file, "optimizer");
  if (o != NULL && (kind == NULL || strcmp(kind, o->kind->name) != 0))
    return tgi_file_error(error, TG_FORMAT, path, "its optimizer is \"%.40s\", expected \"%s\"",
                          kind != NULL ? kind : "none", o->kind->name);
  tg_status status = TG_OK;
  for (int64_t i = 0; i < l->count && status == TG_OK; i++)
    status = check_item(path, &l->items[i], file, error);
  if (status == TG_OK && o != NULL) status = check_numbers(path, file, error);
  return status;
}

static void give_numbers(const numbers *from, tg_optimizer *o, tg_training *training) {
  if (training != NULL) {
    training->step = from->step;
    training->epoch = from->epoch;
    memcpy(&training->key, from->key, sizeof training->key);
  }
  if (o == NULL) return;
  o->steps = from->optimizer_steps;
  for (int i = 0; i < o->groups; i++) tg_optimizer_set_lr(o, i, from->lr[i]);
}

static tg_status read(list *l, const char *path, tg_params *params, tg_optimizer *o,
                      tg_training *training, tg_error *error) {
  tg_error unread;
  if (error == NULL) error = &unread;
  tg_safetensors *file = tg_safetensors_open(path, params->runtime, error);
  if (file == NULL) return error->status;
  tg_status status = check(l, path, o, file, error);
  for (int64_t i = 0; i < l->count && status == TG_OK; i++) {
    tg_tensor found = find(file, l->items[i].name).tensor;
    tgi_copy(&l->items[i].tensor, &found);
  }
  tg_safetensors_free(file);
  if (status != TG_OK) return status;
  give_numbers(&l->numbers, o, training);
  tg_params_touch(params, -1);
  return TG_OK;
}

tg_status tg_training_load(const char *path, tg_params *params, tg_optimizer *optimizer,
                           tg_training *training, tg_error *error) {
  list l;
  tg_status status = collect(&l, params, optimizer, training != NULL, error);
  if (status == TG_OK) status = read(&l, path, params, optimizer, training, error);
  tgi_arena_free(&l.arena);
  return status;
}
