/* The sweeps: plain against closed forms, recorded against plain, forward against reverse, to the
   third order. */
#include <math.h>
#include <string.h>

#include "tape.h"
#include "tapegrad/diff.h"

/* y = sum x_i^3 without a sum: contracted by a cotangent of ones. */
static tg_var cube(tg_var x) { return tg_mul(x, tg_mul(x, x)); }

START_TEST(plain_sweep_adds_to_what_is_there) {
  double data[3] = {1, 2, 3}, dx[3] = {10, 10, 10};
  tg_var x = vector(data, 3), y = cube(x);
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(3));
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  for (int i = 0; i < 3; i++) assert_near(dx[i], 10 + 3 * data[i] * data[i]);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  for (int i = 0; i < 3; i++) assert_near(dx[i], 10 + 6 * data[i] * data[i]);
}
END_TEST

START_TEST(backward_writes_gradients_of_parameters) {
  tg_params *p = tg_params_new(NULL, NULL);
  int w = tg_params_add(p, "w", TG_F64, TG_DIMS(2)), b = tg_params_add(p, "b", TG_F64, TG_SCALAR);
  tg_params_seal(p, NULL);
  double weight[2] = {3, 4}, bias = 5;
  tg_params_write(p, w, tg_tensor_of(weight, TG_F64, TG_DIMS(2)), NULL);
  tg_params_write(p, b, tg_tensor_of(&bias, TG_F64, TG_SCALAR), NULL);
  tg_grads *g = tg_grads_new(p, NULL);
  tg_var wv = tg_param(t, p, w), bv = tg_param(t, p, b);
  /* y = sum (w * w + b): b is broadcast, so its gradient is the sum of two */
  tg_var y = tg_sum_to(tg_add(tg_mul(wv, wv), bv), TG_SCALAR);
  ck_assert_double_eq(tg_item(y), 9 + 16 + 10);
  ck_assert_int_eq(tg_backward(y, g), TG_OK);
  const double *dw = tg_grads_tensor(g, w).data, *db = tg_grads_tensor(g, b).data;
  assert_near(dw[0], 6);
  assert_near(dw[1], 8);
  assert_near(*db, 2);
  tg_backward(y, g);
  assert_near(dw[1], 16);
  tg_grads_free(g);
  tg_params_free(p);
}
END_TEST

START_TEST(a_written_parameter_is_an_error_that_names_it) {
  tg_params *p = tg_params_new(NULL, NULL);
  int w = tg_params_add(p, "fc.weight", TG_F64, TG_SCALAR);
  tg_params_seal(p, NULL);
  tg_grads *g = tg_grads_new(p, NULL);
  tg_var y = tg_square(tg_param(t, p, w));
  tg_params_touch(p, w);
  ck_assert_int_eq(tg_backward(y, g), TG_CHANGED);
  ck_assert_msg(strstr(tg_tape_message(t), "\"fc.weight\""), "%s", tg_tape_message(t));
  tg_grads_free(g);
  tg_params_free(p);
}
END_TEST

START_TEST(check_leaves_catches_raw_writes) {
  tg_tape *checked = tg_tape_new(&(tg_tape_options){.check_leaves = true}, NULL);
  double data = 2, dx = 0;
  tg_var x = tg_leaf(checked, tg_tensor_of(&data, TG_F64, TG_SCALAR)), y = tg_square(x);
  tg_tensor into = tg_tensor_of(&dx, TG_F64, TG_SCALAR);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  data = 3;
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_CHANGED);
  assert_near(dx, 4);
  tg_tape_free(checked);
}
END_TEST

START_TEST(gradients_of_gradients) {
  double data[2] = {2, 3};
  tg_var x = vector(data, 2), y = tg_sum_to(cube(x), TG_SCALAR), d1, d2, d3, d4;
  ck_assert_int_eq(tg_grad(y, &x, 1, &d1), TG_OK);
  ck_assert_int_eq(tg_vjp(&d1, NULL, 1, &x, 1, &d2), TG_OK);
  ck_assert_int_eq(tg_vjp(&d2, NULL, 1, &x, 1, &d3), TG_OK);
  ck_assert_int_eq(tg_vjp(&d3, NULL, 1, &x, 1, &d4), TG_OK);
  for (int i = 0; i < 2; i++) {
    assert_near(at(d1, i), 3 * data[i] * data[i]);
    assert_near(at(d2, i), 6 * data[i]);
    assert_near(at(d3, i), 6);
    assert_near(at(d4, i), 0);
  }
}
END_TEST

