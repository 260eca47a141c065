/* The dense layer as one operator: the product begins with the bias. */
#include "kernel/batch_gemm.h"
#include "kernel/reduce.h"
#include "ops/attrs.h"
#include "ops/ops_internal.h"

/* x [..., n] where it has leading axes; a vector seen as one row, in `row`. */
static const tg_tensor *as_rows(const tg_tensor *x, tg_tensor *row) {
  if (x->rank > 1) return x;
  row->data = x->data;
  row->dtype = x->dtype;
  row->rank = 2;
  row->dims[0] = row->strides[0] = 1;
  row->dims[1] = x->dims[0];
  row->strides[1] = x->strides[0];
  return row;
}

/* The matrix [p, q] with strides (row, col), repeated under the leading axes of x. */
static tg_tensor repeated(const tg_tensor *matrix, bool transpose, const tg_tensor *x) {
  tg_tensor y;
  y.data = matrix->data;
  y.dtype = matrix->dtype;
  y.rank = x->rank;
  int p = y.rank - 2, q = y.rank - 1;
  for (int k = 0; k < p; k++) {
    y.dims[k] = x->dims[k];
    y.strides[k] = 0;
  }
  y.dims[p] = matrix->dims[transpose];
  y.dims[q] = matrix->dims[!transpose];
  y.strides[p] = matrix->strides[transpose];
  y.strides[q] = matrix->strides[!transpose];
  return y;
}

static tg_status shape_linear(tg_call *c) {
  const tg_tensor *x = &c->in[0], *w = &c->in[1];
  if (x->rank < 1 || w->rank != 2)
    return tg_call_fail(c, TG_SHAPE, "expected x [..., in] and weight [out, in]");
  int64_t in = x->dims[x->rank - 1], out = w->dims[0];
  if (in != w->dims[1])
    return tg_call_fail(c, TG_SHAPE, "x has %lld features, the weight takes %lld", (long long)in,
                        (long long)w->dims[1]);
  if (c->n == 3 && (c->in[2].rank != 1 || c->in[2].dims[0] != out))
    return tg_call_fail(c, TG_SHAPE, "expected a bias of shape [%lld]", (long long)out);
  c->out.dims[x->rank - 1] = out;
  return TG_OK;
}

/* x [..., in], weight [out, in], bias [out] */
static int axis_linear(const tg_call *c, int i, int k) {
  int last = c->out.rank - 1;
  if (i == 0) return k == last ? TG_NO_AXIS : k;
  return k == 0 ? last : TG_NO_AXIS;
}

/* Of a vector: do its elements lie beside each other? */
static bool is_dense(const tg_tensor *x) { return x->dims[0] <= 1 || x->strides[0] == 1; }

/* Its elements beside each other, in scratch memory where they are not. NULL data: no memory. */
static tg_tensor dense(const tg_call *c, const tg_tensor *x) {
  tg_tensor y = *x;
  y.strides[0] = 1;
  if (is_dense(x)) return y;
  y.data = tgi_arena_alloc(c->scratch, tg_tensor_bytes(x));
  if (y.data) tgi_copy(&y, x);
  return y;
}

/* The vector x as every row of y. */
static tg_tensor every_row(const tg_tensor *x, const tg_tensor *y) {
  tg_tensor rows;
  rows.data = x->data;
  rows.dtype = x->dtype;
  tgi_copy_layout(&rows, y);
  for (int k = 0; k < y->rank - 1; k++) rows.strides[k] = 0;
  rows.strides[y->rank - 1] = 1;
  return rows;
}

/* ---- without leading axes: one product ---- */

static tgi_matrix matrix_of(const tg_tensor *x) {
  int last = x->rank - 1;
  return (tgi_matrix){x->data, last > 0 ? x->strides[0] : 1, x->strides[last]};
}

static tgi_matrix transposed(tgi_matrix x) { return (tgi_matrix){x.data, x.col, x.row}; }

/* In rows, of which each is as long as can be. */
static tgi_matrix result_of(const tg_tensor *y) {
  return (tgi_matrix){y->data, y->rank > 1 ? y->strides[0] : 1, 1};
}

