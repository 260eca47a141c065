/* Attributes and checks of operators without operands, which make a tensor from nothing. */
#ifndef TGI_OPS_CREATE_H
#define TGI_OPS_CREATE_H

#include "ops/attrs.h"
#include "ops/ops_internal.h"

typedef struct tgi_create_attrs {
  tg_dtype dtype;
  tgi_dims_attrs to;
  double p, q; /* the operator's parameters */
  tg_key key;
} tgi_create_attrs;

#define TGI_CREATE_FIELDS                                                                          \
  {.name = "dtype", .type = TG_FIELD_DTYPE, .offset = offsetof(tgi_create_attrs, dtype)}, {        \
    .name = "dims", .type = TG_FIELD_I64S, .offset = offsetof(tgi_create_attrs, to.entries),       \
    .count = offsetof(tgi_create_attrs, to.n)                                                      \
  }
#define TGI_CREATE_P(field)                                                                        \
  { .name = field, .type = TG_FIELD_F64, .offset = offsetof(tgi_create_attrs, p) }
#define TGI_CREATE_Q(field)                                                                        \
  { .name = field, .type = TG_FIELD_F64, .offset = offsetof(tgi_create_attrs, q) }
#define TGI_CREATE_KEY                                                                             \
  { .name = "key", .type = TG_FIELD_KEY, .offset = offsetof(tgi_create_attrs, key) }

/* Sets c->out's dtype, or the sticky error where the operator does not make such tensors. */
tg_status tgi_create_dtype(tg_call *c, tg_dtype dtype);
/* Sets c->out's dtype and dims from tgi_create_attrs. */
tg_status tgi_shape_create(tg_call *c);

#endif
