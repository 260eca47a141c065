/* Line charts as SVG text. Everything is placed by hand; the colours are those of Okabe & Ito
   (2008), which the colour-blind tell apart, and dashes tell the lines apart on paper. */
#include "chart.h"

#include <math.h>
#include <string.h>

#include "axis.h"

static const char *const colors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                     "#e69f00", "#56b4e9", "#000000"};
static const char *const dashes[] = {"", "7 3", "2 3", "9 3 2 3"};
enum { COLORS = sizeof colors / sizeof *colors, DASHES = sizeof dashes / sizeof *dashes };

/* The plot's rectangle in pixels, its axes, and where all goes. */
typedef struct plot {
  FILE *out;
  axis x, y;
  double left, top, width, height;
} plot;

static double across(const plot *p, double x) { return p->left + p->width * axis_place(&p->x, x); }
static double down(const plot *p, double y) {
  return p->top + p->height * (1 - axis_place(&p->y, y));
}

/* ---- text ---- */

/* Bytes of the UTF-8 character at s; 0 where it is none, or one that XML refuses. */
static int character(const unsigned char *s) {
  if (s[0] < 0x80) return s[0] >= 0x20 && s[0] != 0x7f;
  int n = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : 0;
  if (s[0] >= 0xf0 && s[0] < 0xf5) n = 4;
  for (int i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  bool wrong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] >= 0xa0) ||
               (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] >= 0x90) ||
               (s[0] == 0xef && s[1] == 0xbf && s[2] >= 0xbe);
  return wrong ? 0 : n;
}

static void put_text(FILE *out, const char *text) {
  const unsigned char *s = (const unsigned char *)text;
  while (*s) {
    int n = character(s);
    if (*s == '&' || *s == '<' || *s == '>')
      fputs(*s == '&' ? "&amp;" : *s == '<' ? "&lt;" : "&gt;", out);
    else if (n == 0)
      fputc('?', out);
    else
      fprintf(out, "%.*s", n, (const char *)s);
    s += n ? n : 1;
  }
}

/* About how wide a text is: letters of 12 pixels are up to 8 wide. */
static double text_width(const char *text) {
  int letters = 0;
  for (const char *s = text; *s; s++) letters += ((unsigned char)*s & 0xc0) != 0x80;
  return 8.0 * letters;
}

static void put_label(FILE *out, double x, double y, const char *style, const char *text) {
  if (text == NULL) return;
  fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, style);
  put_text(out, text);
  fputs("</text>\n", out);
}

/* ---- axes ---- */

/* Powers of ten beyond a thousand as 10 with an exponent. */
static void put_number(FILE *out, const axis *a, double value) {
  double power = round(log10(fabs(value)));
  bool exponent = a->log && (a->low < 0.9e-3 || a->high > 1.1e3);
  if (exponent && fabs(value - pow(10, power)) < 1e-9 * value)
    fprintf(out, "10<tspan dy=\"-5\" font-size=\"9\">%s%.0f</tspan>", power < 0 ? "\u2212" : "",
            fabs(power));
  else
    fprintf(out, "%s%g", value < 0 ? "\u2212" : "", fabs(value));
}

static void put_x_axis(const plot *p) {
  double bottom = p->top + p->height;
  for (int i = 0; i < p->x.n; i++) {
    double at = across(p, p->x.ticks[i]);
    fprintf(p->out, "<path class=\"tick\" d=\"M%.1f %.1fv5\"/>\n", at, bottom);
    fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", at, bottom + 19);
    put_number(p->out, &p->x, p->x.ticks[i]);
    fputs("</text>\n", p->out);
  }
}