static tg_status kernel_product(const tg_call *c, const void *bias) {
  const tg_tensor *x = &c->in[0], *w = &c->in[1];
  tgi_product p = {.runtime = c->runtime,
                   .scratch = c->scratch,
                   .dtype = x->dtype,
                   .m = x->rank > 1 ? x->dims[0] : 1,
                   .n = w->dims[0],
                   .k = w->dims[1],
                   .a = matrix_of(x),
                   .b = transposed(matrix_of(w)),
                   .add = {(void *)bias, 0, 1},
                   .c = result_of(&c->out)};
  return p.m == 0 || p.n == 0 ? TG_OK : tgi_multiply(&p);
}

/* dx += g W, dW += g^T x */
static tg_status grad_product(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                              double beta) {
  const tg_tensor *w = &c->in[1];
  int64_t rows = g->rank > 1 ? g->dims[0] : 1, out = w->dims[0], in = w->dims[1];
  tgi_matrix to = result_of(dx);
  if (i == 0)
    return tgi_gemm(c->runtime, c->scratch, g->dtype, rows, in, out, matrix_of(g), matrix_of(w),
                    beta, to);
  return tgi_gemm(c->runtime, c->scratch, g->dtype, out, in, rows, transposed(matrix_of(g)),
                  matrix_of(&c->in[0]), beta, to);
}

/* ---- any axes ---- */

static tg_status kernel_linear(const tg_call *c) {
  if (c->in[0].rank <= 2 && (c->n == 2 || is_dense(&c->in[2])))
    return kernel_product(c, c->n == 2 ? NULL : c->in[2].data);
  tg_tensor one_x, one_y;
  const tg_tensor *x = as_rows(&c->in[0], &one_x), *y = as_rows(&c->out, &one_y);
  tg_tensor wt = repeated(&c->in[1], true, x);
  if (c->n == 2) return tgi_batch_gemm_add(c->runtime, c->scratch, x, &wt, NULL, y);
  tgi_arena_mark mark = tgi_arena_mark_of(c->scratch);
  tg_tensor bias = dense(c, &c->in[2]);
  if (!bias.data && tg_tensor_numel(&bias) > 0) return TG_NO_MEMORY;
  tg_tensor rows = every_row(&bias, y);
  tg_status status = tgi_batch_gemm_add(c->runtime, c->scratch, x, &wt, &rows, y);
  tgi_arena_rewind(c->scratch, mark);
  return status;
}

/* ---- bound to layouts ---- */

static tg_status kernel_bound(const tg_call *c) {
  tgi_product p = *(const tgi_product *)c->attrs;
  p.a.data = c->in[0].data;
  p.b.data = c->in[1].data;
  p.add.data = c->n == 3 ? c->in[2].data : NULL;
  p.c.data = c->out.data;
  return tgi_multiply(&p);
}

static tg_kernel_fn *bind_linear(const tg_call *c, const void **attrs) {
  if (tg_tensor_numel(&c->out) == 0 || (c->n == 3 && !tg_tensor_is_contiguous(&c->in[2])))
    return NULL;
  tgi_product *p = tg_call_scratch(c, sizeof *p);
  if (p == NULL) return NULL;
  tg_tensor one_x, one_y, rows;
  const tg_tensor *x = as_rows(&c->in[0], &one_x), *y = as_rows(&c->out, &one_y);
  tg_tensor wt = repeated(&c->in[1], true, x);
  if (c->n == 3) rows = every_row(&c->in[2], y);
  *attrs = p;
  bool single =
      tgi_batch_gemm_single(c->runtime, c->scratch, x, &wt, c->n == 3 ? &rows : NULL, y, p);
  return single ? kernel_bound : NULL;
}

