/* Indices as rows: one_hot, and embedding as the rows that an index of any shape selects. */
#include "ops/attrs.h"
#include "ops/dense.h"
#include "ops/ops_internal.h"

typedef struct one_hot_attrs {
  int64_t classes;
  tg_dtype dtype;
} one_hot_attrs;

static const one_hot_attrs *attrs_of(const tg_call *c) { return c->attrs; }

static tg_status shape_one_hot(tg_call *c) {
  int64_t dims[TG_MAX_RANK + 1];
  const int rank = c->in[0].rank;
  if (attrs_of(c)->classes < 0 || tg_dtype_size(attrs_of(c)->dtype) == 0)
    return tg_call_fail(c, TG_ARGUMENT, "%lld classes of %s", (long long)attrs_of(c)->classes,
                        tg_dtype_name(attrs_of(c)->dtype));
  for (int k = 0; k < rank; k++) dims[k] = c->in[0].dims[k];
  dims[rank] = attrs_of(c)->classes;
  c->out.dtype = attrs_of(c)->dtype;
  return tgi_out_dims(c, rank + 1, dims);
}

static tg_status kernel_one_hot(const tg_call *c) {
  tg_tensor index = c->in[0];
  if (!tgi_dense(c, TG_I64, &index)) return TG_NO_MEMORY;
  const int64_t classes = attrs_of(c)->classes, n = tg_tensor_numel(&index);
  const tg_status status = tgi_check_index(c, &index, classes);
  if (status != TG_OK) return status;
  const tg_tensor flat = tg_tensor_of(c->out.data, c->out.dtype, 2, (const int64_t[]){n, classes});
  memset(c->out.data, 0, tg_tensor_bytes(&c->out));
  for (int64_t i = 0; i < n; i++)
    tg_tensor_set(&flat, (const int64_t[]){i, ((const int64_t *)index.data)[i]}, 1);
  return TG_OK;
}

static tg_var compose_embedding(const tg_call *c) {
  const tg_tensor *weight = &c->in[0], *index = &c->in[1];
  int64_t dims[TG_MAX_RANK];
  if (weight->rank != 2 || index->rank >= TG_MAX_RANK) {
    tg_call_fail(c, TG_SHAPE, "the weight is not [n,d], or the index has rank %d", TG_MAX_RANK);
    return (tg_var){c->tape, 0, 0};
  }
  for (int k = 0; k < index->rank; k++) dims[k] = index->dims[k];
  dims[index->rank] = weight->dims[1];
  const tg_var flat = tg_reshape(c->x[1], TG_DIMS(tg_tensor_numel(index)));
  return tg_reshape(tg_index_select(c->x[0], 0, flat), index->rank + 1, dims);
}

/* clang-format off */
static const one_hot_attrs four = {4, TG_F64}, flags = {3, TG_BOOL}, negative = {-1, TG_F32},
                           typeless = {3, TG_DTYPE_NONE};
#define INDEX(...) {.dtype = TG_I64, .high = 2, __VA_ARGS__}
static const tg_sample samples_one_hot[] = {
  {.n = 1, .in = {INDEX(.rank = 2, .dims = {2, 3})}, .attrs = &four},
  {.n = 1, .in = {INDEX(.rank = 0)},                 .attrs = &flags},
  {.n = 1, .in = {INDEX(.rank = 1, .dims = {0})},    .attrs = &four},
  {.n = 1, .in = {{.dtype = TG_I64, .low = 4, .high = 9}},   .attrs = &four, .refuse = TG_INDEX},
  {.n = 1, .in = {{.dtype = TG_I64, .low = -3, .high = -1}}, .attrs = &four, .refuse = TG_INDEX},
  {.n = 1, .in = {INDEX(.rank = 0)}, .attrs = &negative, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {INDEX(.rank = 0)}, .attrs = &typeless, .refuse = TG_ARGUMENT},
  {.n = 1, .in = {{.rank = 0, .dtype = TG_F64}}, .attrs = &four, .refuse = TG_DTYPE},
};
#define WEIGHT {.rank = 2, .dims = {3, 4}, .low = -2, .high = 2}
static const tg_sample samples_embedding[] = {
  {.n = 2, .in = {WEIGHT, INDEX(.rank = 2, .dims = {2, 3})}},
  {.n = 2, .in = {WEIGHT, INDEX(.rank = 0)}},
  {.n = 2, .in = {WEIGHT, INDEX(.rank = 1, .dims = {0})}},
  {.n = 2, .in = {{.rank = 1, .dims = {3}}, INDEX(.rank = 0)}, .refuse = TG_SHAPE},
  {.n = 2, .in = {WEIGHT, {.dtype = TG_I64, .low = 3, .high = 9}}, .refuse = TG_INDEX},
};
static const tg_field fields[] = {
  {.name = "classes", .type = TG_FIELD_I64, .offset = offsetof(one_hot_attrs, classes)},
  {.name = "dtype", .type = TG_FIELD_DTYPE, .offset = offsetof(one_hot_attrs, dtype)}, {.name = NULL},
};
const tg_op tgi_op_one_hot = {
  TG_OP_INIT, .flags = TG_OP_CONST, .name = "one_hot", .label = "one hot", .formula = "y[..., j] = 1 where index[...] = j, else 0",
  .arity = 1, .dtypes = TGI_INDEXES, .attrs_size = sizeof(one_hot_attrs), .attrs = fields,
  .shape = shape_one_hot, .kernel = kernel_one_hot, TG_SAMPLES(samples_one_hot),
};
const tg_op tgi_op_embedding = {
  TG_OP_INIT, .flags = TG_OP_MIXED, .name = "embedding", .label = "embedding", .formula = "y[..., :] = weight[index[...], :]",
  .arity = 2, .dtypes = TG_ANY, .compose = compose_embedding, TG_SAMPLES(samples_embedding),
};
/* clang-format on */

tg_var tg_one_hot(tg_var index, int64_t classes, tg_dtype dtype) {
  return tgi_apply1(&tgi_op_one_hot, index, &(const one_hot_attrs){classes, dtype});
}

tg_var tg_embedding(tg_var weight, tg_var index) {
  return tgi_apply2(&tgi_op_embedding, weight, index, NULL);
}
