/* DOT text drawn by libgvc. It stands beside libtapegrad and uses nothing of it but what is
   public. */
#include "tapegrad/picture.h"

#include <errno.h>
#include <graphviz/gvc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tapegrad/io.h"

/* ---- errors ---- */

static tg_status fail(tg_error *error, tg_status status, const char *format, ...) TG_PRINTF(3, 4);

static tg_status fail(tg_error *error, tg_status status, const char *format, ...) {
  if (!error) return status;
  error->status = status;
  va_list args;
  va_start(args, format);
  vsnprintf(error->message, sizeof error->message, format, args);
  va_end(args);
  for (char *at = error->message; *at; at++)
    if ((unsigned char)*at < ' ' || *at == 0x7f) *at = ' ';
  return status;
}

/* With the last thing that Graphviz had to say, without the newline at its end. */
static tg_status fail_as_told(tg_error *error, tg_status status, const char *what) {
  char *told = agerrors() > 0 ? aglasterr() : NULL;
  size_t length = told ? strlen(told) : 0;
  while (length > 0 && (told[length - 1] == '\n' || told[length - 1] == ' ')) length--;
  fail(error, status, "picture: %s%s%.*s", what, length ? ": " : "", (int)length, told ? told : "");
  free(told);
  return status;
}

/* ---- drawing ---- */

static tg_status check_format(const char *format, tg_error *error) {
  if (format && (strcmp(format, "svg") == 0 || strcmp(format, "png") == 0)) return TG_OK;
  return fail(error, TG_ARGUMENT, "picture: the format is \"%.40s\"; it must be \"svg\" or \"png\"",
              format ? format : "NULL");
}

/* Receives the whole picture, which it does not keep. */
typedef tg_status receive_fn(void *user, const char *data, size_t size, tg_error *error);

static tg_status draw_laid_out(GVC_t *gvc, Agraph_t *graph, const char *format, receive_fn *receive,
                               void *user, tg_error *error) {
  char *data = NULL;
  unsigned size = 0;
  if (gvRenderData(gvc, graph, format, &data, &size) != 0 || data == NULL)
    return fail_as_told(error, TG_UNSUPPORTED, "Graphviz could not draw the graph");
  tg_status status = receive(user, data, size, error);
  gvFreeRenderData(data);
  return status;
}

/* One for the life of the process: Graphviz's text plugins keep pointers into the first one they
   see, and would read freed memory under a second (2.43, told by AddressSanitizer). */
static GVC_t *only_context(void) {
  static GVC_t *context;
  if (context == NULL) context = gvContext();
  return context;
}

/* graph NULL: it could not be read. */
static tg_status draw(Agraph_t *graph, const char *format, receive_fn *receive, void *user,
                      tg_error *error) {
  if (graph == NULL) return fail_as_told(error, TG_FORMAT, "the text is not DOT");
  GVC_t *gvc = only_context();
  if (gvc == NULL) return fail_as_told(error, TG_UNSUPPORTED, "Graphviz could not start");
  tg_status status = TG_OK;
  if (gvLayout(gvc, graph, "dot") != 0)
    status = fail_as_told(error, TG_UNSUPPORTED, "Graphviz could not lay the graph out");
  else
    status = draw_laid_out(gvc, graph, format, receive, user, error);
  gvFreeLayout(gvc, graph);
  return status;
}

/* The graph from a text, or from a file; Graphviz is silent meanwhile. */
static tg_status draw_silently(const char *dot, FILE *file, const char *format, receive_fn *receive,
                               void *user, tg_error *error) {
  agerrlevel_t before = agseterr(AGMAX);
  agreseterrors();
  Agraph_t *graph = file ? agread(file, NULL) : agmemread(dot);
  tg_status status = draw(graph, format, receive, user, error);
  if (graph) agclose(graph);
  agseterr(before);
  return status;
}

/* ---- where it goes ---- */

typedef struct writer {
  tg_write_fn *write;
  void *user;
} writer;

static tg_status hand_over(void *user, const char *data, size_t size, tg_error *error) {
  writer *to = user;
  if (to->write(to->user, data, size)) return TG_OK;
  return fail(error, TG_STOPPED, "picture: the callback asked to stop");
}

static tg_status put_file(void *user, const char *data, size_t size, tg_error *error) {
  return tg_file_write(user, data, size, error);
}

tg_status tg_picture_render(const char *dot, const char *format, tg_write_fn *write, void *user,
                            tg_error *error) {
  tg_status status = check_format(format, error);
  if (status != TG_OK) return status;
  if (dot == NULL) return fail(error, TG_ARGUMENT, "picture: the text is NULL");
  return draw_silently(dot, NULL, format, hand_over, &(writer){write, user}, error);
}

tg_status tg_picture_write(const char *dot, const char *format, const char *path, tg_error *error) {
  tg_status status = check_format(format, error);
  if (status != TG_OK) return status;
  if (dot == NULL) return fail(error, TG_ARGUMENT, "picture: the text is NULL");
  return draw_silently(dot, NULL, format, put_file, (void *)path, error);
}

tg_status tg_picture_convert(const char *dot_path, const char *format, const char *path,
                             tg_error *error) {
  tg_status status = check_format(format, error);
  if (status != TG_OK) return status;
  FILE *file = dot_path ? fopen(dot_path, "re") : NULL;
  if (file == NULL)
    return fail(error, TG_FILE, "picture: %.200s: cannot be opened: %s",
                dot_path ? dot_path : "NULL", strerror(dot_path ? errno : EINVAL));
  status = draw_silently(NULL, file, format, put_file, (void *)path, error);
  (void)fclose(file); /* only read */
  return status;
}