START_TEST(intermediate_vars_can_be_asked) {
  double data = 0.5;
  tg_var x = tg_leaf(t, tg_tensor_of(&data, TG_F64, TG_SCALAR)), s = tg_sin(x), y = tg_exp(s);
  tg_var both[2] = {s, x}, d[2];
  ck_assert_int_eq(tg_grad(y, both, 2, d), TG_OK);
  assert_near(tg_item(d[0]), exp(sin(0.5)));
  assert_near(tg_item(d[1]), exp(sin(0.5)) * cos(0.5));
  double ds = 0, dx = 0;
  tg_tensor into[2] = {tg_tensor_of(&ds, TG_F64, TG_SCALAR), tg_tensor_of(&dx, TG_F64, TG_SCALAR)};
  tg_backward_into(&y, NULL, 1, NULL, both, into, 2);
  assert_near(ds, tg_item(d[0]));
  assert_near(dx, tg_item(d[1]));
}
END_TEST

/* Written, not added to: a leaf, a var between, the same var twice, and one that y is not made of.
 */
START_TEST(cotangents_are_written) {
  double data[2] = {0.5, 2}, dx[5][2] = {{9, 9}, {9, 9}, {9, 9}, {9, 9}, {9, 9}};
  tg_var x = vector(data, 2), other = vector(data, 2), s = tg_sin(x), y = tg_add(tg_exp(s), s);
  tg_var asked[5] = {s, x, s, other, x}, d[5];
  tg_tensor into[5];
  for (int i = 0; i < 5; i++) into[i] = tg_tensor_of(dx[i], TG_F64, TG_DIMS(2));
  ck_assert_int_eq(tg_vjp_into(&y, NULL, 1, asked, 5, into), TG_OK);
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, asked, 5, d), TG_OK);
  for (int i = 0; i < 5; i++)
    for (int k = 0; k < 2; k++) assert_near(dx[i][k], at(d[i], k));
  assert_near(dx[0][0], exp(sin(0.5)) + 1);
  assert_near(dx[3][1], 0);
  ck_assert_int_eq(tg_vjp_into(&x, NULL, 1, &x, 1, into), TG_OK); /* the root itself */
  assert_near(dx[0][1], 1);
}
END_TEST

/* The cotangent passes from a to b as it is, and z's share is added to b's alone. */
START_TEST(written_cotangents_are_not_handed_on) {
  double data[2] = {1, 2}, dx[2][2] = {{0}};
  tg_var x = vector(data, 2), b = tg_identity(x), z = tg_square(b), a = tg_identity(b);
  tg_var y = tg_add(tg_mul(a, a), z);
  tg_tensor into[2];
  for (int i = 0; i < 2; i++) into[i] = tg_tensor_of(dx[i], TG_F64, TG_DIMS(2));
  ck_assert_int_eq(tg_vjp_into(&y, NULL, 1, (tg_var[]){a, x}, 2, into), TG_OK);
  for (int k = 0; k < 2; k++) {
    assert_near(dx[0][k], 2 * data[k]);
    assert_near(dx[1][k], 4 * data[k]);
  }
}
END_TEST

