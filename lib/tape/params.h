/* Parameters from inside: what gradients and optimizers share with them. Knows no tape. */
#ifndef TGI_PARAMS_H
#define TGI_PARAMS_H

#include "base/base.h"
#include "tapegrad/params.h"
#include "tensor/tensor.h"

typedef struct tgi_param_row {
  const char *name;
  tg_tensor view;
  int64_t offset; /* elements into its dtype's block */
  uint64_t version;
  bool buffer;
} tgi_param_row;

struct tg_params {
  const tg_runtime *runtime;
  tgi_param_row *rows;
  size_t capacity;
  int count;
  bool sealed;
  tgi_arena names;
  bool used[TG_DTYPE_COUNT]; /* some row has the dtype: then there is a block, of one byte at least
                              */
  char *block[TG_DTYPE_COUNT];
  size_t block_bytes[TG_DTYPE_COUNT];
  int64_t numel[TG_DTYPE_COUNT];   /* of each block, buffers among them */
  int64_t trained[TG_DTYPE_COUNT]; /* of each block's parameters, which come first */
  tg_error error;                  /* of the first failed declaration */
};

/* The gradients of one dtype, which lie as the parameters do; NULL where there are none. */
char *tgi_grads_block(const tg_grads *grads, tg_dtype dtype);
/* The memory of a parameter's gradient: dense, in the parameter's shape. NULL of a buffer. */
void *tgi_grads_data(const tg_grads *grads, int index);

#endif
