/* Cases: inputs spread over a sample's range by a hash, memory that ends with the case, and the
   words of a failure. */
#include <stdarg.h>

#include "cases.h"

/* ---- memory ---- */

typedef struct block {
  struct block *next;
  _Alignas(64) char memory[];
} block;

static void *keep(op_case *c, size_t size) {
  size_t all = (sizeof(block) + size + 63) / 64 * 64;
  block *b = aligned_alloc(64, all);
  if (b == NULL) abort();
  memset(b, 0, all);
  b->next = c->blocks;
  c->blocks = b;
  return b->memory;
}

tg_tensor case_tensor(op_case *c, tg_dtype dtype, int rank, const int64_t dims[]) {
  tg_tensor x = tg_tensor_of(c, dtype, rank, dims);
  x.data = keep(c, tg_tensor_bytes(&x));
  return x;
}

tg_tensor case_like(op_case *c, const tg_tensor *like) {
  return case_tensor(c, like->dtype, like->rank, like->dims);
}

tg_tensor case_cast(op_case *c, const tg_tensor *x, tg_dtype dtype) {
  tg_tensor y = case_tensor(c, dtype, x->rank, x->dims);
  tg_tensor_copy(&y, x);
  return y;
}

tg_tensor case_copy(op_case *c, const tg_tensor *x) { return case_cast(c, x, x->dtype); }

tg_tensor case_random(op_case *c, const tg_tensor *like, uint64_t stream) {
  tg_tensor x = case_like(c, like);
  tg_fill_uniform(x, tg_key_fold((tg_key){.seed = 7}, stream), -1, 1);
  return x;
}

/* ---- inputs ---- */

static tg_key key_of(const char *name, int sample, int operand, uint64_t turn) {
  uint64_t hash = 1469598103934665603u ^ turn; /* FNV-1a */
  for (; *name; name++) hash = (hash ^ (uint64_t)(unsigned char)*name) * 1099511628211u;
  return (tg_key){.seed = hash, .stream = (uint64_t)sample * TG_SAMPLE_INPUTS + (uint64_t)operand};
}

static double away_from_kinks(const tg_sample *sample, double x) {
  for (int k = 0; k < sample->n_kinks; k++) {
    double distance = x - sample->kinks[k];
    if (fabs(distance) < 0.05) return sample->kinks[k] + (distance < 0 ? -0.05 : 0.05);
  }
  return x;
}

/* Integers have both ends among them; a range without an integer gives the one below. */
static double number(const tg_sample *sample, const tg_sample_input *in, tg_dtype dtype, double u) {
  if (tg_dtype_is_float(dtype)) return away_from_kinks(sample, in->low + u * (in->high - in->low));
  double low = ceil(in->low), high = floor(in->high);
  if (high < low) return high;
  double x = low + floor(u * (high - low + 1));
  return dtype == TG_U8 || dtype == TG_BOOL ? fmax(x, 0) : x;
}

tg_tensor case_input(op_case *c, int i, uint64_t turn) {
  const tg_sample_input *in = &c->sample->in[i];
  tg_dtype dtype = in->dtype == TG_DTYPE_NONE ? c->dtype : in->dtype;
  tg_tensor x = case_tensor(c, dtype, in->rank, in->dims);
  tg_key key = key_of(c->op->name, c->index, i, turn);
  int64_t n = tg_tensor_numel(&x);
  for (int64_t k = 0; k < n; k++) {
    double value = number(c->sample, in, dtype, tg_random_uniform(key, (uint64_t)k));
    tg_tensor_put(&x, k, dtype == TG_BOOL ? value != 0 : value);
  }
  return x;
}

/* ---- cases ---- */

static tg_dtype first_dtype(uint32_t dtypes) {
  if (dtypes >> TG_F64 & 1) return TG_F64;
  for (int dtype = 1; dtype < TG_DTYPE_COUNT; dtype++)
    if (dtypes >> dtype & 1) return (tg_dtype)dtype;
  return TG_F64;
}

/* A sample whose dtypes are all given, or that is refused, is one case and not one per dtype. */
static bool takes(const tg_op *op, const tg_sample *sample, tg_dtype dtype) {
  bool open = false;
  for (int i = 0; i < sample->n; i++) open = open || sample->in[i].dtype == TG_DTYPE_NONE;
  if (!open || sample->refuse != TG_OK) return dtype == first_dtype(op->dtypes);
  return op->dtypes >> dtype & 1;
}

bool case_begin(op_case *c, const tg_op *op, int index, tg_dtype dtype, const tg_runtime *runtime) {
  return case_begin_sample(c, op, index, &op->samples[index], dtype, runtime);
}

bool case_begin_sample(op_case *c, const tg_op *op, int index, const tg_sample *sample,
                       tg_dtype dtype, const tg_runtime *runtime) {
  if (!takes(op, sample, dtype)) return false;
  *c = (op_case){.op = op, .index = index, .dtype = dtype, .sample = sample, .n = sample->n};
  for (int i = 0; i < c->n; i++) c->in[i] = case_input(c, i, 0);
  c->t = tg_tape_new(&(tg_tape_options){.runtime = runtime}, NULL);
  if (c->t == NULL) abort();
  return true;
}

void case_end(op_case *c) {
  tg_tape_free(c->t);
  for (block *b = c->blocks, *next; b; b = next) {
    next = b->next;
    free(b);
  }
}

void case_fail(op_case *c, const char *format, ...) {
  if (case_failed(c)) return;
  int used = snprintf(c->failure, sizeof c->failure, "%s sample %d %s: ", c->op->name, c->index,
                      tg_dtype_name(c->dtype));
  va_list list;
  va_start(list, format);
  vsnprintf(c->failure + used, sizeof c->failure - (size_t)used, format, list);
  va_end(list);
}

/* ---- evaluation ---- */

tg_var case_apply(op_case *c, const tg_tensor in[], tg_var x[]) {
  for (int i = 0; i < c->n; i++) x[i] = tg_leaf(c->t, in[i]);
  tg_var y = tg_apply_on(c->t, c->op, x, c->n, c->sample->attrs);
  if (tg_tape_status(c->t) != TG_OK) case_fail(c, "refused: %s", tg_tape_message(c->t));
  return y;
}

bool op_is_elementwise(const tg_op *op) {
  return op->jvp == tg_jvp_elementwise || (op->jvp == tg_jvp_zero && op->shape != NULL);
}

static tg_vjp_fn *rule_of(const tg_op *op, int i) {
  return op->vjp[i < TG_MAX_RULES && op->vjp[i] ? i : 0];
}

bool case_is_differentiable(const op_case *c, int i) {
  return tg_dtype_is_float(c->in[i].dtype) && rule_of(c->op, i) != tg_vjp_none;
}

bool case_is_constant(const op_case *c, const tg_tensor *y) {
  bool any = false;
  for (int i = 0; i < c->n; i++) any = any || case_is_differentiable(c, i);
  return !any || c->op->flags & TG_OP_CONST || !tg_dtype_is_float(y->dtype);
}
