/* NumPy's .npy: magic, version, header length, a Python dict literal, the elements
   (numpy.lib.format). The dict is read by a parser of just what that format allows. */
#include "data/array.h"

#include <stdio.h>
#include <string.h>

/* ---- the dict's parser: the first failure sticks in `at` == NULL ---- */

typedef struct cursor {
  const char *at, *end;
} cursor;

static void skip_spaces(cursor *c) {
  while (c->at && c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\t')) c->at++;
}

/* Takes the character if it comes next, spaces before it skipped. */
static bool take(cursor *c, char ch) {
  skip_spaces(c);
  if (!c->at || c->at == c->end || *c->at != ch) return false;
  c->at++;
  return true;
}

static void need(cursor *c, char ch) {
  if (!take(c, ch)) c->at = NULL;
}

static bool take_word(cursor *c, const char *word) {
  size_t length = strlen(word);
  skip_spaces(c);
  if (!c->at || (size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) return false;
  c->at += length;
  return true;
}

typedef struct span {
  const char *text;
  size_t length;
} span;

/* 'text' or "text"; no escapes. */
static span need_string(cursor *c) {
  char quote = take(c, '\'') ? '\'' : '"';
  if (quote == '"') need(c, '"');
  if (!c->at) return (span){0};
  const char *close = memchr(c->at, quote, (size_t)(c->end - c->at));
  span s = {c->at, close ? (size_t)(close - c->at) : 0};
  c->at = close ? close + 1 : NULL;
  return s;
}

/* Digits; Python 2 wrote an L after long ones. */
static int64_t need_number(cursor *c) {
  int64_t value = 0;
  skip_spaces(c);
  const char *first = c->at;
  for (; c->at && c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++)
    if (!tgi_mul_size(value, 10, &value) || !tgi_add_size(value, *c->at - '0', &value)) {
      c->at = NULL;
      return 0;
    }
  if (c->at == first) c->at = NULL;
  take(c, 'L');
  return value;
}

/* (), (3,), (3, 4), (3, 4,). The rank counts on past TG_MAX_RANK, for the message. */
static void need_shape(cursor *c, tgi_promise *p) {
  need(c, '(');
  p->rank = 0;
  while (c->at && !take(c, ')')) {
    int64_t d = need_number(c);
    if (p->rank < TG_MAX_RANK) p->dims[p->rank] = d;
    p->rank++;
    if (!take(c, ',')) {
      need(c, ')');
      return;
    }
  }
}

static bool need_bool(cursor *c) {
  if (take_word(c, "True")) return true;
  if (!take_word(c, "False")) c->at = NULL;
  return false;
}

enum { DESCR = 1, ORDER = 2, SHAPE = 4, ALL_KEYS = 7 };

static bool span_is(span s, const char *text) {
  return s.length == strlen(text) && memcmp(s.text, text, s.length) == 0;
}

/* One "key: value"; returns the key's bit. A descr that is no string (a record's list) gives
 *records and ends the parse, for it is refused anyway. */
static int need_item(cursor *c, tgi_promise *p, span *descr, bool *records) {
  span key = need_string(c);
  need(c, ':');
  if (!c->at) return 0;
  if (span_is(key, "fortran_order")) {
    p->fortran = need_bool(c);
    return ORDER;
  }
  if (span_is(key, "shape")) {
    need_shape(c, p);
    return SHAPE;
  }
  if (!span_is(key, "descr")) c->at = NULL;
  *records = take(c, '[');
  if (!*records) *descr = need_string(c);
  return DESCR;
}

/* False where it is not the dict of three keys, each once. */
static bool parse_dict(cursor c, tgi_promise *p, span *descr, bool *records) {
  int seen = 0;
  need(&c, '{');
  while (c.at && !take(&c, '}')) {
    int key = need_item(&c, p, descr, records);
    if (*records) return true;
    if (key & seen) return false;
    seen |= key;
    if (!take(&c, ',')) {
      need(&c, '}');
      break;
    }
  }
  skip_spaces(&c);
  return c.at == c.end && seen == ALL_KEYS;
}

/* ---- the dtype ---- */

static const char *refusal(char letter) {
  switch (letter) {
  case 'O': return "Python objects";
  case 'c': return "complex numbers";
  case 'S':
  case 'a':
  case 'U': return "strings";
  case 'V': return "records";
  case 'M':
  case 'm': return "dates";
  default: return "a dtype that has no counterpart here";
  }
}

static tg_status refuse_dtype(const char *path, span descr, const char *what, tg_error *error) {
  tgi_shown shown = tgi_show(descr.text, descr.length);
  return tgi_file_error(error, TG_DTYPE, path,
                        "dtype '%s' is %s; f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 b1 can be read",
                        shown.text, what);
}

/* "<f8": byte order, kind, bytes. */
static tg_status parse_descr(const char *path, span descr, tgi_promise *p, tg_error *error) {
  cursor c = {descr.text, descr.text + descr.length};
  bool big = take(&c, '>');
  if (!big && !take(&c, '<') && !take(&c, '|')) take(&c, '=');
  if (c.at == c.end) return refuse_dtype(path, descr, "no dtype", error);
  char letter = *c.at++;
  int64_t size = c.at == c.end ? 0 : need_number(&c);
  p->big_endian = big;
  p->stored = c.at == c.end ? tgi_stored_lettered(letter, size) : TGI_STORED_COUNT;
  if (p->stored == TGI_STORED_COUNT || !tgi_stored_of(p->stored).dtype)
    return refuse_dtype(path, descr, refusal(letter), error);
  return TG_OK;
}

/* ---- the file ---- */

static const char magic[] = "\x93NUMPY";
enum { MAGIC = 6 };

/* Where the dict lies. */
static tg_status find_dict(const char *path, const tgi_bytes *b, cursor *dict, tg_error *error) {
  const unsigned char *x = (const unsigned char *)b->data;
  if (b->size < MAGIC + 4 || memcmp(x, magic, MAGIC) != 0)
    return tgi_file_error(error, TG_FORMAT, path,
                          "not a .npy file: it does not begin with \\x93NUMPY and a version");
  int version = x[MAGIC];
  if (version < 1 || version > 3 || x[MAGIC + 1] != 0)
    return tgi_file_error(error, TG_FORMAT, path, ".npy version %d.%d, expected 1.0, 2.0 or 3.0",
                          version, x[MAGIC + 1]);
  size_t wide = version == 1 ? 2 : 4, begin = MAGIC + 2 + wide, length = 0;
  for (size_t k = 0; k < wide && begin <= b->size; k++) length |= (size_t)x[MAGIC + 2 + k] << 8 * k;
  if (begin > b->size || length > b->size - begin)
    return tgi_file_error(error, TG_FORMAT, path,
                          "a .npy header of %zu bytes does not fit into the file's %zu bytes",
                          length, b->size);
  *dict = (cursor){b->data + begin, b->data + begin + length};
  return TG_OK;
}

static tg_status parse_header(const char *path, const tgi_bytes *b, tgi_promise *p,
                              tg_error *error) {
  cursor dict;
  tg_status status = find_dict(path, b, &dict, error);
  if (status) return status;
  span descr = {dict.at, 0};
  bool records = false;
  if (!parse_dict(dict, p, &descr, &records)) {
    tgi_shown shown = tgi_show(dict.at, (size_t)(dict.end - dict.at));
    return tgi_file_error(error, TG_FORMAT, path,
                          "the .npy header is \"%s\", expected a dict of 'descr', 'fortran_order' "
                          "and 'shape'",
                          shown.text);
  }
  if (records) return refuse_dtype(path, (span){"[...]", 5}, refusal('V'), error);
  if (p->rank > TG_MAX_RANK)
    return tgi_file_error(error, TG_FORMAT, path, "rank %d, expected at most %d", p->rank,
                          TG_MAX_RANK);
  p->offset = (size_t)(dict.end - b->data);
  return parse_descr(path, descr, p, error);
}

tg_array *tg_npy_read(const char *path, const tg_runtime *runtime, tg_error *error) {
  tgi_bytes bytes;
  if (tgi_file_read(runtime, path, &bytes, error)) return NULL;
  tgi_promise promise = {0};
  if (!parse_header(path, &bytes, &promise, error))
    return tgi_array_of(path, bytes, &promise, error);
  tgi_bytes_free(&bytes);
  return NULL;
}
