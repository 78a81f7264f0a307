/* A module whose files say with which status a call of theirs answers, so that every class of error of a binding can be met:
 * "open -3" fails to open with IIO_ERROR_PERMISSION, "read -4" opens as a gray image of 2 x 3, whose pixels cannot be read. */
#include <libimageio/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const iio_host *host;

static iio_status answer(iio_status status) {
  char words[64];
  snprintf(words, sizeof words, "the answer is %d", (int)status);
  return host->fail(status, words);
}

static iio_status answers_open(void *user, const iio_host *lent, const iio_callbacks *io, const char *path, const char *mode,
                               const iio_dict *options, void **file) {
  (void)user, (void)lent, (void)path, (void)mode, (void)options;
  char text[32] = {0}, call[8];
  size_t size = 0;
  int status;
  for (int64_t n; size + 1 < sizeof text && (n = io->read(io->user, text + size, sizeof text - 1 - size)) > 0;) size += (size_t)n;
  if (sscanf(text, "%7s %d", call, &status) != 2) return host->fail(IIO_ERROR_NO_BACKEND, "answers: no question");
  if (strcmp(call, "open") == 0) return answer(status);
  int *kept = malloc(sizeof *kept);
  if (!kept) return host->fail(IIO_ERROR_OUT_OF_MEMORY, "answers: no memory");
  *kept = status;
  *file = kept;
  return IIO_OK;
}

static iio_status answers_count(void *file, const iio_dict *options, uint32_t how, int64_t *count) {
  (void)file, (void)options, (void)how;
  *count = 1;
  return IIO_OK;
}

static iio_status answers_props(void *file, int64_t index, const iio_dict *options, iio_props *props) {
  (void)file, (void)index, (void)options;
  props->dtype = IIO_UINT8;
  props->ndim = 2;
  props->n_images = -1;
  props->nbytes = 6;
  props->shape[0] = 2, props->shape[1] = 3;
  memcpy(props->axes, "YX", 3);
  props->color = IIO_COLOR_GRAY;
  return IIO_OK;
}

static iio_status answers_read(void *file, int64_t index, const iio_dict *options, const iio_array *dst) {
  (void)index, (void)options, (void)dst;
  return answer(*(const int *)file);
}

static iio_status answers_meta(void *file, int64_t index, const iio_dict *options, iio_dict *into) {
  (void)file, (void)index, (void)options, (void)into;
  return IIO_OK;
}

const iio_plugin *iio_plugin_entry(const iio_host *lent) {
  static iio_plugin plugin;
  host = lent;
  plugin.struct_size = sizeof plugin;
  plugin.declaration = "{\"name\": \"answers\", \"description\": \"fails as it is told\", \"extensions\": [\".answer\"], \"can_read\": true}";
  plugin.open = answers_open;
  plugin.count = answers_count;
  plugin.props = answers_props;
  plugin.read = answers_read;
  plugin.meta = answers_meta;
  plugin.close = free;
  return &plugin;
}
