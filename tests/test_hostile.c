/* What a user who wants to break the tape would try: unusual graphs, marks out of order, regions
   within regions, rules that misbehave, operators with fields missing. */
#include "hostile.h"

/* ---- graphs ---- */

START_TEST(roots_that_are_targets) {
  double a = 3;
  tg_var x = number(&a), v = tg_reshape(x, TG_DIMS(1)), w = tg_reshape(v, TG_SCALAR);
  assert_derivative(x, x, 1);
  assert_derivative(w, w, 1);
  assert_derivative(w, x, 1);
  double one[1] = {0};
  tg_tensor into = tg_tensor_of(one, TG_F64, TG_DIMS(1));
  tg_var y = tg_mul(w, w);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &v, &into, 1), TG_OK);
  assert_near(one[0], 6);
}
END_TEST

START_TEST(roots_that_depend_on_each_other) {
  double a = 3;
  tg_var x = number(&a), y = tg_mul(x, x), z = tg_mul(y, y), dx[3];
  const tg_var roots[4] = {z, y, z, x}, targets[3] = {x, y, x};
  const double dxs = 2 * 4 * 27 + 2 * 3 + 1, dys = 2 * 2 * 9 + 1;
  ck_assert_int_eq(tg_vjp(roots, NULL, 4, targets, 3, dx), TG_OK);
  assert_near(tg_item(dx[0]), dxs);
  assert_near(tg_item(dx[1]), dys);
  assert_near(tg_item(dx[2]), dxs);
  double memory[3] = {0};
  const tg_tensor into[3] = {tg_tensor_of(&memory[0], TG_F64, TG_SCALAR),
                             tg_tensor_of(&memory[1], TG_F64, TG_SCALAR),
                             tg_tensor_of(&memory[2], TG_F64, TG_SCALAR)};
  ck_assert_int_eq(tg_backward_into(roots, NULL, 4, NULL, targets, into, 3), TG_OK);
  for (int i = 0; i < 3; i++) assert_near(memory[i], tg_item(dx[i]));
}
END_TEST

/* jvp is the transpose of vjp where one x is made from another, or given twice. */
START_TEST(tangents_of_dependent_and_repeated_targets_add) {
  double a = 3, p = 0.5, q = 0.25, r = 0.125;
  tg_var x = number(&a), y = tg_mul(x, x), z = tg_mul(x, y), dz;
  const tg_var targets[3] = {x, y, x};
  const tg_var tangents[3] = {number(&p), number(&q), number(&r)};
  ck_assert_int_eq(tg_jvp(&z, 1, targets, tangents, 3, &dz), TG_OK);
  assert_near(tg_item(dz), 27 * (p + r) + 3 * q);
  ck_assert_int_eq(tg_jvp(&y, 1, targets, tangents, 3, &dz), TG_OK);
  assert_near(tg_item(dz), 6 * (p + r) + q);
}
END_TEST

START_TEST(parameter_as_target_too) {
  tg_params *p = tg_params_new(NULL, NULL);
  int w = tg_params_add(p, "w", TG_F64, TG_DIMS(2));
  tg_params_seal(p, NULL);
  tg_grads *g = tg_grads_new(p, NULL);
  double *values = tg_params_tensor(p, w).data, dx[2] = {0};
  values[0] = 2, values[1] = 5;
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(2));
  tg_var a = tg_param(t, p, w), b = tg_param(t, p, w), y = tg_mul(a, b);
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, g, &a, &into, 1), TG_OK);
  const double *dw = tg_grads_tensor(g, w).data;
  assert_near(dx[0], 2), assert_near(dx[1], 5);
  assert_near(dw[0], 4), assert_near(dw[1], 10);
  tg_grads_zero(g);
  ck_assert_int_eq(tg_backward_into(&a, NULL, 1, g, NULL, NULL, 0), TG_OK);
  assert_near(dw[0], 1);
  /* recorded while gradients were off it is a constant to the params, but still a target */
  tg_grads_zero(g);
  tg_tape_set_grad(t, false);
  tg_var c = tg_param(t, p, w);
  tg_tape_set_grad(t, true);
  y = tg_mul(c, c);
  dx[0] = 0;
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, g, &c, &into, 1), TG_OK);
  assert_near(dx[0], 4);
  assert_near(dw[0], 0);
  tg_grads_free(g);
  tg_params_free(p);
}
END_TEST

