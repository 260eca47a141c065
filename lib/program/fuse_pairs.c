/* Sums, differences and products that only one other of them reads become one call with it: they
   cost loads and stores more than arithmetic. */
#include "kernel/pairs.h"
#include "program/fuse.h"

typedef struct pairing {
  tgi_fuse *f;
  tgi_fuse_call *calls;
} pairing;

/* The call that makes v, where v is all that it is for and it is one operation; else NULL. */
static tgi_fuse_call *taken(const pairing *p, const tgi_fuse_call *by, uint32_t v) {
  if (v == TGI_FUSE_NUMBER || p->f->slot[v] == 0) return NULL;
  tgi_fuse_call *call = &p->calls[p->f->slot[v] - 1];
  bool only = p->f->left[v] == 1 && p->f->uses[v] == p->f->seen[v];
  return only && call->pairs && call->dtype == by->dtype ? call : NULL;
}

static void add_operands(tgi_fuse_call *to, const uint32_t x[], const double number[], uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    to->x[to->n] = x[i];
    to->number[to->n++] = number[i];
  }
}

/* Counts how often values are read, up or down. */
static void count(const pairing *p, const tgi_fuse_call *call, bool up) {
  for (uint32_t i = 0; call && i < call->n; i++)
    if (call->x[i] != TGI_FUSE_NUMBER) p->f->left[call->x[i]] += up ? 1 : UINT32_MAX;
}

/* by = (first) op (second), or with only one of them a call of its own. */
static bool pair(const pairing *p, tgi_fuse_call *by, tgi_fuse_call *first, tgi_fuse_call *second) {
  const tgi_pair_table *table = tgi_pair_table_for(p->f->rows.isa, by->dtype);
  tgi_pair_attrs *attrs = tgi_graph_alloc(p->f->g, sizeof *attrs);
  if (attrs == NULL) return false;
  count(p, by, false), count(p, first, false);
  if (second != first) count(p, second, false); /* a square has one call on both sides */
  tgi_fuse_call old = *by, *inner = first ? first : second;
  by->n = 0;
  by->pairs = false;
  add_operands(by, inner->ops, inner->op_numbers, 2);
  if (first && second) {
    by->fn = table->both[first->op][old.op][second->op];
    add_operands(by, second->ops, second->op_numbers, 2);
  } else {
    bool minus = second && old.op == TGI_PAIR_SUB;
    by->fn = minus ? table->minus[inner->op] : table->first[inner->op][old.op];
    add_operands(by, &old.ops[first != NULL], &old.op_numbers[first != NULL], 1);
  }
  count(p, by, true);
  for (uint32_t i = 0; i < TGI_MAP_OPERANDS; i++)
    attrs->step[i] = i < by->n && by->x[i] != TGI_FUSE_NUMBER;
  by->attrs = (const double *)(const void *)attrs;
  if (first) first->gone = true;
  if (second) second->gone = true;
  return true;
}

bool tgi_fuse_pairs(tgi_fuse *f, tgi_fuse_call calls[], uint32_t n) {
  pairing p = {f, calls};
  bool made = true;
  for (uint32_t k = 0; k < n && made; k++) {
    tgi_fuse_call *by = &calls[k];
    if (by->y != TGI_FUSE_NUMBER) f->slot[by->y] = k + 1;
    if (!by->pairs) continue;
    tgi_fuse_call *first = taken(&p, by, by->ops[0]), *second = taken(&p, by, by->ops[1]);
    if (first || second) made = pair(&p, by, first, second);
  }
  for (uint32_t k = 0; k < n; k++)
    if (calls[k].y != TGI_FUSE_NUMBER) f->slot[calls[k].y] = 0;
  return made;
}
