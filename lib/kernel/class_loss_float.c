/* The rows of a loss of class indices, for one dtype and instruction set, in vectors: along a row
   where its elements are adjacent, else across neighbouring rows. Each power e^x is computed once,
   into the slope's own memory where that may be overwritten, while the row is in the cache. The
   build names T, LANES, DTYPE, ISA and SUFFIX. */
#include "kernel/class_loss_parts.h"
#include "kernel/lane.h"

enum { RUN = 64, NARROW = 64 }; /* most rows at a time; elements of rows that go together */

/* Neighbouring rows. x and dx are at the first element of the first; class j of row k is at
   k * row + j * inner. `top` is a row's largest score, and log the log of its sum of e^(x - top):
   lse in two parts, so that lse - x_k keeps its digits. */
typedef struct run {
  const tgi_class_loss *c;
  int64_t first; /* row */
  int count;
  int64_t row;
  const T *x;
  T *dx; /* or NULL */
  T top[RUN], sum[RUN], log[RUN];
} run;

static int64_t offset_of(const tgi_class_loss *c, int64_t r) {
  return r / c->inner * c->count * c->inner + r % c->inner;
}

static int together(const tgi_class_loss *c, int64_t r, int64_t end) {
  if (c->inner == 1 && c->count > NARROW) return 1;
  const int64_t left = c->inner > 1 ? c->inner - r % c->inner : RUN;
  const int64_t most = left < end - r ? left : end - r;
  return (int)(most < RUN ? most : RUN);
}

static T weight_of(const tgi_class_loss *c, int64_t j) {
  return c->weight ? ((const T *)c->weight)[j] : 1;
}

static T score(const run *r, int k) {
  return r->x[r->c->index[r->first + k] * r->c->inner + k * r->row];
}

/* ---- the scale of a row ---- */

static void scales_across(run *r, T *powers) {
  const int64_t step = r->c->inner, end = r->c->count * step;
  memcpy(r->top, r->x, (size_t)r->count * sizeof(T));
  memset(r->sum, 0, (size_t)r->count * sizeof(T));
  for (int64_t at = step; at < end; at += step)
    EACH_VECTOR(r->count,
                { store(r->top + i, m, larger(load(r->x + at + i, m), load(r->top + i, m))); });
  for (int64_t at = 0; at < end; at += step)
    EACH_VECTOR(r->count, {
      const V power = exp_below(load(r->x + at + i, m) - load(r->top + i, m));
      store(r->sum + i, m, load(r->sum + i, m) + power);
      if (powers != NULL) store(powers + at + i, m, power);
    });
}

/* The powers go to memory where it is not NULL. */
static void find_scales(run *r, T *powers) {
  if (!r->c->logits) {
    for (int k = 0; k < r->count; k++) r->top[k] = r->log[k] = 0;
    return;
  }
  if (r->c->inner == 1) {
    for (int k = 0; k < r->count; k++) {
      const T *const x = r->x + k * r->row;
      const bool last = r->count > 1 || r->first + 1 == r->c->outer;
      r->top[k] = lane_largest(r->c->count, x);
      r->sum[k] =
          lane_powers(r->c->count, x, r->top[k], powers != NULL ? powers + k * r->row : NULL,
                      last ? NULL : x + r->row);
    }
  } else {
    scales_across(r, powers);
  }
  EACH_VECTOR(r->count, { store(r->log + i, m, log(load(r->sum + i, m))); });
}

/* ---- losses ---- */

/* The sum over j of w_j (lse - x_j), of the row k whose elements are adjacent. */
static T smooth_loss(const run *r, int k) {
  const T *const x = r->x + k * r->row, *const weight = r->c->weight;
  T loss[RUN], sum = 0;
  for (int64_t at = 0; at < r->c->count; at += RUN) {
    const int64_t n = r->c->count - at < RUN ? r->c->count - at : RUN;
    EACH_VECTOR(n, {
      const V w = weight != NULL ? load(weight + at + i, m) : all(1);
      store(loss + i, m, w * (all(r->top[k]) - load(x + at + i, m) + all(r->log[k])));
    });
    sum += lane_sum(n, loss, NULL);
  }
  return sum;
}

/* smooth[k] is that of row k. */
static void smooth_losses(const run *r, T *smooth) {
  const tgi_class_loss *c = r->c;
  if (c->inner == 1)
    for (int k = 0; k < r->count; k++) smooth[k] = smooth_loss(r, k);
  if (c->inner == 1) return;
  memset(smooth, 0, (size_t)r->count * sizeof *smooth);
  for (int64_t j = 0; j < c->count; j++) {
    const V weight = all(weight_of(c, j));
    EACH_VECTOR(r->count, {
      const V x = load(r->x + j * c->inner + i, m);
      const V loss = weight * (load(r->top + i, m) - x + load(r->log + i, m));
      store(smooth + i, m, load(smooth + i, m) + loss);
    });
  }
}

static double losses(const run *r, T *each) {
  const tgi_class_loss *c = r->c;
  T smooth[RUN];
  double sum = 0;
  if (c->smoothing != 0) smooth_losses(r, smooth);
  for (int k = 0; k < r->count; k++) {
    T loss = 0;
    if (!tgi_class_is_ignored(c, r->first + k)) {
      loss = weight_of(c, c->index[r->first + k]) * (r->top[k] - score(r, k) + r->log[k]);
      if (c->smoothing != 0)
        loss = (T)(1 - c->smoothing) * loss + (T)(c->smoothing / (double)c->count) * smooth[k];
    }
    if (each != NULL) each[k] = loss;
    sum += (double)loss;
  }
  return sum;
}

