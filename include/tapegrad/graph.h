/* A recorded graph as Graphviz DOT text, for pictures (picture.h, or the program `dot`). Nodes are
   numbered by walking from the roots in operand order: the text depends on what was computed, not
   on the order in which C evaluated arguments. */
#ifndef TAPEGRAD_GRAPH_H
#define TAPEGRAD_GRAPH_H

#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum tg_graph_direction { /* where results lie, seen from operands */
                                  TG_GRAPH_DOWN,
                                  TG_GRAPH_RIGHT,
                                  TG_GRAPH_UP,
                                  TG_GRAPH_LEFT,
} tg_graph_direction;

/* A var and its gradient, as tg_grad and tg_vjp give it. */
typedef struct tg_graph_gradient {
  tg_var x, dx;
} tg_graph_gradient;

/* The zero value is the default. */
typedef struct tg_graph_options {
  tg_graph_direction direction;
  int64_t values; /* how many elements of each value are shown; numbers recorded as scalars are
                     shown anyway */
  int64_t limit;  /* most nodes drawn, operands before results; the rest becomes a note "… 25 more
                     nodes"; 0: 1000; negative: no limit */
  const tg_graph_gradient *gradients; /* each a dashed edge from x to dx; what only they need is
                                         drawn too, in a colour of its own */
  int n_gradients;
} tg_graph_options;

/* Writes one digraph with what the roots need (n = 0: every node, in tape order):
   - operators are rounded boxes with label, name, shape and dtype, attributes, values; their
     formula is the tooltip; leaves are ellipses, parameters cylinders, constants plain boxes; roots
     have a thick outline;
   - scopes are clusters; a broadcast_to without a name is drawn as the label of an edge.
   Names are foreign text: cut after 64 characters, and what is not UTF-8 is shown as U+FFFD.
   options: NULL for defaults. The tape stays as it was. TG_STOPPED where `write` said so; TG_STALE,
   TG_FOREIGN, TG_NO_MEMORY are sticky on the tape; a negative count is TG_ARGUMENT. */
TG_API tg_status tg_graph_dot(tg_tape *t, const tg_var roots[], int n,
                              const tg_graph_options *options, tg_write_fn *write, void *user);

/* The same into a file, which is replaced as a whole: a failure leaves the old one. */
TG_API tg_status tg_graph_dot_file(tg_tape *t, const tg_var roots[], int n,
                                   const tg_graph_options *options, const char *path,
                                   tg_error *error);

#ifdef __cplusplus
}
#endif
#endif
