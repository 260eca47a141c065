/* From a group of elementwise steps of one shape to a loop: which values are operands and results,
   and the buffers of those that only the group sees. */
#include <string.h>

#include "kernel/loss.h"
#include "program/fuse_loop.h"

/* clang-format off */
const tg_op tgi_fused_loop_op = {
  TG_OP_INIT, .name = "fused", .label = "fused", .formula = "elementwise operators, a block in cache at a time",
  .arity = 0, .max_arity = TG_VARIADIC, .dtypes = TG_ANY, .flags = TG_OP_MIXED | TG_OP_IN_PLACE,
  .attrs_size = sizeof(tgi_loop), .kernel = tgi_loop_run,
};
/* clang-format on */

/* f->slot[v] is 1 + v's slot. */
typedef struct maker {
  tgi_fuse *f;
  uint32_t unit, n;
  uint32_t n_calls;
  tgi_fuse_call calls[TGI_FUSE_MOST];
  uint32_t sum_of[TGI_FUSE_MOST]; /* by call: 1 + the sum that alone reads its result; 0: none */
  uint16_t number[TGI_FUSE_MOST][TGI_MAP_OPERANDS]; /* slots of numbers */
  uint32_t summed[TGI_FUSE_SUMS];                   /* by sum: the value that it reads, else */
  uint32_t x[TGI_FUSE_MOST * TGI_FUSE_OPERANDS], y[TGI_FUSE_MOST];
  uint16_t unused[TGI_FUSE_MOST]; /* buffers given back */
  tg_dtype dtype[TGI_LOOP_SLOTS]; /* of the values that a slot holds */
  uint32_t n_unused;
  tgi_loop loop;
} maker;

static tg_dtype dtype_of(const maker *m, uint32_t v) { return m->f->g->values[v].like.dtype; }

/* A sum reads the result of a member, or of a call of its own: the values of a loss, or a copy of
   what lies elsewhere. */
static bool read_sum(maker *m, const tgi_step *step, const tgi_fuse_sum *how) {
  uint32_t k = m->loop.n_sums++;
  m->loop.rows = *how;
  const tg_dtype dtype = dtype_of(m, step->x[0]);
  m->loop.sums[k] =
      (tgi_loop_sum){.dtype = dtype,
                     .add = how->columns > 1 ? tgi_columns_for(m->f->rows.isa, dtype)->sum : NULL,
                     .divisor = how->divisor};
  m->summed[k] = step->x[0];
  if (!how->loss && tgi_fuse_inside(m->f, step->x[0], m->unit)) {
    m->f->left[step->x[0]]++;
    return true;
  }
  m->sum_of[m->n_calls] = k + 1;
  tgi_fuse_call *call = &m->calls[m->n_calls++];
  return how->loss ? tgi_fuse_loss_call(m->f, step, call)
                   : tgi_fuse_copy_call(m->f, step->x[0], call);
}

static bool read_step(maker *m, const tgi_step *step) {
  tgi_fuse_sum how;
  for (uint32_t i = 0; i < step->n; i++) m->f->seen[step->x[i]]++;
  if (tgi_fuse_sum_of(m->f, step, &how)) return read_sum(m, step, &how);
  m->sum_of[m->n_calls] = 0;
  tgi_fuse_call *call = &m->calls[m->n_calls++];
  return tgi_fuse_is_loss(step) ? tgi_fuse_loss_call(m->f, step, call)
                                : tgi_fuse_call_of(m->f, step, call);
}

static bool read_steps(maker *m, const tgi_step steps[]) {
  for (uint32_t k = 0; k < m->n; k++)
    if (!read_step(m, &steps[k])) return false;
  for (uint32_t k = 0; k < m->n_calls; k++)
    for (uint32_t i = 0; i < m->calls[k].n; i++) m->f->left[m->calls[k].x[i]]++;
  return tgi_fuse_pairs(m->f, m->calls, m->n_calls);
}

/* How many numbers of a sum wait to be joined. */
static int64_t waiting(const tgi_loop *l) {
  const tgi_fuse_sum *s = &l->rows;
  if (s->loss) return tgi_ceil_div(s->run, TGI_LOSS_TILE);
  return l->parts > 1 ? s->rows * l->parts * s->columns * l->together : 0;
}

