/* Diagonals and triangles of matrices. diagonal is a view; diagonal_scatter, which writes one, is
   its transpose: the two are each other's rules. */
#include "kernel/accumulate.h"
#include "ops/view.h"
#include "tape/tape.h"

typedef struct diagonal_attrs {
  int64_t offset;
  int axis0, axis1;
} diagonal_attrs;

static const tg_field diagonal_fields[] = {
    {.name = "offset", .type = TG_FIELD_I64, .offset = offsetof(diagonal_attrs, offset)},
    {.name = "axis0", .type = TG_FIELD_INT, .offset = offsetof(diagonal_attrs, axis0)},
    {.name = "axis1", .type = TG_FIELD_INT, .offset = offsetof(diagonal_attrs, axis1)},
    {.name = NULL},
};

static int64_t clamp(int64_t i, int64_t low, int64_t high) {
  return i < low ? low : i > high ? high : i;
}

/* x along the diagonal x[..., i - min(k, 0), ..., i + max(k, 0), ...], as the last axis. */
static tg_tensor diagonal_view(const tg_tensor *x, int axis0, int axis1, int64_t k) {
  int64_t rows = x->dims[axis0], columns = x->dims[axis1];
  k = clamp(k, -rows, columns);
  int64_t down = k < 0 ? -k : 0, right = k > 0 ? k : 0;
  rows -= down;
  columns -= right;
  int64_t n = rows < columns ? rows : columns;
  tg_tensor at = tgi_slice_view(x, axis0, down, 1, n);
  at = tgi_slice_view(&at, axis1, right, 1, n);
  tg_tensor y = {.data = n > 0 ? at.data : x->data, .dtype = x->dtype};
  for (int j = 0; j < x->rank; j++) {
    if (j == axis0 || j == axis1) continue;
    y.dims[y.rank] = x->dims[j];
    y.strides[y.rank++] = x->strides[j];
  }
  y.dims[y.rank] = n;
  y.strides[y.rank++] = x->strides[axis0] + x->strides[axis1];
  return y;
}

/* The diagonal of x that the call's attributes name, or the sticky error. */
static tg_status diagonal_of(const tg_call *c, const tg_tensor *x, tg_tensor *diagonal) {
  const diagonal_attrs *attrs = c->attrs;
  int axis0 = tgi_call_axis(c, attrs->axis0), axis1 = tgi_call_axis(c, attrs->axis1);
  if (axis0 < 0 || axis1 < 0) return TG_ARGUMENT;
  if (axis0 == axis1) return tg_call_fail(c, TG_ARGUMENT, "axis %d is named twice", axis0);
  *diagonal = diagonal_view(x, axis0, axis1, attrs->offset);
  return TG_OK;
}

/* ---- diagonal ---- */

static tg_status shape_diagonal(tg_call *c) { return diagonal_of(c, &c->in[0], &c->out); }

static tg_var vjp_diagonal(const tg_call *c, tg_var g) {
  const diagonal_attrs *attrs = c->attrs;
  tg_var zeros = tgi_zeros_like(c->tape, &c->in[0]);
  return tg_diagonal_scatter(zeros, g, attrs->offset, attrs->axis0, attrs->axis1);
}

/* ---- diagonal_scatter ---- */

static tg_status shape_diagonal_scatter(tg_call *c) {
  tg_tensor diagonal;
  tg_status status = diagonal_of(c, &c->in[0], &diagonal);
  if (status != TG_OK || tg_tensor_same_shape(&diagonal, &c->in[1])) return status;
  char text[200];
  tg_tensor_shape_text(&diagonal, text, sizeof text);
  return tg_call_fail(c, TG_SHAPE, "the diagonal of the first operand has the shape %s", text);
}

static tg_status kernel_diagonal_scatter(const tg_call *c) {
  tg_tensor diagonal;
  tgi_copy(&c->out, &c->in[0]);
  tg_status status = diagonal_of(c, &c->out, &diagonal);
  if (status == TG_OK) tgi_copy(&diagonal, &c->in[1]);
  return status;
}

static tg_var vjp_diagonal_scatter_base(const tg_call *c, tg_var g) {
  const diagonal_attrs *attrs = c->attrs;
  tg_var zeros = tgi_zeros_like(c->tape, &c->in[1]);
  return tg_diagonal_scatter(g, zeros, attrs->offset, attrs->axis0, attrs->axis1);
}

