/* Programs where two things meet: stores and parameters, values that differ in dtype alone, kernels
   that fail without a word, sums of sums, calls without a program. */
#include "program.h"

static double data[8] = {0.5, -1, 2, 0.25, 3, -2, 1.5, 1};

/* Result j has the bits of the tape's y. */
static void assert_bits(const tg_program *p, int j, tg_var y) {
  tg_tensor is = tg_program_value(p, j), tape = tg_value(y);
  ck_assert_int_eq(is.dtype, tape.dtype);
  ck_assert(tg_tensor_same_shape(&is, &tape));
  for (int64_t i = 0; i < tg_tensor_numel(&is); i++) {
    double a = tg_tensor_at(&is, i), b = tg_tensor_at(&tape, i);
    ck_assert_msg(memcmp(&a, &b, sizeof a) == 0, "result %d [%d] is %.17g, not %.17g", j, (int)i, a,
                  b);
  }
}

/* What y[0..n) of the tape's capture are, a replay makes them too, on the same inputs. */
static void assert_same(const tg_var y[], int n, const tg_tensor x[], int n_x) {
  tg_program *p = ended(y, n);
  assert_replays(p, x, n_x);
  for (int j = 0; j < n; j++) assert_bits(p, j, y[j]);
  tg_program_free(p);
}

/* ---- no program ---- */

START_TEST(there_may_be_no_program) {
  tg_error e = {TG_OK, ""};
  tg_tensor x = f64(data, 1);
  ck_assert_int_eq(tg_program_replay(NULL, &x, 1, &e), TG_ARGUMENT);
  ck_assert_str_eq(e.message, "tg_program_replay: there is no program");
  ck_assert_int_eq(tg_program_set_key(NULL, 0, (tg_key){1, 2}), TG_ARGUMENT);
  ck_assert_ptr_null(tg_program_value(NULL, 0).data);
  ck_assert(isnan(tg_program_item(NULL, 0)));
  ck_assert_int_eq(tg_program_stats_of(NULL).steps, 0);
  ck_assert_int_eq(tg_program_dump(NULL, NULL, NULL), TG_ARGUMENT);
  ck_assert_int_eq(tg_function_programs(NULL), 0);
  ck_assert_int_eq(tg_function_call(NULL, &x, NULL, &e), TG_ARGUMENT);
  ck_assert_str_eq(e.message, "tg_function_call: there is no function");
}
END_TEST

START_TEST(inputs_that_are_no_tensors) {
  tg_capture_begin(t);
  tg_var y = tg_exp(tg_input(t, 0, f64(data, 4), "x"));
  tg_program *p = ended(&y, 1);
  tg_tensor x = f64(data, 4);
  x.rank = 99;
  assert_refuses(p, &x, 1, TG_SHAPE,
                 "program: input 0 \"x\" was captured as [4] f64, given is [rank 99] f64");
  assert_refuses(p, NULL, 1, TG_ARGUMENT, "program: 0 inputs given, it takes 1");
  tg_program_free(p);
}
END_TEST

START_TEST(gradients_into_nothing) {
  tg_capture_begin(t);
  tg_var y = tg_sum(tg_input(t, 0, f64(data, 4), "x"), TG_ALL, false);
  ck_assert_int_eq(tg_store_grads(NULL, y), TG_ARGUMENT);
  ck_assert_str_eq(tg_tape_message(t), "tg_store_grads: no gradients");
  tg_tape_reset(t);
  tg_capture_begin(t);
  ck_assert_int_eq(tg_optimizer_capture(NULL, NULL, t), TG_ARGUMENT);
}
END_TEST

START_TEST(an_input_that_was_rewound_may_be_declared_again) {
  tg_capture_begin(t);
  tg_mark mark = tg_tape_mark(t);
  tg_input(t, 0, f64(data, 2), "of one size");
  tg_tape_rewind(t, mark);
  tg_var y = tg_exp(tg_input(t, 0, f64(data, 4), "of another"));
  assert_same(&y, 1, (tg_tensor[]){f64(data, 4)}, 1);
}
END_TEST

/* ---- stores ---- */

START_TEST(a_part_may_be_stored_alone) {
  double kept[4] = {0, 0, -7, -7};
  tg_tensor in = f64(data, 4);
  tg_capture_begin(t);
  tg_var y = tg_exp(tg_input(t, 0, in, "x"));
  tg_store(f64(kept, 2), tg_slice(y, 0, 0, 2, 1));
  tg_program *p = ended(NULL, 0);
  assert_replays(p, &in, 1);
  ck_assert(kept[0] == exp(0.5) && kept[1] == exp(-1) && kept[2] == -7 && kept[3] == -7);
  tg_program_free(p);
}
END_TEST