static bool make_parts(maker *m) {
  tgi_loop *l = &m->loop;
  const tgi_fuse_sum *s = &l->rows;
  l->together = s->columns > 1 ? tgi_reduce_together(s->run, s->columns) : 1;
  l->parts =
      s->loss ? 1 : tgi_reduce_parts(s->rows, s->run / l->together, s->columns * l->together);
  for (uint32_t k = 0; k < l->n_sums; k++) {
    l->sums[k].parts = tgi_graph_alloc(m->f->g, (size_t)waiting(l) * sizeof(double));
    if (l->sums[k].parts == NULL) return false;
  }
  return true;
}

static bool make_room(maker *m) {
  tgi_graph *g = m->f->g;
  tgi_loop *l = &m->loop;
  l->codes = tgi_graph_alloc(g, m->n * sizeof *l->codes);
  l->size = tgi_graph_alloc(g, (size_t)m->n * (TGI_FUSE_OPERANDS + 4));
  l->aside = tgi_graph_alloc(g, m->n * sizeof *l->aside);
  l->operands = tgi_graph_alloc(g, (size_t)m->n * TGI_FUSE_OPERANDS * sizeof *l->operands);
  l->layout = tgi_graph_alloc(g, sizeof *l->layout);
  l->numbers = tgi_graph_alloc(g, (size_t)m->n * TGI_MAP_OPERANDS * TGI_PAIR_NUMBER);
  if (!l->numbers || !l->codes || !l->size || !l->aside || !l->operands || !l->layout) return false;
  *l->layout = (tgi_loop_layout){.known = false};
  return true;
}

static uint16_t new_slot(maker *m, tg_dtype dtype) {
  uint32_t slot = m->loop.n_slots++;
  m->dtype[slot] = dtype;
  m->loop.size[slot] = (uint8_t)tg_dtype_size(dtype);
  return (uint16_t)slot;
}

static void give_slot(maker *m, uint32_t v) { m->f->slot[v] = new_slot(m, dtype_of(m, v)) + 1u; }

static void find_operands(maker *m) {
  for (uint32_t k = 0; k < m->n_calls; k++)
    for (uint32_t i = 0; i < m->calls[k].n; i++) {
      uint32_t v = m->calls[k].x[i];
      if (m->calls[k].gone || v == TGI_FUSE_NUMBER || m->f->slot[v] ||
          tgi_fuse_inside(m->f, v, m->unit))
        continue;
      give_slot(m, v);
      m->x[m->loop.n_x++] = v;
    }
}

static void find_results(maker *m) {
  for (uint32_t k = 0; k < m->n_calls; k++) {
    uint32_t v = m->calls[k].y;
    if (v == TGI_FUSE_NUMBER || m->f->uses[v] <= m->f->seen[v]) continue;
    give_slot(m, v);
    m->y[m->loop.n_y++] = v;
  }
}

/* A buffer: the one of its dtype that was given back last, or a new one. */
static uint16_t buffer_for(maker *m, tg_dtype dtype) {
  for (uint32_t k = m->n_unused; k-- > 0;) {
    uint16_t slot = m->unused[k];
    if (m->dtype[slot] != dtype) continue;
    m->unused[k] = m->unused[--m->n_unused];
    return slot;
  }
  return new_slot(m, dtype);
}

/* The slot of a number of dtype f32 or f64. */
static uint16_t number_slot(maker *m, tg_dtype dtype, double number) {
  tgi_loop *l = &m->loop;
  char bytes[TGI_PAIR_NUMBER];
  tg_tensor all =
      tg_tensor_of(bytes, dtype, 1, (int64_t[]){TGI_PAIR_NUMBER / (int64_t)tg_dtype_size(dtype)});
  tgi_fill(&all, number);
  for (uint32_t i = 0; i < l->n_numbers; i++) {
    uint32_t slot = l->n_x + l->n_y + i;
    if (m->dtype[slot] == dtype &&
        memcmp(l->numbers + i * TGI_PAIR_NUMBER, bytes, TGI_PAIR_NUMBER) == 0)
      return (uint16_t)slot;
  }
  memcpy(l->numbers + l->n_numbers++ * TGI_PAIR_NUMBER, bytes, TGI_PAIR_NUMBER);
  return new_slot(m, dtype);
}

