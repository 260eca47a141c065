/* A nonlinear regression by Gauss-Newton: y = a exp(-b x) + c fitted to twelve measurements. Each
   step solves (J^T J) d = -J^T r with the Jacobian J of the residuals r, damped after Levenberg and
   Marquardt where a plain step would go uphill.

     curve_fit [replay]   (replay: residuals and Jacobian are recorded once) */
#include <math.h>

#include "either.h"

enum { POINTS = 12, UNKNOWNS = 3, MOST_STEPS = 50 };

static double x_data[POINTS] = {0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8};
static double y_data[POINTS] = {3.98, 3.21, 2.66, 2.24, 1.86, 1.61,
                                1.37, 1.23, 1.09, 0.87, 0.75, 0.61};

/* r = a exp(-b x) + c - y, [POINTS]; p = (a, b, c) */
static tg_var residuals(tg_tape *t, tg_var p) {
  tg_var x = tg_leaf(t, tg_tensor_of(x_data, TG_F64, TG_DIMS(POINTS)));
  tg_var y = tg_leaf(t, tg_tensor_of(y_data, TG_F64, TG_DIMS(POINTS)));
  tg_var a = tg_select(p, 0, 0), b = tg_select(p, 0, 1), c = tg_select(p, 0, 2);
  tg_var decay = tg_exp(tg_neg(tg_mul(b, x)));
  return tg_sub(tg_add(tg_mul(a, decay), c), y);
}

/* y = (r . r, J^T J, J^T r) at x[0] = p */
static tg_status normal_equations(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y,
                                  void *user) {
  (void)n_x, (void)n_y, (void)user;
  tg_var r = residuals(t, x[0]), J = tg_jacobian(r, x[0]); /* [POINTS, UNKNOWNS] */
  tg_var JT = tg_transpose(J, 0, 1);
  y[0] = tg_dot(r, r);
  y[1] = tg_matmul(JT, J);
  y[2] = tg_matmul(JT, r);
  return TG_OK;
}

/* At p: the sum of squares, which is returned, and A = J^T J, b = -J^T r (NULL: not wanted). */
static double at(either *e, double p[], double A[UNKNOWNS][UNKNOWNS], double b[UNKNOWNS]) {
  tg_tensor x = tg_tensor_of(p, TG_F64, TG_DIMS(UNKNOWNS)), y[3];
  evaluate(e, &x, 1, y, 3);
  for (int i = 0; A && i < UNKNOWNS; i++) {
    b[i] = -tg_tensor_at(&y[2], i);
    for (int j = 0; j < UNKNOWNS; j++) A[i][j] = tg_tensor_at(&y[1], UNKNOWNS * i + j);
  }
  return number(&y[0]);
}

/* A d = b by Cholesky's factorisation, in place; A is symmetric and positive. */
static void solve(double A[UNKNOWNS][UNKNOWNS], double b[UNKNOWNS]) {
  for (int j = 0; j < UNKNOWNS; j++)
    for (int i = j; i < UNKNOWNS; i++) {
      double sum = A[i][j];
      for (int k = 0; k < j; k++) sum -= A[i][k] * A[j][k];
      A[i][j] = i == j ? sqrt(sum) : sum / A[j][j];
    }
  for (int i = 0; i < UNKNOWNS; i++) {
    for (int k = 0; k < i; k++) b[i] -= A[i][k] * b[k];
    b[i] /= A[i][i];
  }
  for (int i = UNKNOWNS - 1; i >= 0; i--) {
    for (int k = i + 1; k < UNKNOWNS; k++) b[i] -= A[k][i] * b[k];
    b[i] /= A[i][i];
  }
}

/* Moves p to where the sum of squares is less; false where there is no such place nearby. */
static bool improve(either *e, double p[], double *damping) {
  for (; *damping < 1e8; *damping *= 10) {
    double A[UNKNOWNS][UNKNOWNS], d[UNKNOWNS], tried[UNKNOWNS];
    double before = at(e, p, A, d);
    for (int i = 0; i < UNKNOWNS; i++) A[i][i] *= 1 + *damping;
    solve(A, d);
    for (int i = 0; i < UNKNOWNS; i++) tried[i] = p[i] + d[i];
    if (!(at(e, tried, NULL, NULL) < before)) continue;
    for (int i = 0; i < UNKNOWNS; i++) p[i] = tried[i];
    *damping /= 10;
    return true;
  }
  return false;
}

int main(int argc, char **argv) {
  either e = make_either(says_replay(argc, argv), normal_equations, 1, 3, NULL);
  double p[UNKNOWNS] = {1, 1, 0}, damping = 1e-3;
  for (int k = 0; k < MOST_STEPS; k++) {
    if (k < 4) printf("step %d  sum of squares %.6f\n", k, at(&e, p, NULL, NULL));
    if (!improve(&e, p, &damping)) break;
  }
  printf("y = %.4f exp(-%.4f x) + %.4f, sum of squares %.6f\n", p[0], p[1], p[2],
         at(&e, p, NULL, NULL));
  free_either(&e);
  return EXIT_SUCCESS;
}
