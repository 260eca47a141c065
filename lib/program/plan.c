/* The memory plan: an offset in one block for every value that a step computes. */
#include <string.h>

#include "program/graph.h"

enum { LINE = 64 };

static size_t round_up(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }

tg_status tgi_graph_plan(tgi_graph *g, const tgi_lie lies[], bool reuse, tgi_plan *plan) {
  (void)reuse;
  *plan = (tgi_plan){.offset = tgi_graph_alloc(g, g->value_count * sizeof *plan->offset),
                     .stored = tgi_graph_alloc(g, g->value_count * sizeof *plan->stored)};
  if (!plan->offset || !plan->stored) return g->error->status;
  memset(plan->stored, 0, g->value_count * sizeof *plan->stored);
  for (size_t v = 0; v < g->value_count; v++) plan->offset[v] = -1;
  for (size_t s = 0; s < g->step_count; s++)
    for (uint32_t j = 0; j < g->steps[s].n_y; j++) {
      uint32_t v = g->steps[s].y[j];
      if (lies[v].base != v) continue;
      plan->offset[v] = (int64_t)plan->bytes;
      plan->bytes += round_up(tg_tensor_bytes(&g->values[v].like));
    }
  plan->least_bytes = plan->bytes;
  return TG_OK;
}
