/* A group whose values have one element each: registers, and a list of instructions of 16 bytes.
   The four operations on floats are done in place, all others by the compiled rows. */
#include <string.h>

#include "ops/ops_internal.h"
#include "program/fuse.h"

/* CALL + i: number i of the calls. */
enum {
  ADD_F64,
  SUB_F64,
  MUL_F64,
  DIV_F64,
  NEG_F64,
  ADD_F32,
  SUB_F32,
  MUL_F32,
  DIV_F32,
  NEG_F32,
  CALL
};

/* reg[y] = what of reg[a] and reg[b] */
typedef struct code {
  uint32_t what, y, a, b;
} code;

typedef struct call {
  tgi_map_fn *fn;
  const double *attrs;
  uint32_t c; /* the third operand's register */
} call;

/* A register is filled from operand i before the instructions run, or kept as result i after. */
typedef struct move {
  uint32_t reg, size;
} move;

typedef struct scalars {
  double *reg;
  code *codes;
  call *calls;
  move *loads, *stores;
  uint32_t n_codes, n_calls, n_loads, n_stores, n_regs;
} scalars;

/* ---- replay ---- */

static inline void copy(void *to, const void *from, uint32_t size) {
  if (size == sizeof(double))
    memcpy(to, from, sizeof(double));
  else if (size == sizeof(float))
    memcpy(to, from, sizeof(float));
  else
    memcpy(to, from, 1);
}

static inline float f32(const double *reg) {
  float x;
  memcpy(&x, reg, sizeof x);
  return x;
}
static inline void set_f32(double *reg, float x) { memcpy(reg, &x, sizeof x); }

static void run_call(const scalars *s, const code *c) {
  const call *f = &s->calls[c->what - CALL];
  const void *in[TGI_MAP_OPERANDS] = {&s->reg[c->a], &s->reg[c->b], &s->reg[f->c], &s->reg[c->a]};
  f->fn(1, &s->reg[c->y], in, f->attrs);
}

static void run_codes(const scalars *s) {
  double *reg = s->reg;
  for (const code *c = s->codes, *end = c + s->n_codes; c < end; c++) {
    double *y = &reg[c->y];
    const double *a = &reg[c->a], *b = &reg[c->b];
    switch (c->what) {
    case ADD_F64: *y = *a + *b; break;
    case SUB_F64: *y = *a - *b; break;
    case MUL_F64: *y = *a * *b; break;
    case DIV_F64: *y = *a / *b; break;
    case NEG_F64: *y = -*a; break;
    case ADD_F32: set_f32(y, f32(a) + f32(b)); break;
    case SUB_F32: set_f32(y, f32(a) - f32(b)); break;
    case MUL_F32: set_f32(y, f32(a) * f32(b)); break;
    case DIV_F32: set_f32(y, f32(a) / f32(b)); break;
    case NEG_F32: set_f32(y, -f32(a)); break;
    default: run_call(s, c); break;
    }
  }
}

static tg_status kernel_scalars(const tg_call *c) {
  const scalars *s = c->attrs;
  for (uint32_t i = 0; i < s->n_loads; i++)
    copy(&s->reg[s->loads[i].reg], c->in[i].data, s->loads[i].size);
  run_codes(s);
  copy(c->out.data, &s->reg[s->stores[0].reg], s->stores[0].size);
  for (uint32_t j = 1; j < s->n_stores; j++)
    copy(c->in[s->n_loads + j - 1].data, &s->reg[s->stores[j].reg], s->stores[j].size);
  return TG_OK;
}

/* clang-format off */
const tg_op tgi_fused_scalars_op = {
  TG_OP_INIT, .name = "fused_scalars", .label = "fused", .formula = "many operators on single numbers",
  .arity = 0, .max_arity = TG_VARIADIC, .dtypes = TG_ANY, .flags = TG_OP_MIXED | TG_OP_IN_PLACE,
  .attrs_size = sizeof(scalars), .kernel = kernel_scalars,
};
/* clang-format on */

/* ---- making one ---- */

/* Registers are taken again, the last one given back first, when their value is read no more;
   those of constants never are. f->slot[v] is 1 + v's register. */
typedef struct maker {
  tgi_fuse *f;
  uint32_t unit;
  const tgi_step *steps;
  uint32_t n;
  scalars s;
  uint32_t *x, *y; /* of the step */
  uint32_t *free_regs, n_free;
} maker;

static const uint32_t KEPT = 1u << 31; /* in f->left: the register is not given back */

static tg_dtype dtype_of(const maker *m, uint32_t v) { return m->f->g->values[v].like.dtype; }
static uint32_t size_of(const maker *m, uint32_t v) {
  return (uint32_t)tg_dtype_size(dtype_of(m, v));
}
static bool is_name(const maker *m, const tgi_step *step) {
  return tgi_fuse_row_of(m->f, step) == NULL;
}

static bool make_room(maker *m) {
  tgi_graph *g = m->f->g;
  size_t operands = (size_t)m->n * TGI_FUSE_OPERANDS, n = m->n;
  m->x = tgi_graph_alloc(g, operands * sizeof *m->x);
  m->y = tgi_graph_alloc(g, n * sizeof *m->y);
  m->free_regs = tgi_graph_alloc(g, (operands + n) * sizeof *m->free_regs);
  m->s.codes = tgi_graph_alloc(g, n * sizeof *m->s.codes);
  m->s.calls = tgi_graph_alloc(g, n * sizeof *m->s.calls);
  m->s.loads = tgi_graph_alloc(g, operands * sizeof *m->s.loads);
  m->s.stores = tgi_graph_alloc(g, n * sizeof *m->s.stores);
  m->s.reg = tgi_graph_alloc(g, (operands + n) * sizeof *m->s.reg);
  return m->x && m->y && m->free_regs && m->s.codes && m->s.calls && m->s.loads && m->s.stores &&
         m->s.reg;
}

