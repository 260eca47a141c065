/* A tape as plain text, a line a node; and attributes as text. */
#include <string.h>

#include "tape/tape.h"

/* ---- attributes ---- */

static void add_list(tgi_text *b, const int64_t entries[], int n) {
  tgi_text_add(b, "[");
  for (int i = 0; i < n; i++) tgi_text_add(b, "%s%lld", i ? "," : "", (long long)entries[i]);
  tgi_text_add(b, "]");
}

static void add_enum(tgi_text *b, const tg_field *field, int value) {
  int known = 0;
  while (field->names && field->names[known]) known++;
  if (value >= 0 && value < known)
    tgi_text_add(b, "%s", field->names[value]);
  else
    tgi_text_add(b, "%d", value);
}

static void add_field(tgi_text *b, const tg_field *field, const char *attrs) {
  const void *at = attrs + field->offset;
  switch (field->type) {
  case TG_FIELD_F64: tgi_text_add(b, "%.17g", *(const double *)at); break;
  case TG_FIELD_I64: tgi_text_add(b, "%lld", (long long)*(const int64_t *)at); break;
  case TG_FIELD_INT: tgi_text_add(b, "%d", *(const int *)at); break;
  case TG_FIELD_BOOL: tgi_text_add(b, "%s", *(const bool *)at ? "true" : "false"); break;
  case TG_FIELD_DTYPE: tgi_text_add(b, "%s", tg_dtype_name(*(const tg_dtype *)at)); break;
  case TG_FIELD_ENUM: add_enum(b, field, *(const int *)at); break;
  case TG_FIELD_I64S: add_list(b, at, *(const int *)(attrs + field->count)); break;
  case TG_FIELD_POINTER: tgi_text_add(b, "%s", *(void *const *)at ? "set" : "none"); break;
  case TG_FIELD_KEY: {
    const tg_key *key = at;
    tgi_text_add(b, "%llx:%llx", (unsigned long long)key->seed, (unsigned long long)key->stream);
  }
  }
}

size_t tg_attrs_text(const tg_op *op, const void *attrs, char *text, size_t size) {
  tgi_text b = {text, size, 0};
  if (size > 0) text[0] = '\0';
  if (op->attrs == NULL || attrs == NULL) return 0;
  for (const tg_field *field = op->attrs; field->name; field++) {
    tgi_text_add(&b, "%s%s=", field == op->attrs ? "" : " ", field->name);
    add_field(&b, field, attrs);
  }
  return b.length;
}

/* ---- the dump ---- */

enum { ROOM = 4096, PIECE = 64 }; /* nothing that is added between two calls of flush is longer */

/* Text on its way to the writer. */
typedef struct pipe {
  char room[ROOM];
  tgi_text text;
  tg_write_fn *write;
  void *user;
  bool stopped;
} pipe;

/* Hands on what is there once fewer than `left` bytes are free. */
static void flush(pipe *p, size_t left) {
  if (p->text.length + left < ROOM) return;
  if (!p->stopped) p->stopped = !p->write(p->user, p->room, p->text.length);
  p->text.length = 0;
}

static void add_operands(pipe *p, const tgi_node *node, const tgi_order *order) {
  const uint32_t *ids = tgi_operand_ids(node);
  for (int i = 0; i < node->n; i++) {
    tgi_text_add(&p->text, "%s%%%u", i ? ", " : "", (unsigned)order->place[ids[i]]);
    flush(p, PIECE);
  }
}

/* As a C string: a name is foreign text, and the line has no end but its own. */
static void add_name(pipe *p, const char *name) {
  tgi_text_add(&p->text, " \"");
  for (; *name; name++, flush(p, PIECE)) {
    unsigned char c = (unsigned char)*name;
    if (c == '\n')
      tgi_text_add(&p->text, "\\n");
    else if (c < ' ' || c == 0x7f)
      tgi_text_add(&p->text, "\\x%02x", c);
    else
      tgi_text_add(&p->text, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
  }
  tgi_text_add(&p->text, "\"");
}

/* %3 = matmul(%1, %2) [32,64] f32 8192 B "h" */
static void add_line(const tg_tape *t, uint32_t id, const tgi_order *order, pipe *p) {
  const tgi_node *node = tgi_node_at(t, id);
  tg_tensor value;
  char shape[200], attrs[1000] = "";
  tgi_node_tensor(node, &value);
  tg_tensor_shape_text(&value, shape, sizeof shape);
  tg_attrs_text(node->op, node->attrs, attrs, sizeof attrs);
  flush(p, ROOM / 2);
  tgi_text_add(&p->text, "%%%u = %.500s(", (unsigned)order->place[id], node->op->name);
  add_operands(p, node, order);
  flush(p, ROOM / 2);
  tgi_text_add(&p->text, ")%s%s %s %s %zu B", attrs[0] ? " " : "", attrs, shape,
               tg_dtype_name(value.dtype), tg_tensor_bytes(&value));
  const char *name = tgi_node_name(t, id);
  if (name) add_name(p, name);
  tgi_text_add(&p->text, "\n");
  flush(p, ROOM);
}

static tg_status dump(tg_tape *t, const tgi_order *order, tg_write_fn *write, void *user) {
  pipe p = {.write = write, .user = user};
  p.text = (tgi_text){p.room, sizeof p.room, 0};
  for (uint32_t i = 0; i < order->count && !p.stopped; i++) add_line(t, order->ids[i], order, &p);
  return p.stopped ? TG_STOPPED : TG_OK;
}

tg_status tg_tape_dump(tg_tape *t, const tg_var roots[], int n, tg_write_fn *write, void *user) {
  if (t == NULL) return TG_NO_MEMORY;
  tgi_arena_mark work = tgi_arena_mark_of(&t->work);
  tgi_order order;
  tg_status status = tgi_order_of(t, roots, n, &order);
  if (status == TG_OK) status = dump(t, &order, write, user);
  tgi_arena_rewind(&t->work, work);
  return status;
}
