/* A graph as DOT text, as passes leave it: steps, what they read that no step makes, and what is
   wanted of it. Nodes are numbered in the graph's own order. */
#include "program/graph.h"

typedef struct picture {
  const tgi_graph *g;
  const int32_t *maker;
  const uint32_t *uses;
  tgi_out out;
  tgi_show_fn *show;
  void *user;
  int pass;
} picture;

static bool write_piece(void *user, const char *text, size_t length) {
  const picture *p = user;
  return p->show(p->user, p->pass, text, length);
}

static const char *name_of(int pass) {
  static const char *const names[] = {
#define PASS_NAME(name, text, does) text,
      TG_PASS_MAP(PASS_NAME)
#undef PASS_NAME
  };
  return pass < 0 ? "recorded" : names[pass];
}

static void put_head(picture *p) {
  tgi_out_put(&p->out, "digraph %s {\n  rankdir=TB;\n", name_of(p->pass));
  tgi_out_put(&p->out, "  node [fontname=\"Helvetica\", fontsize=11, shape=box, "
                       "style=\"rounded,filled\", fillcolor=\"#ffffff\"];\n");
  tgi_out_put(&p->out, "  edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.7];\n");
}

static void put_shape(picture *p, const tg_tensor *x) {
  char shape[200];
  tg_tensor_shape_text(x, shape, sizeof shape);
  tgi_out_put(&p->out, "\\n%s %s", shape, tg_dtype_name(x->dtype));
}

/* ---- what is given ---- */

static void put_constant(picture *p, const tg_tensor *x) {
  char text[100] = "constant";
  if (tg_tensor_numel(x) == 1) tg_tensor_text(x, 1, text, sizeof text);
  tgi_out_text(&p->out, text);
}

static void put_given(picture *p, size_t v) {
  static const char *const looks[] = {
      [TGI_FROM_INPUT] = "shape=ellipse, style=filled, fillcolor=\"#d6e6f5\"",
      [TGI_FROM_PARAM] = "shape=cylinder, style=filled, fillcolor=\"#d9ead3\"",
      [TGI_CONST] = "style=filled, fillcolor=\"#eeeeee\""};
  const tgi_val *value = &p->g->values[v];
  tgi_out_put(&p->out, "  v%zu [label=\"", v);
  if (value->source == TGI_CONST) put_constant(p, &value->like);
  if (value->source == TGI_FROM_INPUT) tgi_out_put(&p->out, "input %d", value->index);
  if (value->source == TGI_FROM_PARAM)
    tgi_out_shown(&p->out, tg_params_name(value->params, value->index));
  else if (value->name) {
    tgi_out_put(&p->out, "\\n");
    tgi_out_shown(&p->out, value->name);
  }
  put_shape(p, &value->like);
  tgi_out_put(&p->out, "\", %s];\n", looks[value->source]);
}

/* ---- steps ---- */

enum { MOST_PARTS = 16 };

void tgi_put_parts(tgi_out *out, const tgi_step *step, const char *between) {
  uint32_t n = step->n_parts, shown = n > MOST_PARTS ? MOST_PARTS - 1 : n;
  for (uint32_t k = 0; k < shown; k++)
    tgi_out_put(out, "%s%s", k ? between : "", step->parts[k].op->name);
  if (shown < n) tgi_out_put(out, "%sand %u more", between, (unsigned)(n - shown));
}

static void put_edge(picture *p, uint32_t from) {
  if (p->maker[from] == TGI_NO_STEP)
    tgi_out_put(&p->out, "  v%u -> ", (unsigned)from);
  else
    tgi_out_put(&p->out, "  s%d -> ", (int)p->maker[from]);
}

static void put_step(picture *p, size_t s) {
  const tgi_step *step = &p->g->steps[s];
  char attrs[400] = "";
  tgi_out_put(&p->out, "  s%zu [label=\"", s);
  tgi_out_text(&p->out, step->op->label ? step->op->label : step->op->name);
  if (step->n_parts) tgi_out_put(&p->out, "\\n");
  tgi_put_parts(&p->out, step, "\\n");
  for (uint32_t j = 0; j < step->n_y; j++) {
    const tgi_val *y = &p->g->values[step->y[j]];
    if (y->name) tgi_out_put(&p->out, "\\n");
    if (y->name) tgi_out_shown(&p->out, y->name);
    put_shape(p, &y->like);
  }
  tg_attrs_text(step->op, step->attrs, attrs, sizeof attrs);
  if (attrs[0]) tgi_out_put(&p->out, "\\n");
  tgi_out_text(&p->out, attrs);
  tgi_out_put(&p->out, "\", tooltip=\"");
  tgi_out_text(&p->out, step->op->name);
  tgi_out_put(&p->out, "\"];\n");
  for (uint32_t i = 0; i < step->n; i++) {
    put_edge(p, step->x[i]);
    tgi_out_put(&p->out, "s%zu;\n", s);
  }
}

/* ---- what is wanted ---- */

static void put_root(picture *p, size_t r) {
  static const char *const kinds[] = {[TGI_ROOT_OUTPUT] = "result",
                                      [TGI_ROOT_BRANCH] = "branch",
                                      [TGI_ROOT_STORE] = "store",
                                      [TGI_ROOT_ASSIGN] = "assign"};
  const tgi_root *root = &p->g->roots[r];
  tgi_out_put(&p->out, "  r%zu [label=\"%s", r, kinds[root->kind]);
  if (root->kind == TGI_ROOT_OUTPUT) tgi_out_put(&p->out, " %d", root->index);
  if (root->kind == TGI_ROOT_BRANCH) tgi_out_put(&p->out, root->expected ? " true" : " false");
  if (root->kind == TGI_ROOT_ASSIGN) {
    tgi_out_put(&p->out, "\\n");
    tgi_out_shown(&p->out, tg_params_name(root->params, root->index));
  }
  tgi_out_put(&p->out, "\", shape=plaintext, style=\"\"];\n");
  put_edge(p, root->value);
  tgi_out_put(&p->out, "r%zu [style=dashed];\n", r);
}

tg_status tgi_graph_show(tgi_graph *g, int pass, tgi_show_fn *show, void *user) {
  picture p = {.g = g,
               .maker = tgi_graph_makers(g),
               .uses = tgi_graph_uses(g),
               .show = show,
               .user = user,
               .pass = pass};
  if (p.maker == NULL || p.uses == NULL) return g->error->status;
  p.out.write = write_piece;
  p.out.user = &p;
  put_head(&p);
  for (size_t v = 0; v < g->value_count; v++)
    if (g->values[v].source != TGI_FROM_STEP && p.uses[v]) put_given(&p, v);
  for (size_t s = 0; s < g->step_count && !p.out.stopped; s++) put_step(&p, s);
  for (size_t r = 0; r < g->root_count; r++) put_root(&p, r);
  tgi_out_put(&p.out, "}\n");
  tgi_out_flush(&p.out);
  return p.out.stopped ? TG_STOPPED : TG_OK;
}
