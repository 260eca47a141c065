/* From a planned graph to instructions: every tensor gets its address; those in inputs' memory are
   noted, since inputs move from replay to replay. */
#include <string.h>

#include "program/program.h"

typedef struct binder {
  tg_program *p;
  tgi_graph *g;
  struct branches *branches; /* NULL: there are none */
} binder;

/* ---- branches ---- */

typedef struct branch {
  bool expected;
  int number;
} branch;

static tg_status kernel_branch(const tg_call *c) {
  const branch *b = c->attrs;
  bool is = tg_tensor_at(&c->in[0], 0) != 0;
  if (is == b->expected) return TG_OK;
  return tg_call_fail(c, TG_BRANCH, "branch %d was %s when it was captured and is %s now",
                      b->number, b->expected ? "true" : "false", is ? "true" : "false");
}

/* clang-format off */
static const tg_op branch_op = {
  TG_OP_INIT, .name = "branch", .label = "branch", .formula = "x != 0, as it was captured",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(branch), .kernel = kernel_branch,
};
/* clang-format on */

/* ---- addresses ---- */

/* The memory of a value that is a base; NULL for an input's. Nothing is read or written where
   there are no elements, but it is somewhere. */
static char *memory_of(const binder *b, uint32_t base) {
  const tgi_plan *plan = &b->p->plan;
  const tgi_val *value = &b->g->values[base];
  if (value->source == TGI_FROM_STEP && tg_tensor_numel(&value->like) == 0) return (char *)b->p;
  if (plan->stored[base]) return b->g->roots[plan->stored[base] - 1].to.data;
  if (plan->offset[base] >= 0) return b->p->block + plan->offset[base];
  return value->like.data;
}

static tg_tensor tensor_of(const binder *b, uint32_t v) {
  const tgi_lie *lie = &b->p->lies[v];
  char *memory = memory_of(b, lie->base);
  tg_tensor x = lie->view;
  x.data = memory ? memory + lie->offset : NULL;
  return x;
}

/* Sets *x to where value v lies, and has replays keep it there. */
static void bind_tensor(binder *b, tg_tensor *x, uint32_t v) {
  *x = tensor_of(b, v);
  const tgi_lie *lie = &b->p->lies[v];
  const tgi_val *base = &b->g->values[lie->base];
  if (base->source != TGI_FROM_INPUT) return;
  tgi_program_input *input = &b->p->inputs[base->index];
  input->patches[input->patch_count++] = (tgi_patch){x, lie->offset};
}

/* ---- instructions ---- */

/* Has the operator settle what will not change. Keys do, and lie in the attributes. */
static bool settle(const binder *b, tgi_instruction *to) {
  const tg_op *op = to->call.op;
  if (op->bind == NULL || op->flags & TG_OP_RANDOM) return true;
  const void *attrs = to->call.attrs;
  tg_kernel_fn *kernel = op->bind(&to->call, &attrs);
  if (b->p->tape->status != TG_OK)
    return tgi_error(b->g->error, b->p->tape->status, "%s", b->p->tape->message), false;
  if (kernel == NULL) return true;
  to->kernel = kernel;
  to->call.attrs = attrs;
  return true;
}

static bool bind_call(binder *b, const tgi_step *step, tgi_instruction *to) {
  size_t n = (size_t)step->n + (step->n_y ? step->n_y - 1 : 0);
  tg_tensor *in = tgi_graph_alloc(b->g, n * sizeof *in);
  if (in == NULL) return false;
  *to = (tgi_instruction){.kernel = step->op->kernel,
                          .step = step,
                          .attrs = step->attrs,
                          .call = tgi_step_call(step, b->p->tape, in)};
  for (uint32_t i = 0; i < step->n; i++) bind_tensor(b, &in[i], step->x[i]);
  for (uint32_t j = 1; j < step->n_y; j++) bind_tensor(b, &in[step->n + j - 1], step->y[j]);
  if (step->n_y) bind_tensor(b, &to->call.out, step->y[0]);
  return settle(b, to);
}

