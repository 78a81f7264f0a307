/* The message and the details of a thread's last failure. */
#include "files.h"
#include "images.h"
#include "options.h"
#include <errno.h>
#include <pthread.h>

static char remembered[4096];

static void fail_once(void) {
  iio_props p = no_props();
  CHECK_STATUS(iio_improps(scratch("absent.png"), 0, NULL, &p), IIO_ERROR_NOT_FOUND);
  print_to(remembered, sizeof remembered, "%s", iio_error_message());
}

static void at_first_there_is_no_message(void) { CHECK_STRING(iio_error_message(), ""); }

static void every_failure_says_something(void) {
  fail_once();
  CHECK_MENTIONS(remembered, "absent.png");
  iio_file *file = NULL;
  CHECK_ERROR(iio_imopen(fixture("rgb8.png"), "q", NULL, &file));
  CHECK(strcmp(remembered, iio_error_message()) != 0 && *iio_error_message());
}

static void what_succeeds_leaves_the_message_alone(void) {
  fail_once();
  iio_props p = no_props();
  iio_file *file = NULL;
  iio_iter *it = NULL;
  iio_dict *d = iio_dict_new();
  unsigned char pixels[429];
  CHECK_OK(iio_improps(fixture("rgb8.png"), 0, NULL, &p));
  CHECK_OK(iio_imread(fixture("rgb8.png"), 0, NULL, pixels, sizeof pixels, NULL));
  CHECK_OK(iio_imopen(fixture("rgb8.png"), "r", NULL, &file));
  CHECK_OK(iio_file_iter(file, NULL, &it));
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK_STATUS(iio_iter_next(it, pixels, sizeof pixels, NULL), IIO_END);
  CHECK_OK(iio_dict_set_int(d, "a", 1));
  CHECK_STRING(iio_error_message(), remembered);
  iio_iter_free(it);
  CHECK_OK(iio_file_close(file));
  iio_dict_free(d);
  CHECK_STRING(iio_error_message(), remembered);
}

static void frees_and_discards_leave_the_message_alone(void) {
  iio_file *file = NULL;
  iio_iter *it = NULL;
  canvas c = canvas_image(IIO_UINT8, 4, 4, 3, 0);
  CHECK_OK(iio_imopen(scratch("thrown_away.png"), "w", NULL, &file));
  CHECK_OK(iio_file_write(file, &c.array, NULL));
  CHECK_OK(iio_imiter(fixture("keep.gif"), NULL, &it));
  fail_once();
  iio_file_discard(file);
  iio_iter_free(it);
  iio_dict_free(iio_dict_new());
  iio_free_data(NULL);
  iio_dict *details = NULL;
  CHECK_OK(iio_error_details(&details));
  iio_dict_free(details);
  CHECK_STRING(iio_error_message(), remembered);
  canvas_free(&c);
}

static void details_tell_the_parts(void) {
  fail_once();
  iio_dict *d = NULL;
  REQUIRE_OK(iio_error_details(&d));
  const char *text = NULL;
  CHECK_INT(int_of(d, "status", 0), IIO_ERROR_NOT_FOUND);
  CHECK_INT(int_of(d, "os_error", 0), ENOENT);
  CHECK_OK(iio_dict_get_string(d, "message", &text));
  CHECK_STRING(text, iio_error_message());
  CHECK_OK(iio_dict_get_string(d, "resource", &text));
  CHECK_MENTIONS(text, "absent.png");
  iio_dict_free(d);
  iio_file *file = NULL; /* and the dictionary was the caller's own */
  CHECK_ERROR(iio_imopen(NULL, "r", NULL, &file));
  CHECK_OK(iio_error_details(&d));
  CHECK_INT(int_of(d, "status", 0), IIO_ERROR_INVALID_ARGUMENT);
  iio_dict_free(d);
}

static void a_failing_decoder_names_its_plugin(void) {
  bytes b = slurp(fixture("rgb8.png"));
  spit(scratch("cut.png"), b.data, b.size / 2);
  free(b.data);
  unsigned char pixels[429];
  CHECK_STATUS(iio_imread(scratch("cut.png"), 0, NULL, pixels, sizeof pixels, NULL), IIO_ERROR_CORRUPT);
  iio_dict *d = NULL;
  const char *text = NULL;
  REQUIRE_OK(iio_error_details(&d));
  CHECK_OK(iio_dict_get_string(d, "plugin", &text));
  CHECK_STRING(text, "image");
  CHECK_OK(iio_dict_get_string(d, "resource", &text));
  CHECK_MENTIONS(text, "cut.png");
  iio_dict_free(d);
}

