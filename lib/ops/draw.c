/* Random tensors: pure functions of a key, which is an attribute, so that a replay draws the same
   numbers. */
#include "base/philox.h"
#include "ops/create.h"

#include <math.h>

static const tg_field uniform_fields[] = {
    TGI_CREATE_FIELDS, TGI_CREATE_P("low"), TGI_CREATE_Q("high"), TGI_CREATE_KEY, {.name = NULL}};
static const tg_field normal_fields[] = {
    TGI_CREATE_FIELDS, TGI_CREATE_P("mean"), TGI_CREATE_Q("std"), TGI_CREATE_KEY, {.name = NULL}};
static const tg_field bernoulli_fields[] = {
    TGI_CREATE_FIELDS, TGI_CREATE_P("p"), TGI_CREATE_KEY, {.name = NULL}};

static tg_status shape_uniform(tg_call *c) {
  const tgi_create_attrs *attrs = c->attrs;
  if (isfinite(attrs->q - attrs->p) && attrs->p <= attrs->q) return tgi_shape_create(c);
  return tg_call_fail(c, TG_ARGUMENT, "[%g, %g) is not an interval", attrs->p, attrs->q);
}

static tg_status kernel_uniform(const tg_call *c) {
  const tgi_create_attrs *attrs = c->attrs;
  return tgi_fill_uniform(c->runtime, c->out, attrs->key, attrs->p, attrs->q);
}

static tg_status shape_normal(tg_call *c) {
  const tgi_create_attrs *attrs = c->attrs;
  if (isfinite(attrs->p) && isfinite(attrs->q) && attrs->q >= 0) return tgi_shape_create(c);
  return tg_call_fail(c, TG_ARGUMENT, "a mean of %g with a standard deviation of %g", attrs->p,
                      attrs->q);
}

static tg_status kernel_normal(const tg_call *c) {
  const tgi_create_attrs *attrs = c->attrs;
  return tgi_fill_normal(c->runtime, c->out, attrs->key, attrs->p, attrs->q);
}

static tg_status shape_bernoulli(tg_call *c) {
  double p = ((const tgi_create_attrs *)c->attrs)->p;
  if (p >= 0 && p <= 1) return tgi_shape_create(c);
  return tg_call_fail(c, TG_ARGUMENT, "a probability of %g", p);
}

/* Element i is 1 where the key's uniform number i is below p: never for p = 0, always for 1. */
enum { TILE = 16384, BATCH = 128 }; /* both even: pairs of numbers are not cut */

static void draw_batch(const tgi_create_attrs *attrs, int64_t first, int64_t n, double value[]) {
  for (int64_t i = 0; i < n; i += 2) {
    tgi_uniform_pair(attrs->key, (uint64_t)(first + i) / 2, value + i);
    for (int64_t j = i; j < i + 2; j++) value[j] = value[j] < attrs->p ? 1 : 0;
  }
}

static void draw_tile(void *user, int64_t tile) {
  const tg_call *c = user;
  double value[BATCH];
  tgi_convert_fn *convert = tgi_convert_for(c->out.dtype, TG_F64);
  int64_t size = (int64_t)tg_dtype_size(c->out.dtype), numel = tg_tensor_numel(&c->out);
  int64_t end = tgi_least(numel, (tile + 1) * TILE);
  for (int64_t i = tile * TILE; i < end; i += BATCH) {
    int64_t n = tgi_least(BATCH, end - i);
    draw_batch(c->attrs, i, n, value);
    convert(n, (char *)c->out.data + i * size, size, (const char *)value, sizeof *value);
  }
}

static tg_status kernel_bernoulli(const tg_call *c) {
  tg_call at = *c;
  tgi_parallel_tiles(c->runtime, tgi_ceil_div(tg_tensor_numel(&c->out), TILE), draw_tile, &at);
  return TG_OK;
}

/* ---- samples ---- */

static const tgi_create_attrs one_two = {TG_F64, {2, {3, 4}}, 1, 2, {1, 2}},
                              narrow = {TG_F32, {0, {0}}, 3, 3, {1, 3}},
                              empty = {TG_F64, {2, {0, 4}}, 0, 1, {1, 4}},
                              swapped = {TG_F64, {1, {4}}, 2, 1, {1, 5}},
                              endless = {TG_F64, {1, {4}}, 0, INFINITY, {1, 6}},
                              integers = {TG_I64, {1, {4}}, 0, 1, {1, 7}},
                              negative = {TG_F64, {1, {-4}}, 0, 1, {1, 8}},
                              shrunk = {TG_F64, {1, {4}}, 0, -1, {1, 9}};
