/* Functions that capture themselves: which program a call replays, which one goes, and that a call
   that failed leaves all in order. */
#include "files.h"
#include "tape.h"
#include "tapegrad/tapegrad.h"

/* How often it was recorded, and what the next recording is to do. */
typedef struct trace {
  int recorded;
  tg_status returns;
  bool forgets; /* sets no result */
  bool fails;   /* uses shapes that do not fit */
} trace;

/* y[0] = 3 x or -x, by the sign of its sum; y[1] = sum x. */
static tg_status bend(tg_tape *on, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  trace *r = user;
  (void)on;
  ck_assert_int_eq(n_x, 1);
  ck_assert_int_eq(n_y, 2);
  r->recorded++;
  y[1] = tg_sum(x[0], TG_ALL, false);
  y[0] = tg_branch(tg_gt_scalar(y[1], 0)) ? tg_mul_scalar(x[0], 3) : tg_neg(x[0]);
  if (r->fails) y[0] = tg_matmul(y[1], x[0]);
  if (r->forgets) y[0] = TG_NONE;
  return r->returns;
}

static tg_tensor f64(double *data, int64_t n) { return tg_tensor_of(data, TG_F64, TG_DIMS(n)); }

static double at0(const tg_tensor *y) { return tg_tensor_at(y, 0); }

static void assert_call(tg_function *f, double first, int64_t n, double expected, int programs) {
  double data[8] = {first};
  tg_tensor x = f64(data, n), y[2];
  tg_error e = {0};
  ck_assert_msg(tg_function_call(f, &x, y, &e) == TG_OK, "%s", e.message);
  ck_assert_int_eq(y[0].dims[0], n);
  ck_assert(at0(&y[0]) == expected);
  ck_assert(at0(&y[1]) == first);
  ck_assert_int_eq(tg_function_programs(f), programs);
}

START_TEST(a_program_for_each_list_of_shapes) {
  trace r = {0};
  tg_function *f = tg_function_new(bend, 1, 2, &r, NULL, NULL);
  ck_assert_int_eq(tg_function_programs(f), 0);
  assert_call(f, -1, 2, 1, 1);
  assert_call(f, -2, 3, 2, 2);
  assert_call(f, -3, 2, 3, 2);
  assert_call(f, -4, 3, 4, 2);
  ck_assert_int_eq(r.recorded, 2);
  float single[2] = {-5, 0};
  tg_tensor x = tg_tensor_of(single, TG_F32, TG_DIMS(2)), y[2];
  ck_assert_int_eq(tg_function_call(f, &x, y, NULL), TG_OK);
  ck_assert_int_eq(y[0].dtype, TG_F32);
  ck_assert_int_eq(r.recorded, 3);
  tg_function_free(f);
}
END_TEST

START_TEST(a_program_for_each_way_of_a_branch) {
  trace r = {0};
  tg_function *f = tg_function_new(bend, 1, 2, &r, NULL, NULL);
  assert_call(f, -1, 2, 1, 1);
  assert_call(f, 1, 2, 3, 2);
  assert_call(f, -2, 2, 2, 2);
  assert_call(f, 2, 2, 6, 2);
  ck_assert_int_eq(r.recorded, 2);
  tg_function_free(f);
}
END_TEST

START_TEST(the_one_not_used_for_longest_goes) {
  trace r = {0};
  tg_function *f = tg_function_new(bend, 1, 2, &r, &(tg_function_options){.most = 2}, NULL);
  assert_call(f, -1, 1, 1, 1);
  assert_call(f, -1, 2, 1, 2);
  assert_call(f, -1, 1, 1, 2);
  assert_call(f, -1, 3, 1, 2); /* that of 2 goes */
  ck_assert_int_eq(r.recorded, 3);
  assert_call(f, -1, 1, 1, 2);
  assert_call(f, -1, 3, 1, 2);
  ck_assert_int_eq(r.recorded, 3);
  assert_call(f, -1, 2, 1, 2);
  ck_assert_int_eq(r.recorded, 4);
  tg_function_free(f);
}
END_TEST

START_TEST(eight_programs_are_kept_by_default) {
  trace r = {0};
  tg_function *f = tg_function_new(bend, 1, 2, &r, NULL, NULL);
  for (int n = 1; n <= 8; n++) {
    assert_call(f, -1, n, 1, 2 * n - 1 < 8 ? 2 * n - 1 : 8);
    assert_call(f, 1, n, 3, 2 * n < 8 ? 2 * n : 8);
  }
  tg_function_free(f);
}
END_TEST

