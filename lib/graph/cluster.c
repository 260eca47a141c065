/* Scopes as clusters. Graphviz takes a subgraph's parts in any number of pieces, so the nodes stay
   in the order of the walk. */
#include <string.h>

#include "graph/dot.h"

tg_status tgi_dot_start_clusters(tgi_dot *d) {
  tg_tape *t = d->t;
  size_t bytes = (t->scope_count + 1) * sizeof(uint32_t);
  d->depths = tgi_tape_work(t, bytes);
  d->clusters = tgi_tape_work(t, bytes);
  d->path = tgi_tape_work(t, bytes);
  if (!d->depths || !d->clusters || !d->path) return TG_NO_MEMORY;
  memset(d->clusters, 0, bytes);
  d->depths[0] = 0;
  for (size_t s = 1; s <= t->scope_count; s++)
    d->depths[s] = d->depths[t->scopes[s - 1].parent] + 1;
  return TG_OK;
}

/* The scope begun last before the node holds it, or lies in the one that does. */
uint32_t tgi_dot_scope_of(const tg_tape *t, uint32_t id) {
  size_t low = 0, high = t->scope_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (t->scopes[middle].first <= id)
      low = middle + 1;
    else
      high = middle;
  }
  uint32_t scope = (uint32_t)low;
  while (scope != 0 && t->scopes[scope - 1].last < id) scope = t->scopes[scope - 1].parent;
  return scope;
}

void tgi_dot_indent(tgi_dot *d, uint32_t scope) {
  uint32_t depth = d->depths[scope] + 1;
  tgi_out_put(&d->out, "%*s", (int)(2 * (depth < 20 ? depth : 20)), "");
}

static void open_cluster(tgi_dot *d, uint32_t scope) {
  const tgi_scope *s = &d->t->scopes[scope - 1];
  bool met = d->clusters[scope] != 0;
  if (!met) d->clusters[scope] = ++d->cluster_count;
  tgi_dot_indent(d, s->parent);
  tgi_out_put(&d->out, "subgraph cluster_%u {\n", (unsigned)d->clusters[scope]);
  if (met) return;
  tgi_dot_indent(d, scope);
  tgi_out_put(&d->out, "label=\"");
  tgi_out_shown(&d->out, s->name);
  tgi_out_put(&d->out, "\"; style=rounded; color=\"#7f8c8d\";\n");
}

void tgi_dot_move(tgi_dot *d, uint32_t from, uint32_t to) {
  const tgi_scope *scopes = d->t->scopes;
  size_t n = 0;
  while (from != to) {
    if (d->depths[to] > d->depths[from]) {
      d->path[n++] = to;
      to = scopes[to - 1].parent;
      continue;
    }
    from = scopes[from - 1].parent;
    tgi_dot_indent(d, from);
    tgi_out_put(&d->out, "}\n");
  }
  while (n > 0) open_cluster(d, d->path[--n]);
}
