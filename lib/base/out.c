/* Text on its way to a writer, and quoted strings of DOT from any bytes. In them " and \ are
   special to DOT, & to its entities. */
#include "base/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tgi_out_flush(tgi_out *o) {
  if (!o->stopped && o->used > 0) o->stopped = !o->write(o->user, o->buffer, o->used);
  o->used = 0;
}

static void put_bytes(tgi_out *o, const char *bytes, size_t n) {
  if (n > sizeof o->buffer - o->used) tgi_out_flush(o);
  memcpy(o->buffer + o->used, bytes, n);
  o->used += n;
}

void tgi_out_put(tgi_out *o, const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (n > 0) put_bytes(o, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* ---- characters ---- */

static bool is_between(unsigned char byte, int low, int high) {
  return byte >= low && byte <= high;
}

/* Bytes of the UTF-8 character at s; 0 where it is none, or one that XML, and so SVG, refuses. The
   ending 0 fits nowhere, so nothing past it is read. */
static size_t character(const unsigned char *s) {
  if (s[0] < 0x80) return is_between(s[0], 0x20, 0x7e);
  if (is_between(s[0], 0xc2, 0xdf)) return is_between(s[1], 0x80, 0xbf) ? 2 : 0;
  if (is_between(s[0], 0xe0, 0xef)) {
    int low = s[0] == 0xe0 ? 0xa0 : 0x80, high = s[0] == 0xed ? 0x9f : 0xbf;
    if (!is_between(s[1], low, high) || !is_between(s[2], 0x80, 0xbf)) return 0;
    return s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe ? 0 : 3;
  }
  if (is_between(s[0], 0xf0, 0xf4)) {
    int low = s[0] == 0xf0 ? 0x90 : 0x80, high = s[0] == 0xf4 ? 0x8f : 0xbf;
    bool fits = is_between(s[1], low, high) && is_between(s[2], 0x80, 0xbf);
    return fits && is_between(s[3], 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

/* One character made safe; returns how many bytes of s it took. */
static size_t put_character(tgi_out *o, const unsigned char *s) {
  size_t n = character(s);
  if (n == 0)
    put_bytes(o, "\xef\xbf\xbd", 3);
  else if (*s == '"' || *s == '\\')
    put_bytes(o, *s == '"' ? "\\\"" : "\\\\", 2);
  else if (*s == '&')
    put_bytes(o, "&amp;", 5);
  else
    put_bytes(o, (const char *)s, n);
  return n ? n : 1;
}

void tgi_out_shown(tgi_out *o, const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  for (int k = 0; *s; k++) {
    if (k == TGI_OUT_SHOWN) {
      put_bytes(o, "\u2026", strlen("\u2026"));
      return;
    }
    s += put_character(o, s);
  }
}

void tgi_out_text(tgi_out *o, const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  while (*s) {
    if (*s == '\n') {
      put_bytes(o, "\\n", 2);
      s++;
    } else {
      s += put_character(o, s);
    }
  }
}
