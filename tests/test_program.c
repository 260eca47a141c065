/* Replays: what they compute, write and refuse, and what is as before after one that failed. */
#include "program.h"

/* ---- inputs ---- */

START_TEST(what_is_given_must_fit) {
  double a[6] = {1, 2, 3, 4, 5, 6}, b[3] = {1, 1, 1};
  float single[6] = {0};
  tg_tensor x = tg_tensor_of(a, TG_F64, TG_DIMS(2, 3)), y = f64(b, 3), none = x, rank = x;
  none.data = NULL;
  rank.rank = 3;
  rank.dims[2] = 1;
  tg_capture_begin(t);
  tg_var sum = tg_sum(tg_mul(tg_input(t, 0, x, "x"), tg_input(t, 1, y, NULL)), TG_ALL, false);
  tg_program *p = ended(&sum, 1);
  const struct {
    tg_tensor x, y;
    int n;
    tg_status status;
    const char *says;
  } rows[] = {
      {x, y, 1, TG_ARGUMENT, "program: 1 inputs given, it takes 2"},
      {x, y, 3, TG_ARGUMENT, "program: 3 inputs given, it takes 2"},
      {x, y, -1, TG_ARGUMENT, "program: -1 inputs given, it takes 2"},
      {tg_tensor_of(a, TG_F64, TG_DIMS(3, 2)), y, 2, TG_SHAPE,
       "program: input 0 \"x\" was captured as [2,3] f64, given is [3,2] f64"},
      {rank, y, 2, TG_SHAPE,
       "program: input 0 \"x\" was captured as [2,3] f64, given is [2,3,1] f64"},
      {tg_tensor_of(single, TG_F32, TG_DIMS(2, 3)), y, 2, TG_DTYPE,
       "program: input 0 \"x\" was captured as [2,3] f64, given is [2,3] f32"},
      {none, y, 2, TG_ARGUMENT,
       "program: input 0 \"x\" was captured as [2,3] f64, given is no memory"},
      {x, f64(b, 2), 2, TG_SHAPE, "program: input 1 was captured as [3] f64, given is [2] f64"},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    assert_refuses(p, (tg_tensor[]){rows[k].x, rows[k].y, y}, rows[k].n, rows[k].status,
                   rows[k].says);
    assert_replays(p, (tg_tensor[]){x, y}, 2);
    ck_assert(tg_program_item(p, 0) == 21);
  }
  tg_program_free(p);
}
END_TEST

/* Kernels' scratch is given back after each step: replays take no more memory than the first. */
START_TEST(scratch_is_given_back) {
  enum { N = 4096 };
  static double data[N];
  tg_runtime *runtime = tg_runtime_new(NULL, NULL);
  tg_tape *own = tg_tape_new(&(tg_tape_options){.runtime = runtime}, NULL);
  tg_capture_begin(own);
  tg_var x = tg_input(own, 0, f64(data, N), "x"), y = tg_norm(x, 3, TG_ALL, false);
  tg_program *p = tg_capture_end(own, &y, 1, NULL, NULL);
  tg_tape_free(own);
  assert_replays(p, (tg_tensor[]){f64(data, N)}, 1);
  const size_t bytes = tg_runtime_bytes(runtime);
  for (int k = 0; k < 100; k++) assert_replays(p, (tg_tensor[]){f64(data, N)}, 1);
  ck_assert_uint_eq(tg_runtime_bytes(runtime), bytes);
  tg_program_free(p);
  tg_runtime_free(runtime);
}
END_TEST

START_TEST(results_are_there_after_a_replay) {
  double x = 2;
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, one(&x), "x"), y[2] = {tg_square(in), tg_neg(in)};
  tg_program *p = ended(y, 2);
  ck_assert_ptr_null(tg_program_value(p, 0).data);
  ck_assert(isnan(tg_program_item(p, 0)));
  assert_replays(p, (tg_tensor[]){one(&x)}, 1);
  ck_assert(tg_program_item(p, 0) == 4 && tg_program_item(p, 1) == -2);
  ck_assert_ptr_null(tg_program_value(p, 2).data);
  ck_assert_ptr_null(tg_program_value(p, -1).data);
  ck_assert(isnan(tg_program_item(p, 2)));
  tg_program_free(p);
}
END_TEST

