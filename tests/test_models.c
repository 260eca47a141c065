/* Models that no layer is made for, from the public headers alone: a recurrent network, and a
   likelihood with its Hessian. What they should find is known without the library. */
#include <math.h>

#include "support.h"
#include "tapegrad/tapegrad.h"

static tg_tape *t;

static void setup(void) { t = tg_tape_new(NULL, NULL); }
static void teardown(void) { tg_tape_free(t); }

/* ---- an Elman network that says what it heard two steps before ---- */

enum { STEPS = 8, BATCH = 32, HIDDEN = 16, DELAY = 2 };

typedef struct elman {
  tg_params *params;
  tg_linear_layer in, out; /* 1 -> HIDDEN, HIDDEN -> 1 */
  int recurrent;           /* [HIDDEN, HIDDEN] */
} elman;

static elman make_elman(void) {
  elman e = {.params = tg_params_new(NULL, NULL)};
  tg_key key = {.seed = 1};
  e.in = tg_linear_declare(e.params, "in", TG_F32, 1, HIDDEN, true);
  e.recurrent = tg_params_add(e.params, "recurrent", TG_F32, TG_DIMS(HIDDEN, HIDDEN));
  e.out = tg_linear_declare(e.params, "out", TG_F32, HIDDEN, 1, true);
  ck_assert_int_eq(tg_params_seal(e.params, NULL), TG_OK);
  ck_assert_int_eq(tg_linear_init(e.params, e.in, tg_key_fold(key, 0), NULL), TG_OK);
  ck_assert_int_eq(tg_linear_init(e.params, e.out, tg_key_fold(key, 1), NULL), TG_OK);
  ck_assert_int_eq(tg_init_orthogonal(e.params, e.recurrent, tg_key_fold(key, 2), 1, NULL), TG_OK);
  return e;
}

/* h_i = tanh(in(x_i) + U h_(i-1)), y_i = out(h_i); bits [BATCH, STEPS], the result too. */
static tg_var unroll(const elman *e, tg_var bits) {
  tg_var h = tg_zeros(t, TG_F32, TG_DIMS(BATCH, HIDDEN)), y[STEPS];
  tg_var U = tg_param(t, e->params, e->recurrent);
  for (int i = 0; i < STEPS; i++) {
    tg_var x = tg_slice(bits, 1, i, i + 1, 1); /* [BATCH, 1] */
    h = tg_tanh(tg_add(tg_linear_apply(t, e->params, e->in, x), tg_linear(h, U, TG_NONE)));
    y[i] = tg_linear_apply(t, e->params, e->out, h);
  }
  return tg_concat(y, STEPS, 1);
}

typedef struct echo {
  tg_var logits, heard; /* [BATCH, STEPS - DELAY] */
} echo;

static echo listen(const elman *e, tg_key key) {
  tg_var bits = tg_rand_bernoulli(t, TG_F32, TG_DIMS(BATCH, STEPS), 0.5, key);
  return (echo){tg_slice(unroll(e, bits), 1, DELAY, TG_END, 1),
                tg_slice(bits, 1, 0, STEPS - DELAY, 1)};
}

static double share_right(echo e) {
  tg_var right = tg_eq(tg_gt_scalar(e.logits, 0), tg_gt_scalar(e.heard, 0.5));
  return tg_item(tg_mean(tg_cast(right, TG_F64), TG_ALL, false));
}

START_TEST(a_recurrent_network_learns_an_echo) {
  elman e = make_elman();
  tg_grads *grads = tg_grads_new(e.params, NULL);
  tg_optimizer *o = tg_adam_new(e.params, &(tg_adam_options){.lr = 0.01}, NULL);
  tg_key fresh = {.seed = 2}, unseen = {.seed = 3};
  double before = share_right(listen(&e, unseen));
  for (uint64_t k = 0; k < 150; k++) {
    tg_tape_reset(t);
    echo now = listen(&e, tg_key_fold(fresh, k));
    tg_var loss = tg_binary_cross_entropy_with_logits(now.logits, now.heard, TG_REDUCTION_MEAN);
    tg_grads_zero(grads);
    tg_backward(loss, grads);
    tg_clip_grad_norm(grads, 0.1, 2);
    ck_assert(tg_clip_grad_norm(grads, 1, 2) < 0.1 + 1e-5);
    tg_optimizer_step(o, grads, t);
    ck_assert_str_eq(tg_tape_message(t), "");
  }
  tg_tape_reset(t);
  ck_assert_double_lt(before, 0.7);
  ck_assert_double_eq(share_right(listen(&e, unseen)), 1);
  tg_optimizer_free(o);
  tg_grads_free(grads);
  tg_params_free(e.params);
}
END_TEST

/* ---- two normal distributions mixed, by Newton's method ---- */

enum { SEEN = 300, UNKNOWNS = 5 };

static double seen[SEEN];

static void draw(void) {
  for (int i = 0; i < SEEN; i++) {
    double z = tg_random_normal((tg_key){.seed = 3}, (uint64_t)i);
    seen[i] = i % 3 == 0 ? -2 + 0.7 * z : 1.5 + z;
  }
}