static tg_status spoil(void *user, tg_error *error) {
  (void)error;
  *(double *)user = -1;
  return TG_OK;
}

/* What is handed to tg_then may write to what was stored. */
START_TEST(assignments_are_apart_from_stores) {
  double kept = 0;
  tg_tensor in = f64(data, 1);
  tg_params *params = one_param(1);
  tg_capture_begin(t);
  tg_var y = tg_exp(tg_input(t, 0, in, "x"));
  tg_store(f64(&kept, 1), y);
  tg_then(t, spoil, &kept);
  tg_assign(params, 0, y);
  tg_program *p = ended(NULL, 0);
  assert_replays(p, &in, 1);
  ck_assert(kept == -1 && weight(params, 0, 0) == exp(0.5));
  tg_program_free(p);
  tg_params_free(params);
}
END_TEST

/* A later step reads the parameter over which, or over a part of which, is stored. */
static void store_over(int64_t offset) {
  tg_tensor in = f64(data, 4);
  tg_params *params = one_param(8);
  double *w = tg_params_tensor(params, 0).data;
  tg_tape_reset(t);
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, in, "x"), all = tg_param(t, params, 0);
  tg_store(f64(w + offset, 4), tg_exp(x));
  tg_var z = tg_matmul(tg_reshape(all, TG_DIMS(2, 4)), tg_exp(x));
  tg_program *p = ended(&z, 1);
  assert_replays(p, &in, 1);
  double sum = 0;
  for (int i = 0; i < 4; i++) sum += (i + 1) * exp(data[i]);
  ck_assert_double_eq_tol(result(p, 0, 0), sum, 1e-12);
  ck_assert(w[offset] == exp(0.5));
  tg_program_free(p);
  tg_params_free(params);
}

START_TEST(stores_over_parameters_wait) {
  for (int64_t offset = 0; offset <= 3; offset++) store_over(offset);
}
END_TEST

/* ---- equal but for the dtype ---- */

START_TEST(bytes_alone_make_no_value) {
  float one_f = 1;
  int32_t bits;
  memcpy(&bits, &one_f, sizeof bits);
  tg_capture_begin(t);
  tg_var y[2] = {tg_constant(t, tg_tensor_of(&one_f, TG_F32, TG_DIMS(1))),
                 tg_constant(t, tg_tensor_of(&bits, TG_I32, TG_DIMS(1)))};
  assert_same(y, 2, NULL, 0);
}
END_TEST

START_TEST(a_cast_back_to_another_dtype_stays) {
  uint8_t bytes[3] = {0, 7, 255};
  tg_tensor in = tg_tensor_of(bytes, TG_U8, TG_DIMS(3));
  tg_capture_begin(t);
  tg_var wide = tg_cast(tg_input(t, 0, in, "x"), TG_F32);
  tg_var y[2] = {tg_cast(wide, TG_I32), tg_cast(wide, TG_U8)};
  assert_same(y, 2, &in, 1);
}
END_TEST

START_TEST(constants_that_nobody_reads_do_not_count) {
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, f64(data, 4), "x");
  tg_var y = tg_exp(tg_mul(x, tg_scalar(t, TG_F64, 1)));
  tg_program *p = ended(&y, 1);
  ck_assert_uint_eq(tg_program_stats_of(p).constants, 0);
  tg_program_free(p);
}
END_TEST

/* ---- kernels ---- */

static tg_status refuse_negative(const tg_call *c) {
  double x = tg_tensor_at(&c->in[0], 0);
  tg_tensor_put(&c->out, 0, x);
  return x < 0 ? TG_INDEX : TG_OK;
}

START_TEST(kernels_may_fail_without_a_word) {
  static const tg_op silent = {
      TG_OP_INIT,          .name = "silent",       .arity = 1,
      .dtypes = TG_FLOATS, .shape = tg_shape_same, .kernel = refuse_negative};
  double number = 1;
  tg_tensor in = f64(&number, 1);
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, in, "x"), y = tg_apply(&silent, &x, 1, NULL);
  tg_program *p = ended(&y, 1);
  assert_replays(p, &in, 1);
  number = -1;
  tg_error e = {TG_OK, ""};
  ck_assert_int_eq(tg_program_replay(p, &in, 1, &e), TG_INDEX);
  ck_assert_ptr_nonnull(strstr(e.message, "silent"));
  number = 2;
  assert_replays(p, &in, 1);
  ck_assert_double_eq(tg_program_item(p, 0), 2);
  tg_program_free(p);
}
END_TEST

static double drawn;
static tg_status draw_next(const tg_call *c) {
  tg_tensor_put(&c->out, 0, ++drawn);
  return TG_OK;
}

