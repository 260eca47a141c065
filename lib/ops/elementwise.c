/* The rows read as operators on vars: a tg_op each, with its rules, samples and constructor. Knows
   no sweep, and of arithmetic only where the compiled rows are (kernel/map.h). */
#include "kernel/map.h"
#include "ops/ops_internal.h"

/* The attributes p and q of every row; those that a row does not have are 0. */
typedef struct attrs {
  double p, q;
} attrs;

static const double *attrs_of(const tg_call *c) { return c->attrs; }

/* ---- rows at work ---- */

static const tgi_map_table *table_of(const tg_call *c) {
  return tgi_map_table_for(tg_runtime_isa(c->runtime), c->in[0].dtype);
}

/* Of what rows without p and q are given. */
static const double *numbers_of(const tg_call *c) {
  static const double none[2] = {0, 0};
  return c->attrs ? c->attrs : none;
}

/* One element needs no walk. */
static tg_status map_value(const tg_call *c, const tgi_map_row *row) {
  const tg_tensor *a = &c->in[0], *b = &c->in[c->n - 1];
  bool whole =
      tgi_is_single(&c->out)
          ? row->value(1, c->out.data, (const void *const[]){a->data, b->data}, numbers_of(c))
          : tgi_map(c->runtime, row->value, &c->out, (const tg_tensor *const[]){a, b}, c->n,
                    attrs_of(c));
  return whole ? TG_OK : tg_call_fail(c, TG_DIVISION, "an integer is divided by zero");
}

/* A row bound to operands that all are dense, and few enough that no thread is worth waking. */
typedef struct bound {
  tgi_map_fn *fn;
  int64_t n;
  attrs numbers;
} bound;

enum { FEW = 32768 };

static tg_status kernel_bound(const tg_call *c) {
  const bound *b = c->attrs;
  const void *in[TGI_MAP_OPERANDS] = {c->in[0].data, c->in[c->n - 1].data};
  if (b->fn(b->n, c->out.data, in, &b->numbers.p)) return TG_OK;
  return tg_call_fail(c, TG_DIVISION, "an integer is divided by zero");
}

static tg_kernel_fn *map_bind(const tg_call *c, const tgi_map_row *row, const void **to) {
  for (int i = 0; i < c->n; i++)
    if (!tg_tensor_is_contiguous(&c->in[i])) return NULL;
  int64_t n = tg_tensor_numel(&c->out);
  bound *b = n <= FEW ? tg_call_scratch(c, sizeof *b) : NULL;
  if (b == NULL) return NULL;
  *b = (bound){.fn = row->value, .n = n};
  if (c->attrs) b->numbers = *(const attrs *)c->attrs;
  *to = b;
  return kernel_bound;
}

/* dx = beta dx + the row's cotangent of operand i. */
static tg_status map_cotangent(const tg_call *c, const tgi_map_row *row, int i, const tg_tensor *g,
                               const tg_tensor *dx, double beta) {
  const tg_tensor *a = &c->in[0], *b = &c->in[c->n - 1], *y = &c->out;
  tgi_map_fn *fn = row->cotangent[i][beta != 0];
  if (tgi_is_single(dx))
    fn(1, dx->data, (const void *const[]){a->data, b->data, y->data, g->data}, numbers_of(c));
  else
    tgi_map(c->runtime, fn, dx, (const tg_tensor *const[]){a, b, y, g}, 4, attrs_of(c));
  return TG_OK;
}

static void map_part(const tg_call *c, const tgi_map_row *row, int i, int64_t first, int64_t n,
                     const void *g, void *dx, double beta) {
  const tg_tensor *const in[] = {&c->in[0], &c->in[c->n - 1], &c->out};
  tgi_map_part(row->cotangent[i][beta != 0], first, n, dx, in, 3, g, numbers_of(c));
}

/* A predicate's result: bool, in the shape of the operands. */
static tg_status shape_bool(tg_call *c) {
  const tg_status status = tg_shape_same(c);
  c->out.dtype = TG_BOOL;
  return status;
}

#define VALUE(name)                                                                                \
  static tg_status kernel_##name(const tg_call *c) { return map_value(c, &table_of(c)->name); }    \
  static tg_kernel_fn *bind_##name(const tg_call *c, const void **to) {                            \
    return map_bind(c, &table_of(c)->name, to);                                                    \
  }
