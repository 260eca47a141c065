/* A loop over blocks of elements that stay in the nearest cache: what fuse_loop.c makes of a group
   and fuse_run.c runs. */
#ifndef TGI_FUSE_LOOP_H
#define TGI_FUSE_LOOP_H

#include "kernel/reduce.h"
#include "program/fuse.h"

/* A slot is a place of one block of elements: slots [0, n_x) are the operands, the next n_y the
   results, the next n_numbers each TGI_PAIR_NUMBER bytes of one number, the rest buffers. */
enum { TGI_LOOP_SLOTS = TGI_FUSE_MOST * (TGI_FUSE_OPERANDS + 4) };

/* slot y = fn of slots x */
typedef struct tgi_loop_code {
  tgi_map_fn *fn;
  const double *attrs;
  uint16_t y, x[TGI_MAP_OPERANDS];
} tgi_loop_code;

/* How an operand lies in the loop, once axes are merged; strides in bytes. */
typedef struct tgi_loop_operand {
  enum { TGI_DENSE, TGI_EVEN, TGI_STRIDED } kind; /* EVEN: one element for all */
  int64_t strides[TG_MAX_RANK];
} tgi_loop_operand;

/* What the first replay finds out, and all others keep. */
typedef struct tgi_loop_layout {
  bool known;
  int rank;
  int64_t dims[TG_MAX_RANK]; /* merged; the last is a row */
  int64_t n, block, tile;    /* elements */
  size_t buffer;             /* bytes */
} tgi_loop_layout;

/* Sum number k of a loop is its result number n_y + k. */
typedef struct tgi_loop_sum {
  uint32_t slot; /* of its operand: a result or a buffer */
  tg_dtype dtype;
  tgi_columns_fn *add; /* NULL where there are no columns */
  double divisor;      /* 0: none */
  double *parts;       /* where they wait to be joined: those of each part of each row, or tile */
} tgi_loop_sum;

typedef struct tgi_loop {
  tg_tensor like; /* its shape */
  uint32_t n_x, n_y, n_numbers, n_slots, n_codes;
  char *numbers;
  tgi_loop_code *codes;
  uint8_t *size; /* by slot: bytes of an element */
  bool *aside;   /* by result: it lies in an operand's memory that is still read after it */
  tgi_loop_operand *operands;
  tgi_loop_layout *layout;
  uint32_t n_sums;
  tgi_fuse_sum rows; /* of the sums */
  int64_t together;  /* of these rows of columns are taken as one (kernel/reduce.h) */
  int64_t parts;     /* of a run */
  tgi_loop_sum sums[TGI_FUSE_SUMS];
} tgi_loop;

tg_status tgi_loop_run(const tg_call *c);

/* ---- a replay, from inside ---- */

enum {
  TGI_LOOP_LINE = 64,
  TGI_LOOP_AREA = 64 << 10, /* bytes of all buffers of a thread */
  TGI_LOOP_TILE = 1 << 15,  /* elements that one thread takes; fixed, as all cuts are */
};

typedef struct tgi_loop_job {
  const tgi_loop *loop;
  const tg_call *call;
} tgi_loop_job;

/* One thread's places. */
typedef struct tgi_loop_frame {
  _Alignas(TGI_LOOP_LINE) char area[TGI_LOOP_AREA];
  _Alignas(TGI_LOOP_LINE) double leaves[TGI_FUSE_SUMS][TGI_REDUCE_LEAF];
  char *at[TGI_LOOP_SLOTS];
  char *leaf[TGI_FUSE_SUMS]; /* elements that wait to be summed; NULL: they lie in the result */
  /* Of operands that are packed: the buffer, and what it holds of one that repeats row by row: from
     `phase` in a row on, `packed` elements. */
  char *buffer[TGI_FUSE_MOST * TGI_FUSE_OPERANDS];
  int64_t phase[TGI_FUSE_MOST * TGI_FUSE_OPERANDS], packed[TGI_FUSE_MOST * TGI_FUSE_OPERANDS];
} tgi_loop_frame;

/* Result j, elementwise ones first. */
static inline const tg_tensor *tgi_loop_result(const tg_call *c, uint32_t j) {
  return j == 0 ? &c->out : &c->in[c->n + (int)j - 1];
}
/* What is the same for all blocks of up to n elements. */
void tgi_loop_set_up(const tgi_loop_job *j, tgi_loop_frame *f, int64_t n);
/* Elements [start, start + n); of those that are summed at most a leaf at a time. */
void tgi_loop_elements(const tgi_loop_job *j, tgi_loop_frame *f, int64_t start, int64_t n);
/* The elements from `start` on of what sum k adds, once they are made. */
const void *tgi_loop_summed(const tgi_loop_job *j, const tgi_loop_frame *f, uint32_t k,
                            int64_t start);
/* Elements [at, at + n) of sum k, but for its division. */
void tgi_loop_store(const tgi_loop_job *j, uint32_t k, int64_t at, int64_t n, const void *sums);
/* The same for a loop with sums, whole: of losses and of last axes, or of others. */
void tgi_loop_run_sums(const tgi_loop_job *j);
void tgi_loop_run_columns(const tgi_loop_job *j);

#endif
