/* Which samples a step takes. */
#include "base/base.h"
#include "tapegrad/data.h"

struct tg_batches {
  const tg_runtime *runtime;
  tg_batches_options options; /* size > 0 where n > 0 */
  int64_t n, count;           /* samples; batches in an epoch */
  int64_t epoch;              /* of which `order` is the order; -1: none */
  int64_t *order;             /* [n] */
};

static void set_order(tg_batches *b, int64_t epoch) {
  if (b->epoch == epoch) return;
  if (b->options.shuffle)
    tg_random_permutation(tg_key_fold(b->options.key, (uint64_t)epoch), b->n, b->order);
  else if (b->epoch < 0)
    for (int64_t i = 0; i < b->n; i++) b->order[i] = i;
  b->epoch = epoch;
}

static int64_t count_batches(const tg_batches *b) {
  if (b->n == 0) return 0;
  int64_t size = b->options.size, whole = b->n / size;
  return whole + (b->n % size != 0 && !b->options.drop_last);
}

tg_batches *tg_batches_new(int64_t n, const tg_batches_options *options, const tg_runtime *runtime,
                           tg_error *error) {
  tg_batches_options o = options ? *options : (tg_batches_options){0};
  int64_t bytes;
  if (n < 0 || o.size < 0 || !tgi_mul_size(n, (int64_t)sizeof(int64_t), &bytes)) {
    tgi_error(error, TG_ARGUMENT, "batches: %lld samples in batches of %lld, expected 0 or more",
              (long long)n, (long long)o.size);
    return NULL;
  }
  if (o.size == 0) o.size = n;
  runtime = tgi_runtime(runtime);
  tg_batches *b = tgi_alloc(runtime, sizeof *b);
  int64_t *order = tgi_alloc(runtime, (size_t)bytes);
  if (!b || (n > 0 && !order)) {
    tgi_free(runtime, order, (size_t)bytes);
    tgi_free(runtime, b, sizeof *b);
    tgi_error(error, TG_NO_MEMORY, "batches: no memory for an order of %lld samples", (long long)n);
    return NULL;
  }
  *b = (tg_batches){.runtime = runtime, .options = o, .n = n, .epoch = -1, .order = order};
  b->count = count_batches(b);
  return b;
}

void tg_batches_free(tg_batches *b) {
  if (!b) return;
  tgi_free(b->runtime, b->order, (size_t)b->n * sizeof *b->order);
  tgi_free(b->runtime, b, sizeof *b);
}

int64_t tg_batches_count(const tg_batches *b) { return b->count; }

tg_batch tg_batches_at(tg_batches *b, int64_t step) {
  if (step < 0 || b->count == 0) return (tg_batch){0};
  tg_batch batch = {.epoch = step / b->count, .index = step % b->count};
  int64_t first = batch.index * b->options.size, left = b->n - first;
  set_order(b, batch.epoch);
  batch.n = left < b->options.size ? left : b->options.size;
  batch.rows = b->order + first;
  return batch;
}