START_TEST(gradients_of_parameters_are_written) {
  tg_params *p = tg_params_new(NULL, NULL);
  int w = tg_params_add(p, "w", TG_F64, TG_DIMS(2)),
      unused = tg_params_add(p, "u", TG_F64, TG_SCALAR);
  tg_params_add_buffer(p, "b", TG_I64, TG_DIMS(3));
  tg_params_seal(p, NULL);
  double weight[2] = {3, 4};
  tg_params_write(p, w, tg_tensor_of(weight, TG_F64, TG_DIMS(2)), NULL);
  tg_grads *g = tg_grads_new(p, NULL);
  tg_tensor dw = tg_grads_tensor(g, w), du = tg_grads_tensor(g, unused);
  for (int round = 0; round < 2; round++) { /* w is named by two leaves */
    tg_tensor_put(&du, 0, 7);
    tg_tensor_put(&dw, 0, 7);
    tg_var y = tg_sum(tg_mul(tg_param(t, p, w), tg_square(tg_param(t, p, w))), TG_ALL, false);
    ck_assert_int_eq(tg_backward_write(y, g), TG_OK);
    for (int k = 0; k < 2; k++) assert_near(tg_tensor_at(&dw, k), 3 * weight[k] * weight[k]);
    assert_near(tg_tensor_at(&du, 0), 0);
  }
  tg_grads_free(g);
  tg_params_free(p);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused) {
  double data[4] = {1, 2, 3, 4}, dx[8] = {7, 7, 7, 7, 7, 7, 7, 7};
  tg_params *p = tg_params_new(NULL, NULL);
  tg_params_add(p, "w", TG_F64, TG_DIMS(4));
  tg_params_seal(p, NULL);
  tg_grads *g = tg_grads_new(p, NULL);
  double *dw = tg_grads_tensor(g, 0).data;
  dw[1] = 7;
  ck_assert_int_eq(tg_backward_write(tg_mul_scalar(tg_param(t, p, 0), 2), g), TG_SHAPE);
  ck_assert(dw[1] == 7);
  tg_tensor strided = tg_tensor_of(dx, TG_F64, TG_DIMS(4)),
            shorter = tg_tensor_of(dx, TG_F64, TG_DIMS(3));
  strided.strides[0] = 2;
  const tg_tensor wrong[3] = {strided, shorter, tg_tensor_of(dx, TG_F32, TG_DIMS(4))};
  for (int k = 0; k < 3; k++) {
    tg_tape_reset(t);
    tg_var x = vector(data, 4), y = cube(x);
    ck_assert_int_eq(tg_vjp_into(&y, NULL, 1, &x, 1, &wrong[k]), TG_SHAPE);
    ck_assert(dx[0] == 7 && dx[3] == 7);
  }
  tg_grads_free(g);
  tg_params_free(p);
}
END_TEST

/* A parameter's own var may be asked for as well: both get all of it. */
START_TEST(a_parameter_may_be_a_target_too) {
  double dx[2] = {10, 10};
  tg_params *p = tg_params_new(NULL, NULL);
  tg_params_add(p, "w", TG_F64, TG_DIMS(2));
  tg_params_seal(p, NULL);
  tg_grads *g = tg_grads_new(p, NULL);
  tg_var w = tg_param(t, p, 0), y = tg_add(tg_mul_scalar(w, 3), tg_mul_scalar(w, 4));
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(2));
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, g, &w, &into, 1), TG_OK);
  ck_assert(dx[0] == 17 && ((double *)tg_grads_tensor(g, 0).data)[1] == 7);
  tg_grads_free(g);
  tg_params_free(p);
}
END_TEST

/* The sweep holds a few cotangents at a time, however long the chain. */
START_TEST(cotangents_take_each_others_memory) {
  enum { N = 20000, LENGTH = 60 };
  static double data[N], dx[N];
  tg_tape *own = tg_tape_new(NULL, NULL);
  tg_var x = tg_leaf(own, tg_tensor_of(data, TG_F64, TG_DIMS(N))), y = x;
  for (int k = 0; k < LENGTH; k++) y = tg_tanh(y);
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(N));
  size_t before = tg_tape_bytes(own);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  ck_assert_double_eq(dx[N - 1], 1);
  ck_assert_uint_lt(tg_tape_bytes(own) - before, 8 * sizeof data);
  tg_tape_free(own);
}
END_TEST

START_TEST(several_roots_and_cotangents) {
  double data[2] = {2, 3}, weights[2] = {10, 100};
  tg_var x = vector(data, 2), y[2] = {tg_square(x), x}, g[2] = {vector(weights, 2), TG_NONE}, dx;
  ck_assert_int_eq(tg_vjp(y, g, 2, &x, 1, &dx), TG_OK);
  assert_near(at(dx, 0), 10 * 4 + 1);
  assert_near(at(dx, 1), 100 * 6 + 1);
}
END_TEST

START_TEST(what_was_not_used_has_zero_gradient) {
  double data[2] = {2, 3};
  tg_var x = vector(data, 2), other = vector(data, 2), y = tg_sum_to(x, TG_SCALAR), dx;
  ck_assert_int_eq(tg_grad(y, &other, 1, &dx), TG_OK);
  assert_near(at(dx, 1), 0);
  ck_assert_int_eq(tg_dim(dx, 0), 2);
}
END_TEST

