/* What goes along one axis of x, line by line, and leaves the others: places of extremes, and
   cumulative sums and products. */
#include "kernel/reduce_parts.h"

enum { LINES = 64, ELEMENTS = 1 << 14 }; /* that one thread takes at a time: no fewer than either */

/* x's lines along an axis; `line` works on one, n elements. Strides in bytes. */
typedef void line_fn(int64_t n, const char *x, int64_t stride, char *dst, int64_t dst_stride);

typedef struct job {
  line_fn *line;
  tgi_walk walk; /* over the lines' first elements: x, dst */
  int64_t n, stride, dst_stride;
  int64_t group, groups_of_run;
} job;

static void lines(void *user, int64_t index) {
  const job *p = user;
  char *at[2];
  tgi_walk_run(&p->walk, index / p->groups_of_run, at);
  int64_t first = index % p->groups_of_run * p->group, last = first + p->group;
  int64_t step = p->walk.strides[0][p->walk.rank - 1], to = p->walk.strides[1][p->walk.rank - 1];
  for (int64_t i = first; i < last && i < p->walk.n; i++)
    p->line(p->n, at[0] + i * step, p->stride, at[1] + i * to, p->dst_stride);
}

static int64_t along(const tg_tensor *x, int axis) {
  return x->strides[axis] * (int64_t)tg_dtype_size(x->dtype);
}

static void for_lines(const tg_runtime *runtime, line_fn *line, const tg_tensor *dst,
                      const tg_tensor *x, int axis) {
  job p = {
      .line = line, .n = x->dims[axis], .stride = along(x, axis), .dst_stride = along(dst, axis)};
  tg_tensor from = *x, to = *dst;
  from.dims[axis] = to.dims[axis] = 1;
  tgi_walk_init(&p.walk, 2, (const tg_tensor *const[]){&from, &to});
  p.group = p.n > 0 && ELEMENTS / p.n > LINES ? ELEMENTS / p.n : LINES;
  p.groups_of_run = (p.walk.n + p.group - 1) / p.group;
  tgi_parallel_tiles(runtime, p.walk.runs * p.groups_of_run, lines, &p);
}

/* ---- places of extremes ---- */

/* BEATS is whether x takes the place of `best`; once a NaN is best, nothing does. */
#define ARG(name, T, BEATS)                                                                        \
  static void name(int64_t n, const char *x, int64_t stride, char *dst, int64_t dst_stride) {      \
    (void)dst_stride;                                                                              \
    T best = *(const T *)(const void *)x;                                                          \
    int64_t place = 0;                                                                             \
    for (int64_t i = 1; i < n; i++) {                                                              \
      T a = *(const T *)(const void *)(x + i * stride);                                            \
      if (BEATS) best = a, place = i;                                                              \
    }                                                                                              \
    *(int64_t *)(void *)dst = place;                                                               \
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

static line_fn *const arg[2][TG_DTYPE_COUNT] = {
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
  for_lines(runtime, arg[largest][x->dtype], dst, x, axis);
  return TG_OK;
}

/* ---- cumulative reductions ---- */

tg_status tgi_cumulate(const tg_runtime *runtime, const tgi_reduction *kind, const tg_tensor *dst,
                       const tg_tensor *x, int axis) {
  const tgi_reduce_kernels *kernels = kind->of[x->dtype];
  if (!kernels || dst->dtype != x->dtype) return TG_DTYPE;
  if (!tg_tensor_same_shape(dst, x)) return TG_SHAPE;
  for_lines(runtime, kernels->scan, dst, x, axis);
  return TG_OK;
}
