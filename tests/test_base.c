/* lib/base: statuses, runtime, memory, arenas, threads. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "support.h"
#include "tapegrad/version.h"

/* ---- an allocator that counts ---- */

typedef struct ledger {
  int64_t blocks, bytes, calls;
  int64_t fail_at; /* the call that fails; 0: none */
} ledger;

static void *ledger_alloc(void *user, size_t size, size_t alignment) {
  ledger *l = user;
  if (++l->calls == l->fail_at) return NULL;
  l->blocks++;
  l->bytes += (int64_t)size;
  return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void ledger_free(void *user, void *block, size_t size) {
  ledger *l = user;
  l->blocks--;
  l->bytes -= (int64_t)size;
  free(block);
}

static tg_runtime *counted_runtime(ledger *l, tg_runtime_options o) {
  o.alloc = ledger_alloc;
  o.free = ledger_free;
  o.alloc_user = l;
  tg_runtime *r = tg_runtime_new(&o, NULL);
  ck_assert_ptr_nonnull(r);
  return r;
}

/* ---- statuses and text ---- */

START_TEST(test_version) {
  char text[32];
  snprintf(text, sizeof text, "%d.%d.%d", TG_VERSION_MAJOR, TG_VERSION_MINOR, TG_VERSION_PATCH);
  ck_assert_str_eq(text, TG_VERSION);
  ck_assert_str_eq(text, tg_version());
}
END_TEST

START_TEST(test_status_names) {
  ck_assert_str_eq(tg_status_name(TG_NO_MEMORY), "NO_MEMORY");
  ck_assert_str_eq(tg_status_text(TG_SHAPE), "shapes do not fit");
  ck_assert_str_eq(tg_status_name(TG_STATUS_COUNT), "?");
  ck_assert_str_eq(tg_status_text((tg_status)-1), "?");
}
END_TEST

START_TEST(test_error_is_cut_at_its_size) {
  char text[2 * TG_MESSAGE_SIZE];
  memset(text, 'x', sizeof(text) - 1);
  text[sizeof(text) - 1] = 0;
  tg_error e = {0};
  ck_assert_int_eq(tgi_error(&e, TG_FILE, "%d %s", 7, text), TG_FILE);
  ck_assert_int_eq(e.status, TG_FILE);
  ck_assert_uint_eq(strlen(e.message), TG_MESSAGE_SIZE - 1);
  ck_assert_int_eq(tgi_error(NULL, TG_INDEX, "nowhere"), TG_INDEX);
}
END_TEST

START_TEST(test_text_counts_past_its_end) {
  char buffer[6] = "-----";
  tgi_text b = {.text = buffer, .size = sizeof(buffer)};
  tgi_text_add(&b, "%s", "abc");
  tgi_text_add(&b, "%s", "defg");
  tgi_text_add(&b, "%d", 12);
  ck_assert_str_eq(buffer, "abcde");
  ck_assert_uint_eq(b.length, 9);
  tgi_text none = {0};
  tgi_text_add(&none, "%d", 123);
  ck_assert_uint_eq(none.length, 3);
}
END_TEST

/* ---- the runtime ---- */

START_TEST(test_runtime_null_is_defaults) {
  const tg_runtime *r = tgi_runtime(NULL);
  ck_assert_ptr_nonnull(r);
  ck_assert_int_eq(tg_runtime_threads(NULL), 1);
  ck_assert_int_ne(tg_runtime_isa(NULL), TG_ISA_BEST);
  ck_assert_int_eq(tgi_runtime_gemm(NULL), TG_GEMM_AUTO);
  void *block = tgi_alloc(r, 100);
  ck_assert_uint_eq((uintptr_t)block % 64, 0);
  tgi_free(r, block, 100);
  ck_assert_uint_eq(tg_runtime_bytes(r), 0);
  ck_assert_uint_eq(tg_runtime_bytes(NULL), 0);
  ck_assert_ptr_null(tgi_alloc(NULL, SIZE_MAX));
}
END_TEST

static void expect_refused(tg_runtime_options o, tg_status status) {
  tg_error e = {0};
  ck_assert_ptr_null(tg_runtime_new(&o, &e));
  ck_assert_int_eq(e.status, status);
  ck_assert_uint_gt(strlen(e.message), 0);
}

START_TEST(test_runtime_refuses_bad_options) {
  expect_refused((tg_runtime_options){.alloc = ledger_alloc}, TG_ARGUMENT);
  expect_refused((tg_runtime_options){.free = ledger_free}, TG_ARGUMENT);
  expect_refused((tg_runtime_options){.threads = -1}, TG_ARGUMENT);
  expect_refused((tg_runtime_options){.threads = 1 << 20}, TG_ARGUMENT);
  expect_refused((tg_runtime_options){.isa = TG_ISA_COUNT}, TG_ARGUMENT);
  expect_refused((tg_runtime_options){.gemm = (tg_gemm_backend)9}, TG_ARGUMENT);
#ifndef TGI_HAVE_BLAS
  expect_refused((tg_runtime_options){.gemm = TG_GEMM_BLAS}, TG_UNSUPPORTED);
#endif
}
END_TEST

START_TEST(test_runtime_isa_is_at_most_the_asked) {
  tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.isa = TG_ISA_BASE}, NULL);
  ck_assert_int_eq(tg_runtime_isa(r), TG_ISA_BASE);
  tg_runtime_free(r);
  r = tg_runtime_new(&(tg_runtime_options){.isa = TG_ISA_AVX512}, NULL);
  ck_assert_int_eq(tg_runtime_isa(r), tg_runtime_isa(NULL));
  tg_runtime_free(r);
  ck_assert_str_eq(tg_isa_name(TG_ISA_AVX2), "avx2");
  ck_assert_str_eq(tg_isa_name(TG_ISA_COUNT), "?");
}
END_TEST

