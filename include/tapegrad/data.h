/* Data from files, and batches of it. The readers trust nothing: every length in a file is checked
   against the bytes that are there before it is used, and a file that is not of its format gives
   one sentence with what was found and what was expected. A file that begins with gzip's magic
   bytes is unpacked on the way, whatever its name (TG_UNSUPPORTED in a build without zlib).
   What a reader may allocate follows from the bytes read; the runtime's byte budget bounds both. */
#ifndef TAPEGRAD_DATA_H
#define TAPEGRAD_DATA_H

#include "random.h"
#include "runtime.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- arrays: what the readers give ---- */

/* One tensor read from a file, and for CSV its labels and names. It owns all that its accessors
   give. Read-only after reading, so many threads may use it. */
typedef struct tg_array tg_array;

/* NULL is fine. The runtime given to the reader must still live. */
TG_API void tg_array_free(tg_array *array);
/* Contiguous and aligned for its dtype; valid until the array is freed. */
TG_API tg_tensor tg_array_tensor(const tg_array *array);

/* IDX, the format of MNIST (Y. LeCun, "The MNIST database"): u8, i32, f32, f64; i8 and i16 widen to
   i32. At most 8 dimensions. NULL on failure. */
TG_API tg_array *tg_idx_read(const char *path, const tg_runtime *runtime, tg_error *error);

/* NumPy's .npy, versions 1.0, 2.0 and 3.0: f4 f8 i4 i8 u1 b1; f2 widens to f32, i1 i2 u2 to i32, u4
   to i64. Either byte order. Fortran order becomes a row-major copy of the same shape. Objects,
   complex numbers, strings, records and u8 (64 bits) are refused. NULL on failure. */
TG_API tg_array *tg_npy_read(const char *path, const tg_runtime *runtime, tg_error *error);

/* Writes version 1.0, little-endian, C order, from any strides. The file is replaced as a whole: a
   crash or a failure leaves the old one. */
TG_API tg_status tg_npy_write(const char *path, tg_tensor x, tg_error *error);

/* ---- CSV ---- */

/* All fields zero: comma-separated, no header line, every column a number, f64. */
typedef struct tg_csv_options {
  char separator;         /* 0: ',' */
  int64_t skip_lines;     /* lines dropped at the beginning, before the header */
  bool header;            /* the first line names the columns; without it that is data too */
  tg_dtype dtype;         /* of the numbers: TG_F64 (0 too) or TG_F32 */
  bool labels;            /* one column is the label: label_name, else label_column */
  const char *label_name; /* needs header */
  int label_column;       /* from 0; negative: from the end, -1 the last */
  tg_dtype label_dtype;   /* TG_I64 (0 too): classes; TG_F32, TG_F64: numbers to be fitted */
} tg_csv_options;

/* RFC 4180: records end with LF or CRLF, quoted fields may hold separators, line ends and doubled
   quotes. Blank lines are skipped. Numbers are C's, with a point in any locale; spaces and tabs
   around them are dropped. A missing, extra or non-numeric field is an error that names line and
   column. The tensor is [records, columns without the label].
   Classes: where every label is an integer it stands for itself; else each distinct text is a
   class, with ids 0, 1, … in order of first appearance. options: NULL for defaults. NULL on
   failure. */
TG_API tg_array *tg_csv_read(const char *path, const tg_csv_options *options,
                             const tg_runtime *runtime, tg_error *error);

/* [records] in label_dtype; data NULL where no labels were asked for. */
TG_API tg_tensor tg_array_labels(const tg_array *array);
/* Classes that have names: 0 where the labels are numbers. NULL for a bad index. */
TG_API int64_t tg_array_class_count(const tg_array *array);
TG_API const char *tg_array_class_name(const tg_array *array, int64_t index);
/* The header's name of the tensor's column (the label's is not among them); NULL without header or
   for a bad index. */
TG_API const char *tg_array_column_name(const tg_array *array, int64_t column);

/* ---- batches ---- */

/* Cuts n samples into batches, in an order that is a pure function of key and epoch: the step
   number alone is enough to resume a run. No allocation after creation. One thread at a time. */
typedef struct tg_batches tg_batches;

/* All fields zero: one batch of all samples, in their order. */
typedef struct tg_batches_options {
  int64_t size;   /* samples in a batch; 0: all */
  bool shuffle;   /* a new order each epoch, from tg_key_fold(key, epoch) */
  bool drop_last; /* an epoch ends before a batch that would be short */
  tg_key key;
} tg_batches_options;

/* The samples of one step. `rows` lives until the next tg_batches_at of another epoch. */
typedef struct tg_batch {
  int64_t n;            /* 0 where an epoch has no batch */
  const int64_t *rows;  /* [n] */
  int64_t epoch, index; /* step = epoch * tg_batches_count + index */
} tg_batch;

/* n >= 0 samples. options: NULL for defaults. NULL on failure. */
TG_API tg_batches *tg_batches_new(int64_t n, const tg_batches_options *options,
                                  const tg_runtime *runtime, tg_error *error);
TG_API void tg_batches_free(tg_batches *batches); /* NULL is fine */
/* Batches in one epoch. */
TG_API int64_t tg_batches_count(const tg_batches *batches);
/* The batch of a step, counted from 0 over all epochs; n = 0 for a negative step. Any order. */
TG_API tg_batch tg_batches_at(tg_batches *batches, int64_t step);

/* Copies the batch's rows of `from` [samples, …] into `to` [capacity >= n, …], and returns the
   first n rows of `to`. A row of both has the same number of elements, so [samples,28,28] goes into
   [32,784]; rows are contiguous in memory, and so is `to`. data NULL on failure.
   gather: same dtype. gather_scaled: `to` is f32 or f64, `from` any dtype; y = x * scale + shift,
   computed in the dtype of `to`. */
TG_API tg_tensor tg_batch_gather(const tg_batch *batch, tg_tensor from, tg_tensor to,
                                 tg_error *error);
TG_API tg_tensor tg_batch_gather_scaled(const tg_batch *batch, tg_tensor from, double scale,
                                        double shift, tg_tensor to, tg_error *error);

#ifdef __cplusplus
}
#endif
#endif
