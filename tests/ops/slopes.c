/* Rules against differences of what they are the rules of. A slope is that of S(x) = sum_j
   <u_j, y_j(x)>: along a direction v in one operand, three numbers must agree: the central
   difference, <vjp of u, v>, and <u, jvp of v>. The rule of the first order is itself such a
   function, of the operands and its cotangent. */
#include "cases.h"

/* operands and the cotangent; cotangents of all operands */
enum { MOST = TG_SAMPLE_INPUTS + 1 };

/* What is differentiated: from tensors z to vars y. */
typedef struct function {
  op_case *c;
  const char *vjp, *jvp; /* what a failure calls them */
  int order;             /* 1: the operator; 2: its vjp */
  int n, m;              /* operands, results */
  tg_tensor z[MOST];
  tg_tensor u[MOST]; /* cotangents of the results, by which they are contracted */
} function;

/* x[0..f->n) the leaves over z, y[0..f->m) the results. */
static bool record(const function *f, const tg_tensor z[], tg_var x[], tg_var y[]) {
  op_case *c = f->c;
  y[0] = case_apply(c, z, x);
  if (f->order == 2) {
    tg_var value = y[0], targets[MOST];
    x[c->n] = tg_leaf(c->t, z[c->n]);
    int m = 0;
    for (int i = 0; i < c->n; i++)
      if (case_is_differentiable(c, i)) targets[m++] = x[i];
    tg_vjp(&value, &x[c->n], 1, targets, m, y);
  }
  if (tg_tape_status(c->t) != TG_OK) case_fail(c, "%s: %s", f->vjp, tg_tape_message(c->t));
  return !case_failed(c);
}

/* S(z) */
static double contract(const function *f, const tg_tensor z[]) {
  tg_mark mark = tg_tape_mark(f->c->t);
  tg_var x[MOST], y[MOST];
  double sum = NAN;
  if (record(f, z, x, y)) {
    sum = 0;
    for (int j = 0; j < f->m; j++) {
      tg_tensor value = tg_value(y[j]);
      sum += dot(&value, &f->u[j]);
    }
  }
  tg_tape_rewind(f->c->t, mark);
  return sum;
}

/* S(z + h v) with v in operand i. */
static double moved(const function *f, int i, const tg_tensor *v, double h) {
  tg_tensor z[MOST];
  memcpy(z, f->z, sizeof z);
  z[i] = case_copy(f->c, &f->z[i]);
  double *to = z[i].data;
  const double *from = v->data;
  int64_t n = tg_tensor_numel(v);
  for (int64_t k = 0; k < n; k++) to[k] += h * from[k];
  return contract(f, z);
}

/* Of the fourth order, so that the step can be wide and little is lost by rounding. */
static double difference(const function *f, int i, const tg_tensor *v, double h) {
  return (8 * (moved(f, i, v, h) - moved(f, i, v, -h)) -
          (moved(f, i, v, 2 * h) - moved(f, i, v, -2 * h))) /
         (12 * h);
}

static bool near(double a, double b, double tolerance) {
  return fabs(a - b) <= tolerance * (1 + fabs(a) + fabs(b));
}

/* A tie that lies within the step is left by a smaller one. */
static bool agrees(const function *f, int i, const tg_tensor *v, double slope) {
  return near(slope, difference(f, i, v, 1e-4), 1e-7) ||
         near(slope, difference(f, i, v, 1e-6), 1e-6);
}

/* ---- localisation ---- */

/* Which element of operand i is off most, the cotangent dx being what the rule says. */
static void localise(const function *f, int i, const tg_tensor *dx) {
  tg_tensor e = case_like(f->c, &f->z[i]);
  double worst = -1, *at = e.data;
  int64_t n = tg_tensor_numel(&e), where = 0;
  for (int64_t k = 0; k < n; k++) {
    at[k] = 1;
    double off = fabs(tg_tensor_at(dx, k) - difference(f, i, &e, 1e-5));
    at[k] = 0;
    if (off > worst || isnan(off)) where = k;
    worst = isnan(off) ? (double)INFINITY : fmax(worst, off);
  }
  char text[64], name[32];
  index_text(&e, where, text);
  snprintf(name, sizeof name, i < f->c->n ? "operand %d" : "the cotangent", i);
  case_fail(f->c, "%s of %s: %.1e off at %s", f->vjp, name, worst, text);
}

/* ---- the three numbers ---- */

static void compare_vjp(const function *f, int i, const tg_tensor *v, const tg_tensor *dx) {
  f->c->compared++;
  if (dx->data == NULL) case_fail(f->c, "%s: %s", f->vjp, tg_tape_message(f->c->t));
  if (dx->data && !agrees(f, i, v, dot(dx, v))) localise(f, i, dx);
}