#define GRAD(name)                                                                                 \
  static tg_status grad_##name(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,   \
                               double beta) {                                                      \
    return map_cotangent(c, &table_of(c)->name, i, g, dx, beta);                                   \
  }                                                                                                \
  static void part_##name(const tg_call *c, int i, int64_t first, int64_t n, const void *g,        \
                          void *dx, double beta) {                                                 \
    map_part(c, &table_of(c)->name, i, first, n, g, dx, beta);                                     \
  }

#define ROW(name) VALUE(name)
#include "kernel/elementwise_rows.h"

/* clang-format off */
#define UNARY(name, ...)  GRAD(name)
#define UNARY1(name, ...) GRAD(name)
#define UNARY2(name, ...) GRAD(name)
#define BINARY(name, ...) GRAD(name)
#include "kernel/elementwise_rows.h"
/* clang-format on */

/* ---- rules ---- */

static tg_var operand(const tg_call *c, int i) { return c->x[i]; }

/* What rules name. Macros, so that a rule makes no node for what it does not use. */
#define x           operand(c, 0)
#define a           operand(c, 0)
#define b           operand(c, 1)
#define y           (c->y)
#define p           tg_scalar_like(g, attrs_of(c)[0])
#define q           tg_scalar_like(g, attrs_of(c)[1])
#define K(constant) tg_scalar_like(g, constant)

#define RULE(operand, name, rule)                                                                  \
  static tg_var vjp_##operand##_of_##name(const tg_call *c, tg_var g) {                            \
    (void)c;                                                                                       \
    return rule;                                                                                   \
  }

/* clang-format off */
#define UNARY(name, label, class, formula, low, high, kinks, value, rule)  RULE(x, name, rule)
#define UNARY1(name, label, class, formula, low, high, kinks, p_, p_usual, p_other, value, rule)   \
  RULE(x, name, rule)
#define UNARY2(name, label, class, formula, low, high, kinks, p_, p_usual, p_other,                \
               q_, q_usual, q_other, value, rule)                                                  \
  RULE(x, name, rule)
#define BINARY(name, label, class, formula, low, high, b_low, b_high, kinks, value, rule_a, rule_b) \
  RULE(a, name, rule_a)                                                                            \
  RULE(b, name, rule_b)
#include "kernel/elementwise_rows.h"
/* clang-format on */

#undef x
#undef a
#undef b
#undef y
#undef p
#undef q
#undef K
/* ---- samples ---- */

/* Columns of a row as initialisers. */
#define KINK(...)                                                                                  \
  .kinks = {__VA_ARGS__}, .n_kinks = (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double))
#define SMOOTH .n_kinks = 0

#define MATRIX(l, h)                                                                               \
  { .rank = 2, .dims = {3, 4}, .low = l, .high = h }
#define COLUMN(l, h)                                                                               \
  { .rank = 2, .dims = {3, 1}, .low = l, .high = h }
#define VECTOR(l, h)                                                                               \
  { .rank = 1, .dims = {4}, .low = l, .high = h }
#define NUMBER(l, h)                                                                               \
  { .rank = 0, .low = l, .high = h }
#define EMPTY(l, h)                                                                                \
  { .rank = 2, .dims = {0, 3}, .low = l, .high = h }
#define OTHERS(l, h)                                                                               \
  { .rank = 1, .dims = {5}, .low = l, .high = h } /* does not fit MATRIX */

/* clang-format off */
#define SAMPLES1(low, high, attributes, ...)                                                 \
    {.n = 1, .in = {MATRIX(low, high)}, .attrs = attributes, __VA_ARGS__},                         \
    {.n = 1, .in = {NUMBER(low, high)}, .attrs = attributes, __VA_ARGS__},                         \
    {.n = 1, .in = {EMPTY(low, high)},  .attrs = attributes, __VA_ARGS__},
#define SAMPLES2(al, ah, bl, bh, ...)                                                        \
    {.n = 2, .in = {MATRIX(al, ah), MATRIX(bl, bh)}, __VA_ARGS__},                                 \
    {.n = 2, .in = {COLUMN(al, ah), VECTOR(bl, bh)}, __VA_ARGS__},                                 \
    {.n = 2, .in = {NUMBER(al, ah), MATRIX(bl, bh)}, __VA_ARGS__},                                 \
    {.n = 2, .in = {NUMBER(al, ah), NUMBER(bl, bh)}, __VA_ARGS__},                                 \
    {.n = 2, .in = {EMPTY(al, ah),  EMPTY(bl, bh)},  __VA_ARGS__},                                 \
    {.n = 2, .in = {MATRIX(al, ah), OTHERS(bl, bh)}, .refuse = TG_SHAPE},

