/* Operators of a user with fields missing, and functions that do what they may not: one clear error
   each, and the tape works on. */
#include "hostile.h"

static tg_status shape_refuses_silently(tg_call *c) {
  (void)c;
  return TG_SHAPE;
}
static tg_status shape_nothing(tg_call *c) {
  c->out.dtype = TG_DTYPE_NONE;
  return TG_OK;
}
static tg_status shape_rank(tg_call *c) {
  c->out.rank = 9;
  return TG_OK;
}
static tg_status shape_negative(tg_call *c) {
  c->out.rank = 1;
  c->out.dims[0] = -4;
  return TG_OK;
}
static tg_status shape_outside(tg_call *c) {
  c->out = c->in[0];
  c->out.data = (double *)c->in[0].data + 1;
  return TG_OK;
}
static tg_status shape_records(tg_call *c) {
  tg_exp(c->x[0]);
  return TG_OK;
}
static tg_status kernel_records(const tg_call *c) {
  tg_exp(c->x[0]);
  return TG_OK;
}
static tg_status kernel_fails(const tg_call *c) {
  (void)c;
  return TG_UNSUPPORTED;
}
static tg_status arrange_fails(const tg_call *c, tg_var x[]) {
  (void)c, (void)x;
  return TG_SHAPE;
}
static tg_status arrange_drops(const tg_call *c, tg_var x[]) {
  (void)c;
  x[0] = TG_NONE;
  return TG_OK;
}
static tg_var compose_nothing(const tg_call *c) {
  (void)c;
  return TG_NONE;
}
static tg_var compose_failed(const tg_call *c) { return (tg_var){c->tape, 0, 0}; }

#define OP .name = "odd", .arity = 1, .dtypes = TG_FLOATS
static const struct {
  tg_op op;
  tg_status status;
  const char *says;
} odd[] = {
    {{OP, .shape = tg_shape_same, .kernel = copies}, TG_ARGUMENT, "TG_OP_INIT"},
    {{TG_OP_INIT, .arity = 1, .shape = tg_shape_same, .kernel = copies}, TG_ARGUMENT, "name"},
    {{TG_OP_INIT, OP, .kernel = copies}, TG_ARGUMENT, "shape"},
    {{TG_OP_INIT, OP, .shape = tg_shape_same}, TG_ARGUMENT, "kernel"},
    {{TG_OP_INIT, OP, .shape = tg_shape_same, .kernel = copies, .attrs_size = 8},
     TG_ARGUMENT,
     "attributes"},
    {{TG_OP_INIT, OP, .shape = shape_refuses_silently, .kernel = copies}, TG_SHAPE, "odd"},
    {{TG_OP_INIT, OP, .shape = shape_nothing, .kernel = copies}, TG_DTYPE, "odd"},
    {{TG_OP_INIT, OP, .shape = shape_rank, .kernel = copies}, TG_SHAPE, "odd"},
    {{TG_OP_INIT, OP, .shape = shape_negative, .kernel = copies}, TG_SHAPE, "odd"},
    {{TG_OP_INIT, OP, .shape = shape_outside, .flags = TG_OP_VIEW}, TG_ARGUMENT, "outside"},
    {{TG_OP_INIT, OP, .shape = shape_records, .kernel = copies}, TG_STATE, "record"},
    {{TG_OP_INIT, OP, .shape = tg_shape_same, .kernel = kernel_records}, TG_STATE, "record"},
    {{TG_OP_INIT, OP, .shape = tg_shape_same, .kernel = kernel_fails}, TG_UNSUPPORTED, "odd"},
    {{TG_OP_INIT, OP, .arrange = arrange_fails, .shape = tg_shape_same, .kernel = copies},
     TG_SHAPE,
     "odd"},
    {{TG_OP_INIT, OP, .arrange = arrange_drops, .shape = tg_shape_same, .kernel = copies},
     TG_ARGUMENT,
     "odd"},
    {{TG_OP_INIT, OP, .compose = compose_nothing}, TG_ARGUMENT, "odd"},
    {{TG_OP_INIT, OP, .compose = compose_failed}, TG_STALE, "odd"},
};