/* Data that moves, by any strides, and that is read where it lies. */
START_TEST(inputs_move) {
  double a[12], expected = 0;
  for (int i = 0; i < 12; i++) a[i] = i;
  tg_tensor x = tg_tensor_of(a, TG_F64, TG_DIMS(2, 3));
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, x, "x"), part = tg_slice(in, 1, 1, 3, 1);
  tg_var y[2] = {tg_transpose(part, 0, 1), tg_sum(tg_square(part), TG_ALL, false)};
  tg_program *p = ended(y, 2);
  const int64_t strides[][3] = {{3, 1, 0}, {6, 2, 0}, {1, 2, 0}, {0, 1, 1}, {-3, -1, 5}, {3, 1, 6}};
  for (size_t k = 0; k < sizeof strides / sizeof *strides; k++) {
    x.data = a + strides[k][2];
    x.strides[0] = strides[k][0];
    x.strides[1] = strides[k][1];
    assert_replays(p, &x, 1);
    expected = 0;
    for (int64_t i = 0; i < 4; i++) {
      double value = tg_tensor_at(&x, i % 2 * 3 + 1 + i / 2);
      expected += value * value;
      ck_assert(result(p, 0, i) == value);
    }
    ck_assert(tg_program_item(p, 1) == expected);
  }
  tg_program_free(p);
}
END_TEST

START_TEST(one_tensor_may_be_two_inputs) {
  double a[3] = {1, 2, 3};
  tg_capture_begin(t);
  tg_var y = tg_mul(tg_input(t, 0, f64(a, 3), "a"), tg_input(t, 1, f64(a, 3), "b"));
  tg_program *p = ended(&y, 1);
  assert_replays(p, (tg_tensor[]){f64(a, 3), f64(a, 3)}, 2);
  ck_assert(result(p, 0, 2) == 9);
  tg_program_free(p);
}
END_TEST

/* ---- results ---- */

/* Inputs, views of them, parameters and constants as results: they are the replay's, whatever is
   written later; the same var may be two of them. */
START_TEST(anything_may_be_a_result) {
  double x[3] = {1, 2, 3}, c[2] = {8, 9};
  tg_params *params = one_param(2);
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, f64(x, 3), "x"), w = tg_param(t, params, 0);
  tg_var y[] = {in, tg_slice(in, 0, 1, 3, 1), w, tg_leaf(t, f64(c, 2)), tg_flip(w, TG_DIMS(0)), in};
  tg_assign(params, 0, tg_mul_scalar(w, 10));
  tg_program *p = ended(y, 6);
  c[0] = 0; /* a leaf keeps the values of the capture */
  assert_replays(p, (tg_tensor[]){f64(x, 3)}, 1);
  x[0] = x[1] = x[2] = 0;
  ck_assert(result(p, 0, 0) == 1 && result(p, 1, 1) == 3 && result(p, 5, 2) == 3);
  ck_assert(result(p, 2, 1) == 2 && result(p, 4, 0) == 2 && weight(params, 0, 1) == 20);
  ck_assert(result(p, 3, 0) == 8);
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

/* x <- 2 x, again and again, through the program's own memory. */
START_TEST(results_may_be_inputs) {
  double x[3] = {1, 2, 3};
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, f64(x, 3), "x"), other = tg_flip(in, TG_DIMS(0));
  tg_var y[2] = {tg_add(in, in), tg_neg(other)};
  tg_program *p = ended(y, 2);
  assert_replays(p, (tg_tensor[]){f64(x, 3)}, 1);
  for (int k = 2; k < 6; k++) {
    assert_replays(p, (tg_tensor[]){tg_program_value(p, 0)}, 1);
    for (int i = 0; i < 3; i++) {
      ck_assert(result(p, 0, i) == ldexp(x[i], k));
      ck_assert(result(p, 1, i) == -ldexp(x[2 - i], k - 1));
    }
  }
  tg_program_free(p);
}
END_TEST

