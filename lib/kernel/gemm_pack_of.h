/* Included by gemm_kernel.c once per T: operands beside each other in slivers, and squares of
   elements turned over in registers. A sliver is `width` rows of A, or columns of B, [k, width]. */

/* to[l, i] = from[i, l] for 4 x 4 elements. */
static inline void LOCAL(transpose4)(const T *from, int64_t across, T *to, int64_t width) {
  quad a = *(const quad *)from, b = *(const quad *)(from + across);
  quad c = *(const quad *)(from + 2 * across), d = *(const quad *)(from + 3 * across);
  quad ac0 = __builtin_shufflevector(a, c, 0, 4, 1, 5);
  quad ac1 = __builtin_shufflevector(a, c, 2, 6, 3, 7);
  quad bd0 = __builtin_shufflevector(b, d, 0, 4, 1, 5);
  quad bd1 = __builtin_shufflevector(b, d, 2, 6, 3, 7);
  *(quad *)to = __builtin_shufflevector(ac0, bd0, 0, 4, 1, 5);
  *(quad *)(to + width) = __builtin_shufflevector(ac0, bd0, 2, 6, 3, 7);
  *(quad *)(to + 2 * width) = __builtin_shufflevector(ac1, bd1, 0, 4, 1, 5);
  *(quad *)(to + 3 * width) = __builtin_shufflevector(ac1, bd1, 2, 6, 3, 7);
}

/* Rows [i0, i1) and steps [l0, l1) of a sliver, element by element. */
static void LOCAL(pack_each)(int64_t width, int i0, int i1, int64_t l0, int64_t l1, const T *from,
                             int64_t across, int64_t along, T *to) {
  for (int64_t l = l0; l < l1; l++)
    for (int i = i0; i < i1; i++) to[l * width + i] = from[i * across + l * along];
}

/* Along k contiguous: blocks of 4 x 4 are turned in registers. */
static void LOCAL(pack_turned)(int64_t width, int count, int64_t k, const T *from, int64_t across,
                               T *to) {
  int count4 = count & ~3;
  int64_t k4 = k & ~(int64_t)3;
  for (int64_t l = 0; l < k4; l += 4)
    for (int i = 0; i < count4; i += 4)
      LOCAL(transpose4)(from + i * across + l, across, to + l * width + i, width);
  LOCAL(pack_each)(width, count4, count, 0, k4, from, across, 1, to);
  LOCAL(pack_each)(width, 0, count, k4, k, from, across, 1, to);
}

/* The same for a vector of rows; the last of `count` stands for those that follow it. */
static void LOCAL(pack_squares)(int64_t width, int count, int64_t k, const T *from, int64_t across,
                                T *to) {
  int64_t whole = k & ~(int64_t)(LANES - 1);
  for (int64_t l = 0; l < whole; l += LANES) {
    vec x[LANES];
    UNROLLED
    for (int i = 0; i < LANES; i++)
      x[i] = *(const vec *)(from + (i < count ? i : count - 1) * across + l);
    LOCAL(square)(x);
    UNROLLED
    for (int i = 0; i < LANES; i++) *(vec *)(to + (l + i) * width) = x[i];
  }
  LOCAL(pack_each)(width, 0, count, whole, k, from, across, 1, to);
}

/* across is 1. width is a constant wherever it is called. */
static inline __attribute__((always_inline)) void
LOCAL(pack_rows)(int width, int64_t k, const T *from, int64_t along, T *to) {
  for (int64_t l = 0; l < k; l++)
    memcpy(to + l * width, from + l * along, (size_t)width * sizeof(T));
}

static void LOCAL(pack)(int width, int count, int64_t k, const void *from, int64_t across,
                        int64_t along, void *to) {
  T *sliver = to;
  int part = count & ~(LANES - 1);
  /* The vector of which a part is used: what the rest holds is multiplied too. */
  for (int64_t l = 0; !MASKED && part + LANES <= width && l < k; l++)
    *(vec *)(sliver + l * width + part) = (vec){0};
  int i = 0;
  if (across == 1 && count == NR && width == NR) {
    LOCAL(pack_rows)(NR, k, from, along, sliver);
  } else if (across == 1 && count == MR && width == MR) {
    LOCAL(pack_rows)(MR, k, from, along, sliver);
  } else if (along == 1) {
    for (; i + LANES / 2 < count && i + LANES <= width; i += LANES) LOCAL(pack_squares)
    (width, (int)tgi_least(LANES, count - i), k, (const T *)from + i * across, across, sliver + i);
    if (i < count)
      LOCAL(pack_turned)(width, count - i, k, (const T *)from + i * across, across, sliver + i);
  } else {
    LOCAL(pack_each)(width, 0, count, 0, k, from, across, along, sliver);
  }
}