static tg_var vjp_diagonal_scatter_part(const tg_call *c, tg_var g) {
  const diagonal_attrs *attrs = c->attrs;
  return tg_diagonal(g, attrs->offset, attrs->axis0, attrs->axis1);
}

static tg_status grad_diagonal_scatter(const tg_call *c, int i, const tg_tensor *g,
                                       const tg_tensor *dx, double beta) {
  return tgi_grad_scatter(c, diagonal_of, i, g, dx, beta);
}

/* ---- diag_embed ---- */

/* The shape of the result: square in the two new axes. */
static tg_status embed_dims(const tg_call *c, tg_tensor *to) {
  const diagonal_attrs *attrs = c->attrs;
  const tg_tensor *x = &c->in[0];
  if (x->rank == 0 || x->rank == TG_MAX_RANK)
    return tg_call_fail(c, TG_SHAPE, "the rank is not 1 to %d", TG_MAX_RANK - 1);
  int axis0 = tgi_axis(x->rank + 1, attrs->axis0), axis1 = tgi_axis(x->rank + 1, attrs->axis1);
  if (axis0 < 0 || axis1 < 0 || axis0 == axis1)
    return tg_call_fail(c, TG_ARGUMENT, "%d and %d are not two axes of a result of rank %d",
                        attrs->axis0, attrs->axis1, x->rank + 1);
  if (attrs->offset == INT64_MIN) return tg_call_fail(c, TG_OVERFLOW, "the offset is too large");
  int64_t side = attrs->offset < 0 ? -attrs->offset : attrs->offset, dims[TG_MAX_RANK];
  if (!tgi_add_size(x->dims[x->rank - 1], side, &side))
    return tg_call_fail(c, TG_OVERFLOW, "the offset is too large");
  for (int k = 0, from = 0; k <= x->rank; k++)
    dims[k] = k == axis0 || k == axis1 ? side : x->dims[from++];
  *to = (tg_tensor){.dtype = x->dtype};
  if (!tgi_set_dims(to, x->rank + 1, dims))
    return tg_call_fail(c, TG_OVERFLOW, "the result's size does not fit into 63 bits");
  return TG_OK;
}

static tg_var compose_diag_embed(const tg_call *c) {
  const diagonal_attrs *attrs = c->attrs;
  tg_tensor to;
  if (embed_dims(c, &to) != TG_OK) return tgi_failed(c->tape);
  tg_var zeros = tgi_zeros_like(c->tape, &to);
  return tg_diagonal_scatter(zeros, c->x[0], attrs->offset, attrs->axis0, attrs->axis1);
}

/* ---- tril and triu ---- */

typedef struct triangle_attrs {
  int64_t k;
} triangle_attrs;

static const tg_field triangle_fields[] = {
    {.name = "k", .type = TG_FIELD_I64, .offset = offsetof(triangle_attrs, k)},
    {.name = NULL},
};

static tg_status shape_triangle(tg_call *c) {
  if (c->in[0].rank >= 2) return TG_OK;
  return tg_call_fail(c, TG_SHAPE, "a matrix or a batch of matrices is expected");
}

/* dst = beta dst + x within the triangle, and beta dst outside: row by row, all of the batch at
   once. `lower` keeps the columns up to i + k, else those from i + k on. */
static tg_status add_triangle(const tg_call *c, bool lower, const tg_tensor *dst,
                              const tg_tensor *x, double beta) {
  int last = x->rank - 1;
  int64_t rows = x->dims[last - 1], n = x->dims[last];
  int64_t k = clamp(((const triangle_attrs *)c->attrs)->k, -rows, n);
  for (int64_t i = 0; i < rows; i++) {
    tg_tensor to = tgi_select_view(dst, last - 1, i), from = tgi_select_view(x, last - 1, i);
    int64_t cut = clamp(i + k + lower, 0, n);
    int64_t first = lower ? 0 : cut, count = lower ? cut : n - cut;
    tg_tensor rest = tgi_slice_view(&to, last - 1, lower ? cut : 0, 1, n - count);
    to = tgi_slice_view(&to, last - 1, first, 1, count);
    from = tgi_slice_view(&from, last - 1, first, 1, count);
    if (beta == 0) tgi_fill(&rest, 0);
    tgi_accumulate(c->runtime, &to, &from, beta);
  }
  return TG_OK;
}

