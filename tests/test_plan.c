/* Memory plans: what lives at the same time lies apart, the block is nearly as small as what lives
   at one time, and programs compute the same in it as where every value has its own memory. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "program/pack.h"
#include "support.h"
#include "tapegrad/tapegrad.h"

/* ---- packing ---- */

static uint64_t state;
static uint32_t draw(uint32_t n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)((state >> 33) % n);
}

static void draw_pieces(tgi_piece pieces[], uint32_t count, uint32_t steps) {
  for (uint32_t i = 0; i < count; i++) {
    static const size_t grains[] = {4, 16, 64};
    size_t grain = grains[draw(3)], size = (1 + draw(draw(4) ? 20 : 2000)) * grain;
    uint32_t from = draw(steps), life = draw(draw(4) ? 6 : steps);
    uint32_t to = from + life < steps ? from + life : steps - 1;
    pieces[i] = (tgi_piece){.from = from, .to = to, .size = size, .grain = grain, .offset = -1};
  }
}

/* By comparing each with each. */
static void check_apart(const tgi_piece pieces[], uint32_t count, size_t bytes) {
  for (uint32_t i = 0; i < count; i++) {
    const tgi_piece *p = &pieces[i];
    ck_assert(p->offset >= 0 && (size_t)p->offset % p->grain == 0);
    ck_assert_uint_le((size_t)p->offset + p->size, bytes);
    for (uint32_t j = 0; j < i; j++) {
      const tgi_piece *q = &pieces[j];
      bool meet = p->from <= q->to && q->from <= p->to;
      bool overlap =
          p->offset < q->offset + (int64_t)q->size && q->offset < p->offset + (int64_t)p->size;
      ck_assert_msg(!meet || !overlap, "pieces %u and %u overlap", i, j);
    }
  }
}

static size_t most_alive(const tgi_piece pieces[], uint32_t count, uint32_t steps) {
  size_t most = 0;
  for (uint32_t s = 0; s < steps; s++) {
    size_t now = 0;
    for (uint32_t i = 0; i < count; i++)
      if (pieces[i].from <= s && s <= pieces[i].to) now += pieces[i].size;
    if (now > most) most = now;
  }
  return most;
}

START_TEST(test_pieces_that_meet_lie_apart) {
  enum { MOST = 400 };
  tgi_piece pieces[MOST];
  for (state = 1; state < 60; state++) {
    uint64_t seed = state;
    uint32_t count = 1 + draw(MOST - 1), steps = 1 + draw(200);
    tgi_arena arena;
    size_t bytes, by_time, backward, by_size;
    tgi_arena_init(&arena, NULL, 0);
    draw_pieces(pieces, count, steps);
    size_t least = most_alive(pieces, count, steps);
    ck_assert_uint_eq(tgi_pack_least(&arena, pieces, count, steps), least);
    ck_assert(tgi_pack_by_time(&arena, pieces, count, steps, false, &by_time));
    check_apart(pieces, count, by_time);
    ck_assert(tgi_pack_by_time(&arena, pieces, count, steps, true, &backward));
    check_apart(pieces, count, backward);
    ck_assert(tgi_pack_by_size(&arena, pieces, count, &by_size));
    check_apart(pieces, count, by_size);
    ck_assert(tgi_pack(&arena, pieces, count, steps, &bytes));
    check_apart(pieces, count, bytes);
    ck_assert(bytes >= least && bytes <= by_time && bytes <= backward && bytes <= by_size);
    tgi_arena_free(&arena);
    state = seed;
  }
}
END_TEST

static size_t by_time(tgi_piece pieces[], uint32_t count) {
  tgi_arena arena;
  size_t bytes[2];
  tgi_arena_init(&arena, tgi_runtime(NULL), 0);
  for (int backward = 0; backward < 2; backward++) {
    ck_assert(tgi_pack_by_time(&arena, pieces, count, 4, backward != 0, &bytes[backward]));
    check_apart(pieces, count, bytes[backward]);
  }
  ck_assert_uint_eq(bytes[0], bytes[1]);
  tgi_arena_free(&arena);
  return bytes[0];
}

