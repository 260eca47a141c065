/* What the command line says. */
#ifndef FASHION_SETTINGS_H
#define FASHION_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { MOST_HIDDEN = 8 };

typedef struct settings {
  int epochs, batch, threads;
  double lr;
  bool replay; /* steps are recorded once, and replayed */
  uint64_t seed;
  int hidden[MOST_HIDDEN], n_hidden;
  const char *data, *out;  /* folders */
  const char *save, *load; /* files; save NULL: in the out folder; load NULL: none */
} settings;

/* True: go on with the settings. False: *status is the program's exit status, and what there was to
   say was said. */
bool read_settings(int argc, char **argv, settings *s, int *status);

#endif