/* It may draw by what no table of attributes shows: neither folded nor merged. */
START_TEST(what_draws_is_run_each_time) {
  static const tg_op next = {TG_OP_INIT,         .flags = TG_OP_RANDOM, .name = "next",
                             .arity = 1,         .dtypes = TG_FLOATS,   .shape = tg_shape_same,
                             .kernel = draw_next};
  tg_capture_begin(t);
  tg_var c = tg_constant(t, f64(data, 1));
  tg_var y[2] = {tg_apply(&next, &c, 1, NULL), tg_apply(&next, &c, 1, NULL)};
  tg_program *p = ended(y, 2);
  for (int k = 0; k < 2; k++) {
    drawn = 10 * k;
    assert_replays(p, NULL, 0);
    ck_assert_double_eq(result(p, 0, 0) + result(p, 1, 0), 20 * k + 3);
  }
  tg_program_free(p);
}
END_TEST

static tg_var twelve_by(tg_var x, tg_var z) { return tg_sub(x, tg_rdiv_scalar(z, 12)); }

/* In the midst of what could be fused; the error names the operator. */
START_TEST(integers_divided_by_zero) {
  typedef tg_var binary_fn(tg_var, tg_var);
  binary_fn *const fns[] = {tg_div, tg_fmod, twelve_by};
  static const char *const names[] = {"div", "fmod", "rdiv_scalar"};
  int32_t a[3] = {7, -8, 9}, b[3] = {2, 3, -4};
  tg_tensor in[2] = {tg_tensor_of(a, TG_I32, TG_DIMS(3)), tg_tensor_of(b, TG_I32, TG_DIMS(3))};
  for (int k = 0; k < 3; k++) {
    tg_error e = {TG_OK, ""};
    b[1] = 3;
    tg_tape_reset(t);
    tg_capture_begin(t);
    tg_var x = tg_input(t, 0, in[0], "a"), z = tg_input(t, 1, in[1], "b");
    tg_var y = tg_add(fns[k](tg_mul(x, x), z), x);
    tg_program *p = ended(&y, 1);
    assert_replays(p, in, 2);
    assert_bits(p, 0, y);
    b[1] = 0;
    ck_assert_int_eq(tg_program_replay(p, in, 2, &e), TG_DIVISION);
    ck_assert_ptr_nonnull(strstr(e.message, names[k]));
    tg_program_free(p);
  }
}
END_TEST

/* It cannot fail, so it is a part of the loop. */
START_TEST(integers_divided_by_a_number) {
  int32_t a[3] = {7, -8, 9};
  tg_tensor in = tg_tensor_of(a, TG_I32, TG_DIMS(3));
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, in, NULL);
  tg_var y = tg_fmod_scalar(tg_add(tg_div_scalar(tg_mul(x, x), 3), x), 5);
  tg_program *p = ended(&y, 1);
  ck_assert_int_eq(tg_program_stats_of(p).steps, 1);
  assert_replays(p, &in, 1);
  assert_bits(p, 0, y);
  tg_program_free(p);
}
END_TEST

/* ---- sums ---- */

static tg_var product(int64_t rows, tg_var x, int i) {
  return tg_matmul(tg_sin(tg_mul_scalar(x, i + 1)),
                   tg_reshape(tg_cos(tg_add_scalar(x, i)), TG_DIMS(-1, rows)));
}

START_TEST(sums_of_sums_of_products) {
  tg_tensor in = tg_tensor_of(data, TG_F64, TG_DIMS(2, 4));
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, in, "x"), p[4];
  for (int i = 0; i < 4; i++) p[i] = product(2, x, i);
  tg_var y = tg_add(tg_add(p[0], p[1]), tg_add(p[2], p[3]));
  tg_program *program = ended(&y, 1);
  tg_tensor tape = tg_value(y);
  assert_replays(program, &in, 1);
  for (int i = 0; i < 4; i++)
    ck_assert_double_eq_tol(result(program, 0, i), tg_tensor_at(&tape, i), 1e-13);
  tg_program_free(program);
}
END_TEST

START_TEST(products_of_batches_and_of_integers_are_left_alone) {
  int64_t numbers[8] = {1, -2, 3, 4, -5, 6, 7, INT64_MAX};
  tg_tensor in[2] = {tg_tensor_of(data, TG_F64, TG_DIMS(2, 2, 2)),
                     tg_tensor_of(numbers, TG_I64, TG_DIMS(2, 4))};
  tg_capture_begin(t);
  tg_var x = tg_input(t, 0, in[0], "x"), n = tg_input(t, 1, in[1], "n");
  tg_var turned = tg_transpose(n, 0, 1), part = tg_select(x, 0, 0);
  tg_var y[3] = {tg_add(tg_matmul(x, x), tg_matmul(tg_neg(x), tg_exp(x))),
                 tg_add(tg_matmul(n, turned), tg_matmul(tg_neg(n), tg_square(turned))),
                 tg_add(tg_matmul(part, x), tg_matmul(x, part))};
  assert_same(y, 3, in, 2);
}
END_TEST

