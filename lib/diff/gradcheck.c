/* The gradient check: records the function once for each thing that is compared, and says what was
   found. */
#include "diff/gradcheck.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tapegrad/ops.h"

/* ---- coordinates ---- */

int64_t tgi_check_offset(const tgi_check *c, int i) {
  int64_t offset = 0;
  for (int k = 0; k < i; k++)
    if (tg_dtype_is_float(c->x[k].dtype)) offset += tg_tensor_numel(&c->x[k]);
  return tg_dtype_is_float(c->x[i].dtype) ? offset : -1;
}

void tgi_check_move(tgi_check *c, double step, int64_t low, int64_t high) {
  for (int i = 0; i < c->n; i++) {
    int64_t first = tgi_check_offset(c, i), n = tg_tensor_numel(&c->x[i]);
    for (int64_t k = 0; first >= 0 && k < n; k++) {
      bool moves = first + k >= low && first + k < high;
      double x = tg_tensor_at(&c->x[i], k);
      tg_tensor_put(&c->at[i], k, moves ? x + step * c->d[first + k] : x);
    }
  }
}

/* ---- evaluation ---- */

bool tgi_check_fail(tgi_check *c, tg_status status, const char *message) {
  c->result->verdict = TG_CHECK_FAILED;
  snprintf(c->result->message, sizeof c->result->message, "the function failed: %s", message);
  c->result->status = status;
  return false;
}

/* Memory of the tape's; NULL with the verdict FAILED. */
static void *work_of(tgi_check *c, size_t size) {
  void *memory = tgi_tape_work(c->t, size);
  if (memory == NULL) tgi_check_fail(c, TG_NO_MEMORY, "out of memory");
  return memory;
}

bool tgi_check_record(tgi_check *c, tg_var vars[], tg_var *y) {
  for (int i = 0; i < c->n; i++) vars[i] = tg_leaf(c->t, c->at[i]);
  *y = c->fn(c->t, vars, c->user);
  if (!tgi_check_var(c->t, *y, "gradcheck") || tg_tape_status(c->t) != TG_OK)
    return tgi_check_fail(c, tg_tape_status(c->t), tg_tape_message(c->t));
  if (!tg_dtype_is_float(tg_dtype_of(*y)))
    return tgi_check_fail(c, TG_DTYPE, "its result is neither f32 nor f64");
  return true;
}

/* <w, fn(at)> in double. */
static bool contract(tgi_check *c, tg_var y, double *value) {
  tg_tensor result = tgi_value(y);
  int64_t n = tg_tensor_numel(&result);
  if (!tg_tensor_same_shape(&result, &c->w))
    return tgi_check_fail(c, TG_SHAPE, "its result changes shape with the values of its inputs");
  *value = 0;
  for (int64_t k = 0; k < n; k++) *value += tg_tensor_at(&c->w, k) * tg_tensor_at(&result, k);
  return isfinite(*value) || tgi_check_fail(c, TG_NOT_FINITE, "its result is not finite");
}

static bool value_of_s(tgi_check *c, double *value) {
  tg_mark mark = tg_tape_mark(c->t);
  tgi_arena_mark work = tgi_arena_mark_of(&c->t->work);
  tg_var *vars = work_of(c, (size_t)c->n * sizeof *vars), y;
  bool right = vars && tgi_check_record(c, vars, &y) && contract(c, y, value);
  tgi_arena_rewind(&c->t->work, work);
  tg_tape_rewind(c->t, mark);
  return right;
}

/* ---- gradients ---- */

/* The float inputs among vars; returns how many. */
static int pick_floats(const tgi_check *c, const tg_var vars[], tg_var picked[]) {
  int m = 0;
  for (int i = 0; i < c->n; i++)
    if (tg_dtype_is_float(c->x[i].dtype)) picked[m++] = vars[i];
  return m;
}

/* Their gradients one after another, as coordinates. */
static void read_coordinates(const tg_var dx[], int m, double out[]) {
  for (int i = 0; i < m; i++) {
    tg_tensor value = tgi_value(dx[i]);
    int64_t n = tg_tensor_numel(&value);
    for (int64_t k = 0; k < n; k++) *out++ = tg_tensor_at(&value, k);
  }
}

