/* Numbers as files store them: more dtypes than ours, either byte order, any alignment. One table
   for IDX, npy and safetensors. Knows no format. */
#ifndef TGI_STORED_H
#define TGI_STORED_H

#include "base/file.h"
#include "tensor/tensor.h"

/* One row per stored dtype: bytes of one element, what it becomes here, safetensors' name, npy's
   kind letter. A row of dtype NONE is recognised, and refused by name. */
/* clang-format off */
#define TGI_STORED_MAP(X)              \
  X(BOOL, 1, TG_BOOL,       "BOOL", 'b') \
  X(U8,   1, TG_U8,         "U8",   'u') \
  X(I8,   1, TG_I32,        "I8",   'i') \
  X(U16,  2, TG_I32,        "U16",  'u') \
  X(I16,  2, TG_I32,        "I16",  'i') \
  X(F16,  2, TG_F32,        "F16",  'f') \
  X(BF16, 2, TG_F32,        "BF16", '-') \
  X(U32,  4, TG_I64,        "U32",  'u') \
  X(I32,  4, TG_I32,        "I32",  'i') \
  X(F32,  4, TG_F32,        "F32",  'f') \
  X(U64,  8, TG_DTYPE_NONE, "U64",  'u') \
  X(I64,  8, TG_I64,        "I64",  'i') \
  X(F64,  8, TG_F64,        "F64",  'f')
/* clang-format on */

typedef enum tgi_stored {
#define TGI_STORED_ENUM(name, size, dtype, text, letter) TGI_STORED_##name,
  TGI_STORED_MAP(TGI_STORED_ENUM)
#undef TGI_STORED_ENUM
      TGI_STORED_COUNT
} tgi_stored;

typedef struct tgi_stored_info {
  size_t size; /* bytes of one element in the file */
  tg_dtype dtype;
  const char *name;
  char letter;
} tgi_stored_info;

/* By value of the enum. */
tgi_stored_info tgi_stored_of(tgi_stored stored);
/* TGI_STORED_COUNT where there is none of that name; of that npy letter and size. */
tgi_stored tgi_stored_named(const char *name);
tgi_stored tgi_stored_lettered(char letter, int64_t size);
/* How one of our dtypes is stored. */
tgi_stored tgi_stored_as(tg_dtype dtype);

/* Whether the machine stores the most significant byte first. */
static inline bool tgi_big_endian(void) { return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__; }

/* n stored elements become n elements of the row's dtype. `to` may be in the same memory where it
   begins at or before `from` and the element keeps its size. The position of the first BOOL that is
   neither 0 nor 1 is returned, else -1. */
int64_t tgi_decode(tgi_stored stored, bool big_endian, const void *from, int64_t n, void *to);

/* Writes the elements of x in row-major order, little-endian. */
bool tgi_write_tensor(tgi_writer *w, const tg_tensor *x);

#endif
