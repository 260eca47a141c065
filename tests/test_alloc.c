/* Every allocation of a training step, a capture, a checkpoint and a DOT dump fails once, and the
   first n all at once: a clean TG_NO_MEMORY, nothing left. And once warm, training does not
   allocate. */
#include "files.h"
#include "network.h"

typedef struct trainer {
  network net;
  tg_batches *batches;
  tg_grads *grads;
  tg_optimizer *o;
  tg_tape *t;
} trainer;

static tg_status trainer_new(trainer *r, const tg_runtime *runtime, tg_error *error) {
  *r = (trainer){.net = network_new(TG_F32, runtime, error)};
  if (r->net.params == NULL) return error->status;
  const tg_batches_options shuffled = {.size = 3, .shuffle = true};
  r->batches = tg_batches_new(SAMPLES, &shuffled, runtime, error);
  if (r->batches == NULL) return error->status;
  r->grads = tg_grads_new(r->net.params, error);
  if (r->grads == NULL) return error->status;
  r->o = tg_adam_new(r->net.params, NULL, error);
  if (r->o == NULL) return error->status;
  r->t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, error);
  return r->t == NULL ? error->status : TG_OK;
}

static void trainer_free(trainer *r) {
  tg_tape_free(r->t);
  tg_optimizer_free(r->o);
  tg_grads_free(r->grads);
  tg_batches_free(r->batches);
  tg_params_free(r->net.params);
}

/* One step. A failure is the tape's; then no parameter may have changed. */
static tg_status step(trainer *r, int64_t k, tg_error *error) {
  uint64_t version = tg_params_version(r->net.params, 0);
  tg_batch b = tg_batches_at(r->batches, k);
  tg_tape_reset(r->t);
  tg_grads_zero(r->grads);
  tg_backward(network_loss(r->t, &r->net, b.rows, b.n), r->grads);
  tg_clip_grad_norm(r->grads, 1, 2);
  tg_status status = tg_optimizer_step(r->o, r->grads, r->t);
  ck_assert_uint_eq(tg_params_version(r->net.params, 0), version + (status == TG_OK));
  ck_assert_int_eq(tg_tape_status(r->t), status);
  if (status == TG_OK) return TG_OK;
  error->status = status;
  snprintf(error->message, sizeof error->message, "%s", tg_tape_message(r->t));
  return status;
}

static tg_status train(const tg_runtime *runtime, tg_error *error) {
  trainer r;
  tg_status status = trainer_new(&r, runtime, error);
  for (int64_t k = 0; k < 4 && status == TG_OK; k++) status = step(&r, k, error);
  trainer_free(&r);
  return status;
}

START_TEST(test_training_steps) { ck_assert_int_gt(sweep_failures(train), 5); }
END_TEST

START_TEST(test_no_allocation_once_warm) {
  counted c = {0};
  tg_runtime *runtime = counted_runtime(&c);
  tg_error e = {0};
  trainer r;
  ck_assert_int_eq(trainer_new(&r, runtime, &e), TG_OK);
  for (int64_t k = 0; k < 6; k++) {
    int64_t calls = c.calls;
    ck_assert_msg(step(&r, k, &e) == TG_OK, "%s", e.message);
    if (k >= 2) ck_assert_int_eq(c.calls, calls);
  }
  trainer_free(&r);
  tg_runtime_free(runtime);
  ck_assert_int_eq(c.blocks, 0);
}
END_TEST

/* ---- programs ---- */

/* The step as a program: its data are inputs, rows of a wider table. */
static tg_program *capture(trainer *r, tg_tensor in[2], tg_error *error) {
  in[0] = tg_tensor_of(r->net.x, TG_F64, TG_DIMS(SAMPLES, 4));
  in[1] = tg_tensor_of(r->net.y, TG_F64, TG_DIMS(SAMPLES, 2));
  in[0].strides[0] = 5;
  tg_capture_begin(r->t);
  tg_var x = tg_input(r->t, 0, in[0], "x"), y = tg_input(r->t, 1, in[1], "y");
  tg_var w = tg_param(r->t, r->net.params, 2); /* [4, 6] */
  tg_var h = tg_matmul(tg_cast(x, TG_F32), w);
  tg_var loss = tg_mean(tg_square(tg_tanh(tg_slice(h, 1, 0, 2, 1))), TG_ALL, false);
  tg_store_grads(r->grads, tg_add(loss, tg_mean(tg_cast(y, TG_F32), TG_ALL, false)));
  tg_optimizer_capture(r->o, r->grads, r->t);
  return tg_capture_end(r->t, &loss, 1, NULL, error);
}

