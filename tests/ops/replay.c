/* A program of the operator and of its recorded gradients, replayed on the numbers of its capture,
   on others, and on others by strides, gives what the tape gives, to the last bit: with all passes,
   with each one left out, and on every instruction set. */
#include "cases.h"
#include "tapegrad/program.h"

enum { MOST = 1 + TG_SAMPLE_INPUTS };

/* What is evaluated: operands, and the cotangent of the result where there are gradients. */
typedef struct numbers {
  tg_tensor in[TG_SAMPLE_INPUTS + 1];
  tg_key key;
} numbers;

typedef struct outcome {
  tg_tensor y[MOST]; /* the result, then gradients */
  tg_status status;
} outcome;

/* How a case is captured. */
typedef struct way {
  const tg_runtime *runtime;
  uint32_t without;
  bool folded; /* the key that the operator gets is folded from the input */
  const char *name;
} way;

enum { FOLD = 5 };

/* ---- recording ---- */

static size_t key_offset(const tg_op *op) {
  for (const tg_field *f = op->attrs; f && f->name; f++)
    if (f->type == TG_FIELD_KEY) return f->offset;
  return SIZE_MAX;
}

/* The operator, and its gradients in the operands that have one. g NULL: the operator alone.
   Returns how many vars y has. */
static int record(const op_case *c, tg_tape *t, const tg_var x[], const tg_tensor *g, tg_key key,
                  tg_var y[]) {
  _Alignas(16) char attrs[1024];
  const void *given = c->sample->attrs;
  if (given && key_offset(c->op) != SIZE_MAX) {
    memcpy(attrs, given, c->op->attrs_size);
    memcpy(attrs + key_offset(c->op), &key, sizeof key);
    given = attrs;
  }
  y[0] = tg_apply_on(t, c->op, x, c->n, given);
  if (g == NULL || tg_tape_status(t) != TG_OK) return 1;
  tg_var of[TG_SAMPLE_INPUTS], seed = tg_input(t, c->n, *g, "g");
  int n = 0;
  for (int i = 0; i < c->n; i++)
    if (case_is_differentiable(c, i)) of[n++] = x[i];
  tg_vjp(y, &seed, 1, of, n, y + 1);
  return 1 + n;
}

static tg_key key_for(tg_tape *t, const way *w, tg_key key) {
  tg_input_key(t, 0, key);
  return w->folded ? tg_input_fold(t, key, FOLD) : key;
}

static outcome keep(op_case *c, const tg_tensor y[], int n, tg_status status) {
  outcome o = {.status = status};
  for (int j = 0; j < n && status == TG_OK; j++) o.y[j] = case_copy(c, &y[j]);
  return o;
}

/* By a tape; of gradients, while it captures, when fused operators record their grad. */
static outcome evaluate(op_case *c, const way *w, const numbers *at, bool slopes) {
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = w->runtime}, NULL);
  if (t == NULL) abort();
  tg_var x[TG_SAMPLE_INPUTS], y[MOST];
  tg_tensor values[MOST];
  if (slopes) tg_capture_begin(t);
  for (int i = 0; i < c->n; i++) x[i] = tg_input(t, i, at->in[i], NULL);
  int n = record(c, t, x, slopes ? &at->in[c->n] : NULL, key_for(t, w, at->key), y);
  if (slopes) tg_program_free(tg_capture_end(t, NULL, 0, NULL, NULL));
  for (int j = 0; j < n; j++) values[j] = tg_value(y[j]);
  outcome o = keep(c, values, n, tg_tape_status(t));
  tg_tape_free(t);
  return o;
}

static tg_program *capture(op_case *c, const way *w, const numbers *at, bool slopes) {
  tg_error error = {TG_OK, ""};
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = w->runtime}, NULL);
  if (t == NULL) abort();
  tg_var x[TG_SAMPLE_INPUTS], y[MOST];
  tg_capture_begin(t);
  for (int i = 0; i < c->n; i++) x[i] = tg_input(t, i, at->in[i], NULL);
  int n = record(c, t, x, slopes ? &at->in[c->n] : NULL, key_for(t, w, at->key), y);
  tg_program *p = tg_capture_end(t, y, n, &(tg_program_options){.without = w->without}, &error);
  if (p == NULL) case_fail(c, "capture%s: %s", w->name, error.message);
  tg_tape_free(t);
  return p;
}

/* ---- comparing ---- */

