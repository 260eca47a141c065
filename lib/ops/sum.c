/* Sum and mean. */
#include "kernel/accumulate.h"
#include "ops/axes.h"
#include "ops/ops_internal.h"

static tg_status kernel_sum(const tg_call *c) {
  tg_tensor to = tgi_kept(c, &c->out);
  return tgi_reduce(c->runtime, &tgi_sum, &to, &c->in[0], 0);
}

static tg_status kernel_leaf(const tg_call *c) {
  tgi_reduce_leaf(c->attrs, c->out.data, c->in[0].data);
  return TG_OK;
}

tg_kernel_fn *tgi_bind_sum(const tg_call *c, const tg_tensor *to, const void **attrs) {
  tgi_leaf_sum *leaf = tg_call_scratch(c, sizeof *leaf);
  *attrs = leaf;
  return leaf && tgi_reduce_single(c->runtime, &tgi_sum, to, &c->in[0], leaf) ? kernel_leaf : NULL;
}

static tg_kernel_fn *bind_sum(const tg_call *c, const void **attrs) {
  tg_tensor to = tgi_kept(c, &c->out);
  return tgi_bind_sum(c, &to, attrs);
}

static tg_var vjp_sum(const tg_call *c, tg_var g) { return tgi_spread(c, g); }

static tg_status grad_sum(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                          double beta) {
  (void)i;
  tg_tensor wide = tgi_spread_view(c, g);
  tgi_accumulate(c->runtime, dx, &wide, beta);
  return TG_OK;
}

static void part_sum(const tg_call *c, int i, int64_t first, int64_t n, const void *g, void *dx,
                     double beta) {
  (void)i, (void)first;
  const tg_tensor to = tgi_vector_of(dx, c->out.dtype, n, 1);
  const tg_tensor from = tgi_vector_of(g, c->out.dtype, n, !tgi_is_single(&c->out));
  tgi_accumulate(c->runtime, &to, &from, beta);
}

/* ---- mean ---- */

/* to = from / n, for all elements of a shape. */
static void divide(const tg_tensor *to, const tg_tensor *from, int64_t n) {
  tgi_walk w;
  tgi_walk_init(&w, 2, (const tg_tensor *const[]){to, from});
  for (int64_t r = 0; r < w.runs; r++) {
    char *at[2];
    tgi_walk_run(&w, r, at);
    for (int64_t i = 0; i < w.n; i++) {
      if (to->dtype == TG_F32)
        *(float *)(void *)at[0] = *(const float *)(void *)at[1] / (float)n;
      else
        *(double *)(void *)at[0] = *(const double *)(void *)at[1] / (double)n;
      at[0] += w.strides[0][w.rank - 1];
      at[1] += w.strides[1][w.rank - 1];
    }
  }
}

static tg_status kernel_mean(const tg_call *c) {
  tg_status status = kernel_sum(c);
  if (status == TG_OK) divide(&c->out, &c->out, tgi_reduced_count(c));
  return status;
}

static tg_var vjp_mean(const tg_call *c, tg_var g) {
  return tgi_spread(c, tg_div_scalar(g, (double)tgi_reduced_count(c)));
}

static tg_status grad_mean(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                           double beta) {
  tg_tensor part = c->out;
  double small;
  part.data = tg_tensor_numel(g) == 1 ? &small : tg_call_scratch(c, tg_tensor_bytes(&part));
  if (part.data == NULL) return TG_NO_MEMORY;
  divide(&part, g, tgi_reduced_count(c));
  return grad_sum(c, i, &part, dx, beta);
}

static void part_mean(const tg_call *c, int i, int64_t first, int64_t n, const void *g, void *dx,
                      double beta) {
  tg_tensor whole = c->out, part = c->out;
  double small;
  if (tgi_is_single(&c->out)) {
    whole.data = (void *)g;
    part.data = &small;
    divide(&part, &whole, tgi_reduced_count(c));
  }
  part_sum(c, i, first, n, tgi_is_single(&c->out) ? &small : g, dx, beta);
}

