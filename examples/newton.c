/* A minimum by Newton's method without a Hessian in memory: each step solves H p = -g by conjugate
   gradients, which need H only as Hessian-vector products, each one forward sweep over a reverse
   sweep. The function is Rosenbrock's valley in 20 dimensions.

     newton [replay]   (replay: gradient and product are recorded once) */
#include <math.h>
#include <string.h>

#include "either.h"

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

/* y = (the value, the gradient) at x[0]. */
static tg_status slope(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  (void)t, (void)n_x, (void)n_y, (void)user;
  y[0] = rosenbrock(x[0]);
  return tg_grad(y[0], x, 1, &y[1]);
}

/* y[0] = H v at x[0], v = x[1]. */
static tg_status product(tg_tape *t, const tg_var x[], int n_x, tg_var y[], int n_y, void *user) {
  (void)t, (void)n_x, (void)n_y, (void)user;
  return tg_hvp(rosenbrock(x[0]), x, &x[1], 1, y);
}

typedef struct valley {
  either slope, product;
} valley;

static tg_tensor vector(double data[]) { return tg_tensor_of(data, TG_F64, TG_DIMS(N)); }

/* The value at x; g becomes the gradient. */
static double slope_at(valley *f, double x[], double g[]) {
  tg_tensor at = vector(x), y[2];
  evaluate(&f->slope, &at, 1, y, 2);
  memcpy(g, y[1].data, N * sizeof *g);
  return number(&y[0]);
}

/* hv = H v at x. */
static void multiply(valley *f, double x[], double v[], double hv[]) {
  tg_tensor y;
  evaluate(&f->product, (tg_tensor[]){vector(x), vector(v)}, 2, &y, 1);
  memcpy(hv, y.data, N * sizeof *hv);
}

/* p = -H^-1 g, or as far as curvature is positive (Nocedal & Wright, Numerical Optimization,
   algorithm 7.1). Returns the number of products. */
static int conjugate_gradients(valley *f, double x[], const double g[], double p[]) {
  double r[N], d[N], hd[N], rr = dot(g, g), stop = fmin(0.5, sqrt(sqrt(rr))) * sqrt(rr);
  memset(p, 0, N * sizeof *p);
  for (int i = 0; i < N; i++) r[i] = g[i], d[i] = -g[i];
  for (int k = 0; k < 2 * N; k++) {
    multiply(f, x, d, hd);
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
static void line_search(valley *f, double x[], const double p[], double value, double slope) {
  double start[N], unused[N];
  memcpy(start, x, sizeof start);
  double size = 1;
  for (int halvings = 0; halvings < 34; halvings++, size /= 2) {
    for (int i = 0; i < N; i++) x[i] = start[i] + size * p[i];
    if (slope_at(f, x, unused) <= value + 1e-4 * size * slope) return;
  }
}

int main(int argc, char **argv) {
  bool replay = says_replay(argc, argv);
  valley f = {make_either(replay, slope, 1, 2, NULL), make_either(replay, product, 2, 1, NULL)};
  double x[N], p[N], g[N];
  for (int i = 0; i < N; i++) x[i] = 0;

  int products = 0;
  for (int k = 0; k < MOST_STEPS; k++) {
    double value = slope_at(&f, x, g), size = sqrt(dot(g, g));
    if (size < 1e-8) {
      printf("converged: gradient below 1e-8, value below 1e-16: %s\n",
             value < 1e-16 ? "yes" : "no");
      break;
    }
    if (k < 3) printf("step %2d  value %12.6f  |gradient| %12.6f\n", k, value, size);
    products += conjugate_gradients(&f, x, g, p);
    line_search(&f, x, p, value, dot(g, p));
  }
  double worst = 0;
  for (int i = 0; i < N; i++) worst = fmax(worst, fabs(x[i] - 1));
  printf("every x[i] is within 1e-8 of 1: %s\n", worst < 1e-8 ? "yes" : "no");
  free_either(&f.slope);
  free_either(&f.product);
  return worst < 1e-8 && products > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
