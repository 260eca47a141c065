/* What the hostile programs share: derivatives of scalars in the three ways. */
#ifndef TESTS_HOSTILE_H
#define TESTS_HOSTILE_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "files.h"
#include "tape.h"
#include "tapegrad/gradcheck.h"
#include "tapegrad/ops.h"

static inline void assert_says(tg_status status, const char *text) {
  ck_assert_msg(tg_tape_status(t) == status, "%s: %s", tg_status_name(tg_tape_status(t)),
                tg_tape_message(t));
  ck_assert_msg(strstr(tg_tape_message(t), text), "'%s' is not in '%s'", text, tg_tape_message(t));
}

/* dy/dx of scalars by the plain sweep. */
static inline double plain(tg_var y, tg_var x) {
  double dx = 0;
  tg_tensor into = tg_tensor_of(&dx, TG_F64, TG_SCALAR);
  return tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1) == TG_OK ? dx : NAN;
}
static inline double recorded(tg_var y, tg_var x) {
  tg_var dx;
  return tg_grad(y, &x, 1, &dx) == TG_OK ? tg_item(dx) : NAN;
}
static inline double forward(tg_var y, tg_var x) {
  tg_var dy, one = tg_scalar(t, TG_F64, 1);
  return tg_jvp(&y, 1, &x, &one, 1, &dy) == TG_OK ? tg_item(dy) : NAN;
}
static inline void assert_derivative(tg_var y, tg_var x, double expected) {
  assert_near(plain(y, x), expected);
  assert_near(recorded(y, x), expected);
  assert_near(forward(y, x), expected);
}

/* A kernel of rank 0. */
static inline tg_status copies(const tg_call *c) {
  tg_tensor_put(&c->out, 0, tg_tensor_at(&c->in[0], 0));
  return TG_OK;
}

#endif
