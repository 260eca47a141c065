/* For tests on one tape: the tape, made and freed around each test, leaves, and numbers compared.
 */
#ifndef TESTS_TAPE_H
#define TESTS_TAPE_H

#include <math.h>

#include "support.h"
#include "tapegrad/ops.h"

static tg_tape *t;

static inline void setup(void) { t = tg_tape_new(NULL, NULL); }
static inline void teardown(void) { tg_tape_free(t); }

/* Leaves, which borrow `data`: f64 [n], f64 []. */
static inline tg_var vector(double *data, int64_t n) {
  return tg_leaf(t, tg_tensor_of(data, TG_F64, 1, &n));
}
static inline tg_var number(double *data) {
  return tg_leaf(t, tg_tensor_of(data, TG_F64, TG_SCALAR));
}

/* The element at a position in row-major order; NaN of a failed var. */
static inline double at(tg_var x, int64_t position) {
  tg_tensor value = tg_value(x);
  return value.data ? tg_tensor_at(&value, position) : NAN;
}

static inline void assert_near(double a, double b) {
  ck_assert_msg(fabs(a - b) <= 1e-12 * (1 + fabs(b)), "%.17g is not %.17g", a, b);
}

#endif
