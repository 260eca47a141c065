/* Programs of what the library is for: training steps by every optimizer, gradients of gradients,
   regions with a gradient of their own, long tapes. Each is held against the tape, bit by bit. */
#include "network.h"

#include <math.h>

static tg_tape *t;
static void setup(void) { t = tg_tape_new(NULL, NULL); }
static void teardown(void) { tg_tape_free(t); }

static tg_program *ended(const tg_var y[], int n) {
  tg_error e = {TG_OK, ""};
  tg_program *p = tg_capture_end(t, y, n, NULL, &e);
  ck_assert_msg(p != NULL, "%s", e.message);
  return p;
}

static void assert_same(const tg_tensor *a, const tg_tensor *b) {
  ck_assert(a->data && b->data && tg_tensor_same_shape(a, b));
  for (int64_t i = 0; i < tg_tensor_numel(a); i++) {
    double u = tg_tensor_at(a, i), v = tg_tensor_at(b, i);
    ck_assert_msg(memcmp(&u, &v, sizeof u) == 0, "element %lld: %.17g, not %.17g", (long long)i, u,
                  v);
  }
}

/* ---- training ---- */

typedef struct trainer {
  network net;
  tg_grads *grads;
  tg_optimizer *o;
} trainer;

static tg_optimizer *optimizer_new(int kind, tg_params *params) {
  switch (kind) {
  case 0: return tg_sgd_new(params, &(tg_sgd_options){.lr = 0.1}, NULL);
  case 1:
    return tg_sgd_new(params, &(tg_sgd_options){.lr = 0.1, .momentum = 0.9, .nesterov = true},
                      NULL);
  case 2: return tg_adam_new(params, &(tg_adam_options){.lr = 0.01, .amsgrad = true}, NULL);
  case 3: return tg_adamw_new(params, NULL, NULL);
  case 4: return tg_rmsprop_new(params, &(tg_rmsprop_options){.centered = true}, NULL);
  default: return tg_adagrad_new(params, &(tg_adagrad_options){.lr_decay = 0.1}, NULL);
  }
}
enum { OPTIMIZERS = 6 };

static trainer trainer_new(int kind, tg_dtype dtype) {
  trainer r = {.net = network_new(dtype, NULL, NULL)};
  r.grads = tg_grads_new(r.net.params, NULL);
  r.o = optimizer_new(kind, r.net.params);
  return r;
}

static void trainer_free(trainer *r) {
  tg_optimizer_free(r->o);
  tg_grads_free(r->grads);
  tg_params_free(r->net.params);
}

static tg_var loss_of(tg_tape *on, const trainer *r, tg_var x, tg_var y) {
  const network *net = &r->net;
  tg_var h = tg_relu(tg_linear_apply(on, net->params, net->layers[0], x));
  h = tg_tanh(tg_linear_apply(on, net->params, net->layers[1], h));
  h = tg_linear_apply(on, net->params, net->layers[2], h);
  return tg_mean(tg_square(tg_sub(h, y)), TG_ALL, false);
}

static void assert_same_training(const trainer *a, const trainer *b) {
  ck_assert_int_eq(tg_optimizer_steps(a->o), tg_optimizer_steps(b->o));
  for (int i = 0; i < tg_params_count(a->net.params); i++) {
    tg_tensor u = tg_params_tensor(a->net.params, i), v = tg_params_tensor(b->net.params, i);
    assert_same(&u, &v);
    for (int k = 0; k < TG_OPTIMIZER_STATES; k++) {
      tg_tensor p = tg_optimizer_state(a->o, k, i), q = tg_optimizer_state(b->o, k, i);
      ck_assert_int_eq(p.data == NULL, q.data == NULL);
      if (p.data) assert_same(&p, &q);
    }
  }
}

static tg_status clip(void *user, tg_error *e) {
  (void)e;
  tg_clip_grad_norm(user, 0.5, 2);
  return TG_OK;
}

