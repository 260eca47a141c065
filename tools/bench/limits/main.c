/* tapegrad-limits: the machine's bounds for the workloads of tapegrad-bench. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gemm.h"
#include "limits.h"
#include "loops.h"

static const char usage[] =
    "usage: tapegrad-limits [--only NAME,...] [--threads N] [--seconds S] [--json FILE]\n"
    "                       [--isa best|base|avx2|avx512] [--list] [--help]\n"
    "The least seconds a step of each workload can take here: the matrix products that it cannot "
    "do\n"
    "without, each by the fastest library that is installed; or one hand-written loop over its\n"
    "memory, with the workload's check values; and the bandwidth of memory.\n"
    "--seconds  time a row (1); 0: check values of the loops only\n";

static const struct row {
  const char *name;
  limit (*loop)(const options *o); /* NULL: products */
} rows[] = {
    {"mlp_fashion", NULL},
    {"mlp_fashion_b128", NULL},
    {"mlp_large", NULL},
    {"lstm_cell", NULL},
    {"elementwise", limit_elementwise},
    {"softmax_ce_wide", limit_softmax_ce_wide},
    {"scalar_chain", limit_scalar_chain},
    {"adam_10m", limit_adam_10m},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

void *limits_room(size_t bytes) {
  size_t size = (bytes + 127) / 64 * 64;
  void *block = aligned_alloc(64, size);
  if (block == NULL) {
    fputs("tapegrad-limits: out of memory\n", stderr);
    exit(EXIT_FAILURE);
  }
  return memset(block, 0, size);
}

const loops *loops_best(const char *isa) {
#if defined(__x86_64__)
  bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == NULL || strcmp(isa, "best") == 0) isa = "avx512";
  if (avx512 && strcmp(isa, "avx512") == 0) return &loops_avx512;
  if (avx2 && strcmp(isa, "base") != 0) return &loops_avx2;
#else
  (void)isa;
#endif
  return &loops_base;
}

static void print_row(const char *name, const limit *l) {
  printf("%-20s %12.6f %12.6f  %-14.9g %-14.9g %s %s%s\n", name, l->time.median * 1e3,
         l->time.min * 1e3, l->c1, l->c5, l->what, l->isa, l->by);
  fflush(stdout);
}

/* A number, or null where there is none. */
static void json_number(FILE *file, const char *key, double value) {
  if (isfinite(value))
    fprintf(file, "\"%s\": %.10g, ", key, value);
  else
    fprintf(file, "\"%s\": null, ", key);
}

static void json_row(FILE *file, const char *name, const limit *l) {
  fprintf(file, "  \"%s\": {", name);
  json_number(file, "min_s", l->time.min);
  json_number(file, "median_s", l->time.median);
  json_number(file, "c1", l->c1);
  json_number(file, "c5", l->c5);
  fprintf(file, "\"per_op\": %lld, \"what\": \"%s\", \"by\": \"%s%s\"}", (long long)l->per_op,
          l->what, l->isa, l->by);
}

static int run_all(const char *program, const options *o) {
  FILE *file = o->json ? fopen(o->json, "w") : NULL;
  if (o->json != NULL && file == NULL) return perror(o->json), EXIT_FAILURE;
  if (file != NULL) fprintf(file, "{\"rows\": {\n");
  const char *between = "";
  for (int i = 0; i < N_ROWS; i++) {
    if (!selected(o->only, rows[i].name) || (rows[i].loop == NULL && o->seconds <= 0)) continue;
    limit l = rows[i].loop ? rows[i].loop(o) : limit_products(program, rows[i].name, o);
    print_row(rows[i].name, &l);
    if (file == NULL) continue;
    fputs(between, file);
    json_row(file, rows[i].name, &l);
    between = ",\n";
  }
  if (file != NULL) fputs("}", file);
  if (selected(o->only, "memory") && o->seconds > 0) {
    bandwidth b = limit_memory(o);
    printf("memory: triad %.1f, read %.1f GB/s\n", b.triad * 1e-9, b.read * 1e-9);
    if (file != NULL)
      fprintf(file, ",\n \"memory\": {\"triad\": %.4g, \"read\": %.4g}", b.triad, b.read);
  }
  return file != NULL && (fputs("}\n", file) < 0 || fclose(file) != 0) ? EXIT_FAILURE : 0;
}

int main(int argc, char **argv) {
  options o = {0};
  bool child = argc > 2 && strcmp(argv[1], "--backend") == 0;
  const char *wrong = child ? options_read(&o, argc - 2, argv + 2) : options_read(&o, argc, argv);
  if (wrong != NULL) fprintf(stderr, "tapegrad-limits: %s?\n", wrong);
  if (wrong != NULL || o.help) return fputs(usage, wrong ? stderr : stdout), wrong != NULL;
  if (child) return o.only ? limit_child(argv[2], o.only, &o) : EXIT_FAILURE;
  if (!o.list) return run_all(argv[0], &o);
  for (int i = 0; i < N_ROWS; i++) puts(rows[i].name);
  return puts("memory"), EXIT_SUCCESS;
}
