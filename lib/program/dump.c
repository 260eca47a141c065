/* A program as text, a line a step as it is run:
     3 mul(%1, "x", param "w" as [3,4]) [3,4] f32 at 128
     4 fused [mul, tanh](%3, "x") [3,4] f32 at 0
   Operands are the steps that made them, by number, and what was given. */
#include "program/program.h"

typedef struct dump {
  const tg_program *p;
  const int32_t *number; /* by value: the instruction that makes it; -1: none */
  tgi_out out;
} dump;

/* As a C string: a name is foreign text, and the line has no end but its own. */
static void put_quoted(dump *d, const char *name) {
  tgi_out_put(&d->out, "\"");
  for (; *name; name++) {
    unsigned char c = (unsigned char)*name;
    if (c < ' ' || c == 0x7f)
      tgi_out_put(&d->out, "\\x%02x", c);
    else
      tgi_out_put(&d->out, "%s%c", c == '"' || c == '\\' ? "\\" : "", c);
  }
  tgi_out_put(&d->out, "\"");
}

static void put_constant(dump *d, const tg_tensor *x) {
  char text[100] = "constant";
  if (tg_tensor_numel(x) == 1) tg_tensor_text(x, 1, text, sizeof text);
  tgi_out_put(&d->out, "%s", text);
}

/* Values of steps that are not run, since they have no element, have no number. */
static void put_base(dump *d, uint32_t v) {
  const tgi_val *value = &d->p->graph.values[v];
  switch (value->source) {
  case TGI_FROM_STEP:
    tgi_out_put(&d->out, d->number[v] < 0 ? "empty" : "%%%d", (int)d->number[v]);
    break;
  case TGI_FROM_INPUT:
    if (value->name)
      put_quoted(d, value->name);
    else
      tgi_out_put(&d->out, "input %d", value->index);
    break;
  case TGI_FROM_PARAM:
    tgi_out_put(&d->out, "param ");
    put_quoted(d, tg_params_name(value->params, value->index));
    break;
  case TGI_CONST: put_constant(d, &value->like);
  }
}

static void put_operand(dump *d, uint32_t v) {
  const tgi_lie *lie = &d->p->lies[v];
  char shape[200];
  put_base(d, lie->base);
  if (lie->base == v) return;
  tg_tensor_shape_text(&lie->view, shape, sizeof shape);
  tgi_out_put(&d->out, " as %s", shape);
}

static void put_result(dump *d, uint32_t v) {
  const tg_tensor *like = &d->p->graph.values[v].like;
  const tgi_plan *plan = &d->p->plan;
  char shape[200];
  tg_tensor_shape_text(like, shape, sizeof shape);
  tgi_out_put(&d->out, " %s %s ", shape, tg_dtype_name(like->dtype));
  if (plan->stored[v])
    tgi_out_put(&d->out, "stored");
  else
    tgi_out_put(&d->out, "at %lld", (long long)plan->offset[v]);
}

static void put_step(dump *d, size_t i) {
  const tgi_instruction *instruction = &d->p->instructions[i];
  const tgi_step *step = instruction->step;
  char attrs[400] = "";
  tgi_out_put(&d->out, "%4zu %.200s", i, step->op->name);
  tgi_out_put(&d->out, step->n_parts ? " [" : "");
  tgi_put_parts(&d->out, step, ", ");
  tgi_out_put(&d->out, step->n_parts ? "](" : "(");
  for (uint32_t k = 0; k < step->n; k++) {
    tgi_out_put(&d->out, "%s", k ? ", " : "");
    put_operand(d, step->x[k]);
  }
  tg_attrs_text(step->op, instruction->attrs, attrs, sizeof attrs);
  tgi_out_put(&d->out, ")%s%s", attrs[0] ? " " : "", attrs);
  for (uint32_t j = 0; j < step->n_y; j++) {
    tgi_out_put(&d->out, "%s", j ? "," : "");
    put_result(d, step->y[j]);
  }
  tgi_out_put(&d->out, "\n");
}

tg_status tg_program_dump(const tg_program *p, tg_write_fn *write, void *user) {
  if (p == NULL) return TG_ARGUMENT;
  dump d = {.p = p, .number = p->numbers, .out = {.write = write, .user = user}};
  for (size_t i = 0; i < p->instruction_count && !d.out.stopped; i++) put_step(&d, i);
  tgi_out_flush(&d.out);
  return d.out.stopped ? TG_STOPPED : TG_OK;
}
