/* Included by scan.c for each dtype, of C type T. `beside` and w are constants where they can be:
   lines side by side become vectors, the running results of few lie in registers. */

/* Element i of the first line of tensor k, and how many elements from there to the next line. */
static inline T *NAME(row)(const tgi_lines *l, int k, int64_t i) {
  return (T *)(void *)(l->at[k] + i * l->row[k]);
}
static inline int64_t NAME(step)(const tgi_lines *l, int k, bool beside) {
  return beside ? 1 : l->col[k] / (int64_t)sizeof(T);
}

static inline void NAME(copy_row)(int64_t w, T *restrict to, int64_t to_step,
                                  const T *restrict from, int64_t step) {
  for (int64_t j = 0; j < w; j++) to[j * to_step] = from[j * step];
}

/* s = a s + b */
static inline void NAME(advance)(int64_t w, T *restrict s, const T *restrict a, int64_t a_step,
                                 const T *restrict b, int64_t b_step) {
  for (int64_t j = 0; j < w; j++) s[j] = a[j * a_step] * s[j] + b[j * b_step];
}

/* y[i] = a[i] y[i-1] + b[i] of w lines. */
static inline void NAME(scan_some)(const tgi_lines *l, int64_t w, bool beside) {
  T s[TGI_LINES_WIDTH];
  const int64_t a_step = NAME(step)(l, A, beside), b_step = NAME(step)(l, B, beside),
                y_step = NAME(step)(l, Y, beside);
  for (int64_t i = 0; i < l->n; i++) {
    if (i == 0)
      NAME(copy_row)(w, s, 1, NAME(row)(l, B, i), b_step);
    else
      NAME(advance)(w, s, NAME(row)(l, A, i), a_step, NAME(row)(l, B, i), b_step);
    NAME(copy_row)(w, NAME(row)(l, Y, i), y_step, s, 1);
  }
}

/* dx = beta dx + s y */
static inline void NAME(store)(int64_t w, T *restrict dx, int64_t dx_step, const T *restrict s,
                               const T *restrict y, int64_t y_step, bool accumulate) {
  for (int64_t j = 0; j < w; j++)
    dx[j * dx_step] = accumulate ? dx[j * dx_step] + s[j] * y[j * y_step] : s[j] * y[j * y_step];
}

static inline void NAME(slope_some)(const tgi_lines *l, int64_t w, bool beside, const slope *how) {
  T s[TGI_LINES_WIDTH];
  const T edge = (T)how->edge;
  const int64_t a_step = NAME(step)(l, SLOPE_A, beside), g_step = NAME(step)(l, G, beside),
                dx_step = NAME(step)(l, DX, beside), y_step = NAME(step)(l, SLOPE_Y, beside);
  for (int64_t i = 0; i < l->n; i++) {
    T *dx = NAME(row)(l, DX, i);
    if (i == 0)
      NAME(copy_row)(w, s, 1, NAME(row)(l, G, i), g_step);
    else
      NAME(advance)(w, s, NAME(row)(l, SLOPE_A, i - 1), a_step, NAME(row)(l, G, i), g_step);
    if (how->product && i + 1 < l->n)
      NAME(store)(w, dx, dx_step, s, NAME(row)(l, SLOPE_Y, i + 1), y_step, how->accumulate);
    else
      NAME(store)(w, dx, dx_step, s, &edge, 0, how->accumulate);
  }
}

static void NAME(scan)(const tgi_lines *l, const void *user) {
  (void)user;
  int64_t j = 0;
  if (tgi_are_beside(l, 3, sizeof(T))) {
    NAME(scan_some)(l, l->w, true);
    return;
  }
  for (; j + TGI_LINES_FEW <= l->w; j += TGI_LINES_FEW) {
    const tgi_lines few = tgi_some_lines(l, j, TGI_LINES_FEW);
    NAME(scan_some)(&few, TGI_LINES_FEW, false);
  }
  for (; j < l->w; j++) {
    const tgi_lines one = tgi_some_lines(l, j, 1);
    NAME(scan_some)(&one, 1, false);
  }
}

static void NAME(slope)(const tgi_lines *l, const void *user) {
  const slope *how = user;
  int64_t j = 0;
  if (tgi_are_beside(l, how->product ? 4 : 3, sizeof(T))) {
    NAME(slope_some)(l, l->w, true, how);
    return;
  }
  for (; j + TGI_LINES_FEW <= l->w; j += TGI_LINES_FEW) {
    const tgi_lines few = tgi_some_lines(l, j, TGI_LINES_FEW);
    NAME(slope_some)(&few, TGI_LINES_FEW, false, how);
  }
  for (; j < l->w; j++) {
    const tgi_lines one = tgi_some_lines(l, j, 1);
    NAME(slope_some)(&one, 1, false, how);
  }
}

#undef T
#undef NAME
