/* Two tensors: equal, or where they differ most. */
#include "cases.h"

double dot(const tg_tensor *a, const tg_tensor *b) {
  double sum = 0;
  int64_t n = tg_tensor_numel(a);
  for (int64_t k = 0; k < n; k++) sum += tg_tensor_at(a, k) * tg_tensor_at(b, k);
  return sum;
}

void index_text(const tg_tensor *x, int64_t position, char text[64]) {
  int64_t index[TG_MAX_RANK];
  for (int k = x->rank - 1; k >= 0; k--) {
    index[k] = position % x->dims[k];
    position /= x->dims[k];
  }
  int used = snprintf(text, 64, "[");
  for (int k = 0; k < x->rank && used < 60; k++)
    used += snprintf(text + used, 64 - (size_t)used, "%s%lld", k ? "," : "", (long long)index[k]);
  snprintf(text + used, 64 - (size_t)used, "]");
}

static double largest(const tg_tensor *x) {
  double most = 0;
  int64_t n = tg_tensor_numel(x);
  for (int64_t k = 0; k < n; k++) {
    double value = fabs(tg_tensor_at(x, k));
    if (isfinite(value)) most = fmax(most, value);
  }
  return most;
}

static bool same_number(double a, double b) {
  return (isnan(a) && isnan(b)) || (a == b && !signbit(a) == !signbit(b));
}

/* How far a is off beyond what is allowed; 0 where it is near enough. */
static double excess(double a, double b, double tolerance, double scale) {
  if (isnan(a) || isnan(b) || isinf(a) || isinf(b)) return same_number(a, b) ? 0 : (double)INFINITY;
  double off = fabs(a - b);
  if (tolerance == 0) return same_number(a, b) ? 0 : fmax(off, 5e-324);
  return off <= tolerance * (fabs(b) + scale) ? 0 : off;
}

bool case_equal(op_case *c, const char *what, const tg_tensor *a, const tg_tensor *b,
                double tolerance) {
  c->compared++;
  if (a->data == NULL || b->data == NULL) {
    case_fail(c, "%s: no value: %s", what, tg_tape_message(c->t));
    return false;
  }
  char text[64], other[64];
  tg_tensor_shape_text(a, text, sizeof text);
  tg_tensor_shape_text(b, other, sizeof other);
  if (!tg_tensor_same_shape(a, b)) case_fail(c, "%s: shape %s, not %s", what, text, other);
  if (!tg_tensor_same_shape(a, b)) return false;
  double scale = fmax(largest(b), 1), worst = 0;
  int64_t n = tg_tensor_numel(a), where = 0;
  for (int64_t k = 0; k < n; k++) {
    double off = excess(tg_tensor_at(a, k), tg_tensor_at(b, k), tolerance, scale);
    if (off > worst) where = k;
    worst = fmax(worst, off);
  }
  if (worst == 0) return true;
  index_text(a, where, text);
  case_fail(c, "%s: %.1e off at %s: %.17g, not %.17g", what, worst, text, tg_tensor_at(a, where),
            tg_tensor_at(b, where));
  return false;
}