static const tgi_create_attrs third = {TG_F64, {2, {3, 5}}, 0.3, 0, {2, 1}},
                              never = {TG_F32, {1, {7}}, 0, 0, {2, 2}},
                              always = {TG_BOOL, {1, {7}}, 1, 0, {2, 3}},
                              beyond = {TG_F64, {1, {7}}, 1.5, 0, {2, 4}},
                              unknown = {TG_F64, {1, {7}}, NAN, 0, {2, 5}},
                              untyped = {TG_DTYPE_NONE, {1, {7}}, 0.5, 0, {2, 6}};

/* clang-format off */
static const tg_sample samples_uniform[] = {
  {.attrs = &one_two}, {.attrs = &narrow}, {.attrs = &empty},
  {.attrs = &swapped,  .refuse = TG_ARGUMENT}, {.attrs = &endless,  .refuse = TG_ARGUMENT},
  {.attrs = &integers, .refuse = TG_DTYPE},    {.attrs = &negative, .refuse = TG_SHAPE},
};
static const tg_sample samples_normal[] = {
  {.attrs = &one_two}, {.attrs = &narrow}, {.attrs = &empty},
  {.attrs = &shrunk,   .refuse = TG_ARGUMENT}, {.attrs = &endless,  .refuse = TG_ARGUMENT},
  {.attrs = &integers, .refuse = TG_DTYPE},    {.attrs = &negative, .refuse = TG_SHAPE},
};
static const tg_sample samples_bernoulli[] = {
  {.attrs = &third}, {.attrs = &never}, {.attrs = &always}, {.attrs = &empty},
  {.attrs = &beyond,  .refuse = TG_ARGUMENT}, {.attrs = &unknown,  .refuse = TG_ARGUMENT},
  {.attrs = &untyped, .refuse = TG_DTYPE},    {.attrs = &negative, .refuse = TG_SHAPE},
};

const tg_op tgi_op_rand_uniform = {
  TG_OP_INIT, .flags = TG_OP_RANDOM, .name = "rand_uniform", .label = "uniform", .formula = "y[...] ~ U[low, high)",
  .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_create_attrs), .attrs = uniform_fields,
  .shape = shape_uniform, .kernel = kernel_uniform, TG_SAMPLES(samples_uniform),
};
const tg_op tgi_op_rand_normal = {
  TG_OP_INIT, .flags = TG_OP_RANDOM, .name = "rand_normal", .label = "normal", .formula = "y[...] ~ N(mean, std^2)",
  .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_create_attrs), .attrs = normal_fields,
  .shape = shape_normal, .kernel = kernel_normal, TG_SAMPLES(samples_normal),
};
const tg_op tgi_op_rand_bernoulli = {
  TG_OP_INIT, .flags = TG_OP_RANDOM, .name = "rand_bernoulli", .label = "bernoulli", .formula = "y[...] = 1 with probability p, else 0",
  .dtypes = TG_ANY, .attrs_size = sizeof(tgi_create_attrs), .attrs = bernoulli_fields,
  .shape = shape_bernoulli, .kernel = kernel_bernoulli, TG_SAMPLES(samples_bernoulli),
};
/* clang-format on */

/* ---- constructors ---- */

static tg_var draw(tg_tape *t, const tg_op *op, const tgi_create_attrs *attrs) {
  return tg_apply_on(t, op, NULL, 0, attrs);
}

tg_var tg_rand_uniform(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[], double low,
                       double high, tg_key key) {
  return draw(t, &tgi_op_rand_uniform,
              &(tgi_create_attrs){dtype, tgi_dims_attrs_of(rank, dims), low, high, key});
}

tg_var tg_rand_normal(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[], double mean,
                      double std, tg_key key) {
  return draw(t, &tgi_op_rand_normal,
              &(tgi_create_attrs){dtype, tgi_dims_attrs_of(rank, dims), mean, std, key});
}

tg_var tg_rand_bernoulli(tg_tape *t, tg_dtype dtype, int rank, const int64_t dims[], double p,
                         tg_key key) {
  return draw(t, &tgi_op_rand_bernoulli,
              &(tgi_create_attrs){dtype, tgi_dims_attrs_of(rank, dims), p, 0, key});
}
