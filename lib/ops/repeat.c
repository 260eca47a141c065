/* The same elements more than once: expand, tile, repeat, repeat_interleave. All are broadcast_to
   between reshapes, so they need no kernels and no rules. */
#include "ops/view.h"
#include "tape/tape.h"

/* ---- expand ---- */

static tg_var compose_expand(const tg_call *c) {
  tgi_dims_attrs to = *(const tgi_dims_attrs *)c->attrs;
  int added = to.n - c->in[0].rank;
  for (int k = 0; k < to.n; k++) {
    if (to.entries[k] != -1) continue;
    if (k < added) {
      tg_call_fail(c, TG_SHAPE, "-1 keeps a length, but axis %d of the result is new", k);
      return tgi_failed(c->tape);
    }
    if (added >= 0) to.entries[k] = c->in[0].dims[k - added];
  }
  return tg_broadcast_to(c->x[0], to.n, to.entries);
}

/* ---- repetition along one axis ---- */

/* x with the block of axes [split, rank) `reps` times in a row for every index before it, which
   lengthens `axis`: split = axis tiles, split = axis + 1 repeats each element. */
static tg_var repeat_blocks(const tg_call *c, tg_var x, int axis, int split, int64_t reps) {
  tg_tensor to = tgi_value(x);
  if (to.data == NULL) return x;
  int64_t before = 1, after = 1;
  for (int k = 0; k < split; k++) before *= to.dims[k];
  for (int k = split; k < to.rank; k++) after *= to.dims[k];
  if (reps < 0) {
    tg_call_fail(c, TG_ARGUMENT, "%lld repetitions asked for", (long long)reps);
    return tgi_failed(c->tape);
  }
  if (!tgi_mul_size(to.dims[axis], reps, &to.dims[axis]) || !tgi_set_contiguous(&to)) {
    tg_call_fail(c, TG_OVERFLOW, "the result's size does not fit into 63 bits");
    return tgi_failed(c->tape);
  }
  tg_var blocks = tg_reshape(x, TG_DIMS(before, 1, after));
  return tg_reshape(tg_broadcast_to(blocks, TG_DIMS(before, reps, after)), to.rank, to.dims);
}

/* ---- tile and repeat ---- */

/* Axes are made equal in number from the right, as in broadcasting. The first reshape makes the
   result a node of its own. */
static tg_var compose_tile(const tg_call *c) {
  const tgi_dims_attrs *attrs = c->attrs;
  const tg_tensor *x = &c->in[0];
  if (attrs->n < 0) {
    tg_call_fail(c, TG_ARGUMENT, "more than %d repetitions given", TG_MAX_RANK);
    return tgi_failed(c->tape);
  }
  int rank = attrs->n > x->rank ? attrs->n : x->rank;
  int64_t dims[TG_MAX_RANK];
  for (int k = 0; k < rank; k++) dims[k] = k < rank - x->rank ? 1 : x->dims[k - rank + x->rank];
  tg_var y = tg_reshape(c->x[0], rank, dims);
  for (int k = rank - 1; k >= rank - attrs->n; k--) {
    int64_t reps = attrs->entries[k - rank + attrs->n];
    if (reps != 1) y = repeat_blocks(c, y, k, k, reps);
  }
  return y;
}

static tg_var compose_repeat(const tg_call *c) {
  const tgi_dims_attrs *attrs = c->attrs;
  if (attrs->n < 0 || attrs->n >= c->in[0].rank) return compose_tile(c);
  tg_call_fail(c, TG_SHAPE, "a number of repetitions for each of the %d axes is expected",
               c->in[0].rank);
  return tgi_failed(c->tape);
}

/* ---- repeat_interleave ---- */

typedef struct interleave_attrs {
  int64_t repeats;
  int axis;
} interleave_attrs;

static const tg_field interleave_fields[] = {
    {.name = "repeats", .type = TG_FIELD_I64, .offset = offsetof(interleave_attrs, repeats)},
    {.name = "axis", .type = TG_FIELD_INT, .offset = offsetof(interleave_attrs, axis)},
    {.name = NULL},
};

static tg_var compose_repeat_interleave(const tg_call *c) {
  const interleave_attrs *attrs = c->attrs;
  int axis = tgi_call_axis(c, attrs->axis);
  if (axis < 0) return tgi_failed(c->tape);
  return repeat_blocks(c, c->x[0], axis, axis + 1, attrs->repeats);
}

static const tg_field reps_fields[] = {
    {.name = "reps",
     .type = TG_FIELD_I64S,
     .offset = offsetof(tgi_dims_attrs, entries),
     .count = offsetof(tgi_dims_attrs, n)},
    {.name = NULL},
};

/* ---- samples ---- */

