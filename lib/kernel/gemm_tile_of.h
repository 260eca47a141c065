/* Included by gemm_kernel.c once per T. VECTOR is a register's size in bytes; a register tile is up
   to MR rows of two vectors: MR * 2 sums, two vectors of B and one element of A at a time. */

/* The operands of one register tile. */
typedef struct piece {
  int64_t k;
  const T *a; /* element (i,l) at a[i * a_row + l * a_col] */
  int64_t a_row, a_col;
  const T *b; /* (l,j) at b[l * b_row + j] */
  int64_t b_row;
  T *c;
  int64_t c_row;
  const T *add; /* what C begins with; NULL: 0 */
  int64_t add_row;
  int last; /* columns of the last vector */
} piece;

/* Of B; slivers are padded, and so are columns in place where a part costs more than the whole. */
static inline vec LOCAL(load)(bool part, const T *x, int count) {
  return part && MASKED ? LOCAL(load_part)(x, count) : *(const vec *)x;
}

/* C [rows, ...] = add + A B. rows, vectors, and whether the last vector is a part of one are
   constants wherever it is called, so that all sums are registers. */
static inline __attribute__((always_inline)) void LOCAL(registers)(int rows, int vectors, bool part,
                                                                   const piece *p) {
  vec sum[MR][2];
  const T *row[MR], *b = p->b;
  int64_t k = p->k, step = p->a_col, b_row = p->b_row, at_last = (vectors - 1) * LANES;
  int last = p->last;
  UNROLLED
  for (int i = 0; i < rows; i++) {
    row[i] = p->a + i * p->a_row;
    sum[i][0] = sum[i][1] = (vec){0};
  }
  for (int64_t at = 0; k > 0; k--, at += step, b += b_row) {
    vec first = vectors == 2 ? *(const vec *)b : (vec){0};
    vec second = LOCAL(load)(part, b + at_last, last);
    UNROLLED
    for (int i = 0; i < rows; i++) {
      if (vectors == 2) sum[i][0] += row[i][at] * first;
      sum[i][1] += row[i][at] * second;
    }
  }
  const T *add = p->add;
  T *c = p->c;
  UNROLLED
  for (int i = 0; i < rows; i++, c += p->c_row) {
    if (add) {
      if (vectors == 2) sum[i][0] += *(const vec *)add;
      sum[i][1] += part ? LOCAL(load_part)(add + at_last, last) : *(const vec *)(add + at_last);
      add += p->add_row;
    }
    if (vectors == 2) *(vec *)c = sum[i][0];
    if (part)
      LOCAL(store_part)(c + at_last, sum[i][1], last);
    else
      *(vec *)(c + at_last) = sum[i][1];
  }
}

#define DEFINE(r)                                                                                  \
  static void LOCAL(tile_##r##_1)(const piece *p) { LOCAL(registers)(r, 1, false, p); }            \
  static void LOCAL(tile_##r##_2)(const piece *p) { LOCAL(registers)(r, 2, false, p); }            \
  static void LOCAL(part_##r##_1)(const piece *p) { LOCAL(registers)(r, 1, true, p); }             \
  static void LOCAL(part_##r##_2)(const piece *p) { LOCAL(registers)(r, 2, true, p); }
ROWS_MAP(DEFINE)
#undef DEFINE

/* By whether the last vector is a part, vectors, and rows. */
typedef void LOCAL(tile_fn)(const piece *p);
#define TILE_1(r) LOCAL(tile_##r##_1),
#define TILE_2(r) LOCAL(tile_##r##_2),
#define PART_1(r) LOCAL(part_##r##_1),
#define PART_2(r) LOCAL(part_##r##_2),
static LOCAL(tile_fn) *const LOCAL(tiles)[2][2][MR] = {{{ROWS_MAP(TILE_1)}, {ROWS_MAP(TILE_2)}},
                                                       {{ROWS_MAP(PART_1)}, {ROWS_MAP(PART_2)}}};
#undef TILE_1
#undef TILE_2
#undef PART_1
#undef PART_2

/* C [rows, cols] = add + from^T; C's columns are contiguous, from is [rows, NR]. */
static void LOCAL(store_turned)(int rows, int cols, const T *from, T *c, int64_t c_col,
                                const T *add, int64_t add_col) {
  T turned[NR * MR];
  LOCAL(pack_turned)
  (add ? MR : c_col, rows, cols, from, NR, add ? turned : c);
  for (int j = 0; add && j < cols; j++)
    for (int i = 0; i < rows; i++) c[j * c_col + i] = add[j * add_col + i] + turned[j * MR + i];
}

/* The next `rows` of what is ahead. */
static inline void LOCAL(fetch)(tgi_ahead *ahead, int64_t rows) {
  enum { LINE = 64 };
  for (; rows > 0 && ahead->rows > 0; rows--, ahead->rows--, ahead->at += ahead->step)
    for (int64_t at = 0; at < ahead->bytes; at += LINE) __builtin_prefetch(ahead->at + at);
}

static void LOCAL(rows)(const tgi_tile *t, piece *p, int64_t j, int cols, tgi_ahead *ahead) {
  T border[MR * NR];
  bool turned = t->turned;
  int vectors = cols > LANES ? 2 : 1;
  p->last = cols - (vectors - 1) * LANES;
  LOCAL(tile_fn) *const *tiles = LOCAL(tiles)[p->last < LANES][vectors - 1];
  /* Slivers are MR wide; rows in place are shared evenly. */
  int64_t groups = tgi_ceil_div(t->m, MR), each = t->m / groups, more = t->m % groups;
  int64_t a_row = t->a_packed ? t->k : t->a.row;
  int64_t fetched = tgi_ceil_div(t->ahead.rows, groups * tgi_ceil_div(t->n, NR));
  for (int64_t g = 0, i = 0, n; g < groups; g++, i += n) {
    n = t->a_packed ? tgi_least(MR, t->m - i) : each + (g < more);
    p->a = (const T *)t->a.data + i * a_row;
    T *c = (T *)t->c.data + i * t->c.row + j * t->c.col;
    const T *add = (const T *)t->add.data;
    if (add) add += i * t->add.row + j * t->add.col;
    p->c = turned ? border : c;
    p->add = turned ? NULL : add;
    tiles[n - 1](p);
    LOCAL(fetch)(ahead, fetched);
    if (turned) LOCAL(store_turned)((int)n, cols, border, c, t->c.col, add, t->add.col);
  }
}

static void LOCAL(tile)(const tgi_tile *t) {
  piece p = {.k = t->k,
             .a_row = t->a_packed ? 1 : t->a.row,
             .a_col = t->a_packed ? MR : t->a.col,
             .c_row = t->turned ? NR : t->c.row,
             .add_row = t->add.row,
             .b_row = t->b.row};
  tgi_ahead ahead = t->ahead;
  int64_t j = 0;
  for (int64_t cols; j < t->in_place; j += cols) {
    cols = tgi_least(NR, t->in_place - j);
    p.b = (const T *)t->b.data + j;
    LOCAL(rows)(t, &p, j, (int)cols, &ahead);
  }
  p.b = t->panels;
  p.b_row = t->panel_row;
  for (; j < t->n; j += NR, p.b += NR * t->k)
    LOCAL(rows)(t, &p, j, (int)tgi_least(NR, t->n - j), &ahead);
}