/* ln(w) + ln N(x; mean, e^ln_sigma), without the constant; [SEEN] */
static tg_var component(tg_var x, tg_var ln_w, tg_var mean, tg_var ln_sigma) {
  tg_var z = tg_mul(tg_sub(x, mean), tg_exp(tg_neg(ln_sigma)));
  return tg_add(tg_sub(tg_mul_scalar(tg_square(z), -0.5), ln_sigma), ln_w);
}

/* Minus the log likelihood; p = (logit of the first share, means, ln of the deviations). */
static tg_var surprise(tg_var p) {
  tg_var x = tg_leaf(t, tg_tensor_of(seen, TG_F64, TG_DIMS(SEEN))), q = tg_select(p, 0, 0);
  tg_var both[2] = {
      component(x, tg_log_sigmoid(q), tg_select(p, 0, 1), tg_select(p, 0, 3)),
      component(x, tg_log_sigmoid(tg_neg(q)), tg_select(p, 0, 2), tg_select(p, 0, 4)),
  };
  return tg_neg(tg_sum(tg_logsumexp(tg_stack(both, 2, 0), TG_AXES(0), false), TG_ALL, false));
}

/* One step of expectation and maximisation, in plain C: the likelihood's stationary points are its
   fixed points. */
static void expect_and_maximise(const double p[UNKNOWNS], double next[UNKNOWNS]) {
  double w = 1 / (1 + exp(-p[0])), n[2] = {0}, sum[2] = {0}, squares[2] = {0};
  for (int i = 0; i < SEEN; i++) {
    double a = (seen[i] - p[1]) / exp(p[3]), b = (seen[i] - p[2]) / exp(p[4]);
    double first = w * exp(-a * a / 2 - p[3]), second = (1 - w) * exp(-b * b / 2 - p[4]);
    double share[2] = {first / (first + second), second / (first + second)};
    for (int k = 0; k < 2; k++) {
      n[k] += share[k];
      sum[k] += share[k] * seen[i];
      squares[k] += share[k] * seen[i] * seen[i];
    }
  }
  next[0] = log(n[0] / n[1]);
  for (int k = 0; k < 2; k++) {
    next[1 + k] = sum[k] / n[k];
    next[3 + k] = log(squares[k] / n[k] - next[1 + k] * next[1 + k]) / 2;
  }
}

/* A d = b by Gauss's elimination; A is symmetric and positive, so without a choice of pivots. */
static void solve(double A[UNKNOWNS][UNKNOWNS], double b[UNKNOWNS]) {
  for (int j = 0; j < UNKNOWNS; j++)
    for (int i = j + 1; i < UNKNOWNS; i++) {
      double factor = A[i][j] / A[j][j];
      for (int k = j; k < UNKNOWNS; k++) A[i][k] -= factor * A[j][k];
      b[i] -= factor * b[j];
    }
  for (int i = UNKNOWNS - 1; i >= 0; i--) {
    for (int k = i + 1; k < UNKNOWNS; k++) b[i] -= A[i][k] * b[k];
    b[i] /= A[i][i];
  }
}

/* p + d with H d = -g; returns the largest |g|. */
static double newton_step(double p[UNKNOWNS]) {
  double A[UNKNOWNS][UNKNOWNS], d[UNKNOWNS], largest = 0;
  tg_tape_reset(t);
  tg_var x = tg_leaf(t, tg_tensor_of(p, TG_F64, TG_DIMS(UNKNOWNS))), y = surprise(x), g;
  tg_grad(y, &x, 1, &g);
  tg_tensor H = tg_value(tg_hessian(y, x)), gradient = tg_value(g);
  ck_assert_str_eq(tg_tape_message(t), "");
  for (int i = 0; i < UNKNOWNS; i++) {
    d[i] = -tg_tensor_at(&gradient, i);
    largest = fmax(largest, fabs(d[i]));
    for (int j = 0; j < UNKNOWNS; j++) {
      A[i][j] = tg_tensor_at(&H, UNKNOWNS * i + j);
      ck_assert_double_eq_tol(A[i][j], tg_tensor_at(&H, UNKNOWNS * j + i), 1e-9);
    }
  }
  solve(A, d);
  for (int i = 0; i < UNKNOWNS; i++) p[i] += d[i];
  return largest;
}

START_TEST(a_likelihood_is_fitted_by_newton) {
  draw();
  double p[UNKNOWNS] = {-0.7, -2, 1.5, -0.35, 0}, next[UNKNOWNS];
  for (int k = 0; k < 5; k++) expect_and_maximise(p, p);
  int steps = 0;
  while (newton_step(p) > 1e-9) ck_assert_int_lt(++steps, 8);
  expect_and_maximise(p, next);
  for (int i = 0; i < UNKNOWNS; i++) ck_assert_double_eq_tol(next[i], p[i], 1e-11);
  ck_assert_double_eq_tol(p[1], -2, 0.3);
  ck_assert_double_eq_tol(p[2], 1.5, 0.3);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("models");
  TCase *tests = tcase_create("models");
  suite_add_tcase(suite, tests);
  tcase_add_checked_fixture(tests, setup, teardown);
  tcase_add_test(tests, a_recurrent_network_learns_an_echo);
  tcase_add_test(tests, a_likelihood_is_fitted_by_newton);
  return run_suite(suite);
}
