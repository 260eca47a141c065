/* For tests of programs: a program of the fixture's tape that must come about, and replays that
   must fail with their sentence. */
#ifndef TESTS_PROGRAM_H
#define TESTS_PROGRAM_H

#include <string.h>

#include "tape.h"
#include "tapegrad/tapegrad.h"

static inline tg_tensor f64(double *data, int64_t n) {
  return tg_tensor_of(data, TG_F64, TG_DIMS(n));
}
static inline tg_tensor one(double *data) { return tg_tensor_of(data, TG_F64, TG_SCALAR); }

static inline tg_program *ended(const tg_var y[], int n) {
  tg_error e = {TG_OK, ""};
  tg_program *p = tg_capture_end(t, y, n, NULL, &e);
  ck_assert_msg(p != NULL, "%s", e.message);
  return p;
}

static inline void assert_replays(tg_program *p, const tg_tensor x[], int n) {
  tg_error e = {TG_OK, ""};
  ck_assert_msg(tg_program_replay(p, x, n, &e) == TG_OK, "%s", e.message);
}

static inline void assert_refuses(tg_program *p, const tg_tensor x[], int n, tg_status status,
                                  const char *message) {
  tg_error e = {TG_OK, ""};
  ck_assert_int_eq(tg_program_replay(p, x, n, &e), status);
  ck_assert_int_eq(e.status, status);
  ck_assert_str_eq(e.message, message);
  ck_assert_ptr_null(tg_program_value(p, 0).data);
  ck_assert(isnan(tg_program_item(p, 0)));
  ck_assert_int_eq(tg_program_replay(p, x, n, NULL), status);
}

/* Element i of result j. */
static inline double result(const tg_program *p, int j, int64_t i) {
  tg_tensor y = tg_program_value(p, j);
  return y.data ? tg_tensor_at(&y, i) : NAN;
}

/* Sealed params with one f64 vector "w" [n], whose elements are 1, 2, ... */
static inline tg_params *one_param(int64_t n) {
  tg_params *params = tg_params_new(NULL, NULL);
  tg_params_add(params, "w", TG_F64, TG_DIMS(n));
  ck_assert_int_eq(tg_params_seal(params, NULL), TG_OK);
  tg_tensor w = tg_params_tensor(params, 0);
  for (int64_t i = 0; i < n; i++) tg_tensor_put(&w, i, (double)(i + 1));
  return params;
}

static inline double weight(const tg_params *params, int index, int64_t i) {
  tg_tensor w = tg_params_tensor(params, index);
  return tg_tensor_at(&w, i);
}

#endif