/* Row k of the data, twice over, as the batch of step k. */
static void batch_at(const trainer *r, tg_dtype dtype, int k, double x[10], double y[4],
                     tg_tensor to[2]) {
  static float narrow[2][10];
  for (int i = 0; i < 10; i++) x[i] = r->net.x[(k % 4 * 10 + i) % 40];
  for (int i = 0; i < 4; i++) y[i] = r->net.y[(k % 4 * 4 + i) % 16];
  to[0] = tg_tensor_of(x, TG_F64, TG_DIMS(2, 5));
  to[1] = tg_tensor_of(y, TG_F64, TG_DIMS(2, 2));
  for (int i = 0; i < 2 && dtype == TG_F32; i++) {
    tg_tensor wide = to[i];
    to[i] = tg_tensor_of(narrow[i], TG_F32, 2, wide.dims);
    tg_tensor_copy(&to[i], &wide);
  }
}

/* The loop index is optimizer by dtype. */
START_TEST(fifty_steps) {
  tg_dtype dtype = _i % 2 ? TG_F64 : TG_F32;
  trainer eager = trainer_new(_i / 2, dtype), replayed = trainer_new(_i / 2, dtype);
  double a[10], b[4];
  tg_tensor in[2];
  batch_at(&eager, dtype, 0, a, b, in);
  tg_capture_begin(t);
  tg_var loss = loss_of(t, &replayed, tg_input(t, 0, in[0], "x"), tg_input(t, 1, in[1], "y"));
  tg_store_grads(replayed.grads, loss);
  tg_then(t, clip, replayed.grads);
  ck_assert_int_eq(tg_optimizer_capture(replayed.o, replayed.grads, t), TG_OK);
  tg_program *p = ended(&loss, 1);
  for (int k = 0; k < 50; k++) {
    if (k == 20) tg_optimizer_set_lr(eager.o, -1, 0.02), tg_optimizer_set_lr(replayed.o, -1, 0.02);
    batch_at(&eager, dtype, k, a, b, in);
    tg_tape_reset(t);
    loss = loss_of(t, &eager, tg_leaf(t, in[0]), tg_leaf(t, in[1]));
    tg_grads_zero(eager.grads);
    tg_backward(loss, eager.grads);
    clip(eager.grads, NULL);
    ck_assert_int_eq(tg_optimizer_step(eager.o, eager.grads, t), TG_OK);
    ck_assert_int_eq(tg_program_replay(p, in, 2, NULL), TG_OK);
    ck_assert(tg_program_item(p, 0) == tg_item(loss));
    assert_same_training(&eager, &replayed);
  }
  tg_program_free(p);
  trainer_free(&eager);
  trainer_free(&replayed);
}
END_TEST

/* Gradient descent with momentum as expressions: the rate and the step number are inputs, the
   momentum is a buffer. rate_k = rate / (1 + k). */