START_TEST(forward_mode_is_the_transpose) {
  double data[2] = {0.3, 0.7}, tangent[2] = {1, -2};
  tg_var x = vector(data, 2), dx = vector(tangent, 2), y = tg_mul(tg_sin(x), tg_exp(x)), dy;
  ck_assert_int_eq(tg_jvp(&y, 1, &x, &dx, 1, &dy), TG_OK);
  for (int i = 0; i < 2; i++)
    assert_near(at(dy, i), tangent[i] * exp(data[i]) * (sin(data[i]) + cos(data[i])));
}
END_TEST

START_TEST(hessian_vector_product) {
  double data[2] = {2, 3}, v[2] = {1, 10};
  tg_var x = vector(data, 2), vv = vector(v, 2), y = tg_sum_to(cube(x), TG_SCALAR), hv;
  ck_assert_int_eq(tg_hvp(y, &x, &vv, 1, &hv), TG_OK);
  for (int i = 0; i < 2; i++) assert_near(at(hv, i), 6 * data[i] * v[i]);
}
END_TEST

START_TEST(no_gradient_passes_while_it_is_off) {
  double data = 2;
  tg_var x = tg_leaf(t, tg_tensor_of(&data, TG_F64, TG_SCALAR));
  ck_assert(tg_tape_set_grad(t, false));
  tg_var constant = tg_square(x);
  ck_assert(!tg_tape_set_grad(t, true));
  tg_var y = tg_mul(constant, x), dx;
  tg_grad(y, &x, 1, &dx);
  assert_near(tg_item(dx), 4);
}
END_TEST

START_TEST(a_root_must_be_one_float) {
  double data[2] = {1, 2};
  tg_var x = vector(data, 2), dx;
  ck_assert_int_eq(tg_grad(x, &x, 1, &dx), TG_SHAPE);
  ck_assert(tg_is_failed(dx));
  tg_tape_reset(t);
  tg_var n = tg_scalar(t, TG_I64, 3);
  ck_assert_int_eq(tg_grad(n, &n, 1, &dx), TG_DTYPE);
}
END_TEST

/* ---- a user's operator, without grad and jvp ---- */

static tg_status kernel_cubed(const tg_call *c) {
  int64_t n = tg_tensor_numel(&c->out);
  for (int64_t i = 0; i < n; i++) {
    double x = tg_tensor_at(&c->in[0], i);
    tg_tensor_put(&c->out, i, x * x * x);
  }
  return TG_OK;
}
static tg_var vjp_cubed(const tg_call *c, tg_var g) {
  return tg_mul(g, tg_mul(tg_scalar_like(g, 3), tg_square(c->x[0])));
}
static tg_var vjp_wrong_shape(const tg_call *c, tg_var g) {
  (void)c;
  return tg_sum_to(g, TG_SCALAR);
}
static const tg_op cubed = {
    TG_OP_INIT,        .name = "cubed",     .label = "^3",          .formula = "x^3",
    .arity = 1,        .dtypes = TG_FLOATS, .shape = tg_shape_same, .kernel = kernel_cubed,
    .vjp = {vjp_cubed}};
static const tg_op misshapen = {TG_OP_INIT,
                                .name = "misshapen",
                                .label = "?",
                                .formula = "x^3",
                                .arity = 1,
                                .dtypes = TG_FLOATS,
                                .shape = tg_shape_same,
                                .kernel = kernel_cubed,
                                .vjp = {vjp_wrong_shape}};
static const tg_op ruleless = {
    TG_OP_INIT,          .name = "ruleless",  .label = "?",           .formula = "x^3",
    .arity = 1,          .dtypes = TG_FLOATS, .shape = tg_shape_same, .kernel = kernel_cubed,
    .vjp = {tg_vjp_none}};

