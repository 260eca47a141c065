/* An operator of your own is as good as a built-in one: here is ln cosh x, with its kernel and its
   rule; and a custom gradient for a region of composed operators: rounding that lets the gradient
   pass (a straight-through estimator). Both are checked by the checker that the library uses on
   itself.

     custom_op [replay]   (replay: the loss and its gradient by a program) */
#include <math.h>

#include "either.h"

/* ---- an operator ---- */

/* ln cosh x = |x| + ln(1 + e^-2|x|) - ln 2: no overflow. */
static tg_status logcosh_kernel(const tg_call *c) {
  for (int64_t i = 0; i < tg_tensor_numel(&c->out); i++) {
    double x = fabs(tg_tensor_at(&c->in[0], i));
    tg_tensor_put(&c->out, i, x + log1p(exp(-2 * x)) - log(2));
  }
  return TG_OK;
}

/* The rule is written in operators, so that gradients of gradients follow: d ln cosh x / dx = tanh
   x. */
static tg_var logcosh_vjp(const tg_call *c, tg_var g) { return tg_mul(g, tg_tanh(c->x[0])); }

/* The flag tells tapes and programs that of equal elements they may compute one. */
static const tg_op logcosh = {
    TG_OP_INIT,
    .name = "logcosh",
    .label = "ln cosh",
    .formula = "ln cosh x",
    .arity = 1,
    .dtypes = TG_FLOATS,
    .flags = TG_OP_ELEMENTWISE,
    .shape = tg_shape_same,
    .kernel = logcosh_kernel,
    .vjp = {logcosh_vjp},
    .jvp = tg_jvp_elementwise,
};

/* The regression loss mean ln cosh (a - b): quadratic near 0, linear far away. */
static tg_var logcosh_loss(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  tg_var difference = tg_sub(x[0], x[1]);
  return tg_mean(tg_apply(&logcosh, &difference, 1, NULL), TG_ALL, false);
}

/* y = (the loss, its gradients in x[0] and x[1]) */
static tg_status slopes(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  (void)n_y, (void)user;
  y[0] = logcosh_loss(t, x, NULL);
  return tg_grad(y[0], x, n_x, &y[1]);
}

/* ---- a custom gradient ---- */

static tg_var rounded(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  return tg_round(x[0]);
}

static void pass_through(tg_tape *t, const tg_var x[], int n, tg_var y, tg_var g, tg_var dx[],
                         void *user) {
  (void)t, (void)x, (void)n, (void)y, (void)user;
  dx[0] = g;
}

static tg_var straight_through(tg_tape *t, const tg_var x[], void *user) {
  (void)user;
  return tg_custom_vjp(rounded, pass_through, t, x, 1, NULL);
}

/* ---- both under the checker ---- */

static void check(const char *name, tg_fn *fn, const tg_tensor x[], int n) {
  tg_gradcheck r;
  tg_gradcheck_run(fn, x, n, NULL, NULL, &r);
  const char *verdict = r.verdict == TG_CHECK_RIGHT   ? "right"
                        : r.verdict == TG_CHECK_WRONG ? "not the derivative"
                                                      : "undecided";
  printf("%s: the gradient is %s\n", name, verdict);
  if (r.verdict == TG_CHECK_WRONG) printf("  to blame: %s\n", r.op);
}

int main(int argc, char **argv) {
  double a[3] = {0.2, -1.5, 400}, b[3] = {0, 0, 0};
  tg_tensor x[2] = {tg_tensor_of(a, TG_F64, TG_DIMS(3)), tg_tensor_of(b, TG_F64, TG_DIMS(3))};

  either e = make_either(says_replay(argc, argv), slopes, 2, 3, NULL);
  tg_tensor y[3], *gradient = &y[1];
  evaluate(&e, x, 2, y, 3);
  printf("mean ln cosh = %.6f\n", number(&y[0]));
  printf("gradient = (%.6f, %.6f, %.6f)\n", tg_tensor_at(gradient, 0), tg_tensor_at(gradient, 1),
         tg_tensor_at(gradient, 2));
  free_either(&e);

  check("logcosh", logcosh_loss, x, 2);
  /* A straight-through estimator is not a derivative, on purpose; the checker says so and names
     it. */
  check("straight_through", straight_through, x, 1);
  return EXIT_SUCCESS;
}
