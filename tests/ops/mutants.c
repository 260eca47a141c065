/* The mutations: each function of an operator wrapped by one that errs. */
#include "mutants.h"

static const tg_op *whole; /* what the mutant is made of */
static double factor = 1.001;

static tg_vjp_fn *rule_of(int i) { return whole->vjp[i < TG_MAX_RULES && whole->vjp[i] ? i : 0]; }

/* ---- numbers gone wrong ---- */

static void spoil(const tg_tensor *x) {
  int64_t n = tg_tensor_numel(x);
  for (int64_t k = 0; k < n; k++) {
    double value = tg_tensor_at(x, k);
    double wrong = tg_dtype_is_float(x->dtype) ? factor * value
                   : x->dtype == TG_BOOL       ? value == 0
                                               : value + 1;
    tg_tensor_put(x, k, wrong);
  }
}

static tg_var spoiled(tg_var x) { return tg_is_none(x) ? x : tg_mul_scalar(x, factor); }

/* The call with the first two operands exchanged; the arrays must live as long. */
static tg_call swapped(const tg_call *c, tg_tensor in[], tg_var x[]) {
  tg_call s = *c;
  for (int i = 0; i < c->n; i++) {
    int from = i == 0 ? 1 : i == 1 ? 0 : i;
    in[i] = c->in[from];
    if (c->x) x[i] = c->x[from];
  }
  s.in = in;
  if (c->x) s.x = x;
  return s;
}

enum { MOST = 8 };
static bool can_swap(const tg_call *c) { return c->n >= 2 && c->n <= MOST; }

/* ---- kernels ---- */

static tg_status kernel_scaled(const tg_call *c) {
  tg_status status = whole->kernel(c);
  if (status == TG_OK) spoil(&c->out);
  return status;
}

static tg_status kernel_swapped(const tg_call *c) {
  tg_tensor in[MOST];
  tg_var x[MOST];
  if (!can_swap(c)) return whole->kernel(c);
  tg_call s = swapped(c, in, x);
  return whole->kernel(&s);
}

/* A view that runs backwards along its first axis. */
static tg_status shape_reversed(tg_call *c) {
  tg_status status = whole->shape(c);
  if (status != TG_OK || c->out.data == NULL || tg_tensor_numel(&c->out) == 0) return status;
  for (int k = 0; k < c->out.rank; k++) {
    if (c->out.dims[k] < 2) continue;
    int64_t bytes = c->out.strides[k] * (int64_t)tg_dtype_size(c->out.dtype);
    c->out.data = (char *)c->out.data + (c->out.dims[k] - 1) * bytes;
    c->out.strides[k] = -c->out.strides[k];
    return status;
  }
  return status;
}

static tg_var compose_scaled(const tg_call *c) {
  tg_var y = whole->compose(c);
  if (tg_dtype_is_float(tg_dtype_of(y))) return spoiled(y);
  return tg_dtype_of(y) == TG_BOOL ? tg_logical_not(y) : tg_add_scalar(y, 1);
}

/* ---- rules ---- */

static tg_var vjp_scaled(const tg_call *c, tg_var g) { return spoiled(rule_of(c->i)(c, g)); }

static tg_var vjp_dropped(const tg_call *c, tg_var g) {
  rule_of(c->i)(c, g);
  return TG_NONE;
}

static tg_var vjp_swapped(const tg_call *c, tg_var g) {
  tg_tensor in[MOST];
  tg_var x[MOST];
  if (!can_swap(c)) return rule_of(c->i)(c, g);
  tg_call s = swapped(c, in, x);
  return rule_of(c->i)(&s, g);
}

static tg_var vjp_ones(const tg_call *c, tg_var g) {
  const tg_tensor *x = &c->in[c->i];
  return tg_broadcast_to(tg_scalar_like(g, 1), x->rank, x->dims);
}

static int broken; /* the operand whose cotangent vjp_all, grad get wrong */

static void vjp_all_scaled(const tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  whole->vjp_all(c, g, want, dx);
  if (broken < c->n && want[broken]) dx[broken] = spoiled(dx[broken]);
}

static void vjp_all_dropped(const tg_call *c, tg_var g, const bool want[], tg_var dx[]) {
  whole->vjp_all(c, g, want, dx);
  if (broken < c->n) dx[broken] = TG_NONE;
}

static tg_var jvp_scaled(const tg_call *c, const tg_var dx[]) { return spoiled(whole->jvp(c, dx)); }
static tg_var jvp_dropped(const tg_call *c, const tg_var dx[]) {
  whole->jvp(c, dx);
  return TG_NONE;
}

/* The axis behind, and the first one where there is none. */
static int axis_shifted(const tg_call *c, int i, int k) { return whole->axis(c, i, k) + 1; }

/* ---- plain cotangents ---- */

static tg_status grad_scaled(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                             double beta) {
  tg_status status = whole->grad(c, i, g, dx, beta);
  if (status == TG_OK && i == broken) spoil(dx);
  return status;
}

static tg_status grad_other_beta(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                                 double beta) {
  return whole->grad(c, i, g, dx, i == broken ? 1 - beta : beta);
}

/* ---- what can be broken ---- */

static bool flows(const tg_op *m, int i) {
  return m->vjp[i] && m->vjp[i] != tg_vjp_none && m->vjp[i] != tg_vjp_zero &&
         !(m->flags & TG_OP_CONST);
}