/* A failure leaves the parameters; and a replay that failed may be tried again. */
static tg_status replay(const tg_runtime *runtime, tg_error *error) {
  trainer r;
  tg_tensor in[2];
  tg_program *p = NULL;
  tg_status status = trainer_new(&r, runtime, error);
  if (status == TG_OK) {
    p = capture(&r, in, error);
    if (p == NULL) status = error->status;
  }
  for (int k = 0; k < 3 && status == TG_OK; k++) {
    uint64_t version = tg_params_version(r.net.params, 0);
    status = tg_program_replay(p, in, 2, error);
    ck_assert_uint_eq(tg_params_version(r.net.params, 0), version + (status == TG_OK));
    ck_assert((tg_program_value(p, 0).data != NULL) == (status == TG_OK));
  }
  tg_program_free(p);
  trainer_free(&r);
  return status;
}

START_TEST(test_programs) { ck_assert_int_gt(sweep_failures(replay), 20); }
END_TEST

START_TEST(test_no_allocation_by_replays) {
  counted c = {0};
  tg_runtime *runtime = counted_runtime(&c);
  tg_error e = {0};
  trainer r;
  tg_tensor in[2];
  ck_assert_int_eq(trainer_new(&r, runtime, &e), TG_OK);
  tg_program *p = capture(&r, in, &e);
  ck_assert_msg(p != NULL, "%s", e.message);
  tg_tensor dense = tg_tensor_of(r.net.x, TG_F64, TG_DIMS(SAMPLES, 4));
  for (int k = 0; k < 6; k++) {
    int64_t calls = c.calls;
    ck_assert_int_eq(tg_program_replay(p, (tg_tensor[]){k < 2 ? dense : in[0], in[1]}, 2, &e),
                     TG_OK);
    if (k != 2) ck_assert_int_eq(c.calls, calls); /* the first that is not contiguous */
  }
  tg_program_free(p);
  trainer_free(&r);
  tg_runtime_free(runtime);
  ck_assert_int_eq(c.blocks, 0);
}
END_TEST

/* The budget of the runtime holds for programs. */
START_TEST(test_program_within_a_budget) {
  double x = 1;
  tg_error e = {0};
  for (size_t budget = 1 << 20; budget < 1 << 27; budget *= 2) {
    tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.byte_budget = budget}, NULL);
    tg_tape *t = tg_tape_new(NULL, NULL);
    tg_capture_begin(t);
    tg_var y = tg_input(t, 0, tg_tensor_of(&x, TG_F64, TG_SCALAR), "x");
    for (int k = 0; k < 5000; k++) y = tg_sin(y);
    y = tg_matmul(tg_broadcast_to(y, 2, (int64_t[]){600, 1}),
                  tg_broadcast_to(y, 2, (int64_t[]){1, 600}));
    tg_program *p = tg_capture_end(t, &y, 1, &(tg_program_options){.runtime = runtime}, &e);
    ck_assert_int_eq(e.status, p ? TG_OK : TG_NO_MEMORY);
    if (budget == 1 << 20)
      ck_assert_msg(p == NULL && strstr(e.message, "no memory"), "%s", e.message);
    e.status = TG_OK;
    tg_program_free(p);
    tg_tape_free(t);
    tg_runtime_free(runtime);
    if (p) return;
  }
  ck_abort_msg("no budget sufficed");
}
END_TEST

/* That of a tape holds for what kernels take by themselves: packed matrices, forward and back. */
START_TEST(test_scratch_within_a_budget) {
  enum { N = 150 };
  static double x[N * N], dx[N * N];
  tg_tensor of = tg_tensor_of(x, TG_F64, TG_DIMS(N, N)),
            to = tg_tensor_of(dx, TG_F64, TG_DIMS(N, N));
  for (size_t budget = 1 << 15; budget < 1 << 22; budget += budget / 8) {
    tg_tape *t = tg_tape_new(&(tg_tape_options){.byte_budget = budget}, NULL);
    if (t == NULL) continue;
    tg_var a = tg_leaf(t, of), y = tg_sum(tg_matmul(a, tg_transpose(a, 0, 1)), TG_ALL, false);
    tg_status status = tg_backward_into(&y, NULL, 1, NULL, &a, &to, 1);
    ck_assert_uint_le(tg_tape_bytes(t), budget);
    tg_tape_free(t);
    if (status == TG_OK) return;
    ck_assert_int_eq(status, TG_NO_MEMORY);
  }
  ck_abort_msg("no budget sufficed");
}
END_TEST

/* ---- initialisers ---- */

