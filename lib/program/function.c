/* Functions that capture themselves: programs by the shapes of their inputs and by the way that
   branches went. Knows of a program what its header says, and where its inputs lie. */
#include "program/program.h"

enum { MOST_PROGRAMS = 8 };

static const tg_function_options default_options = {0};

struct tg_function {
  const tg_runtime *runtime;
  tg_function_fn *fn;
  void *user;
  int n_x, n_y;
  tg_function_options options;
  tg_program **programs; /* [count], the one that was used last comes first */
  int count, most;
  tg_tensor *in; /* [n_x] the inputs of a call, where they lie now */
  tg_var *x, *y; /* of a capture */
};

/* ---- life ---- */

/* Room for n of them; one where there are none, so that NULL means no memory. */
static void *room(const tg_function *f, int n, size_t element) {
  return tgi_alloc(f->runtime, (size_t)(n > 0 ? n : 1) * element);
}

static void give_back(const tg_function *f, void *memory, int n, size_t element) {
  tgi_free(f->runtime, memory, (size_t)(n > 0 ? n : 1) * element);
}

void tg_function_free(tg_function *f) {
  if (f == NULL) return;
  for (int i = 0; i < f->count; i++) tg_program_free(f->programs[i]);
  give_back(f, f->programs, f->most + 1, sizeof(tg_program *));
  give_back(f, f->in, f->n_x, sizeof *f->in);
  give_back(f, f->x, f->n_x, sizeof *f->x);
  give_back(f, f->y, f->n_y, sizeof *f->y);
  tgi_free(f->runtime, f, sizeof *f);
}

static bool fill(tg_function *f) {
  f->programs = room(f, f->most + 1, sizeof(tg_program *));
  f->in = room(f, f->n_x, sizeof *f->in);
  f->x = room(f, f->n_x, sizeof *f->x);
  f->y = room(f, f->n_y, sizeof *f->y);
  return f->programs && f->in && f->x && f->y;
}

tg_function *tg_function_new(tg_function_fn *fn, int n_x, int n_y, void *user,
                             const tg_function_options *options, tg_error *error) {
  if (options == NULL) options = &default_options;
  if (fn == NULL || n_x < 0 || n_y < 0 || options->most < 0) {
    tgi_error(error, TG_ARGUMENT, "tg_function_new: no function, or a negative count");
    return NULL;
  }
  const tg_runtime *runtime = tgi_runtime(options->program.runtime);
  tg_function *f = tgi_alloc(runtime, sizeof *f);
  if (f)
    *f = (tg_function){.runtime = runtime,
                       .fn = fn,
                       .user = user,
                       .n_x = n_x,
                       .n_y = n_y,
                       .options = *options,
                       .most = options->most ? options->most : MOST_PROGRAMS};
  if (f && fill(f)) return f;
  tgi_error(error, TG_NO_MEMORY, "tg_function_new: no memory for a new function");
  tg_function_free(f);
  return NULL;
}

int tg_function_programs(const tg_function *f) { return f ? f->count : 0; }

/* ---- capturing ---- */

/* Records fn on its inputs; what went wrong is in error. */
static tg_program *end_capture(tg_function *f, tg_tape *t, tg_error *error) {
  tg_capture_begin(t);
  for (int i = 0; i < f->n_x; i++) f->x[i] = tg_input(t, i, f->in[i], NULL);
  for (int j = 0; j < f->n_y; j++) f->y[j] = TG_NONE;
  tg_status status = tg_tape_status(t);
  if (status == TG_OK) status = f->fn(t, f->x, f->n_x, f->y, f->n_y, f->user);
  if (status != TG_OK && tg_tape_status(t) == TG_OK)
    tg_tape_fail(t, status, "tg_function: its function returned: %s", tg_status_text(status));
  return tg_capture_end(t, f->y, f->n_y, &f->options.program, error);
}

/* On a tape of its own, which goes again: captures are rare, and a tape keeps the memory of all
   that was ever on it. */
static tg_program *capture(tg_function *f, tg_error *error) {
  tg_tape *t = tg_tape_new(&(tg_tape_options){.runtime = f->runtime}, error);
  if (t == NULL) return NULL;
  tg_program *p = end_capture(f, t, error);
  tg_tape_free(t);
  return p;
}

/* ---- calls ---- */

static bool fits(const tg_function *f, const tg_program *p) {
  for (int i = 0; i < f->n_x; i++) {
    const tg_tensor *like = &p->inputs[i].like;
    if (f->in[i].dtype != like->dtype || !tg_tensor_same_shape(&f->in[i], like)) return false;
  }
  return true;
}

/* Makes program i the one that was used last. */
static void bring_to_front(tg_function *f, int i) {
  tg_program *p = f->programs[i];
  for (; i > 0; i--) f->programs[i] = f->programs[i - 1];
  f->programs[0] = p;
}

/* Replays program i. A replay may overwrite inputs that are results of an earlier call; then the
   program holds a copy of them, from which the next one reads. */
static tg_status replay(tg_function *f, int i, tg_error *error) {
  tg_program *p = f->programs[i];
  tg_status status = tg_program_replay(p, f->in, f->n_x, error);
  for (int k = 0; k < f->n_x && status == TG_BRANCH; k++) {
    f->in[k] = p->inputs[k].like;
    f->in[k].data = p->inputs[k].data;
  }
  return status;
}

/* Results of an earlier call may be among the inputs: no program goes before the new one has run.
 */
static tg_status capture_and_replay(tg_function *f, tg_error *error) {
  tg_program *p = capture(f, error);
  if (p == NULL) return error->status;
  f->programs[f->count++] = p;
  bring_to_front(f, f->count - 1);
  tg_status status = replay(f, 0, error);
  if (f->count > f->most) tg_program_free(f->programs[--f->count]);
  return status;
}

static tg_status call(tg_function *f, tg_error *error) {
  for (int i = 0; i < f->count; i++) {
    if (!fits(f, f->programs[i])) continue;
    tg_status status = replay(f, i, error);
    if (status == TG_BRANCH) continue;
    bring_to_front(f, i);
    return status;
  }
  return capture_and_replay(f, error);
}

static tg_status take_inputs(tg_function *f, const tg_tensor x[], tg_error *error) {
  for (int i = 0; i < f->n_x; i++) {
    if (x == NULL || x[i].data == NULL)
      return tgi_error(error, TG_ARGUMENT, "tg_function_call: input %d has no memory", i);
    f->in[i] = x[i];
  }
  return TG_OK;
}

tg_status tg_function_call(tg_function *f, const tg_tensor x[], tg_tensor y[], tg_error *error) {
  tg_error own = {TG_OK, ""};
  if (f == NULL) return tgi_error(error, TG_ARGUMENT, "tg_function_call: there is no function");
  tg_status status = take_inputs(f, x, &own);
  if (status == TG_OK) status = call(f, &own);
  for (int j = 0; j < f->n_y; j++)
    y[j] = status == TG_OK ? tg_program_value(f->programs[0], j) : (tg_tensor){0};
  return status == TG_OK ? status : tgi_error(error, status, "%s", own.message);
}
