/* The life of a tape: made, marked, rewound, collapsed, reset, freed. */
#include "tape/tape.h"

#include <string.h>

#include "tape/capture.h"

static const tg_tape_options default_options = {0};

static bool first_block(tg_tape *t) {
  tgi_node *block = tgi_alloc(t->runtime, TGI_BLOCK_NODES * sizeof *block);
  if (block == NULL ||
      !tgi_grow(t->runtime, &t->blocks, &t->block_capacity, 1, sizeof *t->blocks)) {
    tgi_free(t->runtime, block, TGI_BLOCK_NODES * sizeof *block);
    return false;
  }
  tgi_forget_layouts(block);
  t->blocks[0] = block;
  t->block_count = 1;
  return true;
}

tg_tape *tg_tape_new(const tg_tape_options *options, tg_error *error) {
  if (options == NULL) options = &default_options;
  const tg_runtime *runtime = tgi_runtime(options->runtime);
  tg_tape *t = tgi_alloc(runtime, sizeof *t);
  if (t == NULL) {
    tgi_error(error, TG_NO_MEMORY, "tape: no memory for a new tape");
    return NULL;
  }
  *t = (tg_tape){.runtime = runtime,
                 .budget = options->byte_budget,
                 .generation = 1,
                 .grad = true,
                 .trace_nan = options->trace_nan,
                 .check_leaves = options->check_leaves};
  tgi_arena_init(&t->values, runtime, 0);
  tgi_arena_init(&t->work, runtime, 0);
  tgi_arena_init(&t->sweeps, runtime, 0);
  tgi_arena_init(&t->layouts, runtime, 0);
  if (!first_block(t) || !tgi_tape_affords(t, 0)) {
    tgi_error(error, TG_NO_MEMORY, "tape: no memory for a new tape");
    tg_tape_free(t);
    return NULL;
  }
  return t;
}

void tg_tape_free(tg_tape *t) {
  if (t == NULL) return;
  const tg_runtime *runtime = t->runtime;
  tgi_capture_free(t);
  for (size_t i = 0; i < t->block_count; i++)
    tgi_free(runtime, t->blocks[i], TGI_BLOCK_NODES * sizeof(tgi_node));
  tgi_free(runtime, t->blocks, t->block_capacity * sizeof *t->blocks);
  tgi_free(runtime, t->buckets, t->bucket_count * sizeof *t->buckets);
  tgi_free(runtime, t->names, t->name_capacity * sizeof *t->names);
  tgi_free(runtime, t->scopes, t->scope_capacity * sizeof *t->scopes);
  tgi_free(runtime, t->leaves, t->leaf_capacity * sizeof *t->leaves);
  tgi_arena_free(&t->values);
  tgi_arena_free(&t->work);
  tgi_arena_free(&t->sweeps);
  tgi_arena_free(&t->layouts);
  tgi_free(runtime, t, sizeof *t);
}

/* ---- marks ---- */

static uint32_t generation_at(const tg_tape *t, uint32_t nodes) {
  return nodes == 0 ? 0 : tgi_node_at(t, nodes)->generation;
}

tg_mark tg_tape_mark(const tg_tape *t) {
  if (t == NULL) return (tg_mark){0};
  tgi_arena_mark memory = tgi_arena_mark_of(&t->values);
  return (tg_mark){.nodes = t->nodes,
                   .generation = generation_at(t, t->nodes),
                   .errors = t->status == TG_OK ? 0 : t->errors,
                   .scopes = (uint32_t)t->scope_count,
                   .scope = t->scope,
                   .chunk = memory.chunk,
                   .used = memory.used};
}

static void clear_error(tg_tape *t) {
  t->status = TG_OK;
  t->message[0] = '\0';
}

bool tgi_is_intact(const tg_tape *t, tg_mark mark) {
  return mark.nodes <= t->nodes && generation_at(t, mark.nodes) == mark.generation;
}

/* Names and scopes lie past the last node: with the same nodes a mark may still be of what was
   rewound since. */
static bool is_valid(const tg_tape *t, tg_mark mark) {
  tgi_arena_mark memory = {mark.chunk, mark.used};
  if (!tgi_is_intact(t, mark) || mark.scopes > t->scope_count ||
      tgi_is_later(memory, tgi_arena_mark_of(&t->values)))
    return false;
  return mark.scopes == 0 || !tgi_is_later(t->scopes[mark.scopes - 1].after, memory);
}

tg_status tg_tape_rewind(tg_tape *t, tg_mark mark) {
  if (t == NULL) return TG_NO_MEMORY;
  if (!is_valid(t, mark)) return TG_STALE;
  if (mark.nodes < t->nodes) t->generation++;
  if (t->capture && mark.nodes < t->capture->begin.nodes) tgi_capture_free(t);
  tgi_forget_names(t, mark);
  t->nodes = mark.nodes;
  tgi_arena_rewind(&t->values, (tgi_arena_mark){mark.chunk, mark.used});
  if (t->status != TG_OK && t->errors != mark.errors) clear_error(t);
  return TG_OK;
}

