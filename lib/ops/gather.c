/* Moving elements by index: gather and scatter_add, index_select and index_add, each pair the
   other's rules. */
#include "kernel/gather.h"
#include "kernel/accumulate.h"

#include "ops/dense.h"
#include "ops/view.h"

static int axis_of(const tg_call *c) { return tgi_axis_in(c, &c->in[0]); }

/* ---- shapes ---- */

/* The axis, an integer index, and x and src of one dtype among the operator's. */
static tg_status check_operands(const tg_call *c) {
  const tg_tensor *x = &c->in[0];
  if (tgi_call_axis(c, ((const tgi_axis_attrs *)c->attrs)->axis) < 0) return TG_ARGUMENT;
  if (!(TGI_INDEXES >> c->in[1].dtype & 1))
    return tg_call_fail(c, TG_DTYPE, "the index is %s; it must be i64 or i32",
                        tg_dtype_name(c->in[1].dtype));
  if (c->n > 2 && (c->in[2].dtype != x->dtype || !(TGI_SIGNED >> x->dtype & 1)))
    return tg_call_fail(c, TG_DTYPE, "x and src are not of one of f32, f64, i64 and i32");
  return TG_OK;
}

/* index has x's rank, and is not longer but along the axis. */
static tg_status check_lines(const tg_call *c) {
  const tg_tensor *x = &c->in[0], *index = &c->in[1];
  const tg_status status = check_operands(c);
  if (status != TG_OK) return status;
  if (index->rank != x->rank) return tg_call_fail(c, TG_SHAPE, "index and x differ in rank");
  for (int k = 0; k < x->rank; k++)
    if (k != axis_of(c) && index->dims[k] > x->dims[k])
      return tg_call_fail(c, TG_SHAPE, "the index is longer than x along axis %d", k);
  return TG_OK;
}

static tg_status shape_gather(tg_call *c) {
  const tg_status status = check_lines(c);
  return status == TG_OK ? tgi_out_dims(c, c->in[1].rank, c->in[1].dims) : status;
}

static tg_status shape_scatter_add(tg_call *c) {
  const tg_status status = check_lines(c);
  if (status != TG_OK || tg_tensor_same_shape(&c->in[1], &c->in[2])) return status;
  return tg_call_fail(c, TG_SHAPE, "index and src differ in shape");
}

/* x's dims with the index's length along the axis. */
static tg_status selected_dims(const tg_call *c, int64_t dims[]) {
  const tg_status status = check_operands(c);
  if (status != TG_OK) return status;
  if (c->in[1].rank != 1) return tg_call_fail(c, TG_SHAPE, "the index is not of rank 1");
  for (int k = 0; k < c->in[0].rank; k++) dims[k] = c->in[0].dims[k];
  dims[axis_of(c)] = c->in[1].dims[0];
  return TG_OK;
}

static tg_status shape_index_select(tg_call *c) {
  int64_t dims[TG_MAX_RANK];
  const tg_status status = selected_dims(c, dims);
  return status == TG_OK ? tgi_out_dims(c, c->in[0].rank, dims) : status;
}

static tg_status shape_index_add(tg_call *c) {
  tg_tensor want = c->in[0];
  const tg_status status = selected_dims(c, want.dims);
  if (status != TG_OK || tg_tensor_same_shape(&want, &c->in[2])) return status;
  return tg_call_fail(c, TG_SHAPE, "src is not x's shape with as many slices as the index has");
}

/* ---- kernels ---- */

tg_status tgi_check_index(const tg_call *c, const tg_tensor *index, int64_t size) {
  const int64_t *at = index->data;
  for (int64_t i = 0; i < tg_tensor_numel(index); i++)
    if (at[i] < 0 || at[i] >= size)
      return tg_call_fail(c, TG_INDEX, "index %lld at position %lld is not in [0, %lld)",
                          (long long)at[i], (long long)i, (long long)size);
  return TG_OK;
}

/* An index of lower rank than x is one for all lines. */
static tg_status move(const tg_call *c, tgi_move how, const tg_tensor *a, const tg_tensor *b) {
  tg_tensor index = c->in[1];
  if (!tgi_dense(c, TG_I64, &index)) return TG_NO_MEMORY;
  const int axis = axis_of(c);
  const tg_status status = tgi_check_index(c, &index, a->dims[axis]);
  if (status != TG_OK) return status;
  return index.rank < a->rank ? tgi_move_slices(c->runtime, how, axis, a, index.data, b)
                              : tgi_move_lines(c->runtime, how, axis, a, &index, b);
}