/* Rows around a leaf of the tree of sums, and so long that they are cut into parts. */
START_TEST(long_sums_have_the_bits_of_the_tape) {
  static const int64_t shapes[][2] = {{5, 1023}, {3, 1024}, {3, 1025}, {2, 700001}, {1, 3000000}};
  enum { MOST = 3000000 };
  float *x = malloc(MOST * sizeof *x);
  tg_fill_normal(tg_tensor_of(x, TG_F32, TG_DIMS(MOST)), (tg_key){1, 2}, 0, 1);
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
    tg_tensor in = tg_tensor_of(x, TG_F32, 2, shapes[k]);
    tg_tape_reset(t);
    tg_capture_begin(t);
    tg_var h = tg_tanh(tg_input(t, 0, in, "x"));
    tg_var y[2] = {tg_sum(h, TG_AXES(1), false), tg_mean(tg_mul(h, h), TG_AXES(1), true)};
    assert_same(y, 2, &in, 1);
  }
  free(x);
}
END_TEST

/* ---- gradients ---- */

/* The loss is there too, so that it could be one step with the gradient of its other operand. */
START_TEST(gradients_of_class_probabilities) {
  double p[4] = {0.5, 0.5, 0.25, 0.75};
  tg_tensor in[2] = {tg_tensor_of(data, TG_F64, TG_DIMS(2, 2)),
                     tg_tensor_of(p, TG_F64, TG_DIMS(2, 2))};
  tg_capture_begin(t);
  tg_var x[2] = {tg_input(t, 0, in[0], "x"), tg_input(t, 1, in[1], "p")}, y[3];
  y[0] = tg_cross_entropy(x[0], x[1]);
  tg_grad(y[0], &x[1], 1, &y[1]);
  tg_grad(y[0], &x[0], 1, &y[2]);
  assert_same(y, 3, in, 2);
}
END_TEST

/* grad_of's rule asks for the rule of the operand that it is of. */
START_TEST(second_derivatives_of_both_operands) {
  tg_tensor in[2] = {tg_tensor_of(data, TG_F64, TG_DIMS(4)),
                     tg_tensor_of(data + 4, TG_F64, TG_DIMS(4))};
  tg_var second[2][2], y[2];
  for (int capturing = 0; capturing < 2; capturing++) {
    if (capturing) tg_capture_begin(t);
    tg_var x[2] = {tg_input(t, 0, in[0], "x"), tg_input(t, 1, in[1], "z")}, dx[2];
    tg_var loss = tg_smooth_l1_loss(x[0], tg_mul(x[1], x[1]), 10, TG_REDUCTION_SUM);
    tg_grad(loss, x, 2, dx);
    tg_grad(tg_dot(dx[0], tg_exp(dx[1])), x, 2, second[capturing]);
  }
  memcpy(y, second[1], sizeof y);
  tg_program *p = ended(y, 2);
  assert_replays(p, in, 2);
  for (int j = 0; j < 2; j++) {
    tg_tensor tape = tg_value(second[0][j]);
    for (int i = 0; i < 4; i++) {
      double is = tg_tensor_at(&tape, i);
      ck_assert_double_eq_tol(result(p, j, i), is, 1e-12 * (1 + fabs(is)));
    }
  }
  tg_program_free(p);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("program_edges");
  TCase *c = tcase_create("edges");
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_set_timeout(c, 60);
  tcase_add_test(c, there_may_be_no_program);
  tcase_add_test(c, inputs_that_are_no_tensors);
  tcase_add_test(c, gradients_into_nothing);
  tcase_add_test(c, an_input_that_was_rewound_may_be_declared_again);
  tcase_add_test(c, a_part_may_be_stored_alone);
  tcase_add_test(c, assignments_are_apart_from_stores);
  tcase_add_test(c, stores_over_parameters_wait);
  tcase_add_test(c, bytes_alone_make_no_value);
  tcase_add_test(c, a_cast_back_to_another_dtype_stays);
  tcase_add_test(c, constants_that_nobody_reads_do_not_count);
  tcase_add_test(c, kernels_may_fail_without_a_word);
  tcase_add_test(c, what_draws_is_run_each_time);
  tcase_add_test(c, integers_divided_by_zero);
  tcase_add_test(c, integers_divided_by_a_number);
  tcase_add_test(c, sums_of_sums_of_products);
  tcase_add_test(c, products_of_batches_and_of_integers_are_left_alone);
  tcase_add_test(c, long_sums_have_the_bits_of_the_tape);
  tcase_add_test(c, gradients_of_class_probabilities);
  tcase_add_test(c, second_derivatives_of_both_operands);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
