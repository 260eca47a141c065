/* Ticks lie at 1, 2 or 5 times powers of ten, on long logarithmic axes at powers of ten. */
#include "axis.h"

#include <math.h>

/* The least of 1, 2, 5, 10 times a power of ten that is not below `step`. */
static double round_step(double step) {
  double power = pow(10, floor(log10(step)));
  double times = step / power;
  return power * (times <= 1 ? 1 : times <= 2 ? 2 : times <= 5 ? 5 : 10);
}

static axis linear(double low, double high) {
  if (low == high) {
    double around = low == 0 ? 1 : fabs(low) / 2;
    low -= around;
    high += around;
  }
  double step = round_step(high / 6 - low / 6);
  double first = floor(low / step + 1e-9), last = ceil(high / step - 1e-9);
  axis a = {.low = first * step, .high = last * step};
  int count = (int)fmin(last - first + 1, AXIS_TICKS);
  for (int k = 0; k < count; k++) a.ticks[a.n++] = (first + k) * step;
  return a;
}

/* 1, 2 and 5 times powers of ten, in less than two decades. */
static void narrow_ticks(axis *a) {
  static const double times[] = {1, 2, 5};
  int first = (int)floor(log10(a->low)), last = (int)floor(log10(a->high));
  for (int k = first; k <= last; k++)
    for (int i = 0; i < 3 && a->n < AXIS_TICKS; i++) {
      double tick = times[i] * pow(10, k);
      if (tick >= a->low * (1 - 1e-9) && tick <= a->high * (1 + 1e-9)) a->ticks[a->n++] = tick;
    }
}

/* Less than a factor of four: the ticks of a linear axis. */
static axis logarithmic(double low, double high) {
  axis a = linear(low, high);
  if (high < 4 * low && a.low > 0) {
    a.log = true;
    return a;
  }
  a = (axis){.low = low, .high = high, .log = true};
  if (high < 100 * low) {
    narrow_ticks(&a);
    return a;
  }
  double first = floor(log10(low) + 1e-9), last = ceil(log10(high) - 1e-9);
  double step = ceil((last - first) / 9);
  a.low = pow(10, first);
  a.high = pow(10, last);
  int count = (int)((last - first) / step) + 1;
  for (int k = 0; k < count; k++) a.ticks[a.n++] = pow(10, first + k * step);
  return a;
}

axis axis_of(double low, double high, bool log) {
  if (low > high) return log ? logarithmic(0.1, 1) : linear(0, 1);
  return log ? logarithmic(low, high) : linear(low, high);
}

double axis_place(const axis *a, double value) {
  if (a->log) return log(value / a->low) / log(a->high / a->low);
  return (value - a->low) / (a->high - a->low);
}