/* dx += g W, dW += g^T x, db += column sums of g. */
static tg_status grad_linear(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                             double beta) {
  if (tg_tensor_numel(dx) == 0) return TG_OK;
  if (i == 2) return tgi_reduce(c->runtime, &tgi_sum, dx, g, beta);
  if (g->rank <= 2) return grad_product(c, i, g, dx, beta);
  tg_tensor one_g, one_x;
  const tg_tensor *rows = as_rows(g, &one_g);
  if (i == 0) {
    tg_tensor w = repeated(&c->in[1], false, rows);
    return tgi_batch_gemm(c->runtime, c->scratch, rows, &w, beta, as_rows(dx, &one_x));
  }
  int p = rows->rank - 2, q = rows->rank - 1;
  tg_tensor to = repeated(dx, false, rows), gt;
  gt.data = rows->data;
  gt.dtype = rows->dtype;
  tgi_copy_layout(&gt, rows);
  gt.dims[p] = rows->dims[q];
  gt.dims[q] = rows->dims[p];
  gt.strides[p] = rows->strides[q];
  gt.strides[q] = rows->strides[p];
  return tgi_batch_gemm(c->runtime, c->scratch, &gt, as_rows(&c->in[0], &one_x), beta, &to);
}

/* ---- rules ---- */

static tg_var vjp_x(const tg_call *c, tg_var g) { return tg_matmul(g, c->x[1]); }

/* x [..., n] as [rows, n]. */
static tg_var rows_of(tg_var x, const tg_tensor *value) {
  int64_t n = value->dims[value->rank - 1], rows = 1;
  for (int k = 0; k < value->rank - 1; k++) rows *= value->dims[k];
  return value->rank == 2 ? x : tg_reshape(x, TG_DIMS(rows, n));
}

static tg_var vjp_weight(const tg_call *c, tg_var g) {
  return tg_matmul(tg_transpose(rows_of(g, &c->out), 0, 1), rows_of(c->x[0], &c->in[0]));
}

static tg_var vjp_bias(const tg_call *c, tg_var g) { return tgi_sum_like(g, &c->in[2]); }

static tg_var jvp_linear(const tg_call *c, const tg_var dx[]) {
  tg_var bias = c->n == 3 ? dx[2] : TG_NONE;
  if (tg_is_none(dx[0]) && tg_is_none(dx[1])) return tgi_broadcast_like(bias, &c->out);
  if (tg_is_none(dx[1])) return tg_linear(dx[0], c->x[1], bias);
  tg_var dy = tg_linear(c->x[0], dx[1], bias);
  return tg_is_none(dx[0]) ? dy : tg_add(dy, tg_linear(dx[0], c->x[1], TG_NONE));
}

/* ---- samples ---- */

/* clang-format off */
#define IN(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_linear[] = {
  {.n = 3, .in = {IN(2, 4, 2), IN(2, 3, 2), IN(1, 3)}},
  {.n = 2, .in = {IN(2, 4, 2), IN(2, 3, 2)}},
  {.n = 3, .in = {IN(1, 3), IN(2, 2, 3), IN(1, 2)}},
  {.n = 3, .in = {IN(3, 2, 3, 4), IN(2, 2, 4), IN(1, 2)}},
  {.n = 3, .in = {IN(2, 1, 1), IN(2, 1, 1), IN(1, 1)}},
  {.n = 3, .in = {IN(2, 0, 2), IN(2, 3, 2), IN(1, 3)}},
  {.n = 3, .in = {IN(2, 2, 0), IN(2, 3, 0), IN(1, 3)}},
  {.n = 3, .in = {IN(2, 4, 2), IN(2, 3, 3), IN(1, 3)}, .refuse = TG_SHAPE},
  {.n = 3, .in = {IN(2, 4, 2), IN(2, 3, 2), IN(1, 2)}, .refuse = TG_SHAPE},
  {.n = 2, .in = {IN(2, 4, 2), IN(1, 2)}, .refuse = TG_SHAPE},
  {.n = 2, .in = {IN(0, 0), IN(2, 3, 2)}, .refuse = TG_SHAPE},
};
#undef IN

const tg_op tgi_op_linear = {
  TG_OP_INIT, .name = "linear", .label = "linear", .formula = "y = x weight^T + bias",
  .arity = 2, .max_arity = 3, .dtypes = TG_FLOATS,
  .shape = shape_linear, .kernel = kernel_linear, .vjp = {vjp_x, vjp_weight, vjp_bias}, .jvp = jvp_linear, .grad = grad_linear, .bind = bind_linear, .axis = axis_linear, TG_SAMPLES(samples_linear),
};
/* clang-format on */

tg_var tg_linear(tg_var x, tg_var weight, tg_var bias) {
  return tg_apply(&tgi_op_linear, (const tg_var[]){x, weight, bias}, 3, NULL);
}
