/* Length and damping of a pendulum from its noisy trajectory, by differentiating through the
   integrator.

     theta'' = -(g / L) sin(theta) - c theta'

   400 steps of the fourth-order Runge-Kutta method are recorded on the tape with two unknowns, ln L
   and ln c; the mean squared distance from what was seen is made small by Gauss-Newton steps on its
   gradient and the trajectory's tangents.

     pendulum [replay]   (replay: the integrator and its derivatives are recorded once) */
#include <math.h>

#include "either.h"

enum { STEPS = 400 };
static const double dt = 0.01, gravity = 9.81, start_angle = 1.2;
static const double true_length = 1.5, true_damping = 0.25, noise = 0.01;

typedef struct state {
  tg_var angle, speed; /* rank 0 */
} state;

typedef struct pendulum {
  tg_var stiffness, damping; /* g / L, c */
} pendulum;

static state slope(const pendulum *p, state s) {
  tg_var pull = tg_mul(p->stiffness, tg_sin(s.angle));
  return (state){s.speed, tg_neg(tg_add(pull, tg_mul(p->damping, s.speed)))};
}

/* s + h d */
static state along(state s, state d, double h) {
  return (state){tg_add(s.angle, tg_mul_scalar(d.angle, h)),
                 tg_add(s.speed, tg_mul_scalar(d.speed, h))};
}

static state runge_kutta(const pendulum *p, state s) {
  state k1 = slope(p, s), k2 = slope(p, along(s, k1, dt / 2)), k3 = slope(p, along(s, k2, dt / 2)),
        k4 = slope(p, along(s, k3, dt));
  s = along(along(s, k1, dt / 6), k2, dt / 3);
  return along(along(s, k3, dt / 3), k4, dt / 6);
}

/* The angles after each step, [STEPS], from ln L and ln c. */
static tg_var simulate(tg_tape *t, tg_var log_length, tg_var log_damping) {
  pendulum p = {tg_mul_scalar(tg_exp(tg_neg(log_length)), gravity), tg_exp(log_damping)};
  state s = {tg_scalar(t, TG_F64, start_angle), tg_scalar(t, TG_F64, 0)};
  tg_var angles[STEPS];
  for (int k = 0; k < STEPS; k++) {
    s = runge_kutta(&p, s);
    angles[k] = s.angle;
  }
  return tg_stack(angles, STEPS, 0);
}

static void observe(tg_tape *t, double seen[STEPS]) {
  tg_tensor angles = tg_value(
      simulate(t, tg_scalar(t, TG_F64, log(true_length)), tg_scalar(t, TG_F64, log(true_damping))));
  for (int k = 0; k < STEPS; k++)
    seen[k] = tg_tensor_at(&angles, k) + noise * tg_random_normal((tg_key){.seed = 3}, (uint64_t)k);
}

/* Solves the 2 x 2 normal equations (J^T J) d = -gradient. */
static void solve(double a, double b, double c, const double g[2], double d[2]) {
  double determinant = a * c - b * b;
  d[0] = -(c * g[0] - b * g[1]) / determinant;
  d[1] = -(a * g[1] - b * g[0]) / determinant;
}

/* With the residuals r of x = (ln L, ln c) and their Jacobian J: y = (|r|^2 / 2, the two numbers of
   J^T r, the three of J^T J). */
static tg_status normal_equations(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y,
                                  void *seen) {
  (void)n_x, (void)n_y;
  tg_var one = tg_scalar(t, TG_F64, 1), column[2];
  tg_var r =
      tg_sub(simulate(t, x[0], x[1]), tg_leaf(t, tg_tensor_of(seen, TG_F64, TG_DIMS(STEPS))));
  y[0] = tg_mul_scalar(tg_dot(r, r), 0.5);
  tg_grad(y[0], x, 2, &y[1]);                                            /* J^T r, in reverse */
  for (int i = 0; i < 2; i++) tg_jvp(&r, 1, &x[i], &one, 1, &column[i]); /* J, forward */
  for (int i = 0; i < 3; i++) y[3 + i] = tg_dot(column[i / 2], column[(i + 1) / 2]);
  return TG_OK;
}

/* One Gauss-Newton step; returns the root mean square of the residuals before it. */
static double improve(either *e, double unknown[2]) {
  tg_tensor x[2], y[6];
  for (int i = 0; i < 2; i++) x[i] = tg_tensor_of(&unknown[i], TG_F64, TG_SCALAR);
  evaluate(e, x, 2, y, 6);
  double gradient[2] = {number(&y[1]), number(&y[2])}, d[2];
  solve(number(&y[3]), number(&y[4]), number(&y[5]), gradient, d);
  for (int i = 0; i < 2; i++) unknown[i] += d[i];
  return sqrt(2 * number(&y[0]) / STEPS);
}

int main(int argc, char **argv) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  must(t != NULL, &error);
  static double seen[STEPS];
  observe(t, seen);
  either e = make_either(says_replay(argc, argv), normal_equations, 2, 6, seen);
  double unknown[2] = {log(1.3), log(0.1)};
  for (int k = 0; k < 8; k++) {
    double length = exp(unknown[0]), damping = exp(unknown[1]);
    double rms = improve(&e, unknown);
    if (k < 4) printf("length %.4f m  damping %.4f / s  residual %.5f rad\n", length, damping, rms);
  }
  double length = exp(unknown[0]), damping = exp(unknown[1]);
  printf("found: length %.3f m (true %.3f), damping %.3f / s (true %.3f)\n", length, true_length,
         damping, true_damping);
  free_either(&e);
  tg_tape_free(t);
  return fabs(length - true_length) < 0.01 && fabs(damping - true_damping) < 0.01 ? EXIT_SUCCESS
                                                                                  : EXIT_FAILURE;
}