START_TEST(operators_that_are_not_whole) {
  double a = 3;
  tg_var x = number(&a);
  tg_mark mark = tg_tape_mark(t);
  ck_assert(tg_is_failed(tg_apply(&odd[_i].op, &x, 1, NULL)));
  assert_says(odd[_i].status, odd[_i].says);
  ck_assert_int_eq(tg_tape_rewind(t, mark), TG_OK);
  assert_near(tg_item(tg_exp(x)), exp(3));
  assert_near(plain(tg_mul(x, x), x), 6);
}
END_TEST

static tg_var vjp_g(const tg_call *c, tg_var g) {
  (void)c;
  return g;
}
static tg_var vjp_nothing_said(const tg_call *c, tg_var g) {
  (void)g;
  return (tg_var){c->tape, 0, 0};
}
static tg_status grad_fails(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                            double beta) {
  (void)c, (void)i, (void)g, (void)dx, (void)beta;
  return TG_UNSUPPORTED;
}
static void vjp_all_g(const tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  for (int i = 0; i < c->n; i++)
    if (want[i]) dx[i] = g;
}
#define WHOLE .name = "odd", .dtypes = TG_FLOATS, .shape = tg_shape_same, .kernel = copies
static const struct {
  tg_op op;
  int how; /* 0 plain, 1 recorded, 2 forward; 3: all succeed */
  tg_status status;
  const char *says;
} ruleless[] = {
    {{TG_OP_INIT, WHOLE, .arity = 1}, 0, TG_NOT_DIFFERENTIABLE, "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 1}, 1, TG_NOT_DIFFERENTIABLE, "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 1}, 2, TG_NOT_DIFFERENTIABLE, "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 2, .vjp = {vjp_g}}, 0, TG_NOT_DIFFERENTIABLE, "operand 1"},
    {{TG_OP_INIT, WHOLE, .arity = 2, .vjp = {vjp_g}}, 1, TG_NOT_DIFFERENTIABLE, "operand 1"},
    {{TG_OP_INIT, WHOLE, .arity = 2, .vjp = {NULL, vjp_g}}, 1, TG_NOT_DIFFERENTIABLE, "operand 0"},
    {{TG_OP_INIT, WHOLE, .arity = 1, .jvp = tg_jvp_elementwise}, 2, TG_NOT_DIFFERENTIABLE, "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 1, .vjp_all = vjp_all_g, .jvp = tg_jvp_elementwise},
     2,
     TG_NOT_DIFFERENTIABLE,
     "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 1, .vjp = {vjp_g}, .jvp = tg_jvp_bilinear},
     2,
     TG_ARGUMENT,
     "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 1, .vjp = {vjp_nothing_said}}, 0, TG_STALE, "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 1, .vjp = {vjp_nothing_said}}, 1, TG_STALE, "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 1, .vjp = {vjp_g}, .grad = grad_fails}, 0, TG_UNSUPPORTED, "odd"},
    {{TG_OP_INIT, WHOLE, .arity = 1, .max_arity = TG_VARIADIC, .vjp = {vjp_g}}, 1, TG_OK, ""},
};

START_TEST(operators_without_rules) {
  double a = 3;
  tg_var x = number(&a);
  const tg_var both[2] = {x, x};
  int n = ruleless[_i].op.max_arity ? 2 : ruleless[_i].op.arity;
  tg_var y = tg_apply(&ruleless[_i].op, both, n, NULL);
  ck_assert_msg(tg_tape_status(t) == TG_OK, "%s", tg_tape_message(t));
  double d = ruleless[_i].how == 0   ? plain(y, x)
             : ruleless[_i].how == 1 ? recorded(y, x)
                                     : forward(y, x);
  assert_says(ruleless[_i].status, ruleless[_i].says);
  if (ruleless[_i].status == TG_OK) assert_near(d, n);
}
END_TEST

int main(void) {
  Suite *s = suite_create("hostile_ops");
  TCase *c = tcase_create("hostile_ops");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_add_loop_test(c, operators_that_are_not_whole, 0, sizeof odd / sizeof *odd);
  tcase_add_loop_test(c, operators_without_rules, 0, sizeof ruleless / sizeof *ruleless);
  return run_suite(s);
}
