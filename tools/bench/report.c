/* Texts. It knows nothing of workloads. */
#include "report.h"

#include <string.h>

void report_head(void) {
  printf("%-20s %-7s %12s %12s %9s %9s %9s %9s  %-14s %-14s\n", "row", "mode", "median ms",
         "min ms", "ns/op", "MB peak", "MB least", "nodes", "c1", "c5");
}

void report_row(const result *r) {
  printf("%-20s %-7s %12.6f %12.6f ", r->row, r->mode, r->time.median * 1e3, r->time.min * 1e3);
  if (r->per_op)
    printf("%9.1f ", r->time.min * 1e9 / (double)r->per_op);
  else
    printf("%9s ", "");
  printf("%9.3f ", (double)r->peak * 1e-6);
  if (r->least)
    printf("%9.3f ", (double)r->least * 1e-6);
  else
    printf("%9s ", "");
  printf("%9lld  %-14.9g %-14.9g\n", (long long)r->nodes, r->c1, r->c5);
  fflush(stdout);
}

static void json_mode(FILE *file, const result *r) {
  fprintf(file, "    \"%s\": {\"min_s\": %.6e, \"median_s\": %.6e, \"samples\": %d, ", r->mode,
          r->time.min, r->time.median, r->time.samples);
  fprintf(file, "\"inner\": %lld, \"peak_bytes\": %zu, ", (long long)r->time.inner, r->peak);
  fprintf(file, "\"least_bytes\": %zu, \"nodes\": %lld, \"per_op\": %lld, ", r->least,
          (long long)r->nodes, (long long)r->per_op);
  fprintf(file, "\"c1\": %.10g, \"c5\": %.10g}", r->c1, r->c5);
}

bool report_json(const char *path, const char *head, const result rows[], int n) {
  FILE *file = fopen(path, "w");
  if (file == NULL) return false;
  fprintf(file, "{\"machine\": %s,\n \"rows\": {\n", head);
  for (int i = 0; i < n; i++) {
    bool first = i == 0 || strcmp(rows[i - 1].row, rows[i].row) != 0;
    if (first) fprintf(file, "%s  \"%s\": {\n", i ? "},\n" : "", rows[i].row);
    fprintf(file, "%s", first ? "" : ",\n");
    json_mode(file, &rows[i]);
  }
  fprintf(file, "%s}}\n", n ? "}" : "");
  return fclose(file) == 0;
}