static tg_status initialise(const tg_runtime *runtime, tg_error *error) {
  tg_params *params = tg_params_new(runtime, error);
  if (params == NULL) return error->status;
  int w = tg_params_add(params, "w", TG_F32, TG_DIMS(40, 30));
  tg_status status = tg_params_seal(params, error);
  if (status == TG_OK) status = tg_init_orthogonal(params, w, (tg_key){1, 2}, 1, error);
  tg_params_free(params);
  return status;
}

START_TEST(test_initialisers) { ck_assert_int_gt(sweep_failures(initialise), 3); }
END_TEST

/* ---- checkpoints ---- */

static tg_status save_and_load(const tg_runtime *runtime, tg_error *error) {
  const char *path = in_folder("training.safetensors");
  tg_training now = {.step = 1, .key = {2, 3}}, then = {0};
  trainer r;
  tg_status status = trainer_new(&r, runtime, error);
  if (status == TG_OK) status = tg_training_save(path, r.net.params, r.o, &now, error);
  if (status == TG_OK) status = tg_training_load(path, r.net.params, r.o, &then, error);
  if (status == TG_OK) ck_assert_int_eq(then.step, 1);
  trainer_free(&r);
  ck_assert_int_le(count_files(), 1); /* no temporary file is left */
  return status;
}

START_TEST(test_checkpoint) {
  if (tg_safetensors_write(in_folder("training.safetensors"), NULL, 0, NULL, 0, NULL, NULL) ==
      TG_UNSUPPORTED)
    return;
  ck_assert_int_gt(sweep_failures(save_and_load), 8);
}
END_TEST

/* A load that fails changes nothing. */
START_TEST(test_failed_load_changes_nothing) {
  const char *path = in_folder("training.safetensors");
  counted c = {0};
  tg_runtime *runtime = counted_runtime(&c);
  tg_error e = {0};
  trainer r;
  ck_assert_int_eq(trainer_new(&r, runtime, &e), TG_OK);
  tg_training now = {.step = 1};
  if (tg_training_save(path, r.net.params, r.o, &now, &e) == TG_OK) {
    tg_status status = TG_NO_MEMORY;
    for (int64_t k = 1; status != TG_OK; k++) {
      uint64_t version = tg_params_version(r.net.params, 0);
      now.step = 7;
      c.fail_at = c.calls + k;
      status = tg_training_load(path, r.net.params, r.o, &now, &e);
      ck_assert(status == TG_OK || status == TG_NO_MEMORY);
      ck_assert_uint_eq(tg_params_version(r.net.params, 0), version + (status == TG_OK));
      ck_assert_int_eq(now.step, status == TG_OK ? 1 : 7);
    }
  }
  trainer_free(&r);
  tg_runtime_free(runtime);
}
END_TEST

/* ---- the dump and the picture ---- */

static bool swallow(void *user, const char *text, size_t length) {
  (void)text;
  *(size_t *)user += length;
  return true;
}

static tg_status show(tg_var loss) {
  size_t dumped = 0, drawn = 0;
  tg_status status = tg_tape_dump(loss.tape, &loss, 1, swallow, &dumped);
  if (status == TG_OK) status = tg_graph_dot(loss.tape, &loss, 1, NULL, swallow, &drawn);
  ck_assert(status != TG_OK || (dumped > 0 && drawn > 0));
  return status;
}

static tg_status dump(const tg_runtime *runtime, tg_error *error) {
  trainer r;
  tg_status status = trainer_new(&r, runtime, error);
  if (status == TG_OK) {
    tg_var loss = network_loss(r.t, &r.net, NULL, SAMPLES);
    status = tg_tape_status(r.t);
    if (status == TG_OK) status = show(loss);
    error->status = status;
    if (status == TG_OK)
      status = tg_graph_dot_file(r.t, &loss, 1, NULL, in_folder("loss.dot"), error);
  }
  trainer_free(&r);
  ck_assert_int_le(count_files(), 1);
  return status;
}

START_TEST(test_dump) { ck_assert_int_gt(sweep_failures(dump), 5); }
END_TEST

int main(void) {
  Suite *s = suite_create("alloc");
  TCase *c = tcase_create("alloc");
  suite_add_tcase(s, c);
  use_folder(c);
  tcase_add_test(c, test_training_steps);
  tcase_add_test(c, test_no_allocation_once_warm);
  tcase_add_test(c, test_programs);
  tcase_add_test(c, test_no_allocation_by_replays);
  tcase_add_test(c, test_program_within_a_budget);
  tcase_add_test(c, test_scratch_within_a_budget);
  tcase_add_test(c, test_initialisers);
  tcase_add_test(c, test_checkpoint);
  tcase_add_test(c, test_failed_load_changes_nothing);
  tcase_add_test(c, test_dump);
  return run_suite(s);
}
