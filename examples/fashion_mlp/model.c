/* The dense network: its parameters, its first values, and the loss of a batch. */
#include "model.h"

#include <math.h>

#include "must.h"

model make_model(const settings *s, int64_t inputs, const tg_runtime *runtime) {
  tg_error error = {0};
  model m = {.params = tg_params_new(runtime, &error), .n_layers = s->n_hidden + 1};
  must(m.params != NULL, &error);
  for (int l = 0; l < m.n_layers; l++) {
    char name[16];
    int64_t in = l == 0 ? inputs : s->hidden[l - 1], out = l < s->n_hidden ? s->hidden[l] : CLASSES;
    snprintf(name, sizeof name, "fc%d", l + 1);
    m.layers[l] = tg_linear_declare(m.params, name, TG_F32, in, out, true);
  }
  m.mean = tg_params_add_buffer(m.params, "input.mean", TG_F32, TG_DIMS(inputs));
  m.scale = tg_params_add_buffer(m.params, "input.scale", TG_F32, TG_SCALAR);
  must(tg_params_seal(m.params, &error) == TG_OK, &error);
  for (int l = 0; l < m.n_layers; l++) {
    tg_key key = {.seed = s->seed, .stream = (uint64_t)l};
    must(tg_linear_init(m.params, m.layers[l], key, &error) == TG_OK, &error);
  }
  return m;
}

void free_model(model *m) { tg_params_free(m->params); }

void fit_input(model *m, const images *set) {
  const uint8_t *pixel = set->pixels.data;
  float *mean = tg_params_tensor(m->params, m->mean).data,
        *scale = tg_params_tensor(m->params, m->scale).data;
  double squares = 0, n = (double)set->n;
  for (int64_t k = 0; k < set->size; k++) {
    double sum = 0, square = 0;
    for (int64_t i = 0; i < set->n; i++) {
      double x = pixel[i * set->size + k];
      sum += x, square += x * x;
    }
    mean[k] = (float)(sum / n);
    squares += square / n - sum / n * (sum / n);
  }
  *scale = squares > 0 ? (float)(1 / sqrt(squares / (double)set->size)) : 1;
  tg_params_touch(m->params, -1);
}

tg_var centred(tg_tape *t, const model *m, tg_var pixels) {
  tg_scope_begin(t, "input");
  tg_var mean = tg_param(t, m->params, m->mean), scale = tg_param(t, m->params, m->scale);
  tg_var x = tg_mul(tg_sub(pixels, mean), scale);
  tg_scope_end(t);
  return x;
}

int parameters(tg_tape *t, const model *m, tg_var p[]) {
  for (int l = 0; l < m->n_layers; l++) {
    p[2 * l] = tg_param(t, m->params, m->layers[l].weight);
    p[2 * l + 1] = tg_param(t, m->params, m->layers[l].bias);
  }
  return 2 * m->n_layers;
}

tg_var scores(tg_tape *t, const tg_var p[], int n_layers, tg_var x) {
  for (int l = 0; l < n_layers; l++) {
    tg_scope_begin(t, l < n_layers - 1 ? "hidden layer" : "output layer");
    x = tg_linear(x, p[2 * l], p[2 * l + 1]);
    if (l < n_layers - 1) x = tg_relu(x);
    tg_scope_end(t);
  }
  return x;
}

/* ---- the gradient check ---- */

enum { SAMPLES = 4 };

typedef struct sample {
  int n_layers;
  tg_tensor x, label; /* f64 [SAMPLES, inputs], i64 [SAMPLES] */
} sample;

/* The loss as a function of the parameters: p = weight, bias, weight, bias, ... */
static tg_var loss_of(tg_tape *t, const tg_var p[], void *user) {
  const sample *s = user;
  return tg_cross_entropy(scores(t, p, s->n_layers, tg_leaf(t, s->x)), tg_leaf(t, s->label));
}

/* Constants on a tape, which owns the memory. */
static tg_tensor in_double(tg_tape *t, tg_tensor x) {
  return tg_value(tg_cast(tg_constant(t, x), TG_F64));
}

static tg_tensor first_rows(tg_tensor x) {
  x.dims[0] = x.dims[0] < SAMPLES ? x.dims[0] : SAMPLES;
  return x;
}

static void say(const model *m, const tg_gradcheck *r) {
  static const char *const verdicts[] = {"right", "WRONG", "right but for kinks of relu", "failed"};
  const char *name = r->operand >= 0 ? tg_params_name(m->params, r->operand) : "a random direction";
  printf("gradient check: %s; worst error %.1e (relative %.1e) in %s", verdicts[r->verdict],
         r->max_abs_error, r->max_rel_error, name);
  if (r->element >= 0) printf(", element %lld", (long long)r->element);
  printf(" of the %s\n", r->what);
  if (r->verdict == TG_CHECK_WRONG || r->verdict == TG_CHECK_FAILED) printf("  %s\n", r->message);
}

bool check_gradient(const model *m, const images *set, const tg_runtime *runtime) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, &error);
  must(t != NULL, &error);
  tg_var pixels = tg_flatten(tg_cast(tg_constant(t, first_rows(set->pixels)), TG_F32), 1, 2);
  tg_var x = tg_cast(centred(t, m, pixels), TG_F64);
  tg_var label = tg_cast(tg_constant(t, first_rows(set->labels)), TG_I64);
  sample s = {m->n_layers, tg_value(x), tg_value(label)};
  tg_tensor p[MOST_PARAMETERS];
  for (int i = 0; i < 2 * m->n_layers; i++) p[i] = in_double(t, tg_params_tensor(m->params, i));
  must_tape(t);
  tg_gradcheck r;
  tg_gradcheck_run(loss_of, p, 2 * m->n_layers, &s, &(tg_gradcheck_options){.runtime = runtime},
                   &r);
  say(m, &r);
  tg_tape_free(t);
  return r.verdict == TG_CHECK_RIGHT || r.verdict == TG_CHECK_KINK;
}