/* A dtype that the class does not take is refused. */
#define REFUSED(n_, dtype_, attributes)                                                            \
    {.n = n_, .in = {{.dtype = dtype_}, {.dtype = dtype_}}, .attrs = attributes, .refuse = TG_DTYPE},
#define FLOATS_REFUSE(n, attributes)  REFUSED(n, TG_I32, attributes)
#define NUMBERS_REFUSE(n, attributes) REFUSED(n, TG_BOOL, attributes)
#define ANY_REFUSE(n, attributes)

#define ATTRS(name, p_usual, p_other, q_usual, q_other)                                            \
  static const attrs usual_##name = {p_usual, q_usual}, other_##name = {p_other, q_other};

#define UNARY(name, label, class, formula, low, high, kinks, value, rule)                          \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES1(low, high, NULL, kinks) class##_REFUSE(1, NULL)                                       \
  };
#define UNARY1(name, label, class, formula, low, high, kinks, p, p_usual, p_other, value, rule)    \
  ATTRS(name, p_usual, p_other, 0, 0)                                                              \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES1(low, high, &usual_##name, kinks)                                                      \
    SAMPLES1(low, high, &other_##name, kinks) class##_REFUSE(1, &usual_##name)                     \
  };
#define UNARY2(name, label, class, formula, low, high, kinks, p, p_usual, p_other,                 \
               q, q_usual, q_other, value, rule)                                                   \
  ATTRS(name, p_usual, p_other, q_usual, q_other)                                                  \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES1(low, high, &usual_##name, kinks)                                                      \
    SAMPLES1(low, high, &other_##name, kinks) class##_REFUSE(1, &usual_##name)                     \
  };
#define BINARY(name, label, class, formula, a_low, a_high, b_low, b_high, kinks, value, ...)       \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES2(a_low, a_high, b_low, b_high, kinks) class##_REFUSE(2, NULL)                          \
  };
#define STEP(name, label, class, formula, low, high, kinks, value)                                 \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES1(low, high, NULL, kinks) class##_REFUSE(1, NULL)                                       \
  };
#define TEST(name, label, class, formula, low, high, value)                                        \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES1(low, high, NULL, SMOOTH) class##_REFUSE(1, NULL)                                      \
  };
#define TEST1(name, label, class, formula, low, high, p, p_usual, p_other, value)                  \
  ATTRS(name, p_usual, p_other, 0, 0)                                                              \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES1(low, high, &usual_##name, SMOOTH)                                                     \
    SAMPLES1(low, high, &other_##name, SMOOTH) class##_REFUSE(1, &usual_##name)                    \
  };
#define COMPARE(name, label, class, formula, low, high, value)                                     \
  static const tg_sample samples_##name[] = {                                                      \
    SAMPLES2(low, high, low, high, SMOOTH) class##_REFUSE(2, NULL)                                 \
  };
#include "kernel/elementwise_rows.h"

/* ---- attributes ---- */

#define FIELD(member, text) {.name = text, .type = TG_FIELD_F64, .offset = offsetof(attrs, member)}
#define LAST                {.name = NULL}
#define UNARY1(name, label, class, formula, low, high, kinks, p_name, ...)                         \
  static const tg_field fields_##name[] = {FIELD(p, #p_name), LAST};
#define UNARY2(name, label, class, formula, low, high, kinks, p_name, p_usual, p_other, q_name, ...) \
  static const tg_field fields_##name[] = {FIELD(p, #p_name), FIELD(q, #q_name), LAST};
#define TEST1(name, label, class, formula, low, high, p_name, ...)                                 \
  static const tg_field fields_##name[] = {FIELD(p, #p_name), LAST};
#include "kernel/elementwise_rows.h"

/* ---- the operators ---- */

#define HERE (TG_OP_IN_PLACE | TG_OP_ELEMENTWISE)
#define NAMED(name_, label_, class, formula_)                                                      \
  TG_OP_INIT, .name = #name_, .label = label_, .formula = formula_, .dtypes = TG_##class,          \
  .kernel = kernel_##name_, .bind = bind_##name_, TG_SAMPLES(samples_##name_)
