/* One row of a loss of class indices, on numbers of type T; TYPED(name) is name_T, LIBM(exp) the
   function of T. Elements of a row are `inner` apart. Included once per T by class_loss.c. */

/* A row's largest score, and the log of its sum of e^(x - largest): lse in two parts, so that lse -
   x_k keeps its digits. */
typedef struct TYPED(scale) {
  T top, log;
} TYPED(scale);

static TYPED(scale) TYPED(scale_of)(const tgi_class_loss *c, const T *x) {
  if (!c->logits) return (TYPED(scale)){0, 0};
  T top = x[0], sum = 0;
  for (int64_t j = 1; j < c->count; j++)
    if (x[j * c->inner] > top) top = x[j * c->inner];
  for (int64_t j = 0; j < c->count; j++) sum += LIBM(exp)(x[j * c->inner] - top);
  return (TYPED(scale)){top, LIBM(log)(sum)};
}

static T TYPED(weight)(const tgi_class_loss *c, int64_t j) {
  return c->weight ? ((const T *)c->weight)[j] : 1;
}

static const T *TYPED(row)(const tgi_class_loss *c, const void *x, int64_t r) {
  return (const T *)x + r / c->inner * c->count * c->inner + r % c->inner;
}

static T TYPED(loss)(const tgi_class_loss *c, int64_t r) {
  if (is_ignored(c, r)) return 0;
  const T *x = TYPED(row)(c, c->x, r);
  const int64_t k = c->index[r];
  const TYPED(scale) s = TYPED(scale_of)(c, x);
  const T sharp = TYPED(weight)(c, k) * (s.top - x[k * c->inner] + s.log);
  if (c->smoothing == 0) return sharp;
  T smooth = 0;
  for (int64_t j = 0; j < c->count; j++)
    smooth += TYPED(weight)(c, j) * (s.top - x[j * c->inner] + s.log);
  return (T)(1 - c->smoothing) * sharp + (T)(c->smoothing / (double)c->count) * smooth;
}

/* The sum of q. */
static T TYPED(mass)(const tgi_class_loss *c, int64_t k) {
  if (c->smoothing == 0) return TYPED(weight)(c, k);
  T sum = 0;
  for (int64_t j = 0; j < c->count; j++) sum += TYPED(weight)(c, j);
  return (T)(1 - c->smoothing) * TYPED(weight)(c, k) + (T)(c->smoothing / (double)c->count) * sum;
}

/* dx = beta dx + g (softmax(x) mass - q), without the softmax where x are no logits. */
static void TYPED(slope)(const tgi_class_loss *c, int64_t r, T g, T *dx, T beta) {
  if (beta == 0)
    for (int64_t j = 0; j < c->count; j++) dx[j * c->inner] = 0;
  if (is_ignored(c, r)) return;
  const T *x = TYPED(row)(c, c->x, r);
  const int64_t k = c->index[r];
  const T even = (T)(c->smoothing / (double)c->count);
  if (c->logits) {
    const TYPED(scale) s = TYPED(scale_of)(c, x);
    const T mass = g * TYPED(mass)(c, k);
    for (int64_t j = 0; j < c->count; j++)
      dx[j * c->inner] += mass * LIBM(exp)(x[j * c->inner] - s.top - s.log);
  }
  if (c->smoothing != 0)
    for (int64_t j = 0; j < c->count; j++) dx[j * c->inner] -= g * even * TYPED(weight)(c, j);
  dx[k * c->inner] -= g * (T)(1 - c->smoothing) * TYPED(weight)(c, k);
}

/* The work of a tile: rows [start, end). */
static void TYPED(each)(const job *j, int64_t start, int64_t end) {
  for (int64_t r = start; r < end; r++) ((T *)j->to)[r] = TYPED(loss)(j->c, r);
}

static double TYPED(sum)(const job *j, int64_t start, int64_t end) {
  double sum = 0;
  for (int64_t r = start; r < end; r++) sum += (double)TYPED(loss)(j->c, r);
  return sum;
}

static void TYPED(slopes)(const job *j, int64_t start, int64_t end) {
  const T scale = (T)(1 / j->divisor);
  for (int64_t r = start; r < end; r++) {
    T *dx = (T *)j->to + (TYPED(row)(j->c, j->to, r) - (const T *)j->to);
    TYPED(slope)(j->c, r, ((const T *)j->g)[r * j->g_step] * scale, dx, (T)j->beta);
  }
}

static double TYPED(total)(const tgi_class_loss *c) {
  double sum = 0;
  for (int64_t r = 0; r < c->outer * c->inner; r++)
    if (!is_ignored(c, r)) sum += (double)TYPED(weight)(c, c->index[r]);
  return sum;
}