static void nobody_who_could_open_it_lists_who_was_asked(void) {
  spit(scratch("riddle.xyz"), "a riddle of no format", 21);
  iio_file *file = NULL;
  CHECK_STATUS(iio_imopen(scratch("riddle.xyz"), "r", NULL, &file), IIO_ERROR_NO_BACKEND);
  CHECK_MENTIONS(iio_error_message(), "image");
  iio_dict *d = NULL;
  REQUIRE_OK(iio_error_details(&d));
  CHECK(iio_dict_kind(d, "candidates") == IIO_KIND_LIST || iio_dict_kind(d, "candidates") == IIO_KIND_DICT);
  const iio_dict *candidates = NULL;
  CHECK_OK(iio_dict_get_dict(d, "candidates", &candidates));
  CHECK(iio_dict_len(candidates) >= 1);
  iio_dict_free(d);
}

static void plugins_and_options_that_are_unknown_have_their_status(void) {
  static const struct { const char *json; iio_status status; const char *word; } cases[] = {
    {"{'plugin': 'no-such-plugin'}", IIO_ERROR_UNKNOWN_PLUGIN, "no-such-plugin"},
    {"{'plugin': 5}", IIO_ERROR_INVALID_OPTION, "plugin"},
    {"{'pluging': 'image'}", IIO_ERROR_UNKNOWN_OPTION, "plugin"},
    {"{'max_pixel': 5}", IIO_ERROR_UNKNOWN_OPTION, "max_pixels"},
    {"{'threads': 'many'}", IIO_ERROR_INVALID_OPTION, "threads"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    SUBJECT("%s", cases[i].json);
    iio_dict *options = options_of(cases[i].json);
    iio_file *file = (iio_file *)&i;
    CHECK_STATUS(iio_imopen(fixture("rgb8.png"), "r", options, &file), cases[i].status);
    CHECK(file == NULL);
    CHECK_MENTIONS(iio_error_message(), cases[i].word);
    iio_dict_free(options);
  }
}

static void imageios_names_are_aliases(void) {
  static const char *const names[] = {"image", "pillow"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    iio_dict *options = iio_dict_new();
    iio_file *file = NULL;
    CHECK_OK(iio_dict_set_string(options, "plugin", names[i]));
    if (CHECK_OK(iio_imopen(fixture("rgb8.png"), "r", options, &file))) CHECK_STRING(iio_file_plugin(file), "image");
    CHECK_OK(iio_file_close(file));
    iio_dict_free(options);
  }
}

static void *on_another_thread(void *user) {
  (void)user;
  CHECK_STRING(iio_error_message(), "");
  iio_file *file = NULL;
  CHECK_ERROR(iio_imopen(scratch("also_absent.png"), "r", NULL, &file));
  CHECK_MENTIONS(iio_error_message(), "also_absent.png");
  return NULL;
}

static void each_thread_has_its_own_message(void) {
  fail_once();
  pthread_t t;
  REQUIRE(pthread_create(&t, NULL, on_another_thread, NULL) == 0);
  pthread_join(t, NULL);
  CHECK_STRING(iio_error_message(), remembered);
}

static void details_after_no_failure_are_no_crash(void) {
  iio_dict *d = NULL;
  if (iio_error_details(&d) == IIO_OK) CHECK(d != NULL);
  iio_dict_free(d);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(at_first_there_is_no_message);
  RUN(details_after_no_failure_are_no_crash);
  RUN(every_failure_says_something);
  RUN(what_succeeds_leaves_the_message_alone);
  RUN(frees_and_discards_leave_the_message_alone);
  RUN(details_tell_the_parts);
  RUN(a_failing_decoder_names_its_plugin);
  RUN(nobody_who_could_open_it_lists_who_was_asked);
  RUN(plugins_and_options_that_are_unknown_have_their_status);
  RUN(imageios_names_are_aliases);
  RUN(each_thread_has_its_own_message);
  return check_finish();
}
