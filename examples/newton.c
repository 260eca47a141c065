/* A minimum by Newton's method without a Hessian in memory: each step solves H p = -g by conjugate
   gradients, which need H only as Hessian-vector products, each one forward sweep over a reverse
   sweep. The function is Rosenbrock's valley in 20 dimensions. */
#include <math.h>
#include <string.h>

#include "must.h"

enum { N = 20, MOST_STEPS = 100 };

/* sum_i 100 (x[i+1] - x[i]^2)^2 + (1 - x[i])^2, least at x = (1, ..., 1). */
static tg_var rosenbrock(tg_var x) {
  tg_var a = tg_slice(x, 0, 0, N - 1, 1), b = tg_slice(x, 0, 1, N, 1);
  tg_var valley = tg_square(tg_sub(b, tg_square(a)));
  tg_var slope = tg_square(tg_rsub_scalar(a, 1));
  return tg_sum(tg_add(tg_mul_scalar(valley, 100), slope), TG_ALL, false);
}

static double dot(const double a[], const double b[]) {
  double sum = 0;
  for (int i = 0; i < N; i++) sum += a[i] * b[i];
  return sum;
}

static tg_var vector(tg_tape *t, double data[]) {
  return tg_leaf(t, tg_tensor_of(data, TG_F64, TG_DIMS(N)));
}

static double value_at(tg_tape *t, double x[]) {
  tg_tape_reset(t);
  return tg_item(rosenbrock(vector(t, x)));
}

/* hv = H v at x; the tape is rewound to where it was. */
static void multiply(tg_tape *t, tg_var y, tg_var x, double v[], double hv[]) {
  tg_mark mark = tg_tape_mark(t);
  tg_var direction = vector(t, v), product;
  tg_hvp(y, &x, &direction, 1, &product);
  must_tape(t);
  memcpy(hv, tg_value(product).data, N * sizeof *hv);
  tg_tape_rewind(t, mark);
}

/* p = -H^-1 g, or as far as curvature is positive (Nocedal & Wright, Numerical Optimization,
   algorithm 7.1). Returns the number of products. */
static int conjugate_gradients(tg_tape *t, tg_var y, tg_var x, const double g[], double p[]) {
  double r[N], d[N], hd[N], rr = dot(g, g), stop = fmin(0.5, sqrt(sqrt(rr))) * sqrt(rr);
  memset(p, 0, N * sizeof *p);
  for (int i = 0; i < N; i++) r[i] = g[i], d[i] = -g[i];
  for (int k = 0; k < 2 * N; k++) {
    multiply(t, y, x, d, hd);
    double curvature = dot(d, hd);
    if (curvature <= 0) {
      if (k == 0) memcpy(p, d, N * sizeof *p);
      return k + 1;
    }
    double alpha = rr / curvature, before = rr;
    for (int i = 0; i < N; i++) p[i] += alpha * d[i], r[i] += alpha * hd[i];
    rr = dot(r, r);
    if (sqrt(rr) < stop) return k + 1;
    for (int i = 0; i < N; i++) d[i] = rr / before * d[i] - r[i];
  }
  return 2 * N;
}

/* Halves the step until the value falls enough (Armijo). */
static void line_search(tg_tape *t, double x[], const double p[], double value, double slope) {
  double start[N];
  memcpy(start, x, sizeof start);
  double size = 1;
  for (int halvings = 0; halvings < 34; halvings++, size /= 2) {
    for (int i = 0; i < N; i++) x[i] = start[i] + size * p[i];
    if (value_at(t, x) <= value + 1e-4 * size * slope) return;
  }
}

int main(void) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, &error);
  must(t != NULL, &error);
  double x[N], p[N], g[N];
  for (int i = 0; i < N; i++) x[i] = 0;

  int products = 0;
  for (int k = 0; k < MOST_STEPS; k++) {
    tg_tape_reset(t);
    tg_var at = vector(t, x), y = rosenbrock(at), dy;
    tg_grad(y, &at, 1, &dy);
    must_tape(t);
    memcpy(g, tg_value(dy).data, sizeof g);
    double value = tg_item(y), size = sqrt(dot(g, g));
    if (size < 1e-8) {
      printf("converged: gradient below 1e-8, value below 1e-16: %s\n",
             value < 1e-16 ? "yes" : "no");
      break;
    }
    if (k < 3) printf("step %2d  value %12.6f  |gradient| %12.6f\n", k, value, size);
    products += conjugate_gradients(t, y, at, g, p);
    line_search(t, x, p, value, dot(g, p));
  }
  double worst = 0;
  for (int i = 0; i < N; i++) worst = fmax(worst, fabs(x[i] - 1));
  printf("every x[i] is within 1e-8 of 1: %s\n", worst < 1e-8 ? "yes" : "no");
  tg_tape_free(t);
  return worst < 1e-8 && products > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
