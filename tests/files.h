/* What tests of files share: a folder of their own, whole files, an allocator that counts and fails
   on demand. */
#ifndef TESTS_FILES_H
#define TESTS_FILES_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "support.h"
#include "tapegrad/runtime.h"

/* ---- a folder for each test of a case ---- */

static char folder[64];

static inline void make_folder(void) {
  snprintf(folder, sizeof folder, "/tmp/tapegrad-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* The path of a file in it; valid until the fourth next call. */
static inline const char *in_folder(const char *name) {
  static char paths[4][512];
  static int turn;
  char *path = paths[turn = (turn + 1) % 4];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

/* Files in the folder. */
static inline int count_files(void) {
  DIR *dir = opendir(folder);
  int n = 0;
  for (struct dirent *e; (e = readdir(dir));) n += e->d_name[0] != '.';
  closedir(dir);
  return n;
}

static inline void remove_folder(void) {
  DIR *dir = opendir(folder);
  for (struct dirent *e; (e = readdir(dir));)
    if (e->d_name[0] != '.') unlink(in_folder(e->d_name));
  closedir(dir);
  ck_assert_int_eq(rmdir(folder), 0);
}

/* Files are as slow as the disk is: Meson's limit on the program holds, not Check's on one test. */
static inline void use_folder(TCase *t) {
  tcase_add_checked_fixture(t, make_folder, remove_folder);
  tcase_set_timeout(t, 0);
}

/* ---- whole files ---- */

/* Writes a file of the folder; returns its path. */
static inline const char *put_file(const char *name, const void *data, size_t size) {
  const char *path = in_folder(name);
  FILE *f = fopen(path, "wb");
  ck_assert_ptr_nonnull(f);
  ck_assert_uint_eq(fwrite(data, 1, size, f), size);
  fclose(f);
  return path;
}

static inline const char *put_text(const char *name, const char *text) {
  return put_file(name, text, strlen(text));
}

/* At most `room` bytes of a file; returns how many. */
static inline size_t get_file(const char *path, void *data, size_t room) {
  FILE *f = fopen(path, "rb");
  ck_assert_msg(f != NULL, "%s cannot be opened", path);
  size_t size = fread(data, 1, room, f);
  fclose(f);
  return size;
}

static inline bool file_exists(const char *path) { return access(path, R_OK) == 0; }

/* The path of a file of the shared data; NULL where it is absent. */
static inline const char *shared_file(const char *name) {
  static char path[512];
  const char *root = getenv("TAPEGRAD_SHARED");
  if (!root) return NULL;
  snprintf(path, sizeof path, "%s/data/%s", root, name);
  if (file_exists(path)) return path;
  snprintf(path, sizeof path, "%s/%s", root, name);
  return file_exists(path) ? path : NULL;
}

/* ---- an allocator that counts ---- */

typedef struct counted {
  int64_t blocks, calls, fail_at; /* blocks now; calls so far; the call that fails, from 1 */
  bool onward;                    /* and all after it */
} counted;

static inline void *counted_alloc(void *user, size_t size, size_t alignment) {
  counted *c = user;
  if (++c->calls == c->fail_at || (c->onward && c->calls > c->fail_at)) return NULL;
  c->blocks++;
  return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static inline void counted_free(void *user, void *block, size_t size) {
  (void)size;
  ((counted *)user)->blocks--;
  free(block);
}

/* A runtime of which c counts. */
static inline tg_runtime *counted_runtime(counted *c) {
  tg_runtime_options o = {.alloc = counted_alloc, .free = counted_free, .alloc_user = c};
  return tg_runtime_new(&o, NULL);
}

/* Runs work with the k-th allocation failing (onward: and all after it), for k = 1, 2, … until it
   makes fewer. It fails with TG_NO_MEMORY or does with less (an arena asks again), and nothing is
   ever left. Returns how often it failed. */
static inline int sweep_once(tg_status work(const tg_runtime *, tg_error *), bool onward) {
  int failures = 0;
  for (int k = 1;; k++) {
    counted c = {0};
    tg_runtime *runtime = counted_runtime(&c);
    int64_t before = c.blocks;
    c.fail_at = c.calls + k;
    c.onward = onward;
    tg_error error = {0};
    tg_status status = work(runtime, &error);
    ck_assert_msg(c.blocks == before, "allocation %d fails: %lld blocks are left", k,
                  (long long)(c.blocks - before));
    bool failed = c.calls >= c.fail_at;
    tg_runtime_free(runtime);
    ck_assert_msg(status == TG_OK || (failed && status == TG_NO_MEMORY),
                  "allocation %d fails: status %s", k, tg_status_name(status));
    ck_assert_int_eq(error.status, status);
    if (!failed) return failures;
    failures += status == TG_NO_MEMORY;
  }
}

static inline int sweep_failures(tg_status work(const tg_runtime *, tg_error *)) {
  sweep_once(work, false);
  return sweep_once(work, true);
}

/* ---- damage ---- */

/* Writes the damaged bytes to a file, reads it with a budget of `budget` bytes, and tells whether
   it was read. */
typedef bool damaged_fn(const char *path, const tg_runtime *runtime, tg_error *error);

static inline bool try_damaged(damaged_fn read, const void *data, size_t size, size_t budget) {
  tg_runtime_options o = {.byte_budget = budget};
  tg_runtime *runtime = tg_runtime_new(&o, NULL);
  tg_error error = {0};
  bool fine = read(put_file("damaged", data, size), runtime, &error);
  tg_runtime_free(runtime);
  ck_assert_msg(fine || (error.status != TG_OK && error.status != TG_NO_MEMORY),
                "%zu bytes: status %s: %s", size, tg_status_name(error.status), error.message);
  ck_assert_msg(fine || strchr(error.message, '\n') == NULL, "a newline in: %s", error.message);
  return fine;
}

/* Every proper beginning of a valid file is refused. */
static inline void try_truncations(damaged_fn read, const void *data, size_t size, size_t budget) {
  ck_assert(try_damaged(read, data, size, budget));
  for (size_t n = 0; n < size; n++)
    ck_assert_msg(!try_damaged(read, data, n, budget), "%zu of %zu bytes were accepted", n, size);
}

/* Every byte of the first `header` ones, replaced by a few values: nothing crashes, nothing large
   is allocated. Returns how many of the files were refused. */
static inline int try_flips(damaged_fn read, const void *data, size_t size, size_t header,
                            size_t budget) {
  static unsigned char bytes[4096];
  ck_assert_uint_le(size, sizeof bytes);
  int refused = 0;
  for (size_t i = 0; i < header; i++) {
    memcpy(bytes, data, size);
    const unsigned char values[] = {0, 255, '"', '9', '-', (unsigned char)(bytes[i] ^ 1)};
    for (size_t k = 0; k < sizeof values; k++) {
      bytes[i] = values[k];
      refused += !try_damaged(read, bytes, size, budget);
    }
  }
  return refused;
}

#endif
