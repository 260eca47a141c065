/* The main job: ten kinds of clothes told apart by a network of 784-64-64-10, relu between, softmax
   cross-entropy, Adam. It checks its own gradient, trains, tests once, shows what it found, saves
   its parameters, and draws its graph and its loss. */
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "must.h"
#include "report.h"
#include "settings.h"
#include "train.h"
#ifdef HAVE_PICTURE
#include "tapegrad/picture.h"
#endif

/* OUT/fashion_mlpENDING */
static const char *out_path(const settings *s, const char *ending, char path[], size_t size) {
  snprintf(path, size, "%s/fashion_mlp%s", s->out, ending);
  return path;
}

static void draw_loss(const settings *s, curve *c) {
  char path[4096];
  chart_series series = {.x = c->step, .y = c->loss, .n = c->n};
  chart picture = {.title = "Training loss",
                   .x_label = "step",
                   .y_label = "cross-entropy",
                   .series = &series,
                   .n = 1};
  if (c->n > 0 && !chart_save(&picture, out_path(s, "_loss.svg", path, sizeof path))) {
    fprintf(stderr, "fashion_mlp: cannot write \"%s\"\n", path);
    exit(EXIT_FAILURE);
  }
  free(c->step);
  free(c->loss);
}

static void draw_graph(const settings *s, const model *m, const images *set,
                       const tg_runtime *runtime) {
  char dot[4096];
  write_graph(m, set, runtime, out_path(s, ".dot", dot, sizeof dot));
#ifdef HAVE_PICTURE
  char svg[4096];
  tg_error error = {0};
  must(tg_picture_convert(dot, "svg", out_path(s, ".svg", svg, sizeof svg), &error) == TG_OK,
       &error);
#endif
}

/* False in a build that cannot write parameters. */
static bool save(const settings *s, const model *m, char path[], size_t size) {
  tg_error error = {0};
  if (s->save)
    snprintf(path, size, "%s", s->save);
  else
    out_path(s, ".safetensors", path, size);
  tg_status status = tg_params_save(m->params, path, &error);
  must(status == TG_OK || status == TG_UNSUPPORTED, &error);
  if (status != TG_OK) printf("not saved: %s\n", error.message);
  return status == TG_OK;
}

/* A new model with the saved parameters sees the test images as the trained one did. */
static void load_again(const settings *s, const char *path, const images *set,
                       const uint8_t predicted[], const tg_runtime *runtime) {
  tg_error error = {0};
  settings other = *s;
  other.seed++;
  model m = make_model(&other, set->size, runtime);
  must(tg_params_load(m.params, path, &error) == TG_OK, &error);
  uint8_t *again = malloc((size_t)set->n);
  must(again != NULL, &(tg_error){.message = "fashion_mlp: out of memory"});
  double accuracy = test(&m, set, runtime, again);
  bool same = memcmp(again, predicted, (size_t)set->n) == 0;
  printf("saved to %s, loaded into a new model: test accuracy %.2f %%, %s\n", path, 100 * accuracy,
         same ? "every prediction the same" : "PREDICTIONS DIFFER");
  free(again);
  free_model(&m);
  if (!same) exit(EXIT_FAILURE);
}

/* The test images are seen here for the first time. */
static void test_and_report(const settings *s, const model *m, const tg_runtime *runtime) {
  images set = read_images(s->data, "t10k", runtime);
  must(set.size == tg_params_tensor(m->params, m->layers[0].weight).dims[1],
       &(tg_error){.message = "fashion_mlp: test images have another size than training images"});
  uint8_t *predicted = malloc((size_t)set.n);
  must(predicted != NULL, &(tg_error){.message = "fashion_mlp: out of memory"});
  char path[4096];
  double accuracy = test(m, &set, runtime, predicted);
  print_confusion(&set, predicted, s->data);
  print_images(&set, predicted, s->data);
  if (save(s, m, path, sizeof path)) load_again(s, path, &set, predicted, runtime);
  printf("test accuracy: %.2f %%\n", 100 * accuracy);
  free(predicted);
  free_images(&set);
}

int main(int argc, char **argv) {
  settings s;
  int status;
  if (!read_settings(argc, argv, &s, &status)) return status;
  tg_error error = {0};
  tg_runtime *runtime = tg_runtime_new(&(tg_runtime_options){.threads = s.threads}, &error);
  must(runtime != NULL, &error);
  images set = read_images(s.data, "train", runtime);
  printf("%lld training images of %lld pixels; %s instructions, matrix products by %s\n",
         (long long)set.n, (long long)set.size, tg_isa_name(tg_runtime_isa(runtime)),
         tg_runtime_gemm_name(runtime));
  model m = make_model(&s, set.size, runtime);
  fit_input(&m, &set);
  if (s.load) must(tg_params_load(m.params, s.load, &error) == TG_OK, &error);
  if (!check_gradient(&m, &set, runtime)) return EXIT_FAILURE;
  draw_graph(&s, &m, &set, runtime);
  curve c = train(&m, &set, &s, runtime);
  draw_loss(&s, &c);
  test_and_report(&s, &m, runtime);
  free_images(&set);
  free_model(&m);
  tg_runtime_free(runtime);
  return EXIT_SUCCESS;
}
