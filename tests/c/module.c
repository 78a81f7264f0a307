/* Modules: shared libraries with iio_plugin_entry, found in the folder that IIO_TEST_MODULES names. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "toy_plugin.h"

static const char *modules;
static const uint64_t shape[3] = {4, 5, 3};

static void a_module_serves_like_any_plugin(void) {
  REQUIRE_OK(iio_load_plugin(path_in(modules, "toy.so")));
  canvas c = canvas_new(IIO_UINT8, 3, shape, 1);
  CHECK_OK(iio_imwrite(scratch("m.toy1"), &c.array, NULL));
  iio_file *file = NULL;
  iio_iter *it = NULL;
  iio_dict *arguments = options_of("{'x': 7}"), *result = NULL, *meta = NULL;
  REQUIRE_OK(iio_imopen(scratch("m.toy1"), "r", NULL, &file));
  CHECK_STRING(iio_file_plugin(file), "toymodule");
  picture p = picture_of(file, 0, NULL);
  CHECK(p.status == IIO_OK && p.pixels.size == 60 && memcmp(p.pixels.data, c.data, 60) == 0);
  picture_free(&p);
  CHECK_OK(iio_file_meta(file, 0, NULL, &meta));
  CHECK_INT(int_of(meta, "toys", 0), 1);
  iio_dict_free(meta);
  CHECK_OK(iio_file_call(file, "echo", arguments, &result));
  CHECK_INT(int_of(result, "x", 0), 7);
  CHECK_OK(iio_file_iter(file, NULL, &it));
  unsigned char pixels[60];
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK_STATUS(iio_iter_next(it, pixels, sizeof pixels, NULL), IIO_END);
  iio_iter_free(it);
  CHECK_OK(iio_file_close(file));
  iio_dict_free(arguments);
  iio_dict_free(result);
  canvas_free(&c);
}

static void a_module_is_told_in_the_registry(void) {
  iio_dict *all = NULL;
  REQUIRE_OK(iio_plugins(&all));
  CHECK_INT(iio_dict_kind(all, "toymodule"), IIO_KIND_DICT);
  iio_dict_free(all);
}

static int32_t stop(void *user, uint64_t done, uint64_t total) { return (void)done, (void)total, ++*(int *)user; }

static void progress_and_failures_of_a_module_reach_the_caller(void) {
  int calls = 0;
  unsigned char pixels[60];
  iio_dict *options = options_of("{'delay_ms': 120}");
  CHECK_OK(iio_dict_set_progress(options, stop, &calls));
  CHECK_STATUS(iio_imread(scratch("m.toy1"), 0, options, pixels, sizeof pixels, NULL), IIO_ERROR_CANCELLED);
  CHECK(calls >= 1);
  iio_dict_free(options);
  bytes b = slurp(scratch("m.toy1"));
  REQUIRE(spit(scratch("cut.toy1"), b.data, b.size - 3) == 0);
  free(b.data);
  CHECK_STATUS(iio_imread(scratch("cut.toy1"), 0, NULL, pixels, sizeof pixels, NULL), IIO_ERROR_CORRUPT);
  CHECK_MENTIONS(iio_error_message(), "pixels are missing");
}

static void a_module_can_be_taken_back(void) {
  unsigned char pixels[60];
  CHECK_OK(iio_unregister_plugin("toymodule"));
  CHECK_ERROR(iio_imread(scratch("m.toy1"), 0, NULL, pixels, sizeof pixels, NULL));
  CHECK_ERROR(iio_unregister_plugin("toymodule"));
}

static void a_module_that_refuses_says_why(void) {
  CHECK_ERROR(iio_load_plugin(path_in(modules, "refuse.so"))); /* whether fail's own status travels, the contract does not say */
  CHECK_MENTIONS(iio_error_message(), "this machine has no toys");
}

static void what_is_no_module_is_refused(void) {
  CHECK_ERROR(iio_load_plugin(path_in(modules, "noentry.so")));
  CHECK_MENTIONS(iio_error_message(), "iio_plugin_entry");
  spit(scratch("text.so"), "no library", 10);
  CHECK_ERROR(iio_load_plugin(scratch("text.so")));
  CHECK_MENTIONS(iio_error_message(), "text.so");
  CHECK_ERROR(iio_load_plugin(scratch("absent.so")));
  CHECK_MENTIONS(iio_error_message(), "absent.so");
  CHECK_ERROR(iio_load_plugin(""));
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  modules = getenv("IIO_TEST_MODULES");
  if (!modules) {
    fprintf(stderr, "IIO_TEST_MODULES does not say where the modules are\n");
    return 77;
  }
  RUN(a_module_serves_like_any_plugin);
  RUN(a_module_is_told_in_the_registry);
  RUN(progress_and_failures_of_a_module_reach_the_caller);
  RUN(a_module_can_be_taken_back);
  RUN(a_module_that_refuses_says_why);
  RUN(what_is_no_module_is_refused);
  return check_finish();
}
