/* Memory of the plain sweep's cotangents: recycled as the sweep passes, or the caller's own, or a
   parameter's gradient. */
#include "diff/cotangent.h"

#include "tape/params.h"

enum { SMALL = sizeof(double), LINE = 64 };

/* ---- buffers: recycled by exact size ---- */

static size_t round_up(size_t bytes) { return (bytes + LINE - 1) / LINE * LINE; }
static tgi_spare **bin_of(tgi_plain *s, size_t size) { return &s->bins[size / LINE % TGI_BINS]; }

static void *take_buffer(tgi_plain *s, size_t bytes) {
  size_t size = round_up(bytes);
  for (tgi_spare **at = bin_of(s, size); *at; at = &(*at)->next)
    if ((*at)->size == size) {
      tgi_spare *found = *at;
      *at = found->next;
      return found;
    }
  return tgi_tape_sweeps(s->t, size);
}

static void give_buffer(tgi_plain *s, void *data, size_t bytes) {
  tgi_spare *buffer = data;
  tgi_spare **bin = bin_of(s, round_up(bytes));
  *buffer = (tgi_spare){*bin, round_up(bytes)};
  *bin = buffer;
}

/* ---- cotangents ---- */

void tgi_dense_like(const tgi_node *node, tg_tensor *x) {
  tgi_node_tensor(node, x);
  if (!node->layout->plain) tgi_set_contiguous(x);
}

static size_t bytes_of(const tgi_node *node) {
  return (size_t)node->layout->numel * tgi_dtype_size((tg_dtype)node->dtype);
}

/* The memory of a parameter's gradient, where the sweep writes straight into it. */
static bool is_gradient(const tgi_plain *s, const tgi_node *node, tg_tensor *dx, bool *fresh) {
  const tgi_leaf *leaf = node->attrs;
  if (s->grads == NULL || leaf->params != tg_grads_params(s->grads)) return false;
  tgi_node_tensor(node, dx);
  dx->data = tgi_grads_data(s->grads, leaf->index);
  if (dx->data == NULL) return false;
  *fresh = s->fresh && s->fresh[leaf->index];
  if (*fresh) s->fresh[leaf->index] = false;
  return true;
}

static void *take_written(tgi_plain *s, uint32_t id) {
  int i = 0;
  while (s->x[i].id != id) i++;
  s->written[i] = true;
  return s->dx[i].data;
}

static void *take_cotangent(tgi_plain *s, const tgi_node *node, uint32_t id) {
  size_t bytes = bytes_of(node);
  if (tgi_is_written(s, id)) return take_written(s, id);
  return bytes <= SMALL ? (void *)&s->of[id].small : take_buffer(s, bytes);
}

static bool open_cotangent(tgi_plain *s, const tgi_node *node, uint32_t id, tg_tensor *dx) {
  tgi_cotangent *c = &s->of[id];
  tgi_dense_like(node, dx);
  if (c->data == NULL) c->data = take_cotangent(s, node, id);
  dx->data = c->data;
  return c->data != NULL;
}

void tgi_close_cotangent(tgi_plain *s, uint32_t id) {
  tgi_cotangent *c = &s->of[id];
  if (c->data && c->data != (void *)&c->small && !tgi_is_written(s, id))
    give_buffer(s, c->data, bytes_of(tgi_node_at(s->t, id)));
  c->data = NULL;
}

bool tgi_destination(tgi_plain *s, uint32_t id, tg_tensor *dx, bool *fresh) {
  *fresh = false;
  if (!tgi_is_on_path(s, id)) return false;
  const tgi_node *node = tgi_node_at(s->t, id);
  if (tgi_is_borrowed(s, node, id)) return is_gradient(s, node, dx, fresh);
  *fresh = s->of[id].data == NULL;
  return open_cotangent(s, node, id, dx);
}
