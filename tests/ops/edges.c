/* Conventions, decided and not accidental: operators and their slopes at zeros, kinks, ties, NaN,
   infinities and huge numbers, against those of PyTorch (tools/golden/edges.py). A row names the
   sample whose attributes it was made with; operands are numbers or vectors. */
#include "cases.h"

/* A row: operands = value, slopes ("-": not compared). */
typedef struct edge {
  const char *text; /* of the operands */
  tg_tensor x[TG_SAMPLE_INPUTS], y, slope[TG_SAMPLE_INPUTS];
  bool sloped;
} edge;

/* A number, or "[1,2,3]", into a tensor of the case; where it ended. */
static const char *parse_tensor(op_case *c, const char *text, tg_tensor *x) {
  enum { MOST = 16 };
  double numbers[MOST];
  int64_t n = 0;
  char *at = (char *)text + strspn(text, " ");
  int rank = *at == '[';
  at += rank;
  do {
    numbers[n++] = strtod(at, &at);
    at += *at == ',' || *at == ']';
  } while (rank && n < MOST && at[-1] == ',');
  *x = case_tensor(c, TG_F64, rank, &n);
  memcpy(x->data, numbers, (size_t)n * sizeof *numbers);
  return at;
}

static bool parse(op_case *c, const char *text, edge *e) {
  e->text = text;
  for (int i = 0; i < c->n; i++) text = parse_tensor(c, text, &e->x[i]);
  if (strncmp(text, " = ", 3) != 0) return false;
  text = parse_tensor(c, text + 3, &e->y);
  e->sloped = text[0] == ' ' && strchr("-\n", text[1]) == NULL;
  e->sloped = e->sloped || (text[0] == ' ' && text[1] == '-' && !strchr(" \n", text[2]));
  for (int i = 0; i < c->n && e->sloped; i++) text = parse_tensor(c, text, &e->slope[i]);
  return true;
}

static void compare(op_case *c, const edge *e, const char *what, const tg_tensor *seen,
                    const tg_tensor *expected) {
  char text[120];
  tg_tensor wide = *expected;
  if (seen->data && seen->dtype != TG_F64) wide = case_cast(c, expected, seen->dtype);
  snprintf(text, sizeof text, "%s at %.*s", what, (int)(strchr(e->text, '=') - e->text - 1),
           e->text);
  case_equal(c, text, seen, &wide, 1e-12);
}

/* 3, or 3, 4, 5, ... */
static tg_var cotangent(op_case *c, const tg_tensor *y) {
  tg_tensor g = case_like(c, y);
  int64_t n = tg_tensor_numel(y);
  for (int64_t k = 0; k < n; k++) tg_tensor_put(&g, k, 3 + (double)k);
  return tg_leaf(c->t, g);
}

/* By both sweeps. */
static void compare_slopes(op_case *c, const edge *e, const tg_var x[], tg_var y) {
  tg_var g = cotangent(c, &e->y), dx;
  for (int i = 0; i < c->n && !case_failed(c); i++) {
    tg_tensor plain = case_like(c, &e->x[i]);
    tg_backward_into(&y, &g, 1, NULL, &x[i], &plain, 1);
    compare(c, e, "plain slope", &plain, &e->slope[i]);
    tg_vjp(&y, &g, 1, &x[i], 1, &dx);
    tg_tensor value = tg_value(dx);
    compare(c, e, "slope", &value, &e->slope[i]);
  }
}

static void compare_edge(op_case *c, const edge *e) {
  tg_mark mark = tg_tape_mark(c->t);
  tg_var x[TG_SAMPLE_INPUTS], y = case_apply(c, e->x, x);
  tg_tensor value = tg_value(y);
  compare(c, e, "value", &value, &e->y);
  if (e->sloped && !(c->op->flags & TG_OP_CONST)) compare_slopes(c, e, x, y);
  tg_tape_rewind(c->t, mark);
}

void check_edges(op_case *c) {
  FILE *file = fopen(GOLDEN_EDGES, "r");
  char head[100], line[800];
  int length = snprintf(head, sizeof head, "%s %d ", c->op->name, c->index);
  while (file && !case_failed(c) && fgets(line, sizeof line, file)) {
    edge e;
    if (strncmp(line, head, (size_t)length) != 0) continue;
    if (!parse(c, line + length, &e)) case_fail(c, "a broken row in %s", GOLDEN_EDGES);
    compare_edge(c, &e);
  }
  if (file) fclose(file);
}