/* Neighbours that are free become one, and what a piece leaves of a free part is free. */
START_TEST(test_free_parts_join_and_split) {
  tgi_piece four[] = {{.from = 0, .to = 1, .size = 64, .grain = 64},
                      {.from = 0, .to = 1, .size = 64, .grain = 64},
                      {.from = 0, .to = 1, .size = 128, .grain = 64},
                      {.from = 2, .to = 3, .size = 256, .grain = 64}};
  ck_assert_uint_eq(by_time(four, 4), 256);
  tgi_piece split[] = {{.from = 0, .to = 0, .size = 256, .grain = 64},
                       {.from = 1, .to = 2, .size = 64, .grain = 64},
                       {.from = 1, .to = 2, .size = 192, .grain = 64},
                       {.from = 3, .to = 3, .size = 256, .grain = 64}};
  ck_assert_uint_eq(by_time(split, 4), 256);
}
END_TEST

/* Pieces that never meet lie in one place, whichever comes first. */
START_TEST(test_largest_first) {
  tgi_piece pieces[] = {{.from = 0, .to = 0, .size = 64, .grain = 64},
                        {.from = 1, .to = 1, .size = 128, .grain = 64},
                        {.from = 2, .to = 2, .size = 64, .grain = 64}};
  tgi_arena arena;
  size_t bytes;
  tgi_arena_init(&arena, tgi_runtime(NULL), 0);
  ck_assert(tgi_pack_by_size(&arena, pieces, 3, &bytes));
  ck_assert_uint_eq(bytes, 128);
  tgi_arena_free(&arena);
}
END_TEST

START_TEST(test_nothing_needs_no_memory) {
  tgi_arena arena;
  size_t bytes = 1;
  tgi_arena_init(&arena, NULL, 0);
  ck_assert(tgi_pack(&arena, NULL, 0, 5, &bytes));
  ck_assert_uint_eq(bytes, 0);
  tgi_arena_free(&arena);
}
END_TEST

/* ---- programs ---- */

enum { N = 6, VARS = 60, SIZE = N * N };

/* A network of steps, views and branches drawn at random, of matrices [N, N]. */
static void record(tg_var v[], int first) {
  for (int i = first; i < VARS; i++) {
    tg_var a = v[draw((uint32_t)i)], b = v[i - 1 - (int)draw(i < 8 ? (uint32_t)i : 8)];
    switch (draw(10)) {
    case 0: v[i] = tg_sin(tg_matmul(a, b)); break;
    case 1: v[i] = tg_transpose(b, 0, 1); break;
    case 2: v[i] = tg_sigmoid(b); break;
    case 3: v[i] = tg_add(b, tg_transpose(b, 0, 1)); break;
    case 4: v[i] = tg_mul(b, tg_sin(tg_sum(b, TG_AXES(1), true))); break;
    case 5: v[i] = tg_sub(a, tg_select(b, 0, 2)); break;
    case 6: v[i] = tg_where(tg_lt(a, b), b, a); break;
    case 7: v[i] = tg_softmax(b, 1); break;
    case 8: v[i] = tg_reshape(tg_tanh(b), TG_DIMS(N, N)); break;
    default: v[i] = tg_sin(tg_add(a, b));
    }
  }
}

/* A program of two results, a store, a store of a view, and an assignment. */
static tg_program *capture(tg_params *params, float x[], float kept[], float other[],
                           uint32_t without) {
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  tg_var v[VARS];
  v[0] = tg_input(t, 0, tg_tensor_of(x, TG_F32, TG_DIMS(N, N)), "x");
  v[1] = tg_param(t, params, 0);
  record(v, 2);
  tg_branch(tg_lt_scalar(tg_select(tg_select(v[VARS / 2], 0, 0), 0, 0), 100));
  tg_store(tg_tensor_of(kept, TG_F32, TG_DIMS(N, N)), v[VARS - 3]);
  tg_store(tg_tensor_of(other, TG_F32, TG_DIMS(SIZE)), tg_reshape(v[VARS - 4], TG_DIMS(SIZE)));
  tg_assign(params, 0, tg_tanh(v[VARS - 5]));
  tg_program *p =
      tg_capture_end(t, v + VARS - 2, 2, &(tg_program_options){.without = without}, &error);
  ck_assert_msg(p != NULL, "%s", error.message);
  tg_tape_free(t);
  return p;
}