START_TEST(a_users_operator_is_as_good_as_any) {
  double data[2] = {2, 3}, ones[2] = {1, 1}, dx[2] = {0, 0};
  tg_var x = vector(data, 2), y = tg_apply(&cubed, &x, 1, NULL), one = vector(ones, 2), dy, d1, d2;
  ck_assert_int_eq(tg_jvp(&y, 1, &x, &one, 1, &dy), TG_OK);
  tg_vjp(&y, NULL, 1, &x, 1, &d1);
  tg_vjp(&d1, NULL, 1, &x, 1, &d2);
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(2));
  int64_t nodes = tg_tape_nodes(t);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  ck_assert_int_eq(tg_tape_nodes(t), nodes);
  for (int i = 0; i < 2; i++) {
    assert_near(at(dy, i), 3 * data[i] * data[i]);
    assert_near(at(d2, i), 6 * data[i]);
    assert_near(dx[i], 3 * data[i] * data[i]);
  }
}
END_TEST

START_TEST(wrong_rules_are_named) {
  double data[2] = {2, 3};
  tg_var x = tg_name(vector(data, 2), "x"), y = tg_apply(&misshapen, &x, 1, NULL), dx;
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, &x, 1, &dx), TG_SHAPE);
  ck_assert_msg(strstr(tg_tape_message(t), "misshapen"), "%s", tg_tape_message(t));
  tg_tape_reset(t);
  x = tg_name(vector(data, 2), "x");
  y = tg_apply(&ruleless, &x, 1, NULL);
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, &x, 1, &dx), TG_NOT_DIFFERENTIABLE);
  ck_assert_msg(strstr(tg_tape_message(t), "ruleless") && strstr(tg_tape_message(t), "operand 0"),
                "%s", tg_tape_message(t));
}
END_TEST

/* ---- regions ---- */

static int evaluations;
static tg_var sine_of_product(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape;
  (void)user;
  evaluations++;
  return tg_sin(tg_mul(x[0], x[1]));
}

START_TEST(a_checkpoint_is_computed_again) {
  double a = 0.7, b = 1.3;
  tg_var x[2] = {tg_leaf(t, tg_tensor_of(&a, TG_F64, TG_SCALAR)),
                 tg_leaf(t, tg_tensor_of(&b, TG_F64, TG_SCALAR))};
  evaluations = 0;
  int64_t nodes = tg_tape_nodes(t);
  tg_var y = tg_checkpoint(sine_of_product, t, x, 2, NULL), d[2], d2;
  ck_assert_int_eq(tg_tape_nodes(t), nodes + 2);
  assert_near(tg_item(y), sin(a * b));
  ck_assert_int_eq(tg_grad(y, x, 2, d), TG_OK);
  ck_assert_int_eq(evaluations, 2);
  assert_near(tg_item(d[0]), b * cos(a * b));
  assert_near(tg_item(d[1]), a * cos(a * b));
  tg_grad(d[0], &x[0], 1, &d2);
  assert_near(tg_item(d2), -b * b * sin(a * b));
  double da = 0, db = 0;
  tg_tensor into[2] = {tg_tensor_of(&da, TG_F64, TG_SCALAR), tg_tensor_of(&db, TG_F64, TG_SCALAR)};
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, x, into, 2), TG_OK);
  assert_near(da, b * cos(a * b));
  assert_near(db, a * cos(a * b));
}
END_TEST

static void straight_through(tg_tape *tape, const tg_var x[], int n, tg_var y, tg_var g,
                             tg_var dx[], void *user) {
  (void)tape, (void)x, (void)y, (void)user;
  for (int i = 0; i < n; i++) dx[i] = g;
}
static tg_var rounded(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape, (void)user;
  return tg_round(x[0]);
}

START_TEST(a_custom_gradient_replaces_that_of_the_operators) {
  double data = 1.7;
  tg_var x = tg_leaf(t, tg_tensor_of(&data, TG_F64, TG_SCALAR)), dx;
  tg_var y = tg_square(tg_custom_vjp(rounded, straight_through, t, &x, 1, NULL));
  assert_near(tg_item(y), 4);
  ck_assert_int_eq(tg_grad(y, &x, 1, &dx), TG_OK);
  assert_near(tg_item(dx), 4);
}
END_TEST

/* ---- finiteness ---- */

