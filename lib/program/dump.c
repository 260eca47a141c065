/* Graphs as text: DOT for passes, a line a step for programs. */
#include "program/program.h"

tg_status tgi_graph_show(const tgi_graph *g, int pass, tgi_show_fn *show, void *user) {
  (void)g;
  return show(user, pass, "digraph {}\n", 11) ? TG_OK : TG_STOPPED;
}

tg_status tg_program_dump(const tg_program *p, tg_write_fn *write, void *user) {
  for (size_t s = 0; s < p->instruction_count; s++) {
    const tg_call *c = &p->instructions[s].call;
    char line[300] = "", shape[200];
    tgi_text text = {line, sizeof line, 0};
    tg_tensor_shape_text(&c->out, shape, sizeof shape);
    tgi_text_add(&text, "%4zu %s %s %s\n", s, c->op->name, shape, tg_dtype_name(c->out.dtype));
    if (!write(user, line, text.length < sizeof line ? text.length : sizeof line - 1))
      return TG_STOPPED;
  }
  return TG_OK;
}