static void keep_line(void *user, const char *line) { strcpy(user, line); }

START_TEST(test_log_reaches_its_hook) {
  char line[TG_MESSAGE_SIZE] = "";
  tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.log = keep_line, .log_user = line}, NULL);
  tgi_log(r, "step %d", 3);
  ck_assert_str_eq(line, "step 3");
  tgi_log(NULL, "nobody listens");
  tg_runtime_free(r);
}
END_TEST

/* ---- memory ---- */

START_TEST(test_large_blocks_lie_in_huge_pages) {
  enum { SIZE = (2 << 20) + 1, HUGE_PAGE = 2 << 20 };
  char *x = tgi_alloc(NULL, SIZE);
  ck_assert_ptr_nonnull(x);
#if defined(__linux__)
  ck_assert_uint_eq((uintptr_t)x % HUGE_PAGE, 0);
#endif
  x[0] = x[SIZE - 1] = 1;
  tgi_free(NULL, x, SIZE);
}
END_TEST

START_TEST(test_memory_is_counted_and_balanced) {
  ledger l = {0};
  tg_runtime *r = counted_runtime(&l, (tg_runtime_options){.threads = 3});
  void *a = tgi_alloc(r, 1000), *b = tgi_alloc(r, 500);
  ck_assert_uint_eq(tg_runtime_bytes(r), 1500);
  tgi_free(r, a, 1000);
  ck_assert_uint_eq(tg_runtime_bytes(r), 500);
  ck_assert_uint_eq(tg_runtime_peak_bytes(r), 1500);
  tgi_free(r, b, 500);
  tgi_free(r, NULL, 7);
  ck_assert_ptr_null(tgi_alloc(r, 0));
  ck_assert_uint_eq(tg_runtime_bytes(r), 0);
  tg_runtime_free(r);
  ck_assert_int_eq(l.blocks, 0);
  ck_assert_int_eq(l.bytes, 0);
}
END_TEST

START_TEST(test_memory_budget_holds) {
  tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.byte_budget = 1000}, NULL);
  void *a = tgi_alloc(r, 600);
  ck_assert_ptr_nonnull(a);
  ck_assert_ptr_null(tgi_alloc(r, 401));
  ck_assert_ptr_null(tgi_alloc(r, SIZE_MAX));
  void *b = tgi_alloc(r, 400);
  ck_assert_ptr_nonnull(b);
  tgi_free(r, a, 600);
  tgi_free(r, b, 400);
  ck_assert_uint_eq(tg_runtime_peak_bytes(r), 1000);
  tg_runtime_free(r);
}
END_TEST

START_TEST(test_memory_failed_hook_is_not_counted) {
  ledger l = {.fail_at = 2};
  tg_runtime *r = counted_runtime(&l, (tg_runtime_options){0});
  ck_assert_ptr_null(tgi_alloc(r, 100));
  ck_assert_uint_eq(tg_runtime_bytes(r), 0);
  ck_assert_uint_eq(tg_runtime_peak_bytes(r), 0);
  tg_runtime_free(r);
}
END_TEST