/* Along v in operand i, the others at rest. */
static void compare_jvp(const function *f, const tg_var x[], const tg_var y[], int i,
                        const tg_tensor *v, double reverse) {
  tg_var tangent = tg_leaf(f->c->t, *v), dy[MOST];
  double forward = 0;
  tg_status status = tg_jvp(y, f->m, &x[i], &tangent, 1, dy);
  for (int j = 0; status == TG_OK && j < f->m; j++) {
    tg_tensor value = tg_value(dy[j]);
    forward += dot(&f->u[j], &value);
  }
  if (status != TG_OK) case_fail(f->c, "%s: %s", f->jvp, tg_tape_message(f->c->t));
  if (!near(forward, reverse, 1e-11))
    case_fail(f->c, "%s along operand %d: <u, J v> = %.17g, <J^T u, v> = %.17g", f->jvp, i, forward,
              reverse);
}

static bool moves(const function *f, int i) {
  return i == f->c->n || case_is_differentiable(f->c, i);
}

/* Differences along a direction in each operand, or the transposition identity. */
static void compare_slopes(const function *f, bool differences) {
  op_case *c = f->c;
  tg_mark mark = tg_tape_mark(c->t);
  tg_var x[MOST], y[MOST], u[MOST], dx[MOST];
  if (!record(f, f->z, x, y)) return;
  for (int j = 0; j < f->m; j++) u[j] = tg_leaf(c->t, f->u[j]);
  for (int i = 0; i < f->n && !case_failed(c); i++) {
    if (!moves(f, i)) continue;
    tg_tensor v = case_random(c, &f->z[i], 20 + (uint64_t)i);
    if (tg_vjp(y, u, f->m, &x[i], 1, &dx[i]) != TG_OK)
      case_fail(c, "%s of operand %d: %s", f->vjp, i, tg_tape_message(c->t));
    tg_tensor value = tg_value(dx[i]);
    if (value.data) value = case_copy(c, &value);
    if (case_failed(c)) break;
    if (differences) compare_vjp(f, i, &v, &value);
    c->compared++;
    if (!differences) compare_jvp(f, x, y, i, &v, dot(&value, &v));
  }
  tg_tape_rewind(c->t, mark);
}

/* ---- the functions ---- */

/* Differences need 53 bits. */
static bool is_double(const op_case *c, const tg_tensor *y) {
  bool all = y->dtype == TG_F64;
  for (int i = 0; i < c->n; i++) all = all && c->in[i].dtype != TG_F32;
  return all;
}

/* The operator. False: nothing to differentiate. */
static bool first_order(op_case *c, function *f) {
  tg_mark mark = tg_tape_mark(c->t);
  tg_var x[MOST];
  tg_tensor y = tg_value(case_apply(c, c->in, x));
  bool any = y.data && !case_is_constant(c, &y) && is_double(c, &y);
  if (any) {
    *f = (function){.c = c, .vjp = "vjp", .jvp = "jvp", .order = 1, .n = c->n, .m = 1};
    memcpy(f->z, c->in, sizeof c->in);
    f->u[0] = case_random(c, &y, 10);
  }
  tg_tape_rewind(c->t, mark);
  return any;
}

/* The operator's vjp: from x and g to the cotangents of x. */
static bool second_order(op_case *c, function *f) {
  function op;
  if (!first_order(c, &op)) return false;
  *f = (function){.c = c, .vjp = "vjp of vjp", .jvp = "jvp of vjp", .order = 2, .n = c->n + 1};
  memcpy(f->z, c->in, sizeof c->in);
  f->z[c->n] = op.u[0];
  for (int i = 0; i < c->n; i++)
    if (case_is_differentiable(c, i)) f->u[f->m++] = case_random(c, &c->in[i], 11 + (uint64_t)i);
  return true;
}

/* Where no gradient passes, asking for one gives zeros. */
static void compare_zero(op_case *c) {
  tg_var x[MOST], dx, y = case_apply(c, c->in, x), ones = TG_NONE;
  tg_tensor value_y = tg_value(y);
  if (!case_is_constant(c, &value_y)) return;
  for (int i = 0; i < c->n && tg_dtype_is_float(tg_dtype_of(y)); i++) {
    if (!case_is_differentiable(c, i)) continue;
    tg_vjp(&y, &ones, 1, &x[i], 1, &dx);
    tg_tensor value = tg_value(dx), zero = case_like(c, &c->in[i]);
    case_equal(c, "vjp where no gradient passes", &value, &zero, 0);
  }
}

void check_slope(op_case *c) {
  function f;
  if (first_order(c, &f))
    compare_slopes(&f, true);
  else if (!case_failed(c))
    compare_zero(c);
}

void check_second_slope(op_case *c) {
  function f;
  if (!second_order(c, &f)) return;
  compare_slopes(&f, true);
  if (!case_failed(c)) compare_slopes(&f, false);
}

void check_transpose(op_case *c) {
  function f;
  if (first_order(c, &f)) compare_slopes(&f, false);
}
