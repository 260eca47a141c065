/* The sticky error of a tape, and how its sentences describe operands. */
#include "tape/tape.h"

#include <stdio.h>

tg_status tg_tape_status(const tg_tape *t) { return t ? t->status : TG_NO_MEMORY; }
const char *tg_tape_message(const tg_tape *t) { return t ? t->message : "there is no tape"; }

static void first_error(tg_tape *t, tg_status status, const char *format, va_list arguments) {
  if (t->status != TG_OK) return;
  t->status = status;
  t->errors++;
  vsnprintf(t->message, sizeof t->message, format, arguments);
  tgi_one_line(t->message);
}

tg_var tg_tape_fail(tg_tape *t, tg_status status, const char *format, ...) {
  if (t == NULL) return TG_NONE;
  va_list arguments;
  va_start(arguments, format);
  first_error(t, status, format, arguments);
  va_end(arguments);
  return tgi_failed(t);
}

static void describe_value(const tg_tensor *value, tgi_text *text) {
  char shape[200];
  tg_tensor_shape_text(value, shape, sizeof shape);
  tgi_text_add(text, "%s", shape);
  if (value->dtype != TG_F32) tgi_text_add(text, " %s", tg_dtype_name(value->dtype));
}

void tgi_describe(const tg_tape *t, uint32_t id, tgi_text *text) {
  const char *name = tgi_node_name(t, id);
  if (name) tgi_text_add(text, "\"%s\" ", name);
  tg_tensor value;
  tgi_node_tensor(tgi_node_at(t, id), &value);
  describe_value(&value, text);
}

static bool is_symbol(const char *label) {
  return label && !((*label >= 'a' && *label <= 'z') || (*label >= 'A' && *label <= 'Z'));
}

enum { OPERANDS_SHOWN = 6 };

/* "x" [2,3] @ "w" [3,4]; the operands of a program's step have no names. */
static void describe_operands(const tg_call *c, tgi_text *text) {
  const tgi_node *made = c->x == NULL && c->y.id ? tgi_node_at(c->tape, c->y.id) : NULL;
  const char *between = c->n == 2 && is_symbol(c->op->label) ? c->op->label : NULL;
  for (int i = 0; i < c->n && i < OPERANDS_SHOWN; i++) {
    uint32_t id = c->x ? c->x[i].id : made ? tgi_operand_ids(made)[i] : 0;
    if (i > 0) tgi_text_add(text, between ? " %s " : "%s ", between ? between : ",");
    if (id != 0)
      tgi_describe(c->tape, id, text);
    else if (c->x == NULL)
      describe_value(&c->in[i], text);
  }
  if (c->n > OPERANDS_SHOWN) tgi_text_add(text, ", and %d more", c->n - OPERANDS_SHOWN);
}

/* Which way the tape is swept, and whose rule this call is part of: ` (backward, rule of sqrt
 * "s")`. */
static void describe_phase(const tg_call *c, tgi_text *text) {
  const tg_call *rule = c->tape->rule;
  if (!c->tape->backward) return;
  if (rule == NULL || rule->op == c->op || !tgi_is_live(rule->y)) {
    tgi_text_add(text, " (backward)");
    return;
  }
  const char *name = tgi_node_name(c->tape, rule->y.id);
  tgi_text_add(text, " (backward, rule of %s%s%s%s)", rule->op->name, name ? " \"" : "",
               name ? name : "", name ? "\"" : "");
}

tg_status tg_call_fail(const tg_call *c, tg_status status, const char *format, ...) {
  if (c->tape->status != TG_OK) return status;
  char buffer[TG_MESSAGE_SIZE] = "", detail[TG_MESSAGE_SIZE] = "";
  tgi_text text = {buffer, sizeof buffer, 0};
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(detail, sizeof detail, format, arguments);
  va_end(arguments);
  tgi_text_add(&text, "%s", c->op->name);
  describe_phase(c, &text);
  tgi_text_add(&text, ": ");
  size_t before = text.length;
  describe_operands(c, &text);
  tg_tape_fail(c->tape, status, "%s%s%s", buffer, text.length > before ? ": " : "", detail);
  return status;
}

tg_status tgi_trace(tg_tape *t, const tg_tensor *x, const tg_call *c, const char *where) {
  if (!tg_dtype_is_float(x->dtype)) return TG_OK;
  int64_t n = tg_tensor_numel(x);
  for (int64_t i = 0; i < n; i++) {
    double value = tg_tensor_at(x, i);
    if (value - value == 0) continue;
    const char *name = c->y.id ? tgi_node_name(t, c->y.id) : NULL;
    return tg_call_fail(c, TG_NOT_FINITE, "%s%s%s%s is %s at position %lld, %s", name ? "\"" : "",
                        name ? name : "", name ? "\": " : "", where,
                        value != value ? "NaN" : "infinite", (long long)i,
                        t->backward ? "going backward" : "going forward");
  }
  return TG_OK;
}