START_TEST(test_runtime_fails_cleanly_without_memory) {
  for (int64_t k = 1; k <= 2; k++) {
    ledger l = {.fail_at = k};
    tg_runtime_options o = {
        .alloc = ledger_alloc, .free = ledger_free, .alloc_user = &l, .threads = 2};
    expect_refused(o, TG_NO_MEMORY);
    ck_assert_int_eq(l.blocks, 0);
  }
}
END_TEST

START_TEST(test_grow_keeps_content_and_doubles) {
  ledger l = {0};
  tg_runtime *r = counted_runtime(&l, (tg_runtime_options){0});
  int64_t calls = l.calls;
  int *array = NULL;
  size_t capacity = 0;
  for (int i = 0; i < 1000; i++) {
    ck_assert(tgi_grow(r, &array, &capacity, (size_t)i + 1, sizeof(*array)));
    array[i] = i;
  }
  for (int i = 0; i < 1000; i++) ck_assert_int_eq(array[i], i);
  ck_assert_int_le(l.calls - calls, 11);
  size_t before = capacity;
  ck_assert(!tgi_grow(r, &array, &capacity, SIZE_MAX / 2, sizeof(*array)));
  ck_assert_uint_eq(capacity, before);
  tgi_free(r, array, capacity * sizeof(*array));
  ck_assert_uint_eq(tg_runtime_bytes(r), 0);
  tg_runtime_free(r);
}
END_TEST

/* ---- arenas ---- */

/* A pass of many sizes with inner rewinds; every piece is written whole. */
static bool arena_pass(tgi_arena *a) {
  uint32_t state = 1;
  for (int i = 0; i < 3000; i++) {
    state = state * 1664525u + 1013904223u;
    size_t size = (state >> 8) % (i % 50 == 0 ? 1000000 : 700);
    tgi_arena_mark mark = tgi_arena_mark_of(a);
    char *piece = tgi_arena_alloc(a, size);
    if (!piece) return false;
    ck_assert_uint_eq((uintptr_t)piece % (size < 64 ? 16 : 64), 0);
    memset(piece, i & 0xff, size);
    if (i % 3 == 0) tgi_arena_rewind(a, mark);
  }
  return true;
}

START_TEST(test_arena_second_pass_allocates_nothing) {
  ledger l = {0};
  tg_runtime *r = counted_runtime(&l, (tg_runtime_options){0});
  tgi_arena a;
  tgi_arena_init(&a, r, 0);
  tgi_arena_mark start = tgi_arena_mark_of(&a);
  ck_assert(arena_pass(&a));
  for (int pass = 0; pass < 3; pass++) {
    int64_t calls = l.calls;
    tgi_arena_rewind(&a, start);
    ck_assert(arena_pass(&a));
    ck_assert_int_eq(l.calls, calls);
  }
  tgi_arena_free(&a);
  ck_assert_uint_eq(tg_runtime_bytes(r), 0);
  tg_runtime_free(r);
  ck_assert_int_eq(l.blocks, 0);
}
END_TEST

START_TEST(test_arena_pieces_do_not_overlap) {
  enum { COUNT = 2000 };
  tgi_arena a;
  tgi_arena_init(&a, NULL, 0);
  unsigned char *piece[COUNT];
  for (int i = 0; i < COUNT; i++) {
    piece[i] = tgi_arena_alloc(&a, (size_t)i);
    memset(piece[i], i & 0xff, (size_t)i);
  }
  for (int i = 0; i < COUNT; i++)
    for (int j = 0; j < i; j++) ck_assert_uint_eq(piece[i][j], (unsigned)(i & 0xff));
  tgi_arena_free(&a);
}
END_TEST

START_TEST(test_arena_rewind_gives_the_same_place) {
  tgi_arena a;
  tgi_arena_init(&a, NULL, 0);
  tgi_arena_alloc(&a, 100);
  tgi_arena_mark mark = tgi_arena_mark_of(&a);
  void *first = tgi_arena_alloc(&a, 64);
  tgi_arena_alloc(&a, 40 << 20);
  tgi_arena_alloc(&a, 10);
  tgi_arena_rewind(&a, mark);
  ck_assert_ptr_eq(tgi_arena_alloc(&a, 64), first);
  ck_assert_ptr_nonnull(tgi_arena_alloc(&a, 0));
  tgi_arena_free(&a);
  ck_assert_uint_eq(a.bytes, 0);
}
END_TEST