static tg_status kernel_tril(const tg_call *c) {
  return add_triangle(c, true, &c->out, &c->in[0], 0);
}
static tg_status kernel_triu(const tg_call *c) {
  return add_triangle(c, false, &c->out, &c->in[0], 0);
}

static tg_var vjp_tril(const tg_call *c, tg_var g) {
  return tg_tril(g, ((const triangle_attrs *)c->attrs)->k);
}
static tg_var vjp_triu(const tg_call *c, tg_var g) {
  return tg_triu(g, ((const triangle_attrs *)c->attrs)->k);
}

static tg_status grad_tril(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                           double beta) {
  (void)i;
  return add_triangle(c, true, dx, g, beta);
}
static tg_status grad_triu(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                           double beta) {
  (void)i;
  return add_triangle(c, false, dx, g, beta);
}

/* ---- samples ---- */

static const diagonal_attrs main_01 = {0, 0, 1}, above_01 = {1, 0, 1}, below_01 = {-2, 0, 1},
                            above_last = {1, -2, -1}, main_20 = {0, 2, 0}, far_01 = {9, 0, 1},
                            least_01 = {INT64_MIN, 0, 1}, main_11 = {0, 1, -1}, main_02 = {0, 0, 2},
                            main_last = {0, -2, -1};
static const triangle_attrs k_0 = {0}, k_1 = {1}, k_m2 = {-2}, k_most = {INT64_MAX},
                            k_least = {INT64_MIN};

/* clang-format off */
#define X(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_diagonal[] = {
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &main_01},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &above_01},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &below_01},
  {.n = 1, .in = {X(3, 2, 3, 3)}, .attrs = &above_last},
  {.n = 1, .in = {X(3, 2, 3, 4)}, .attrs = &main_20},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &far_01},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &least_01},
  {.n = 1, .in = {X(2, 1, 1)},    .attrs = &main_01},
  {.n = 1, .in = {X(2, 0, 3)},    .attrs = &main_01},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &main_11, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &main_02, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(1, 3)},       .attrs = &main_01, .refuse = TG_ARGUMENT},
};
static const tg_sample samples_diagonal_scatter[] = {
  {.n = 2, .in = {X(2, 3, 4), X(1, 3)},       .attrs = &main_01},
  {.n = 2, .in = {X(2, 3, 4), X(1, 1)},       .attrs = &below_01},
  {.n = 2, .in = {X(3, 2, 3, 4), X(2, 3, 2)}, .attrs = &main_20},
  {.n = 2, .in = {X(2, 3, 4), X(1, 0)},       .attrs = &far_01},
  {.n = 2, .in = {X(2, 3, 4), X(1, 2)},       .attrs = &main_01, .refuse = TG_SHAPE},
  {.n = 2, .in = {X(2, 3, 4), X(1, 3)},       .attrs = &main_11, .refuse = TG_ARGUMENT},
};
static const tg_sample samples_diag_embed[] = {
  {.n = 1, .in = {X(1, 3)},    .attrs = &main_01},
  {.n = 1, .in = {X(2, 2, 3)}, .attrs = &above_last},
  {.n = 1, .in = {X(2, 2, 3)}, .attrs = &main_20},
  {.n = 1, .in = {X(1, 2)},    .attrs = &below_01},
  {.n = 1, .in = {X(1, 0)},    .attrs = &above_01},
  {.n = 1, .in = {X(0, 0)},    .attrs = &main_last, .refuse = TG_SHAPE},
  {.n = 1, .in = {X(1, 3)},    .attrs = &main_02,   .refuse = TG_ARGUMENT},
  {.n = 1, .in = {X(1, 3)},    .attrs = &least_01,  .refuse = TG_OVERFLOW},
  {.n = 1, .in = {X(8, 1, 1, 1, 1, 1, 1, 1, 2)}, .attrs = &main_last, .refuse = TG_SHAPE},
};
static const tg_sample samples_triangle[] = {
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &k_0},
  {.n = 1, .in = {X(2, 4, 3)},    .attrs = &k_1},
  {.n = 1, .in = {X(3, 2, 4, 4)}, .attrs = &k_m2},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &k_most},
  {.n = 1, .in = {X(2, 3, 4)},    .attrs = &k_least},
  {.n = 1, .in = {X(2, 1, 1)},    .attrs = &k_0},
  {.n = 1, .in = {X(3, 0, 2, 3)}, .attrs = &k_0},
  {.n = 1, .in = {X(2, 2, 0)},    .attrs = &k_0},
  {.n = 1, .in = {X(1, 3)},       .attrs = &k_0, .refuse = TG_SHAPE},
};
#undef X