static const tgi_dims_attrs to_234 = {3, {2, 3, -1}}, to_keep = {2, {-1, 4}}, to_none = {0, {0}},
                            to_new = {3, {-1, 3, 4}}, to_52 = {2, {5, 2}}, to_bad = {-1, {0}},
                            by_23 = {2, {2, 3}}, by_2 = {1, {2}}, by_213 = {3, {2, 1, 3}},
                            by_11 = {2, {1, 1}}, by_02 = {2, {0, 2}}, by_neg = {2, {2, -1}},
                            by_huge = {2, {INT64_MAX, 2}};
static const interleave_attrs each_2 = {2, 0}, each_3 = {3, -1}, each_0 = {0, 1},
                              each_neg = {-1, 0}, each_out = {2, 2};

/* clang-format off */
#define X(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_expand[] = {
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_234},
  {.n = 1, .in = {X(2, 3, 1)}, .attrs = &to_keep},
  {.n = 1, .in = {X(2, 0, 1)}, .attrs = &to_keep},
  {.n = 1, .in = {X(0, 0)},    .attrs = &to_none},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_new,  .refuse = TG_SHAPE},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_52,   .refuse = TG_SHAPE},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_none, .refuse = TG_SHAPE},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_bad,  .refuse = TG_SHAPE},
};
static const tg_sample samples_tile[] = {
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_23},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_2},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_213},
  {.n = 1, .in = {X(0, 0)},       .attrs = &by_23},
  {.n = 1, .in = {X(2, 1, 3)},    .attrs = &by_11},
  {.n = 1, .in = {X(2, 2, 0)},    .attrs = &by_23},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_02},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_neg,  .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_huge, .refuse = TG_OVERFLOW},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &to_bad,  .refuse = TG_ARGUMENT},
};
static const tg_sample samples_repeat[] = {
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_23},
  {.n = 1, .in = {X(1, 3)},       .attrs = &by_23},
  {.n = 1, .in = {X(0, 0)},       .attrs = &by_2},
  {.n = 1, .in = {X(1, 0)},       .attrs = &by_2},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_2,   .refuse = TG_SHAPE},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &by_neg, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(0, 0)},       .attrs = &to_bad, .refuse = TG_ARGUMENT},
};
static const tg_sample samples_repeat_interleave[] = {
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &each_2},
  {.n = 1, .in = {X(3, 2, 3, 2)}, .attrs = &each_3},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &each_0},
  {.n = 1, .in = {X(2, 2, 0)},    .attrs = &each_2},
  {.n = 1, .in = {X(1, 1)},       .attrs = &each_3},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &each_neg, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(2, 2, 3)},    .attrs = &each_out, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(0, 0)},       .attrs = &each_2,   .refuse = TG_ARGUMENT},
};
#undef X

const tg_op tgi_op_expand = {
  TG_OP_INIT, .name = "expand", .label = "expand", .formula = "y = x broadcast to the dims, of which -1 keeps x's",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_dims_attrs), .attrs = tgi_dims_fields,
  .compose = compose_expand, TG_SAMPLES(samples_expand),
};
const tg_op tgi_op_tile = {
  TG_OP_INIT, .name = "tile", .label = "tile", .formula = "y[..., i, ...] = x[..., i mod n, ...]",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_dims_attrs), .attrs = reps_fields,
  .compose = compose_tile, TG_SAMPLES(samples_tile),
};
const tg_op tgi_op_repeat = {
  TG_OP_INIT, .name = "repeat", .label = "repeat", .formula = "y[..., i, ...] = x[..., i mod n, ...]",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_dims_attrs), .attrs = reps_fields,
  .compose = compose_repeat, TG_SAMPLES(samples_repeat),
};
const tg_op tgi_op_repeat_interleave = {
  TG_OP_INIT, .name = "repeat_interleave", .label = "repeat", .formula = "y[..., i, ...] = x[..., floor(i / repeats), ...] along the axis",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(interleave_attrs), .attrs = interleave_fields,
  .compose = compose_repeat_interleave, TG_SAMPLES(samples_repeat_interleave),
};
/* clang-format on */

/* ---- constructors ---- */

tg_var tg_expand(tg_var x, int rank, const int64_t dims[]) {
  tgi_dims_attrs attrs = tgi_dims_attrs_of(rank, dims);
  return tgi_apply1(&tgi_op_expand, x, &attrs);
}

tg_var tg_tile(tg_var x, int n, const int64_t reps[]) {
  tgi_dims_attrs attrs = tgi_dims_attrs_of(n, reps);
  return tgi_apply1(&tgi_op_tile, x, &attrs);
}

tg_var tg_repeat(tg_var x, int n, const int64_t reps[]) {
  tgi_dims_attrs attrs = tgi_dims_attrs_of(n, reps);
  return tgi_apply1(&tgi_op_repeat, x, &attrs);
}

tg_var tg_repeat_interleave(tg_var x, int64_t repeats, int axis) {
  return tgi_apply1(&tgi_op_repeat_interleave, x, &(interleave_attrs){repeats, axis});
}
