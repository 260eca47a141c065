/* Names and scopes of nodes: kept beside the tape, since few nodes have one. Their texts lie among
   the values, so that a rewind forgets them with everything else. */
#include "tape/tape.h"

#include <string.h>

/* The first row of an id above `id`. A node named again has several rows, the latest last. */
static size_t find(const tg_tape *t, uint32_t id) {
  size_t low = 0, high = t->name_count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (t->names[middle].id <= id)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static const char *copy_text(tg_tape *t, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = tgi_tape_values(t, size);
  return copy ? memcpy(copy, text, size) : NULL;
}

tg_var tg_name(tg_var x, const char *name) {
  if (!tgi_is_live(x) || name == NULL) return x;
  tg_tape *t = x.tape;
  const char *text = copy_text(t, name);
  if (text == NULL ||
      !tgi_tape_grow(t, &t->names, &t->name_capacity, t->name_count + 1, sizeof *t->names))
    return tgi_failed(t);
  size_t at = find(t, x.id);
  memmove(&t->names[at + 1], &t->names[at], (t->name_count - at) * sizeof *t->names);
  t->name_count++;
  t->names_after = tgi_arena_mark_of(&t->values);
  t->names[at] = (tgi_name){x.id, text, t->names_after};
  tgi_node_at(t, x.id)->flags |= TGI_NAMED;
  return x;
}

const char *tgi_node_name(const tg_tape *t, uint32_t id) {
  const tgi_node *node = tgi_node_at(t, id);
  if (node->flags & TGI_NAMED) return t->names[find(t, id) - 1].text;
  const tgi_leaf *leaf = node->flags & TGI_LEAF ? node->attrs : NULL;
  return leaf && leaf->params ? tg_params_name(leaf->params, leaf->index) : NULL;
}

const char *tg_name_of(tg_var x) { return tgi_is_live(x) ? tgi_node_name(x.tape, x.id) : NULL; }

/* ---- scopes ---- */

void tg_scope_begin(tg_tape *t, const char *name) {
  if (t == NULL) return;
  const char *text = copy_text(t, name);
  if (text == NULL ||
      !tgi_tape_grow(t, &t->scopes, &t->scope_capacity, t->scope_count + 1, sizeof *t->scopes))
    return;
  t->scopes[t->scope_count++] =
      (tgi_scope){text, tgi_arena_mark_of(&t->values), t->scope, t->nodes + 1, UINT32_MAX};
  t->scope = (uint32_t)t->scope_count;
}

void tg_scope_end(tg_tape *t) {
  if (t == NULL) return;
  if (t->scope == 0) {
    tg_tape_fail(t, TG_STATE, "tg_scope_end: no scope is open");
    return;
  }
  tgi_scope *scope = &t->scopes[t->scope - 1];
  scope->last = t->nodes;
  t->scope = scope->parent;
}

/* ---- rewinding ---- */

bool tgi_is_later(tgi_arena_mark a, tgi_arena_mark b) {
  return a.chunk > b.chunk || (a.chunk == b.chunk && a.used > b.used);
}

static void forget_names(tg_tape *t, tg_mark mark) {
  tgi_arena_mark memory = {mark.chunk, mark.used}, latest = {0};
  bool none = t->name_count == 0 || (t->names[t->name_count - 1].id <= mark.nodes &&
                                     !tgi_is_later(t->names_after, memory));
  if (none) return;
  size_t kept = 0;
  for (size_t i = 0; i < t->name_count; i++) {
    tgi_name name = t->names[i];
    if (name.id > mark.nodes) continue;
    if (tgi_is_later(name.after, memory)) {
      bool before = kept > 0 && t->names[kept - 1].id == name.id;
      if (!before) tgi_node_at(t, name.id)->flags &= (uint8_t)~TGI_NAMED;
      continue;
    }
    if (tgi_is_later(name.after, latest)) latest = name.after;
    t->names[kept++] = name;
  }
  t->name_count = kept;
  t->names_after = latest;
}

/* Scopes that were open at the mark are open again. */
static void forget_scopes(tg_tape *t, tg_mark mark) {
  t->scope_count = mark.scopes;
  t->scope = mark.scope;
  for (uint32_t s = mark.scope; s != 0; s = t->scopes[s - 1].parent)
    t->scopes[s - 1].last = UINT32_MAX;
}

void tgi_forget_names(tg_tape *t, tg_mark mark) {
  forget_names(t, mark);
  forget_scopes(t, mark);
  while (t->leaf_count > 0 && t->leaves[t->leaf_count - 1] > mark.nodes) t->leaf_count--;
}