static uint32_t new_reg(maker *m) { return m->n_free ? m->free_regs[--m->n_free] : m->s.n_regs++; }

/* Counts reads, by root those that instructions make, and by value, in f->seen, all. */
static void count_reads(maker *m) {
  for (uint32_t k = 0; k < m->n; k++) {
    const tgi_step *step = &m->steps[k];
    bool name = is_name(m, step);
    for (uint32_t i = 0; i < step->n; i++) {
      m->f->seen[step->x[i]]++;
      if (!name) m->f->left[m->f->root[step->x[i]]]++;
    }
    if (name) m->f->root[step->y[0]] = m->f->root[step->x[0]];
  }
}

/* Operands get their registers first; constants are in theirs already. */
static void find_operands(maker *m) {
  tgi_fuse *f = m->f;
  for (uint32_t k = 0; k < m->n; k++)
    for (uint32_t i = 0; i < m->steps[k].n; i++) {
      uint32_t v = m->f->root[m->steps[k].x[i]];
      if (f->slot[v] || tgi_fuse_inside(f, v, m->unit)) continue;
      uint32_t reg = m->s.n_regs++;
      f->slot[v] = reg + 1;
      const tgi_val *value = &f->g->values[v];
      if (value->source == TGI_CONST) {
        copy(&m->s.reg[reg], value->like.data, size_of(m, v));
        f->left[v] |= KEPT;
        continue;
      }
      m->x[m->s.n_loads] = v;
      m->s.loads[m->s.n_loads++] = (move){reg, size_of(m, v)};
    }
}

/* What is read outside is a result; its register is kept to the end. */
static void find_results(maker *m) {
  for (uint32_t k = 0; k < m->n; k++) {
    uint32_t v = m->steps[k].y[0];
    if (m->f->uses[v] <= m->f->seen[v]) continue;
    m->f->left[m->f->root[v]] |= KEPT;
    m->y[m->s.n_stores++] = v;
  }
}

static uint32_t what_of(const maker *m, const tgi_step *step) {
  static const tg_op *const ops[] = {&tgi_op_add, &tgi_op_sub, &tgi_op_mul, &tgi_op_div,
                                     &tgi_op_neg};
  tg_dtype dtype = dtype_of(m, step->y[0]);
  if (!tg_dtype_is_float(dtype)) return CALL;
  for (uint32_t i = 0; i < sizeof ops / sizeof *ops; i++)
    if (step->op == ops[i]) return (dtype == TG_F64 ? ADD_F64 : ADD_F32) + i;
  return CALL;
}

static void emit(maker *m, const tgi_step *step) {
  tgi_fuse *f = m->f;
  uint32_t reg[TGI_FUSE_OPERANDS] = {0};
  for (uint32_t i = 0; i < step->n; i++) reg[i] = f->slot[f->root[step->x[i]]] - 1;
  for (uint32_t i = step->n; i < TGI_FUSE_OPERANDS; i++) reg[i] = reg[0];
  code c = {.what = what_of(m, step), .y = new_reg(m), .a = reg[0], .b = reg[1]};
  if (c.what == CALL) {
    static const double none[2] = {0, 0};
    c.what += m->s.n_calls;
    m->s.calls[m->s.n_calls++] =
        (call){tgi_fuse_row_of(f, step), step->op->attrs_size ? step->attrs : none, reg[2]};
  }
  m->s.codes[m->s.n_codes++] = c;
  f->slot[step->y[0]] = c.y + 1;
  for (uint32_t i = 0; i < step->n; i++) {
    uint32_t v = m->f->root[step->x[i]];
    if (--f->left[v] == 0) m->free_regs[m->n_free++] = f->slot[v] - 1;
  }
}

static void forget(maker *m) {
  tgi_fuse *f = m->f;
  for (uint32_t k = 0; k < m->n; k++) {
    const tgi_step *step = &m->steps[k];
    for (uint32_t i = 0; i < step->n; i++) {
      uint32_t v = step->x[i];
      f->slot[v] = f->seen[v] = f->left[v] = 0;
      f->root[v] = v;
    }
    uint32_t y = step->y[0];
    f->slot[y] = f->seen[y] = f->left[y] = 0;
    f->root[y] = y;
  }
}

tg_status tgi_fuse_scalars(tgi_fuse *f, uint32_t unit, const tgi_step steps[], uint32_t n) {
  maker m = {.f = f, .unit = unit, .steps = steps, .n = n};
  if (!make_room(&m)) return f->g->error->status;
  count_reads(&m);
  find_operands(&m);
  find_results(&m);
  for (uint32_t k = 0; k < n; k++)
    if (!is_name(&m, &steps[k])) emit(&m, &steps[k]);
  for (uint32_t j = 0; j < m.s.n_stores; j++)
    m.s.stores[j] = (move){f->slot[f->root[m.y[j]]] - 1, size_of(&m, m.y[j])};
  forget(&m);
  bool made = tgi_graph_step(f->g, &tgi_fused_scalars_op, &m.s, m.x, m.s.n_loads, m.y,
                             m.s.n_stores) != NULL;
  return made ? TG_OK : f->g->error->status;
}