/* Constants with the shapes of vars, filled from coordinates. */
static void constants_of(tgi_check *c, const tg_var like[], int m, const double from[],
                         tg_var out[]) {
  for (int i = 0; i < m; i++) {
    tg_tensor value = tgi_value(like[i]), copy = value;
    tgi_set_contiguous(&copy);
    int64_t n = tg_tensor_numel(&value);
    copy.data = tgi_tape_work(c->t, tg_tensor_bytes(&value));
    for (int64_t k = 0; copy.data && k < n; k++) tg_tensor_put(&copy, k, *from++);
    out[i] = tg_constant(c->t, copy);
  }
}

/* What the vars of one recording are called. */
typedef struct recording {
  tg_var *vars, *x, *dx, *u, *second; /* [n] each */
  tg_var y[1], w[1];
  int m;
} recording;

/* fn at `at`, and the gradient of s there, all on the tape. */
static bool record_gradient(tgi_check *c, recording *r) {
  size_t n = (size_t)c->n;
  tg_var *memory = work_of(c, 5 * n * sizeof *memory);
  if (memory == NULL) return false;
  r->vars = memory, r->x = r->vars + n, r->dx = r->x + n, r->u = r->dx + n, r->second = r->u + n;
  if (!tgi_check_record(c, r->vars, r->y)) return false;
  r->m = pick_floats(c, r->vars, r->x);
  r->w[0] = tg_constant(c->t, c->w);
  if (tg_vjp(r->y, r->w, 1, r->x, r->m, r->dx) == TG_OK) return true;
  return tgi_check_fail(c, tg_tape_status(c->t), tg_tape_message(c->t));
}

/* <u, grad s>: a scalar function in its own right, whose gradient is the Hessian times u. */
static bool value_of_slope(tgi_check *c, double *value) {
  tg_mark mark = tg_tape_mark(c->t);
  tgi_arena_mark work = tgi_arena_mark_of(&c->t->work);
  recording r;
  bool right = record_gradient(c, &r);
  const double *u = c->u;
  *value = 0;
  for (int i = 0; right && i < r.m; i++) {
    tg_tensor dx = tgi_value(r.dx[i]);
    int64_t n = tg_tensor_numel(&dx);
    for (int64_t k = 0; k < n; k++) *value += *u++ * tg_tensor_at(&dx, k);
  }
  tgi_arena_rewind(&c->t->work, work);
  tg_tape_rewind(c->t, mark);
  if (right && !isfinite(*value))
    return tgi_check_fail(c, TG_NOT_FINITE, "its gradient is not finite");
  return right;
}

static double dot(const double a[], const double b[], int64_t n) {
  double sum = 0;
  for (int64_t k = 0; k < n; k++) sum += a[k] * b[k];
  return sum;
}

/* sum_i <a[i], b[i]> of vars and coordinates. */
static double dot_vars(const tg_var a[], int m, const double b[]) {
  double sum = 0;
  for (int i = 0; i < m; i++) {
    tg_tensor value = tgi_value(a[i]);
    int64_t n = tg_tensor_numel(&value);
    for (int64_t k = 0; k < n; k++) sum += tg_tensor_at(&value, k) * *b++;
  }
  return sum;
}

/* ---- the comparisons ---- */

/* Gradients by the plain sweep are those by the recorded one. */
static bool check_plain(tgi_check *c, const recording *r) {
  tg_tensor *dx = work_of(c, (size_t)c->n * sizeof *dx);
  if (dx == NULL) return false;
  for (int i = 0; i < r->m; i++) {
    dx[i] = tgi_value(r->x[i]);
    tgi_set_contiguous(&dx[i]);
    dx[i].data = work_of(c, tg_tensor_bytes(&dx[i]));
    if (dx[i].data == NULL) return false;
    memset(dx[i].data, 0, tg_tensor_bytes(&dx[i]));
  }
  if (tg_backward_into(r->y, r->w, 1, NULL, r->x, dx, r->m) != TG_OK)
    return tgi_check_fail(c, tg_tape_status(c->t), tg_tape_message(c->t));
  const double *g = c->g;
  for (int i = 0; i < r->m; i++)
    for (int64_t k = 0; k < tg_tensor_numel(&dx[i]); k++)
      if (!tgi_check_equal(c, "plain sweep", tg_tensor_at(&dx[i], k), *g++)) return false;
  return true;
}

