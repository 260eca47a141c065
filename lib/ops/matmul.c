/* Products of vectors, matrices and batches of them, by NumPy's rules. Operands are read through
   their strides. */
#include "kernel/batch_gemm.h"
#include "ops/attrs.h"
#include "ops/ops_internal.h"

enum { ROWS = 0, COLUMNS = 1 };

/* A rank-1 operand as the row or the column that it stands for. */
static tg_tensor as_matrix(const tg_tensor *x, int side) {
  if (x->rank > 1) return *x;
  tg_tensor y = {.data = x->data, .dtype = x->dtype, .rank = 2};
  y.dims[side] = 1;
  y.strides[side] = 1;
  y.dims[1 - side] = x->dims[0];
  y.strides[1 - side] = x->strides[0];
  return y;
}

/* The result, or its cotangent, with the axes that rank-1 operands took away. */
static tg_tensor as_result(const tg_call *c, const tg_tensor *y) {
  bool row = c->in[0].rank == 1, column = c->in[1].rank == 1;
  tg_tensor full = *y;
  if (row) {
    int last = y->rank - 1; /* of [..., n] */
    if (!column) {
      full.dims[last + 1] = y->dims[last];
      full.strides[last + 1] = y->strides[last];
    }
    int at = column ? y->rank : last;
    full.dims[at] = 1;
    full.strides[at] = 1;
    full.rank++;
  }
  if (column) {
    full.dims[full.rank] = 1;
    full.strides[full.rank++] = 1;
  }
  return full;
}

/* x [..., p, q] with its leading axes stretched to those of `like`. */
static tg_tensor with_batch(const tg_tensor *x, const tg_tensor *like) {
  if (x->rank == 2 && like->rank == 2) return *x;
  tg_tensor to = *like;
  to.dims[to.rank - 2] = x->dims[x->rank - 2];
  to.dims[to.rank - 1] = x->dims[x->rank - 1];
  return tgi_broadcast_view(x, &to);
}

static tg_tensor transposed(const tg_tensor *x) {
  tg_tensor y = *x;
  int p = x->rank - 2, q = x->rank - 1;
  y.dims[p] = x->dims[q];
  y.dims[q] = x->dims[p];
  y.strides[p] = x->strides[q];
  y.strides[q] = x->strides[p];
  return y;
}

/* The leading axes of a and b, broadcast; the last two of `to` are m and n. */
static bool result_dims(tg_tensor *to, const tg_tensor *a, const tg_tensor *b) {
  tg_tensor left = *a, right = *b;
  int64_t m = a->dims[a->rank - 2], n = b->dims[b->rank - 1];
  left.dims[left.rank - 2] = right.dims[right.rank - 2] = m;
  left.dims[left.rank - 1] = right.dims[right.rank - 1] = n;
  *to = left;
  return tgi_broadcast_dims(to, &right);
}

static tg_status shape_matmul(tg_call *c) {
  if (c->in[0].rank == 0 || c->in[1].rank == 0)
    return tg_call_fail(c, TG_SHAPE, "an operand has rank 0; tg_mul scales");
  tg_tensor a = as_matrix(&c->in[0], ROWS), b = as_matrix(&c->in[1], COLUMNS), y;
  int64_t inner = a.dims[a.rank - 1], other = b.dims[b.rank - 2];
  if (inner != other)
    return tg_call_fail(c, TG_SHAPE, "inner sizes %lld and %lld differ", (long long)inner,
                        (long long)other);
  if (!result_dims(&y, &a, &b))
    return tg_call_fail(c, TG_SHAPE, "the leading axes do not broadcast");
  int64_t n = y.dims[y.rank - 1];
  if (c->in[0].rank == 1) y.dims[--y.rank - 1] = n;
  if (c->in[1].rank == 1) y.rank--;
  return tgi_out_dims(c, y.rank, y.dims);
}

/* a [..., m, k] and b [..., k, n]; one of rank 1 has no m, no n. */
static int axis_matmul(const tg_call *c, int i, int k) {
  int rank = c->in[i].rank, other = c->in[1 - i].rank, from_end = rank - 1 - k;
  int leading = c->out.rank - (rank > 1) - (other > 1), inner_from_end = i == 0 ? 0 : 1;
  if (rank == 1 || from_end == inner_from_end) return TG_NO_AXIS;
  if (from_end > 1) return leading + 1 - from_end;
  return i == 0 ? leading : leading + (other > 1);
}

static tg_status kernel_matmul(const tg_call *c) {
  tg_tensor y = as_result(c, &c->out);
  tg_tensor a = as_matrix(&c->in[0], ROWS), b = as_matrix(&c->in[1], COLUMNS);
  a = with_batch(&a, &y);
  b = with_batch(&b, &y);
  return tgi_batch_gemm(c->runtime, c->scratch, &a, &b, 0, &y);
}

/* ---- bound to layouts ---- */

static tg_status kernel_bound(const tg_call *c) {
  tgi_product p = *(const tgi_product *)c->attrs;
  p.a.data = c->in[0].data;
  p.b.data = c->in[1].data;
  p.c.data = c->out.data;
  return tgi_multiply(&p);
}

static tg_kernel_fn *bind_matmul(const tg_call *c, const void **attrs) {
  tgi_product *p = tg_call_scratch(c, sizeof *p);
  if (p == NULL || tg_tensor_numel(&c->out) == 0) return NULL;
  tg_tensor y = as_result(c, &c->out);
  tg_tensor a = as_matrix(&c->in[0], ROWS), b = as_matrix(&c->in[1], COLUMNS);
  a = with_batch(&a, &y);
  b = with_batch(&b, &y);
  *attrs = p;
  bool single = tgi_batch_gemm_single(c->runtime, c->scratch, &a, &b, NULL, &y, p);
  return single ? kernel_bound : NULL;
}

