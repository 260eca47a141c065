/* For tests of operators that move numbers about: results compared exactly. */
#ifndef TESTS_VALUES_H
#define TESTS_VALUES_H

#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

enum { MOST = 512 };

/* A constant with the numbers 0, 1, 2, ... */
static inline tg_var iota(int rank, const int64_t dims[]) {
  double data[MOST];
  for (int i = 0; i < MOST; i++) data[i] = i;
  return tg_constant(t, tg_tensor_of(data, TG_F64, rank, dims));
}

static inline void assert_is(tg_var y, int rank, const int64_t dims[], const double expected[]) {
  tg_tensor value = tg_value(y);
  ck_assert_msg(value.data != NULL, "%s", tg_tape_message(t));
  tg_tensor want = tg_tensor_of((void *)(uintptr_t)expected, TG_F64, rank, dims);
  char text[100];
  tg_tensor_shape_text(&value, text, sizeof text);
  ck_assert_msg(tg_tensor_same_shape(&value, &want), "the shape is %s", text);
  for (int64_t i = 0; i < tg_tensor_numel(&want); i++)
    ck_assert_msg(tg_tensor_at(&value, i) == expected[i], "[%d] is %g, not %g", (int)i,
                  tg_tensor_at(&value, i), expected[i]);
}
#define ASSERT_IS(y, dims, ...) assert_is(y, dims, (const double[]){__VA_ARGS__})

static inline bool is_view(tg_var y, tg_var x) {
  const char *at = tg_value(y).data, *base = tg_value(x).data;
  return at >= base && at < base + tg_numel(x) * 8;
}

static inline void assert_refused(tg_var y, tg_status status) {
  ck_assert(tg_is_failed(y));
  ck_assert_msg(tg_tape_status(t) == status, "%s", tg_tape_message(t));
  tg_tape_reset(t);
}

#endif
