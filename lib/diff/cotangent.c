/* Memory of the plain sweep's cotangents: recycled as the sweep passes, or the caller's own, or a
   parameter's gradient. */
#include "diff/cotangent.h"

#include "kernel/accumulate.h"
#include "tape/params.h"

enum {
  SMALL = sizeof(double),
  LINE = 64,
  LENT = 4096, /* bytes that are worth sharing */
  RUN = 32,    /* elements of a view's run that are as good as a copy's */
};

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

/* ---- views ---- */

static void give_view(tgi_plain *s, tgi_view *view) {
  tgi_shared *of = view->of;
  if (of && --of->users == 0) {
    give_buffer(s, of->data, of->bytes);
    give_buffer(s, of, sizeof *of);
  }
  give_buffer(s, view, sizeof *view);
}

static tgi_shared *new_shared(tgi_plain *s, void *data, size_t bytes) {
  tgi_shared *of = data ? take_buffer(s, sizeof *of) : NULL;
  if (of) *of = (tgi_shared){data, bytes, 1};
  return of;
}

static tgi_view *new_view(tgi_plain *s, const tg_tensor *g, tgi_shared *of) {
  tgi_view *view = take_buffer(s, sizeof *view);
  if (view) *view = (tgi_view){*g, of};
  return view;
}

static bool set_view(tgi_plain *s, uint32_t id, tgi_view *view) {
  if (view == NULL) return false;
  s->of[id].data = s;
  s->of[id].view = view;
  return true;
}

/* One more user of the memory of a node's cotangent, which becomes a view itself where the memory
   is its own. *of NULL: that outlives the sweep. */
static bool share(tgi_plain *s, uint32_t id, tgi_shared **of) {
  tgi_cotangent *c = &s->of[id];
  *of = NULL;
  if (id == 0 || c->data == (void *)&c->small || tgi_is_written(s, id)) return true;
  if (!tgi_is_viewed(s, id)) {
    tg_tensor g;
    tgi_cotangent_tensor(s, id, &g);
    tgi_shared *own = new_shared(s, g.data, bytes_of(tgi_node_at(s->t, id)));
    if (own == NULL || !set_view(s, id, new_view(s, &g, own))) return false;
  }
  *of = c->view->of;
  if (*of) (*of)->users++;
  return true;
}

/* A copy of g, one element for all that are the same by a stride of 0. */
static bool keep_few(tgi_plain *s, const tg_tensor *g, tg_tensor *view, tgi_shared **of) {
  tg_tensor few = *g;
  for (int k = 0; k < g->rank; k++)
    if (g->strides[k] == 0) few.dims[k] = 1;
  tg_tensor from = few;
  size_t bytes = tg_tensor_bytes(&few);
  tgi_set_contiguous(&few);
  few.data = take_buffer(s, bytes);
  *of = new_shared(s, few.data, bytes);
  if (*of == NULL) return false;
  tgi_copy(&few, &from);
  *view = tgi_broadcast_view(&few, g);
  return true;
}

bool tgi_may_view(const tgi_plain *s, uint32_t to) {
  const tgi_node *node = tgi_node_at(s->t, to);
  return bytes_of(node) >= LENT && s->of[to].data == NULL && tgi_is_on_path(s, to) &&
         !tgi_is_borrowed(s, node, to) && !tgi_is_written(s, to) && !s->t->trace_nan;
}

bool tgi_may_lend(const tgi_plain *s, uint32_t to, const tg_tensor *g) {
  tgi_walk w;
  if (!tgi_may_view(s, to)) return false;
  tgi_walk_init(&w, 1, &g);
  return w.n >= RUN;
}

static bool lies_in(const tg_tensor *part, const tg_tensor *x) {
  intptr_t of_part[2], of_x[2];
  return tgi_find_span(part, of_part) && tgi_find_span(x, of_x) && of_x[0] <= of_part[0] &&
         of_part[1] <= of_x[1];
}

bool tgi_lend(tgi_plain *s, uint32_t from, uint32_t to, const tg_tensor *g) {
  tg_tensor all, view = *g;
  tgi_shared *of;
  if (from) tgi_cotangent_tensor(s, from, &all);
  bool there = from == 0 || lies_in(g, &all);
  return (there ? share(s, from, &of) : keep_few(s, g, &view, &of)) &&
         set_view(s, to, new_view(s, &view, of));
}

/* ---- what is written to ---- */

