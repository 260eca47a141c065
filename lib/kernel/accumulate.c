/* Sums of two tensors in place, run by run: the compiled row of addition where runs are dense and
   long, else a plain loop. */
#include "kernel/accumulate.h"

#include <string.h>

#include "kernel/map.h"

enum { TO, FROM, SIDES, TILE = 32768, LONG = 16 };

typedef struct job {
  tgi_walk walk;
  tg_dtype dtype;
  int64_t size;     /* of an element */
  tgi_map_fn *add;  /* to += g */
  bool set;         /* beta is 0 */
  int64_t cuts;     /* pieces of one run, or */
  int64_t together; /* runs of one piece */
} job;

/* The conditions are for the compiler: in the loops the steps are constants. */
#define RUN(name, type, op)                                                                        \
  static void name(int64_t n, char *to, int64_t to_step, const char *from, int64_t from_step) {    \
    const int64_t size = (int64_t)sizeof(type);                                                    \
    if (to_step == size && from_step == 0) {                                                       \
      const type x = *(const type *)(const void *)from;                                            \
      for (int64_t i = 0; i < n; i++) ((type *)(void *)to)[i] op x;                                \
    } else                                                                                         \
      for (int64_t i = 0; i < n; i++)                                                              \
        *(type *)(void *)(to + i * to_step)                                                        \
            op *(const type *)(const void *)(from + i * from_step);                                \
  }
RUN(set_f32, float, =)
RUN(add_f32, float, +=)
RUN(set_f64, double, =)
RUN(add_f64, double, +=)
#undef RUN

static void run(const job *j, int64_t n, char *to, const char *from) {
  int last = j->walk.rank - 1;
  int64_t to_step = j->walk.strides[TO][last], from_step = j->walk.strides[FROM][last];
  bool dense = to_step == j->size && from_step == j->size;
  static const double none[2] = {0, 0};
  if (dense && j->set)
    memcpy(to, from, (size_t)(n * j->size));
  else if (dense && n >= LONG)
    j->add(n, to, (const void *const[]){from, from, from, from}, none);
  else if (j->dtype == TG_F32)
    (j->set ? set_f32 : add_f32)(n, to, to_step, from, from_step);
  else
    (j->set ? set_f64 : add_f64)(n, to, to_step, from, from_step);
}

static void piece(void *user, int64_t i) {
  const job *j = user;
  const tgi_walk *w = &j->walk;
  int64_t first = i / j->cuts * j->together, start = i % j->cuts * TILE;
  int64_t n = j->cuts == 1 ? w->n : tgi_least(TILE, w->n - start);
  int64_t index[TG_MAX_RANK], skip[SIDES];
  char *at[TGI_WALK_MAX];
  tgi_walk_start(w, first, index, at);
  for (int side = 0; side < SIDES; side++) skip[side] = start * w->strides[side][w->rank - 1];
  for (int64_t r = first; r < tgi_least(first + j->together, w->runs); r++) {
    run(j, n, at[TO] + skip[TO], at[FROM] + skip[FROM]);
    tgi_walk_next(w, index, at);
  }
}

static void accumulate_one(const tg_tensor *dst, const tg_tensor *x, double beta) {
  if (beta == 0)
    memcpy(dst->data, x->data, tgi_dtype_size(dst->dtype));
  else
    (dst->dtype == TG_F32 ? add_f32 : add_f64)(1, dst->data, 0, x->data, 0);
}

void tgi_accumulate(const tg_runtime *runtime, const tg_tensor *dst, const tg_tensor *x,
                    double beta) {
  if (tgi_is_single(dst)) {
    accumulate_one(dst, x, beta);
    return;
  }
  job j;
  tgi_walk_init(&j.walk, SIDES, (const tg_tensor *const[]){[TO] = dst, [FROM] = x});
  if (j.walk.runs == 0) return;
  j.size = (int64_t)tgi_dtype_size(dst->dtype);
  j.set = beta == 0;
  bool dense = j.walk.strides[TO][j.walk.rank - 1] == j.size;
  if (j.set && (!dense || !tgi_is_float(dst->dtype))) {
    tgi_copy(dst, x);
    return;
  }
  j.dtype = dst->dtype;
  j.add = tgi_map_table_for(tg_runtime_isa(runtime), dst->dtype)->add.cotangent[0][1];
  j.cuts = tgi_ceil_div(j.walk.n, TILE);
  j.together = j.walk.n < TILE ? TILE / j.walk.n : 1;
  tgi_parallel_tiles(runtime, tgi_ceil_div(j.walk.runs, j.together) * j.cuts, piece, &j);
}
