/* The largest and the smallest, of bools too: any and all. */
#include "kernel/slopes.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"

static tg_status shape_extreme(tg_call *c) {
  tg_status status = tgi_shape_axes(c);
  if (status != TG_OK || tgi_reduced_count(c) > 0) return status;
  return tg_call_fail(c, TG_SHAPE, "there is no element to choose from");
}

static tg_status reduce(const tg_call *c, const tgi_reduction *kind) {
  tg_tensor to = tgi_kept(c, &c->out);
  return tgi_reduce(c->runtime, kind, &to, &c->in[0], 0);
}

static tg_status kernel_amax(const tg_call *c) { return reduce(c, &tgi_max); }
static tg_status kernel_amin(const tg_call *c) { return reduce(c, &tgi_min); }

/* Bool: where the result was found. */
static tg_var found(const tg_call *c) { return tg_eq(c->x[0], tgi_spread(c, c->y)); }

/* How many equal elements share one result. */
static tg_var shares(const tg_call *c, tg_var where) {
  const tgi_reduce_attrs *attrs = c->attrs;
  tg_var one = tg_scalar_like(c->y, 1), zero = tg_scalar_like(c->y, 0);
  return tg_sum(tg_where(where, one, zero), attrs->n, attrs->axes, attrs->keepdim);
}

static tg_var vjp_extreme(const tg_call *c, tg_var g) {
  tg_var where = found(c), part = tg_div(g, shares(c, where));
  return tg_where(where, tgi_spread(c, part), tg_scalar_like(g, 0));
}

/* Equal elements share the cotangent. */
static tg_status grad_extreme(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                              double beta) {
  (void)i;
  tg_tensor part = c->out;
  part.data = tg_call_scratch(c, tg_tensor_bytes(&part));
  if (part.data == NULL) return TG_NO_MEMORY;
  const tg_tensor counts = tgi_kept(c, &part), y = tgi_kept(c, &c->out);
  tg_status status = tgi_reduce_equals(c->runtime, &counts, &c->in[0], &y);
  const tg_isa isa = tg_runtime_isa(c->runtime);
  tgi_map(c->runtime, tgi_map_table_for(isa, dx->dtype)->div.value, &part,
          (const tg_tensor *const[]){g, &part}, 2, NULL);
  const tg_tensor wide_y = tgi_spread_view(c, &c->out), wide = tgi_spread_view(c, &part);
  tgi_map(c->runtime, tgi_slopes_for(isa, dx->dtype)->extreme[beta != 0], dx,
          (const tg_tensor *const[]){&c->in[0], &wide_y, &wide}, 3, NULL);
  return status;
}

static tg_var jvp_extreme(const tg_call *c, const tg_var dx[]) {
  const tgi_reduce_attrs *attrs = c->attrs;
  tg_var where = found(c), chosen = tg_where(where, dx[0], tg_scalar_like(dx[0], 0));
  return tg_div(tg_sum(chosen, attrs->n, attrs->axes, attrs->keepdim), shares(c, where));
}

/* ---- samples ---- */

static const tgi_reduce_attrs all = {0}, all_kept = {.keepdim = true}, first = {1, false, {0}, 0},
                              last = {1, false, {-1}, 0}, outer = {2, false, {2, 0}, 0},
                              last_kept = {1, true, {-1}, 0}, beyond = {1, false, {2}, 0};

/* clang-format off */
#define IN(r, ...)   {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
#define BITS(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .high = 1, .dtype = TG_BOOL}
static const tg_sample samples_extreme[] = {
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &all},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &all_kept},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &first},
  {.n = 1, .in = {IN(2, 3, 1)}, .attrs = &last},
  {.n = 1, .in = {IN(3, 2, 3, 4)}, .attrs = &last_kept},
  {.n = 1, .in = {IN(3, 2, 3, 4)}, .attrs = &outer},
  {.n = 1, .in = {IN(0, 0)}, .attrs = &all},
  {.n = 1, .in = {IN(2, 0, 3)}, .attrs = &last},
  {.n = 1, .in = {IN(2, 0, 3)}, .attrs = &first, .refuse = TG_SHAPE},
  {.n = 1, .in = {IN(2, 3, 4)}, .attrs = &beyond, .refuse = TG_ARGUMENT},
};
static const tg_sample samples_bits[] = {
  {.n = 1, .in = {BITS(2, 3, 4)}, .attrs = &all},
  {.n = 1, .in = {BITS(2, 3, 4)}, .attrs = &last_kept},
  {.n = 1, .in = {BITS(3, 2, 3, 4)}, .attrs = &outer},
  {.n = 1, .in = {BITS(0, 0)}, .attrs = &all},
  {.n = 1, .in = {BITS(2, 0, 3)}, .attrs = &first},
  {.n = 1, .in = {BITS(2, 3, 4)}, .attrs = &beyond, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 1, .dims = {3}, .dtype = TG_I64, .high = 1}}, .attrs = &all, .refuse = TG_DTYPE},
};
#undef IN
#undef BITS

#define EXTREME(f, what)                                                                                          \
  const tg_op tgi_op_##f = {                                                                                      \
    TG_OP_INIT, .name = #f, .label = #f, .formula = "y = the " what " x over axes",                               \
    .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = tgi_reduce_fields,             \
    .shape = shape_extreme, .kernel = kernel_##f, .vjp = {vjp_extreme}, .jvp = jvp_extreme,                       \
    .axis = tgi_axis_of_reduction, .grad = grad_extreme, TG_SAMPLES(samples_extreme),                             \
  };
#define BITS(f, what, k)                                                                                          \
  const tg_op tgi_op_##f = {                                                                                      \
    TG_OP_INIT, .flags = TG_OP_CONST, .name = #f, .label = #f, .formula = "y = is " what " x over axes true",     \
    .arity = 1, .dtypes = TG_BOOLS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = tgi_reduce_fields,           \
    .shape = tgi_shape_axes, .kernel = kernel_##k, .axis = tgi_axis_of_reduction, TG_SAMPLES(samples_bits),       \
  };
EXTREME(amax, "largest")
EXTREME(amin, "smallest")
BITS(any, "any", amax)
BITS(all, "every", amin)
/* clang-format on */

#define CONSTRUCTOR(name)                                                                          \
  tg_var tg_##name(tg_var x, int n_axes, const int64_t axes[], bool keepdim) {                     \
    tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n_axes, axes, keepdim);                           \
    return tgi_apply1(&tgi_op_##name, x, &attrs);                                                  \
  }
CONSTRUCTOR(amax)
CONSTRUCTOR(amin)
CONSTRUCTOR(any)
CONSTRUCTOR(all)