START_TEST(views_of_views_with_negative_strides) {
  double data[6] = {1, 2, 3, 4, 5, 6}, dx[6] = {0};
  tg_var x = tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(2, 3))); /* [2,3] */
  tg_var f = tg_flip(x, 2, (const int64_t[]){0, 1}), tr = tg_transpose(f, 0, 1);
  tg_var s = tg_slice(tr, 0, TG_END, TG_END, -2); /* [2,2]: rows 2 and 0 of tr */
  tg_var y = tg_mul(s, tg_mul(s, s)), grad;
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(2, 3));
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  ck_assert_int_eq(tg_vjp(&y, NULL, 1, &x, 1, &grad), TG_OK);
  for (int i = 0; i < 6; i++) {
    assert_near(dx[i], i % 3 == 1 ? 0 : 3 * data[i] * data[i]);
    assert_near(at(grad, i), dx[i]);
  }
}
END_TEST

START_TEST(empty_tensors_everywhere) {
  double none[1] = {7}, dx[1] = {7};
  tg_var x = tg_leaf(t, tg_tensor_of(none, TG_F64, TG_DIMS(0, 3)));
  tg_var y = tg_sum(tg_mul(x, tg_exp(x)), TG_SCALAR, false), grad, hv,
         ones = tg_broadcast_to(tg_scalar(t, TG_F64, 1), TG_DIMS(0, 3));
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(0, 3));
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  ck_assert_int_eq(tg_grad(y, &x, 1, &grad), TG_OK);
  ck_assert_int_eq(tg_numel(grad), 0);
  ck_assert_int_eq(tg_hvp(y, &x, &ones, 1, &hv), TG_OK);
  ck_assert_int_eq(tg_numel(hv), 0);
  tg_var j = tg_jacobian(y, x), h = tg_hessian(y, x);
  ck_assert_msg(tg_tape_status(t) == TG_OK, "%s", tg_tape_message(t));
  ck_assert_int_eq(tg_rank(j), 2);
  ck_assert_int_eq(tg_rank(h), 4);
  ck_assert_int_eq(tg_dim(h, 3), 3);
  ck_assert_double_eq(dx[0], 7);
  tg_mark mark = tg_tape_mark(t);
  tg_var keep = tg_mul(x, x);
  ck_assert_int_eq(tg_tape_collapse(t, mark, &keep, 1), TG_OK);
  ck_assert_int_eq(tg_dim(keep, 1), 3);
}
END_TEST

START_TEST(rank_8) {
  double data[16], dx[16] = {0};
  for (int i = 0; i < 16; i++) data[i] = i + 1;
  const int64_t axes[8] = {7, 0, 6, 1, 5, 2, 4, 3};
  tg_var x = tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(2, 1, 2, 1, 2, 1, 2, 1)));
  tg_var v = tg_permute(x, 8, axes), y = tg_mul(v, v);
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(2, 1, 2, 1, 2, 1, 2, 1));
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_OK);
  for (int i = 0; i < 16; i++) assert_near(dx[i], 2 * data[i]);
  tg_jacobian(y, x);
  assert_says(TG_SHAPE, "ranks 8 and 8");
}
END_TEST

START_TEST(too_many_operands) {
  enum { MANY = 70000 };
  static tg_var x[MANY];
  double a = 1;
  for (int i = 0; i < MANY; i++) x[i] = number(&a);
  ck_assert_int_eq(tg_numel(tg_stack(x, 65535, 0)), 65535);
  tg_tape_status(t);
  ck_assert(tg_is_failed(tg_stack(x, MANY, 0)));
  assert_says(TG_ARGUMENT, "65535");
}
END_TEST

