/* The walk of elementwise kernels over strided operands. Kernels see dense memory only: an operand
   that is not is copied, a block at a time, into a buffer on the stack. */
#include "kernel/map.h"

#include <stdatomic.h>

#include "kernel/runs.h"

enum {
  TILE = 32768, /* elements; part of no result, but kept fixed so that work is cut alike always */
  BLOCK = 512,  /* elements of the largest dtype in one operand's buffer */
  BUFFER = BLOCK * sizeof(double)
};

typedef struct job {
  tgi_map_fn *fn;
  const double *attrs;
  char *dst;
  int64_t n;
  size_t dst_size, size[TGI_MAP_OPERANDS]; /* bytes of an element */
  int count;
  bool dense;
  const char *base[TGI_MAP_OPERANDS];
  tgi_walk walk; /* of the operands; unused where all are dense */
  atomic_bool failed;
} job;

/* One operand's dense copy. */
typedef struct buffer {
  _Alignas(64) char bytes[BUFFER];
  const char *repeats; /* the element that fills the first `filled`, or NULL */
  int64_t filled;
} buffer;

/* The k operands that a kernel reads but its operator has not stand for operand 0. */
static void fill_up(const void *at[], int count) {
  for (int k = count; k < TGI_MAP_OPERANDS; k++) at[k] = at[0];
}

static bool map_dense(const job *j, int64_t start, int64_t n) {
  const void *at[TGI_MAP_OPERANDS];
  for (int k = 0; k < j->count; k++) at[k] = j->base[k] + start * (int64_t)j->size[k];
  fill_up(at, j->count);
  return j->fn(n, j->dst + start * (int64_t)j->dst_size, at, j->attrs);
}

/* ---- strided operands ---- */

/* n elements, at most BLOCK, as dense memory: themselves, or a copy. A buffer that repeats the
   element often enough is not filled again. */
static const void *densely(buffer *b, size_t size, int64_t n, const char *from, int64_t stride) {
  if (stride == (int64_t)size) return from;
  if (stride != 0) {
    b->repeats = NULL;
    tgi_gather_run(size, n, b->bytes, from, stride);
  } else if (b->repeats != from || b->filled < n) {
    b->repeats = from;
    b->filled = n;
    tgi_fill_run(size, n, b->bytes, from);
  }
  return b->bytes;
}

static bool has_dense_runs(const job *j) {
  for (int k = 0; k < j->count; k++)
    if (j->walk.strides[k][j->walk.rank - 1] != (int64_t)j->size[k]) return false;
  return true;
}

/* n elements of one run from `at`, whose first is element `start` of dst. */
static bool map_dense_run(const job *j, char *const at[], int64_t start, int64_t n) {
  const void *in[TGI_MAP_OPERANDS];
  for (int k = 0; k < TGI_MAP_OPERANDS; k++) in[k] = at[k < j->count ? k : 0];
  return j->fn(n, j->dst + start * (int64_t)j->dst_size, in, j->attrs);
}

static bool map_run(const job *j, buffer pack[], char *const at[], int64_t start, int64_t n) {
  const int last = j->walk.rank - 1;
  bool ok = true;
  for (int64_t done = 0; done < n;) {
    const int64_t m = tgi_least(BLOCK, n - done);
    const void *in[TGI_MAP_OPERANDS];
    for (int k = 0; k < j->count; k++) {
      const int64_t stride = j->walk.strides[k][last];
      in[k] = densely(&pack[k], j->size[k], m, at[k] + done * stride, stride);
    }
    fill_up(in, j->count);
    ok &= j->fn(m, j->dst + (start + done) * (int64_t)j->dst_size, in, j->attrs);
    done += m;
  }
  return ok;
}

static bool map_strided(const job *j, int64_t start, int64_t n) {
  const tgi_walk *w = &j->walk;
  const bool dense = has_dense_runs(j);
  buffer pack[TGI_MAP_OPERANDS];
  char *at[TGI_WALK_MAX];
  int64_t index[TG_MAX_RANK], skip = start % w->n; /* a tile may begin and end within a run */
  for (int k = 0; k < j->count; k++) pack[k].repeats = NULL;
  tgi_walk_start(w, start / w->n, index, at);
  bool ok = true;
  for (const int64_t end = start + n; start < end; skip = 0) {
    const int64_t m = tgi_least(w->n - skip, end - start);
    for (int k = 0; k < j->count && skip; k++) at[k] += skip * w->strides[k][w->rank - 1];
    ok &= dense ? map_dense_run(j, at, start, m) : map_run(j, pack, at, start, m);
    for (int k = 0; k < j->count && skip; k++) at[k] -= skip * w->strides[k][w->rank - 1];
    tgi_walk_next(w, index, at);
    start += m;
  }
  return ok;
}

/* ---- tiles ---- */

static void map_tile(void *user, int64_t i) {
  job *j = user;
  const int64_t start = i * TILE, n = tgi_least(TILE, j->n - start);
  if (!(j->dense ? map_dense(j, start, n) : map_strided(j, start, n)))
    atomic_store_explicit(&j->failed, true, memory_order_relaxed);
}

/* Does x, of the shape of dst, which is contiguous, have its elements one after the other? */
static bool is_dense(const tg_tensor *x, const tg_tensor *dst) {
  return tgi_same_dims(dst->rank, x->strides, dst->strides) || tg_tensor_is_contiguous(x);
}

static bool are_dense(const tg_tensor *const in[], int count, const tg_tensor *dst) {
  for (int k = 0; k < count; k++)
    if (!is_dense(in[k], dst)) return false;
  return true;
}

bool tgi_map(const tg_runtime *runtime, tgi_map_fn *fn, const tg_tensor *dst,
             const tg_tensor *const in[], int count, const double attrs[]) {
  static const double none[2] = {0, 0};
  if (attrs == NULL) attrs = none;
  const int64_t n = tgi_numel(dst);
  if (n == 0) return true;
  const bool dense = n == 1 || are_dense(in, count, dst);
  if (dense && n <= TILE) {
    const void *at[TGI_MAP_OPERANDS];
    for (int k = 0; k < count; k++) at[k] = in[k]->data;
    fill_up(at, count);
    return fn(n, dst->data, at, attrs);
  }
  job j;
  j.fn = fn;
  j.attrs = attrs;
  j.dst = dst->data;
  j.n = n;
  j.count = count;
  j.dense = dense;
  j.dst_size = tgi_dtype_size(dst->dtype);
  for (int k = 0; k < count; k++) {
    j.base[k] = in[k]->data;
    j.size[k] = tgi_dtype_size(in[k]->dtype);
  }
  if (!dense) tgi_walk_init(&j.walk, count, in);
  atomic_init(&j.failed, false);
  tgi_parallel_tiles(runtime, tgi_ceil_div(n, TILE), map_tile, &j);
  return !atomic_load(&j.failed);
}

/* ---- parts ---- */

void tgi_map_part(tgi_map_fn *fn, int64_t first, int64_t n, void *dst, const tg_tensor *const in[],
                  int count, const void *g, const double attrs[]) {
  const void *at[TGI_MAP_OPERANDS];
  for (int k = 0; k < TGI_MAP_OPERANDS; k++) {
    const int64_t size = k < count ? (int64_t)tgi_dtype_size(in[k]->dtype) : 0;
    at[k] = k < count ? (const char *)in[k]->data + first * size : g;
  }
  fn(n, dst, at, attrs);
}
