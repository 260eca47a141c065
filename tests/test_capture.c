/* What may not be done while a capture is on, what ends it, and what tg_capture_end refuses: each
   with its status and sentence, after which the tape captures again. */
#include <stdio.h>

#include "program.h"

static double data[8];

static void assert_tape_says(tg_status status, const char *message) {
  ck_assert_int_eq(tg_tape_status(t), status);
  ck_assert_str_eq(tg_tape_message(t), message);
}

/* After whatever happened: reset, capture, replay. */
static void assert_usable(void) {
  double x = 3;
  tg_tape_reset(t);
  ck_assert_int_eq(tg_capture_begin(t), TG_OK);
  tg_var y = tg_square(tg_input(t, 0, one(&x), "x"));
  tg_program *p = ended(&y, 1);
  ck_assert(!tg_is_capturing(t));
  x = 5;
  assert_replays(p, (tg_tensor[]){one(&x)}, 1);
  ck_assert(tg_program_item(p, 0) == 25);
  tg_program_free(p);
}

/* tg_capture_end fails, and the capture is over. */
static void assert_ends(const tg_var y[], int n, tg_status status, const char *message) {
  tg_error e = {TG_OK, ""};
  ck_assert_ptr_null(tg_capture_end(t, y, n, NULL, &e));
  ck_assert_int_eq(e.status, status);
  ck_assert_str_eq(e.message, message);
  ck_assert(!tg_is_capturing(t));
  assert_usable();
}

/* ---- beginning and ending ---- */

START_TEST(captures_do_not_nest) {
  ck_assert_int_eq(tg_capture_begin(t), TG_OK);
  ck_assert(tg_is_capturing(t));
  ck_assert_int_eq(tg_capture_begin(t), TG_STATE);
  assert_tape_says(TG_STATE, "capture: one is on already");
  assert_ends(NULL, 0, TG_STATE, "capture: one is on already");
}
END_TEST

START_TEST(a_failed_tape_does_not_capture) {
  tg_tape_fail(t, TG_FILE, "broken");
  ck_assert_int_eq(tg_capture_begin(t), TG_FILE);
  ck_assert(!tg_is_capturing(t));
  assert_ends(NULL, 0, TG_FILE, "broken");
}
END_TEST

START_TEST(a_capture_that_fails_has_no_program) {
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, f64(data, 3), "x"), y = tg_add(x, tg_leaf(t, f64(data, 2)));
  assert_ends(&y, 1, TG_SHAPE, "add: \"x\" [3] f64 + [2] f64: the shapes do not broadcast");
}
END_TEST

START_TEST(no_capture_no_end) {
  assert_ends(NULL, 0, TG_STATE, "tg_capture_end: no capture is on: tg_capture_begin comes first");
  tg_capture_begin(t);
  tg_program_free(ended(NULL, 0));
  assert_ends(NULL, 0, TG_STATE, "tg_capture_end: no capture is on: tg_capture_begin comes first");
}
END_TEST

START_TEST(there_may_be_no_tape) {
  tg_error e = {TG_OK, ""};
  ck_assert_int_eq(tg_capture_begin(NULL), TG_NO_MEMORY);
  ck_assert(!tg_is_capturing(NULL));
  ck_assert(tg_is_none(tg_input(NULL, 0, f64(data, 1), "x")));
  ck_assert(tg_is_none(tg_input_scalar(NULL, 0, TG_F64, 1, "x")));
  tg_key key = tg_input_key(NULL, 0, (tg_key){1, 2});
  ck_assert(key.seed == 1 && key.stream == 2);
  ck_assert(!tg_branch(TG_NONE));
  ck_assert(tg_is_none(tg_declare_constant(TG_NONE)));
  ck_assert_int_eq(tg_store(f64(data, 1), TG_NONE), TG_ARGUMENT);
  ck_assert_int_eq(tg_assign(NULL, 0, TG_NONE), TG_ARGUMENT);
  ck_assert_int_eq(tg_store_grads(NULL, TG_NONE), TG_ARGUMENT);
  ck_assert_int_eq(tg_then(NULL, NULL, NULL), TG_ARGUMENT);
  ck_assert_ptr_null(tg_capture_end(NULL, NULL, 0, NULL, &e));
  ck_assert_int_eq(e.status, TG_NO_MEMORY);
  tg_program_free(NULL);
}
END_TEST