/* <w, J d> = <J^T w, d> */
static bool check_jvp(tgi_check *c, const recording *r) {
  tg_var dy;
  constants_of(c, r->x, r->m, c->d, r->u);
  if (tg_jvp(r->y, 1, r->x, r->u, r->m, &dy) != TG_OK)
    return tgi_check_fail(c, tg_tape_status(c->t), tg_tape_message(c->t));
  double forward;
  if (!contract(c, dy, &forward)) return false;
  return tgi_check_equal(c, "jvp-vjp identity", forward, dot(c->g, c->d, c->total));
}

/* Reads the gradient of <u, grad s> by reverse over reverse, and compares it with forward over
   reverse. */
static bool check_second(tgi_check *c, const recording *r) {
  if (r->m == 0) return true;
  constants_of(c, r->x, r->m, c->u, r->u);
  if (tg_vjp(r->dx, r->u, r->m, r->x, r->m, r->second) != TG_OK)
    return tgi_check_fail(c, tg_tape_status(c->t), tg_tape_message(c->t));
  read_coordinates(r->second, r->m, c->h);
  constants_of(c, r->x, r->m, c->d, r->u);
  if (tg_jvp(r->dx, r->m, r->x, r->u, r->m, r->second) != TG_OK)
    return tgi_check_fail(c, tg_tape_status(c->t), tg_tape_message(c->t));
  return tgi_check_equal(c, "jvp of vjp", dot_vars(r->second, r->m, c->u),
                         dot(c->h, c->d, c->total));
}

/* All that one recording at x gives. */
static bool check_recording(tgi_check *c) {
  tg_mark mark = tg_tape_mark(c->t);
  tgi_arena_mark work = tgi_arena_mark_of(&c->t->work);
  recording r;
  bool right = record_gradient(c, &r);
  if (right) read_coordinates(r.dx, r.m, c->g);
  right = right && check_plain(c, &r) && check_jvp(c, &r);
  if (right && c->options.order > 1) right = check_second(c, &r);
  tgi_arena_rewind(&c->t->work, work);
  tg_tape_rewind(c->t, mark);
  return right;
}

static void check_all(tgi_check *c) {
  tgi_check_move(c, 0, 0, 0);
  bool right = tgi_check_functional(c, "vjp", value_of_s, NULL) && check_recording(c) &&
               tgi_check_functional(c, "vjp", value_of_s, c->g);
  if (right && c->options.order > 1) tgi_check_functional(c, "vjp of vjp", value_of_slope, c->h);
}

/* ---- preparation ---- */

static void fill_defaults(tgi_check *c, const tg_gradcheck_options *options) {
  tg_gradcheck_options *o = &c->options;
  if (options) *o = *options;
  if (o->step == 0) o->step = c->is_f32 ? 5e-3 : 1e-5;
  if (o->rtol == 0) o->rtol = c->is_f32 ? 3e-2 : 1e-6;
  if (o->atol == 0) o->atol = c->is_f32 ? 1e-3 : 1e-8;
  if (o->directions == 0) o->directions = 3;
  if (o->order == 0) o->order = 2;
}

static bool refuse_input(tgi_check *c, int i) {
  char text[64];
  snprintf(text, sizeof text, "x[%d] has no data, or a size that cannot be", i);
  return tgi_check_fail(c, TG_ARGUMENT, text);
}