static bool has_operand(const tg_op *m, int i) { return i < m->arity || i < m->max_arity; }

static bool scale_kernel(tg_op *m, int i) {
  (void)i;
  if (m->kernel) m->kernel = kernel_scaled;
  return m->kernel != NULL;
}
static bool swap_kernel(tg_op *m, int i) {
  (void)i;
  bool can = m->kernel && (m->arity >= 2 || m->max_arity >= 2);
  if (can) m->kernel = kernel_swapped;
  return can;
}
static bool reverse_view(tg_op *m, int i) {
  (void)i;
  bool can = m->shape && m->flags & TG_OP_VIEW;
  if (can) m->shape = shape_reversed;
  return can;
}
static bool drop_arrange(tg_op *m, int i) {
  (void)i;
  bool can = m->arrange != NULL;
  m->arrange = NULL;
  return can;
}
static bool scale_compose(tg_op *m, int i) {
  (void)i;
  if (m->compose) m->compose = compose_scaled;
  return m->compose != NULL;
}
static bool scale_vjp(tg_op *m, int i) {
  bool can = flows(m, i) && !m->vjp_all;
  if (can) m->vjp[i] = vjp_scaled;
  return can;
}
static bool drop_vjp(tg_op *m, int i) {
  bool can = flows(m, i) && !m->vjp_all;
  if (can) m->vjp[i] = vjp_dropped;
  return can;
}
static bool swap_vjp(tg_op *m, int i) {
  bool can = flows(m, i) && !m->vjp_all && m->arity == 2;
  if (can) m->vjp[i] = vjp_swapped;
  return can;
}
static bool fill_vjp(tg_op *m, int i) {
  bool can = m->vjp[i] == tg_vjp_zero && has_operand(m, i) && !(m->flags & TG_OP_CONST);
  if (can) m->vjp[i] = vjp_ones;
  return can;
}
static bool scale_vjp_all(tg_op *m, int i) {
  bool can = m->vjp_all && has_operand(m, i);
  if (can) m->vjp_all = vjp_all_scaled;
  return can;
}
static bool drop_vjp_all(tg_op *m, int i) {
  bool can = m->vjp_all && has_operand(m, i);
  if (can) m->vjp_all = vjp_all_dropped;
  return can;
}
static bool scale_grad(tg_op *m, int i) {
  bool can = m->grad && has_operand(m, i) && (m->vjp_all || flows(m, i));
  if (can) m->grad = grad_scaled;
  return can;
}
static bool turn_beta(tg_op *m, int i) {
  bool can = scale_grad(m, i);
  if (can) m->grad = grad_other_beta;
  return can;
}
static bool pass_on(tg_op *m, int i) {
  uint32_t passes = i == 0 ? TG_OP_PASSES_0 : TG_OP_PASSES_1;
  bool can = i < 2 && m->grad && m->shape == tg_shape_same && has_operand(m, i) && flows(m, i) &&
             !(m->flags & passes); /* a cotangent of another size is passed to none */
  if (can) m->flags |= passes;
  return can;
}
static bool shift_axis(tg_op *m, int i) {
  (void)i;
  if (m->axis) m->axis = axis_shifted;
  return m->axis != NULL;
}
static bool can_jvp(const tg_op *m) {
  return m->jvp && m->jvp != tg_jvp_zero && !(m->flags & TG_OP_CONST);
}
static bool scale_jvp(tg_op *m, int i) {
  (void)i;
  bool can = can_jvp(m);
  if (can) m->jvp = jvp_scaled;
  return can;
}
static bool drop_jvp(tg_op *m, int i) {
  (void)i;
  bool can = can_jvp(m);
  if (can) m->jvp = jvp_dropped;
  return can;
}

/* clang-format off */
const mutation mutations[] = {
  {"kernel x 1.001", -1, scale_kernel},    {"kernel, operands swapped", -1, swap_kernel},
  {"view reversed", -1, reverse_view},     {"arrange dropped", -1, drop_arrange},
  {"expression x 1.001", -1, scale_compose}, {"axes shifted", -1, shift_axis},
  {"jvp x 1.001", -1, scale_jvp},          {"jvp dropped", -1, drop_jvp},
#define RULES(i)                                                                                   \
  {"vjp " #i " x 1.001", i, scale_vjp},    {"vjp " #i " dropped", i, drop_vjp},                    \
  {"vjp " #i ", operands swapped", i, swap_vjp}, {"vjp " #i ", ones for zero", i, fill_vjp},       \
  {"all vjp, " #i " x 1.001", i, scale_vjp_all}, {"all vjp, " #i " dropped", i, drop_vjp_all},     \
  {"grad " #i " x 1.001", i, scale_grad},  {"grad " #i ", sets for adds", i, turn_beta},           \
  {"grad " #i ", passed on", i, pass_on},
  RULES(0) RULES(1) RULES(2) RULES(3)
#undef RULES
};
/* clang-format on */
const int mutation_count = (int)(sizeof mutations / sizeof *mutations);

bool mutate(const mutation *how, const tg_op *op, tg_op *m) {
  *m = *op;
  whole = op;
  broken = how->rule;
  return how->make(m, how->rule < 0 ? 0 : how->rule);
}