START_TEST(an_update_of_operators) {
  tg_params *params = tg_params_new(NULL, NULL);
  tg_params_add(params, "w", TG_F64, TG_DIMS(3));
  tg_params_add_buffer(params, "m", TG_F64, TG_DIMS(3));
  tg_params_seal(params, NULL);
  double w[3] = {1, -2, 3}, m[3] = {0}, rate = 0.25, step = 0, x[3] = {1, 2, -1};
  tg_params_write(params, 0, tg_tensor_of(w, TG_F64, TG_DIMS(3)), NULL);
  tg_capture_begin(t);
  tg_var in = tg_input(t, 0, tg_tensor_of(x, TG_F64, TG_DIMS(3)), "x"), p = tg_param(t, params, 0);
  tg_var lr = tg_input_scalar(t, 1, TG_F64, rate, "lr"),
         k = tg_input_scalar(t, 2, TG_F64, 0, "step");
  tg_var loss = tg_sum(tg_mul(in, tg_square(p)), TG_ALL, false), g;
  tg_grad(loss, &p, 1, &g);
  tg_var moment = tg_add(tg_mul_scalar(tg_param(t, params, 1), 0.5), g);
  tg_assign(params, 0, tg_sub(p, tg_mul(tg_div(lr, tg_add_scalar(k, 1)), moment)));
  tg_assign(params, 1, moment);
  tg_program *program = ended(&loss, 1);
  for (; step < 20; step++) {
    double value = 0;
    rate = step < 10 ? 0.25 : 0.125;
    x[1] = 1 + step / 8;
    tg_tensor given[3] = {tg_tensor_of(x, TG_F64, TG_DIMS(3)),
                          tg_tensor_of(&rate, TG_F64, TG_SCALAR),
                          tg_tensor_of(&step, TG_F64, TG_SCALAR)};
    for (int i = 0; i < 3; i++) {
      value += x[i] * (w[i] * w[i]);
      m[i] = 0.5 * m[i] + 2 * w[i] * x[i];
      w[i] -= rate / (step + 1) * m[i];
    }
    ck_assert_int_eq(tg_program_replay(program, given, 3, NULL), TG_OK);
    ck_assert_double_eq_tol(tg_program_item(program, 0), value, 1e-12 * (1 + fabs(value)));
    tg_tensor now = tg_params_tensor(params, 0);
    for (int i = 0; i < 3; i++)
      ck_assert_double_eq_tol(tg_tensor_at(&now, i), w[i], 1e-12 * (1 + fabs(w[i])));
  }
  tg_program_free(program);
  tg_params_free(params);
}
END_TEST

/* A label out of range in a replay: the operator is named, nothing has changed. */
START_TEST(labels_out_of_range) {
  trainer r = trainer_new(2, TG_F32), before = trainer_new(2, TG_F32);
  float data[10] = {1, 2, 3};
  int64_t labels[2] = {0, 1};
  tg_tensor in[2] = {tg_tensor_of(data, TG_F32, TG_DIMS(2, 5)),
                     tg_tensor_of(labels, TG_I64, TG_DIMS(2))};
  tg_error e = {TG_OK, ""};
  tg_capture_begin(t);
  tg_var h = tg_linear_apply(t, r.net.params, r.net.layers[0], tg_input(t, 0, in[0], "x"));
  tg_var loss = tg_cross_entropy(h, tg_input(t, 1, in[1], "labels"));
  tg_store_grads(r.grads, loss);
  tg_optimizer_capture(r.o, r.grads, t);
  tg_program *p = ended(&loss, 1);
  labels[1] = 6;
  ck_assert_int_eq(tg_program_replay(p, in, 2, &e), TG_INDEX);
  ck_assert_msg(strstr(e.message, "cross_entropy: [2,6], [2] i64: ") == e.message, "%s", e.message);
  assert_same_training(&before, &r);
  labels[1] = 5;
  ck_assert_int_eq(tg_program_replay(p, in, 2, &e), TG_OK);
  ck_assert_int_eq(tg_optimizer_steps(r.o), 1);
  tg_program_free(p);
  trainer_free(&r);
  trainer_free(&before);
}
END_TEST