static tg_status kernel_take(const tg_call *c) { return move(c, TGI_GATHER, &c->in[0], &c->out); }

static tg_status kernel_add(const tg_call *c) {
  tgi_copy(&c->out, &c->in[0]);
  return move(c, TGI_SCATTER_ADD, &c->out, &c->in[2]);
}

static tg_status grad_take(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                           double beta) {
  (void)i;
  if (beta == 0) memset(dx->data, 0, tg_tensor_bytes(dx));
  return move(c, TGI_SCATTER_ADD, dx, g);
}

static tg_status grad_add(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                          double beta) {
  if (i == 0) {
    tgi_accumulate(c->runtime, dx, g, beta);
    return TG_OK;
  }
  return move(c, beta == 0 ? TGI_GATHER : TGI_GATHER_ADD, g, dx);
}

/* ---- rules ---- */

static tg_var vjp_gather(const tg_call *c, tg_var g) {
  return tg_scatter_add(tgi_zeros_like(c->tape, &c->in[0]), axis_of(c), c->x[1], g);
}
static tg_var vjp_index_select(const tg_call *c, tg_var g) {
  return tg_index_add(tgi_zeros_like(c->tape, &c->in[0]), axis_of(c), c->x[1], g);
}
static tg_var vjp_sum(const tg_call *c, tg_var g) {
  (void)c;
  return g;
}
static tg_var vjp_scatter_add(const tg_call *c, tg_var g) {
  return tg_gather(g, axis_of(c), c->x[1]);
}
static tg_var vjp_index_add(const tg_call *c, tg_var g) {
  return tg_index_select(g, axis_of(c), c->x[1]);
}

/* ---- samples ---- */

static const tgi_axis_attrs first = {0}, last = {-1}, beyond = {2};

/* clang-format off */
#define X(...)      {.low = -2, .high = 2, .rank = 2, .dims = {__VA_ARGS__}}
#define INDEX(...)  {.dtype = TG_I64, .high = 2, .rank = 2, .dims = {__VA_ARGS__}}
#define INDEX1(n)   {.dtype = TG_I32, .high = 2, .rank = 1, .dims = {n}}
#define OUTSIDE(r)  {.dtype = TG_I64, .low = 5, .high = 9, .rank = r, .dims = {2, 2}}
#define NEGATIVE(r) {.dtype = TG_I64, .low = -2, .high = -1, .rank = r, .dims = {2, 2}}
static const tg_sample samples_gather[] = {
  {.n = 2, .in = {X(3, 4), INDEX(5, 4)},  .attrs = &first},
  {.n = 2, .in = {X(4, 3), INDEX(2, 6)},  .attrs = &last},
  {.n = 2, .in = {X(3, 4), INDEX(0, 4)},  .attrs = &first},
  {.n = 2, .in = {X(3, 4), INDEX(5, 5)},  .attrs = &first,  .refuse = TG_SHAPE},
  {.n = 2, .in = {X(3, 4), INDEX1(3)},    .attrs = &first,  .refuse = TG_SHAPE},
  {.n = 2, .in = {X(3, 4), INDEX(3, 4)},  .attrs = &beyond, .refuse = TG_ARGUMENT},
  {.n = 2, .in = {X(3, 4), OUTSIDE(2)},   .attrs = &first,  .refuse = TG_INDEX},
  {.n = 2, .in = {X(3, 4), NEGATIVE(2)},  .attrs = &first,  .refuse = TG_INDEX},
  {.n = 2, .in = {X(3, 4), X(3, 4)},      .attrs = &first,  .refuse = TG_DTYPE},
  {.n = 2, .in = {{.rank = 0}, {.rank = 0, .dtype = TG_I64}}, .attrs = &first, .refuse = TG_ARGUMENT},
};
static const tg_sample samples_scatter_add[] = {
  {.n = 3, .in = {X(3, 4), INDEX(5, 4), X(5, 4)}, .attrs = &first},
  {.n = 3, .in = {X(4, 3), INDEX(2, 6), X(2, 6)}, .attrs = &last},
  {.n = 3, .in = {X(3, 4), INDEX(0, 4), X(0, 4)}, .attrs = &first},
  {.n = 3, .in = {X(3, 4), INDEX(2, 4), X(3, 4)}, .attrs = &first, .refuse = TG_SHAPE},
  {.n = 3, .in = {X(3, 4), OUTSIDE(2), X(2, 2)},  .attrs = &first, .refuse = TG_INDEX},
};
static const tg_sample samples_index_select[] = {
  {.n = 2, .in = {X(3, 4), INDEX1(5)},   .attrs = &first},
  {.n = 2, .in = {X(2, 3), INDEX1(4)},   .attrs = &last},
  {.n = 2, .in = {X(3, 4), INDEX1(0)},   .attrs = &first},
  {.n = 2, .in = {X(3, 4), INDEX(1, 3)}, .attrs = &first, .refuse = TG_SHAPE},
  {.n = 2, .in = {X(3, 4), OUTSIDE(1)},  .attrs = &first, .refuse = TG_INDEX},
  {.n = 2, .in = {X(3, 4), NEGATIVE(1)}, .attrs = &first, .refuse = TG_INDEX},
};
static const tg_sample samples_index_add[] = {
  {.n = 3, .in = {X(3, 4), INDEX1(5), X(5, 4)}, .attrs = &first},
  {.n = 3, .in = {X(2, 3), INDEX1(4), X(2, 4)}, .attrs = &last},
  {.n = 3, .in = {X(3, 4), INDEX1(5), X(4, 4)}, .attrs = &first, .refuse = TG_SHAPE},
  {.n = 3, .in = {X(3, 4), OUTSIDE(1), X(2, 4)}, .attrs = &first, .refuse = TG_INDEX},
};

