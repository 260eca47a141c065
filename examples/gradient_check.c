/* Checking a gradient: a right rule passes, a wrong one is caught, localised and named. */
#include "must.h"

static tg_status cube_kernel(const tg_call *c) {
  for (int64_t i = 0; i < tg_tensor_numel(&c->out); i++) {
    double x = tg_tensor_at(&c->in[0], i);
    tg_tensor_put(&c->out, i, x * x * x);
  }
  return TG_OK;
}

static tg_var right_vjp(const tg_call *c, tg_var g) {
  return tg_mul(g, tg_mul_scalar(tg_square(c->x[0]), 3));
}

/* Two for three: off by a third. */
static tg_var wrong_vjp(const tg_call *c, tg_var g) {
  return tg_mul(g, tg_mul_scalar(tg_square(c->x[0]), 2));
}

static const tg_op right_cube = {
    TG_OP_INIT,         .name = "right_cube", .label = "x^3",         .formula = "x^3",
    .arity = 1,         .dtypes = TG_FLOATS,  .shape = tg_shape_same, .kernel = cube_kernel,
    .vjp = {right_vjp},
};
static const tg_op wrong_cube = {
    TG_OP_INIT,         .name = "wrong_cube", .label = "x^3",         .formula = "x^3",
    .arity = 1,         .dtypes = TG_FLOATS,  .shape = tg_shape_same, .kernel = cube_kernel,
    .vjp = {wrong_vjp},
};

/* sin(cube(x) w), with the cube that `user` points at. */
static tg_var model(tg_tape *t, const tg_var x[], void *user) {
  (void)t;
  const tg_op *const *cube = user;
  return tg_sin(tg_mul(tg_apply(*cube, &x[0], 1, NULL), x[1]));
}

static tg_var rectified(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  return tg_relu(x[0]);
}

static tg_gradcheck run(const char *name, tg_fn *fn, const tg_tensor x[], int n, void *user) {
  static const char *const verdicts[] = {"right", "wrong", "at a kink", "failed"};
  tg_gradcheck r;
  tg_gradcheck_run(fn, x, n, user, NULL, &r);
  printf("%s: %s\n", name, verdicts[r.verdict]);
  return r;
}

int main(void) {
  double a[3] = {0.4, 1.2, -0.7}, w[3] = {0.5, -0.3, 0.8}, kink[3] = {-1, 0, 1};
  tg_tensor x[2] = {tg_tensor_of(a, TG_F64, TG_DIMS(3)), tg_tensor_of(w, TG_F64, TG_DIMS(3))};
  const tg_op *cube = &right_cube;
  tg_gradcheck r = run("right rule", model, x, 2, &cube);
  printf("  worst relative error below 1e-6: %s\n", r.max_rel_error < 1e-6 ? "yes" : "no");

  cube = &wrong_cube;
  r = run("wrong rule", model, x, 2, &cube);
  printf("  %s, operand %d, element %lld: the rules say %.6f, differences say %.6f\n", r.what,
         r.operand, (long long)r.element, r.analytic, r.numeric);
  printf("  to blame: %s\n", r.op);

  tg_tensor at_kink = tg_tensor_of(kink, TG_F64, TG_DIMS(3));
  r = run("relu at 0", rectified, &at_kink, 1, NULL);
  printf("  element %lld\n", (long long)r.element);
  return EXIT_SUCCESS;
}