/* A parameter that the loss is not made of, and one that it meets three times. */
START_TEST(gradients_of_parameters) {
  tg_params *params = tg_params_new(NULL, NULL);
  tg_params_add(params, "used", TG_F64, TG_DIMS(2));
  tg_params_add(params, "unused", TG_F64, TG_DIMS(2));
  tg_params_add(params, "single", TG_F32, TG_SCALAR);
  tg_params_add_buffer(params, "buffer", TG_F64, TG_SCALAR);
  tg_params_seal(params, NULL);
  tg_grads *eager = tg_grads_new(params, NULL), *stored = tg_grads_new(params, NULL);
  double x[2] = {3, 4};
  tg_tensor in = tg_tensor_of(x, TG_F64, TG_DIMS(2)), garbage = tg_grads_tensor(stored, 1);
  for (int i = 0; i < 2; i++) tg_tensor_put(&garbage, i, 99);
  tg_params_write(params, 0, in, NULL);
  tg_program *p = NULL;
  for (int captured = 1; captured >= 0; captured--) {
    if (captured) tg_capture_begin(t);
    tg_var a = tg_param(t, params, 0), b = tg_param(t, params, 0);
    tg_var y = tg_mul(tg_mul(a, b), tg_mul(tg_param(t, params, 0), tg_input(t, 0, in, "x")));
    tg_var loss = tg_sum(y, TG_ALL, false);
    if (captured) {
      tg_store_grads(stored, loss);
      p = ended(NULL, 0);
      tg_tape_reset(t);
    } else {
      tg_backward(loss, eager);
    }
  }
  for (int k = 0; k < 2; k++) {
    ck_assert_int_eq(tg_program_replay(p, &in, 1, NULL), TG_OK);
    for (int i = 0; i < 3; i++) {
      tg_tensor u = tg_grads_tensor(stored, i), v = tg_grads_tensor(eager, i);
      assert_same(&u, &v);
    }
  }
  tg_program_free(p);
  tg_grads_free(eager);
  tg_grads_free(stored);
  tg_params_free(params);
}
END_TEST

/* ---- functions of one vector: by the tape and by a program, at several points ---- */

typedef tg_var shown(tg_tape *on, tg_var x);

static tg_var rosenbrock(tg_var x) {
  tg_var a = tg_slice(x, 0, 0, 4, 1), b = tg_slice(x, 0, 1, 5, 1);
  tg_var valley = tg_square(tg_sub(b, tg_square(a)));
  return tg_sum(tg_add(tg_mul_scalar(valley, 100), tg_square(tg_rsub_scalar(a, 1))), TG_ALL, false);
}

static tg_var gradient(tg_tape *on, tg_var x) {
  (void)on;
  tg_var g;
  tg_grad(rosenbrock(x), &x, 1, &g);
  return g;
}
static tg_var hessian(tg_tape *on, tg_var x) {
  (void)on;
  return tg_hessian(rosenbrock(x), x);
}
static tg_var jacobian(tg_tape *on, tg_var x) {
  return tg_jacobian(tg_tanh(tg_mul(x, gradient(on, x))), x);
}
static tg_var jacobian_wide(tg_tape *on, tg_var x) {
  (void)on;
  return tg_jacobian(tg_concat((tg_var[]){tg_sin(x), tg_exp(x)}, 2, 0), x);
}
static tg_var hvp(tg_tape *on, tg_var x) {
  (void)on;
  tg_var v = tg_cos(x), hv;
  tg_hvp(rosenbrock(x), &x, &v, 1, &hv);
  return hv;
}
static tg_var tangent(tg_tape *on, tg_var x) {
  (void)on;
  tg_var y = tg_sigmoid(tg_mul(x, x)), v = tg_sin(x), dy;
  tg_jvp(&y, 1, &x, &v, 1, &dy);
  return dy;
}
static tg_var third(tg_tape *on, tg_var x) {
  tg_var h = tg_sum(tg_square(hessian(on, x)), TG_ALL, false), g;
  tg_grad(h, &x, 1, &g);
  return g;
}

