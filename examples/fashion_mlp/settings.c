/* The flags of the command line, each checked before anything runs. */
#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "fashion_mlp: a small network learns to tell ten kinds of clothes apart\n"
    "\n"
    "  --data DIR      the four IDX files of Fashion-MNIST, or of a set with the same names\n"
    "                  (/usr/share/datasets/fashion-mnist, Debian's dataset-fashion-mnist)\n"
    "  --epochs N      how often every training image is seen (5); 0 only tests\n"
    "  --batch N       images in a step (32)\n"
    "  --lr X          Adam's learning rate (0.001)\n"
    "  --seed N        of first weights and shuffling (1)\n"
    "  --hidden N,N    widths of the hidden layers (64,64)\n"
    "  --threads N     threads that work on one kernel (1); the result is the same\n"
    "  --replay        record a step once and replay it; the result is the same\n"
    "  --save FILE     where the parameters go (OUT/fashion_mlp.safetensors)\n"
    "  --load FILE     start from these parameters\n"
    "  --out DIR       where pictures go (.)\n"
    "  --help\n";

static bool wrong(const char *flag, const char *value, const char *expected) {
  fprintf(stderr, "fashion_mlp: %s \"%s\" is not %s\n", flag, value, expected);
  return false;
}

static bool read_int(const char *flag, const char *value, long least, long most, int *to) {
  char *end, expected[64];
  errno = 0;
  long number = strtol(value, &end, 10);
  snprintf(expected, sizeof expected, "a whole number from %ld to %ld", least, most);
  if (errno || end == value || *end || number < least || number > most)
    return wrong(flag, value, expected);
  *to = (int)number;
  return true;
}

static bool read_seed(const char *flag, const char *value, uint64_t *to) {
  char *end;
  errno = 0;
  *to = strtoull(value, &end, 10);
  bool right = !errno && end != value && !*end && value[0] != '-';
  return right || wrong(flag, value, "a whole number of at most 64 bits");
}

static bool read_rate(const char *flag, const char *value, double *to) {
  char *end;
  *to = strtod(value, &end);
  bool right = end != value && !*end && *to > 0 && *to < 1e6;
  return right || wrong(flag, value, "a positive number");
}

static bool read_widths(const char *flag, const char *value, settings *s) {
  char copy[256];
  s->n_hidden = 0;
  if (strlen(value) >= sizeof copy) return wrong(flag, value, "a list of widths such as 64,64");
  memcpy(copy, value, strlen(value) + 1);
  for (char *at = copy, *next; at; at = next) {
    next = strchr(at, ',');
    if (next) *next++ = '\0';
    if (s->n_hidden == MOST_HIDDEN) return wrong(flag, value, "a list of at most 8 widths");
    if (!read_int(flag, at, 1, 65536, &s->hidden[s->n_hidden++])) return false;
  }
  return true;
}

/* One flag with its value. */
static bool read_flag(const char *flag, const char *value, settings *s) {
  if (!strcmp(flag, "--epochs")) return read_int(flag, value, 0, 100000, &s->epochs);
  if (!strcmp(flag, "--batch")) return read_int(flag, value, 1, 1000000, &s->batch);
  if (!strcmp(flag, "--threads")) return read_int(flag, value, 1, 256, &s->threads);
  if (!strcmp(flag, "--lr")) return read_rate(flag, value, &s->lr);
  if (!strcmp(flag, "--seed")) return read_seed(flag, value, &s->seed);
  if (!strcmp(flag, "--hidden")) return read_widths(flag, value, s);
  const char **texts[] = {&s->data, &s->out, &s->save, &s->load};
  const char *names[] = {"--data", "--out", "--save", "--load"};
  for (int i = 0; i < 4; i++)
    if (!strcmp(flag, names[i])) return *texts[i] = value, true;
  fprintf(stderr, "fashion_mlp: there is no flag \"%s\"; --help tells which there are\n", flag);
  return false;
}

bool read_settings(int argc, char **argv, settings *s, int *status) {
  *s = (settings){.epochs = 5,
                  .batch = 32,
                  .threads = 1,
                  .lr = 1e-3,
                  .seed = 1,
                  .hidden = {64, 64},
                  .n_hidden = 2,
                  .data = "/usr/share/datasets/fashion-mnist",
                  .out = "."};
  *status = 2;
  for (int i = 1; i < argc; i += 2) {
    if (!strcmp(argv[i], "--help")) {
      fputs(help, stdout);
      *status = 0;
      return false;
    }
    if (!strcmp(argv[i], "--replay")) {
      s->replay = true;
      i--; /* it has no value */
      continue;
    }
    if (i + 1 == argc && !strncmp(argv[i], "--", 2)) {
      fprintf(stderr, "fashion_mlp: %s needs a value; --help tells which\n", argv[i]);
      return false;
    }
    if (!read_flag(argv[i], i + 1 < argc ? argv[i + 1] : "", s)) return false;
  }
  return true;
}
