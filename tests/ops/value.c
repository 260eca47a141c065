/* Results against golden numbers, which tools/golden/ops.py computed without this library: lines of
   "name sample dtype shape: numbers", and "name - - -: why there are none". */
#include "cases.h"

#ifndef GOLDEN_OPS
#error "meson.build says where the golden numbers are"
#endif

/* ---- the file, read once per process ---- */

static char *read_golden(void) {
  FILE *file = fopen(GOLDEN_OPS, "rb");
  if (file == NULL) return NULL;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  char *text = size < 0 ? NULL : calloc(1, (size_t)size + 1);
  if (text && fread(text, 1, (size_t)size, file) != (size_t)size) text[0] = 0;
  fclose(file);
  return text;
}

/* What follows "\nHEAD", or NULL. */
static const char *find_row(const char *text, const char *head) {
  size_t length = strlen(head);
  for (const char *line = text; line && *line; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, head, length) == 0) return line + length;
  }
  return NULL;
}

/* "[2,3]: 1 2 ..." into a tensor of the case. */
static bool parse_row(op_case *c, const char *row, tg_dtype dtype, tg_tensor *x) {
  int64_t dims[TG_MAX_RANK];
  int rank = 0;
  char *at = (char *)row + 1;
  while (*at != ']' && rank < TG_MAX_RANK) {
    dims[rank++] = strtoll(at, &at, 10);
    if (*at == ',') at++;
  }
  if (at[0] != ']' || at[1] != ':') return false;
  *x = case_tensor(c, dtype, rank, dims);
  int64_t n = tg_tensor_numel(x);
  at += 2;
  for (int64_t k = 0; k < n; k++) {
    char *end;
    tg_tensor_put(x, k, strtod(at, &end));
    if (end == at) return false;
    at = end;
  }
  return true;
}

static void compare_row(op_case *c, const char *row) {
  tg_var x[TG_SAMPLE_INPUTS];
  tg_tensor y = tg_value(case_apply(c, c->in, x)), expected;
  if (case_failed(c)) return;
  if (!parse_row(c, row, y.dtype, &expected))
    case_fail(c, "a broken row in %s", GOLDEN_OPS);
  else
    case_equal(c, "value", &y, &expected, y.dtype == TG_F64 ? 1e-12 : y.dtype == TG_F32 ? 1e-6 : 0);
}

void check_value(op_case *c) {
  char *text = read_golden(), head[100];
  snprintf(head, sizeof head, "%s %d %s ", c->op->name, c->index, tg_dtype_name(c->dtype));
  const char *row = text ? find_row(text, head) : NULL;
  if (row) compare_row(c, row);
  snprintf(head, sizeof head, "%s - ", c->op->name);
  if (row == NULL && (text == NULL || find_row(text, head) == NULL))
    case_fail(c, "no golden numbers, and no reason, in %s (tools/golden/ops.py makes them)",
              GOLDEN_OPS);
  free(text);
}

/* ---- the other way: what the script reads ---- */

static void dump_case(const op_case *c, FILE *to) {
  char text[1000] = "";
  if (c->sample->attrs) tg_attrs_text(c->op, c->sample->attrs, text, sizeof text);
  fprintf(to, "case %s %d %s %d %s\n", c->op->name, c->index, tg_dtype_name(c->dtype), c->n, text);
  for (int i = 0; i < c->n; i++) {
    tg_tensor_shape_text(&c->in[i], text, sizeof text);
    fprintf(to, "in %s %s", tg_dtype_name(c->in[i].dtype), text);
    int64_t n = tg_tensor_numel(&c->in[i]);
    for (int64_t k = 0; k < n; k++) fprintf(to, " %.17g", tg_tensor_at(&c->in[i], k));
    fprintf(to, "\n");
  }
}

void dump_cases(FILE *to) {
  const tg_op *op;
  op_case c;
  for (int i = 0; (op = tg_op_at(i)) != NULL; i++)
    for (int k = 0; k < op->n_samples; k++)
      for (int dtype = TG_F64; dtype < TG_DTYPE_COUNT; dtype++)
        if (op->samples[k].refuse == TG_OK && case_begin(&c, op, k, (tg_dtype)dtype, NULL)) {
          dump_case(&c, to);
          case_end(&c);
        }
}
