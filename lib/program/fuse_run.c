/* Runs a loop: block by block, every instruction over one block at a time. Operands and results
   that lie in row-major order are read and written where they are; others are packed into buffers,
   a single number once. Knows no arithmetic. */
#include <assert.h>
#include <string.h>

#include "kernel/runs.h"
#include "program/fuse_loop.h"

enum {
  LINE = TGI_LOOP_LINE,
  NEAR = 48 << 10, /* bytes of the buffers that should stay in the nearest cache */
  LONGEST = 1024,  /* elements of a block */
  SHORTEST = 16,
  USUAL = 256, /* below this, calls cost more than cache does */
};

typedef tgi_loop_job job;
typedef tgi_loop_frame frame;

/* ---- the layout ---- */

static void add_axis(const tgi_loop *l, const tg_call *c, int k) {
  tgi_loop_layout *to = l->layout;
  bool joins = to->rank > 0;
  for (uint32_t i = 0; i < l->n_x && joins; i++)
    joins =
        l->operands[i].strides[to->rank - 1] == c->in[i].strides[k] * l->size[i] * l->like.dims[k];
  if (!joins) to->dims[to->rank++] = 1;
  to->dims[to->rank - 1] *= l->like.dims[k];
  for (uint32_t i = 0; i < l->n_x; i++)
    l->operands[i].strides[to->rank - 1] = c->in[i].strides[k] * l->size[i];
}

static void find_kind(const tgi_loop *l, uint32_t i) {
  tgi_loop_operand *o = &l->operands[i];
  bool even = true, dense = true;
  int64_t step = l->size[i];
  for (int k = l->layout->rank - 1; k >= 0; k--) {
    even = even && o->strides[k] == 0;
    dense = dense && o->strides[k] == step;
    step *= l->layout->dims[k];
  }
  o->kind = even ? TGI_EVEN : dense ? TGI_DENSE : TGI_STRIDED;
}

static bool read_after(const tgi_loop *l, uint32_t i, uint32_t y) {
  bool written = false, again = false;
  for (uint32_t k = 0; k < l->n_codes; k++) {
    const tgi_loop_code *code = &l->codes[k];
    for (int j = 0; j < TGI_MAP_OPERANDS; j++) again = again || (written && code->x[j] == i);
    written = written || code->y == y;
  }
  return again;
}

/* Must result j wait in a buffer until its block is done? */
static bool lies_under(const tgi_loop *l, const tg_call *c, uint32_t j) {
  const tg_tensor *y = tgi_loop_result(c, j);
  for (uint32_t i = 0; i < l->n_x; i++)
    if (c->in[i].data == y->data && (c->in[i].dtype != y->dtype || read_after(l, i, l->n_x + j)))
      return true;
  return false;
}

static int64_t block_of(const tgi_loop *l, int64_t buffers, int64_t size, bool strided) {
  const tgi_loop_layout *to = l->layout;
  int64_t block = NEAR / ((buffers + 2) * size) / SHORTEST * SHORTEST;
  block = block > LONGEST ? LONGEST : block < USUAL ? USUAL : block;
  if (buffers > 0)
    block = tgi_least(block, (TGI_LOOP_AREA / buffers - LINE) / size / SHORTEST * SHORTEST);
  if (l->n_sums > 0)
    block = block >= LONGEST ? LONGEST : block >= LONGEST / 2 ? LONGEST / 2 : block;
  int64_t row = to->dims[to->rank - 1];
  return strided && row < block ? block / row * row : block;
}

static void lay_out(const tgi_loop *l, const tg_call *c) {
  tgi_loop_layout *to = l->layout;
  *to = (tgi_loop_layout){.known = true, .n = tg_tensor_numel(&l->like)};
  int64_t size = 1, buffers = (int64_t)l->n_slots - l->n_x - l->n_y - l->n_numbers;
  bool strided = false;
  for (int k = 0; k < l->like.rank; k++)
    if (l->like.dims[k] != 1) add_axis(l, c, k);
  for (uint32_t i = 0; i < l->n_x; i++) {
    find_kind(l, i);
    strided = strided || l->operands[i].kind == TGI_STRIDED;
    buffers += l->operands[i].kind != TGI_DENSE;
  }
  for (uint32_t j = 0; j < l->n_y; j++) buffers += l->aside[j] = lies_under(l, c, j);
  for (uint32_t s = 0; s < l->n_slots; s++) size = l->size[s] > size ? l->size[s] : size;
  to->block = block_of(l, buffers, size, strided);
  to->buffer = (size_t)(to->block * size + LINE - 1) / LINE * LINE;
  to->tile = TGI_LOOP_TILE / to->block * to->block;
}

/* ---- packing ---- */

/* Where row r of an operand begins. */
static const char *row_at(const tgi_loop_layout *l, const tgi_loop_operand *o, const char *base,
                          int64_t r) {
  for (int k = l->rank - 2; k > 0; k--) {
    base += r % l->dims[k] * o->strides[k];
    r /= l->dims[k];
  }
  return l->rank > 1 ? base + r * o->strides[0] : base;
}

static bool repeats(const tgi_loop_layout *l, const tgi_loop_operand *o) {
  for (int k = 0; k < l->rank - 1; k++)
    if (o->strides[k] != 0) return false;
  return true;
}