/* ---- slopes: g (softmax(x) mass - q), without the softmax where x are no logits ---- */

/* The sum of q. */
static T mass_of(const tgi_class_loss *c, int64_t k) {
  if (c->smoothing == 0) return weight_of(c, k);
  T sum = 0;
  for (int64_t j = 0; j < c->count; j++) sum += weight_of(c, j);
  return (T)(1 - c->smoothing) * weight_of(c, k) + (T)(c->smoothing / (double)c->count) * sum;
}

/* dx_j (+)= factor e^(x_j - top), of which dx holds the power where it does not add; and minus even
   w_j. Where `live` is 0 the row is ignored: its slope is 0 whatever x. */
static void spread_slopes(const run *r, const T *live, const T *factor, const T *even, bool adds) {
  const tgi_class_loss *c = r->c;
  for (int64_t at = 0; at < c->count * c->inner; at += c->inner) {
    const V weight = all(weight_of(c, at / c->inner));
    EACH_VECTOR(r->count, {
      T *const dx = r->dx + at + i;
      V d = all(0);
      if (c->logits)
        d = load(factor + i, m) *
            (adds ? exp_below(load(r->x + at + i, m) - load(r->top + i, m)) : load(dx, m));
      if (c->smoothing != 0) d -= load(even + i, m) * weight;
      PUT(dx, m, select(load(live + i, m) != 0, d, all(0)), adds);
    });
  }
}

/* The same for the row k whose elements are adjacent, and which is live. */
static void spread_slope(const run *r, int k, T factor, T even, bool adds) {
  const tgi_class_loss *c = r->c;
  const V by = all(factor), top = all(r->top[k]);
  const T *const weight = c->weight, *const x = r->x + k * r->row;
  T *const dx = r->dx + k * r->row;
  EACH_VECTOR(c->count, {
    V d = all(0);
    if (c->logits) d = by * (adds ? exp_below(load(x + i, m) - top) : load(dx + i, m));
    if (c->smoothing != 0) d -= all(even) * (weight != NULL ? load(weight + i, m) : all(1));
    PUT(dx + i, m, d, adds);
  });
}

static void slopes(const run *r, const tgi_class_job *j) {
  const tgi_class_loss *c = r->c;
  const bool adds = j->beta != 0;
  const T scale = (T)(1 / j->divisor), *const g = j->g;
  T live[RUN], factor[RUN], even[RUN], sharp[RUN];
  for (int k = 0; k < r->count; k++) {
    live[k] = factor[k] = even[k] = 0;
    if (tgi_class_is_ignored(c, r->first + k)) continue;
    const T by = g[(r->first + k) * j->g_step] * scale;
    const int64_t index = c->index[r->first + k];
    live[k] = 1;
    if (c->logits) factor[k] = by * mass_of(c, index) / r->sum[k];
    even[k] = by * (T)(c->smoothing / (double)c->count);
    sharp[k] = by * (T)(1 - c->smoothing) * weight_of(c, index);
  }
  const bool only_sharp = adds && !c->logits && c->smoothing == 0;
  if (c->inner > 1 && !only_sharp) spread_slopes(r, live, factor, even, adds);
  for (int k = 0; k < r->count && c->inner == 1 && !only_sharp; k++)
    if (live[k] != 0)
      spread_slope(r, k, factor[k], even[k], adds);
    else if (!adds)
      memset(r->dx + k * r->row, 0, (size_t)c->count * sizeof *r->dx);
  for (int k = 0; k < r->count; k++)
    if (live[k] != 0) r->dx[c->index[r->first + k] * c->inner + k * r->row] -= sharp[k];
}

/* ---- the table ---- */

static double rows(const tgi_class_job *j, int64_t start, int64_t end) {
  const tgi_class_loss *c = j->c;
  double sum = 0;
  run r;
  r.c = c, r.row = c->inner == 1 ? c->count : 1;
  for (r.first = start; r.first < end; r.first += r.count) {
    r.count = together(c, r.first, end);
    r.x = (const T *)c->x + offset_of(c, r.first);
    r.dx = j->dx != NULL ? (T *)j->dx + offset_of(c, r.first) : NULL;
    r.top[0] = r.sum[0] = r.log[0] = 0;
    if (r.count > 1 || !tgi_class_is_ignored(c, r.first))
      find_scales(&r, j->beta == 0 ? r.dx : NULL);
    if (j->sums || j->each != NULL)
      sum += losses(&r, j->each != NULL ? (T *)j->each + r.first : NULL);
    if (j->dx != NULL) slopes(&r, j);
  }
  return sum;
}

static double weight(const tgi_class_loss *c) {
  double sum = 0;
  for (int64_t r = 0; r < c->outer * c->inner; r++)
    if (!tgi_class_is_ignored(c, r)) sum += (double)weight_of(c, c->index[r]);
  return sum;
}

const tgi_class_kernels TGI_CLASS_KERNELS(DTYPE, ISA) = {rows, weight};
