/* One function, evaluated in one of two ways: recorded on a tape every time, or, where the command
   line ends in the word `replay`, recorded once and then replayed by a program. The numbers are the
   same; examples are run both ways. */
#ifndef EXAMPLES_EITHER_H
#define EXAMPLES_EITHER_H

#include <string.h>

#include "must.h"

typedef struct either {
  tg_tape *t;     /* NULL: replay */
  tg_function *f; /* NULL: by the tape */
  tg_function_fn *fn;
  void *user;
} either;

static inline bool says_replay(int argc, char **argv) {
  return argc > 1 && strcmp(argv[argc - 1], "replay") == 0;
}

/* y[0..n_y) from x[0..n_x) by fn; ends the program on failure, as do all functions here. */
static inline either make_either(bool replay, tg_function_fn *fn, int n_x, int n_y, void *user) {
  tg_error error = {0};
  either e = {.fn = fn, .user = user};
  if (replay)
    e.f = tg_function_new(fn, n_x, n_y, user, NULL, &error);
  else
    e.t = tg_tape_new(NULL, &error);
  must(e.f != NULL || e.t != NULL, &error);
  return e;
}

static inline void free_either(either *e) {
  tg_function_free(e->f);
  tg_tape_free(e->t);
}

enum { EITHER_MOST = 256 };

/* The results are valid until the next call. */
static inline void evaluate(either *e, const tg_tensor x[], int n_x, tg_tensor y[], int n_y) {
  tg_error error = {0};
  tg_var in[EITHER_MOST], out[EITHER_MOST];
  if (e->f) {
    must(tg_function_call(e->f, x, y, &error) == TG_OK, &error);
    return;
  }
  tg_tape_reset(e->t);
  for (int i = 0; i < n_x; i++) in[i] = tg_leaf(e->t, x[i]);
  e->fn(e->t, in, n_x, out, n_y, e->user);
  must_tape(e->t);
  for (int j = 0; j < n_y; j++) y[j] = tg_value(out[j]);
}

/* One step down the loss: now, or in every replay of what is being captured. */
static inline tg_status descend(tg_tape *t, tg_var loss, tg_grads *grads, tg_optimizer *o) {
  if (tg_is_capturing(t)) {
    tg_store_grads(grads, loss);
    return tg_optimizer_capture(o, grads, t);
  }
  tg_grads_zero(grads);
  tg_backward(loss, grads);
  return tg_optimizer_step(o, grads, t);
}

static inline double number(const tg_tensor *x) { return tg_tensor_at(x, 0); }

#endif