static void compare(op_case *c, const way *w, tg_program *p, const char *which, const numbers *at,
                    bool slopes, const outcome *expected) {
  char what[160];
  tg_error error = {TG_OK, ""};
  if (case_failed(c)) return;
  tg_program_set_key(p, 0, at->key);
  tg_status status = tg_program_replay(p, at->in, c->n + slopes, &error);
  if (status != expected->status)
    case_fail(c, "replay%s, %s: %s %s, where the tape has %s", w->name, which,
              tg_status_name(status), error.message, tg_status_name(expected->status));
  for (int j = 0; j < MOST && expected->y[j].data && !case_failed(c); j++) {
    tg_tensor y = tg_program_value(p, j);
    snprintf(what, sizeof what, "replay%s, %s: %s %d", w->name, which, j ? "gradient" : "result",
             j ? j - 1 : 0);
    case_equal(c, what, &y, &expected->y[j], 0);
  }
}

/* Every other element of something larger, axes in reverse order. */
static tg_tensor scattered(op_case *c, const tg_tensor *x) {
  int64_t dims[TG_MAX_RANK];
  for (int k = 0; k < x->rank; k++) dims[k] = 2 * x->dims[x->rank - 1 - k];
  tg_tensor store = case_tensor(c, x->dtype, x->rank, dims), view = *x;
  view.data = store.data;
  for (int k = 0; k < x->rank; k++) view.strides[k] = 2 * store.strides[x->rank - 1 - k];
  tg_tensor_copy(&view, x);
  return view;
}

static void try_way(op_case *c, const way *w, const numbers at[2], bool slopes) {
  numbers strided = at[1];
  for (int i = 0; i < c->n + slopes; i++) strided.in[i] = scattered(c, &at[1].in[i]);
  outcome first = evaluate(c, w, &at[0], slopes), other = evaluate(c, w, &at[1], slopes);
  tg_program *p = capture(c, w, &at[0], slopes);
  if (p) {
    compare(c, w, p, "on its own numbers", &at[0], slopes, &first);
    compare(c, w, p, "on other numbers", &at[1], slopes, &other);
    compare(c, w, p, "on strides", &strided, slopes, &other);
    compare(c, w, p, "on its own numbers again", &at[0], slopes, &first);
  }
  tg_program_free(p);
}

/* ---- the ways ---- */

static const uint32_t all_passes = (1u << TG_PASS_COUNT) - 1;
static const char *const pass_names[] = {
#define PASS_NAME(name, text, does) text,
    TG_PASS_MAP(PASS_NAME)
#undef PASS_NAME
};

static void try_passes(op_case *c, const numbers at[2], bool slopes) {
  bool keyed = key_offset(c->op) != SIZE_MAX;
  for (int folded = 0; folded <= keyed; folded++) {
    try_way(c, &(way){.folded = folded, .name = ""}, at, slopes);
    try_way(c, &(way){.without = all_passes, .folded = folded, .name = " without any pass"}, at,
            slopes);
    for (int k = 0; k < TG_PASS_COUNT && !case_failed(c); k++) {
      char name[40];
      snprintf(name, sizeof name, " without %s", pass_names[k]);
      try_way(c, &(way){.without = 1u << k, .folded = folded, .name = name}, at, slopes);
    }
  }
}

static void try_instructions(op_case *c, const numbers at[2], bool slopes) {
  for (int isa = TG_ISA_BASE; isa < TG_ISA_COUNT && !case_failed(c); isa++) {
    tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.isa = (tg_isa)isa}, NULL);
    char name[40];
    snprintf(name, sizeof name, " on %s", tg_isa_name((tg_isa)isa));
    if (tg_runtime_isa(r) == (tg_isa)isa)
      try_way(c, &(way){.runtime = r, .name = name}, at, slopes);
    tg_runtime_free(r);
  }
}

void check_replay(op_case *c) {
  numbers at[2] = {{.key = {.seed = 11, .stream = 1}}, {.key = {.seed = 12, .stream = 2}}};
  for (int i = 0; i < c->n; i++)
    for (int k = 0; k < 2; k++) at[k].in[i] = k ? case_input(c, i, 1) : c->in[i];
  outcome o = evaluate(c, &(way){.name = ""}, &at[0], false);
  if (o.status != TG_OK) case_fail(c, "refused");
  if (case_failed(c)) return;
  bool slopes = !case_is_constant(c, &o.y[0]);
  for (int k = 0; k < 2 && slopes; k++) at[k].in[c->n] = case_random(c, &o.y[0], 10 + (uint64_t)k);
  try_passes(c, at, slopes);
  try_instructions(c, at, slopes);
}
