/* Fashion-MNIST from its four IDX files, as bytes. */
#include "images.h"

#include <string.h>
#include <unistd.h>

#include "must.h"

/* DIR/NAME-KIND.gz, or without .gz where only that is there. */
static tg_array *read_file(const char *dir, const char *name, const char *kind,
                           const tg_runtime *runtime, char path[], size_t size) {
  tg_error error = {0};
  snprintf(path, size, "%s/%s-%s", dir, name, kind);
  bool plain = access(path, R_OK) == 0;
  if (!plain) snprintf(path, size, "%s/%s-%s.gz", dir, name, kind);
  tg_array *array = tg_idx_read(path, runtime, &error);
  must(array != NULL, &error);
  return array;
}

static void refuse(const char *path, const char *expected) {
  fprintf(stderr, "%s: not %s\n", path, expected);
  exit(EXIT_FAILURE);
}

static void check_labels(const images *set, const char *path) {
  const uint8_t *label = set->labels.data;
  for (int64_t i = 0; i < set->n; i++)
    if (label[i] >= CLASSES) refuse(path, "labels from 0 to 9");
}

images read_images(const char *dir, const char *name, const tg_runtime *runtime) {
  images set;
  char path[4096];
  set.pixel_file = read_file(dir, name, "images-idx3-ubyte", runtime, path, sizeof path);
  set.pixels = tg_array_tensor(set.pixel_file);
  if (set.pixels.rank != 3 || set.pixels.dtype != TG_U8 || set.pixels.dims[0] == 0)
    refuse(path, "images: three dimensions of unsigned bytes, at least one image");
  set.n = set.pixels.dims[0];
  set.size = set.pixels.dims[1] * set.pixels.dims[2];
  set.label_file = read_file(dir, name, "labels-idx1-ubyte", runtime, path, sizeof path);
  set.labels = tg_array_tensor(set.label_file);
  if (set.labels.rank != 1 || set.labels.dtype != TG_U8 || set.labels.dims[0] != set.n)
    refuse(path, "labels: one unsigned byte for each image");
  check_labels(&set, path);
  return set;
}

void free_images(images *set) {
  tg_array_free(set->pixel_file);
  tg_array_free(set->label_file);
}

const char *class_name(const char *dir, int k) {
  static const char *const clothes[CLASSES] = {"T-shirt", "trouser", "pullover", "dress", "coat",
                                               "sandal",  "shirt",   "sneaker",  "bag",   "boot"};
  static const char *const digits[CLASSES] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  return strstr(dir, "fashion") ? clothes[k] : digits[k];
}