/* da += g b^T, db += a^T g; repeated operands collect the sum. */
static tg_status grad_matmul(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                             double beta) {
  if (tg_tensor_numel(dx) == 0) return TG_OK;
  tg_tensor full = as_result(c, g), to = as_matrix(dx, i == 0 ? ROWS : COLUMNS);
  tg_tensor other = as_matrix(&c->in[1 - i], i == 0 ? COLUMNS : ROWS);
  to = with_batch(&to, &full);
  other = with_batch(&other, &full);
  other = transposed(&other);
  const tg_tensor *left = i == 0 ? &full : &other, *right = i == 0 ? &other : &full;
  return tgi_batch_gemm(c->runtime, c->scratch, left, right, beta, &to);
}

/* ---- rules ---- */

static tg_var matrix_of(const tg_call *c, int i) {
  tg_tensor x = as_matrix(&c->in[i], i == 0 ? ROWS : COLUMNS);
  return c->in[i].rank > 1 ? c->x[i] : tg_reshape(c->x[i], 2, x.dims);
}

static tg_var matrix_of_result(const tg_call *c, tg_var g) {
  tg_tensor full = as_result(c, &c->out);
  return full.rank == c->out.rank ? g : tg_reshape(g, full.rank, full.dims);
}

/* dx [batch..., p, q] summed and reshaped to operand i. */
static tg_var like_operand(const tg_call *c, tg_var dx) {
  tg_tensor matrix = as_matrix(&c->in[c->i], c->i == 0 ? ROWS : COLUMNS);
  return tgi_reshape_like(tgi_sum_like(dx, &matrix), &c->in[c->i]);
}

static tg_var vjp_a(const tg_call *c, tg_var g) {
  tg_var bt = tg_transpose(matrix_of(c, 1), -2, -1);
  return like_operand(c, tg_matmul(matrix_of_result(c, g), bt));
}

/* All leading axes as rows. */
static tg_var flat(tg_var x) { return tg_reshape(x, TG_DIMS(-1, tg_dim(x, -1))); }

static tg_var vjp_b(const tg_call *c, tg_var g) {
  tg_var a = matrix_of(c, 0);
  g = matrix_of_result(c, g);
  if (c->in[1].rank <= 2 && tg_rank(a) > 2 && c->in[0].dims[c->in[0].rank - 1] > 0 &&
      tg_dim(g, -1) > 0) { /* one product instead of a sum of many */
    a = flat(a);
    g = flat(g);
  }
  return like_operand(c, tg_matmul(tg_transpose(a, -2, -1), g));
}

/* ---- samples ---- */

/* clang-format off */
#define IN(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_matmul[] = {
  {.n = 2, .in = {IN(2, 3, 4), IN(2, 4, 2)}},
  {.n = 2, .in = {IN(1, 4), IN(1, 4)}},
  {.n = 2, .in = {IN(1, 4), IN(2, 4, 3)}},
  {.n = 2, .in = {IN(2, 3, 4), IN(1, 4)}},
  {.n = 2, .in = {IN(3, 2, 3, 4), IN(2, 4, 2)}},
  {.n = 2, .in = {IN(3, 2, 3, 4), IN(1, 4)}},
  {.n = 2, .in = {IN(1, 3), IN(3, 2, 3, 4)}},
  {.n = 2, .in = {IN(2, 3, 4), IN(3, 2, 4, 2)}},
  {.n = 2, .in = {IN(4, 2, 1, 2, 3), IN(3, 3, 3, 2)}},
  {.n = 2, .in = {IN(3, 1, 2, 3), IN(3, 2, 3, 1)}},
  {.n = 2, .in = {IN(2, 3, 0), IN(2, 0, 2)}},
  {.n = 2, .in = {IN(3, 0, 2, 3), IN(2, 3, 2)}},
  {.n = 2, .in = {IN(2, 0, 3), IN(2, 3, 2)}},
  {.n = 2, .in = {IN(2, 3, 4), IN(2, 3, 4)}, .refuse = TG_SHAPE},
  {.n = 2, .in = {IN(0, 0), IN(2, 3, 4)}, .refuse = TG_SHAPE},
  {.n = 2, .in = {IN(3, 2, 3, 4), IN(3, 3, 4, 2)}, .refuse = TG_SHAPE},
  {.n = 2, .in = {{.rank = 1, .dims = {3}, .dtype = TG_U8, .high = 9}, {.rank = 1, .dims = {3}, .dtype = TG_U8, .high = 9}}, .refuse = TG_DTYPE},
};
#undef IN

const tg_op tgi_op_matmul = {
  TG_OP_INIT, .name = "matmul", .label = "@", .formula = "y[..., i, j] = sum over l of a[..., i, l] b[..., l, j]",
  .arity = 2, .dtypes = TGI_SIGNED,
  .shape = shape_matmul, .kernel = kernel_matmul, .vjp = {vjp_a, vjp_b}, .jvp = tg_jvp_bilinear, .grad = grad_matmul, .bind = bind_matmul, .axis = axis_matmul, TG_SAMPLES(samples_matmul),
};
/* clang-format on */

tg_var tg_matmul(tg_var a, tg_var b) { return tgi_apply2(&tgi_op_matmul, a, b, NULL); }