static void put_y_axis(const plot *p) {
  for (int i = 0; i < p->y.n; i++) {
    double at = down(p, p->y.ticks[i]);
    fprintf(p->out, "<path class=\"grid\" d=\"M%.1f %.1fh%.1f\"/>\n", p->left, at, p->width);
    fprintf(p->out, "<path class=\"tick\" d=\"M%.1f %.1fh-5\"/>\n", p->left, at);
    fprintf(p->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", p->left - 9, at + 4);
    put_number(p->out, &p->y, p->y.ticks[i]);
    fputs("</text>\n", p->out);
  }
}

/* ---- series ---- */

static double x_at(const chart_series *s, int i) { return s->x ? s->x[i] : i + 1; }
static bool is_shown(const chart *c, const chart_series *s, int i) {
  return isfinite(x_at(s, i)) && isfinite(s->y[i]) && (!c->log_y || s->y[i] > 0);
}

static void put_stroke(FILE *out, int k) {
  const char *dash = dashes[k % DASHES];
  fprintf(out, " stroke=\"%s\"", colors[k % COLORS]);
  if (*dash) fprintf(out, " stroke-dasharray=\"%s\"", dash);
}

/* A point alone is drawn as a line of hardly any length, which round ends make a dot. */
static void put_series(const plot *p, const chart *c, int k) {
  const chart_series *s = &c->series[k];
  bool joined = false, any = false;
  for (int i = 0; i < s->n; i++) {
    bool shown = is_shown(c, s, i);
    if (shown && !any) {
      fputs("<path class=\"line\"", p->out);
      put_stroke(p->out, k);
      fputs(" d=\"", p->out);
    }
    if (shown)
      fprintf(p->out, joined ? "L%.2f %.2f" : "M%.2f %.2fh.1", across(p, x_at(s, i)),
              down(p, s->y[i]));
    joined = shown;
    any = any || shown;
  }
  if (any) fputs("\"/>\n", p->out);
}

static double legend_width(const chart *c) {
  double widest = 0;
  for (int k = 0; k < c->n; k++)
    if (c->series[k].label) widest = fmax(widest, text_width(c->series[k].label));
  return widest > 0 ? widest + 58 : 0;
}

static void put_legend(const plot *p, const chart *c) {
  double x = p->left + p->width + 16, y = p->top + 10;
  for (int k = 0; k < c->n; k++) {
    if (c->series[k].label == NULL) continue;
    fputs("<path class=\"line\"", p->out);
    put_stroke(p->out, k);
    fprintf(p->out, " d=\"M%.1f %.1fh26\"/>\n", x, y);
    put_label(p->out, x + 33, y + 4, "", c->series[k].label);
    y += 20;
  }
}

/* ---- the chart ---- */

static void set_axes(plot *p, const chart *c) {
  double x[2] = {INFINITY, -INFINITY}, y[2] = {INFINITY, -INFINITY};
  for (int k = 0; k < c->n; k++)
    for (int i = 0; i < c->series[k].n; i++) {
      const chart_series *s = &c->series[k];
      if (!is_shown(c, s, i)) continue;
      x[0] = fmin(x[0], x_at(s, i));
      x[1] = fmax(x[1], x_at(s, i));
      y[0] = fmin(y[0], s->y[i]);
      y[1] = fmax(y[1], s->y[i]);
    }
  p->x = axis_of(x[0], x[1], false);
  p->y = axis_of(y[0], y[1], c->log_y);
}

static const char style[] =
    "<style>text{font:12px sans-serif;fill:#222}.title{font-size:15px;font-weight:bold}"
    ".line{fill:none;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}"
    ".tick,.frame{fill:none;stroke:#222}.grid{stroke:#ddd}</style>\n";

static void put_frame(const plot *p, const chart *c) {
  double middle = p->left + p->width / 2, side = p->top + p->height / 2;
  char turned[96];
  snprintf(turned, sizeof turned, "text-anchor=\"middle\" transform=\"rotate(-90 16 %.1f)\"", side);
  fprintf(p->out, "<path class=\"frame\" d=\"M%.1f %.1fv%.1fh%.1f\"/>\n", p->left, p->top,
          p->height, p->width);
  put_label(p->out, middle, 24, "class=\"title\" text-anchor=\"middle\"", c->title);
  put_label(p->out, middle, p->top + p->height + 40, "text-anchor=\"middle\"", c->x_label);
  put_label(p->out, 16, side, turned, c->y_label);
}

bool chart_write(const chart *c, FILE *out) {
  int width = c->width ? c->width : 640, height = c->height ? c->height : 400;
  double right = legend_width(c);
  plot p = {.out = out, .left = c->y_label ? 76 : 56, .top = c->title ? 44 : 20};
  p.width = fmax(width - p.left - fmax(right, 24), 50);
  p.height = fmax(height - p.top - (c->x_label ? 54 : 34), 50);
  set_axes(&p, c);
  fprintf(out,
          "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
          "viewBox=\"0 0 %d %d\">\n",
          width, height, width, height);
  fputs(style, out);
  fputs("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n", out);
  put_y_axis(&p);
  put_x_axis(&p);
  put_frame(&p, c);
  for (int k = 0; k < c->n; k++) put_series(&p, c, k);
  put_legend(&p, c);
  fputs("</svg>\n", out);
  return !ferror(out);
}

bool chart_save(const chart *c, const char *path) {
  FILE *out = fopen(path, "w");
  if (out == NULL) return false;
  bool written = chart_write(c, out);
  if (fclose(out) != 0) written = false;
  if (!written) remove(path);
  return written;
}
