/* Line charts as SVG text: what the examples draw their curves with. It knows no tape. */
#ifndef EXAMPLES_CHART_H
#define EXAMPLES_CHART_H

#include <stdbool.h>
#include <stdio.h>

/* The points (x[i], y[i]), joined by a line. A point that is not finite, or not positive where y is
   logarithmic, leaves a gap. */
typedef struct chart_series {
  const char *label;   /* in the legend; NULL: not there */
  const double *x, *y; /* x NULL: 1, 2, ..., n */
  int n;
} chart_series;

/* The zero value of every field but `series` and `n` is its default. */
typedef struct chart {
  const char *title, *x_label, *y_label; /* UTF-8; NULL: none */
  bool log_y;
  const chart_series *series;
  int n;             /* series */
  int width, height; /* of the picture in pixels; 0: 640 by 400 */
} chart;

/* Writes one well-formed SVG document. False where the stream failed. */
bool chart_write(const chart *c, FILE *out);
/* The same into a file, which is removed again where it could not be written whole. */
bool chart_save(const chart *c, const char *path);

#endif
