/* Included by gemm_kernel.c once per T. VECTOR is a register's size in bytes; a register tile is MR
   rows of two vectors: MR * 2 sums, two vectors of B and one element of A at a time. */

#define LOCAL(name) PASTE2(name, NAME)
#define LANES       (VECTOR / (int)sizeof(T))
#define NR          (2 * LANES)
#define vec         LOCAL(vec)
#define quad        LOCAL(quad)

typedef T vec __attribute__((vector_size(VECTOR), aligned(sizeof(T)), may_alias));
typedef T quad __attribute__((vector_size(4 * sizeof(T)), aligned(sizeof(T)), may_alias));

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
static void LOCAL(pack_each)(int width, int i0, int i1, int64_t l0, int64_t l1, const T *from,
                             int64_t across, int64_t along, T *to) {
  for (int64_t l = l0; l < l1; l++)
    for (int i = i0; i < i1; i++) to[l * width + i] = from[i * across + l * along];
}

/* Along k contiguous: blocks of 4 x 4 are turned in registers. */
static void LOCAL(pack_turned)(int width, int count, int64_t k, const T *from, int64_t across,
                               T *to) {
  int count4 = count & ~3;
  int64_t k4 = k & ~(int64_t)3;
  for (int64_t l = 0; l < k4; l += 4)
    for (int i = 0; i < count4; i += 4)
      LOCAL(transpose4)(from + i * across + l, across, to + l * width + i, width);
  LOCAL(pack_each)(width, count4, count, 0, k4, from, across, 1, to);
  LOCAL(pack_each)(width, 0, count, k4, k, from, across, 1, to);
}

static void LOCAL(pack)(int width, int count, int64_t k, const void *from, int64_t across,
                        int64_t along, void *to) {
  T *sliver = to;
  if (across == 1 && count == NR && width == NR) {
    for (int64_t l = 0; l < k; l++) {
      const vec *x = (const vec *)((const T *)from + l * along);
      vec *y = (vec *)(sliver + l * NR);
      y[0] = x[0], y[1] = x[1];
    }
  } else if (along == 1 && VECTOR >= (int)sizeof(quad)) {
    LOCAL(pack_turned)(width, count, k, from, across, sliver);
  } else {
    LOCAL(pack_each)(width, 0, count, 0, k, from, across, along, sliver);
  }
  for (int64_t l = 0; count < width && l < k; l++)
    for (int i = count; i < width; i++) sliver[l * width + i] = 0;
}

/* C [rows, vectors * LANES] (+)= A B, where row[i][l * step] is A's element (i,l) and b is a packed
   sliver. rows and vectors are constants wherever it is called, so that all sums are registers. */
static inline __attribute__((always_inline)) void LOCAL(registers)(int rows, int vectors, int64_t k,
                                                                   const T *const row[],
                                                                   int64_t step, const T *b, T *c,
                                                                   int64_t ldc, bool accumulate) {
  vec sum[MR][2];
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < vectors; j++) sum[i][j] = (vec){0};
  for (int64_t l = 0; l < k; l++) {
    vec bl[2];
    for (int j = 0; j < vectors; j++) bl[j] = ((const vec *)(b + l * NR))[j];
    for (int i = 0; i < rows; i++)
      for (int j = 0; j < vectors; j++) sum[i][j] += row[i][l * step] * bl[j];
  }
  for (int i = 0; i < rows; i++) {
    for (int j = 0; j < vectors; j++) {
      vec *y = (vec *)(c + i * ldc) + j;
      if (accumulate) sum[i][j] += *y;
      *y = sum[i][j];
    }
  }
}

/* The smallest of four register tiles that holds [m,n]. */
static inline __attribute__((always_inline)) void LOCAL(fit)(int m, int n, int64_t k,
                                                             const T *const row[], int64_t step,
                                                             const T *b, T *c, int64_t ldc,
                                                             bool accumulate) {
  if (m > MR / 2 && n > LANES)
    LOCAL(registers)(MR, 2, k, row, step, b, c, ldc, accumulate);
  else if (m > MR / 2)
    LOCAL(registers)(MR, 1, k, row, step, b, c, ldc, accumulate);
  else if (n > LANES)
    LOCAL(registers)(MR / 2, 2, k, row, step, b, c, ldc, accumulate);
  else
    LOCAL(registers)(MR / 2, 1, k, row, step, b, c, ldc, accumulate);
}

static void LOCAL(fit_packed)(int m, int n, int64_t k, const T *a, const T *b, T *c, int64_t ldc,
                              bool accumulate) {
  const T *row[MR];
  for (int i = 0; i < MR; i++) row[i] = a + i;
  LOCAL(fit)(m, n, k, row, MR, b, c, ldc, accumulate);
}

/* Rows past m read row m - 1 again: what they give is not stored. */
static void LOCAL(fit_in_place)(int m, int n, int64_t k, tgi_matrix a, const T *b, T *c,
                                int64_t ldc, bool accumulate) {
  const T *row[MR];
  for (int i = 0; i < MR; i++) row[i] = (const T *)a.data + (i < m ? i : m - 1) * a.row;
  LOCAL(fit)(m, n, k, row, a.col, b, c, ldc, accumulate);
}

