/* Axes: a range of numbers, where its ticks lie, and where a number lies on it. */
#ifndef EXAMPLES_AXIS_H
#define EXAMPLES_AXIS_H

#include <stdbool.h>
#include <stddef.h>

enum { AXIS_TICKS = 24 };

/* low < high; where it is logarithmic both are positive, and ticks may be decades alone. */
typedef struct axis {
  double low, high;
  bool log;
  int n;
  double ticks[AXIS_TICKS]; /* within [low, high], ascending */
} axis;

/* The axis whose range holds [low, high] and ends where its numbers are round; low > high: no
   number was given, and it is [0, 1], or [0.1, 1] where it is logarithmic. */
axis axis_of(double low, double high, bool log);
/* 0 at low, 1 at high. */
double axis_place(const axis *a, double value);

#endif
