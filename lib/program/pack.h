/* Packing: pieces of memory that live for a while, laid into one block. Knows no graph. */
#ifndef TGI_PROGRAM_PACK_H
#define TGI_PROGRAM_PACK_H

#include "base/base.h"

/* `size` bytes that live in the steps [from, to]. Pieces whose steps meet may not overlap. */
typedef struct tgi_piece {
  uint32_t from, to;
  size_t size, grain; /* grain: the offset is a multiple of it, a power of two */
  int64_t offset;     /* what is looked for */
} tgi_piece;

/* Sets the offsets, steps are < steps. The bytes of the block are set in *bytes. False: no memory
   (of `arena`). */
bool tgi_pack(tgi_arena *arena, tgi_piece pieces[], uint32_t count, uint32_t steps, size_t *bytes);
/* The most that lives in one step. SIZE_MAX: no memory. */
size_t tgi_pack_least(tgi_arena *arena, const tgi_piece pieces[], uint32_t count, uint32_t steps);

/* The two ways of which the better is taken. By size, largest first: good, but its time grows with
   the square of count. By time: an allocator that lives through the steps, `backward` from the
   last. */
bool tgi_pack_by_size(tgi_arena *arena, tgi_piece pieces[], uint32_t count, size_t *bytes);
bool tgi_pack_by_time(tgi_arena *arena, tgi_piece pieces[], uint32_t count, uint32_t steps,
                      bool backward, size_t *bytes);

#endif