static void find_numbers(maker *m) {
  for (uint32_t k = 0; k < m->n_calls; k++)
    for (uint32_t i = 0; i < m->calls[k].n && !m->calls[k].gone; i++)
      if (m->calls[k].x[i] == TGI_FUSE_NUMBER)
        m->number[k][i] = number_slot(m, m->calls[k].dtype, m->calls[k].number[i]);
}

static void read_operand(maker *m, uint32_t v) {
  uint32_t slot = m->f->slot[v] - 1;
  if (--m->f->left[v] == 0 && slot >= m->loop.n_x + m->loop.n_y + m->loop.n_numbers)
    m->unused[m->n_unused++] = (uint16_t)slot;
}

static void emit(maker *m, uint32_t k) {
  tgi_fuse *f = m->f;
  const tgi_fuse_call *call = &m->calls[k];
  tgi_loop_code c = {.fn = call->fn, .attrs = call->attrs};
  for (uint32_t i = 0; i < TGI_MAP_OPERANDS; i++) {
    if (i >= call->n)
      c.x[i] = c.x[0];
    else
      c.x[i] =
          call->x[i] == TGI_FUSE_NUMBER ? m->number[k][i] : (uint16_t)(f->slot[call->x[i]] - 1);
  }
  for (uint32_t i = 0; i < call->n; i++)
    if (call->x[i] != TGI_FUSE_NUMBER) read_operand(m, call->x[i]);
  if (m->sum_of[k]) {
    tgi_loop_sum *sum = &m->loop.sums[m->sum_of[k] - 1];
    sum->slot = c.y = buffer_for(m, sum->dtype);
  } else {
    if (!f->slot[call->y]) f->slot[call->y] = buffer_for(m, dtype_of(m, call->y)) + 1u;
    c.y = (uint16_t)(f->slot[call->y] - 1);
  }
  m->loop.codes[m->loop.n_codes++] = c;
}

static void forget(maker *m, const tgi_step steps[]) {
  tgi_fuse *f = m->f;
  for (uint32_t k = 0; k < m->n; k++) {
    for (uint32_t i = 0; i < steps[k].n; i++) {
      uint32_t v = steps[k].x[i];
      f->slot[v] = f->seen[v] = f->left[v] = 0;
    }
    uint32_t y = steps[k].y[0];
    f->slot[y] = f->seen[y] = f->left[y] = 0;
  }
}

/* Results of sums come after the others; those that read a member's result find its slot now. */
static void add_sums(maker *m, const tgi_step steps[]) {
  tgi_fuse_sum how;
  uint32_t at = m->loop.n_y;
  for (uint32_t s = 0; s < m->n; s++)
    if (tgi_fuse_sum_of(m->f, &steps[s], &how)) m->y[at++] = steps[s].y[0];
  bool own[TGI_FUSE_SUMS] = {false};
  for (uint32_t k = 0; k < m->n_calls; k++)
    if (m->sum_of[k]) own[m->sum_of[k] - 1] = true;
  for (uint32_t k = 0; k < m->loop.n_sums; k++)
    if (!own[k]) m->loop.sums[k].slot = m->f->slot[m->summed[k]] - 1;
}

static bool make(maker *m, const tgi_step steps[]) {
  if (!make_room(m) || !read_steps(m, steps) || !make_parts(m)) return false;
  find_operands(m);
  find_results(m);
  find_numbers(m);
  for (uint32_t k = 0; k < m->n_calls; k++)
    if (!m->calls[k].gone) emit(m, k);
  add_sums(m, steps);
  forget(m, steps);
  return tgi_graph_step(m->f->g, &tgi_fused_loop_op, &m->loop, m->x, m->loop.n_x, m->y,
                        m->loop.n_y + m->loop.n_sums) != NULL;
}

tg_status tgi_fuse_loop(tgi_fuse *f, uint32_t unit, const tg_tensor *like, const tgi_step steps[],
                        uint32_t n) {
  maker m; /* large: only what its counts speak of is ever set */
  m.f = f, m.unit = unit, m.n = n, m.n_calls = 0, m.n_unused = 0;
  m.loop = (tgi_loop){.like = *like};
  return make(&m, steps) ? TG_OK : f->g->error->status;
}
