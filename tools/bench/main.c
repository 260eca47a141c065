/* tapegrad-bench: the workloads of torch_rows.py through the library's public API, timed, with the
   check values that show that both sides did the same work. */
#include <stdlib.h>
#include <string.h>

#include "options.h"
#include "report.h"
#include "workloads.h"

static const char usage[] =
    "usage: tapegrad-bench [--only NAME,...] [--threads N] [--seconds S] [--mode "
    "eager|replay|both]\n"
    "                      [--json FILE] [--isa best|base|avx2|avx512] [--gemm "
    "auto|portable|blas]\n"
    "                      [--steps N] [--list] [--help]\n"
    "One row a workload: seconds a step (median and fastest sample), the most memory it held "
    "besides\n"
    "params, gradients and optimizer, and check values: the loss of steps 1 and 5.\n"
    "--only     these rows; nodes selects nodes@1e4 to nodes@1e7\n"
    "--seconds  time a row after the warm-up (1); 0: check values only\n"
    "--steps    that many steps and nothing else, for counting instructions\n";

enum { CHECKED_STEPS = 5 };

/* The position of a word in a list that ends with NULL; -1 where it is not there. */
static int word(const char *const list[], const char *w) {
  for (int i = 0; list[i] != NULL; i++)
    if (strcmp(list[i], w) == 0) return i;
  return -1;
}

/* Does every name of the list select a row? */
static bool names_rows(const char *list) {
  for (const char *p = list; p != NULL && *p != 0; p += *p == ',') {
    char name[64];
    const int n = (int)strcspn(p, ",");
    bool found = n == 0;
    snprintf(name, sizeof name, "%.*s", n, p);
    for (int i = 0; i < n_workloads; i++) found = found || selected(name, workloads[i]->name);
    if (!found) return false;
    p += n;
  }
  return true;
}

static bool runtime_options(const options *o, tg_runtime_options *r) {
  static const char *const isas[] = {"best", "base", "avx2", "avx512", NULL};
  static const char *const gemms[] = {"auto", "portable", "blas", NULL};
  int isa = o->isa ? word(isas, o->isa) : 0, gemm = o->gemm ? word(gemms, o->gemm) : 0;
  *r = (tg_runtime_options){
      .threads = o->threads, .isa = (tg_isa)isa, .gemm = (tg_gemm_backend)gemm};
  return isa >= 0 && gemm >= 0;
}

static tg_runtime *new_runtime(const options *o) {
  tg_error error = {0};
  tg_runtime_options r;
  must(runtime_options(o, &r), &(tg_error){.message = "unknown --isa or --gemm"});
  tg_runtime *runtime = tg_runtime_new(&r, &error);
  must(runtime != NULL, &error);
  return runtime;
}

static void machine(const options *o, char *text, size_t size) {
  tg_runtime *r = new_runtime(o);
  snprintf(text, size, "{\"version\": \"%s\", \"isa\": \"%s\", \"gemm\": \"%s\", \"threads\": %d}",
           tg_version(), tg_isa_name(tg_runtime_isa(r)), tg_runtime_gemm_name(r),
           tg_runtime_threads(r));
  tg_runtime_free(r);
}

static result run(const workload *w, const options *o, bool replay) {
  bench *b = bench_new(w, new_runtime(o), replay);
  result r = {.row = w->name, .mode = replay ? "replay" : "eager", .per_op = w->per_op};
  for (int k = 1; k <= CHECKED_STEPS; k++) {
    bench_step(b);
    must_tape(b->t);
    if (k == 1) r.c1 = bench_check(b);
    if (k == CHECKED_STEPS) r.c5 = bench_check(b);
  }
  if (o->seconds > 0)
    r.time = time_steps(bench_step, bench_drifts(b) ? bench_reset : NULL, b, o->seconds);
  must_tape(b->t);
  r.nodes = bench_nodes(b);
  r.peak = bench_peak(b);
  r.least = bench_least(b);
  bench_free(b);
  return r;
}

/* Steps for a counter of instructions. */
static void run_steps(const workload *w, const options *o, bool replay) {
  bench *b = bench_new(w, new_runtime(o), replay);
  for (long k = 0; k < o->steps; k++) bench_step(b);
  must_tape(b->t);
  bench_free(b);
}

static bool asked(const options *o, const workload *w, bool replay) {
  if (o->mode != NULL && strcmp(o->mode, "both") != 0)
    if (replay != (strcmp(o->mode, "replay") == 0)) return false;
  return selected(o->only, w->name) && !(replay && w->eager_only);
}

static int run_all(const options *o) {
  char head[256];
  result *rows = calloc(2 * (size_t)n_workloads, sizeof *rows);
  must(rows != NULL, &(tg_error){.message = "out of memory"});
  int n = 0;
  machine(o, head, sizeof head);
  printf("# %s\n", head);
  report_head();
  for (int i = 0; i < 2 * n_workloads; i++) {
    const workload *w = workloads[i / 2];
    bool replay = i % 2 == 1;
    if (!asked(o, w, replay)) continue;
    rows[n] = run(w, o, replay);
    report_row(&rows[n++]);
  }
  bool written = o->json == NULL || report_json(o->json, head, rows, n);
  free(rows);
  must(written, &(tg_error){.message = "the JSON file cannot be written"});
  return EXIT_SUCCESS;
}

static void run_counted(const options *o) {
  for (int i = 0; i < 2 * n_workloads; i++)
    if (asked(o, workloads[i / 2], i % 2 == 1)) run_steps(workloads[i / 2], o, i % 2 == 1);
}

int main(int argc, char **argv) {
  static const char *const modes[] = {"eager", "replay", "both", NULL};
  options o = {0};
  const char *wrong = options_read(&o, argc, argv);
  if (wrong == NULL && o.mode != NULL && word(modes, o.mode) < 0) wrong = o.mode;
  if (wrong == NULL && !names_rows(o.only)) wrong = o.only;
  if (wrong != NULL) fprintf(stderr, "tapegrad-bench: %s?\n", wrong);
  if (wrong != NULL || o.help) return fputs(usage, wrong ? stderr : stdout), wrong != NULL;
  if (!o.list && o.steps == 0) return run_all(&o);
  if (!o.list) run_counted(&o);
  for (int i = 0; o.list && i < n_workloads; i++)
    if (selected(o.only, workloads[i]->name)) puts(workloads[i]->name);
  return EXIT_SUCCESS;
}