START_TEST(outside_of_a_capture) {
  tg_params *params = one_param(2);
  tg_grads *grads = tg_grads_new(params, NULL);
  tg_var x = tg_input(t, 7, f64(data, 2), "x"), s = tg_input_scalar(t, 3, TG_F32, 2, NULL);
  ck_assert_str_eq(tg_name_of(x), "x");
  ck_assert(tg_item(s) == 2);
  tg_key key = {5, 6}, folded = tg_input_fold(t, key, 3), same = tg_key_fold(key, 3);
  ck_assert_mem_eq(&folded, &same, sizeof same);
  ck_assert(tg_branch(s) && !tg_branch(tg_neg(tg_scalar(t, TG_F64, 0))));
  ck_assert_int_eq(tg_tape_status(t), TG_OK);
  ck_assert_int_eq(tg_assign(params, 0, x), TG_STATE);
  assert_tape_says(TG_STATE, "tg_assign: no capture is on: tg_capture_begin comes first");
  tg_tape_reset(t);
  ck_assert_int_eq(tg_store(f64(data, 2), tg_leaf(t, f64(data, 2))), TG_STATE);
  tg_tape_reset(t);
  ck_assert_int_eq(tg_then(t, NULL, NULL), TG_STATE);
  tg_tape_reset(t);
  ck_assert_int_eq(tg_store_grads(grads, tg_scalar(t, TG_F64, 1)), TG_STATE);
  assert_tape_says(TG_STATE, "tg_store_grads: no capture is on: tg_capture_begin comes first");
  tg_grads_free(grads);
  tg_params_free(params);
}
END_TEST

/* ---- the tape under a capture ---- */

START_TEST(reset_and_rewind_end_it) {
  tg_leaf(t, f64(data, 2));
  tg_mark below = tg_tape_mark(t);
  tg_leaf(t, f64(data, 2));
  for (int k = 0; k < 3; k++) {
    ck_assert_int_eq(tg_capture_begin(t), TG_OK);
    tg_mark above = tg_tape_mark(t);
    tg_leaf(t, f64(data, 2));
    ck_assert_int_eq(tg_tape_rewind(t, above), TG_OK);
    ck_assert(tg_is_capturing(t));
    if (k == 2)
      tg_tape_reset(t);
    else
      ck_assert_int_eq(tg_tape_rewind(t, below), TG_OK);
    ck_assert(!tg_is_capturing(t));
    if (k == 0) tg_leaf(t, f64(data, 2));
    if (k == 1) break;
  }
  tg_tape_reset(t);
  tg_capture_begin(t);
  tg_tape_reset(t);
  assert_ends(NULL, 0, TG_STATE, "tg_capture_end: no capture is on: tg_capture_begin comes first");
}
END_TEST

START_TEST(a_freed_tape_may_be_capturing) {
  tg_tape *other = tg_tape_new(NULL, NULL);
  tg_capture_begin(other);
  tg_input(other, 0, f64(data, 2), "x");
  tg_tape_free(other);
}
END_TEST

START_TEST(what_was_rewound_is_no_root) {
  tg_params *params = one_param(1);
  for (int kind = 0; kind < 4; kind++) {
    static const char *const whats[] = {"a result", "an input", NULL, NULL};
    char message[160];
    tg_capture_begin(t);
    tg_mark mark = tg_tape_mark(t);
    tg_var x = kind == 1 ? tg_input(t, 0, f64(data, 1), NULL) : tg_leaf(t, f64(data, 1));
    if (kind == 2) tg_assign(params, 0, x);
    if (kind == 3) tg_branch(x);
    tg_tape_rewind(t, mark);
    ck_assert(tg_is_capturing(t));
    snprintf(message, sizeof message, "tg_capture_end: %s is gone: its tape was rewound",
             whats[kind] ? whats[kind] : "what a store, an assignment or a branch names");
    assert_ends(&x, kind == 0, TG_STALE, message);
  }
  tg_params_free(params);
}
END_TEST

START_TEST(collapse_would_lose_what_replays_need) {
  tg_capture_begin(t);
  tg_mark mark = tg_tape_mark(t);
  tg_var y = tg_exp(tg_input(t, 0, f64(data, 2), "x"));
  ck_assert_int_eq(tg_tape_collapse(t, mark, &y, 1), TG_STATE);
  ck_assert(tg_is_failed(y));
  assert_ends(&y, 1, TG_STATE, "tg_tape_collapse: a capture is on, which needs what would go");
}
END_TEST

