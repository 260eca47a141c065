/* Reading of arguments; what they mean is up to the programs. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

static bool flag(const char *argument, const char *name, bool *value) {
  if (strcmp(argument, name) != 0) return false;
  return *value = true;
}

/* A name with a value after it. */
static bool text(char **argv, int *i, const char *name, const char **value) {
  if (strcmp(argv[*i], name) != 0 || argv[*i + 1] == NULL) return false;
  *value = argv[++*i];
  return true;
}

static bool number(char **argv, int *i, const char *name, double *value) {
  const char *word = NULL;
  char *end;
  if (!text(argv, i, name, &word)) return false;
  *value = strtod(word, &end);
  return *end == 0 && end != word && *value >= 0;
}

const char *options_read(options *o, int argc, char **argv) {
  double threads = 1, steps = 0;
  o->seconds = 1;
  for (int i = 1; i < argc; i++) {
    const char *argument = argv[i];
    if (flag(argument, "--list", &o->list) || flag(argument, "--help", &o->help) ||
        text(argv, &i, "--only", &o->only) || text(argv, &i, "--json", &o->json) ||
        text(argv, &i, "--mode", &o->mode) || text(argv, &i, "--isa", &o->isa) ||
        text(argv, &i, "--gemm", &o->gemm) || number(argv, &i, "--threads", &threads) ||
        number(argv, &i, "--steps", &steps) || number(argv, &i, "--seconds", &o->seconds))
      continue;
    return argument;
  }
  o->threads = (int)threads;
  o->steps = (long)steps;
  return NULL;
}

bool selected(const char *list, const char *row) {
  size_t length = strlen(row), family = strcspn(row, "@");
  for (const char *p = list; p != NULL && *p != 0;) {
    size_t n = strcspn(p, ",");
    if ((n == length || n == family) && strncmp(p, row, n) == 0) return true;
    p += n + (p[n] == ',');
  }
  return list == NULL;
}