static bool copy_inputs(tgi_check *c, const tg_tensor x[]) {
  c->x = tgi_arena_alloc(&c->arena, 2 * (size_t)c->n * sizeof *c->x);
  if (c->x == NULL) return tgi_check_fail(c, TG_NO_MEMORY, "out of memory");
  c->at = c->x + c->n;
  for (int i = 0; i < c->n; i++) {
    c->x[i] = x[i];
    if (x[i].data == NULL || !tgi_set_dims(&c->x[i], x[i].rank, x[i].dims))
      return refuse_input(c, i);
    c->x[i].data = tgi_arena_alloc(&c->arena, 2 * tg_tensor_bytes(&x[i]) + 1);
    if (c->x[i].data == NULL) return tgi_check_fail(c, TG_NO_MEMORY, "out of memory");
    tgi_copy(&c->x[i], &x[i]);
    c->at[i] = c->x[i];
    c->at[i].data = (char *)c->x[i].data + tg_tensor_bytes(&x[i]);
    tgi_copy(&c->at[i], &c->x[i]);
    c->is_f32 = c->is_f32 || x[i].dtype == TG_F32;
    if (tg_dtype_is_float(x[i].dtype)) c->total += tg_tensor_numel(&x[i]);
  }
  return true;
}

/* +-[0.5, 1]: no coordinate is left out. */
static double signed_number(tg_key key, int64_t k) {
  double u = tg_random_uniform(key, (uint64_t)k);
  return u < 0.5 ? -0.5 - u : u;
}

void tgi_check_directions(tgi_check *c, int k) {
  tg_key key = tg_key_fold(c->options.key, (uint64_t)k + 1);
  for (int64_t i = 0; i < c->total; i++) c->d[i] = c->d[i] == 0 ? 0 : signed_number(key, i);
}

static bool make_weights(tgi_check *c) {
  tg_var *vars = work_of(c, (size_t)c->n * sizeof *vars), y;
  if (vars == NULL || !tgi_check_record(c, vars, &y)) return false;
  c->w = tgi_value(y);
  tgi_set_contiguous(&c->w);
  c->w.data = tgi_arena_alloc(&c->arena, tg_tensor_bytes(&c->w));
  if (c->w.data == NULL) return tgi_check_fail(c, TG_NO_MEMORY, "out of memory");
  tg_key key = tg_key_fold(c->options.key, 0);
  for (int64_t k = 0; k < tg_tensor_numel(&c->w); k++)
    tg_tensor_put(&c->w, k, signed_number(key, k));
  tg_tape_reset(c->t);
  return true;
}

static bool prepare(tgi_check *c, const tg_tensor x[], const tg_gradcheck_options *options) {
  if (c->t == NULL) return tgi_check_fail(c, TG_NO_MEMORY, "out of memory");
  if (!copy_inputs(c, x)) return false;
  fill_defaults(c, options);
  size_t total = (size_t)c->total + 1;
  c->u = tgi_arena_alloc(&c->arena, 4 * total * sizeof *c->u);
  if (c->u == NULL) return tgi_check_fail(c, TG_NO_MEMORY, "out of memory");
  c->d = c->u + total, c->g = c->d + total, c->h = c->g + total;
  tg_key key = tg_key_fold(c->options.key, UINT64_MAX);
  for (int64_t k = 0; k < c->total; k++) c->u[k] = signed_number(key, k), c->d[k] = 1;
  tgi_check_directions(c, 0);
  return make_weights(c);
}

static tg_status status_of(const tg_gradcheck *result) {
  if (result->verdict == TG_CHECK_WRONG) return TG_STATE;
  return result->verdict == TG_CHECK_FAILED ? result->status : TG_OK;
}

tg_status tgi_check_run(tg_fn *fn, const tg_tensor x[], int n, void *user,
                        const tg_gradcheck_options *options, tg_gradcheck *result, bool blame) {
  *result = (tg_gradcheck){.op_node = -1, .operand = -1, .element = -1};
  const tg_runtime *runtime = options ? options->runtime : NULL;
  tgi_check c = {.fn = fn, .user = user, .n = n, .result = result};
  c.t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, NULL);
  tgi_arena_init(&c.arena, tgi_runtime(runtime), 0);
  if (prepare(&c, x, options)) check_all(&c);
  if (blame && result->verdict == TG_CHECK_WRONG) tgi_check_blame(&c);
  tg_tape_free(c.t);
  tgi_arena_free(&c.arena);
  return result->status = status_of(result);
}

tg_status tg_gradcheck_run(tg_fn *fn, const tg_tensor x[], int n, void *user,
                           const tg_gradcheck_options *options, tg_gradcheck *result) {
  return tgi_check_run(fn, x, n, user, options, result, true);
}
