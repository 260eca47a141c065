/* The training step of examples/fashion_mlp as it stands (784-64-64-10, batches of 32, Adam), by
   the tape and replayed, makes no call to the allocator after two warm-up steps, not in another
   epoch either. */
#include "files.h"
#include "step.h"

enum { IMAGES = 100, SIDE = 28, WARM = 2, STEPS = 11, PER_EPOCH = 4 }; /* the last of 4 images */

static images make_images(uint8_t pixels[], uint8_t labels[]) {
  images set = {.n = IMAGES, .size = SIDE * SIDE};
  for (int64_t i = 0; i < IMAGES * SIDE * SIDE; i++)
    pixels[i] = (uint8_t)tg_random_bits((tg_key){7, 7}, (uint64_t)i);
  for (int i = 0; i < IMAGES; i++) labels[i] = (uint8_t)(i % CLASSES);
  set.pixels = tg_tensor_of(pixels, TG_U8, TG_DIMS(IMAGES, SIDE, SIDE));
  set.labels = tg_tensor_of(labels, TG_U8, TG_DIMS(IMAGES));
  return set;
}

static void count_steps(int threads, bool replay) {
  static uint8_t pixels[IMAGES * SIDE * SIDE], labels[IMAGES];
  images set = make_images(pixels, labels);
  counted c = {0};
  tg_runtime *runtime = tg_runtime_new(
      &(tg_runtime_options){
          .alloc = counted_alloc, .free = counted_free, .alloc_user = &c, .threads = threads},
      NULL);
  settings s = {
      .batch = 32, .lr = 1e-3, .seed = 1, .hidden = {64, 64}, .n_hidden = 2, .replay = replay};
  model m = make_model(&s, set.size, runtime);
  fit_input(&m, &set);
  trainer r = make_trainer(&m, &set, &s, runtime);
  double first = 0, last = 0;
  for (int64_t k = 0; k < STEPS; k++) {
    int64_t calls = c.calls, blocks = c.blocks;
    last = train_step(&r, &set, k);
    if (k == 0) first = last;
    if (k < WARM || (replay && k == PER_EPOCH - 1)) continue; /* the small batch has a program */
    ck_assert_msg(c.calls == calls, "step %d of %d threads allocates %d times", (int)k, threads,
                  (int)(c.calls - calls));
    ck_assert_int_eq(c.blocks, blocks);
  }
  ck_assert_int_gt(c.calls, 0);
  ck_assert_msg(last < first, "the loss went from %g to %g: nothing was trained", first, last);
  free_trainer(&r);
  free_model(&m);
  tg_runtime_free(runtime);
  ck_assert_int_eq(c.blocks, 0);
}

START_TEST(test_one_thread) { count_steps(1, _i); }
END_TEST

START_TEST(test_two_threads) { count_steps(2, _i); }
END_TEST

int main(void) {
  Suite *s = suite_create("fashion_step");
  TCase *c = tcase_create("fashion_step");
  suite_add_tcase(s, c);
  tcase_add_loop_test(c, test_one_thread, 0, 2);
  tcase_add_loop_test(c, test_two_threads, 0, 2);
  return run_suite(s);
}