#define ONE(shape_)  .arity = 1, .shape = shape_
#define TWO(shape_)  .arity = 2, .shape = shape_, .arrange = tg_arrange_broadcast
#define WITH(name)   .attrs_size = sizeof(attrs), .attrs = fields_##name
#define IS_G(rule)   (sizeof(#rule) == sizeof("g")) /* a rule that is one letter long is g */
#define SLOPE(name, rule)                                                                          \
  .vjp = {vjp_x_of_##name}, .jvp = tg_jvp_elementwise, .grad = grad_##name,                        \
  .grad_part = part_##name,                                                                        \
  .flags = HERE | (IS_G(rule) ? TG_OP_PASSES_0 : 0)
#define SLOPES(name, rule_a, rule_b)                                                               \
  .vjp = {vjp_a_of_##name, vjp_b_of_##name}, .jvp = tg_jvp_elementwise, .grad = grad_##name,       \
  .grad_part = part_##name,                                                                        \
  .flags = HERE | (IS_G(rule_a) ? TG_OP_PASSES_0 : 0) |                                  \
           (IS_G(rule_b) ? TG_OP_PASSES_1 : 0)
#define FLAT         .vjp = {tg_vjp_zero, tg_vjp_zero}, .jvp = tg_jvp_zero
#define CONST        .flags = TG_OP_CONST | HERE, FLAT

#define UNARY(name, label, class, formula, low, high, kinks, value, rule)                          \
  const tg_op tgi_op_##name = {NAMED(name, label, class, formula), ONE(tg_shape_same),             \
                               SLOPE(name, rule)};
#define UNARY1(name, label, class, formula, low, high, kinks, p, p_usual, p_other, value, rule)    \
  const tg_op tgi_op_##name = {NAMED(name, label, class, formula), ONE(tg_shape_same), WITH(name), \
                               SLOPE(name, rule)};
#define UNARY2(name, label, class, formula, low, high, kinks, p, p_usual, p_other,                 \
               q, q_usual, q_other, value, rule)                                                   \
  const tg_op tgi_op_##name = {NAMED(name, label, class, formula), ONE(tg_shape_same), WITH(name), \
                               SLOPE(name, rule)};
#define BINARY(name, label, class, formula, low, high, b_low, b_high, kinks, value, rule_a, rule_b) \
  const tg_op tgi_op_##name = {NAMED(name, label, class, formula), TWO(tg_shape_same),             \
                               SLOPES(name, rule_a, rule_b)};
#define STEP(name, label, class, formula, ...)                                                     \
  const tg_op tgi_op_##name = {NAMED(name, label, class, formula), ONE(tg_shape_same),             \
                               .flags = HERE, FLAT};
#define TEST(name, label, class, formula, ...)                                                     \
  const tg_op tgi_op_##name = {NAMED(name, label, class, formula), ONE(shape_bool), CONST};
#define TEST1(name, label, class, formula, ...)                                                    \
  const tg_op tgi_op_##name = {NAMED(name, label, class, formula), ONE(shape_bool), CONST,         \
                               WITH(name)};
#define COMPARE(name, label, class, formula, ...)                                                  \
  const tg_op tgi_op_##name = {NAMED(name, label, class, formula), TWO(shape_bool), CONST};
#include "kernel/elementwise_rows.h"

/* ---- the constructors ---- */

#define APPLY(name, attributes) return tg_apply(&tgi_op_##name, &x, 1, attributes)
#define UNARY(name, ...) tg_var tg_##name(tg_var x) { APPLY(name, NULL); }
#define STEP(name, ...)  tg_var tg_##name(tg_var x) { APPLY(name, NULL); }
#define TEST(name, ...)  tg_var tg_##name(tg_var x) { APPLY(name, NULL); }
#define UNARY1(name, ...)                                                                          \
  tg_var tg_##name(tg_var x, double p) { APPLY(name, (&(attrs){.p = p})); }
#define TEST1 UNARY1
#define UNARY2(name, ...)                                                                          \
  tg_var tg_##name(tg_var x, double p, double q) { APPLY(name, (&(attrs){.p = p, .q = q})); }
#define BINARY(name, ...)                                                                          \
  tg_var tg_##name(tg_var a, tg_var b) {                                                           \
    return tg_apply(&tgi_op_##name, (const tg_var[]){a, b}, 2, NULL);                              \
  }
#define COMPARE BINARY
#include "kernel/elementwise_rows.h"
/* clang-format on */
