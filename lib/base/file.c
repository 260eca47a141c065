/* Files read whole, and the words for what went wrong with them. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- bytes that grow ---- */

bool tgi_bytes_reserve(tgi_bytes *b, size_t more) {
  size_t need;
  if (__builtin_add_overflow(b->size, more, &need)) return false;
  if (need <= b->capacity) return true;
  return tgi_grow(b->runtime, &b->data, &b->capacity, need, 1);
}

bool tgi_bytes_add(tgi_bytes *b, const void *data, size_t size) {
  if (size == 0) return true;
  if (!tgi_bytes_reserve(b, size)) return false;
  memcpy(b->data + b->size, data, size);
  b->size += size;
  return true;
}

void tgi_bytes_free(tgi_bytes *b) {
  tgi_free(b->runtime, b->data, b->capacity);
  *b = (tgi_bytes){.runtime = b->runtime};
}

/* ---- errors about files ---- */

enum { PATH_SHOWN = 200 };

tg_status tgi_file_error(tg_error *error, tg_status status, const char *path, const char *format,
                         ...) {
  char sentence[TG_MESSAGE_SIZE];
  va_list args;
  va_start(args, format);
  vsnprintf(sentence, sizeof sentence, format, args);
  va_end(args);
  size_t length = strlen(path);
  bool cut = length > PATH_SHOWN;
  return tgi_error(error, status, "%s%s: %s", cut ? "..." : "",
                   cut ? path + length - PATH_SHOWN : path, sentence);
}

tgi_shown tgi_show(const char *text, size_t length) {
  tgi_shown shown;
  size_t room = sizeof shown.text - 1, n = length < room ? length : room;
  for (size_t i = 0; i < n; i++) {
    bool plain = text[i] >= ' ' && text[i] <= '~';
    shown.text[i] = '?';
    if (plain) shown.text[i] = text[i];
  }
  if (length > room) memcpy(shown.text + room - 3, "...", 3);
  shown.text[n] = 0;
  return shown;
}

/* ---- reading ---- */

enum { READ_AT_LEAST = 4096 };

static tg_status no_memory(const char *path, tg_error *error) {
  return tgi_file_error(error, TG_NO_MEMORY, path, "no memory to read it");
}

/* Reads to the end. A regular file of the size that fstat tells is read into one block of that size
   and the ending 0; others, and files that grow meanwhile, into a block that doubles. */
static tg_status read_all(int fd, const char *path, tgi_bytes *b, tg_error *error) {
  struct stat status;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
    if (!tgi_bytes_reserve(b, (size_t)status.st_size + 1)) return no_memory(path, error);
  for (;;) {
    if (b->size == b->capacity && !tgi_bytes_reserve(b, READ_AT_LEAST))
      return no_memory(path, error);
    ssize_t got = read(fd, b->data + b->size, b->capacity - b->size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return tgi_file_error(error, TG_FILE, path, "cannot be read: %s", strerror(errno));
    if (got == 0) break;
    b->size += (size_t)got;
  }
  return TG_OK;
}

static tg_status read_plain(const char *path, tgi_bytes *b, tg_error *error) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return tgi_file_error(error, TG_FILE, path, "cannot be opened: %s", strerror(errno));
  tg_status status = read_all(fd, path, b, error);
  close(fd);
  return status;
}

static bool is_gzip(const tgi_bytes *b) {
  return b->size >= 2 && memcmp(b->data, "\x1f\x8b", 2) == 0;
}

static tg_status unpack(const char *path, tgi_bytes *b, tg_error *error) {
  tgi_bytes packed = *b;
  *b = (tgi_bytes){.runtime = packed.runtime};
  tg_status status = tgi_gunzip(path, &packed, b, error);
  tgi_bytes_free(&packed);
  return status;
}

tg_status tgi_file_read(const tg_runtime *runtime, const char *path, tgi_bytes *bytes,
                        tg_error *error) {
  *bytes = (tgi_bytes){.runtime = tgi_runtime(runtime)};
  if (!path) return tgi_error(error, TG_ARGUMENT, "the path of a file to read is NULL");
  tg_status status = read_plain(path, bytes, error);
  if (!status && is_gzip(bytes)) status = unpack(path, bytes, error);
  if (!status && !tgi_bytes_reserve(bytes, 1)) status = no_memory(path, error);
  if (status)
    tgi_bytes_free(bytes);
  else
    bytes->data[bytes->size] = 0;
  return status;
}
