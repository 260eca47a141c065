/* scalar_chain as it would be written for it alone: a bare tape of structs, libm's sin and cos. */
#include <math.h>
#include <stdlib.h>

#include "limits.h"

enum { TIMES = 3333, LEAVES = 3, OPERATORS = 3 * TIMES + 1 };

typedef enum kind { SIN, MUL, ADD } kind;

typedef struct node {
  kind kind;
  int a, b;
  double value, slope;
} node;

typedef struct chain {
  node nodes[LEAVES + OPERATORS];
  int n;
} chain;

static int record(chain *c, kind k, int a, int b, double value) {
  c->nodes[c->n] = (node){.kind = k, .a = a, .b = b, .value = value};
  return c->n++;
}

static void forward(chain *c) {
  node *x = c->nodes;
  int y = 0;
  c->n = LEAVES;
  for (int i = 0; i < TIMES; i++) {
    y = record(c, SIN, y, y, sin(x[y].value));
    y = record(c, MUL, y, 1, x[y].value * x[1].value);
    y = record(c, ADD, y, 2, x[y].value + x[2].value);
  }
  record(c, SIN, y, y, sin(x[y].value));
}

static void reverse(chain *c) {
  node *x = c->nodes;
  for (int i = 0; i < LEAVES; i++) x[i].slope = 0;
  x[c->n - 1].slope = 1;
  for (int i = c->n - 1; i >= LEAVES; i--) {
    node *a = &x[x[i].a], *b = &x[x[i].b];
    double g = x[i].slope;
    if (x[i].kind == SIN) {
      a->slope += g * cos(a->value);
    } else if (x[i].kind == MUL) {
      a->slope += g * b->value;
      b->slope += g * a->value;
    } else {
      a->slope += g;
      b->slope += g;
    }
  }
}

static void step(void *state) {
  forward(state);
  reverse(state);
}

limit limit_scalar_chain(const options *o) {
  limit found = {.what = "bare tape", .isa = "libm", .per_op = OPERATORS};
  chain *c = limits_room(sizeof *c);
  const double leaves[LEAVES] = {0.5, 1.1, 0.2};
  for (int i = 0; i < LEAVES; i++) c->nodes[i].value = leaves[i];
  step(c);
  found.c1 = found.c5 = c->nodes[c->n - 1].value;
  if (o->seconds > 0) found.time = time_steps(step, NULL, c, o->seconds);
  free(c);
  return found;
}
