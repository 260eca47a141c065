/* The life of a program: made of a capture, looked at, freed. */
#include "program/program.h"

#include <math.h>
#include <string.h>

#include "program/passes.h"

static const tg_program_options default_options = {0};

/* One byte at least: empty results have an address too. */
static size_t block_size(const tg_program *p) { return p->plan.bytes ? p->plan.bytes : 1; }

void tg_program_free(tg_program *p) {
  if (p == NULL) return;
  const tg_runtime *runtime = p->runtime;
  for (size_t i = 0; i < p->input_count; i++)
    tgi_free(runtime, p->inputs[i].staging, tg_tensor_bytes(&p->inputs[i].like));
  tgi_free(runtime, p->block, block_size(p));
  tg_tape_free(p->tape);
  tgi_arena_free(&p->arena);
  tgi_free(runtime, p, sizeof *p);
}

static tg_program *new_program(const tg_runtime *runtime, tg_error *error) {
  tg_program *p = tgi_alloc(runtime, sizeof *p);
  if (p == NULL) {
    tgi_error(error, TG_NO_MEMORY, "program: no memory for a new program");
    return NULL;
  }
  *p = (tg_program){.runtime = runtime};
  tgi_arena_init(&p->arena, runtime, 0);
  p->graph = (tgi_graph){.runtime = runtime, .arena = &p->arena, .error = error};
  p->tape = tg_tape_new(&(tg_tape_options){.runtime = runtime}, error);
  if (p->tape) return p;
  tg_program_free(p);
  return NULL;
}

/* ---- what must not lie in memory that changes hands ---- */

static tg_status shape_copy(tg_call *c) {
  (void)c;
  return TG_OK;
}
static tg_status kernel_copy(const tg_call *c) {
  tgi_copy(&c->out, &c->in[0]);
  return TG_OK;
}
/* clang-format off */
static const tg_op copy_op = {
  TG_OP_INIT, .name = "copy", .label = "copy", .formula = "y = x",
  .arity = 1, .dtypes = TG_ANY, .shape = shape_copy, .kernel = kernel_copy,
};
/* clang-format on */

/* Results outlive a replay, and assignments overwrite parameters that others may still read: where
   these lie in inputs or parameters, a step copies them. */
static tg_status copy_borrowed(tgi_graph *g, tgi_lie lies[]) {
  for (size_t r = 0; r < g->root_count; r++) {
    tgi_root *root = &g->roots[r];
    if (root->kind != TGI_ROOT_OUTPUT && root->kind != TGI_ROOT_ASSIGN) continue;
    tgi_source source = g->values[lies[root->value].base].source;
    if (source != TGI_FROM_INPUT && source != TGI_FROM_PARAM) continue;
    uint32_t v = tgi_graph_value(g, &g->values[root->value].like);
    if (v == UINT32_MAX || !tgi_graph_step(g, &copy_op, NULL, &root->value, 1, &v, 1))
      return g->error->status;
    lies[v] = (tgi_lie){.base = v, .view = g->values[v].like};
    root->value = v;
  }
  return TG_OK;
}

/* ---- making ---- */

static tg_status keep_thens(tg_program *p, const tgi_capture *c) {
  p->thens = tgi_graph_alloc(&p->graph, c->effect_count * sizeof *p->thens);
  if (p->thens == NULL) return p->graph.error->status;
  for (size_t i = 0; i < c->effect_count; i++)
    if (c->effects[i].kind == TGI_THEN)
      p->thens[p->then_count++] = (tgi_then){c->effects[i].then, c->effects[i].user};
  return TG_OK;
}

/* Of constants that are still read. */
static size_t constant_bytes(tgi_graph *g) {
  const uint32_t *uses = tgi_graph_uses(g);
  size_t bytes = 0;
  for (size_t v = 0; uses && v < g->value_count; v++)
    if (g->values[v].source == TGI_CONST && uses[v]) bytes += tg_tensor_bytes(&g->values[v].like);
  return bytes;
}

static tg_status plan(tg_program *p, const tg_program_options *options) {
  tgi_graph *g = &p->graph;
  p->lies = tgi_graph_layout(g);
  if (p->lies == NULL || copy_borrowed(g, p->lies) != TG_OK) return g->error->status;
  bool reuse = !(options->without >> TG_PASS_REUSE & 1);
  tg_status status = tgi_graph_plan(g, p->lies, reuse, &p->plan);
  if (status != TG_OK) return status;
  p->block = tgi_alloc(p->runtime, block_size(p));
  if (p->block) return TG_OK;
  return tgi_error(g->error, TG_NO_MEMORY, "program: no memory for its block of %zu bytes",
                   p->plan.bytes);
}

static tg_status make(tg_program *p, tg_tape *t, const tg_var y[], int n,
                      const tg_program_options *options, tg_error *error) {
  tgi_graph *g = &p->graph;
  tg_status status = tgi_graph_of_tape(g, t, y, n);
  if (status == TG_OK) status = keep_thens(p, t->capture);
  if (status == TG_OK) status = tgi_run_passes(g, options);
  if (status == TG_OK) status = plan(p, options);
  if (status == TG_OK) status = tgi_program_bind(p, error);
  p->stats = (tg_program_stats){.recorded = g->recorded,
                                .steps = (int64_t)p->instruction_count,
                                .bytes = p->plan.bytes,
                                .least_bytes = p->plan.least_bytes,
                                .constants = constant_bytes(g)};
  return status;
}

tg_program *tg_capture_end(tg_tape *t, const tg_var y[], int n, const tg_program_options *options,
                           tg_error *error) {
  tg_error own = {TG_OK, ""};
  if (options == NULL) options = &default_options;
  if (tgi_capture_of(t, "tg_capture_end") == NULL) {
    tgi_error(error, tg_tape_status(t), "%s", tg_tape_message(t));
    if (t) tgi_capture_free(t);
    return NULL;
  }
  const tg_runtime *runtime = options->runtime ? tgi_runtime(options->runtime) : t->runtime;
  tg_program *p = new_program(runtime, &own);
  tg_status status = p ? make(p, t, y, n, options, &own) : own.status;
  tgi_capture_free(t);
  if (status == TG_OK) {
    p->graph.error = NULL;
    return p;
  }
  tgi_error(error, status, "%s", own.message);
  tg_program_free(p);
  return NULL;
}

/* ---- looking ---- */

tg_tensor tg_program_value(const tg_program *p, int i) {
  if (p == NULL || !p->valid || i < 0 || i >= p->result_count) return (tg_tensor){0};
  return p->results[i];
}

double tg_program_item(const tg_program *p, int i) {
  tg_tensor x = tg_program_value(p, i);
  return x.data && tg_tensor_numel(&x) == 1 ? tg_tensor_at(&x, 0) : NAN;
}

tg_program_stats tg_program_stats_of(const tg_program *p) {
  return p ? p->stats : (tg_program_stats){0};
}