/* Bytes that n pieces of one size make an arena hold. */
static size_t held_for(int n, size_t size) {
  tgi_arena a;
  tgi_arena_init(&a, NULL, 0);
  for (int i = 0; i < n; i++) ck_assert_ptr_nonnull(tgi_arena_alloc(&a, size));
  size_t bytes = a.bytes;
  tgi_arena_free(&a);
  return bytes;
}

/* Up to 4 MB an arena may hold twice what it handed out. */
START_TEST(test_arena_holds_little_more_than_it_hands_out) {
  static const size_t sizes[] = {1000, 20000, 131072, 700000, 1100000, 2100000, 4000000, 4194304};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
    for (size_t total = 30 << 20; total < 200 << 20; total *= 2) {
      const size_t n = total / sizes[k];
      ck_assert_uint_le(held_for((int)n, sizes[k]), n * sizes[k] / 4 * 5 + (4 << 20));
    }
  ck_assert_uint_le(held_for(7, 4000000), 7 * (4 << 20) + (64 << 10));
}
END_TEST

START_TEST(test_arena_budgets) {
  tgi_arena a;
  tgi_arena_init(&a, NULL, 100000);
  ck_assert_ptr_null(tgi_arena_alloc(&a, 200000));
  ck_assert_ptr_nonnull(tgi_arena_alloc(&a, 60000));
  ck_assert_ptr_nonnull(tgi_arena_alloc(&a, 30000));
  ck_assert_ptr_null(tgi_arena_alloc(&a, 60000));
  ck_assert_uint_le(a.bytes, 100000);
  ck_assert_ptr_null(tgi_arena_alloc(&a, SIZE_MAX));
  ck_assert_ptr_null(tgi_arena_alloc(&a, SIZE_MAX - 63));
  tgi_arena_free(&a);

  tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.byte_budget = 70000}, NULL);
  tgi_arena_init(&a, r, 0);
  ck_assert_ptr_nonnull(tgi_arena_alloc(&a, 100));
  ck_assert_ptr_null(tgi_arena_alloc(&a, 66000));
  tgi_arena_free(&a);
  tg_runtime_free(r);
}
END_TEST

/* Only AddressSanitizer can tell; elsewhere there is nothing to see. */
START_TEST(test_arena_poisons_what_is_given_back) {
#ifdef TGI_ASAN
  tgi_arena a;
  tgi_arena_init(&a, NULL, 0);
  tgi_arena_mark start = tgi_arena_mark_of(&a);
  char *piece = tgi_arena_alloc(&a, 100), *far = tgi_arena_alloc(&a, 1 << 20);
  ck_assert(!__asan_address_is_poisoned(piece + 99) && __asan_address_is_poisoned(piece + 100));
  tgi_arena_rewind(&a, start);
  ck_assert(__asan_address_is_poisoned(piece) && __asan_address_is_poisoned(far));
  ck_assert_ptr_eq(tgi_arena_alloc(&a, 10), piece);
  ck_assert(!__asan_address_is_poisoned(piece + 9) && __asan_address_is_poisoned(piece + 10));
  tgi_arena_free(&a);
#endif
}
END_TEST

/* ---- threads ---- */

enum { WORK = 10007 };

typedef struct job {
  const tg_runtime *runtime;
  int64_t count[WORK]; /* how often each index came */
} job;

static void count_index(void *user, int64_t i) { ((job *)user)->count[i]++; }

static void expect_each_once(const tg_runtime *r, int64_t n) {
  static job j; /* big */
  memset(&j, 0, sizeof(j));
  tgi_parallel(r, n, count_index, &j);
  for (int64_t i = 0; i < n; i++) ck_assert_int_eq(j.count[i], 1);
}

START_TEST(test_parallel_visits_each_index_once) {
  for (int threads = 1; threads <= 5; threads++) {
    tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.threads = threads}, NULL);
    ck_assert_int_eq(tg_runtime_threads(r), threads);
    for (int pass = 0; pass < 200; pass++) expect_each_once(r, pass * 7);
    expect_each_once(r, WORK);
    usleep(2000); /* the workers fall asleep */
    expect_each_once(r, WORK);
    tg_runtime_free(r);
  }
  expect_each_once(NULL, 100);
}
END_TEST

