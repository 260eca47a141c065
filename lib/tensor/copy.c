/* Copies: any strides, any dtypes. The two axes that matter, the run and the axis along which the
   source lies densest, form a plane that is copied in tiles, so a transpose stays in cache. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tensor/tensor.h"

enum { TO, FROM, SIDES, TILE = 32, SHORT = 8 };

typedef struct plane {
  tgi_convert_fn *convert;
  size_t size;        /* of an element where the dtypes are equal, else 0 */
  int64_t rows, n;    /* n is the length of a run */
  int64_t row[SIDES]; /* steps in bytes */
  int64_t step[SIDES];
  bool tiled;
} plane;

static void copy_run(const plane *p, int64_t n, char *to, const char *from) {
  if (p->size && p->step[TO] == (int64_t)p->size && p->step[FROM] == (int64_t)p->size)
    memcpy(to, from, (size_t)n * p->size);
  else
    p->convert(n, to, p->step[TO], from, p->step[FROM]);
}

static void copy_rows(const plane *p, char *const at[]) {
  for (int64_t i = 0; i < p->rows; i++)
    copy_run(p, p->n, at[TO] + i * p->row[TO], at[FROM] + i * p->row[FROM]);
}

static void copy_tiles(const plane *p, char *const at[]) {
  for (int64_t i = 0; i < p->rows; i += TILE)
    for (int64_t j = 0; j < p->n; j += TILE)
      for (int64_t k = i; k < tgi_least(i + TILE, p->rows); k++)
        copy_run(p, tgi_least(TILE, p->n - j), at[TO] + k * p->row[TO] + j * p->step[TO],
                 at[FROM] + k * p->row[FROM] + j * p->step[FROM]);
}

/* Swaps two outer axes: the order of runs is free. */
static void swap_axes(tgi_walk *w, int i, int j) {
  int64_t dim = w->dims[i];
  w->dims[i] = w->dims[j];
  w->dims[j] = dim;
  for (int side = 0; side < SIDES; side++) {
    int64_t step = w->strides[side][i];
    w->strides[side][i] = w->strides[side][j];
    w->strides[side][j] = step;
  }
}

/* How far apart neighbours along axis k lie in the source; a repeated element is no neighbour. */
static int64_t reach(const tgi_walk *w, int k) {
  int64_t step = llabs(w->strides[FROM][k]);
  return step ? step : INT64_MAX;
}

/* Runs and rows change places. */
static void turn(plane *p) {
  const plane was = *p;
  p->rows = was.n;
  p->n = was.rows;
  for (int side = 0; side < SIDES; side++) {
    p->row[side] = was.step[side];
    p->step[side] = was.row[side];
  }
}

/* Takes the run and the outer axis densest in the source out of the walk; what is left of w are
   planes: their number is returned. */
static int64_t take_plane(tgi_walk *w, plane *p) {
  int last = w->rank - 1, dense = last - 1;
  for (int k = last - 2; k >= 0; k--)
    if (reach(w, k) < reach(w, dense)) dense = k;
  if (last > 0) swap_axes(w, dense, last - 1);
  p->rows = last > 0 ? w->dims[last - 1] : 1;
  p->n = w->n;
  for (int side = 0; side < SIDES; side++) {
    p->row[side] = last > 0 ? w->strides[side][last - 1] : 0;
    p->step[side] = w->strides[side][last];
  }
  if (last > 0) w->rank--;
  return w->runs / p->rows;
}

/* Which way the plane is walked. A start costs as much as a few elements, so short runs are not
   taken one by one. */
static void choose_order(plane *p) {
  p->tiled = p->rows > 1 && p->row[FROM] != 0 && llabs(p->step[FROM]) > llabs(p->row[FROM]);
  if (p->n >= SHORT || p->rows <= p->n) return;
  turn(p);
  p->tiled = true;
}

void tgi_copy(const tg_tensor *to, const tg_tensor *from) {
  tgi_walk w;
  tgi_walk_init(&w, SIDES, (const tg_tensor *const[]){[TO] = to, [FROM] = from});
  if (w.runs == 0) return;
  plane p = {.convert = tgi_convert_for(to->dtype, from->dtype),
             .size = to->dtype == from->dtype ? tg_dtype_size(to->dtype) : 0};
  const int64_t planes = take_plane(&w, &p);
  choose_order(&p);
  for (int64_t r = 0; r < planes; r++) {
    char *at[SIDES];
    tgi_walk_run(&w, r, at);
    if (p.tiled)
      copy_tiles(&p, at);
    else
      copy_rows(&p, at);
  }
}

void tgi_fill(const tg_tensor *x, double value) {
  if (tgi_is_single(x)) {
    tg_tensor_put(x, 0, value);
    return;
  }
  bool zero = value == 0 && !signbit(value);
  if (zero && tg_tensor_is_contiguous(x)) {
    memset(x->data, 0, tg_tensor_bytes(x));
    return;
  }
  int64_t memory; /* of one element of any dtype */
  tg_tensor one = {.data = &memory, .dtype = x->dtype};
  tg_tensor_put(&one, 0, value);
  tg_tensor all = tgi_broadcast_view(&one, x);
  tgi_copy(x, &all);
}

tg_status tg_tensor_copy(const tg_tensor *to, const tg_tensor *from) {
  if (!tg_tensor_same_shape(to, from)) return TG_SHAPE;
  if (tg_dtype_size(to->dtype) == 0 || tg_dtype_size(from->dtype) == 0) return TG_DTYPE;
  tgi_copy(to, from);
  return TG_OK;
}
