/* What is printed at the end: the confusion matrix, and images the model takes for others. */
#include "report.h"

#include <stdio.h>
#include <string.h>

void print_confusion(const images *set, const uint8_t predicted[], const char *dir) {
  int64_t count[CLASSES][CLASSES] = {{0}};
  const uint8_t *label = set->labels.data;
  for (int64_t i = 0; i < set->n; i++) count[label[i]][predicted[i]]++;
  printf("confusion matrix: a row for each class, a column for what was predicted\n%10s", "");
  for (int k = 0; k < CLASSES; k++) printf(" %8s", class_name(dir, k));
  printf("\n");
  for (int i = 0; i < CLASSES; i++) {
    printf("%10s", class_name(dir, i));
    for (int k = 0; k < CLASSES; k++) printf(" %8lld", (long long)count[i][k]);
    printf("\n");
  }
}

/* ---- images as letters: every second row and column ---- */

enum { SHOWN = 10, IN_A_ROW = 5, CELL = 15 };

/* The mean of a block of 2 x 2 pixels, as a letter. */
static char shade(const images *set, int64_t image, int64_t row, int64_t column) {
  static const char shades[] = " .:-=+*#%@";
  int64_t width = set->pixels.dims[2];
  const uint8_t *at = (const uint8_t *)set->pixels.data + image * set->size + row * width + column;
  bool right = column + 1 < width, below = row + 1 < set->pixels.dims[1];
  int sum =
      at[0] + (right ? at[1] : 0) + (below ? at[width] : 0) + (right && below ? at[width + 1] : 0);
  return shades[sum / 4 * 9 / 255];
}

static void print_row(const images *set, int64_t first, int64_t row) {
  for (int64_t i = first; i < first + IN_A_ROW && i < set->n; i++) {
    int printed = 0;
    for (int64_t c = 0; c < set->pixels.dims[2] && printed < CELL - 1; c += 2, printed++)
      putchar(shade(set, i, row, c));
    printf("%*s", CELL - printed, "");
  }
  putchar('\n');
}

static void print_caption(const images *set, const uint8_t predicted[], int64_t first,
                          const char *dir) {
  const uint8_t *label = set->labels.data;
  for (int64_t i = first; i < first + IN_A_ROW && i < set->n; i++) {
    const char *mark = predicted[i] == label[i] ? "" : "!";
    printf("%s%-*s", mark, CELL - (int)strlen(mark), class_name(dir, predicted[i]));
  }
  putchar('\n');
}

void print_images(const images *set, const uint8_t predicted[], const char *dir) {
  printf("ten test images with what was predicted (! where that is wrong)\n");
  for (int64_t first = 0; first < SHOWN && first < set->n; first += IN_A_ROW) {
    for (int64_t row = 0; row < set->pixels.dims[1]; row += 2) print_row(set, first, row);
    print_caption(set, predicted, first, dir);
  }
}
