/* Dropout: linear, and its own transpose. */
#include "kernel/dropout.h"

#include "ops/attrs.h"
#include "ops/dense.h"
#include "ops/ops_internal.h"

typedef struct dropout_attrs {
  double p;
  tg_key key;
} dropout_attrs;

static const dropout_attrs *attrs_of(const tg_call *c) { return c->attrs; }

static tg_status shape_dropout(tg_call *c) {
  const double p = attrs_of(c)->p;
  if (p >= 0 && p <= 1) return TG_OK;
  return tg_call_fail(c, TG_ARGUMENT, "p is %g; it must be in [0, 1]", p);
}

static tg_status drop(const tg_call *c, const tg_tensor *y, const tg_tensor *x, double beta) {
  tg_tensor dense = *x;
  if (!tgi_dense(c, x->dtype, &dense)) return TG_NO_MEMORY;
  tgi_dropout(c->runtime, y, &dense, attrs_of(c)->p, attrs_of(c)->key, beta);
  return TG_OK;
}

static tg_status kernel_dropout(const tg_call *c) { return drop(c, &c->out, &c->in[0], 0); }

static tg_status grad_dropout(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                              double beta) {
  (void)i;
  return drop(c, dx, g, beta);
}

static tg_var vjp_dropout(const tg_call *c, tg_var g) {
  return tgi_apply1(&tgi_op_dropout, g, c->attrs);
}

/* clang-format off */
static const dropout_attrs half = {0.5, {1, 2}}, few = {0.1, {3, 4}}, none = {0, {1, 2}},
                           all = {1, {1, 2}}, beyond = {1.5, {1, 2}}, negative = {-0.1, {1, 2}};
#define X(...) {.low = -2, .high = 2, __VA_ARGS__}
static const tg_sample samples[] = {
  {.n = 1, .in = {X(.rank = 2, .dims = {3, 5})},    .attrs = &half},
  {.n = 1, .in = {X(.rank = 3, .dims = {2, 1, 3})}, .attrs = &few},
  {.n = 1, .in = {X(.rank = 0)},                    .attrs = &few},
  {.n = 1, .in = {X(.rank = 1, .dims = {0})},       .attrs = &half},
  {.n = 1, .in = {X(.rank = 1, .dims = {4})},       .attrs = &none},
  {.n = 1, .in = {X(.rank = 1, .dims = {4})},       .attrs = &all},
  {.n = 1, .in = {X(.rank = 1, .dims = {4})},       .attrs = &beyond,   .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(.rank = 1, .dims = {4})},       .attrs = &negative, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 1, .dims = {4}, .dtype = TG_I64}}, .attrs = &half, .refuse = TG_DTYPE},
};
static const tg_field fields[] = {
  {.name = "p", .type = TG_FIELD_F64, .offset = offsetof(dropout_attrs, p)},
  {.name = "key", .type = TG_FIELD_KEY, .offset = offsetof(dropout_attrs, key)}, {.name = NULL},
};
const tg_op tgi_op_dropout = {
  TG_OP_INIT, .flags = TG_OP_RANDOM, .name = "dropout", .label = "dropout",
  .formula = "y = x / (1 - p) where uniform(key, position) >= p, else 0",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(dropout_attrs), .attrs = fields,
  .shape = shape_dropout, .kernel = kernel_dropout, .vjp = {vjp_dropout}, .jvp = tg_jvp_linear,
  .grad = grad_dropout, TG_SAMPLES(samples),
};
/* clang-format on */

tg_var tg_dropout(tg_var x, double p, tg_key key) {
  if (p == 0) return x;
  return tgi_apply1(&tgi_op_dropout, x, &(const dropout_attrs){p, key});
}