/* The view's memory, where it has all of it to itself; else a copy. */
static bool make_own(tgi_plain *s, const tgi_node *node, uint32_t id) {
  tgi_cotangent *c = &s->of[id];
  tgi_view *view = c->view;
  tgi_shared *of = view->of;
  if (of && of->users == 1 && of->bytes == bytes_of(node) && of->data == view->g.data &&
      tg_tensor_is_contiguous(&view->g)) {
    c->data = of->data;
    give_buffer(s, of, sizeof *of);
    give_buffer(s, view, sizeof *view);
    return true;
  }
  tg_tensor to;
  tgi_dense_like(node, &to);
  c->data = to.data = take_cotangent(s, node, id);
  if (to.data) tgi_accumulate(s->t->runtime, &to, &view->g, 0);
  give_view(s, view);
  return to.data != NULL;
}

static bool open_cotangent(tgi_plain *s, const tgi_node *node, uint32_t id, tg_tensor *dx) {
  tgi_cotangent *c = &s->of[id];
  if (tgi_is_viewed(s, id) && !make_own(s, node, id)) return false;
  tgi_dense_like(node, dx);
  if (c->data == NULL) c->data = take_cotangent(s, node, id);
  dx->data = c->data;
  return c->data != NULL;
}

void tgi_close_cotangent(tgi_plain *s, uint32_t id) {
  tgi_cotangent *c = &s->of[id];
  if (tgi_is_viewed(s, id))
    give_view(s, c->view);
  else if (c->data && c->data != (void *)&c->small && !tgi_is_written(s, id))
    give_buffer(s, c->data, bytes_of(tgi_node_at(s->t, id)));
  c->data = NULL;
}

bool tgi_open(tgi_plain *s, uint32_t id, tg_tensor *dx, bool *fresh) {
  const tgi_node *node = tgi_node_at(s->t, id);
  *fresh = false;
  if (tgi_is_borrowed(s, node, id)) return is_gradient(s, node, dx, fresh);
  *fresh = s->of[id].data == NULL;
  return open_cotangent(s, node, id, dx);
}

/* ---- heirs: a cotangent that is the node's own is handed on, not copied ---- */

bool tgi_may_inherit(const tgi_plain *s, uint32_t id, const uint32_t ids[], int i) {
  const tgi_node *node = tgi_node_at(s->t, id), *x = tgi_node_at(s->t, ids[i]);
  if (s->of[ids[i]].data || !tgi_is_on_path(s, ids[i]) || tgi_is_borrowed(s, x, ids[i]) ||
      tgi_is_written(s, ids[i]))
    return false;
  for (int j = 0; j < node->n; j++)
    if (j != i && ids[j] == ids[i]) return false;
  return x->dtype == node->dtype &&
         (tgi_is_viewed(s, id) ? tgi_has_shape_of(x, node)
                               : x->layout->numel == node->layout->numel);
}

int tgi_find_heir(const tgi_plain *s, uint32_t id, const uint32_t ids[]) {
  const tgi_node *node = tgi_node_at(s->t, id);
  if (s->t->trace_nan || tgi_is_written(s, id)) return -1; /* a trace looks at each cotangent */
  for (int i = 0; i < 2 && i < node->n; i++)
    if (tgi_passes(node->op, i) && tgi_may_inherit(s, id, ids, i)) return i;
  return -1;
}

void tgi_hand_over(tgi_plain *s, uint32_t id, uint32_t heir) {
  tgi_cotangent *from = &s->of[id], *to = &s->of[heir];
  *to = *from;
  if (from->data == (void *)&from->small) to->data = &to->small;
  from->data = NULL;
}

/* ---- targets ---- */

static void deliver_to(tgi_plain *s, int i, const tg_tensor *g) {
  if (s->dx[i].data != g->data) tgi_accumulate(s->t->runtime, &s->dx[i], g, s->written ? 0 : 1);
  if (s->written) s->written[i] = true;
}

void tgi_deliver(tgi_plain *s, uint32_t id, const tg_tensor *g) {
  tg_tensor dx;
  for (int i = 0; i < s->n_x; i++)
    if (s->x[i].id == id) deliver_to(s, i, g);
  const tgi_node *node = tgi_node_at(s->t, id);
  bool trained = node->flags & TGI_LEAF && node->flags & TGI_NEEDS_GRAD;
  const tgi_leaf *leaf = trained ? node->attrs : NULL;
  if (s->grads && leaf && leaf->params == tg_grads_params(s->grads)) {
    dx = tg_grads_tensor(s->grads, leaf->index);
    if (dx.data) tgi_accumulate(s->t->runtime, &dx, g, 1);
  }
}