static void fill(float x[], uint32_t seed) {
  for (uint32_t i = 0; i < SIZE; i++) x[i] = (float)((i * 7 + seed * 13) % 29) / 29 - 0.4f;
}

/* What two replays leave behind: results, stores, the parameter. */
static void run(uint64_t seed, uint32_t without, float out[5 * SIZE], tg_program_stats *stats) {
  float x[SIZE], kept[SIZE], other[SIZE];
  tg_params *params = tg_params_new(NULL, NULL);
  tg_params_add(params, "p", TG_F32, TG_DIMS(N, N));
  tg_params_seal(params, NULL);
  float *param = tg_params_tensor(params, 0).data;
  fill(x, 1);
  fill(param, 2);
  state = seed;
  tg_program *p = capture(params, x, kept, other, without);
  for (uint32_t k = 0; k < 2; k++) {
    tg_error error;
    fill(x, 3 + k);
    tg_tensor in = tg_tensor_of(x, TG_F32, TG_DIMS(N, N));
    ck_assert_msg(tg_program_replay(p, &in, 1, &error) == TG_OK, "%s", error.message);
  }
  for (int i = 0; i < 2; i++) {
    tg_tensor y = tg_program_value(p, i);
    for (int j = 0; j < SIZE; j++) out[i * SIZE + j] = (float)tg_tensor_at(&y, j);
  }
  memcpy(out + 2 * SIZE, kept, sizeof kept);
  memcpy(out + 3 * SIZE, other, sizeof other);
  memcpy(out + 4 * SIZE, param, sizeof kept);
  *stats = tg_program_stats_of(p);
  tg_program_free(p);
  tg_params_free(params);
}

START_TEST(test_sharing_memory_changes_no_result) {
  for (uint64_t seed = 1; seed <= 200; seed++) {
    float apart[5 * SIZE], shared[5 * SIZE];
    tg_program_stats loose, tight;
    run(seed, 1u << TG_PASS_REUSE, apart, &loose);
    run(seed, 0, shared, &tight);
    ck_assert_msg(memcmp(apart, shared, sizeof apart) == 0, "program %d differs", (int)seed);
    ck_assert_uint_le(tight.least_bytes, tight.bytes);
    ck_assert_uint_le(tight.bytes, tight.least_bytes + tight.least_bytes / 4);
    ck_assert_uint_lt(tight.bytes, loose.bytes);
  }
}
END_TEST

/* ---- the shapes of training ---- */

/* A chain of n elementwise steps takes the memory of one value, and is planned in little time. */
static tg_program_stats chain(int n) {
  static float x[1000];
  tg_error error = {0};
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  tg_var y = tg_input(t, 0, tg_tensor_of(x, TG_F32, TG_DIMS(1000)), "x");
  for (int i = 0; i < n; i++) y = i % 2 ? tg_sin(y) : tg_exp(y);
  tg_program *p =
      tg_capture_end(t, &y, 1, &(tg_program_options){.without = 1u << TG_PASS_FUSE}, &error);
  ck_assert_msg(p != NULL, "%s", error.message);
  tg_program_stats stats = tg_program_stats_of(p);
  tg_program_free(p);
  tg_tape_free(t);
  return stats;
}

START_TEST(test_chains_stay_in_place) {
  tg_program_stats stats = chain(50);
  ck_assert_uint_eq(stats.bytes, 4032); /* 4000 in lines */
  ck_assert_uint_eq(stats.least_bytes, 4032);
}
END_TEST

/* Stores over a parameter that a later step reads are made at the end. */
/* A loop reads a dying product by two names, and has two results: one of them alone may lie there.
 */
