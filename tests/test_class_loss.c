/* The kernels of cross-entropy on every instruction set, narrow and wide, along rows and across
   them: against plain loops on doubles; losses and slopes in one pass are those of two; threads. */
#include <math.h>
#include <string.h>

#include "kernel/class_loss.h"
#include "support.h"

enum { MOST = 6000 };

static double number_at(tg_dtype dtype, const void *x, int64_t i) {
  return dtype == TG_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}
static void put_number(tg_dtype dtype, void *x, int64_t i, double value) {
  if (dtype == TG_F32)
    ((float *)x)[i] = (float)value;
  else
    ((double *)x)[i] = value;
}

typedef struct plain {
  double loss, slope[MOST]; /* of one row */
} plain;

static double weight_of(const tgi_class_loss *c, int64_t j) {
  return c->weight ? number_at(c->dtype, c->weight, j) : 1;
}

/* As the header says, in doubles. */
static void plain_row(const tgi_class_loss *c, int64_t r, plain *p) {
  const int64_t at = r / c->inner * c->count * c->inner + r % c->inner;
  double top = -INFINITY, sum = 0, mass = 0;
  *p = (plain){0};
  if (c->ignores && c->index[r] == c->ignore_index) return;
  for (int64_t j = 0; j < c->count; j++)
    top = fmax(top, number_at(c->dtype, c->x, at + j * c->inner));
  for (int64_t j = 0; j < c->count; j++)
    sum += exp(number_at(c->dtype, c->x, at + j * c->inner) - top);
  const double lse = c->logits ? top + log(sum) : 0;
  for (int64_t j = 0; j < c->count; j++) {
    const double q = weight_of(c, j) *
                     ((j == c->index[r] ? 1 - c->smoothing : 0) + c->smoothing / (double)c->count);
    p->loss += q * (lse - number_at(c->dtype, c->x, at + j * c->inner));
    p->slope[j] = -q;
    mass += q;
  }
  for (int64_t j = 0; j < c->count && c->logits; j++)
    p->slope[j] += mass * exp(number_at(c->dtype, c->x, at + j * c->inner) - lse);
}

static void fill(tgi_class_loss *c, void *x, void *weight, int64_t *index) {
  const int64_t rows = c->outer * c->inner;
  for (int64_t i = 0; i < rows * c->count; i++)
    put_number(c->dtype, x, i,
               20 * (double)((uint64_t)(i + 1) * 0x9E3779B97F4A7C15u >> 40) / 0x1p24 - 10);
  for (int64_t j = 0; j < c->count; j++) put_number(c->dtype, weight, j, 0.5 + (double)(j % 7) / 4);
  for (int64_t r = 0; r < rows; r++) index[r] = (r * 7 + 3) % c->count;
  if (c->ignores) put_number(c->dtype, x, 0, NAN); /* row 0 is ignored */
}

static void check(const tg_runtime *runtime, tgi_class_loss *c, double tolerance) {
  static double x[MOST], weight[MOST], each[MOST], again[MOST], dx[MOST], both[MOST], g[MOST];
  static int64_t index[MOST];
  static plain p;
  const int64_t rows = c->outer * c->inner;
  const size_t size = tg_dtype_size(c->dtype);
  c->x = x, c->index = index;
  const bool weighs = c->weight != NULL;
  tgi_arena scratch;
  double sums[2];
  tgi_arena_init(&scratch, runtime, 0);
  fill(c, x, weight, index);
  if (weighs) c->weight = weight;
  c->ignore_index = index[0];
  for (int64_t r = 0; r < rows; r++) put_number(c->dtype, g, r, 0.5 + (double)(r % 3));
  for (int beta = 0; beta < 2; beta++) {
    for (int64_t i = 0; i < rows * c->count; i++) {
      put_number(c->dtype, dx, i, beta ? 0.25 : NAN);
      put_number(c->dtype, both, i, beta ? 0.25 : NAN);
    }
    tgi_class_loss_each(runtime, c, each);
    tgi_class_loss_grad(runtime, c, dx, g, 1, 2, beta);
    tgi_class_loss_both(runtime, &scratch, c, again, NULL, both, g, 1, 2, beta);
    ck_assert_mem_eq(each, again, (size_t)rows * size);
    ck_assert_mem_eq(dx, both, (size_t)(rows * c->count) * size);
    if (beta == 0) {
      tgi_class_loss_both(runtime, &scratch, c, NULL, &sums[0], both, g, 1, 2, 0);
      tgi_class_loss_sum(runtime, &scratch, c, &sums[1]);
      ck_assert(sums[0] == sums[1]);
      ck_assert_mem_eq(dx, both, (size_t)(rows * c->count) * size);
    }
    for (int64_t r = 0; r < rows; r++) {
      plain_row(c, r, &p);
      ck_assert_double_eq_tol(number_at(c->dtype, each, r), p.loss,
                              tolerance * (10 + fabs(p.loss)));
      const int64_t at = r / c->inner * c->count * c->inner + r % c->inner;
      for (int64_t j = 0; j < c->count; j++)
        ck_assert_double_eq_tol(number_at(c->dtype, dx, at + j * c->inner),
                                number_at(c->dtype, g, r) * p.slope[j] / 2 + (beta ? 0.25 : 0),
                                tolerance * 10);
    }
  }
  tgi_arena_free(&scratch);
}

static void check_shapes(const tg_runtime *runtime, tgi_class_loss c, double tolerance) {
  static const int64_t shapes[][3] = {
      {1, 1, 1},    {5, 10, 1}, {70, 3, 1},  {3, 16, 1},  {2, 17, 1},  {3, 64, 1}, {3, 65, 1},
      {2, 2500, 1}, {2, 5, 3},  {1, 10, 70}, {2, 33, 16}, {3, 1, 130}, {1, 40, 67}};
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
    c.outer = shapes[k][0], c.count = shapes[k][1], c.inner = shapes[k][2];
    check(runtime, &c, tolerance);
  }
}

START_TEST(rows_are_those_of_plain_loops) {
  static const double some;
  for (int threads = 1; threads <= 3; threads += 2) {
    tg_runtime *runtime =
        tg_runtime_new(&(tg_runtime_options){.isa = (tg_isa)_i, .threads = threads}, NULL);
    for (int k = 0; k < 16; k++)
      for (tg_dtype dtype = TG_F32; dtype <= TG_F64; dtype++)
        check_shapes(runtime,
                     (tgi_class_loss){.dtype = dtype,
                                      .logits = k & 1,
                                      .weight = k & 2 ? &some : NULL,
                                      .smoothing = k & 4 ? 0.2 : 0,
                                      .ignores = k & 8},
                     dtype == TG_F32 ? 1e-6 : 1e-14);
    tg_runtime_free(runtime);
  }
}
END_TEST

int main(void) {
  Suite *suite = suite_create("class_loss");
  TCase *all = tcase_create("class_loss");
  tcase_set_timeout(all, 60);
  tcase_add_loop_test(all, rows_are_those_of_plain_loops, TG_ISA_BASE,
                      (int)tg_runtime_isa(NULL) + 1);
  suite_add_tcase(suite, all);
  return run_suite(suite);
}
