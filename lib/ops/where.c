/* where: a selection by a bool operand, and masked_fill, composed of it. Its operands differ in
   dtype, so it is no elementwise row; its kernels are compiled beside those of the rows. */
#include "kernel/map.h"
#include "ops/ops_internal.h"

#include <assert.h>

static tg_status shape_where(tg_call *c) {
  if (c->in[0].dtype != TG_BOOL)
    return tg_call_fail(c, TG_DTYPE, "the condition is %s, not bool",
                        tg_dtype_name(c->in[0].dtype));
  if (c->in[1].dtype != c->in[2].dtype)
    return tg_call_fail(c, TG_DTYPE, "the two choices are %s and %s", tg_dtype_name(c->in[1].dtype),
                        tg_dtype_name(c->in[2].dtype));
  c->out.dtype = c->in[1].dtype;
  return tg_shape_same(c);
}

static const tgi_map_row *row_of(const tg_call *c) {
  return &tgi_map_table_for(tg_runtime_isa(c->runtime), c->in[1].dtype)->where;
}

static tg_status kernel_where(const tg_call *c) {
  const tg_tensor *const in[] = {&c->in[0], &c->in[1], &c->in[2]};
  tgi_map(c->runtime, row_of(c)->value, &c->out, in, 3, NULL);
  return TG_OK;
}

/* g goes to the operand that was chosen. */
static tg_status grad_where(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                            double beta) {
  assert(i > 0);
  const tg_tensor *const in[] = {&c->in[0], &c->in[0], g, g};
  tgi_map(c->runtime, row_of(c)->cotangent[i - 1][beta != 0], dx, in, 4, NULL);
  return TG_OK;
}

static void part_where(const tg_call *c, int i, int64_t first, int64_t n, const void *g, void *dx,
                       double beta) {
  const tg_tensor *const in[] = {&c->in[0], &c->in[0]};
  tgi_map_part(row_of(c)->cotangent[i - 1][beta != 0], first, n, dx, in, 2, g, NULL);
}

static tg_var vjp_a(const tg_call *c, tg_var g) {
  return tg_where(c->x[0], g, tg_scalar_like(g, 0));
}
static tg_var vjp_b(const tg_call *c, tg_var g) {
  return tg_where(c->x[0], tg_scalar_like(g, 0), g);
}

/* The tangent of the operand that was chosen; a missing one is zero. */
static tg_var jvp_where(const tg_call *c, const tg_var dx[]) {
  const tg_var da = dx[1], db = dx[2];
  if (tg_is_none(da) && tg_is_none(db)) return TG_NONE;
  return tg_where(c->x[0], tg_is_none(da) ? tg_scalar_like(db, 0) : da,
                  tg_is_none(db) ? tg_scalar_like(da, 0) : db);
}

/* clang-format off */
#define TRUTH(...)  {.dtype = TG_BOOL, .low = 0, .high = 1, __VA_ARGS__}
#define NUMBER(...) {.low = -2, .high = 2, __VA_ARGS__}
#define MATRIX      .rank = 2, .dims = {3, 4}
#define COLUMN      .rank = 2, .dims = {3, 1}
#define VECTOR      .rank = 1, .dims = {4}
#define EMPTY       .rank = 2, .dims = {0, 3}
#define SCALAR      .rank = 0

static const tg_sample samples[] = {
  {.n = 3, .in = {TRUTH(MATRIX), NUMBER(MATRIX), NUMBER(MATRIX)}},
  {.n = 3, .in = {TRUTH(COLUMN), NUMBER(VECTOR), NUMBER(SCALAR)}},
  {.n = 3, .in = {TRUTH(SCALAR), NUMBER(MATRIX), NUMBER(VECTOR)}},
  {.n = 3, .in = {TRUTH(SCALAR), NUMBER(SCALAR), NUMBER(SCALAR)}},
  {.n = 3, .in = {TRUTH(EMPTY),  NUMBER(EMPTY),  NUMBER(EMPTY)}},
  {.n = 3, .in = {NUMBER(VECTOR, .dtype = TG_I32), NUMBER(VECTOR), NUMBER(VECTOR)},
   .refuse = TG_DTYPE},
  {.n = 3, .in = {TRUTH(VECTOR), NUMBER(VECTOR), NUMBER(VECTOR, .dtype = TG_I32)},
   .refuse = TG_DTYPE},
  {.n = 3, .in = {TRUTH(MATRIX), NUMBER(.rank = 1, .dims = {5}), NUMBER(SCALAR)},
   .refuse = TG_SHAPE},
};

typedef struct fill_attrs {
  double value;
} fill_attrs;
static const tg_field fill_fields[] = {
  {.name = "value", .type = TG_FIELD_F64, .offset = offsetof(fill_attrs, value)},
  {0},
};
#define FILL .attrs = &(const fill_attrs){1.25}

static const tg_sample fill_samples[] = {
  {.n = 2, .in = {NUMBER(MATRIX), TRUTH(MATRIX)}, FILL},
  {.n = 2, .in = {NUMBER(MATRIX), TRUTH(VECTOR)}, FILL},
  {.n = 2, .in = {NUMBER(VECTOR), TRUTH(COLUMN)}, FILL},
  {.n = 2, .in = {NUMBER(MATRIX), TRUTH(SCALAR)}, FILL},
  {.n = 2, .in = {NUMBER(SCALAR), TRUTH(SCALAR)}, FILL},
  {.n = 2, .in = {NUMBER(EMPTY),  TRUTH(EMPTY)},  FILL},
  {.n = 2, .in = {NUMBER(VECTOR), NUMBER(VECTOR, .dtype = TG_I32)}, FILL, .refuse = TG_DTYPE},
  {.n = 2, .in = {NUMBER(MATRIX), TRUTH(.rank = 1, .dims = {5})}, FILL, .refuse = TG_SHAPE},
};
/* clang-format on */

const tg_op tgi_op_where = {
    TG_OP_INIT,
    .name = "where",
    .label = "where",
    .formula = "a where condition, else b",
    .flags = TG_OP_MIXED | TG_OP_IN_PLACE | TG_OP_ELEMENTWISE,
    .arity = 3,
    .dtypes = TG_ANY,
    .arrange = tg_arrange_broadcast,
    .shape = shape_where,
    .kernel = kernel_where,
    .vjp = {tg_vjp_zero, vjp_a, vjp_b},
    .jvp = jvp_where,
    .grad = grad_where,
    .grad_part = part_where,
    TG_SAMPLES(samples),
};

tg_var tg_where(tg_var condition, tg_var a, tg_var b) {
  return tg_apply(&tgi_op_where, (const tg_var[]){condition, a, b}, 3, NULL);
}

static tg_var compose_fill(const tg_call *c) {
  const fill_attrs *attrs = c->attrs;
  return tg_where(c->x[1], tg_scalar_like(c->x[0], attrs->value), c->x[0]);
}

const tg_op tgi_op_masked_fill = {
    TG_OP_INIT,
    .name = "masked_fill",
    .label = "fill",
    .formula = "value where mask, else x",
    .flags = TG_OP_MIXED,
    .arity = 2,
    .dtypes = TG_ANY,
    .attrs_size = sizeof(fill_attrs),
    .attrs = fill_fields,
    .compose = compose_fill,
    TG_SAMPLES(fill_samples),
};

tg_var tg_masked_fill(tg_var x, tg_var mask, double value) {
  return tg_apply(&tgi_op_masked_fill, (const tg_var[]){x, mask}, 2, &(const fill_attrs){value});
}
