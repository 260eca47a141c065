/* What does not fit is refused: by the status that the sample says, with a sentence that begins
   with an operator's name, and the tape is usable after a rewind. */
#include "cases.h"

static bool begins_with_operator(const char *message, const tg_op *op) {
  size_t length = strcspn(message, ": \n");
  if (strlen(op->name) == length && strncmp(message, op->name, length) == 0) return true;
  const tg_op *part;
  for (int i = 0; op->compose && (part = tg_op_at(i)) != NULL; i++)
    if (strlen(part->name) == length && strncmp(message, part->name, length) == 0) return true;
  return false;
}

void check_refused(op_case *c) {
  tg_var x[TG_SAMPLE_INPUTS];
  for (int i = 0; i < c->n; i++) x[i] = tg_leaf(c->t, c->in[i]);
  tg_mark mark = tg_tape_mark(c->t);
  tg_var y = tg_apply_on(c->t, c->op, x, c->n, c->sample->attrs);
  c->compared++;
  tg_status status = tg_tape_status(c->t);
  if (status == TG_OK) case_fail(c, "was accepted, expected %s", tg_status_name(c->sample->refuse));
  if (status != c->sample->refuse)
    case_fail(c, "refused with %s, expected %s: %s", tg_status_name(status),
              tg_status_name(c->sample->refuse), tg_tape_message(c->t));
  if (!tg_is_failed(y)) case_fail(c, "refused, but gave no failed var");
  if (!begins_with_operator(tg_tape_message(c->t), c->op))
    case_fail(c, "the message names no operator: \"%s\"", tg_tape_message(c->t));
  char message[TG_MESSAGE_SIZE];
  snprintf(message, sizeof message, "%s", tg_tape_message(c->t));
  if (!tg_is_failed(tg_neg(y)) || strcmp(message, tg_tape_message(c->t)) != 0)
    case_fail(c, "the error is not sticky");
  tg_tape_rewind(c->t, mark);
  if (tg_item(tg_neg(tg_scalar(c->t, TG_F64, 3))) != -3)
    case_fail(c, "the tape is not usable after the rewind: %s", tg_tape_message(c->t));
}
