/* Names of statuses, error structs, and text in fixed buffers. */
#include <stdio.h>

#include "base/base.h"

const char *tg_status_name(tg_status status) {
  switch (status) {
#define NAME(name, sentence)                                                                       \
  case TG_##name: return #name;
    TG_STATUS_MAP(NAME)
#undef NAME
  case TG_STATUS_COUNT: break;
  }
  return "?";
}

const char *tg_status_text(tg_status status) {
  switch (status) {
#define TEXT(name, sentence)                                                                       \
  case TG_##name: return sentence;
    TG_STATUS_MAP(TEXT)
#undef TEXT
  case TG_STATUS_COUNT: break;
  }
  return "?";
}

/* Names and paths are foreign text. */
void tgi_one_line(char *text) {
  for (; *text; text++)
    if ((unsigned char)*text < ' ' || *text == 0x7f) *text = '?';
}

tg_status tgi_error(tg_error *error, tg_status status, const char *format, ...) {
  if (!error) return status;
  error->status = status;
  va_list args;
  va_start(args, format);
  vsnprintf(error->message, sizeof(error->message), format, args);
  va_end(args);
  tgi_one_line(error->message);
  return status;
}

void tgi_text_add(tgi_text *b, const char *format, ...) {
  bool room = b->length < b->size;
  va_list args;
  va_start(args, format);
  int added =
      vsnprintf(room ? b->text + b->length : NULL, room ? b->size - b->length : 0, format, args);
  va_end(args);
  if (added > 0) b->length += (size_t)added;
}