START_TEST(test_a_piece_is_taken_over_once) {
  double x[4] = {0.5, -1, 2, 0.25};
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  const tg_tensor in = tg_tensor_of(x, TG_F64, TG_DIMS(2, 2));
  tg_var w = tg_input(t, 0, in, "x"), h = tg_matmul(w, w);
  tg_var y[2] = {tg_sin(h), tg_exp(tg_identity(h))};
  const tg_program_options o = {.without = 1u << TG_PASS_SIMPLIFY};
  tg_program *p = tg_capture_end(t, y, 2, &o, NULL);
  ck_assert_int_eq(tg_program_stats_of(p).steps, 2);
  ck_assert_int_eq(tg_program_replay(p, &in, 1, NULL), TG_OK);
  const double first = x[0] * x[0] + x[1] * x[2];
  const tg_tensor a = tg_program_value(p, 0), b = tg_program_value(p, 1);
  ck_assert_double_eq_tol(tg_tensor_at(&a, 0), sin(first), 1e-14);
  ck_assert_double_eq_tol(tg_tensor_at(&b, 0), exp(first), 1e-14);
  tg_program_free(p);
  tg_tape_free(t);
}
END_TEST

START_TEST(test_stores_to_parameters_wait) {
  tg_error error = {0};
  tg_params *params = tg_params_new(NULL, NULL);
  tg_params_add(params, "p", TG_F64, TG_DIMS(3));
  tg_params_seal(params, NULL);
  tg_tensor p = tg_params_tensor(params, 0);
  double *numbers = p.data;
  for (int i = 0; i < 3; i++) numbers[i] = i + 1;
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  tg_var x = tg_param(t, params, 0), y = tg_neg(x), z = tg_add(tg_exp(y), x);
  tg_store(p, y);
  tg_program *program = tg_capture_end(t, &z, 1, NULL, &error);
  ck_assert_int_eq(tg_program_replay(program, NULL, 0, NULL), TG_OK);
  tg_tensor value = tg_program_value(program, 0);
  ck_assert_double_eq_tol(tg_tensor_at(&value, 1), 2.1353352832366127, 1e-15);
  ck_assert_double_eq(numbers[1], -2);
  tg_program_free(program);
  tg_tape_free(t);
  tg_params_free(params);
}
END_TEST

/* A result that is stored too is the program's own: the caller may write to where it is stored. */
START_TEST(test_results_are_apart_from_stores) {
  double x = 2, kept = 0;
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  tg_var y = tg_exp(tg_input(t, 0, tg_tensor_of(&x, TG_F64, TG_SCALAR), "x"));
  tg_store(tg_tensor_of(&kept, TG_F64, TG_SCALAR), y);
  tg_program *program = tg_capture_end(t, &y, 1, NULL, NULL);
  tg_tensor in = tg_tensor_of(&x, TG_F64, TG_SCALAR);
  ck_assert_int_eq(tg_program_replay(program, &in, 1, NULL), TG_OK);
  ck_assert_double_eq(kept, tg_program_item(program, 0));
  kept = 0;
  ck_assert_double_eq_tol(tg_program_item(program, 0), 7.38905609893065, 1e-14);
  tg_program_free(program);
  tg_tape_free(t);
}
END_TEST

/* ---- regions that are computed again ---- */

enum { LAYERS = 6, INSIDE = 5, WIDTH = 32 };

static tg_var layer(tg_tape *t, const tg_var x[], void *user) {
  (void)t, (void)user;
  tg_var y = x[0];
  for (int k = 0; k < INSIDE; k++) y = tg_tanh(tg_matmul(y, x[1]));
  return y;
}

