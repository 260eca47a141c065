/* Included by gemm_kernel.c once per T: a matrix times a vector. */

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