START_TEST(numbers_do_not_get_into_c) {
  const char *says = "tg_item: a value is asked for during a capture, where it could not vary in a "
                     "replay; tg_branch asks for a bool, tg_declare_constant vouches that it does "
                     "not vary";
  double x = 4;
  for (int k = 0; k < 3; k++) {
    tg_capture_begin(t);
    tg_var in = k == 0   ? tg_input(t, 0, one(&x), "x")
                : k == 1 ? tg_input_scalar(t, 0, TG_F64, 4, "x")
                         : tg_sqrt(tg_scalar(t, TG_F64, 16));
    ck_assert(isnan(tg_item(in)));
    assert_tape_says(TG_STATE, says);
    tg_tape_reset(t);
  }
  tg_capture_begin(t);
  ck_assert_ptr_null(tg_value(tg_input(t, 0, one(&x), "x")).data);
  ck_assert_int_eq(tg_tape_status(t), TG_STATE);
  tg_tape_reset(t);
  tg_capture_begin(t);
  tg_var y = tg_sqrt(tg_input(t, 0, one(&x), "x")), c = tg_declare_constant(y);
  ck_assert_int_eq(tg_rank(y), 0);
  ck_assert_int_eq(tg_numel(y), 1);
  ck_assert(tg_item(c) == 2);
  ck_assert(tg_item(tg_scalar(t, TG_F64, 7)) == 7);
  tg_program *p = ended((tg_var[]){y, c}, 2);
  x = 9;
  assert_replays(p, (tg_tensor[]){one(&x)}, 1);
  ck_assert(tg_program_item(p, 0) == 3 && tg_program_item(p, 1) == 2);
  tg_program_free(p);
  ck_assert(tg_item(y) == 2);
}
END_TEST

/* What a replay would leave out. */
START_TEST(plain_sweeps_and_steps_are_not_of_a_program) {
  tg_params *params = one_param(2);
  tg_grads *grads = tg_grads_new(params, NULL);
  tg_optimizer *o = tg_sgd_new(params, NULL, NULL);
  tg_capture_begin(t);
  tg_var loss = tg_sum(tg_param(t, params, 0), TG_ALL, false);
  ck_assert_int_eq(tg_optimizer_step(o, grads, t), TG_STATE);
  ck_assert_int_eq(tg_optimizer_steps(o), 0);
  ck_assert_int_eq(tg_backward(loss, grads), TG_STATE);
  tg_tensor g = tg_grads_tensor(grads, 0);
  ck_assert(tg_tensor_at(&g, 0) == 0);
  assert_ends(&loss, 1, TG_STATE,
              "backward: a capture is on; tg_store_grads has replays write gradients");
  tg_optimizer_free(o);
  tg_grads_free(grads);
  tg_params_free(params);
}
END_TEST

/* ---- inputs ---- */