/* ---- samples ---- */

static const tgi_reduce_attrs all = {0}, all_kept = {.keepdim = true}, first = {1, false, {0}, 0},
                              last = {1, false, {-1}, 0}, last_kept = {1, true, {-1}, 0},
                              outer = {2, false, {2, 0}, 0}, twice = {2, false, {1, -1}, 0},
                              beyond = {1, false, {2}, 0}, wrong = {.n = -1};

/* clang-format off */
#define SAMPLES_OF_AXES                                                                                  \
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &all},                 \
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &all_kept},            \
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4},    .low = -2, .high = 2}}, .attrs = &first},               \
  {.n = 1, .in = {{.rank = 2, .dims = {3, 1},    .low = -2, .high = 2}}, .attrs = &last},                \
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &last_kept},           \
  {.n = 1, .in = {{.rank = 3, .dims = {2, 3, 4}, .low = -2, .high = 2}}, .attrs = &outer},               \
  {.n = 1, .in = {{.rank = 0,                    .low = -2, .high = 2}}, .attrs = &all},                 \
  {.n = 1, .in = {{.rank = 2, .dims = {0, 3},    .low = -2, .high = 2}}, .attrs = &last},                \
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4}}}, .attrs = &twice,  .refuse = TG_ARGUMENT},                \
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4}}}, .attrs = &beyond, .refuse = TG_ARGUMENT},                \
  {.n = 1, .in = {{.rank = 2, .dims = {3, 4}}}, .attrs = &wrong,  .refuse = TG_ARGUMENT}
static const tg_sample samples_sum[] = {
  SAMPLES_OF_AXES,
  {.n = 1, .in = {{.rank = 2, .dims = {0, 3},    .low = -2, .high = 2}}, .attrs = &first},
  {.n = 1, .in = {{.rank = 1, .dims = {3}, .dtype = TG_BOOL, .high = 1}}, .attrs = &all, .refuse = TG_DTYPE},
};
static const tg_sample samples_mean[] = {
  SAMPLES_OF_AXES,
  {.n = 1, .in = {{.rank = 1, .dims = {3}, .dtype = TG_I64, .high = 1}}, .attrs = &all, .refuse = TG_DTYPE},
};

const tg_op tgi_op_sum = {
  TG_OP_INIT, .flags = TG_OP_SPREADS, .name = "sum", .label = "sum", .formula = "y = sum of x over axes",
  .arity = 1, .dtypes = TG_NUMBERS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = tgi_reduce_fields,
  .shape = tgi_shape_axes, .axis = tgi_axis_of_reduction, .kernel = kernel_sum, .bind = bind_sum, .vjp = {vjp_sum}, .jvp = tg_jvp_linear, .grad = grad_sum, .grad_part = part_sum, TG_SAMPLES(samples_sum),
};
const tg_op tgi_op_mean = {
  TG_OP_INIT, .flags = TG_OP_SPREADS, .name = "mean", .label = "mean", .formula = "y = sum of x over axes / number of elements",
  .arity = 1, .dtypes = TG_FLOATS, .attrs_size = sizeof(tgi_reduce_attrs), .attrs = tgi_reduce_fields,
  .shape = tgi_shape_axes, .axis = tgi_axis_of_reduction, .kernel = kernel_mean, .vjp = {vjp_mean}, .jvp = tg_jvp_linear, .grad = grad_mean, .grad_part = part_mean, TG_SAMPLES(samples_mean),
};
/* clang-format on */

tg_var tg_sum(tg_var x, int n_axes, const int64_t axes[], bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n_axes, axes, keepdim);
  return tgi_apply1(&tgi_op_sum, x, &attrs);
}

tg_var tg_mean(tg_var x, int n_axes, const int64_t axes[], bool keepdim) {
  tgi_reduce_attrs attrs = tgi_reduce_attrs_of(n_axes, axes, keepdim);
  return tgi_apply1(&tgi_op_mean, x, &attrs);
}
