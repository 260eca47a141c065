/* DOT text of a tape: which nodes are drawn and how they are numbered, then nodes, then edges. Of
   operators it knows broadcast_to, which it folds into edges, and the tape's own leaves. */
#include "graph/dot.h"

#include <string.h>

#include "base/file.h"
#include "ops/ops_internal.h"

enum { DEFAULT_LIMIT = 1000 };

/* ---- what is drawn ---- */

/* The roots, then the gradients and their vars. */
static tg_status walk(tgi_dot *d, const tg_var roots[], int n) {
  const tg_graph_options *o = &d->options;
  size_t gradients = n == 0 ? 0 : (size_t)o->n_gradients, at = (size_t)n;
  tg_var *all = tgi_tape_work(d->t, (at + 2 * gradients) * sizeof *all);
  if (all == NULL) return TG_NO_MEMORY;
  if (n > 0) memcpy(all, roots, at * sizeof *all);
  for (size_t i = 0; i < gradients; i++) all[at++] = o->gradients[i].dx;
  for (size_t i = 0; i < gradients; i++) all[at++] = o->gradients[i].x;
  return tgi_order_of(d->t, all, (int)at, &d->order);
}

static bool check_gradients(tgi_dot *d) {
  for (int i = 0; i < d->options.n_gradients; i++) {
    const tg_graph_gradient *pair = &d->options.gradients[i];
    if (!tg_is_none(pair->x) && !tgi_check_var(d->t, pair->x, "graph")) return false;
    if (!tg_is_none(pair->dx) && !tgi_check_var(d->t, pair->dx, "graph")) return false;
  }
  return true;
}

/* Every root's operands come before it, so the last root ends what the roots need. */
static void mark_backward(tgi_dot *d, const tg_var roots[], int n) {
  uint32_t forward = n == 0 ? d->order.count : 0;
  for (int i = 0; i < n; i++) {
    if (tg_is_none(roots[i])) continue;
    uint32_t place = d->order.place[roots[i].id];
    if (place > forward) forward = place;
    d->marks[roots[i].id] |= TGI_DOT_ROOT;
  }
  for (uint32_t k = forward; k < d->order.count; k++) d->marks[d->order.ids[k]] |= TGI_DOT_BACKWARD;
}

/* Broadcasts without a name, which another node uses and no dashed edge does. */
static void mark_folded(tgi_dot *d) {
  for (uint32_t k = 0; k < d->order.count; k++) {
    const tgi_node *node = tgi_node_at(d->t, d->order.ids[k]);
    const uint32_t *ids = tgi_operand_ids(node);
    for (int i = 0; i < node->n; i++) {
      const tgi_node *x = tgi_node_at(d->t, ids[i]);
      bool plain = x->op == &tgi_op_broadcast_to && !(x->flags & TGI_NAMED);
      if (plain && !(d->marks[ids[i]] & TGI_DOT_ROOT)) d->marks[ids[i]] |= TGI_DOT_FOLDED;
    }
  }
  for (int i = 0; i < d->options.n_gradients; i++) {
    const tg_graph_gradient *pair = &d->options.gradients[i];
    if (!tg_is_none(pair->x)) d->marks[pair->x.id] &= (uint8_t)~TGI_DOT_FOLDED;
    if (!tg_is_none(pair->dx)) d->marks[pair->dx.id] &= (uint8_t)~TGI_DOT_FOLDED;
  }
}

static void number_nodes(tgi_dot *d) {
  int64_t limit = d->options.limit ? d->options.limit : DEFAULT_LIMIT;
  for (uint32_t k = 0; k < d->order.count; k++) {
    uint32_t id = d->order.ids[k];
    bool folded = d->marks[id] & TGI_DOT_FOLDED;
    bool drawn = !folded && (limit < 0 || d->drawn < limit);
    d->order.place[id] = drawn ? ++d->drawn : 0;
    if (!folded && !drawn) d->more++;
  }
}

static tg_status plan(tgi_dot *d, const tg_var roots[], int n) {
  if (!check_gradients(d)) return d->t->status;
  tg_status status = walk(d, roots, n);
  if (status != TG_OK) return status;
  d->marks = tgi_tape_work(d->t, (size_t)d->t->nodes + 1);
  if (d->marks == NULL) return TG_NO_MEMORY;
  memset(d->marks, 0, (size_t)d->t->nodes + 1);
  mark_backward(d, roots, n);
  mark_folded(d);
  number_nodes(d);
  return tgi_dot_start_clusters(d);
}

/* ---- the text ---- */

static void put_head(tgi_dot *d) {
  static const char *const directions[] = {"TB", "LR", "BT", "RL"};
  tgi_out_put(&d->out, "digraph tape {\n  rankdir=%s;\n", directions[d->options.direction & 3]);
  tgi_out_put(&d->out, "  graph [fontname=\"Helvetica\", fontsize=11];\n");
  tgi_out_put(&d->out, "  node [fontname=\"Helvetica\", fontsize=11, shape=box, "
                       "style=\"rounded,filled\", fillcolor=\"#ffffff\", margin=\"0.12,0.08\"];\n");
  tgi_out_put(&d->out, "  edge [fontname=\"Helvetica\", fontsize=9, arrowsize=0.7];\n");
}

