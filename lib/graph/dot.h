/* DOT text from inside: what is known of each node. */
#ifndef TGI_DOT_H
#define TGI_DOT_H

#include "base/out.h"
#include "tape/tape.h"
#include "tapegrad/graph.h"

typedef struct tgi_dot {
  tg_tape *t;
  tg_graph_options options;
  tgi_out out;
  tgi_order order;                   /* place[id]: the number of a drawn node, 0 for the rest */
  uint32_t drawn;                    /* how many nodes are */
  int64_t more;                      /* how many would be, but for the limit */
  uint8_t *marks;                    /* by id, of tgi_dot_marks */
  uint32_t *depths;                  /* by scope: 1 for outermost ones; [0] is 0 */
  uint32_t *clusters, cluster_count; /* by scope: the number of its cluster, 0: not met yet */
  uint32_t *path;                    /* scratch, a scope each */
} tgi_dot;

enum tgi_dot_marks {
  TGI_DOT_ROOT = 1 << 0,
  TGI_DOT_BACKWARD = 1 << 1, /* only gradients need it */
  TGI_DOT_FOLDED = 1 << 2,   /* drawn as an edge's label */
};

/* ---- one node: label.c ---- */

/* [label="...", ...] with a newline. TG_NO_MEMORY, sticky. */
tg_status tgi_dot_put_node(tgi_dot *d, uint32_t id);

/* ---- scopes: cluster.c ---- */

tg_status tgi_dot_start_clusters(tgi_dot *d);
/* The innermost scope of a node: its index + 1; 0: none. */
uint32_t tgi_dot_scope_of(const tg_tape *t, uint32_t id);
/* Closes clusters and opens others until the text is inside `to`, when it is inside `from`. */
void tgi_dot_move(tgi_dot *d, uint32_t from, uint32_t to);
/* Two spaces for the digraph and two for each open cluster, at most 40. */
void tgi_dot_indent(tgi_dot *d, uint32_t scope);

#endif