START_TEST(empty_and_rank_0) {
  double x = 3;
  tg_tensor none = tg_tensor_of(&x, TG_F64, TG_DIMS(0, 4));
  tg_capture_begin(t);
  tg_var a = tg_input(t, 0, none, "none"), b = tg_input(t, 1, one(&x), "x");
  tg_var y[3] = {tg_exp(a), tg_sum(a, TG_ALL, false), tg_mul(b, b)};
  tg_program *p = ended(y, 3);
  assert_replays(p, (tg_tensor[]){none, one(&x)}, 2);
  tg_tensor empty = tg_program_value(p, 0);
  ck_assert(empty.data && tg_tensor_numel(&empty) == 0 && empty.rank == 2);
  ck_assert(tg_program_item(p, 1) == 0 && tg_program_item(p, 2) == 9);
  tg_program_free(p);
}
END_TEST

START_TEST(integers_and_bools) {
  int64_t a[3] = {INT64_MAX, -7, 5}, b[3] = {1, 2, 5};
  tg_tensor x = tg_tensor_of(a, TG_I64, TG_DIMS(3)), y = tg_tensor_of(b, TG_I64, TG_DIMS(3));
  tg_capture_begin(t);
  tg_var u = tg_input(t, 0, x, "a"), v = tg_input(t, 1, y, "b");
  tg_var r[3] = {tg_add(u, v), tg_div(u, v), tg_eq(u, v)};
  tg_program *p = ended(r, 3);
  assert_replays(p, (tg_tensor[]){x, y}, 2);
  ck_assert(((int64_t *)tg_program_value(p, 0).data)[0] == INT64_MIN);
  ck_assert(result(p, 2, 2) == 1 && result(p, 2, 1) == 0);
  double quotient = result(p, 1, 1);
  b[1] = 0;
  assert_refuses(p, (tg_tensor[]){x, y}, 2, TG_DIVISION,
                 "div: [3] i64 / [3] i64: an integer is divided by zero");
  b[1] = 2;
  assert_replays(p, (tg_tensor[]){x, y}, 2);
  ck_assert(result(p, 1, 1) == quotient);
  tg_program_free(p);
}
END_TEST

/* ---- parameters ---- */

