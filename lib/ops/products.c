/* Products of two vectors, composed of others. */
#include "ops/attrs.h"
#include "ops/ops_internal.h"
#include "tape/tape.h"

static bool are_vectors(const tg_call *c) {
  if (c->in[0].rank == 1 && c->in[1].rank == 1) return true;
  tg_call_fail(c, TG_SHAPE, "expected two vectors");
  return false;
}

static tg_var compose_dot(const tg_call *c) {
  return are_vectors(c) ? tg_matmul(c->x[0], c->x[1]) : tgi_failed(c->tape);
}

static tg_var compose_outer(const tg_call *c) {
  return are_vectors(c) ? tg_mul(tg_unsqueeze(c->x[0], 1), c->x[1]) : tgi_failed(c->tape);
}

/* clang-format off */
#define IN(r, ...) {.rank = r, .dims = {__VA_ARGS__}, .low = -2, .high = 2}
static const tg_sample samples_dot[] = {
  {.n = 2, .in = {IN(1, 4), IN(1, 4)}},
  {.n = 2, .in = {IN(1, 1), IN(1, 1)}},
  {.n = 2, .in = {IN(1, 0), IN(1, 0)}},
  {.n = 2, .in = {IN(1, 4), IN(1, 3)}, .refuse = TG_SHAPE},
  {.n = 2, .in = {IN(2, 3, 4), IN(1, 4)}, .refuse = TG_SHAPE},
};
static const tg_sample samples_outer[] = {
  {.n = 2, .in = {IN(1, 4), IN(1, 3)}},
  {.n = 2, .in = {IN(1, 1), IN(1, 1)}},
  {.n = 2, .in = {IN(1, 0), IN(1, 3)}},
  {.n = 2, .in = {IN(2, 3, 4), IN(1, 4)}, .refuse = TG_SHAPE},
};
#undef IN

const tg_op tgi_op_dot = {
  TG_OP_INIT, .name = "dot", .label = "dot", .formula = "y = sum over i of a[i] b[i]",
  .arity = 2, .dtypes = TGI_SIGNED, .compose = compose_dot, TG_SAMPLES(samples_dot),
};
const tg_op tgi_op_outer = {
  TG_OP_INIT, .name = "outer", .label = "outer", .formula = "y[i, j] = a[i] b[j]",
  .arity = 2, .dtypes = TG_NUMBERS, .compose = compose_outer, TG_SAMPLES(samples_outer),
};
/* clang-format on */

tg_var tg_dot(tg_var a, tg_var b) { return tgi_apply2(&tgi_op_dot, a, b, NULL); }
tg_var tg_outer(tg_var a, tg_var b) { return tgi_apply2(&tgi_op_outer, a, b, NULL); }
