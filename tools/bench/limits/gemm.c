/* Each backend in a child of its own, which is this program again. */
#include "gemm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends.h"

/* ---- the child ---- */

typedef struct named {
  char name[16];
  double seconds;
} named;

static int place_of(named list[], int *n, const char *name) {
  int i = 0;
  while (i < *n && strcmp(list[i].name, name) != 0) i++;
  if (i == *n) {
    list[*n].seconds = INFINITY;
    snprintf(list[(*n)++].name, sizeof list->name, "%s", name);
  }
  return i;
}

/* Largest error of a few elements of the product, against their definition in double. */
static double error_of(gemm_fn *gemm, const product *p) {
  double worst = 0;
  memset(p->c, 0, sizeof(float) * (size_t)p->m * (size_t)p->ldc);
  if (!gemm(p)) return INFINITY;
  for (int e = 0; e < 16; e++) {
    int i = p->m * e / 16, j = p->n * (15 - e) / 16;
    double sum = 0, size = 0;
    for (int k = 0; k < p->k; k++) {
      double x = (double)(p->ta ? p->a[k * p->lda + i] : p->a[i * p->lda + k]);
      double y = (double)(p->tb ? p->b[j * p->ldb + k] : p->b[k * p->ldb + j]);
      sum += x * y;
      size += fabs(x * y);
    }
    worst = fmax(worst, fabs((double)p->c[i * p->ldc + j] - sum) / size);
  }
  return worst;
}

/* One step's products; adds up the time of each name. */
static void run_once(gemm_fn *gemm, const products *p, const int place[], double sums[]) {
  double last = now();
  for (int i = 0; i < MOST_NAMES; i++) sums[i] = 0;
  for (int i = 0; i < p->n; i++) {
    gemm(&p->of[i]);
    double t = now();
    sums[place[i]] += t - last;
    last = t;
  }
}

int limit_child(const char *name, const char *workload, const options *o) {
  const backend *b = backends;
  while (b->name != NULL && strcmp(b->name, name) != 0) b++;
  gemm_fn *gemm = b->name ? b->open(o->threads) : NULL;
  products *p = products_of(workload);
  if (gemm == NULL || p == NULL) return EXIT_FAILURE;
  named list[MOST_NAMES + 1];
  int place[MOST_PRODUCTS], n = 0;
  for (int i = 0; i < p->n; i++) {
    place[i] = place_of(list, &n, p->of[i].name);
    if (!(error_of(gemm, &p->of[i]) < 1e-5)) return EXIT_FAILURE;
  }
  double sums[MOST_NAMES], start = now();
  for (int k = 0; k < 5 || (k < 10000 && now() - start < o->seconds); k++) {
    run_once(gemm, p, place, sums);
    for (int i = 0; i < n; i++) list[i].seconds = fmin(list[i].seconds, sums[i]);
  }
  for (int i = 0; i < n; i++) printf("%s %.6e\n", list[i].name, list[i].seconds);
  products_free(p);
  return EXIT_SUCCESS;
}

/* ---- the parent ---- */

static void set_environment(const backend *b, int threads) {
  static const char *const unset[] = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "BLIS_ARCH_TYPE"};
  static const char *const counts[] = {"OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS",
                                       "OMP_NUM_THREADS"};
  char text[16];
  snprintf(text, sizeof text, "%d", threads);
  for (int i = 0; i < 3; i++) {
    unsetenv(unset[i]);
    setenv(counts[i], text, 1);
  }
  if (b->variable != NULL) setenv(b->variable, b->value, 1);
}

/* The child's output, NULL where there is no such process. */
static FILE *start_child(const char *program, const backend *b, const char *workload,
                         const options *o, pid_t *child) {
  int ends[2];
  char seconds[32], threads[16];
  snprintf(seconds, sizeof seconds, "%g", o->seconds);
  snprintf(threads, sizeof threads, "%d", o->threads);
  if (pipe(ends) != 0) return NULL;
  *child = fork();
  if (*child == 0) {
    set_environment(b, o->threads);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    if (freopen("/dev/null", "w", stderr) == NULL) _exit(EXIT_FAILURE);
    execl(program, program, "--backend", b->name, "--only", workload, "--seconds", seconds,
          "--threads", threads, (char *)NULL);
    _exit(EXIT_FAILURE);
  }
  close(ends[1]);
  return *child < 0 ? (close(ends[0]), NULL) : fdopen(ends[0], "r");
}

typedef struct fastest {
  named list[MOST_NAMES + 1];
  const char *by[MOST_NAMES + 1];
  int n;
} fastest;

static void ask(const char *program, const backend *b, const char *workload, const options *o,
                fastest *best) {
  pid_t child;
  FILE *output = start_child(program, b, workload, o, &child);
  if (output == NULL) return;
  char name[16];
  double seconds;
  while (best->n <= MOST_NAMES && fscanf(output, "%15s %lf", name, &seconds) == 2) {
    int i = place_of(best->list, &best->n, name);
    if (seconds >= best->list[i].seconds) continue;
    best->list[i].seconds = seconds;
    best->by[i] = b->name;
  }
  fclose(output);
  waitpid(child, NULL, 0);
}

limit limit_products(const char *program, const char *workload, const options *o) {
  limit found = {.what = "products", .isa = "", .c1 = NAN, .c5 = NAN};
  options shared = *o;
  int n = 0;
  for (const backend *b = backends; b->name != NULL; b++) n += backend_fits(b);
  shared.seconds = o->seconds / n; /* all of them in the time of one row */
  fastest best = {0};
  for (const backend *b = backends; b->name != NULL; b++)
    if (backend_fits(b)) ask(program, b, workload, &shared, &best);
  for (int i = 0; i < best.n; i++) {
    size_t used = strlen(found.by);
    found.time.min += best.list[i].seconds;
    snprintf(found.by + used, sizeof found.by - used, "%s%s %s", i ? ", " : "", best.list[i].name,
             best.by[i]);
  }
  found.time.median = found.time.min;
  return found;
}
