/* Softmax for one dtype: included once with T float and once with T double, F(name) giving the
   names. A lane is n elements `inner` apart. Where inner is 1, lanes are done one by one; else
   `width` neighbours at once, so that the innermost loop runs over adjacent memory. No guard. */

/* The sum of x, or of x times `by`: in eight parts, added in a fixed order. */
static T F(sum)(int64_t n, const T x[], const T by[]) {
  T part[8] = {0};
  int64_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (int k = 0; k < 8; k++) part[k] += by ? x[i + k] * by[i + k] : x[i + k];
  for (; i < n; i++) part[i % 8] += by ? x[i] * by[i] : x[i];
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

/* ---- one lane in adjacent memory ---- */

static void F(lane)(const job *j, const T x[], T y[]) {
  T most = x[0], total = 0, shifted[BLOCK], powers[BLOCK];
  for (int64_t i = 1; i < j->n; i++) most = x[i] > most ? x[i] : most;
  for (int64_t i = 0; i < j->n; i += BLOCK) {
    int64_t n = j->n - i < BLOCK ? j->n - i : BLOCK;
    T *e = j->kind == TGI_SOFTMAX ? y + i : powers;
    for (int64_t k = 0; k < n; k++) shifted[k] = x[i + k] - most;
    exponentials(j, n, e, shifted);
    total += F(sum)(n, e, NULL);
  }
  T log_total = LOG(total);
  if (j->kind == TGI_SOFTMAX)
    for (int64_t i = 0; i < j->n; i++) y[i] /= total;
  else
    for (int64_t i = 0; i < j->n; i++) y[i] = x[i] - most - log_total;
}

static void F(lane_grad)(const job *j, const T y[], const T g[], T dx[]) {
  bool logarithm = j->kind == TGI_LOG_SOFTMAX;
  T total = F(sum)(j->n, g, logarithm ? NULL : y), powers[BLOCK];
  for (int64_t i = 0; i < j->n; i += BLOCK) {
    int64_t n = j->n - i < BLOCK ? j->n - i : BLOCK;
    if (logarithm) exponentials(j, n, powers, y + i);
    for (int64_t k = 0; k < n; k++) {
      T d = logarithm ? g[i + k] - powers[k] * total : y[i + k] * (g[i + k] - total);
      dx[i + k] = j->accumulate ? dx[i + k] + d : d;
    }
  }
}

/* ---- neighbouring lanes ---- */

static void F(lanes)(const job *j, int width, const T x[], T y[]) {
  T most[BLOCK], total[BLOCK] = {0}, shifted[BLOCK], powers[BLOCK];
  memcpy(most, x, (size_t)width * sizeof *most);
  for (const T *row = x + j->inner; row < x + j->n * j->inner; row += j->inner)
    for (int k = 0; k < width; k++) most[k] = row[k] > most[k] ? row[k] : most[k];
  for (int64_t i = 0; i < j->n * j->inner; i += j->inner) {
    T *e = j->kind == TGI_SOFTMAX ? y + i : powers;
    for (int k = 0; k < width; k++) shifted[k] = x[i + k] - most[k];
    exponentials(j, width, e, shifted);
    for (int k = 0; k < width; k++) total[k] += e[k];
  }
  if (j->kind == TGI_LOG_SOFTMAX)
    for (int k = 0; k < width; k++) total[k] = LOG(total[k]);
  for (int64_t i = 0; i < j->n * j->inner; i += j->inner)
    for (int k = 0; k < width; k++)
      y[i + k] = j->kind == TGI_SOFTMAX ? y[i + k] / total[k] : x[i + k] - most[k] - total[k];
}

static void F(lanes_grad)(const job *j, int width, const T y[], const T g[], T dx[]) {
  bool logarithm = j->kind == TGI_LOG_SOFTMAX;
  T total[BLOCK] = {0}, powers[BLOCK];
  for (int64_t i = 0; i < j->n * j->inner; i += j->inner)
    for (int k = 0; k < width; k++) total[k] += logarithm ? g[i + k] : g[i + k] * y[i + k];
  for (int64_t i = 0; i < j->n * j->inner; i += j->inner) {
    if (logarithm) exponentials(j, width, powers, y + i);
    for (int k = 0; k < width; k++) {
      T d = logarithm ? g[i + k] - powers[k] * total[k] : y[i + k] * (g[i + k] - total[k]);
      dx[i + k] = j->accumulate ? dx[i + k] + d : d;
    }
  }
}

/* ---- the lanes from `at` on ---- */

static void F(run)(const job *j, int width, int64_t at) {
  T *to = (T *)j->to + at;
  const T *x = (const T *)j->x + at;
  if (j->g == NULL && j->inner == 1)
    F(lane)(j, x, to);
  else if (j->g == NULL)
    F(lanes)(j, width, x, to);
  else if (j->inner == 1)
    F(lane_grad)(j, x, (const T *)j->g + at, to);
  else
    F(lanes_grad)(j, width, x, (const T *)j->g + at, to);
}