/* ---- marks ---- */

START_TEST(marks_that_were_rewound_are_stale) {
  enum { BIG = 300000 };
  char *big = malloc(BIG);
  memset(big, 'n', BIG - 1), big[BIG - 1] = 0;
  double a = 3, values[4] = {1, 2, 3, 4};
  tg_var x = number(&a), v = tg_exp(vector(values, 4));
  tg_mark low = tg_tape_mark(t);
  tg_name(x, big);
  tg_mark high = tg_tape_mark(t); /* same nodes, more memory */
  ck_assert_int_eq(tg_tape_rewind(t, low), TG_OK);
  ck_assert_ptr_null(tg_name_of(x));
  ck_assert_int_eq(tg_tape_rewind(t, high), TG_STALE);
  tg_exp(tg_exp(v));
  assert_near(at(v, 3), exp(4));

  low = tg_tape_mark(t);
  tg_scope_begin(t, "a");
  high = tg_tape_mark(t);
  ck_assert_int_eq(tg_tape_rewind(t, low), TG_OK);
  ck_assert_int_eq(tg_tape_rewind(t, high), TG_STALE);
  tg_scope_end(t);
  assert_says(TG_STATE, "no scope is open");
  tg_tape_reset(t);

  low = tg_tape_mark(t);
  tg_scope_begin(t, "a");
  high = tg_tape_mark(t);
  tg_tape_rewind(t, low);
  x = number(&a);
  tg_name(x, big);
  tg_scope_begin(t, "b");
  ck_assert_int_eq(tg_tape_rewind(t, high), TG_STALE);
  ck_assert_str_eq(tg_name_of(x), big);
  tg_tape_reset(t);
  ck_assert_int_eq(tg_tape_rewind(t, high), TG_STALE);
  free(big);
}
END_TEST

START_TEST(names_come_back) {
  double a = 3;
  tg_var x = tg_name(number(&a), "before"), z = number(&a);
  tg_mark mark = tg_tape_mark(t);
  tg_var y = tg_name(tg_exp(x), "y");
  tg_name(x, "after"), tg_name(z, "z"), tg_name(x, "later");
  ck_assert_str_eq(tg_name_of(x), "later");
  tg_tape_rewind(t, mark);
  ck_assert_ptr_null(tg_name_of(y));
  ck_assert_str_eq(tg_name_of(x), "before");
  ck_assert_ptr_null(tg_name_of(z));
  tg_name(z, "again");
  ck_assert_str_eq(tg_name_of(z), "again");
}
END_TEST

START_TEST(collapse_keeps_views_and_errors) {
  double data[4] = {1, 2, 3, 4};
  tg_var x = vector(data, 4);
  tg_mark mark = tg_tape_mark(t);
  tg_var y = tg_exp(x), v = tg_slice(y, 0, TG_END, TG_END, -1), keep[3] = {v, TG_NONE, v};
  ck_assert_int_eq(tg_tape_collapse(t, mark, keep, 3), TG_OK);
  for (int i = 0; i < 4; i++) assert_near(at(keep[0], i), exp(data[3 - i]));
  ck_assert(tg_is_none(keep[1]));
  /* an error raised in what is collapsed is not forgotten */
  mark = tg_tape_mark(t);
  y = tg_exp(x);
  tg_add(x, tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(3))));
  ck_assert_int_eq(tg_tape_collapse(t, mark, &y, 1), TG_SHAPE);
  ck_assert(tg_is_failed(y));
  assert_says(TG_SHAPE, "add");
  tg_tape_rewind(t, mark);
  /* nor is a mark that was rewound */
  tg_var z = tg_exp(x);
  tg_mark high = tg_tape_mark(t);
  tg_tape_rewind(t, mark);
  z = tg_exp(x);
  ck_assert_int_eq(tg_tape_collapse(t, high, &z, 1), TG_STALE);
  assert_says(TG_STALE, "collapse");
}
END_TEST