static bool is_run(const binder *b, const tgi_step *step) {
  return !b->p->lies[step->y[0]].is_view && tg_tensor_numel(&b->g->values[step->y[0]].like) > 0;
}

static size_t count_roots(const tgi_graph *g, tgi_root_kind kind) {
  size_t count = 0;
  for (size_t r = 0; r < g->root_count; r++) count += g->roots[r].kind == kind;
  return count;
}

/* The roots that are branches, by value: lists in the roots' order. */
typedef struct branches {
  uint32_t *first; /* by value: 1 + a root; 0: none */
  uint32_t *next;  /* by root, likewise */
  int *number;     /* by root: which branch it is */
} branches;

static bool list_branches(binder *b, branches *of) {
  const tgi_graph *g = b->g;
  int count = (int)count_roots(g, TGI_ROOT_BRANCH);
  if (count == 0) return true;
  of->first = tgi_graph_alloc(b->g, g->value_count * sizeof *of->first);
  of->next = tgi_graph_alloc(b->g, g->root_count * sizeof *of->next);
  of->number = tgi_graph_alloc(b->g, g->root_count * sizeof *of->number);
  if (!of->first || !of->next || !of->number) return false;
  memset(of->first, 0, g->value_count * sizeof *of->first);
  for (size_t r = g->root_count; r-- > 0;) {
    if (g->roots[r].kind != TGI_ROOT_BRANCH) continue;
    uint32_t *first = &of->first[g->roots[r].value];
    of->next[r] = *first;
    of->number[r] = --count;
    *first = (uint32_t)r + 1;
  }
  b->branches = of;
  return true;
}

/* Compares a branch as soon as its value is there. */
static bool bind_branches(binder *b, uint32_t v) {
  const branches *of = b->branches;
  for (uint32_t r = of ? of->first[v] : 0; r != 0; r = of->next[r - 1]) {
    tgi_root *root = &b->g->roots[r - 1];
    branch attrs = {root->expected, of->number[r - 1]};
    tgi_step *step = tgi_graph_alloc(b->g, sizeof *step);
    if (step == NULL) return false;
    *step = (tgi_step){
        .op = &branch_op, .attrs = tgi_graph_alloc(b->g, sizeof attrs), .n = 1, .x = &root->value};
    if (step->attrs == NULL) return false;
    memcpy(step->attrs, &attrs, sizeof attrs);
    if (!bind_call(b, step, &b->p->instructions[b->p->instruction_count++])) return false;
  }
  return true;
}

static bool bind_steps(binder *b) {
  tgi_graph *g = b->g;
  tg_program *p = b->p;
  for (size_t v = 0; b->branches && v < g->value_count; v++)
    if (g->values[v].source != TGI_FROM_STEP && !bind_branches(b, (uint32_t)v)) return false;
  for (size_t s = 0; s < g->step_count; s++) {
    const tgi_step *step = &g->steps[s];
    if (is_run(b, step) && !bind_call(b, step, &p->instructions[p->instruction_count++]))
      return false;
    for (uint32_t j = 0; b->branches && j < step->n_y; j++)
      if (!bind_branches(b, step->y[j])) return false;
  }
  return true;
}

/* ---- the rest ---- */

static bool make_inputs(binder *b, const size_t uses[]) {
  tgi_graph *g = b->g;
  tg_program *p = b->p;
  p->inputs = tgi_graph_alloc(g, g->input_count * sizeof *p->inputs);
  if (p->inputs == NULL) return false;
  p->input_count = g->input_count;
  for (size_t i = 0; i < g->input_count; i++) {
    const tgi_val *value = &g->values[g->inputs[i]];
    p->inputs[i] = (tgi_program_input){.like = value->like, .name = value->name};
    p->inputs[i].patches = tgi_graph_alloc(g, uses[i] * sizeof(tgi_patch));
    if (p->inputs[i].patches == NULL) return false;
  }
  return true;
}

