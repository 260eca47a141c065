/* The images and labels of one set, as they lie in the files. */
#ifndef FASHION_IMAGES_H
#define FASHION_IMAGES_H

#include "tapegrad/tapegrad.h"

typedef struct images {
  tg_array *pixel_file, *label_file;
  tg_tensor pixels, labels; /* u8 [n, rows, columns], u8 [n] */
  int64_t n, size;          /* size = rows * columns */
} images;

/* Reads DIR/NAME-images-idx3-ubyte[.gz] and DIR/NAME-labels-idx1-ubyte[.gz]; ends the program with
   a sentence where they are missing, damaged, or do not belong together. */
images read_images(const char *dir, const char *name, const tg_runtime *runtime);
void free_images(images *set);

enum { CLASSES = 10 };
/* What class k is called in the set of that folder. */
const char *class_name(const char *dir, int k);

#endif