/* ---- sticky ---- */

START_TEST(a_failed_tape_changes_no_gradient) {
  tg_params *p = tg_params_new(NULL, NULL);
  int w = tg_params_add(p, "w", TG_F64, TG_SCALAR);
  tg_params_seal(p, NULL);
  tg_grads *g = tg_grads_new(p, NULL);
  tg_var x = tg_param(t, p, w), y = tg_add(x, x);
  tg_tape_fail(t, TG_STATE, "elsewhere");
  ck_assert_int_eq(tg_backward(y, g), TG_STATE);
  ck_assert_double_eq(*(double *)tg_grads_tensor(g, w).data, 0);
  tg_grads_free(g);
  tg_params_free(p);
}
END_TEST

START_TEST(absent_first_root_is_an_error_that_sticks) {
  double a = 3;
  tg_var x = number(&a), dx;
  const tg_var roots[2] = {TG_NONE, x};
  ck_assert_int_eq(tg_vjp(roots, NULL, 2, &x, 1, &dx), TG_ARGUMENT);
  ck_assert(tg_is_failed(dx));
  assert_says(TG_ARGUMENT, "absent");
  tg_tape_reset(t);
  ck_assert_int_eq(tg_grad(TG_NONE, &x, 1, &dx), TG_ARGUMENT);
  ck_assert_int_eq(tg_backward(TG_NONE, NULL), TG_ARGUMENT);
  ck_assert(tg_is_none(tg_jacobian(TG_NONE, TG_NONE)));
  ck_assert(tg_is_none(tg_hessian(TG_NONE, TG_NONE)));
}
END_TEST

START_TEST(leaves_of_impossible_shape) {
  tg_tape *checked = tg_tape_new(&(tg_tape_options){.check_leaves = true}, NULL);
  double a = 1;
  tg_tensor x = tg_tensor_of(&a, TG_F64, TG_SCALAR);
  x.rank = 4000;
  ck_assert(tg_is_failed(tg_leaf(checked, x)));
  ck_assert_int_eq(tg_tape_status(checked), TG_SHAPE);
  tg_tape_free(checked);
}
END_TEST

START_TEST(nan_is_traced_to_the_first) {
  tg_tape *traced = tg_tape_new(&(tg_tape_options){.trace_nan = true}, NULL);
  double data[2] = {1, 0};
  tg_var x = tg_name(tg_leaf(traced, tg_tensor_of(data, TG_F64, TG_DIMS(2))), "x");
  tg_var y = tg_name(tg_sqrt(x), "root");
  double dx[2] = {0};
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(2));
  ck_assert_int_eq(tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1), TG_NOT_FINITE);
  const char *m = tg_tape_message(traced);
  ck_assert_msg(strstr(m, "sqrt (backward)") && strstr(m, "\"x\" [2]") && strstr(m, "\"root\"") &&
                    strstr(m, "infinite at position 1"),
                "%s", m);
  tg_tape_reset(traced);
  x = tg_name(tg_leaf(traced, tg_tensor_of(data, TG_F64, TG_DIMS(2))), "x");
  y = tg_add(tg_log(x), tg_neg(x));
  ck_assert_int_eq(tg_tape_status(traced), TG_NOT_FINITE);
  m = tg_tape_message(traced);
  ck_assert_msg(strstr(m, "log: \"x\" [2]") && strstr(m, "going forward"), "%s", m);
  tg_tape_free(traced);
}
END_TEST

/* ---- regions ---- */

static tg_var product(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape, (void)user;
  return tg_mul(x[0], x[1]);
}
static tg_var nested(tg_tape *tape, const tg_var x[], void *user) {
  return tg_checkpoint(product, tape, (const tg_var[]){x[0], tg_mul(x[0], x[1])}, 2, user);
}
static void product_rule(tg_tape *tape, const tg_var x[], int n, tg_var y, tg_var g, tg_var dx[],
                         void *user) {
  (void)n, (void)y;
  tg_var z = product(tape, x, user);
  tg_vjp(&z, &g, 1, x, 2, dx);
}
static tg_var captures(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape;
  return tg_mul(x[0], *(tg_var *)user);
}

