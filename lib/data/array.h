/* What every reader of this folder gives back. */
#ifndef TGI_ARRAY_H
#define TGI_ARRAY_H

#include "base/file.h"
#include "data/classes.h"
#include "tapegrad/data.h"
#include "tensor/stored.h"

struct tg_array {
  const tg_runtime *runtime;
  tg_tensor tensor;
  tgi_bytes block; /* holds the tensor's elements */
  tg_tensor labels;
  tgi_bytes label_block;
  tgi_classes classes;  /* none where the labels are numbers */
  const char **columns; /* NULL without header; tensor.dims[1] of them */
  tgi_arena arena;      /* holds the names */
};

/* An empty one; NULL: no memory. */
tg_array *tgi_array_new(const tg_runtime *runtime);

/* What a header promised about the elements that begin at `offset` of the content. */
typedef struct tgi_promise {
  tgi_stored stored;
  bool big_endian, fortran;
  size_t offset;
  int rank;
  int64_t dims[TG_MAX_RANK];
} tgi_promise;

/* Checks the promise against the bytes and makes the array of them; the bytes are taken over and
   are freed with it, or on failure. NULL on failure. */
tg_array *tgi_array_of(const char *path, tgi_bytes bytes, const tgi_promise *promise,
                       tg_error *error);

#endif
