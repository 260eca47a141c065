/* Results of operands that repeat themselves along leading axes (copies of one point, a number
   spread over a shape) repeat themselves too, where the operator takes these index by index: one
   row is computed. The others are written, into memory that the node has had from its birth, once
   somebody asks who does not: a reduction, the caller. So no sum sees other strides, nor adds in
   another order, for it. */
#include <string.h>

#include "tape/tape.h"

enum { MOST_OPERANDS = 4, ROW = 64 }; /* a row is shorter only if it is a number */

/* Is the axis of the result the same of every operand, index by index? */
static bool is_same_axis(const tg_call *c, int axis) {
  if (c->op->flags & TG_OP_ELEMENTWISE) return true;
  for (int i = 0; i < c->n; i++)
    if (axis >= c->in[i].rank || c->op->axis(c, i, axis) != axis) return false;
  return true;
}

static bool repeats(const tg_call *c, int axis) {
  for (int i = 0; i < c->n; i++)
    if (c->in[i].strides[axis] != 0 && c->in[i].dims[axis] != 1) return false;
  return c->n > 0;
}

int tgi_repeated_axes(const tg_call *c) {
  const tg_tensor *y = &c->out;
  int axes = 0;
  int64_t rows = 1, row = 1;
  if (!tgi_may_repeat(c->op) || c->n > MOST_OPERANDS) return 0;
  while (axes < y->rank && is_same_axis(c, axes) && repeats(c, axes)) rows *= y->dims[axes++];
  for (int k = axes; k < y->rank; k++) row *= y->dims[k];
  return rows > 1 && (row == 1 || row >= ROW) ? axes : 0;
}

static tg_tensor first_row(const tg_tensor *x, int axes) {
  tg_tensor row = *x;
  for (int k = 0; k < axes; k++) row.dims[k] = 1;
  return row;
}

bool tgi_run_repeated(tg_tape *t, tgi_node *node, tg_call *c, int axes,
                      bool run(tg_tape *t, tg_call *c)) {
  tg_call one = *c;
  tg_tensor in[MOST_OPERANDS];
  for (int i = 0; i < c->n; i++) in[i] = first_row(&c->in[i], axes);
  one.in = in;
  one.out = first_row(&c->out, axes);
  for (int k = 0; k < axes; k++) c->out.strides[k] = 0;
  node->layout = tgi_layout_of(t, &c->out);
  node->flags = TGI_REPEATS;
  return node->layout && run(t, &one);
}

/* The dense layout is the tape's already, from the node's birth. */
void tgi_write_repeats(tg_tape *t, tgi_node *node) {
  tg_tensor y;
  size_t done = tgi_dtype_size((tg_dtype)node->dtype);
  tgi_node_tensor(node, &y);
  for (int k = 0; k < y.rank; k++)
    if (y.strides[k] != 0) done *= (size_t)y.dims[k];
  tgi_set_contiguous(&y);
  const size_t bytes = tg_tensor_bytes(&y);
  for (char *data = node->data; done < bytes; done *= 2)
    memcpy(data + done, data, done < bytes - done ? done : bytes - done);
  node->layout = tgi_layout_of(t, &y);
  node->flags &= (uint8_t)~TGI_REPEATS;
}