typedef tg_var region_fn(const tg_var x[]);
static tg_var by_checkpoint(const tg_var x[]) { return tg_checkpoint(product, t, x, 2, NULL); }
static tg_var by_rule(const tg_var x[]) {
  return tg_custom_vjp(product, product_rule, t, x, 2, NULL);
}

/* Inputs of a region that are one var, or made from each other, count once each. */
static void check_region(region_fn *region) {
  double a = 3;
  tg_var x = number(&a), y = tg_mul(x, x), dx, ddx;
  assert_derivative(region((const tg_var[]){x, x}), x, 6);
  assert_derivative(region((const tg_var[]){x, y}), x, 27);
  assert_derivative(region((const tg_var[]){y, x}), y, 3 + 0);
  tg_var z = region((const tg_var[]){x, y});
  ck_assert_int_eq(tg_grad(z, &x, 1, &dx), TG_OK);
  assert_derivative(dx, x, 18);
  ck_assert_int_eq(tg_grad(dx, &x, 1, &ddx), TG_OK);
  assert_derivative(ddx, x, 6);
}

START_TEST(regions_of_dependent_inputs) {
  check_region(by_checkpoint);
  double a = 3;
  tg_var x = number(&a), dx;
  tg_var z = tg_checkpoint(nested, t, (const tg_var[]){x, x}, 2, NULL); /* x (x x) */
  assert_derivative(z, x, 27);
  tg_grad(z, &x, 1, &dx);
  assert_derivative(dx, x, 18);
}
END_TEST
START_TEST(custom_rules_that_sweep) { check_region(by_rule); }
END_TEST

/* 3 x^2 as the gradient of x^3: a region may sweep in its function. */
static tg_var slope_of_cube(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape, (void)user;
  tg_var dx;
  tg_grad(tg_mul(x[0], tg_mul(x[0], x[0])), x, 1, &dx);
  return dx;
}

START_TEST(regions_that_differentiate) {
  double a = 3;
  tg_var x = number(&a), y = tg_checkpoint(slope_of_cube, t, &x, 1, NULL), dx;
  assert_near(tg_item(y), 27);
  assert_derivative(y, x, 18);
  tg_grad(y, &x, 1, &dx);
  assert_derivative(dx, x, 6);
}
END_TEST

START_TEST(captures_are_constant) {
  double a = 3;
  tg_var x = number(&a), y = tg_mul(x, x);
  tg_var z = tg_checkpoint(captures, t, &x, 1, &y); /* x times a constant 9 */
  assert_derivative(z, x, 9);
}
END_TEST

static tg_mark spoiler;
static tg_var rewinds(const tg_call *c, tg_var g) {
  tg_tape_rewind(c->tape, spoiler);
  return g;
}
static tg_var resets(const tg_call *c, tg_var g) {
  (void)g;
  tg_tape_reset(c->tape);
  return tg_scalar(c->tape, TG_F64, 1);
}
static void rule_resets(tg_tape *tape, const tg_var x[], int n, tg_var y, tg_var g, tg_var dx[],
                        void *user) {
  (void)x, (void)n, (void)y, (void)user, (void)g;
  tg_tape_reset(tape);
  dx[0] = tg_scalar(tape, TG_F64, 1);
}
static tg_var same(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape, (void)user;
  return tg_exp(x[0]);
}

static const tg_op rewinding = {TG_OP_INIT,          .name = "rewinding",    .arity = 1,
                                .dtypes = TG_FLOATS, .shape = tg_shape_same, .kernel = copies,
                                .vjp = {rewinds}};
static const tg_op resetting = {TG_OP_INIT,          .name = "resetting",    .arity = 1,
                                .dtypes = TG_FLOATS, .shape = tg_shape_same, .kernel = copies,
                                .vjp = {resets}};

