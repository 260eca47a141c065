/* Central differences with two step sizes, and what to make of a difference: localise it by
   bisection, tell a kink from a wrong rule, say it in one sentence. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "diff/gradcheck.h"

/* What F did around x along d over coordinates [low, high). */
typedef struct slope {
  double coarse, fine; /* central differences with the step and half of it */
  double jump;         /* one-sided slopes with half the step differ by this much, */
  double coarse_jump;  /* and with the whole step by this much */
} slope;

static bool value_at(tgi_check *c, tgi_functional *F, double step, int64_t low, int64_t high,
                     double *value) {
  tgi_check_move(c, step, low, high);
  return F(c, value);
}

static bool measure(tgi_check *c, tgi_functional *F, int64_t low, int64_t high, slope *s) {
  double h = c->options.step, middle, plus, minus, near_plus, near_minus;
  bool right = value_at(c, F, 0, low, high, &middle) && value_at(c, F, h, low, high, &plus) &&
               value_at(c, F, -h, low, high, &minus) &&
               value_at(c, F, h / 2, low, high, &near_plus) &&
               value_at(c, F, -h / 2, low, high, &near_minus);
  if (!right) return false;
  s->coarse = (plus - minus) / (2 * h);
  s->fine = (near_plus - near_minus) / h;
  s->coarse_jump = fabs((plus - middle) - (middle - minus)) / h;
  s->jump = fabs((near_plus - middle) - (middle - near_minus)) / (h / 2);
  return true;
}

static double along(const tgi_check *c, const double gradient[], int64_t low, int64_t high) {
  double sum = 0;
  for (int64_t k = low; k < high; k++) sum += gradient[k] * c->d[k];
  return sum;
}

/* Terms that cancel leave their rounding behind, so the scale is that of the terms. */
static double scale_of(const tgi_check *c, const double gradient[], int64_t low, int64_t high) {
  double sum = 0;
  for (int64_t k = low; k < high; k++) sum += fabs(gradient[k] * c->d[k]);
  return sum;
}

static double distance(const slope *s, double analytic) {
  double extrapolated = (4 * s->fine - s->coarse) / 3;
  double a = fabs(s->fine - analytic), b = fabs(extrapolated - analytic);
  return a < b ? a : b;
}

/* ---- the verdict ---- */

static void locate(const tgi_check *c, int64_t k, int *operand, int64_t *element) {
  *operand = -1, *element = -1;
  for (int i = 0; i < c->n; i++) {
    int64_t first = tgi_check_offset(c, i);
    if (first < 0 || k < first || k >= first + tg_tensor_numel(&c->x[i])) continue;
    *operand = i, *element = k - first;
  }
}

static void keep_worst(tgi_check *c, const char *what, int64_t k, double analytic, double numeric,
                       double error, bool always) {
  tg_gradcheck *r = c->result;
  double most = fmax(fabs(analytic), fabs(numeric)), relative = most > 0 ? error / most : 0;
  if (!always && error <= r->max_abs_error) return;
  r->max_abs_error = error, r->max_rel_error = relative;
  r->analytic = analytic, r->numeric = numeric;
  snprintf(r->what, sizeof r->what, "%s", what);
  locate(c, k, &r->operand, &r->element);
}

static void say(tgi_check *c, const char *verdict) {
  tg_gradcheck *r = c->result;
  char place[64] = "along a random direction";
  if (r->operand >= 0)
    snprintf(place, sizeof place, "x[%d] element %lld", r->operand, (long long)r->element);
  snprintf(r->message, sizeof r->message,
           "%s: %s at %s: the rules say %.9g, differences say %.9g (off by %.2g)", r->what, verdict,
           place, r->analytic, r->numeric, r->max_abs_error);
}

static bool is_wrong(tgi_check *c, const char *what, int64_t k, double analytic, double numeric) {
  keep_worst(c, what, k, analytic, numeric, fabs(analytic - numeric), true);
  c->result->verdict = TG_CHECK_WRONG;
  say(c, "wrong");
  return false;
}

bool tgi_check_equal(tgi_check *c, const char *what, double analytic, double other) {
  double error = fabs(analytic - other), most = fmax(fabs(analytic), fabs(other));
  double tolerance = c->is_f32 ? 1e-3 * (1 + most) : 1e-8 * (1 + most);
  if (!(error <= tolerance)) return is_wrong(c, what, -1, analytic, other);
  return true;
}

/* ---- localisation ---- */