/* uses[i]: tensors that will lie in input i's memory, at most. */
static void count_uses(const binder *b, size_t uses[]) {
  const tgi_graph *g = b->g;
  memset(uses, 0, g->input_count * sizeof *uses);
  for (size_t s = 0; s < g->step_count; s++)
    for (uint32_t i = 0; i < g->steps[s].n; i++) {
      const tgi_val *base = &g->values[b->p->lies[g->steps[s].x[i]].base];
      if (base->source == TGI_FROM_INPUT) uses[base->index]++;
    }
  for (size_t r = 0; r < g->root_count; r++) {
    const tgi_val *base = &g->values[b->p->lies[g->roots[r].value].base];
    if (base->source == TGI_FROM_INPUT) uses[base->index]++;
  }
}

static bool bind_roots(binder *b) {
  tgi_graph *g = b->g;
  tg_program *p = b->p;
  p->result_count = (int)count_roots(g, TGI_ROOT_OUTPUT);
  p->results = tgi_graph_alloc(g, (size_t)p->result_count * sizeof *p->results);
  p->stores = tgi_graph_alloc(g, count_roots(g, TGI_ROOT_STORE) * sizeof *p->stores);
  p->assigns = tgi_graph_alloc(g, count_roots(g, TGI_ROOT_ASSIGN) * sizeof *p->assigns);
  if (!p->results || !p->stores || !p->assigns) return false;
  for (size_t r = 0; r < g->root_count; r++) {
    const tgi_root *root = &g->roots[r];
    if (root->kind == TGI_ROOT_OUTPUT) bind_tensor(b, &p->results[root->index], root->value);
    bool in_place = p->plan.stored[p->lies[root->value].base] == r + 1;
    if (root->kind != TGI_ROOT_ASSIGN && (root->kind != TGI_ROOT_STORE || in_place)) continue;
    tgi_transfer *to = root->kind == TGI_ROOT_STORE ? &p->stores[p->store_count++]
                                                    : &p->assigns[p->assign_count++];
    *to = (tgi_transfer){.to = root->to, .params = root->params, .index = root->index};
    bind_tensor(b, &to->from, root->value);
  }
  return true;
}

static bool bind_keys(binder *b) {
  tgi_graph *g = b->g;
  tg_program *p = b->p;
  size_t count = 0;
  for (size_t s = 0; s < g->step_count; s++) count += g->steps[s].key != 0;
  p->key_patches = tgi_graph_alloc(g, count * sizeof *p->key_patches);
  if (p->key_patches == NULL) return false;
  for (size_t s = 0; s < g->step_count; s++) {
    const tgi_step *step = &g->steps[s];
    if (step->key == 0) continue;
    const tg_field *f = step->op->attrs;
    while (f->type != TG_FIELD_KEY) f++;
    p->key_patches[p->key_patch_count++] =
        (tgi_key_patch){.attrs = step->attrs, .offset = f->offset, .entry = step->key - 1};
  }
  return true;
}

static bool number_values(binder *b) {
  tg_program *p = b->p;
  p->numbers = tgi_graph_alloc(b->g, b->g->value_count * sizeof *p->numbers);
  if (p->numbers == NULL) return false;
  for (size_t v = 0; v < b->g->value_count; v++) p->numbers[v] = -1;
  for (size_t i = 0; i < p->instruction_count; i++)
    for (uint32_t j = 0; j < p->instructions[i].step->n_y; j++)
      p->numbers[p->instructions[i].step->y[j]] = (int32_t)i;
  return true;
}

tg_status tgi_program_bind(tg_program *p, tg_error *error) {
  binder b = {.p = p, .g = &p->graph};
  branches of;
  size_t *uses = tgi_graph_alloc(b.g, b.g->input_count * sizeof *uses);
  size_t most = b.g->step_count + count_roots(b.g, TGI_ROOT_BRANCH);
  p->instructions = tgi_graph_alloc(b.g, most * sizeof *p->instructions);
  if (!uses || !p->instructions) return error->status;
  count_uses(&b, uses);
  if (!make_inputs(&b, uses) || !list_branches(&b, &of) || !bind_steps(&b) || !bind_roots(&b) ||
      !number_values(&b) || !bind_keys(&b))
    return error->status;
  return TG_OK;
}