/* n elements of operand i from element `start`: where they are, or in its buffer. */
static char *strided(const job *j, frame *f, uint32_t i, int64_t start, int64_t n) {
  const tgi_loop_layout *l = j->loop->layout;
  const tgi_loop_operand *o = &j->loop->operands[i];
  const int64_t row = l->dims[l->rank - 1], stride = o->strides[l->rank - 1];
  const size_t size = j->loop->size[i];
  const char *base = j->call->in[i].data;
  int64_t r = start / row, skip = start % row;
  if (stride == (int64_t)size && skip + n <= row)
    return (char *)row_at(l, o, base, r) + skip * stride;
  if (repeats(l, o) && f->packed[i] >= n && f->phase[i] == skip) return f->buffer[i];
  f->phase[i] = skip;
  f->packed[i] = n;
  char *to = f->buffer[i];
  for (; n > 0; r++, skip = 0) {
    const int64_t m = tgi_least(row - skip, n);
    tgi_gather_run(size, m, to, row_at(l, o, base, r) + skip * stride, stride);
    to += m * (int64_t)size;
    n -= m;
  }
  return f->buffer[i];
}

/* ---- running ---- */

/* Where sum k finds its operand: in its result, or collected in a leaf, which sums of one operand
   share. */
static char *leaf_of(const tgi_loop *l, frame *f, uint32_t k) {
  const uint32_t slot = l->sums[k].slot;
  assert(slot >= l->n_x); /* a sum of an operand as it is sums a copy (tgi_fuse_copy_call) */
  if (slot < l->n_x + l->n_y && !l->aside[slot - l->n_x]) return NULL;
  for (uint32_t i = 0; i < k; i++)
    if (l->sums[i].slot == slot) return f->leaf[i];
  return (char *)f->leaves[k];
}

void tgi_loop_set_up(const job *j, frame *f, int64_t n) {
  const tgi_loop *l = j->loop;
  char *next = f->area;
  n = tgi_least(n, l->layout->block);
  uint32_t s = l->n_x + l->n_y;
  for (uint32_t i = 0; i < l->n_numbers; i++) f->at[s++] = l->numbers + i * TGI_PAIR_NUMBER;
  for (; s < l->n_slots; s++, next += l->layout->buffer) f->at[s] = next;
  for (uint32_t i = 0; i < l->n_x; i++) {
    if (l->operands[i].kind == TGI_DENSE) continue;
    if (l->operands[i].kind == TGI_EVEN) {
      tgi_fill_run(l->size[i], n, next, j->call->in[i].data);
      f->at[i] = next;
    }
    f->buffer[i] = next;
    f->packed[i] = f->phase[i] = 0;
    next += l->layout->buffer;
  }
  for (uint32_t k = 0; k < l->n_y; k++) {
    if (!l->aside[k]) continue;
    f->at[l->n_x + k] = next;
    next += l->layout->buffer;
  }
  for (uint32_t k = 0; k < l->n_sums; k++) f->leaf[k] = leaf_of(l, f, k);
}

static void set_block(const job *j, frame *f, int64_t start, int64_t n) {
  const tgi_loop *l = j->loop;
  for (uint32_t i = 0; i < l->n_x; i++) {
    if (l->operands[i].kind == TGI_DENSE)
      f->at[i] = (char *)j->call->in[i].data + start * l->size[i];
    else if (l->operands[i].kind == TGI_STRIDED)
      f->at[i] = strided(j, f, i, start, n);
  }
  for (uint32_t k = 0; k < l->n_y; k++)
    if (!l->aside[k])
      f->at[l->n_x + k] = (char *)tgi_loop_result(j->call, k)->data + start * l->size[l->n_x + k];
}

static void run_codes(const tgi_loop *l, char *const at[], int64_t n) {
  for (const tgi_loop_code *c = l->codes, *end = c + l->n_codes; c < end; c++) {
    const void *in[TGI_MAP_OPERANDS] = {at[c->x[0]], at[c->x[1]], at[c->x[2]], at[c->x[3]]};
    c->fn(n, at[c->y], in, c->attrs);
  }
}

static void run_block(const job *j, frame *f, int64_t start, int64_t n) {
  const tgi_loop *l = j->loop;
  set_block(j, f, start, n);
  run_codes(l, f->at, n);
  for (uint32_t k = 0; k < l->n_y; k++) {
    const size_t size = l->size[l->n_x + k];
    if (l->aside[k])
      memcpy((char *)tgi_loop_result(j->call, k)->data + start * (int64_t)size, f->at[l->n_x + k],
             (size_t)n * size);
  }
}

void tgi_loop_elements(const job *j, frame *f, int64_t start, int64_t n) {
  const tgi_loop *l = j->loop;
  const tgi_loop_layout *to = l->layout;
  const int64_t row = to->dims[to->rank - 1];
  for (int64_t done = 0, m; done < n; done += m) {
    m = tgi_least(to->block, n - done);
    if (to->rank > 1 && row > to->block) m = tgi_least(m, row - (start + done) % row);
    for (uint32_t k = 0; k < l->n_sums; k++)
      if (f->leaf[k]) f->at[l->sums[k].slot] = f->leaf[k] + done * l->size[l->sums[k].slot];
    run_block(j, f, start + done, m);
  }
}

static void run_tile(void *user, int64_t i) {
  const job *j = user;
  const int64_t start = i * j->loop->layout->tile;
  const int64_t n = tgi_least(j->loop->layout->n - start, j->loop->layout->tile);
  frame f;
  tgi_loop_set_up(j, &f, n);
  tgi_loop_elements(j, &f, start, n);
}

tg_status tgi_loop_run(const tg_call *c) {
  job j = {c->attrs, c};
  if (!j.loop->layout->known) lay_out(j.loop, c);
  const tgi_loop_layout *l = j.loop->layout;
  if (j.loop->n_sums > 0)
    (j.loop->rows.columns > 1 ? tgi_loop_run_columns : tgi_loop_run_sums)(&j);
  else if (l->n <= l->tile)
    run_tile(&j, 0);
  else
    tgi_parallel_tiles(c->runtime, tgi_ceil_div(l->n, l->tile), run_tile, &j);
  return TG_OK;
}