START_TEST(parameters_are_read_anew) {
  double x[2] = {1, 1}, w[2] = {7, 8};
  tg_params *params = one_param(2);
  tg_capture_begin(t);
  tg_var y = tg_mul(tg_input(t, 0, f64(x, 2), "x"), tg_param(t, params, 0));
  tg_program *p = ended(&y, 1);
  assert_replays(p, (tg_tensor[]){f64(x, 2)}, 1);
  ck_assert(result(p, 0, 1) == 2);
  tg_tape_free(t); /* the program outlives it */
  t = NULL;
  ck_assert_int_eq(tg_params_write(params, 0, f64(w, 2), NULL), TG_OK);
  assert_replays(p, (tg_tensor[]){f64(x, 2)}, 1);
  ck_assert(result(p, 0, 1) == 8);
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

/* Two parameters and a buffer. */
static tg_params *three(void) {
  tg_params *params = tg_params_new(NULL, NULL);
  tg_params_add(params, "a", TG_F64, TG_DIMS(2));
  tg_params_add(params, "b", TG_F64, TG_DIMS(2));
  tg_params_add_buffer(params, "mean", TG_F64, TG_SCALAR);
  tg_params_seal(params, NULL);
  double data[2][2] = {{1, 2}, {3, 4}};
  for (int i = 0; i < 2; i++) tg_params_write(params, i, f64(data[i], 2), NULL);
  return params;
}

START_TEST(assignments_are_made_together) {
  tg_params *params = three();
  tg_capture_begin(t);
  tg_var a = tg_param(t, params, 0), b = tg_param(t, params, 1);
  tg_assign(params, 0, b);
  tg_assign(params, 1, a);
  tg_program *swap = ended(NULL, 0);
  tg_capture_begin(t);
  tg_var c = tg_param(t, params, 0), d = tg_param(t, params, 1);
  tg_assign(params, 0, tg_add(c, d));
  tg_assign(params, 1, tg_flip(tg_sub(c, d), TG_DIMS(0)));
  tg_program *mix = ended(NULL, 0);
  for (int k = 0; k < 3; k++) assert_replays(swap, NULL, 0);
  ck_assert(weight(params, 0, 0) == 3 && weight(params, 1, 1) == 2);
  assert_replays(mix, NULL, 0); /* two programs on one params */
  ck_assert(weight(params, 0, 0) == 4 && weight(params, 0, 1) == 6);
  ck_assert(weight(params, 1, 0) == 2 && weight(params, 1, 1) == 2);
  tg_program_free(swap);
  tg_program_free(mix);
  tg_params_free(params);
}
END_TEST

/* Running statistics, and what tapes see of them. */
START_TEST(buffers_are_assigned) {
  tg_params *params = three();
  double x[4] = {1, 2, 3, 6}, mean = 0;
  tg_capture_begin(t);
  tg_var old = tg_param(t, params, 2), now = tg_mean(tg_input(t, 0, f64(x, 4), "x"), TG_ALL, false);
  tg_assign(params, 2, tg_add(tg_mul_scalar(old, 0.9), tg_mul_scalar(now, 0.1)));
  tg_program *p = ended(NULL, 0);
  tg_tape_reset(t);
  tg_var w = tg_param(t, params, 0), stale = tg_mul(tg_param(t, params, 2), w), dx;
  for (int k = 0; k < 5; k++) {
    x[0] += 1;
    mean = 0.9 * mean + 0.1 * ((x[0] + x[1] + x[2] + x[3]) / 4);
    assert_replays(p, (tg_tensor[]){f64(x, 4)}, 1);
    ck_assert_double_eq_tol(weight(params, 2, 0), mean, 1e-15);
  }
  tg_vjp(&stale, NULL, 1, &w, 1, &dx);
  ck_assert_int_eq(tg_tape_status(t), TG_CHANGED);
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

START_TEST(several_stores) {
  double x[3] = {1, 2, 3}, a[3], b[3], c[2];
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, f64(x, 3), "x"), y = tg_square(in), z = tg_slice(in, 0, 1, 3, 1);
  tg_store(f64(a, 3), y);
  tg_store(f64(b, 3), y); /* the same var twice, and it is a result */
  tg_store(f64(c, 2), z);
  tg_var r[2] = {y, tg_sum(y, TG_ALL, false)};
  tg_program *p = ended(r, 2);
  for (int k = 0; k < 2; k++) {
    x[1] += 1;
    assert_replays(p, (tg_tensor[]){f64(x, 3)}, 1);
    for (int i = 0; i < 3; i++)
      ck_assert(a[i] == x[i] * x[i] && b[i] == a[i] && result(p, 0, i) == a[i]);
    ck_assert(c[0] == x[1] && c[1] == 3);
    ck_assert(result(p, 1, 0) == a[0] + a[1] + a[2]);
  }
  tg_program_free(p);
}
END_TEST

/* ---- branches ---- */

typedef struct calls {
  int n;
  tg_status returns;
} calls;

static tg_status count_call(void *user, tg_error *e) {
  calls *c = user;
  c->n++;
  if (c->returns == TG_OK) return TG_OK;
  if (e) *e = (tg_error){c->returns, "no more"};
  return c->returns;
}

/* f(x) = x > 0 ? w x : -w x, three times in a row, assigned to the weight. */
START_TEST(a_branch_that_comes_out_otherwise_changes_nothing) {
  double x = 1, y = 1;
  calls c = {0};
  tg_params *params = three();
  uint64_t version = tg_params_version(params, 2);
  tg_capture_begin(t);
  tg_var a = tg_input(t, 0, one(&x), "a"), b = tg_input(t, 1, one(&y), "b");
  ck_assert(tg_branch(tg_gt_scalar(a, 0)));
  ck_assert(!tg_branch(tg_lt_scalar(tg_exp(b), 1)));
  ck_assert(tg_branch(b));
  ck_assert(tg_branch(b)); /* the earlier of two of one value speaks */
  tg_assign(params, 2, tg_add(a, b));
  tg_then(t, count_call, &c);
  tg_program *p = ended(&a, 1);
  const struct {
    double a, b;
    const char *says;
  } rows[] = {
      {-1, 1, "branch: [] bool: branch 0 was true when it was captured and is false now"},
      {(double)NAN, 1, "branch: [] bool: branch 0 was true when it was captured and is false now"},
      {2, -1, "branch: [] bool: branch 1 was false when it was captured and is true now"},
      {2, 0, "branch: [] f64: branch 2 was true when it was captured and is false now"},
      {2, -0.0, "branch: [] f64: branch 2 was true when it was captured and is false now"},
      {2, (double)NAN, NULL}, /* NaN < 1 is false, NaN != 0 is true */
      {(double)INFINITY, 3, NULL},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    x = rows[k].a, y = rows[k].b;
    tg_tensor in[2] = {one(&x), one(&y)};
    double before = weight(params, 2, 0);
    int n = c.n;
    if (rows[k].says) {
      assert_refuses(p, in, 2, TG_BRANCH, rows[k].says);
      ck_assert(weight(params, 2, 0) == before && c.n == n);
      x = y = (double)k + 1;
    }
    assert_replays(p, in, 2);
    ck_assert(c.n == n + 1 && tg_params_version(params, 2) == version + k + 1);
  }
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

/* What C makes of a parameter is a branch too, and one of a constant never differs. */
START_TEST(branches_on_parameters_and_constants) {
  tg_params *params = three();
  double values[2] = {0, 1};
  tg_capture_begin(t);
  ck_assert(tg_branch(tg_slice(tg_param(t, params, 0), 0, 0, 1, 1)));
  ck_assert(!tg_branch(tg_scalar(t, TG_F64, 0)));
  tg_program *p = ended(NULL, 0);
  assert_replays(p, NULL, 0);
  tg_params_write(params, 0, f64(values, 2), NULL);
  ck_assert_int_eq(tg_program_replay(p, NULL, 0, NULL), TG_BRANCH);
  values[0] = 5;
  tg_params_write(params, 0, f64(values, 2), NULL);
  assert_replays(p, NULL, 0);
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

/* ---- what follows ---- */

START_TEST(thens_run_in_order_until_one_fails) {
  tg_params *params = three();
  calls c[3] = {0};
  double x = 1, to = 0;
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, one(&x), "x");
  tg_store(one(&to), tg_neg(in));
  tg_assign(params, 2, in);
  for (int i = 0; i < 3; i++) tg_then(t, count_call, &c[i]);
  tg_program *p = ended(&in, 1);
  assert_replays(p, (tg_tensor[]){one(&x)}, 1);
  ck_assert(c[0].n == 1 && c[1].n == 1 && c[2].n == 1 && weight(params, 2, 0) == 1);
  c[1].returns = TG_STOPPED;
  x = 2;
  tg_error e = {TG_OK, ""};
  ck_assert_int_eq(tg_program_replay(p, (tg_tensor[]){one(&x)}, 1, &e), TG_STOPPED);
  ck_assert_str_eq(e.message, "no more");
  ck_assert(c[0].n == 2 && c[1].n == 2 && c[2].n == 1 && weight(params, 2, 0) == 1);
  ck_assert(to == -2);
  ck_assert_ptr_null(tg_program_value(p, 0).data);
  c[1].returns = TG_OK;
  assert_replays(p, (tg_tensor[]){one(&x)}, 1);
  ck_assert(weight(params, 2, 0) == 2 && c[2].n == 2);
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

static tg_status refuse_silently(void *user, tg_error *error) {
  (void)user;
  error->status = TG_OK; /* there is one, whether or not the replay was given one */
  return TG_STOPPED;
}

START_TEST(a_then_without_a_sentence_is_given_one) {
  double x = 1;
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, one(&x), "x");
  tg_then(t, refuse_silently, NULL);
  tg_program *p = ended(&in, 1);
  assert_refuses(p, (tg_tensor[]){one(&x)}, 1, TG_STOPPED,
                 "tg_then: its function returned: a callback asked to stop");
  tg_program_free(p);
}
END_TEST

/* ---- keys ---- */

START_TEST(keys_are_inputs) {
  const tg_key key = {3, 4}, other = {5, 6}, last = {7, 8};
  tg_capture_begin(t);
  tg_key a = tg_input_key(t, 0, key), b = tg_input_key(t, 2, other);
  tg_key folded = tg_input_fold(t, tg_input_fold(t, a, 1), 2);
  tg_var y[4] = {tg_rand_uniform(t, TG_F64, TG_DIMS(4), 0, 1, a),
                 tg_rand_normal(t, TG_F64, TG_DIMS(4), 0, 1, b),
                 tg_rand_uniform(t, TG_F64, TG_DIMS(4), 0, 1, folded),
                 tg_rand_uniform(t, TG_F64, TG_DIMS(4), 0, 1, (tg_key){9, 9})};
  tg_program *p = ended(y, 4);
  ck_assert_int_eq(tg_program_set_key(p, 1, last), TG_ARGUMENT);
  ck_assert_int_eq(tg_program_set_key(p, -1, last), TG_ARGUMENT);
  ck_assert_int_eq(tg_program_set_key(p, 3, last), TG_ARGUMENT);
  for (int k = 0; k < 3; k++) {
    tg_key now = k == 1 ? last : key, deep = tg_key_fold(tg_key_fold(now, 1), 2);
    if (k) ck_assert_int_eq(tg_program_set_key(p, 0, now), TG_OK);
    assert_replays(p, NULL, 0);
    for (int i = 0; i < 4; i++) {
      uint64_t at = (uint64_t)i;
      ck_assert(result(p, 0, i) == tg_random_uniform(now, at));
      ck_assert(result(p, 1, i) == tg_random_normal(other, at));
      ck_assert(result(p, 2, i) == tg_random_uniform(deep, at));
      ck_assert(result(p, 3, i) == tg_random_uniform((tg_key){9, 9}, at));
    }
  }
  tg_program_free(p);
}
END_TEST

/* Two keys may come to be equal, or change places. */
START_TEST(keys_may_be_exchanged) {
  const tg_key a = {1, 0}, b = {2, 0};
  tg_capture_begin(t);
  tg_var y[2] = {tg_rand_uniform(t, TG_F64, TG_SCALAR, 0, 1, tg_input_key(t, 0, a)),
                 tg_rand_uniform(t, TG_F64, TG_SCALAR, 0, 1, tg_input_key(t, 1, b))};
  tg_program *p = ended(y, 2);
  for (int k = 0; k < 4; k++) {
    tg_key first = k & 1 ? b : a, second = k & 2 ? b : a;
    tg_program_set_key(p, 0, first);
    tg_program_set_key(p, 1, second);
    assert_replays(p, NULL, 0);
    ck_assert(tg_program_item(p, 0) == tg_random_uniform(first, 0));
    ck_assert(tg_program_item(p, 1) == tg_random_uniform(second, 0));
  }
  tg_program_free(p);
}
END_TEST

/* ---- looking ---- */

static bool collect(void *user, const char *text, size_t length) {
  strncat(user, text, length);
  return true;
}
static bool refuse(void *user, const char *text, size_t length) {
  (void)user, (void)text, (void)length;
  return false;
}

START_TEST(looking_at_it) {
  double x[3] = {0};
  char text[4000] = "";
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, f64(x, 3), "x"), y = tg_matmul(in, tg_exp(in));
  tg_exp(tg_neg(in)); /* nobody needs it */
  tg_program *p = ended(&y, 1);
  tg_program_stats s = tg_program_stats_of(p);
  ck_assert_int_eq(s.recorded, 3);
  ck_assert(s.steps >= 1 && s.bytes >= s.least_bytes && s.least_bytes > 0);
  ck_assert_int_eq(tg_program_dump(p, collect, text), TG_OK);
  ck_assert_msg(strstr(text, "matmul") != NULL, "%s", text);
  ck_assert_int_eq(tg_program_dump(p, refuse, NULL), TG_STOPPED);
  tg_program_free(p);
}
END_TEST

int main(void) {
  const TTest *const tests[] = {what_is_given_must_fit,
                                scratch_is_given_back,
                                results_are_there_after_a_replay,
                                inputs_move,
                                one_tensor_may_be_two_inputs,
                                anything_may_be_a_result,
                                results_may_be_inputs,
                                empty_and_rank_0,
                                integers_and_bools,
                                parameters_are_read_anew,
                                assignments_are_made_together,
                                buffers_are_assigned,
                                several_stores,
                                a_branch_that_comes_out_otherwise_changes_nothing,
                                branches_on_parameters_and_constants,
                                thens_run_in_order_until_one_fails,
                                a_then_without_a_sentence_is_given_one,
                                keys_are_inputs,
                                keys_may_be_exchanged,
                                looking_at_it};
  Suite *s = suite_create("program");
  TCase *c = tcase_create("program");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  for (size_t k = 0; k < sizeof tests / sizeof *tests; k++) tcase_add_test(c, tests[k]);
  return run_suite(s);
}
