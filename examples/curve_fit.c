/* A nonlinear regression by Gauss-Newton: y = a exp(-b x) + c fitted to twelve measurements. Each
   step solves (J^T J) d = -J^T r with the Jacobian J of the residuals r, damped after Levenberg and
   Marquardt where a plain step would go uphill. */
#include <math.h>

#include "must.h"

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

static tg_var unknowns(tg_tape *t, double p[]) {
  return tg_leaf(t, tg_tensor_of(p, TG_F64, TG_DIMS(UNKNOWNS)));
}

static double sum_of_squares(tg_tape *t, double p[]) {
  tg_tape_reset(t);
  tg_var r = residuals(t, unknowns(t, p));
  return tg_item(tg_dot(r, r));
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

/* The normal equations at p: A = J^T J, b = -J^T r. */
static void normal_equations(tg_tape *t, double p[], double A[UNKNOWNS][UNKNOWNS],
                             double b[UNKNOWNS]) {
  tg_tape_reset(t);
  tg_var at = unknowns(t, p), r = residuals(t, at), J = tg_jacobian(r, at); /* [POINTS, UNKNOWNS] */
  tg_var JT = tg_transpose(J, 0, 1);
  tg_tensor product = tg_value(tg_matmul(JT, J)), gradient = tg_value(tg_matmul(JT, r));
  must_tape(t);
  for (int i = 0; i < UNKNOWNS; i++) {
    b[i] = -tg_tensor_at(&gradient, i);
    for (int j = 0; j < UNKNOWNS; j++) A[i][j] = tg_tensor_at(&product, UNKNOWNS * i + j);
  }
}

/* Moves p to where the sum of squares is less; false where there is no such place nearby. */
static bool improve(tg_tape *t, double p[], double *damping) {
  double before = sum_of_squares(t, p);
  for (; *damping < 1e8; *damping *= 10) {
    double A[UNKNOWNS][UNKNOWNS], d[UNKNOWNS], tried[UNKNOWNS];
    normal_equations(t, p, A, d);
    for (int i = 0; i < UNKNOWNS; i++) A[i][i] *= 1 + *damping;
    solve(A, d);
    for (int i = 0; i < UNKNOWNS; i++) tried[i] = p[i] + d[i];
    if (!(sum_of_squares(t, tried) < before)) continue;
    for (int i = 0; i < UNKNOWNS; i++) p[i] = tried[i];
    *damping /= 10;
    return true;
  }
  return false;
}

int main(void) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  must(t != NULL, &error);
  double p[UNKNOWNS] = {1, 1, 0}, damping = 1e-3;
  for (int k = 0; k < MOST_STEPS; k++) {
    if (k < 4) printf("step %d  sum of squares %.6f\n", k, sum_of_squares(t, p));
    if (!improve(t, p, &damping)) break;
  }
  printf("y = %.4f exp(-%.4f x) + %.4f, sum of squares %.6f\n", p[0], p[1], p[2],
         sum_of_squares(t, p));
  tg_tape_free(t);
  return EXIT_SUCCESS;
}