static void assert_fails(tg_function *f, tg_tensor x, tg_status status, const char *message) {
  tg_error e = {0};
  double any = 0;
  tg_tensor y[2] = {{.data = &any}, {.data = &any}};
  int before = tg_function_programs(f);
  ck_assert_int_eq(tg_function_call(f, &x, y, &e), status);
  ck_assert_int_eq(e.status, status);
  ck_assert_str_eq(e.message, message);
  ck_assert(y[0].data == NULL && y[1].data == NULL);
  ck_assert_int_eq(tg_function_programs(f), before);
  ck_assert_int_eq(tg_function_call(f, &x, y, NULL), status);
}

START_TEST(errors_leave_it_usable) {
  trace r = {0};
  double data[4] = {-1, 0, 0, 0};
  tg_function *f = tg_function_new(bend, 1, 2, &r, NULL, NULL);
  for (int round = 0; round < 2; round++) { /* without a program, and with one */
    tg_tensor x = f64(data, round + 2);
    r.returns = TG_FILE;
    assert_fails(f, x, TG_FILE,
                 "tg_function: its function returned: a file cannot be read or written");
    r.returns = TG_OK;
    r.forgets = true;
    assert_fails(f, x, TG_ARGUMENT, "tg_capture_end: a result is absent (TG_NONE)");
    r.forgets = false;
    r.fails = true;
    assert_fails(f, f64(data, 0), TG_SHAPE,
                 "matmul: [] f64 @ [0] f64: an operand has rank 0; tg_mul scales");
    r.fails = false;
    assert_fails(f, (tg_tensor){.dtype = TG_F64}, TG_ARGUMENT,
                 "tg_function_call: input 0 has no memory");
    assert_call(f, -1, round + 2, 1, round + 1);
  }
  tg_function_free(f);
}
END_TEST

/* A result as the next input, also where the branch then goes the other way, and where the program
   that holds the result is the one that goes. */
START_TEST(results_may_be_inputs) {
  for (int most = 1; most <= 3; most++) {
    trace r = {0};
    tg_function *f = tg_function_new(bend, 1, 2, &r, &(tg_function_options){.most = most}, NULL);
    double a[2] = {0.5, 0.25}, expected[2];
    tg_tensor y[2] = {f64(a, 2)};
    for (int k = 0; k < 12; k++) {
      for (int i = 0; i < 2; i++) expected[i] = tg_tensor_at(&y[0], i);
      bool positive = expected[0] + expected[1] > 0;
      ck_assert_int_eq(tg_function_call(f, &y[0], y, NULL), TG_OK);
      for (int i = 0; i < 2; i++) {
        double value = positive ? 3 * expected[i] : -expected[i];
        ck_assert_double_eq(tg_tensor_at(&y[0], i), value);
        if (k % 2 == 0) a[i] = -tg_tensor_at(&y[0], i) / 8;
      }
      if (k % 4 == 0) y[0] = f64(a, 2);
    }
    tg_function_free(f);
  }
}
END_TEST

START_TEST(bad_arguments) {
  tg_error e = {0};
  ck_assert_ptr_null(tg_function_new(NULL, 1, 1, NULL, NULL, &e));
  ck_assert_int_eq(e.status, TG_ARGUMENT);
  ck_assert_ptr_null(tg_function_new(bend, -1, 1, NULL, NULL, NULL));
  ck_assert_ptr_null(tg_function_new(bend, 1, -1, NULL, NULL, NULL));
  ck_assert_ptr_null(tg_function_new(bend, 1, 1, NULL, &(tg_function_options){.most = -1}, NULL));
  tg_function_free(NULL);
}
END_TEST

/* ---- training by a function ---- */

typedef struct model {
  tg_params *params;
  tg_grads *grads;
  tg_optimizer *o;
} model;

static model model_new(const tg_runtime *runtime, tg_error *error) {
  model m = {.params = tg_params_new(runtime, error)};
  if (m.params == NULL) return m;
  tg_params_add(m.params, "w", TG_F64, TG_DIMS(2));
  if (tg_params_seal(m.params, error) != TG_OK) return m;
  tg_tensor w = tg_params_tensor(m.params, 0);
  tg_tensor_put(&w, 0, 0.5);
  m.grads = tg_grads_new(m.params, error);
  if (m.grads) m.o = tg_adam_new(m.params, &(tg_adam_options){.lr = 0.1}, error);
  return m;
}

static void model_free(model *m) {
  tg_optimizer_free(m->o);
  tg_grads_free(m->grads);
  tg_params_free(m->params);
}

static tg_var loss_of(tg_tape *on, const model *m, tg_var x) {
  return tg_mean(tg_square(tg_sub_scalar(tg_mul(x, tg_param(on, m->params, 0)), 1)), TG_ALL, false);
}