#define INDEXED .flags = TG_OP_MIXED, .attrs_size = sizeof(tgi_axis_attrs), .attrs = tgi_axis_fields, \
                .jvp = tg_jvp_linear
#define TAKES   INDEXED, .arity = 2, .dtypes = TG_ANY, .kernel = kernel_take, .grad = grad_take
#define ADDS    INDEXED, .arity = 3, .dtypes = TGI_SIGNED, .kernel = kernel_add, .grad = grad_add
const tg_op tgi_op_gather = {
  TG_OP_INIT, TAKES, .name = "gather", .label = "gather", .formula = "y[..., k, ...] = x[..., index[..., k, ...], ...]",
  .shape = shape_gather, .vjp = {vjp_gather, tg_vjp_none}, TG_SAMPLES(samples_gather),
};
const tg_op tgi_op_scatter_add = {
  TG_OP_INIT, ADDS, .name = "scatter_add", .label = "scatter add", .formula = "y = x, then y[..., index[..., k, ...], ...] += src[..., k, ...]",
  .shape = shape_scatter_add, .vjp = {vjp_sum, tg_vjp_none, vjp_scatter_add}, TG_SAMPLES(samples_scatter_add),
};
const tg_op tgi_op_index_select = {
  TG_OP_INIT, TAKES, .name = "index_select", .label = "index select", .formula = "y[..., k, ...] = x[..., index[k], ...]",
  .shape = shape_index_select, .vjp = {vjp_index_select, tg_vjp_none}, TG_SAMPLES(samples_index_select),
};
const tg_op tgi_op_index_add = {
  TG_OP_INIT, ADDS, .name = "index_add", .label = "index add", .formula = "y = x, then y[..., index[k], ...] += src[..., k, ...]",
  .shape = shape_index_add, .vjp = {vjp_sum, tg_vjp_none, vjp_index_add}, TG_SAMPLES(samples_index_add),
};
/* clang-format on */

tg_var tg_gather(tg_var x, int axis, tg_var index) {
  return tgi_apply2(&tgi_op_gather, x, index, &(const tgi_axis_attrs){axis});
}

tg_var tg_index_select(tg_var x, int axis, tg_var index) {
  return tgi_apply2(&tgi_op_index_select, x, index, &(const tgi_axis_attrs){axis});
}

tg_var tg_scatter_add(tg_var x, int axis, tg_var index, tg_var src) {
  return tg_apply(&tgi_op_scatter_add, (const tg_var[]){x, index, src}, 3,
                  &(const tgi_axis_attrs){axis});
}

tg_var tg_index_add(tg_var x, int axis, tg_var index, tg_var src) {
  return tg_apply(&tgi_op_index_add, (const tg_var[]){x, index, src}, 3,
                  &(const tgi_axis_attrs){axis});
}