static void check_spoiled(const tg_op *op, int how) {
  double a = 3;
  tg_tape_reset(t);
  tg_var x = number(&a), e = tg_exp(x);
  spoiler = tg_tape_mark(t);
  tg_var y = op ? tg_apply(op, &e, 1, NULL) : tg_custom_vjp(same, rule_resets, t, &e, 1, NULL);
  for (int i = 0; i < 3; i++) y = tg_mul(y, e);
  ck_assert_int_eq(tg_tape_status(t), TG_OK);
  ck_assert(isnan(how == 0 ? plain(y, x) : how == 1 ? recorded(y, x) : forward(y, x)));
  assert_says(TG_STATE, "rewound");
  tg_tape_reset(t);
  x = number(&a);
  assert_near(plain(tg_mul(x, x), x), 6);
}

START_TEST(rules_that_rewind_the_tape) {
  for (int how = 0; how < 3; how++) {
    check_spoiled(&rewinding, how);
    check_spoiled(&resetting, how);
    check_spoiled(NULL, how);
  }
}
END_TEST

/* ---- gradients off ---- */

START_TEST(second_order_while_gradients_are_off) {
  double a[2] = {2, 3}, d[2] = {1, 1};
  tg_var x = vector(a, 2), v = vector(d, 2), y = tg_sum(tg_mul(x, tg_mul(x, x)), TG_SCALAR, false);
  tg_var hv, dy, s = tg_logsumexp(x, TG_SCALAR, false), p = tg_amax(x, TG_SCALAR, false);
  tg_tape_set_grad(t, false);
  ck_assert_int_eq(tg_hvp(y, &x, &v, 1, &hv), TG_OK);
  assert_near(at(hv, 0), 12);
  assert_near(at(hv, 1), 18);
  tg_var h = tg_hessian(y, x);
  assert_near(at(h, 0), 12), assert_near(at(h, 1), 0);
  ck_assert_int_eq(tg_jvp(&s, 1, &x, &v, 1, &dy), TG_OK);
  assert_near(tg_item(dy), 1);
  ck_assert_int_eq(tg_jvp(&p, 1, &x, &v, 1, &dy), TG_OK);
  assert_near(tg_item(dy), 1);
  tg_var c = tg_checkpoint(same, t, &x, 1, NULL), one = tg_sum(c, TG_SCALAR, false), dx;
  tg_tape_set_grad(t, true);
  c = tg_checkpoint(same, t, &x, 1, NULL);
  tg_tape_set_grad(t, false);
  ck_assert_int_eq(tg_jvp(&c, 1, &x, &v, 1, &dy), TG_OK);
  assert_near(at(dy, 0), exp(2));
  /* and what was made is constant */
  tg_tape_set_grad(t, true);
  ck_assert_int_eq(tg_grad(one, &x, 1, &dx), TG_OK);
  assert_near(at(dx, 0), 0);
  ck_assert_int_eq(tg_vjp(&hv, NULL, 1, &x, 1, &dx), TG_OK);
  assert_near(at(dx, 0), 0);
  ck_assert_int_eq(tg_vjp(&dy, NULL, 1, &x, 1, &dx), TG_OK);
  assert_near(at(dx, 0), 0);
}
END_TEST

START_TEST(hvp_into_its_own_directions) {
  double a[2] = {2, 3}, d[2] = {1, 1};
  tg_var x = vector(a, 2), y = tg_sum(tg_mul(x, tg_mul(x, x)), TG_SCALAR, false);
  tg_var v = vector(d, 2);
  ck_assert_int_eq(tg_hvp(y, &x, &v, 1, &v), TG_OK);
  assert_near(at(v, 1), 18);
}
END_TEST

/* ---- memory ---- */

static tg_var chain(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape, (void)user;
  return tg_sum(tg_mul(tg_exp(x[0]), tg_slice(x[0], 0, TG_END, TG_END, -1)), TG_SCALAR, false);
}

