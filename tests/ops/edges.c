/* Conventions, decided and not accidental: elementwise operators and their slopes at zeros, kinks,
   ties, NaN, infinities and huge numbers, against those of PyTorch (tools/golden/edges.py). Looks
   at samples of rank 0, whose attributes the rows were made with. */
#include "cases.h"

/* A row: operands = value, slopes ("-": not compared). */
typedef struct edge {
  double x[TG_SAMPLE_INPUTS], y, slope[TG_SAMPLE_INPUTS];
  bool sloped;
} edge;

static bool parse(const char *text, int n, edge *e) {
  char *at = (char *)text;
  for (int i = 0; i < n; i++) e->x[i] = strtod(at, &at);
  if (strncmp(at, " = ", 3) != 0) return false;
  e->y = strtod(at + 3, &at);
  e->sloped = strncmp(at, " -\n", 3) != 0 && strncmp(at, " - ", 3) != 0;
  for (int i = 0; i < n && e->sloped; i++) e->slope[i] = strtod(at, &at);
  return true;
}

static void compare(op_case *c, const edge *e, const char *what, double seen, double expected) {
  tg_tensor a = tg_tensor_of(&seen, TG_F64, 0, NULL), b = tg_tensor_of(&expected, TG_F64, 0, NULL);
  char text[100];
  if (c->n == 1)
    snprintf(text, sizeof text, "%s at %g", what, e->x[0]);
  else
    snprintf(text, sizeof text, "%s at %g, %g", what, e->x[0], e->x[1]);
  if (fabs(seen - expected) > 1e-15 || !isfinite(seen) || !isfinite(expected))
    case_equal(c, text, &a, &b, 1e-12);
  c->compared++;
}

/* By both sweeps, for a cotangent that is not 1. */
static void compare_slopes(op_case *c, const edge *e, const tg_var x[], tg_var y) {
  for (int i = 0; i < c->n && !case_failed(c); i++) {
    double plain = 0, three = 3, expected = 3 * e->slope[i];
    tg_tensor into = tg_tensor_of(&plain, TG_F64, 0, NULL);
    tg_var g = tg_leaf(c->t, tg_tensor_of(&three, TG_F64, 0, NULL)), dx;
    tg_backward_into(&y, &g, 1, NULL, &x[i], &into, 1);
    compare(c, e, "plain slope", plain, expected);
    tg_vjp(&y, &g, 1, &x[i], 1, &dx);
    compare(c, e, "slope", tg_item(dx), expected);
  }
}

static void compare_edge(op_case *c, const edge *e) {
  tg_mark mark = tg_tape_mark(c->t);
  tg_tensor in[TG_SAMPLE_INPUTS];
  tg_var x[TG_SAMPLE_INPUTS];
  for (int i = 0; i < c->n; i++) in[i] = tg_tensor_of((void *)(size_t)&e->x[i], TG_F64, 0, NULL);
  tg_var y = case_apply(c, in, x);
  compare(c, e, "value", tg_item(y), e->y);
  if (e->sloped && !(c->op->flags & TG_OP_CONST)) compare_slopes(c, e, x, y);
  tg_tape_rewind(c->t, mark);
}

void check_edges(op_case *c) {
  FILE *file = fopen(GOLDEN_EDGES, "r");
  char head[100], line[400];
  int length = snprintf(head, sizeof head, "%s %d ", c->op->name, c->index);
  while (file && !case_failed(c) && fgets(line, sizeof line, file)) {
    edge e;
    if (strncmp(line, head, (size_t)length) != 0) continue;
    if (!parse(line + length - 1, c->n, &e)) case_fail(c, "a broken row in %s", GOLDEN_EDGES);
    compare_edge(c, &e);
  }
  if (file) fclose(file);
}
