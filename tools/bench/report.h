/* What a run found: a line of text a row, and JSON for tools/bench/compare. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "timing.h"

typedef struct result {
  const char *row, *mode;
  timing time;
  double c1, c5;      /* check values of the first and the fifth step */
  size_t peak, least; /* bytes held; the lower bound of a program's */
  int64_t nodes, per_op;
} result;

void report_head(void);
void report_row(const result *r);
/* {"machine": {...}, "rows": {ROW: {MODE: {...}}}}; head is the machine's part. The rows of one
   name lie side by side. False where the file cannot be written. */
bool report_json(const char *path, const char *head, const result rows[], int n);

#endif
