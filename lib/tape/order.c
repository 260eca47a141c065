/* The order in which nodes are shown: it depends on the roots and on operands, never on ids, since
   C leaves the order of argument evaluation open. */
#include <string.h>

#include "tape/tape.h"

/* A node on the stack and how many of its operands have been walked. */
typedef struct visit {
  uint32_t id;
  uint32_t next;
} visit;

static const uint32_t ON_STACK = UINT32_MAX;

/* Depth first without recursion: operands before results. */
static void walk(const tg_tape *t, uint32_t root, visit *stack, tgi_order *order) {
  size_t depth = 0;
  if (order->place[root]) return;
  order->place[root] = ON_STACK;
  stack[depth++] = (visit){root, 0};
  while (depth > 0) {
    visit *top = &stack[depth - 1];
    const tgi_node *node = tgi_node_at(t, top->id);
    if (top->next == node->n) {
      order->ids[order->count++] = top->id;
      order->place[top->id] = order->count;
      depth--;
      continue;
    }
    uint32_t x = tgi_operand_ids(node)[top->next++];
    if (order->place[x]) continue;
    order->place[x] = ON_STACK;
    stack[depth++] = (visit){x, 0};
  }
}

tg_status tgi_order_of(tg_tape *t, const tg_var roots[], int n, tgi_order *order) {
  size_t nodes = t->nodes;
  order->count = 0;
  order->ids = tgi_tape_work(t, (nodes + 1) * sizeof *order->ids);
  order->place = tgi_tape_work(t, (nodes + 1) * sizeof *order->place);
  visit *stack = tgi_tape_work(t, (nodes + 1) * sizeof *stack);
  if (!order->ids || !order->place || !stack) return t->status;
  memset(order->place, 0, (nodes + 1) * sizeof *order->place);
  for (uint32_t id = 1; n == 0 && id <= t->nodes; id++) {
    order->ids[order->count++] = id;
    order->place[id] = order->count;
  }
  for (int i = 0; i < n; i++) {
    if (tg_is_none(roots[i])) continue;
    if (!tgi_check_var(t, roots[i], "order")) return t->status;
    walk(t, roots[i].id, stack, order);
  }
  return TG_OK;
}