static tg_var inner(tg_tape *on, const tg_var x[], void *user) {
  (void)on, (void)user;
  return tg_sin(tg_mul(tg_tanh(x[0]), x[0]));
}
static void doubled(tg_tape *on, const tg_var x[], int n, tg_var y, tg_var g, tg_var dx[],
                    void *user) {
  (void)on, (void)n, (void)y, (void)user;
  dx[0] = tg_mul(tg_mul_scalar(g, 2), x[0]);
}
static tg_var nested(tg_tape *on, const tg_var x[], void *user) {
  tg_var y = tg_checkpoint(inner, on, x, 1, user);
  return tg_mul(y, tg_custom_vjp(inner, doubled, on, x, 1, user));
}
static tg_var of_region(tg_tape *on, tg_var x, tg_var y) {
  tg_var g, h;
  (void)on;
  tg_grad(tg_sum(y, TG_ALL, false), &x, 1, &g);
  tg_grad(tg_sum(tg_mul(g, y), TG_ALL, false), &x, 1, &h);
  return tg_concat((tg_var[]){y, g, h}, 3, 0);
}
static tg_var checkpoint(tg_tape *on, tg_var x) {
  return of_region(on, x, tg_checkpoint(inner, on, &x, 1, NULL));
}
static tg_var custom_vjp(tg_tape *on, tg_var x) {
  return of_region(on, x, tg_custom_vjp(inner, doubled, on, &x, 1, NULL));
}
static tg_var regions_in_regions(tg_tape *on, tg_var x) {
  return of_region(on, x, tg_checkpoint(nested, on, &x, 1, NULL));
}

/* An operator of the user's, with an attribute and a rule, and a view without TG_OP_VIEW. */
typedef struct power {
  double of;
} power;
static tg_status power_kernel(const tg_call *c) {
  const power *a = c->attrs;
  for (int64_t i = 0; i < tg_tensor_numel(&c->out); i++)
    tg_tensor_put(&c->out, i, pow(fabs(tg_tensor_at(&c->in[0], i)), a->of));
  return TG_OK;
}
static tg_var power_vjp(const tg_call *c, tg_var g) {
  const power *a = c->attrs;
  return tg_mul(
      g, tg_mul_scalar(tg_mul(tg_sign(c->x[0]), tg_pow_scalar(tg_abs(c->x[0]), a->of - 1)), a->of));
}
static tg_status tail_shape(tg_call *c) {
  c->out = c->in[0];
  c->out.dims[0]--;
  c->out.data = (char *)c->out.data + c->in[0].strides[0] * (int64_t)sizeof(double);
  return TG_OK;
}
static const tg_field power_fields[] = {{.name = "of", .type = TG_FIELD_F64}, {.name = NULL}};
static const tg_op power_op = {TG_OP_INIT,
                               .name = "power",
                               .label = "power",
                               .formula = "|x|^p",
                               .arity = 1,
                               .dtypes = TG_FLOATS,
                               .attrs_size = sizeof(power),
                               .attrs = power_fields,
                               .shape = tg_shape_same,
                               .kernel = power_kernel,
                               .vjp = {power_vjp}};
static const tg_op tail_op = {TG_OP_INIT,         .name = "tail", .label = "tail",
                              .formula = "x[1:]", .arity = 1,     .dtypes = TG_FLOATS,
                              .shape = tail_shape};
static tg_var own_operators(tg_tape *on, tg_var x) {
  (void)on;
  tg_var y = tg_apply(&power_op, &x, 1, &(power){2.5}), g;
  tg_var z = tg_apply(&power_op, &y, 1, &(power){1.5});
  tg_grad(tg_sum(tg_add(y, z), TG_ALL, false), &x, 1, &g);
  tg_var tails[2] = {tg_apply(&tail_op, &g, 1, NULL), tg_apply(&tail_op, &x, 1, NULL)};
  return tg_concat(tails, 2, 0);
}

static const struct {
  const char *name;
  shown *fn;
} functions[] = {{"gradient", gradient},
                 {"hessian", hessian},
                 {"jacobian", jacobian},
                 {"jacobian by forward sweeps", jacobian_wide},
                 {"hvp", hvp},
                 {"jvp", tangent},
                 {"third derivative", third},
                 {"checkpoint", checkpoint},
                 {"custom_vjp", custom_vjp},
                 {"regions in regions", regions_in_regions},
                 {"own operators", own_operators}};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