void tgi_tape_drop(tg_tape *t, tg_mark mark) {
  if (t->status != TG_OK) mark.errors = t->errors;
  tg_tape_rewind(t, mark);
}

enum { MANY_LAYOUTS = 4096 };

void tg_tape_reset(tg_tape *t) {
  if (t == NULL) return;
  tg_tape_rewind(t, (tg_mark){0});
  clear_error(t);
  tgi_capture_free(t);
  t->grad = true;
  if (t->layout_count <= MANY_LAYOUTS) return;
  tgi_arena_rewind(&t->layouts, (tgi_arena_mark){0});
  memset(t->buckets, 0, t->bucket_count * sizeof *t->buckets);
  t->layout_count = 0;
  for (size_t i = 0; i < t->block_count; i++) tgi_forget_layouts(t->blocks[i]);
}

bool tg_tape_set_grad(tg_tape *t, bool on) {
  if (t == NULL) return true;
  bool was = t->grad;
  t->grad = on;
  return was;
}

/* ---- collapse ---- */

/* Copies of the kept values, in work memory: what they are views of may be about to go. The tape
   fails where one cannot be kept. */
static void save_values(tg_tape *t, const tg_var keep[], int n, tg_tensor saved[]) {
  for (int i = 0; i < n; i++) {
    saved[i] = (tg_tensor){0};
    if (tg_is_none(keep[i])) continue;
    if (!tgi_check_var(t, keep[i], "tg_tape_collapse")) return;
    tg_tensor value = tgi_value(keep[i]);
    saved[i] = value;
    tgi_set_contiguous(&saved[i]);
    saved[i].data = tgi_tape_work(t, tg_tensor_bytes(&value));
    if (saved[i].data == NULL) return;
    tgi_copy(&saved[i], &value);
  }
}

tg_status tg_tape_collapse(tg_tape *t, tg_mark mark, tg_var keep[], int n) {
  if (t == NULL) return TG_NO_MEMORY;
  if (t->capture) /* what is kept would be constants, which are the same in every replay */
    tg_tape_fail(t, TG_STATE, "tg_tape_collapse: a capture is on, which needs what would go");
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  tg_tensor *saved = tgi_tape_work(t, (size_t)n * sizeof *saved);
  if (saved) save_values(t, keep, n, saved);
  tg_status status = t->status;
  if (status == TG_OK && (status = tg_tape_rewind(t, mark)) != TG_OK)
    tg_tape_fail(t, status, "tg_tape_collapse: the mark was itself rewound");
  for (int i = 0; i < n && status == TG_OK; i++) {
    if (!tg_is_none(keep[i])) keep[i] = tg_constant(t, saved[i]);
    status = t->status;
  }
  for (int i = 0; i < n && status != TG_OK; i++) keep[i] = tgi_failed(t);
  tgi_arena_rewind(&t->work, work);
  return status;
}

/* ---- memory ---- */

static size_t held(const tg_tape *t) {
  return t->values.bytes + t->work.bytes + t->sweeps.bytes + t->layouts.bytes + sizeof *t +
         t->block_count * TGI_BLOCK_NODES * sizeof(tgi_node) +
         t->block_capacity * sizeof *t->blocks + t->bucket_count * sizeof *t->buckets +
         t->name_capacity * sizeof *t->names + t->scope_capacity * sizeof *t->scopes +
         t->leaf_capacity * sizeof *t->leaves;
}

size_t tg_tape_bytes(const tg_tape *t) { return t ? held(t) : 0; }
int64_t tg_tape_nodes(const tg_tape *t) { return t ? t->nodes : 0; }

bool tgi_no_memory(tg_tape *t, const char *what) {
  tg_tape_fail(t, TG_NO_MEMORY, "%s: out of memory, the tape holds %zu bytes", what, held(t));
  return false;
}

void tgi_tape_limit(tg_tape *t, tgi_arena *arena) {
  size_t others = held(t) - arena->bytes;
  arena->budget = others < t->budget ? t->budget - others : 1;
}

void *tgi_tape_take_slow(tg_tape *t, tgi_arena *arena, size_t size) {
  if (t->budget != 0) tgi_tape_limit(t, arena);
  void *memory = tgi_arena_alloc_slow(arena, size);
  if (memory == NULL) tgi_no_memory(t, "tape");
  return memory;
}

bool tgi_tape_affords(tg_tape *t, size_t size) {
  size_t has = held(t);
  return t->budget == 0 || (has <= t->budget && size <= t->budget - has) ||
         tgi_no_memory(t, "tape");
}

bool tgi_tape_grow_slow(tg_tape *t, void *array, size_t *capacity, size_t need, size_t element) {
  size_t room = need < 2 * *capacity ? 2 * *capacity : need; /* as tgi_grow will ask */
  if (!tgi_tape_affords(t, room * element)) return false;
  return tgi_grow(t->runtime, array, capacity, need, element) || tgi_no_memory(t, "tape");
}