static void count_inner(void *user, int64_t i) { ((int64_t *)user)[i] += i; }

static void nest(void *user, int64_t i) {
  job *j = user;
  int64_t inner[10] = {0};
  tgi_parallel(j->runtime, 10, count_inner, inner);
  for (int k = 0; k < 10; k++) j->count[i] += inner[k];
}

START_TEST(test_parallel_nests) {
  tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.threads = 4}, NULL);
  static job j;
  j.runtime = r;
  tgi_parallel(r, 1000, nest, &j);
  for (int i = 0; i < 1000; i++) ck_assert_int_eq(j.count[i], 45);
  tg_runtime_free(r);
}
END_TEST

static void use_pool_of_other(void *user, int64_t i) {
  job *j = user;
  for (int pass = 0; pass < 50; pass++) {
    int64_t inner[10] = {0};
    tgi_parallel(j->runtime, 10, count_inner, inner);
    for (int k = 0; k < 10; k++) j->count[i] += inner[k];
  }
}

START_TEST(test_parallel_serves_several_threads) {
  tg_runtime *shared = tg_runtime_new(&(tg_runtime_options){.threads = 3}, NULL);
  tg_runtime *callers = tg_runtime_new(&(tg_runtime_options){.threads = 4}, NULL);
  static job j;
  j.runtime = shared;
  tgi_parallel(callers, 200, use_pool_of_other, &j);
  for (int i = 0; i < 200; i++) ck_assert_int_eq(j.count[i], 45 * 50);
  tg_runtime_free(callers);
  tg_runtime_free(shared);
}
END_TEST

START_TEST(test_parallel_survives_fork) {
  tg_runtime *r = tg_runtime_new(&(tg_runtime_options){.threads = 4}, NULL);
  expect_each_once(r, 100);
  pid_t child = fork();
  ck_assert_int_ge(child, 0);
  if (child == 0) {
    static job j;
    tgi_parallel(r, 100, count_index, &j);
    int64_t sum = 0;
    for (int i = 0; i < 100; i++) sum += j.count[i];
    tg_runtime_free(r);
    _exit(sum == 100 ? 42 : 1);
  }
  int status;
  ck_assert_int_eq(waitpid(child, &status, 0), child);
  ck_assert(WIFEXITED(status));
  ck_assert_int_eq(WEXITSTATUS(status), 42);
  expect_each_once(r, 100);
  tg_runtime_free(r);
}
END_TEST

int main(void) {
  Suite *suite = suite_create("base");
  TCase *c = tcase_create("base");
  tcase_set_timeout(c, 60);
  tcase_add_test(c, test_version);
  tcase_add_test(c, test_status_names);
  tcase_add_test(c, test_error_is_cut_at_its_size);
  tcase_add_test(c, test_text_counts_past_its_end);
  tcase_add_test(c, test_runtime_null_is_defaults);
  tcase_add_test(c, test_runtime_refuses_bad_options);
  tcase_add_test(c, test_runtime_isa_is_at_most_the_asked);
  tcase_add_test(c, test_log_reaches_its_hook);
  tcase_add_test(c, test_large_blocks_lie_in_huge_pages);
  tcase_add_test(c, test_memory_is_counted_and_balanced);
  tcase_add_test(c, test_memory_budget_holds);
  tcase_add_test(c, test_memory_failed_hook_is_not_counted);
  tcase_add_test(c, test_runtime_fails_cleanly_without_memory);
  tcase_add_test(c, test_grow_keeps_content_and_doubles);
  tcase_add_test(c, test_arena_second_pass_allocates_nothing);
  tcase_add_test(c, test_arena_pieces_do_not_overlap);
  tcase_add_test(c, test_arena_rewind_gives_the_same_place);
  tcase_add_test(c, test_arena_holds_little_more_than_it_hands_out);
  tcase_add_test(c, test_arena_budgets);
  tcase_add_test(c, test_arena_poisons_what_is_given_back);
  tcase_add_test(c, test_parallel_visits_each_index_once);
  tcase_add_test(c, test_parallel_nests);
  tcase_add_test(c, test_parallel_serves_several_threads);
  tcase_add_test(c, test_parallel_survives_fork);
  suite_add_tcase(suite, c);
  return run_suite(suite);
}
