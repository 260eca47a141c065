/* Captures from the tape's side: what is declared while one is on. Knows no program. */
#include "tape/capture.h"

tg_status tg_capture_begin(tg_tape *t) {
  if (t == NULL) return TG_NO_MEMORY;
  if (t->status != TG_OK) return t->status;
  if (t->capture) {
    tg_tape_fail(t, TG_STATE, "capture: one is on already");
    return TG_STATE;
  }
  if (!tgi_tape_affords(t, sizeof *t->capture)) return t->status;
  t->capture = tgi_alloc(t->runtime, sizeof *t->capture);
  if (t->capture == NULL) {
    tgi_no_memory(t, "capture");
    return t->status;
  }
  *t->capture = (tgi_capture){.begin = tg_tape_mark(t)};
  return TG_OK;
}

bool tg_is_capturing(const tg_tape *t) { return t && t->capture; }

void tgi_capture_free(tg_tape *t) {
  tgi_capture *c = t->capture;
  if (c == NULL) return;
  tgi_free(t->runtime, c->inputs, c->input_capacity * sizeof *c->inputs);
  tgi_free(t->runtime, c->keys, c->key_capacity * sizeof *c->keys);
  tgi_free(t->runtime, c->effects, c->effect_capacity * sizeof *c->effects);
  tgi_free(t->runtime, c, sizeof *c);
  t->capture = NULL;
}

tgi_capture *tgi_capture_of(tg_tape *t, const char *what) {
  if (t == NULL || t->status != TG_OK) return NULL;
  if (t->capture == NULL)
    tg_tape_fail(t, TG_STATE, "%s: no capture is on: tg_capture_begin comes first", what);
  return t->capture;
}

/* ---- inputs ---- */

bool tgi_is_input(const tg_tape *t, tg_var x) {
  for (size_t i = 0; i < t->capture->input_count; i++)
    if (t->capture->inputs[i].tape && t->capture->inputs[i].id == x.id) return true;
  return false;
}

enum { MOST_INPUTS = 1 << 16 };

/* Room up to `index`, in which nothing is declared yet; false with the tape failed. */
static bool open_input(tg_tape *t, int index) {
  tgi_capture *c = t->capture;
  if (index < 0 || index >= MOST_INPUTS) {
    tg_tape_fail(t, TG_ARGUMENT, "tg_input: the index %d is outside [0, %d)", index, MOST_INPUTS);
    return false;
  }
  size_t at = (size_t)index;
  if (!tgi_tape_grow(t, &c->inputs, &c->input_capacity, at + 1, sizeof *c->inputs)) return false;
  while (c->input_count <= at) c->inputs[c->input_count++] = TG_NONE;
  if (!tgi_is_live(c->inputs[at])) return true; /* absent, or rewound */
  tg_tape_fail(t, TG_ARGUMENT, "tg_input: input %d is declared twice", index);
  return false;
}

static tg_var add_input(tg_tape *t, int index, tg_var x, const char *name) {
  if (name && tgi_is_live(x)) tg_name(x, name);
  if (t == NULL || t->capture == NULL || !tgi_is_live(x)) return x;
  if (!open_input(t, index)) return tgi_failed(t);
  return t->capture->inputs[index] = x;
}

tg_var tg_input(tg_tape *t, int index, tg_tensor x, const char *name) {
  return add_input(t, index, tg_leaf(t, x), name);
}

tg_var tg_input_scalar(tg_tape *t, int index, tg_dtype dtype, double value, const char *name) {
  return add_input(t, index, tg_scalar(t, dtype, value), name);
}

static bool is_same_key(tg_key a, tg_key b) { return a.seed == b.seed && a.stream == b.stream; }

static int find_key(const tgi_capture *c, tg_key key) {
  for (size_t i = 0; i < c->key_count; i++)
    if (is_same_key(c->keys[i].key, key)) return (int)i;
  return -1;
}

static void add_key(tg_tape *t, tgi_key_entry entry) {
  tgi_capture *c = t->capture;
  if (tgi_tape_grow(t, &c->keys, &c->key_capacity, c->key_count + 1, sizeof *c->keys))
    c->keys[c->key_count++] = entry;
}

static bool has_key_input(const tgi_capture *c, int index) {
  for (size_t i = 0; i < c->key_count; i++)
    if (c->keys[i].parent < 0 && c->keys[i].input == index) return true;
  return false;
}

tg_key tg_input_key(tg_tape *t, int index, tg_key key) {
  tgi_capture *c = t ? t->capture : NULL;
  if (c == NULL) return key;
  if (index < 0)
    tg_tape_fail(t, TG_ARGUMENT, "tg_input_key: the index %d is negative", index);
  else if (has_key_input(c, index))
    tg_tape_fail(t, TG_ARGUMENT, "tg_input_key: key %d is declared twice", index);
  else if (find_key(c, key) >= 0)
    tg_tape_fail(t, TG_ARGUMENT, "tg_input_key: key %d is equal to another that is declared",
                 index);
  else
    add_key(t, (tgi_key_entry){.key = key, .parent = -1, .input = index});
  return key;
}