/* The gradient of a chain of layers for the weight that all share; `check`: as regions. */
static tg_program_stats layers(bool check, float slope[WIDTH * WIDTH]) {
  static float x[WIDTH * WIDTH];
  for (int i = 0; i < WIDTH * WIDTH; i++) x[i] = (float)(i * 7 % 29) / 29 - 0.4f;
  const tg_tensor in = tg_tensor_of(x, TG_F32, TG_DIMS(WIDTH, WIDTH));
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  tg_var w = tg_input(t, 0, in, "w"), y = tg_identity(w), dw;
  for (int i = 0; i < LAYERS; i++)
    y = check ? tg_checkpoint(layer, t, (tg_var[]){y, w}, 2, NULL)
              : layer(t, (tg_var[]){y, w}, NULL);
  tg_grad(tg_sum(y, TG_ALL, false), &w, 1, &dw);
  tg_program *p = tg_capture_end(t, &dw, 1, NULL, NULL);
  ck_assert_ptr_nonnull(p);
  ck_assert_int_eq(tg_program_replay(p, &in, 1, NULL), TG_OK);
  memcpy(slope, tg_program_value(p, 0).data, sizeof x);
  tg_program_stats stats = tg_program_stats_of(p);
  tg_program_free(p);
  tg_tape_free(t);
  return stats;
}

/* No pass makes what is computed again one with what it was computed from: its values would live
   through the whole sweep. */
START_TEST(test_checkpoints_save_memory_in_programs) {
  static float plain[WIDTH * WIDTH], checked[WIDTH * WIDTH];
  const size_t value = sizeof plain;
  ck_assert_uint_ge(layers(false, plain).bytes, (LAYERS * INSIDE - 1) * value);
  ck_assert_uint_le(layers(true, checked).bytes, (LAYERS + INSIDE + 4) * value);
  for (int i = 0; i < WIDTH * WIDTH; i++)
    ck_assert_float_eq_tol(plain[i], checked[i], 1e-5f * fabsf(plain[i]) + 1e-6f);
}
END_TEST

/* A recurrence over thousands of numbers is one step, with an operand and a result for each. Each
   result takes the memory of an operand, which is found without asking all of them for all. */
START_TEST(test_many_operands) {
  enum { MANY = 8000 };
  static double x[MANY][2];
  static tg_var h[MANY];
  const tg_tensor in = tg_tensor_of(x, TG_F64, TG_DIMS(MANY, 2));
  for (int i = 0; i < MANY; i++) x[i][0] = 0.001 * i, x[i][1] = 1;
  tg_tape *t = tg_tape_new(NULL, NULL);
  tg_capture_begin(t);
  tg_var rows = tg_input(t, 0, in, "x");
  for (int i = 0; i < MANY; i++) {
    tg_var sum = tg_sum(tg_select(rows, 0, i), TG_ALL, false);
    h[i] = tg_sin(i ? tg_add(h[i - 1], sum) : sum);
  }
  tg_var y = tg_stack(h, MANY, 0);
  tg_program *p = tg_capture_end(t, &y, 1, NULL, NULL);
  ck_assert_ptr_nonnull(p);
  ck_assert_uint_lt(tg_program_stats_of(p).bytes, (2 * MANY + 100) * sizeof(double));
  ck_assert_int_eq(tg_program_replay(p, &in, 1, NULL), TG_OK);
  tg_tensor found = tg_program_value(p, 0), right = tg_value(y);
  ck_assert_mem_eq(found.data, right.data, MANY * sizeof(double));
  tg_program_free(p);
  tg_tape_free(t);
}
END_TEST

int main(void) {
  Suite *s = suite_create("plan");
  TCase *c = tcase_create("plan");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, test_pieces_that_meet_lie_apart);
  tcase_add_test(c, test_free_parts_join_and_split);
  tcase_add_test(c, test_largest_first);
  tcase_add_test(c, test_nothing_needs_no_memory);
  tcase_add_test(c, test_sharing_memory_changes_no_result);
  tcase_add_test(c, test_chains_stay_in_place);
  tcase_add_test(c, test_a_piece_is_taken_over_once);
  tcase_add_test(c, test_stores_to_parameters_wait);
  tcase_add_test(c, test_results_are_apart_from_stores);
  tcase_add_test(c, test_checkpoints_save_memory_in_programs);
  tcase_add_test(c, test_many_operands);
  suite_add_tcase(s, c);
  return run_suite(s);
}
