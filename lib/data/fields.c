/* The lexer of CSV. */
#include "data/fields.h"

static bool at_line_end(const tgi_fields *f) {
  return f->at == f->end || *f->at == '\n' ||
         (*f->at == '\r' && f->end - f->at > 1 && f->at[1] == '\n');
}

/* Steps over the line end at which `at` stands. */
static void pass_line_end(tgi_fields *f) {
  if (f->at == f->end) return;
  f->at += *f->at == '\r' ? 2 : 1;
  f->line++;
}

bool tgi_fields_more(tgi_fields *f) {
  while (f->at < f->end && at_line_end(f)) pass_line_end(f);
  return f->at < f->end;
}

void tgi_fields_skip_line(tgi_fields *f) {
  while (!at_line_end(f)) f->at++;
  pass_line_end(f);
}

static bool is_space(char c) { return c == ' ' || c == '\t'; }

static void scan_plain(tgi_fields *f, tgi_field *field) {
  const char *from = f->at;
  for (; !at_line_end(f) && *f->at != f->separator; f->at++)
    if (*f->at == '"') field->fault = "a quote inside a field that does not begin with one";
  const char *to = f->at;
  while (from < to && is_space(*from)) from++;
  while (from < to && is_space(to[-1])) to--;
  field->text = from;
  field->length = (size_t)(to - from);
}

/* `at` is behind the opening quote. */
static void scan_quoted(tgi_fields *f, tgi_field *field) {
  field->text = f->at;
  for (; f->at < f->end; f->at++) {
    if (*f->at == '\n') f->line++;
    if (*f->at != '"') continue;
    if (f->end - f->at == 1 || f->at[1] != '"') break;
    field->doubled = true;
    f->at++;
  }
  field->length = (size_t)(f->at - field->text);
  if (f->at == f->end) {
    field->fault = "a quoted field that is never closed";
    return;
  }
  f->at++;
  if (!at_line_end(f) && *f->at != f->separator) field->fault = "text after the closing quote";
}

tgi_field tgi_fields_next(tgi_fields *f) {
  tgi_field field = {.line = f->line};
  if (f->at < f->end && *f->at == '"') {
    f->at++;
    scan_quoted(f, &field);
  } else {
    scan_plain(f, &field);
  }
  field.last = at_line_end(f);
  if (field.last)
    pass_line_end(f);
  else
    f->at++;
  return field;
}