/* The coordinate in [low, high) where the disagreement is largest, by halves. */
static bool bisect(tgi_check *c, tgi_functional *F, const double gradient[], int64_t *low,
                   int64_t high) {
  while (high - *low > 1) {
    int64_t middle = *low + (high - *low) / 2;
    slope left, right;
    if (!measure(c, F, *low, middle, &left) || !measure(c, F, middle, high, &right)) return false;
    double a = distance(&left, along(c, gradient, *low, middle));
    double b = distance(&right, along(c, gradient, middle, high));
    if (a >= b)
      high = middle;
    else
      *low = middle;
  }
  return true;
}

static double coordinate(const tgi_check *c, int64_t k) {
  int operand;
  int64_t element;
  locate(c, k, &operand, &element);
  return tg_tensor_at(&c->x[operand], element);
}

/* One-sided slopes of a smooth function come together as the step shrinks; at a kink they stay
   apart. */
static bool is_kink(const tgi_check *c, const slope *s, int64_t k, double analytic) {
  double reach = 2 * c->options.step * fabs(c->d[k]);
  for (int i = 0; i < c->options.n_kinks; i++)
    if (fabs(coordinate(c, k) - c->options.kinks[i]) <= reach) return true;
  double tolerance = c->options.atol + c->options.rtol * fabs(analytic);
  bool apart = s->jump > 0.7 * s->coarse_jump && s->jump > 10 * tolerance;
  bool between = fabs(s->fine - s->coarse) > 10 * tolerance && s->coarse_jump > 10 * tolerance;
  return apart || between;
}

/* True where coordinate k was a kink and is left out from now on. */
static bool judge(tgi_check *c, const char *what, tgi_functional *F, const double gradient[],
                  int64_t k) {
  slope s;
  if (!measure(c, F, k, k + 1, &s)) return false;
  double analytic = gradient[k], numeric = s.fine / c->d[k];
  if (!is_kink(c, &s, k, analytic * c->d[k])) return is_wrong(c, what, k, analytic, numeric);
  keep_worst(c, what, k, analytic, numeric, fabs(analytic - numeric), true);
  c->result->verdict = TG_CHECK_KINK;
  say(c, "a kink");
  c->d[k] = 0;
  return true;
}

static bool is_right(tgi_check *c, const char *what, const slope *s, double analytic,
                     double scale) {
  double error = distance(s, analytic);
  if (!(error <= c->options.atol + c->options.rtol * fmax(scale, fabs(s->fine)))) return false;
  if (c->result->verdict == TG_CHECK_RIGHT)
    keep_worst(c, what, -1, analytic, s->fine, error, false);
  return true;
}

/* Direction k agreed worst of all: which coordinate has most of what it was off by? */
static bool locate_worst(tgi_check *c, tgi_functional *F, const double gradient[], int k) {
  int64_t at = 0;
  slope s;
  tgi_check_directions(c, k);
  if (!bisect(c, F, gradient, &at, c->total) || !measure(c, F, at, at + 1, &s)) return false;
  c->result->analytic = gradient[at], c->result->numeric = s.fine / c->d[at];
  locate(c, at, &c->result->operand, &c->result->element);
  return true;
}

/* Direction k; what differs is judged until nothing is left but kinks. */
static bool check_direction(tgi_check *c, const char *what, tgi_functional *F,
                            const double gradient[], int k) {
  tgi_check_directions(c, k);
  for (;;) {
    slope s;
    int64_t at = 0;
    if (!measure(c, F, 0, c->total, &s)) return false;
    double scale = scale_of(c, gradient, 0, c->total), all = along(c, gradient, 0, c->total);
    if (is_right(c, what, &s, all, scale)) return true;
    if (!bisect(c, F, gradient, &at, c->total)) return false;
    if (c->d[at] == 0) return is_wrong(c, what, -1, all, s.fine);
    if (!judge(c, what, F, gradient, at)) return false;
  }
}

bool tgi_check_functional(tgi_check *c, const char *what, tgi_functional *F,
                          const double gradient[]) {
  double value, worst = c->result->max_abs_error;
  int worst_direction = -1;
  if (gradient == NULL) return value_at(c, F, 0, 0, 0, &value);
  for (int k = 0; k < c->options.directions && c->total > 0; k++) {
    if (!check_direction(c, what, F, gradient, k)) return false;
    if (c->result->max_abs_error > worst) worst_direction = k;
    worst = c->result->max_abs_error;
  }
  bool located = worst_direction < 0 || c->result->verdict != TG_CHECK_RIGHT ||
                 locate_worst(c, F, gradient, worst_direction);
  tgi_check_move(c, 0, 0, 0);
  return located;
}
