/* Moving elements by index along one axis. */
#include "kernel/gather.h"

#include "kernel/reduce.h"

/* One line: n indices, all steps in elements. */
typedef void line_fn(int64_t n, const int64_t *index, int64_t index_step, char *a, int64_t a_step,
                     char *b, int64_t b_step);

#define LINE(fn, T, statement)                                                                     \
  static void fn(int64_t n, const int64_t *index, int64_t index_step, char *a_at, int64_t a_step,  \
                 char *b_at, int64_t b_step) {                                                     \
    T *as = (void *)a_at, *bs = (void *)b_at;                                                      \
    for (int64_t k = 0; k < n; k++) {                                                              \
      T *a = as + index[k * index_step] * a_step, *b = bs + k * b_step;                            \
      statement;                                                                                   \
    }                                                                                              \
  }
/* U is the type in which a sum may wrap. */
#define ADDS(name, T, U)                                                                           \
  LINE(gather_add_##name, T, *b = (T)((U)*b + (U)*a))                                              \
  LINE(scatter_add_##name, T, *a = (T)((U)*a + (U)*b))
LINE(gather_1, uint8_t, *b = *a)
LINE(gather_4, uint32_t, *b = *a)
LINE(gather_8, uint64_t, *b = *a)
ADDS(f32, float, float)
ADDS(f64, double, double)
ADDS(i64, int64_t, uint64_t)
ADDS(i32, int32_t, uint32_t)
#undef ADDS
#undef LINE

static line_fn *line_for(tgi_move move, tg_dtype dtype) {
  static line_fn *const gather_add[TG_DTYPE_COUNT] = {[TG_F32] = gather_add_f32,
                                                      [TG_F64] = gather_add_f64,
                                                      [TG_I64] = gather_add_i64,
                                                      [TG_I32] = gather_add_i32};
  static line_fn *const scatter_add[TG_DTYPE_COUNT] = {[TG_F32] = scatter_add_f32,
                                                       [TG_F64] = scatter_add_f64,
                                                       [TG_I64] = scatter_add_i64,
                                                       [TG_I32] = scatter_add_i32};
  const size_t size = tg_dtype_size(dtype);
  if (move == TGI_GATHER) return size == 8 ? gather_8 : size == 4 ? gather_4 : gather_1;
  return (move == TGI_GATHER_ADD ? gather_add : scatter_add)[dtype];
}

typedef struct job {
  line_fn *fn;
  tgi_walk walk; /* over the starts of the lines: of a, of b, of index */
  int64_t n, lines, a_step, b_step, index_step;
} job;

enum { TILE = 64 }; /* lines */

static void line_tile(void *user, int64_t tile) {
  const job *j = user;
  const tgi_walk *w = &j->walk;
  const int last = w->rank - 1;
  for (int64_t l = tile * TILE; l < j->lines && l < (tile + 1) * TILE; l++) {
    char *at[TGI_WALK_MAX];
    tgi_walk_run(w, l / w->n, at);
    for (int k = 0; k < 3; k++) at[k] += l % w->n * w->strides[k][last];
    j->fn(j->n, (const int64_t *)(const void *)at[2], j->index_step, at[0], j->a_step, at[1],
          j->b_step);
  }
}

/* x cut to the dims of `like`, and to one element along the axis. */
static tg_tensor starts(const tg_tensor *x, const tg_tensor *like, int axis) {
  tg_tensor cut = *x;
  for (int k = 0; k < x->rank; k++) cut.dims[k] = k == axis ? 1 : like->dims[k];
  return cut;
}

tg_status tgi_move_lines(const tg_runtime *runtime, tgi_move move, int axis, const tg_tensor *a,
                         const tg_tensor *index, const tg_tensor *b) {
  const tg_tensor from = starts(a, index, axis), to = starts(b, index, axis),
                  by = starts(index, index, axis);
  job j = {.fn = line_for(move, a->dtype), .n = index->dims[axis]};
  if (j.fn == NULL) return TG_DTYPE;
  tgi_walk_init(&j.walk, 3, (const tg_tensor *const[]){&from, &to, &by});
  j.a_step = a->strides[axis], j.b_step = b->strides[axis], j.index_step = index->strides[axis];
  j.lines = j.n > 0 ? j.walk.runs * j.walk.n : 0;
  tgi_parallel_tiles(runtime, tgi_ceil_div(j.lines, TILE), line_tile, &j);
  return TG_OK;
}

/* ---- slices ---- */

tg_status tgi_move_slices(const tg_runtime *runtime, tgi_move move, int axis, const tg_tensor *a,
                          const int64_t *index, const tg_tensor *b) {
  tg_status status = TG_OK;
  for (int64_t k = 0; k < b->dims[axis] && status == TG_OK; k++) {
    const tg_tensor from = tgi_slice_view(a, axis, index[k], 1, 1),
                    to = tgi_slice_view(b, axis, k, 1, 1);
    if (move == TGI_GATHER)
      tgi_copy(&to, &from);
    else if (move == TGI_GATHER_ADD)
      status = tgi_reduce(runtime, &tgi_sum, &to, &from, 1);
    else
      status = tgi_reduce(runtime, &tgi_sum, &from, &to, 1);
  }
  return status;
}