START_TEST(bad_input_indexes) {
  static const struct {
    int index;
    const char *says;
  } rows[] = {{-1, "tg_input: the index -1 is outside [0, 65536)"},
              {65536, "tg_input: the index 65536 is outside [0, 65536)"},
              {INT32_MAX, "tg_input: the index 2147483647 is outside [0, 65536)"},
              {1, "tg_input: input 1 is declared twice"}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
    for (int scalar = 0; scalar < 2; scalar++) {
      tg_capture_begin(t);
      tg_input(t, 1, f64(data, 2), "x");
      tg_var x = scalar ? tg_input_scalar(t, rows[k].index, TG_F64, 1, NULL)
                        : tg_input(t, rows[k].index, f64(data, 2), "y");
      ck_assert(tg_is_failed(x));
      assert_ends(NULL, 0, TG_ARGUMENT, rows[k].says);
    }
}
END_TEST

START_TEST(inputs_have_no_holes) {
  tg_capture_begin(t);
  tg_var x = tg_input(t, 2, f64(data, 2), "x");
  tg_input(t, 0, f64(data, 2), "y");
  assert_ends(&x, 1, TG_ARGUMENT, "tg_capture_end: input 1 is not declared");
}
END_TEST

START_TEST(bad_inputs) {
  tg_capture_begin(t);
  ck_assert(tg_is_failed(tg_input(t, 0, (tg_tensor){.dtype = TG_F64}, "x")));
  assert_ends(NULL, 0, TG_ARGUMENT, "leaf: the tensor has no data or no dtype");
  tg_capture_begin(t);
  ck_assert(tg_is_failed(tg_input_scalar(t, 0, TG_DTYPE_COUNT, 1, NULL)));
  assert_ends(NULL, 0, TG_DTYPE, "scalar: no such dtype");
}
END_TEST

START_TEST(bad_keys) {
  static const struct {
    int index;
    tg_key key;
    const char *says;
  } rows[] = {{-1, {9, 9}, "tg_input_key: the index -1 is negative"},
              {0, {9, 9}, "tg_input_key: key 0 is declared twice"},
              {1, {1, 2}, "tg_input_key: key 1 is equal to another that is declared"}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    tg_capture_begin(t);
    tg_input_key(t, 0, (tg_key){1, 2});
    tg_key same = tg_input_key(t, rows[k].index, rows[k].key);
    ck_assert_mem_eq(&same, &rows[k].key, sizeof same);
    assert_ends(NULL, 0, TG_ARGUMENT, rows[k].says);
  }
}
END_TEST

/* ---- results ---- */

START_TEST(bad_results) {
  tg_tape *other = tg_tape_new(NULL, NULL);
  tg_var foreign = tg_scalar(other, TG_F64, 1);
  tg_capture_begin(t);
  assert_ends(&foreign, 1, TG_FOREIGN, "tg_capture_end: a result belongs to another tape");
  tg_capture_begin(t);
  assert_ends(&TG_NONE, 1, TG_ARGUMENT, "tg_capture_end: a result is absent (TG_NONE)");
  tg_capture_begin(t);
  assert_ends(NULL, -1, TG_ARGUMENT, "tg_capture_end: -1 results");
  tg_var old = tg_scalar(t, TG_F64, 1);
  tg_tape_reset(t);
  tg_capture_begin(t);
  tg_scalar(t, TG_F64, 1);
  assert_ends(&old, 1, TG_STALE, "tg_capture_end: a result is gone: its tape was rewound");
  tg_tape_free(other);
}
END_TEST

/* ---- what replays write ---- */

START_TEST(bad_assignments) {
  tg_params *params = one_param(2);
  static const struct {
    int index, n;
    tg_dtype dtype;
    tg_status status;
    const char *says;
  } rows[] = {
      {0, 3, TG_F64, TG_SHAPE, "tg_assign: the memory is [2] f64, the var is [3] f64"},
      {0, 2, TG_F32, TG_DTYPE, "tg_assign: the memory is [2] f64, the var is [2] f32"},
      {1, 2, TG_F64, TG_ARGUMENT, "tg_assign: no parameter has the index 1"},
      {-1, 2, TG_F64, TG_ARGUMENT, "tg_assign: no parameter has the index -1"},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    tg_capture_begin(t);
    tg_var x = tg_cast(tg_input(t, 0, f64(data, rows[k].n), "x"), rows[k].dtype);
    ck_assert_int_eq(tg_assign(params, rows[k].index, x), rows[k].status);
    assert_ends(NULL, 0, rows[k].status, rows[k].says);
  }
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, f64(data, 2), "x");
  ck_assert_int_eq(tg_assign(params, 0, x), TG_OK);
  ck_assert_int_eq(tg_assign(params, 0, x), TG_ARGUMENT);
  assert_ends(NULL, 0, TG_ARGUMENT, "tg_assign: \"w\" is assigned twice");
  tg_capture_begin(t);
  ck_assert_int_eq(tg_assign(NULL, 0, tg_leaf(t, f64(data, 2))), TG_ARGUMENT);
  assert_ends(NULL, 0, TG_ARGUMENT, "tg_assign: no params");
  tg_params_free(params);
}
END_TEST

START_TEST(params_that_have_no_memory) {
  tg_params *params = tg_params_new(NULL, NULL);
  tg_params_add(params, "w", TG_F64, TG_DIMS(2));
  tg_capture_begin(t);
  ck_assert_int_eq(tg_assign(params, 0, tg_leaf(t, f64(data, 2))), TG_STATE);
  assert_ends(NULL, 0, TG_STATE, "tg_assign: \"w\" has no memory yet: tg_params_seal comes first");
  tg_params_free(params);
}
END_TEST

START_TEST(bad_stores) {
  double room[8];
  tg_tensor wide = tg_tensor_of(room, TG_F64, TG_DIMS(4)), strided = f64(room, 2);
  strided.strides[0] = 2;
  const struct {
    tg_tensor to;
    tg_status status;
    const char *says;
  } rows[] = {
      {strided, TG_ARGUMENT, "tg_store: what it goes to is no contiguous memory"},
      {{.dtype = TG_F64}, TG_ARGUMENT, "tg_store: what it goes to is no contiguous memory"},
      {wide, TG_SHAPE, "tg_store: the memory is [4] f64, the var is [2] f64"},
      {tg_tensor_of(room, TG_I64, TG_DIMS(2)), TG_DTYPE,
       "tg_store: the memory is [2] i64, the var is [2] f64"},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    tg_capture_begin(t);
    ck_assert_int_eq(tg_store(rows[k].to, tg_input(t, 0, f64(data, 2), "x")), rows[k].status);
    assert_ends(NULL, 0, rows[k].status, rows[k].says);
  }
}
END_TEST