const tg_op tgi_op_diagonal = {
  TG_OP_INIT, .flags = TG_OP_VIEW, .name = "diagonal", .label = "diagonal", .formula = "y[..., i] = x[..., i, ..., i + offset, ...] in the axes axis0 and axis1",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(diagonal_attrs), .attrs = diagonal_fields,
  .shape = shape_diagonal, .vjp = {vjp_diagonal}, .jvp = tg_jvp_linear, .grad = tgi_grad_view, TG_SAMPLES(samples_diagonal),
};
const tg_op tgi_op_diagonal_scatter = {
  TG_OP_INIT, .name = "diagonal_scatter", .label = "diagonal =", .formula = "y = a, but its diagonal in the axes axis0 and axis1 is b",
  .arity = 2, .dtypes = TG_ANY, .attrs_size = sizeof(diagonal_attrs), .attrs = diagonal_fields,
  .shape = shape_diagonal_scatter, .kernel = kernel_diagonal_scatter, .vjp = {vjp_diagonal_scatter_base, vjp_diagonal_scatter_part}, .jvp = tg_jvp_linear, .grad = grad_diagonal_scatter, TG_SAMPLES(samples_diagonal_scatter),
};
const tg_op tgi_op_diag_embed = {
  TG_OP_INIT, .name = "diag_embed", .label = "diag", .formula = "y = 0, but its diagonal in the new axes axis0 and axis1 is x",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(diagonal_attrs), .attrs = diagonal_fields,
  .compose = compose_diag_embed, TG_SAMPLES(samples_diag_embed),
};
const tg_op tgi_op_tril = {
  TG_OP_INIT, .name = "tril", .label = "tril", .formula = "y[..., i, j] = x[..., i, j] where j <= i + k, else 0",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(triangle_attrs), .attrs = triangle_fields,
  .shape = shape_triangle, .kernel = kernel_tril, .vjp = {vjp_tril}, .jvp = tg_jvp_linear, .grad = grad_tril, TG_SAMPLES(samples_triangle),
};
const tg_op tgi_op_triu = {
  TG_OP_INIT, .name = "triu", .label = "triu", .formula = "y[..., i, j] = x[..., i, j] where j >= i + k, else 0",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(triangle_attrs), .attrs = triangle_fields,
  .shape = shape_triangle, .kernel = kernel_triu, .vjp = {vjp_triu}, .jvp = tg_jvp_linear, .grad = grad_triu, TG_SAMPLES(samples_triangle),
};
/* clang-format on */

/* ---- constructors ---- */

tg_var tg_diagonal(tg_var x, int64_t offset, int axis0, int axis1) {
  return tgi_apply1(&tgi_op_diagonal, x, &(diagonal_attrs){offset, axis0, axis1});
}

tg_var tg_diagonal_scatter(tg_var a, tg_var b, int64_t offset, int axis0, int axis1) {
  return tgi_apply2(&tgi_op_diagonal_scatter, a, b, &(diagonal_attrs){offset, axis0, axis1});
}

tg_var tg_diag_embed(tg_var x, int64_t offset, int axis0, int axis1) {
  return tgi_apply1(&tgi_op_diag_embed, x, &(diagonal_attrs){offset, axis0, axis1});
}

tg_var tg_tril(tg_var x, int64_t k) { return tgi_apply1(&tgi_op_tril, x, &(triangle_attrs){k}); }

tg_var tg_triu(tg_var x, int64_t k) { return tgi_apply1(&tgi_op_triu, x, &(triangle_attrs){k}); }
