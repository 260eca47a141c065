/* safetensors: named tensors and a few strings in one file
   (https://github.com/huggingface/safetensors). Eight bytes of header length, a JSON header with
   dtype, shape and place of each tensor, the data. Needs jansson at build time, else
   TG_UNSUPPORTED. */
#ifndef TAPEGRAD_IO_H
#define TAPEGRAD_IO_H

#include "params.h"
#include "runtime.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the file ---- */

/* What is written and what is found. Names are UTF-8; "__metadata__" is not a name. */
typedef struct tg_named_tensor {
  const char *name;
  tg_tensor tensor;
} tg_named_tensor;

/* A string of the header's "__metadata__". */
typedef struct tg_named_text {
  const char *name, *text;
} tg_named_text;

/* Writes tensors of any strides and dtype. The same content gives the same bytes in whatever order
   it is given. The file is replaced as a whole: a crash or a failure leaves the old one. A name
   given twice is TG_ARGUMENT. */
TG_API tg_status tg_safetensors_write(const char *path, const tg_named_tensor tensors[],
                                      int64_t count, const tg_named_text metadata[],
                                      int64_t metadata_count, const tg_runtime *runtime,
                                      tg_error *error);

/* A file that was read and checked as a whole: lengths, offsets without holes or overlap, shapes,
   dtypes, names. It owns all that its accessors give, and is read-only. */
typedef struct tg_safetensors tg_safetensors;

/* F32 F64 I64 I32 U8 BOOL; F16 and BF16 widen to f32, I8 I16 U16 to i32, U32 to i64; others are
   refused. A header of at most 100 MB, ranks of at most 8. NULL on failure. */
TG_API tg_safetensors *tg_safetensors_open(const char *path, const tg_runtime *runtime,
                                           tg_error *error);
TG_API void tg_safetensors_free(tg_safetensors *file); /* NULL is fine */

/* Sorted by name. NULL name and NULL data for a bad index. */
TG_API int64_t tg_safetensors_count(const tg_safetensors *file);
TG_API tg_named_tensor tg_safetensors_tensor(const tg_safetensors *file, int64_t index);
TG_API int64_t tg_safetensors_find(const tg_safetensors *file, const char *name); /* -1: none */

/* The metadata, in the file's order; and the text of one name, NULL where there is none. */
TG_API int64_t tg_safetensors_metadata_count(const tg_safetensors *file);
TG_API tg_named_text tg_safetensors_metadata(const tg_safetensors *file, int64_t index);
TG_API const char *tg_safetensors_text(const tg_safetensors *file, const char *name);

/* ---- parameters ---- */

/* Writes every parameter and buffer of sealed params under its name. */
TG_API tg_status tg_params_save(const tg_params *params, const char *path, tg_error *error);
/* Reads them back. Each must be there with its dtype and shape, and nothing is changed unless all
   fit; other tensors in the file are ignored. The second form takes them from an open file. */
TG_API tg_status tg_params_load(tg_params *params, const char *path, tg_error *error);
TG_API tg_status tg_params_load_from(tg_params *params, const tg_safetensors *file,
                                     tg_error *error);

/* ---- any file ---- */

/* Replaces the file at `path` by these bytes as a whole: into a temporary beside it, flushed to
   disk, renamed. A crash or a failure leaves the old file. TG_FILE, TG_ARGUMENT. */
TG_API tg_status tg_file_write(const char *path, const void *data, size_t size, tg_error *error);

#ifdef __cplusplus
}
#endif
#endif