/* C [m,n] (+)= from, at C's border, where whole register tiles do not fit. */
static void LOCAL(store)(int m, int n, const T *from, T *c, int64_t ldc, bool accumulate) {
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j++)
      c[i * ldc + j] = accumulate ? c[i * ldc + j] + from[i * NR + j] : from[i * NR + j];
}

static void LOCAL(tile)(int64_t m, int64_t n, int64_t k, const void *packed_a, tgi_matrix a,
                        const void *packed_b, tgi_matrix c, bool accumulate) {
  T border[MR * NR];
  for (int64_t j = 0; j < n; j += NR) {
    const T *b = (const T *)packed_b + j * k;
    int cols = n - j < NR ? (int)(n - j) : NR;
    for (int64_t i = 0; i < m; i += MR) {
      int rows = m - i < MR ? (int)(m - i) : MR;
      bool whole = rows == MR && cols == NR;
      T *y = (T *)c.data + i * c.row + j;
      T *to = whole ? y : border;
      int64_t ldc = whole ? c.row : NR;
      if (packed_a) {
        LOCAL(fit_packed)
        (rows, cols, k, (const T *)packed_a + i * k, b, to, ldc, whole && accumulate);
      } else {
        tgi_matrix ai = {(T *)a.data + i * a.row, a.row, a.col};
        LOCAL(fit_in_place)(rows, cols, k, ai, b, to, ldc, whole && accumulate);
      }
      if (!whole) LOCAL(store)(rows, cols, border, y, c.row, accumulate);
    }
  }
}

/* ---- matrix times vector ---- */

/* One dot product in four vectors of sums. */
static T LOCAL(dot)(int64_t n, const T *x, const T *v) {
  vec sum[4] = {{0}, {0}, {0}, {0}};
  int64_t j = 0;
  for (; j + 4 * LANES <= n; j += 4 * LANES)
    for (int q = 0; q < 4; q++)
      sum[q] += *(const vec *)(x + j + q * LANES) * *(const vec *)(v + j + q * LANES);
  for (; j + LANES <= n; j += LANES) sum[0] += *(const vec *)(x + j) * *(const vec *)(v + j);
  sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  T total = 0;
  for (int q = 0; q < LANES; q++) total += sum[0][q];
  for (; j < n; j++) total += x[j] * v[j];
  return total;
}

static T LOCAL(dot_strided)(int64_t n, const T *x, int64_t x_step, const T *v, int64_t v_step) {
  T sum[4] = {0};
  int64_t j = 0;
  for (; j + 4 <= n; j += 4)
    for (int q = 0; q < 4; q++) sum[q] += x[(j + q) * x_step] * v[(j + q) * v_step];
  for (; j < n; j++) sum[0] += x[j * x_step] * v[j * v_step];
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Columns contiguous: y [m] += x [m,n] v, four columns at a time. */
static void LOCAL(columns)(int64_t m, int64_t n, const T *x, int64_t col, const T *v, int64_t step,
                           T *restrict y) {
  int64_t j = 0;
  for (; j + 4 <= n; j += 4) {
    const T *x0 = x + j * col, *x1 = x0 + col, *x2 = x1 + col, *x3 = x2 + col;
    T v0 = v[j * step], v1 = v[(j + 1) * step], v2 = v[(j + 2) * step], v3 = v[(j + 3) * step];
    for (int64_t i = 0; i < m; i++) y[i] += (x0[i] * v0 + x1[i] * v1) + (x2[i] * v2 + x3[i] * v3);
  }
  for (; j < n; j++)
    for (int64_t i = 0; i < m; i++) y[i] += x[j * col + i] * v[j * step];
}

static void LOCAL(vector)(int64_t m, int64_t n, tgi_matrix x, const void *v, int64_t step,
                          void *result) {
  T *y = result;
  const T *data = x.data;
  if (x.row == 1 && x.col != 1) {
    for (int64_t i = 0; i < m; i++) y[i] = 0;
    LOCAL(columns)(m, n, data, x.col, v, step, y);
  } else if (x.col == 1 && step == 1) {
    for (int64_t i = 0; i < m; i++) y[i] = LOCAL(dot)(n, data + i * x.row, v);
  } else {
    for (int64_t i = 0; i < m; i++) y[i] = LOCAL(dot_strided)(n, data + i * x.row, x.col, v, step);
  }
}

extern const tgi_gemm_kernels PASTE3(tgi_gemm, NAME, TGI_ISA);
const tgi_gemm_kernels PASTE3(tgi_gemm, NAME, TGI_ISA) = {
    .mr = MR, .nr = NR, .pack = LOCAL(pack), .tile = LOCAL(tile), .vector = LOCAL(vector)};

#undef LOCAL
#undef LANES
#undef NR
#undef vec
#undef quad