tg_key tg_input_fold(tg_tape *t, tg_key key, uint64_t n) {
  tg_key folded = tg_key_fold(key, n);
  tgi_capture *c = t ? t->capture : NULL;
  int parent = c ? find_key(c, key) : -1;
  if (parent >= 0 && find_key(c, folded) < 0)
    add_key(t, (tgi_key_entry){.key = folded, .parent = parent, .fold = n});
  return folded;
}

/* ---- values ---- */

bool tg_branch(tg_var x) {
  if (!tgi_is_live(x)) return false;
  if (tg_numel(x) != 1) {
    tg_tape_fail(x.tape, TG_SHAPE, "tg_branch: the var has %lld elements, not one",
                 (long long)tg_numel(x));
    return false;
  }
  bool answer = tgi_item(x) != 0;
  if (x.tape->capture)
    tgi_capture_add(x.tape, (tgi_effect){.kind = TGI_BRANCH, .x = x, .expected = answer});
  return answer;
}

tg_var tg_declare_constant(tg_var x) {
  if (!tgi_is_live(x)) return x;
  return tg_constant(x.tape, tgi_value(x));
}

/* ---- effects ---- */

tg_status tgi_capture_add(tg_tape *t, tgi_effect effect) {
  tgi_capture *c = t->capture;
  if (!tgi_tape_grow(t, &c->effects, &c->effect_capacity, c->effect_count + 1, sizeof *c->effects))
    return t->status;
  c->effects[c->effect_count++] = effect;
  return TG_OK;
}

static tg_status refuse(tg_tape *t, tg_status status, const char *what, const tg_tensor *to,
                        tg_var x) {
  char has[200], given[200];
  tg_tensor value = tgi_value(x);
  tg_tensor_shape_text(to, has, sizeof has);
  tg_tensor_shape_text(&value, given, sizeof given);
  tg_tape_fail(t, status, "%s: the memory is %s %s, the var is %s %s", what, has,
               tg_dtype_name(to->dtype), given, tg_dtype_name(value.dtype));
  return t->status;
}

/* Checks x against the memory that it goes to. */
static tg_status add_write(tgi_effect effect, const char *what) {
  tg_tape *t = effect.x.tape;
  if (t == NULL) return TG_ARGUMENT;
  if (!tgi_check_var(t, effect.x, what) || tgi_capture_of(t, what) == NULL) return t->status;
  tg_tensor value = tgi_value(effect.x);
  if (effect.to.data == NULL || !tg_tensor_is_contiguous(&effect.to)) {
    tg_tape_fail(t, TG_ARGUMENT, "%s: what it goes to is no contiguous memory", what);
    return t->status;
  }
  if (effect.to.dtype != value.dtype) return refuse(t, TG_DTYPE, what, &effect.to, effect.x);
  if (!tg_tensor_same_shape(&effect.to, &value))
    return refuse(t, TG_SHAPE, what, &effect.to, effect.x);
  return tgi_capture_add(t, effect);
}

/* Is there such a parameter, with memory, that nothing is assigned to yet? */
static bool check_assigned(tg_tape *t, const tg_params *params, int index) {
  const tgi_capture *c = t->capture;
  if (params == NULL)
    tg_tape_fail(t, TG_ARGUMENT, "tg_assign: no params");
  else if (index < 0 || index >= tg_params_count(params))
    tg_tape_fail(t, TG_ARGUMENT, "tg_assign: no parameter has the index %d", index);
  else if (tg_params_tensor(params, index).data == NULL)
    tg_tape_fail(t, TG_STATE, "tg_assign: \"%s\" has no memory yet: tg_params_seal comes first",
                 tg_params_name(params, index));
  for (size_t i = 0; c && i < c->effect_count && t->status == TG_OK; i++)
    if (c->effects[i].kind == TGI_ASSIGN && c->effects[i].params == params &&
        c->effects[i].index == index)
      tg_tape_fail(t, TG_ARGUMENT, "tg_assign: \"%s\" is assigned twice",
                   tg_params_name(params, index));
  return t->status == TG_OK;
}

tg_status tg_assign(tg_params *params, int index, tg_var x) {
  if (x.tape == NULL) return TG_ARGUMENT;
  if (!check_assigned(x.tape, params, index)) return x.tape->status;
  return add_write((tgi_effect){.kind = TGI_ASSIGN,
                                .x = x,
                                .to = tg_params_tensor(params, index),
                                .params = params,
                                .index = index},
                   "tg_assign");
}

tg_status tg_store(tg_tensor to, tg_var x) {
  return add_write((tgi_effect){.kind = TGI_STORE, .x = x, .to = to}, "tg_store");
}

tg_status tg_then(tg_tape *t, tg_then_fn *fn, void *user) {
  if (t == NULL) return TG_ARGUMENT;
  if (tgi_capture_of(t, "tg_then") == NULL) return t->status;
  if (fn == NULL) return tg_tape_fail(t, TG_ARGUMENT, "tg_then: no function"), t->status;
  return tgi_capture_add(t, (tgi_effect){.kind = TGI_THEN, .then = fn, .user = user});
}
