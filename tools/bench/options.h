/* The command line of the benchmark's programs. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>

typedef struct options {
  const char *only, *json, *isa, *gemm, *mode;
  int threads;
  double seconds;
  long steps; /* 0: timed runs */
  bool list, help;
} options;

/* NULL, or the argument that is not understood. */
const char *options_read(options *o, int argc, char **argv);
/* Does a comma list select the row? NAME selects NAME and NAME@*; no list selects everything. */
bool selected(const char *list, const char *row);

#endif
