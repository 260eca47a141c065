/* The same numbers again: as they are, as a constant, in one piece of memory, or in another
   dtype. */
#include "kernel/accumulate.h"
#include "ops/axes.h"
#include "ops/view.h"

static tg_status shape_identity(tg_call *c) {
  c->out = c->in[0];
  return TG_OK;
}

static tg_var vjp_identity(const tg_call *c, tg_var g) {
  (void)c;
  return g;
}

static tg_var jvp_identity(const tg_call *c, const tg_var dx[]) {
  (void)c;
  return dx[0];
}

static tg_status grad_identity(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                               double beta) {
  (void)i;
  tgi_accumulate(c->runtime, dx, g, beta);
  return TG_OK;
}

/* ---- contiguous ---- */

static tg_status shape_contiguous(tg_call *c) {
  if (tg_tensor_is_contiguous(&c->in[0])) c->out = c->in[0];
  return TG_OK;
}

static tg_status kernel_copy(const tg_call *c) {
  tgi_copy(&c->out, &c->in[0]);
  return TG_OK;
}

/* ---- cast ---- */

typedef struct cast_attrs {
  tg_dtype dtype;
} cast_attrs;

static const tg_field cast_fields[] = {
    {.name = "dtype", .type = TG_FIELD_DTYPE, .offset = offsetof(cast_attrs, dtype)},
    {.name = NULL},
};

static tg_status shape_cast(tg_call *c) {
  tg_dtype dtype = ((const cast_attrs *)c->attrs)->dtype;
  if (tg_dtype_size(dtype) == 0) return tg_call_fail(c, TG_DTYPE, "no such dtype");
  if (dtype == c->in[0].dtype) c->out = c->in[0];
  c->out.dtype = dtype;
  return TG_OK;
}

static tg_var vjp_cast(const tg_call *c, tg_var g) { return tg_cast(g, c->in[0].dtype); }

static tg_status grad_cast(const tg_call *c, int i, const tg_tensor *g, const tg_tensor *dx,
                           double beta) {
  (void)i;
  tg_tensor converted = *dx;
  if (beta != 0) converted.data = tg_call_scratch(c, tg_tensor_bytes(dx));
  if (converted.data == NULL) return TG_NO_MEMORY;
  tgi_copy(&converted, g);
  if (beta != 0) tgi_accumulate(c->runtime, dx, &converted, beta);
  return TG_OK;
}

/* ---- samples ---- */

static const cast_attrs to_f32 = {TG_F32}, to_f64 = {TG_F64}, to_i32 = {TG_I32},
                        to_bool = {TG_BOOL}, to_none = {TG_DTYPE_NONE};

/* clang-format off */
#define X(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_same[] = {
  {.n = 1, .in = {X(2, 3, 4)}},
  {.n = 1, .in = {X(0, 0)}},
  {.n = 1, .in = {X(2, 1, 3)}},
  {.n = 1, .in = {X(2, 0, 3)}},
};
static const tg_sample samples_cast[] = {
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_f64},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_f32},
  {.n = 1, .in = {X(0, 0)},    .attrs = &to_f64},
  {.n = 1, .in = {X(2, 3, 0)}, .attrs = &to_f64},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_i32},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_bool},
  {.n = 1, .in = {{.rank = 1, .dims = {5}, .dtype = TG_I64, .low = -9, .high = 9}}, .attrs = &to_f64},
  {.n = 1, .in = {X(2, 3, 4)}, .attrs = &to_none, .refuse = TG_DTYPE},
};
#undef X

const tg_op tgi_op_identity = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_PASSES_0, .name = "identity", .label = "identity", .formula = "y = x",
  .arity = 1, .dtypes = TG_ANY,
  .shape = shape_identity, .vjp = {vjp_identity}, .jvp = jvp_identity, .grad = grad_identity, .grad_part = tgi_part_same, TG_SAMPLES(samples_same),
};
const tg_op tgi_op_detach = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_CONST, .name = "detach", .label = "detach", .formula = "y = x, a constant",
  .arity = 1, .dtypes = TG_ANY,
  .shape = shape_identity, .vjp = {tg_vjp_zero}, .jvp = tg_jvp_zero, TG_SAMPLES(samples_same),
};
const tg_op tgi_op_contiguous = {
  TG_OP_INIT, .flags = TG_OP_VIEW | TG_OP_PASSES_0, .name = "contiguous", .label = "contiguous", .formula = "y = x, in row-major memory",
  .arity = 1, .dtypes = TG_ANY,
  .shape = shape_contiguous, .kernel = kernel_copy, .vjp = {vjp_identity}, .jvp = jvp_identity, .grad = grad_identity, .grad_part = tgi_part_same, .axis = tgi_axis_same, TG_SAMPLES(samples_same),
};
const tg_op tgi_op_cast = {
  TG_OP_INIT, .flags = TG_OP_VIEW, .name = "cast", .label = "cast", .formula = "y = x as another dtype",
  .arity = 1, .dtypes = TG_ANY, .attrs_size = sizeof(cast_attrs), .attrs = cast_fields,
  .shape = shape_cast, .kernel = kernel_copy, .vjp = {vjp_cast}, .jvp = tg_jvp_linear, .grad = grad_cast, .axis = tgi_axis_same, TG_SAMPLES(samples_cast),
};
/* clang-format on */

/* ---- constructors ---- */

tg_var tg_identity(tg_var x) { return tgi_apply1(&tgi_op_identity, x, NULL); }
tg_var tg_detach(tg_var x) { return tgi_apply1(&tgi_op_detach, x, NULL); }
tg_var tg_contiguous(tg_var x) { return tgi_apply1(&tgi_op_contiguous, x, NULL); }

tg_var tg_cast(tg_var x, tg_dtype dtype) {
  return tgi_apply1(&tgi_op_cast, x, &(cast_attrs){dtype});
}