enum { WAYS = 8 };
static int way;
static tg_status differentiate(tg_tape *tape) {
  static double data[40];
  tg_var x = tg_leaf(tape, tg_tensor_of(data, TG_F64, TG_DIMS(40))), y, d, v = tg_exp(x);
  y = way == 6 ? tg_checkpoint(chain, tape, &x, 1, NULL) : chain(tape, &x, NULL);
  static double dx[40];
  tg_tensor into = tg_tensor_of(dx, TG_F64, TG_DIMS(40));
  switch (way) {
  case 0: return tg_grad(y, &x, 1, &d);
  case 1: return tg_vjp(&y, NULL, 1, &x, 1, &d);
  case 2: return tg_jvp(&y, 1, &x, &v, 1, &d);
  case 3: return tg_hvp(y, &x, &v, 1, &d);
  case 4: return tg_jacobian(v, x), tg_tape_status(tape);
  case 5: return tg_hessian(y, x), tg_tape_status(tape);
  default: return tg_backward_into(&y, NULL, 1, NULL, &x, &into, 1);
  }
}

static tg_status differentiate_afresh(const tg_runtime *runtime, tg_error *error) {
  tg_tape *tape = tg_tape_new(&(tg_tape_options){.runtime = runtime}, error);
  if (tape == NULL) return error->status;
  tg_status status = differentiate(tape);
  ck_assert_int_eq(status, tg_tape_status(tape));
  tg_status first = status;
  if (status != TG_OK) {
    tg_tape_reset(tape); /* and it works again, unless memory is out for good */
    status = differentiate(tape);
    ck_assert(status == TG_OK || status == TG_NO_MEMORY);
  }
  tg_tape_free(tape);
  return error->status = first;
}

static tg_status check_gradient(const tg_runtime *runtime, tg_error *error) {
  double data[3] = {0.5, 0.25, 0.125};
  tg_tensor x = tg_tensor_of(data, TG_F64, TG_DIMS(3));
  tg_gradcheck result;
  const tg_gradcheck_options o = {.runtime = runtime};
  tg_status status = tg_gradcheck_run(chain, &x, 1, NULL, &o, &result);
  ck_assert_int_eq(result.status, status);
  ck_assert(status == TG_OK || result.message[0] != '\0');
  return error->status = status;
}

START_TEST(allocations_that_fail) {
  way = _i;
  if (way == 7)
    ck_assert_int_gt(sweep_failures(check_gradient), 3);
  else
    ck_assert_int_gt(sweep_failures(differentiate_afresh), 2);
}
END_TEST

/* Whatever the budget: fine or TG_NO_MEMORY, and never more bytes than that. */
START_TEST(budgets_of_every_size) {
  way = _i;
  for (size_t budget = 1000; budget < 2000000; budget += budget / 16) {
    tg_tape *tape = tg_tape_new(&(tg_tape_options){.byte_budget = budget}, NULL);
    if (tape == NULL) continue;
    tg_status status = differentiate(tape);
    ck_assert_msg(status == TG_OK || status == TG_NO_MEMORY, "%zu: %s", budget,
                  tg_tape_message(tape));
    if (budget > 100000) ck_assert_uint_le(tg_tape_bytes(tape), budget);
    tg_tape_free(tape);
  }
}
END_TEST

/* ---- the gradient check ---- */

static tg_var foreign(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape, (void)x;
  return *(tg_var *)user;
}
static tg_var whole(tg_tape *tape, const tg_var x[], void *user) {
  (void)user;
  return tg_add(tg_cast(x[0], TG_F64), tg_scalar(tape, TG_F64, 1));
}
static tg_var nothing(tg_tape *tape, const tg_var x[], void *user) {
  (void)tape, (void)x, (void)user;
  return TG_NONE;
}