START_TEST(the_first_nan_is_named_forward_and_backward) {
  tg_tape *traced = tg_tape_new(&(tg_tape_options){.trace_nan = true}, NULL);
  double data = -1, zero = 0, dx = 0;
  tg_var x = tg_name(tg_leaf(traced, tg_tensor_of(&data, TG_F64, TG_SCALAR)), "x");
  ck_assert(tg_is_failed(tg_log(x)));
  ck_assert_int_eq(tg_tape_status(traced), TG_NOT_FINITE);
  ck_assert_msg(strstr(tg_tape_message(traced), "log: \"x\" []") &&
                    strstr(tg_tape_message(traced), "forward"),
                "%s", tg_tape_message(traced));
  tg_tape_reset(traced);
  double nan = NAN;
  ck_assert(tg_is_failed(tg_leaf(traced, tg_tensor_of(&nan, TG_F64, TG_SCALAR))));
  ck_assert_int_eq(tg_tape_status(traced), TG_NOT_FINITE);
  tg_tape_reset(traced);
  x = tg_name(tg_leaf(traced, tg_tensor_of(&zero, TG_F64, TG_SCALAR)), "x");
  tg_var y = tg_sqrt(x);
  tg_tensor into = tg_tensor_of(&dx, TG_F64, TG_SCALAR);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_NOT_FINITE);
  ck_assert_msg(strstr(tg_tape_message(traced), "sqrt") &&
                    strstr(tg_tape_message(traced), "backward"),
                "%s", tg_tape_message(traced));
  tg_tape_reset(traced);
  x = tg_name(tg_leaf(traced, tg_tensor_of(&zero, TG_F64, TG_SCALAR)), "x");
  y = tg_name(tg_sqrt(x), "root");
  tg_var recorded;
  ck_assert_int_eq(tg_grad(y, &x, 1, &recorded), TG_NOT_FINITE);
  ck_assert_msg(strstr(tg_tape_message(traced), "div (backward, rule of sqrt \"root\"): "), "%s",
                tg_tape_message(traced));
  tg_tape_free(traced);
}
END_TEST

START_TEST(a_step_allocates_nothing_after_the_first) {
  double data[64];
  for (int i = 0; i < 64; i++) data[i] = 0.01 * i;
  size_t bytes = 0;
  for (int step = 0; step < 5; step++) {
    tg_tape_reset(t);
    double dx[64] = {0};
    tg_var x = vector(data, 64), y = x;
    for (int k = 0; k < 200; k++) y = tg_sin(tg_mul(y, x));
    tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(64));
    ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
    if (step == 1) bytes = tg_tape_bytes(t);
    if (step > 1) ck_assert_uint_eq(tg_tape_bytes(t), bytes);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("diff");
  TCase *tests = tcase_create("diff");
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, plain_sweep_adds_to_what_is_there);
  tcase_add_test(tests, backward_writes_gradients_of_parameters);
  tcase_add_test(tests, a_written_parameter_is_an_error_that_names_it);
  tcase_add_test(tests, check_leaves_catches_raw_writes);
  tcase_add_test(tests, gradients_of_gradients);
  tcase_add_test(tests, intermediate_vars_can_be_asked);
  tcase_add_test(tests, cotangents_are_written);
  tcase_add_test(tests, written_cotangents_are_not_handed_on);
  tcase_add_test(tests, gradients_of_parameters_are_written);
  tcase_add_test(tests, what_cannot_be_written_is_refused);
  tcase_add_test(tests, a_parameter_may_be_a_target_too);
  tcase_add_test(tests, cotangents_take_each_others_memory);
  tcase_add_test(tests, several_roots_and_cotangents);
  tcase_add_test(tests, what_was_not_used_has_zero_gradient);
  tcase_add_test(tests, forward_mode_is_the_transpose);
  tcase_add_test(tests, hessian_vector_product);
  tcase_add_test(tests, no_gradient_passes_while_it_is_off);
  tcase_add_test(tests, a_root_must_be_one_float);
  tcase_add_test(tests, a_users_operator_is_as_good_as_any);
  tcase_add_test(tests, wrong_rules_are_named);
  tcase_add_test(tests, a_checkpoint_is_computed_again);
  tcase_add_test(tests, a_custom_gradient_replaces_that_of_the_operators);
  tcase_add_test(tests, the_first_nan_is_named_forward_and_backward);
  tcase_add_test(tests, a_step_allocates_nothing_after_the_first);
  suite_add_tcase(suite, tests);
  return run_suite(suite);
}