static tg_status put_nodes(tgi_dot *d) {
  uint32_t scope = 0;
  for (uint32_t k = 0; k < d->order.count && !d->out.stopped; k++) {
    uint32_t id = d->order.ids[k];
    if (d->order.place[id] == 0) continue;
    uint32_t inside = tgi_dot_scope_of(d->t, id);
    tgi_dot_move(d, scope, inside);
    scope = inside;
    tgi_dot_indent(d, scope);
    tg_status status = tgi_dot_put_node(d, id);
    if (status != TG_OK) return status;
  }
  tgi_dot_move(d, scope, 0);
  if (d->more > 0)
    tgi_out_put(&d->out, "  more [label=\"\u2026 %lld more nodes\", shape=plaintext];\n",
                (long long)d->more);
  return TG_OK;
}

/* From operand x, through the broadcasts that are folded into the edge. */
static void put_edge(tgi_dot *d, uint32_t x, uint32_t to) {
  const tgi_node *wide = tgi_node_at(d->t, x);
  bool folded = d->marks[x] & TGI_DOT_FOLDED;
  while (d->marks[x] & TGI_DOT_FOLDED) x = tgi_operand_ids(tgi_node_at(d->t, x))[0];
  tgi_out_put(&d->out, "  n%u -> n%u", (unsigned)d->order.place[x], (unsigned)to);
  if (folded) {
    char shape[200];
    tg_tensor value;
    tgi_node_tensor(wide, &value);
    tg_tensor_shape_text(&value, shape, sizeof shape);
    tgi_out_put(&d->out, " [label=\"\u2192 %s\"]", shape);
  }
  tgi_out_put(&d->out, ";\n");
}

static void put_edges(tgi_dot *d) {
  for (uint32_t k = 0; k < d->order.count && !d->out.stopped; k++) {
    const tgi_node *node = tgi_node_at(d->t, d->order.ids[k]);
    uint32_t to = d->order.place[d->order.ids[k]];
    for (int i = 0; to != 0 && i < node->n; i++) put_edge(d, tgi_operand_ids(node)[i], to);
  }
}

static void put_gradients(tgi_dot *d) {
  for (int i = 0; i < d->options.n_gradients && !d->out.stopped; i++) {
    const tg_graph_gradient *pair = &d->options.gradients[i];
    if (tg_is_none(pair->x) || tg_is_none(pair->dx)) continue;
    uint32_t x = d->order.place[pair->x.id], dx = d->order.place[pair->dx.id];
    if (x == 0 || dx == 0) continue;
    tgi_out_put(&d->out, "  n%u -> n%u [style=dashed, color=\"#b45f06\", constraint=false];\n",
                (unsigned)x, (unsigned)dx);
  }
}

static tg_status put_all(tgi_dot *d) {
  put_head(d);
  tg_status status = put_nodes(d);
  if (status != TG_OK) return status;
  put_edges(d);
  put_gradients(d);
  tgi_out_put(&d->out, "}\n");
  tgi_out_flush(&d->out);
  return d->out.stopped ? TG_STOPPED : TG_OK;
}

tg_status tg_graph_dot(tg_tape *t, const tg_var roots[], int n, const tg_graph_options *options,
                       tg_write_fn *write, void *user) {
  if (t == NULL || n < 0 || (options && options->n_gradients < 0)) return TG_ARGUMENT;
  tgi_dot d = {.t = t, .out = {.write = write, .user = user}};
  if (options) d.options = *options;
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  tg_status status = plan(&d, roots, n);
  if (status == TG_OK) status = put_all(&d);
  tgi_arena_rewind(&t->work, work);
  return status;
}

/* ---- into a file ---- */

typedef struct graph {
  tg_tape *t;
  const tg_var *roots;
  int n;
  const tg_graph_options *options;
} graph;

static bool write_text(void *user, const char *text, size_t length) {
  return tgi_write(user, text, length);
}

/* A stop comes from the writer, which reports its own failure. */
static tg_status write_graph(void *user, tgi_writer *w, tg_error *error) {
  const graph *g = user;
  tg_status status = tg_graph_dot(g->t, g->roots, g->n, g->options, write_text, w);
  if (status == TG_OK || status == TG_STOPPED) return TG_OK;
  bool known = g->t && tg_tape_status(g->t) == status;
  return tgi_error(error, status, "graph: %s",
                   known ? tg_tape_message(g->t) : tg_status_text(status));
}

tg_status tg_graph_dot_file(tg_tape *t, const tg_var roots[], int n,
                            const tg_graph_options *options, const char *path, tg_error *error) {
  graph g = {t, roots, n, options};
  return tgi_file_replace(path, write_graph, &g, error);
}