START_TEST(bad_gradients) {
  tg_params *params = one_param(2);
  tg_grads *grads = tg_grads_new(params, NULL);
  tg_capture_begin(t);
  ck_assert_int_eq(tg_store_grads(grads, tg_param(t, params, 0)), TG_SHAPE);
  ck_assert_int_eq(tg_tape_status(t), TG_SHAPE);
  assert_usable();
  tg_params *others = one_param(2);
  tg_optimizer *o = tg_sgd_new(others, NULL, NULL);
  tg_capture_begin(t);
  ck_assert_int_eq(tg_optimizer_capture(o, grads, t), TG_ARGUMENT);
  assert_ends(NULL, 0, TG_ARGUMENT, "sgd: the gradients are of other parameters");
  tg_capture_begin(t);
  ck_assert_int_eq(tg_then(t, NULL, NULL), TG_ARGUMENT);
  assert_ends(NULL, 0, TG_ARGUMENT, "tg_then: no function");
  tg_optimizer_free(o);
  tg_grads_free(grads);
  tg_params_free(others);
  tg_params_free(params);
}
END_TEST

START_TEST(bad_branches) {
  tg_capture_begin(t);
  ck_assert(!tg_branch(tg_input(t, 0, f64(data, 3), "x")));
  assert_ends(NULL, 0, TG_SHAPE, "tg_branch: the var has 3 elements, not one");
  tg_capture_begin(t);
  ck_assert(!tg_branch(tg_tape_fail(t, TG_FILE, "broken")));
  assert_ends(NULL, 0, TG_FILE, "broken");
}
END_TEST

/* A capture changes nothing. */
static tg_status never(void *user, tg_error *e) {
  (void)e;
  *(bool *)user = true;
  return TG_OK;
}

START_TEST(a_capture_writes_nothing) {
  tg_params *params = one_param(2);
  tg_grads *grads = tg_grads_new(params, NULL);
  double x[2] = {5, 6}, to[2] = {-1, -1};
  bool called = false;
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, f64(x, 2), "x"), w = tg_param(t, params, 0);
  uint64_t version = tg_params_version(params, 0);
  tg_assign(params, 0, tg_mul(in, w));
  tg_store(f64(to, 2), in);
  tg_store_grads(grads, tg_sum(tg_mul(in, w), TG_ALL, false));
  tg_then(t, never, &called);
  tg_program *p = ended(NULL, 0);
  tg_tensor g = tg_grads_tensor(grads, 0);
  ck_assert(weight(params, 0, 0) == 1 && to[0] == -1 && tg_tensor_at(&g, 0) == 0 && !called);
  ck_assert_uint_eq(tg_params_version(params, 0), version);
  assert_replays(p, (tg_tensor[]){f64(x, 2)}, 1);
  ck_assert(weight(params, 0, 0) == 5 && to[0] == 5 && tg_tensor_at(&g, 0) == 5 && called);
  ck_assert_uint_eq(tg_params_version(params, 0), version + 1);
  tg_program_free(p);
  tg_grads_free(grads);
  tg_params_free(params);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {captures_do_not_nest,
                                a_failed_tape_does_not_capture,
                                a_capture_that_fails_has_no_program,
                                no_capture_no_end,
                                there_may_be_no_tape,
                                outside_of_a_capture,
                                reset_and_rewind_end_it,
                                a_freed_tape_may_be_capturing,
                                what_was_rewound_is_no_root,
                                collapse_would_lose_what_replays_need,
                                numbers_do_not_get_into_c,
                                plain_sweeps_and_steps_are_not_of_a_program,
                                bad_input_indexes,
                                inputs_have_no_holes,
                                bad_inputs,
                                bad_keys,
                                bad_results,
                                bad_assignments,
                                params_that_have_no_memory,
                                bad_stores,
                                bad_gradients,
                                bad_branches,
                                a_capture_writes_nothing};
  Suite *s = suite_create("capture");
  TCase *c = tcase_create("capture");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  for (size_t k = 0; k < sizeof tests / sizeof *tests; k++) tcase_add_test(c, tests[k]);
  return run_suite(s);
}
