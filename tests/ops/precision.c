/* One operator, compiled several times: f32 against f64, and every instruction set of this
   processor against the base one. */
#include "cases.h"

typedef struct outcome {
  tg_tensor y, dx[TG_SAMPLE_INPUTS];
} outcome;

/* On a tape of its own: another runtime, perhaps; `keep` owns the memory. */
static outcome evaluate(op_case *c, const tg_tensor in[], const tg_runtime *runtime) {
  outcome o = {0};
  tg_tape *own = c->t, *t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, NULL);
  if (t == NULL) abort();
  c->t = t;
  tg_var x[TG_SAMPLE_INPUTS], y = case_apply(c, in, x);
  tg_tensor value = tg_value(y);
  if (value.data) o.y = case_copy(c, &value);
  bool slopes = value.data && !case_is_constant(c, &value);
  tg_tensor cotangent = {0};
  if (slopes) {
    tg_tensor wide = case_cast(c, &value, TG_F64), g = case_random(c, &wide, 10);
    g = case_cast(c, &g, TG_F32);
    cotangent = case_cast(c, &g, value.dtype);
  }
  for (int i = 0; slopes && i < c->n; i++) {
    if (!case_is_differentiable(c, i)) continue;
    tg_var g = tg_leaf(t, cotangent);
    o.dx[i] = case_like(c, &in[i]);
    if (tg_backward_into(&y, &g, 1, NULL, &x[i], &o.dx[i], 1) != TG_OK)
      case_fail(c, "backward: %s", tg_tape_message(t));
  }
  c->t = own;
  tg_tape_free(t);
  return o;
}

static void compare(op_case *c, const char *what, const outcome *a, const outcome *b,
                    double tolerance) {
  char text[100];
  if (case_failed(c)) return;
  case_equal(c, what, &a->y, &b->y, tolerance);
  for (int i = 0; i < c->n; i++) {
    snprintf(text, sizeof text, "%s, gradient of operand %d", what, i);
    if (a->dx[i].data && b->dx[i].data) case_equal(c, text, &a->dx[i], &b->dx[i], tolerance);
  }
}

/* The case is one of f32, whose numbers f64 holds exactly. */
void check_precision(op_case *c) {
  tg_tensor wide[TG_SAMPLE_INPUTS];
  for (int i = 0; i < c->n; i++)
    wide[i] = c->in[i].dtype == TG_F32 ? case_cast(c, &c->in[i], TG_F64) : c->in[i];
  outcome narrow = evaluate(c, c->in, NULL), expected = evaluate(c, wide, NULL);
  compare(c, "against f64", &narrow, &expected, 2e-6);
}

/* ---- instruction sets ---- */

/* Rows that take integers are arithmetic, which is exact; the others may call vector functions, in
   which instruction sets differ by some ulp (test_vector says by how many). */
static double tolerance_of(const op_case *c) {
  const bool arithmetic = (c->op->dtypes & 1u << TG_I32) != 0;
  if (op_is_elementwise(c->op) && arithmetic) return 0;
  if (op_is_elementwise(c->op)) return c->dtype == TG_F32 ? 2e-6 : 4e-15;
  return c->dtype == TG_F32 ? 1e-5 : 1e-13;
}

static void compare_isas(op_case *c) {
  outcome base = {0};
  for (int isa = TG_ISA_BASE; isa < TG_ISA_COUNT && !case_failed(c); isa++) {
    tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.isa = (tg_isa)isa}, NULL);
    if (tg_runtime_isa(r) == (tg_isa)isa) {
      outcome o = evaluate(c, c->in, r);
      if (isa == TG_ISA_BASE) base = o;
      compare(c, tg_isa_name((tg_isa)isa), &o, &base, tolerance_of(c));
    }
    tg_runtime_free(r);
  }
}

/* Long enough for full vectors and a rest, where the shapes do not matter. */
static bool widened(const op_case *c, tg_sample *wide) {
  *wide = *c->sample;
  bool same = op_is_elementwise(c->op) && c->n > 0 && c->in[0].rank == 2;
  for (int i = 0; i < c->n; i++) same = same && tg_tensor_same_shape(&c->in[i], &c->in[0]);
  for (int i = 0; i < c->n; i++) {
    wide->in[i].dims[0] = 5;
    wide->in[i].dims[1] = 53;
  }
  return same && tg_tensor_numel(&c->in[0]) > 0;
}

void check_instructions(op_case *c) {
  compare_isas(c);
  tg_sample sample;
  op_case wide;
  if (!widened(c, &sample)) return;
  if (!case_begin_sample(&wide, c->op, c->index, &sample, c->dtype, NULL)) return;
  compare_isas(&wide);
  memcpy(c->failure, wide.failure, sizeof c->failure);
  case_end(&wide);
}