START_TEST(gradient_checks_of_odd_functions) {
  tg_gradcheck r;
  int64_t k = 3;
  double a = 1;
  tg_tensor i = tg_tensor_of(&k, TG_I64, TG_SCALAR), x = tg_tensor_of(&a, TG_F64, TG_SCALAR);
  ck_assert_msg(tg_gradcheck_run(whole, &i, 1, NULL, NULL, &r) == TG_OK, "%s", r.message);
  tg_var other = number(&a);
  ck_assert_int_eq(tg_gradcheck_run(foreign, &x, 1, &other, NULL, &r), TG_FOREIGN);
  ck_assert_int_eq(tg_gradcheck_run(nothing, &x, 1, NULL, NULL, &r), TG_ARGUMENT);
  x.data = NULL;
  ck_assert_int_eq(tg_gradcheck_run(chain, &x, 1, NULL, NULL, &r), TG_ARGUMENT);
  ck_assert_msg(strstr(r.message, "x[0] has no data"), "%s", r.message);
  double none = 0;
  x = tg_tensor_of(&none, TG_F64, TG_DIMS(0));
  ck_assert_msg(tg_gradcheck_run(chain, &x, 1, NULL, NULL, &r) == TG_OK, "%s", r.message);
}
END_TEST

/* ---- the dump ---- */

static bool count_lines(void *user, const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) *(int *)user += text[i] == '\n';
  return true;
}

START_TEST(huge_names_are_one_line) {
  enum { BIG = 20000 };
  char *big = malloc(BIG);
  memset(big, 'n', BIG - 1), big[BIG - 1] = 0;
  double a[2] = {1, 2}, b[3] = {1, 2, 3};
  tg_var x = tg_name(vector(a, 2), big), y = tg_name(vector(b, 3), big);
  int lines = 0;
  ck_assert_int_eq(tg_tape_dump(t, (const tg_var[]){x, y}, 2, count_lines, &lines), TG_OK);
  ck_assert_int_eq(lines, 2);
  tg_add(x, y);
  ck_assert_int_eq(tg_tape_status(t), TG_SHAPE);
  ck_assert_uint_lt(strlen(tg_tape_message(t)), TG_MESSAGE_SIZE);
  free(big);
}
END_TEST

int main(void) {
  Suite *s = suite_create("hostile");
  TCase *c = tcase_create("hostile");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_set_timeout(c, 200);
  tcase_add_test(c, roots_that_are_targets);
  tcase_add_test(c, roots_that_depend_on_each_other);
  tcase_add_test(c, tangents_of_dependent_and_repeated_targets_add);
  tcase_add_test(c, parameter_as_target_too);
  tcase_add_test(c, views_of_views_with_negative_strides);
  tcase_add_test(c, empty_tensors_everywhere);
  tcase_add_test(c, rank_8);
  tcase_add_test(c, too_many_operands);
  tcase_add_test(c, marks_that_were_rewound_are_stale);
  tcase_add_test(c, collapse_keeps_views_and_errors);
  tcase_add_test(c, a_failed_tape_changes_no_gradient);
  tcase_add_test(c, absent_first_root_is_an_error_that_sticks);
  tcase_add_test(c, leaves_of_impossible_shape);
  tcase_add_test(c, nan_is_traced_to_the_first);
  tcase_add_test(c, regions_of_dependent_inputs);
  tcase_add_test(c, custom_rules_that_sweep);
  tcase_add_test(c, regions_that_differentiate);
  tcase_add_test(c, captures_are_constant);
  tcase_add_test(c, names_come_back);
  tcase_add_test(c, rules_that_rewind_the_tape);
  tcase_add_test(c, second_order_while_gradients_are_off);
  tcase_add_test(c, hvp_into_its_own_directions);
  tcase_add_loop_test(c, allocations_that_fail, 0, WAYS);
  tcase_add_loop_test(c, budgets_of_every_size, 0, 7);
  tcase_add_test(c, gradient_checks_of_odd_functions);
  tcase_add_test(c, huge_names_are_one_line);
  return run_suite(s);
}