static tg_status train(tg_tape *on, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  model *m = user;
  (void)n_x, (void)n_y;
  y[0] = loss_of(on, m, x[0]);
  tg_store_grads(m->grads, y[0]);
  return tg_optimizer_capture(m->o, m->grads, on);
}

START_TEST(it_trains) {
  model eager = model_new(NULL, NULL), replayed = model_new(NULL, NULL);
  tg_function *f = tg_function_new(train, 1, 1, &replayed, NULL, NULL);
  double data[6] = {1, 2, -0.5, 3, 0.25, 1};
  for (int k = 0; k < 20; k++) {
    int64_t dims[2] = {1 + k % 3, 2};
    tg_tensor x = tg_tensor_of(data, TG_F64, 2, dims), y;
    tg_tape_reset(t);
    tg_var loss = loss_of(t, &eager, tg_leaf(t, x));
    tg_grads_zero(eager.grads);
    tg_backward(loss, eager.grads);
    ck_assert_int_eq(tg_optimizer_step(eager.o, eager.grads, t), TG_OK);
    ck_assert_int_eq(tg_function_call(f, &x, &y, NULL), TG_OK);
    ck_assert(tg_tensor_at(&y, 0) == tg_item(loss));
    ck_assert_mem_eq(tg_params_tensor(eager.params, 0).data,
                     tg_params_tensor(replayed.params, 0).data, 2 * sizeof(double));
  }
  ck_assert_int_eq(tg_optimizer_steps(replayed.o), 20);
  ck_assert_int_eq(tg_function_programs(f), 3);
  tg_function_free(f);
  model_free(&eager);
  model_free(&replayed);
}
END_TEST

/* ---- memory ---- */

/* Calls of two shapes, both ways, in room for three programs. */
static tg_status call_often(const tg_runtime *runtime, tg_error *error) {
  trace r = {0};
  tg_function_options o = {.program = {.runtime = runtime}, .most = 3};
  tg_function *f = tg_function_new(bend, 1, 2, &r, &o, error);
  if (f == NULL) return error->status;
  tg_status status = TG_OK;
  for (int k = 0; k < 8 && status == TG_OK; k++) {
    double data[4] = {k & 1 ? 1.0 : -1.0};
    tg_tensor y[2], x = f64(data, 2 + k / 2 % 2);
    status = tg_function_call(f, &x, y, error);
    ck_assert((y[0].data != NULL) == (status == TG_OK));
    if (status == TG_OK) ck_assert(at0(&y[0]) == (k & 1 ? 3 : 1));
  }
  tg_function_free(f);
  return status;
}

START_TEST(memory_may_fail) { ck_assert_int_gt(sweep_failures(call_often), 20); }
END_TEST

/* A call that fails for want of memory may be made again. */
START_TEST(a_call_may_be_made_again) {
  counted c = {0};
  tg_runtime *runtime = counted_runtime(&c);
  trace r = {0};
  tg_function *f = tg_function_new(bend, 1, 2, &r,
                                   &(tg_function_options){.program = {.runtime = runtime}}, NULL);
  double data[2] = {-1, 0};
  tg_tensor x = f64(data, 2), y[2];
  tg_status status = TG_NO_MEMORY;
  int failures = 0;
  for (int64_t k = 1; status != TG_OK; k++) {
    c.fail_at = c.calls + k;
    status = tg_function_call(f, &x, y, NULL);
    ck_assert(status == TG_OK || status == TG_NO_MEMORY);
    failures += status != TG_OK;
  }
  c.fail_at = 0;
  ck_assert_int_ge(failures, 5);
  ck_assert(at0(&y[0]) == 1);
  int64_t calls = c.calls;
  for (int k = 0; k < 5; k++) assert_call(f, -k, 2, k, 1);
  ck_assert_int_eq(c.calls, calls);
  tg_function_free(f);
  tg_runtime_free(runtime);
  ck_assert_int_eq(c.blocks, 0);
}
END_TEST

int main(void) {
  Suite *s = suite_create("function");
  TCase *c = tcase_create("function");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_test(c, a_program_for_each_list_of_shapes);
  tcase_add_test(c, a_program_for_each_way_of_a_branch);
  tcase_add_test(c, the_one_not_used_for_longest_goes);
  tcase_add_test(c, eight_programs_are_kept_by_default);
  tcase_add_test(c, errors_leave_it_usable);
  tcase_add_test(c, results_may_be_inputs);
  tcase_add_test(c, bad_arguments);
  tcase_add_test(c, it_trains);
  tcase_add_test(c, memory_may_fail);
  tcase_add_test(c, a_call_may_be_made_again);
  return run_suite(s);
}
