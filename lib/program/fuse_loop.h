/* A loop over blocks of elements that stay in the nearest cache: what fuse_loop.c makes of a group
   and fuse_run.c runs. */
#ifndef TGI_FUSE_LOOP_H
#define TGI_FUSE_LOOP_H

#include "program/fuse.h"

/* A slot is a place of one block of elements: slots [0, n_x) are the operands, the next n_y the
   results, the rest buffers. */
enum { TGI_LOOP_SLOTS = TGI_FUSE_MOST * (TGI_FUSE_OPERANDS + 2) };

/* slot y = fn of slots x */
typedef struct tgi_loop_code {
  tgi_map_fn *fn;
  const double *attrs;
  uint16_t y, x[TGI_FUSE_OPERANDS];
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

typedef struct tgi_loop {
  tg_tensor like; /* its shape */
  uint32_t n_x, n_y, n_slots, n_codes;
  tgi_loop_code *codes;
  uint8_t *size; /* by slot: bytes of an element */
  bool *aside;   /* by result: it lies in an operand's memory that is still read after it */
  tgi_loop_operand *operands;
  tgi_loop_layout *layout;
} tgi_loop;

tg_status tgi_loop_run(const tg_call *c);

#endif