START_TEST(derivatives_and_regions) {
  double x[5];
  tg_tensor in = tg_tensor_of(x, TG_F64, TG_DIMS(5));
  tg_program *p = NULL;
  for (int k = 0; k < 4; k++) {
    hash_fill(in, 3 + (uint64_t)k, -1, 1);
    tg_tape_reset(t);
    if (k == 0) {
      tg_capture_begin(t);
      tg_var y = functions[_i].fn(t, tg_input(t, 0, in, "x"));
      p = ended(&y, 1);
      continue;
    }
    tg_tensor y = tg_value(functions[_i].fn(t, tg_leaf(t, in)));
    ck_assert_int_eq(tg_tape_status(t), TG_OK);
    ck_assert_int_eq(tg_program_replay(p, &in, 1, NULL), TG_OK);
    tg_tensor z = tg_program_value(p, 0);
    assert_same(&z, &y);
  }
  tg_program_free(p);
}
END_TEST

/* ---- options of the tape ---- */

START_TEST(tapes_that_trace_and_check) {
  tg_tape *own = tg_tape_new(&(tg_tape_options){.trace_nan = true, .check_leaves = true}, NULL);
  double x = 4;
  tg_tensor in = tg_tensor_of(&x, TG_F64, TG_SCALAR);
  tg_capture_begin(own);
  tg_var at = tg_input(own, 0, in, "x"), y = tg_sqrt(at), g;
  tg_grad(y, &at, 1, &g);
  tg_program *p = tg_capture_end(own, (tg_var[]){y, g}, 2, NULL, NULL);
  ck_assert_ptr_nonnull(p);
  x = 16; /* of the tape's leaf too, which only a sweep of the tape minds */
  ck_assert_int_eq(tg_program_replay(p, &in, 1, NULL), TG_OK);
  ck_assert(tg_program_item(p, 0) == 4 && tg_program_item(p, 1) == 0.125);
  tg_program_free(p);
  tg_tape_free(own);
}
END_TEST

/* ---- size ---- */

/* A chain of 100,000 operators and the gradient of it. */
START_TEST(a_long_tape) {
  double x = 0.5;
  tg_tensor in = tg_tensor_of(&x, TG_F64, TG_SCALAR);
  tg_capture_begin(t);
  tg_var at = tg_input(t, 0, in, "x"), y = at, g;
  for (int k = 0; k < 50000; k++) y = tg_mul_scalar(tg_sin(y), 1 + 1e-4 * (k % 7));
  tg_grad(y, &at, 1, &g);
  tg_program *p = ended((tg_var[]){y, g}, 2);
  ck_assert_int_ge(tg_program_stats_of(p).recorded, 200000);
  for (int k = 0; k < 2; k++) {
    x = 0.7 + k;
    tg_tape_reset(t);
    at = tg_leaf(t, in), y = at;
    for (int i = 0; i < 50000; i++) y = tg_mul_scalar(tg_sin(y), 1 + 1e-4 * (i % 7));
    tg_grad(y, &at, 1, &g);
    ck_assert_int_eq(tg_program_replay(p, &in, 1, NULL), TG_OK);
    ck_assert(tg_program_item(p, 0) == tg_item(y) && tg_program_item(p, 1) == tg_item(g));
  }
  tg_program_free(p);
}
END_TEST

int main(void) {
  Suite *s = suite_create("replays");
  TCase *c = tcase_create("replays");
  suite_add_tcase(s, c);
  tcase_add_checked_fixture(c, setup, teardown);
  tcase_set_timeout(c, 120);
  tcase_add_loop_test(c, fifty_steps, 0, 2 * OPTIMIZERS);
  tcase_add_test(c, an_update_of_operators);
  tcase_add_test(c, labels_out_of_range);
  tcase_add_test(c, gradients_of_parameters);
  tcase_add_loop_test(c, derivatives_and_regions, 0, FUNCTIONS);
  tcase_add_test(c, tapes_that_trace_and_check);
  tcase_add_test(c, a_long_tape);
  return run_suite(s);
}
