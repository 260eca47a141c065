/* Files written whole or not at all. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the writer ---- */

static bool flush(tgi_writer *w) {
  const char *at = w->buffer;
  while (w->used > 0 && !w->failure) {
    ssize_t put = write(w->fd, at, w->used);
    if (put < 0 && errno != EINTR) w->failure = errno;
    if (put < 0) continue;
    at += put;
    w->used -= (size_t)put;
  }
  return !w->failure;
}

bool tgi_write(tgi_writer *w, const void *data, size_t size) {
  const char *from = data;
  while (size > 0 && !w->failure) {
    if (w->used == sizeof w->buffer) flush(w);
    size_t room = sizeof w->buffer - w->used, n = size < room ? size : room;
    memcpy(w->buffer + w->used, from, n);
    w->used += n;
    from += n;
    size -= n;
  }
  return !w->failure;
}

/* ---- replacing ---- */

typedef struct names {
  char target[PATH_MAX], folder[PATH_MAX], temporary[PATH_MAX + 32];
  mode_t mode;
  bool exists;
} names;

/* The folder's part of target, with "." for a bare name and "/" for the root. */
static void set_folder(names *s) {
  memcpy(s->folder, s->target, sizeof s->folder);
  char *slash = strrchr(s->folder, '/');
  if (!slash)
    memcpy(s->folder, ".", 2);
  else
    slash[slash == s->folder] = 0;
}

static tg_status find_names(names *s, const char *path, tg_error *error) {
  size_t length = strlen(path);
  if (length == 0) return tgi_error(error, TG_ARGUMENT, "the path of a file to write is empty");
  if (length >= PATH_MAX)
    return tgi_file_error(error, TG_FILE, path, "the path has %zu bytes, more than %d", length,
                          PATH_MAX - 1);
  struct stat status;
  s->exists = stat(path, &status) == 0;
  s->mode = s->exists ? status.st_mode & 07777 : 0;
  if (s->exists && !S_ISREG(status.st_mode))
    return tgi_file_error(error, TG_FILE, path, "cannot be replaced: it is not a regular file");
  if (!s->exists || !realpath(path, s->target)) memcpy(s->target, path, length + 1);
  set_folder(s);
  return TG_OK;
}

enum { TRIES = 100 };

/* A new file beside the target. The number makes it new where others were left by a crash. */
static int open_temporary(names *s) {
  for (int k = 0; k < TRIES; k++) {
    snprintf(s->temporary, sizeof s->temporary, "%s.%ld-%d.tmp", s->target, (long)getpid(), k);
    int fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
  return -1;
}

/* Returns 0 or an errno. Where a folder cannot be flushed by its nature, it need not be. */
static int flush_folder(const char *folder) {
  int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno == EACCES ? 0 : errno;
  int failure = fsync(fd) == 0 || errno == EINVAL ? 0 : errno;
  close(fd);
  return failure;
}

/* Everything between opening and renaming; w->failure tells what went wrong below. */
static tg_status write_content(tgi_writer *w, const names *s, tgi_write_fn *write, void *user,
                               tg_error *error) {
  tg_status status = write(user, w, error);
  if (!status && flush(w)) {
    if (s->exists && fchmod(w->fd, s->mode) != 0) w->failure = errno;
    if (!w->failure && fsync(w->fd) != 0) w->failure = errno;
  }
  if (close(w->fd) != 0 && !w->failure) w->failure = errno;
  return status;
}

tg_status tgi_file_replace(const char *path, tgi_write_fn *write, void *user, tg_error *error) {
  if (!path) return tgi_error(error, TG_ARGUMENT, "the path of a file to write is NULL");
  names s;
  tg_status status = find_names(&s, path, error);
  if (status) return status;
  tgi_writer w = {.fd = open_temporary(&s)};
  if (w.fd < 0)
    return tgi_file_error(error, TG_FILE, path, "cannot be created: %s", strerror(errno));
  status = write_content(&w, &s, write, user, error);
  if (!status && !w.failure && rename(s.temporary, s.target) != 0) w.failure = errno;
  if (status || w.failure)
    unlink(s.temporary);
  else
    w.failure = flush_folder(s.folder);
  if (status) return status;
  return w.failure
             ? tgi_file_error(error, TG_FILE, path, "cannot be written: %s", strerror(w.failure))
             : TG_OK;
}
