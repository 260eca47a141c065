/* What goes along one axis of x, line by line, and leaves the others: places of extremes, and
   cumulative sums and products. */
#include "kernel/lines.h"

#include "kernel/reduce_parts.h"

enum { ELEMENTS = 1 << 14 }; /* that one thread takes at a time, or TGI_LINES_WIDTH lines */

typedef struct job {
  tgi_lines_fn *fn;
  const void *user;
  tgi_walk walk; /* over the lines' first elements */
  tgi_lines lines;
  int64_t group, groups_of_run;
} job;

static void group(void *user, int64_t index) {
  const job *p = user;
  tgi_lines l = p->lines;
  tgi_walk_run(&p->walk, index / p->groups_of_run, l.at);
  int64_t first = index % p->groups_of_run * p->group;
  int64_t last = tgi_least(first + p->group, p->walk.n);
  for (int64_t j = first; j < last; j += TGI_LINES_WIDTH) {
    tgi_lines some = tgi_some_lines(&l, j, tgi_least(TGI_LINES_WIDTH, last - j));
    p->fn(&some, p->user);
  }
}

void tgi_for_lines(const tg_runtime *runtime, tgi_lines_fn *fn, const void *user, int axis,
                   int count, const tg_tensor *const x[]) {
  job p = {.fn = fn, .user = user, .lines.n = x[0]->dims[axis]};
  tg_tensor firsts[TGI_LINES_TENSORS];
  const tg_tensor *walked[TGI_LINES_TENSORS] = {NULL};
  for (int k = 0; k < count; k++) {
    firsts[k] = *x[k];
    firsts[k].dims[axis] = 1;
    walked[k] = &firsts[k];
    p.lines.row[k] = x[k]->strides[axis] * (int64_t)tg_dtype_size(x[k]->dtype);
  }
  tgi_walk_init(&p.walk, count, walked);
  for (int k = 0; k < count; k++) p.lines.col[k] = p.walk.strides[k][p.walk.rank - 1];
  int64_t n = p.lines.n, lines = n > 0 ? ELEMENTS / n : ELEMENTS;
  p.group = lines > TGI_LINES_WIDTH ? lines : TGI_LINES_WIDTH;
  p.groups_of_run = tgi_ceil_div(p.walk.n, p.group);
  tgi_parallel_tiles(runtime, p.walk.runs * p.groups_of_run, group, &p);
}

/* ---- places of extremes ---- */

enum { X, DST };

/* BEATS is whether x takes the place of `best`; once a NaN is best, nothing does. */
#define ARG(name, T, BEATS)                                                                        \
  static void name(const tgi_lines *l, const void *user) {                                         \
    (void)user;                                                                                    \
    for (int64_t j = 0; j < l->w; j++) {                                                           \
      const char *x = l->at[X] + j * l->col[X];                                                    \
      T best = *(const T *)(const void *)x;                                                        \
      int64_t place = 0;                                                                           \
      for (int64_t i = 1; i < l->n; i++) {                                                         \
        T a = *(const T *)(const void *)(x + i * l->row[X]);                                       \
        if (BEATS) best = a, place = i;                                                            \
      }                                                                                            \
      *(int64_t *)(void *)(l->at[DST] + j * l->col[DST]) = place;                                  \
    }                                                                                              \
  }

/* clang-format off */
ARG(argmax_f32, float,   a > best || (a != a && best == best))
ARG(argmax_f64, double,  a > best || (a != a && best == best))
ARG(argmax_i64, int64_t, a > best)
ARG(argmax_i32, int32_t, a > best)
ARG(argmax_u8,  uint8_t, a > best)
ARG(argmin_f32, float,   a < best || (a != a && best == best))
ARG(argmin_f64, double,  a < best || (a != a && best == best))
ARG(argmin_i64, int64_t, a < best)
ARG(argmin_i32, int32_t, a < best)
ARG(argmin_u8,  uint8_t, a < best)
#undef ARG

static tgi_lines_fn *const arg[2][TG_DTYPE_COUNT] = {
    {[TG_F32] = argmin_f32, [TG_F64] = argmin_f64, [TG_I64] = argmin_i64,
     [TG_I32] = argmin_i32, [TG_U8]  = argmin_u8,  [TG_BOOL] = argmin_u8},
    {[TG_F32] = argmax_f32, [TG_F64] = argmax_f64, [TG_I64] = argmax_i64,
     [TG_I32] = argmax_i32, [TG_U8]  = argmax_u8,  [TG_BOOL] = argmax_u8}};
/* clang-format on */

tg_status tgi_argreduce(const tg_runtime *runtime, bool largest, const tg_tensor *dst,
                        const tg_tensor *x, int axis) {
  tg_tensor shape = *x;
  shape.dims[axis] = 1;
  if (dst->dtype != TG_I64) return TG_DTYPE;
  if (x->dims[axis] == 0 || !tg_tensor_same_shape(dst, &shape)) return TG_SHAPE;
  tgi_for_lines(runtime, arg[largest][x->dtype], NULL, axis, 2,
                (const tg_tensor *const[]){[X] = x, [DST] = dst});
  return TG_OK;
}

/* ---- cumulative reductions ---- */

_Static_assert((int)TGI_LINES_WIDTH <= (int)TGI_REDUCE_WIDTH, "a kernel takes a group at once");

typedef struct scan {
  const tgi_reduce_kernels *kernels;
  bool accumulate;
} scan;

static void scan_lines(const tgi_lines *l, const void *user) {
  const scan *s = user;
  s->kernels->scan(l->w, l->n, l->at[X], l->col[X], l->row[X], l->at[DST], l->col[DST], l->row[DST],
                   s->accumulate);
}

tg_status tgi_cumulate(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                       const tg_tensor *x, int axis, double beta) {
  const scan s = {kind->of[x->dtype], beta != 0};
  if (!s.kernels || dst->dtype != x->dtype) return TG_DTYPE;
  if (!tg_tensor_same_shape(dst, x)) return TG_SHAPE;
  tgi_for_lines(runtime, scan_lines, &s, axis, 2, (const tg_tensor *const[]){[X] = x, [DST] = dst});
  return TG_OK;
}
