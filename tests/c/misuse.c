/* NULL for every pointer of every function, modes, dtypes, kinds and structs that nobody should pass. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "streams.h"
#include <libimageio/plugin.h>

static int poison;
#define POISON ((void *)&poison)

static iio_file *opened(const char *name) {
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(fixture(name), "r", NULL, &file));
  return file;
}

static void null_for_a_file_name_is_refused(void) {
  iio_props p = no_props();
  void *data = POISON;
  size_t size = 5;
  iio_dict *meta = POISON;
  iio_iter *it = POISON;
  iio_file *file = POISON;
  canvas c = canvas_image(IIO_UINT8, 2, 2, 3, 0);
  unsigned char byte[1];
  CHECK_REFUSED(iio_imread(NULL, 0, NULL, byte, 1, &p));
  CHECK_REFUSED(iio_imread_alloc(NULL, 0, NULL, NULL, NULL, &data, &p));
  CHECK(data == NULL);
  CHECK_REFUSED(iio_imread_view(NULL, 0, NULL, NULL, NULL, &p));
  CHECK_REFUSED(iio_imwrite(NULL, &c.array, NULL));
  CHECK_REFUSED(iio_imiter(NULL, NULL, &it));
  CHECK(it == NULL);
  CHECK_REFUSED(iio_improps(NULL, 0, NULL, &p));
  CHECK_REFUSED(iio_immeta(NULL, 0, NULL, &meta));
  CHECK(meta == NULL);
  CHECK_REFUSED(iio_imopen(NULL, "r", NULL, &file));
  CHECK(file == NULL);
  data = POISON;
  CHECK_REFUSED(iio_imwrite_bytes(NULL, &c.array, NULL, NULL, NULL, &data, &size)); /* no option names the format either */
  CHECK(data == NULL && size == 0);
  canvas_free(&c);
}

static void null_for_an_out_is_refused(void) {
  canvas c = canvas_image(IIO_UINT8, 2, 2, 3, 0);
  const char *path = fixture("rgb8.png");
  void *data = POISON;
  size_t size = 5;
  CHECK_REFUSED(iio_imread_alloc(path, 0, NULL, NULL, NULL, NULL, NULL));
  CHECK_REFUSED(iio_imread_view(path, 0, NULL, NULL, NULL, NULL)); /* the view is no allocator: it may not be NULL */
  CHECK_REFUSED(iio_imwrite_bytes(".png", &c.array, NULL, NULL, NULL, NULL, &size));
  CHECK_INT(size, 0);
  CHECK_REFUSED(iio_imwrite_bytes(".png", &c.array, NULL, NULL, NULL, &data, NULL));
  CHECK(data == NULL);
  CHECK_REFUSED(iio_imiter(path, NULL, NULL));
  CHECK_REFUSED(iio_improps(path, 0, NULL, NULL));
  CHECK_REFUSED(iio_immeta(path, 0, NULL, NULL));
  CHECK_REFUSED(iio_imopen(path, "r", NULL, NULL));
  CHECK_REFUSED(iio_imopen_bytes("x", 1, NULL, NULL));
  CHECK_REFUSED(iio_plugins(NULL));
  CHECK_REFUSED(iio_formats(NULL));
  CHECK_REFUSED(iio_dict_from_json("{}", NULL));
  CHECK_REFUSED(iio_error_details(NULL));
  CHECK_REFUSED(iio_imwrite(scratch("never.png"), NULL, NULL));
  data = POISON;
  size = 5;
  CHECK_REFUSED(iio_imwrite_bytes(".png", NULL, NULL, NULL, NULL, &data, &size));
  CHECK(data == NULL && size == 0);
  CHECK(!file_exists(scratch("never.png")));
  canvas_free(&c);
}

static void null_for_a_file_is_refused(void) {
  iio_props p = no_props();
  int64_t count;
  iio_dict *dict = POISON;
  iio_iter *it = POISON;
  const void *data = POISON;
  size_t size = 5;
  unsigned char byte[1];
  iio_array a = array_over(byte, IIO_UINT8, 1, (uint64_t[]){1});
  CHECK_REFUSED(iio_file_count(NULL, NULL, IIO_IMAGES_EXACT, &count));
  CHECK_REFUSED(iio_file_props(NULL, 0, NULL, &p));
  CHECK_REFUSED(iio_file_read(NULL, 0, NULL, byte, 1, &p));
  CHECK_REFUSED(iio_file_read_into(NULL, 0, NULL, &a));
  CHECK_REFUSED(iio_file_meta(NULL, 0, NULL, &dict));
  CHECK(dict == NULL);
  CHECK_REFUSED(iio_file_iter(NULL, NULL, &it));
  CHECK(it == NULL);
  CHECK_REFUSED(iio_file_write(NULL, &a, NULL));
  dict = POISON;
  CHECK_REFUSED(iio_file_call(NULL, "echo", NULL, &dict));
  CHECK(dict == NULL);
  CHECK_REFUSED(iio_file_bytes(NULL, &data, &size));
  CHECK(data == NULL && size == 0);
  CHECK_INT(iio_file_close(NULL), IIO_OK); /* "every close takes NULL" */
  iio_file_discard(NULL);
  (void)iio_file_plugin(NULL);
}

static void null_for_an_argument_of_an_open_file_is_refused(void) {
  iio_file *file = opened("rgb8.png");
  size_t size = 5;
  const void *data = POISON;
  CHECK_REFUSED(iio_file_count(file, NULL, IIO_IMAGES_EXACT, NULL));
  CHECK_REFUSED(iio_file_props(file, 0, NULL, NULL));
  CHECK_REFUSED(iio_file_read_into(file, 0, NULL, NULL));
  CHECK_REFUSED(iio_file_meta(file, 0, NULL, NULL));
  CHECK_REFUSED(iio_file_iter(file, NULL, NULL));
  CHECK_REFUSED(iio_file_call(file, NULL, NULL, NULL));
  CHECK_REFUSED(iio_file_bytes(file, NULL, &size));
  CHECK_REFUSED(iio_file_bytes(file, &data, NULL));
  unsigned char pixels[429];
  CHECK_OK(iio_file_read(file, 0, NULL, pixels, sizeof pixels, NULL)); /* props may be NULL here */
  CHECK_OK(iio_file_close(file));
  CHECK_OK(iio_imopen(scratch("never.png"), "w", NULL, &file));
  CHECK_REFUSED(iio_file_write(file, NULL, NULL));
  iio_file_discard(file);
}

static void null_for_an_iterator_is_refused(void) {
  iio_props p = no_props();
  unsigned char byte[1];
  iio_array a = array_over(byte, IIO_UINT8, 1, (uint64_t[]){1});
  iio_dict *dict = POISON;
  CHECK_REFUSED(iio_iter_props(NULL, &p));
  CHECK_REFUSED(iio_iter_next(NULL, byte, 1, &p));
  CHECK_REFUSED(iio_iter_next_into(NULL, &a));
  CHECK_REFUSED(iio_iter_meta(NULL, &dict));
  CHECK(dict == NULL);
  CHECK_REFUSED(iio_iter_seek(NULL, 0));
  CHECK(iio_iter_file(NULL) == NULL);
  iio_iter_free(NULL);
  iio_iter *it = NULL;
  REQUIRE_OK(iio_imiter(fixture("keep.gif"), NULL, &it));
  CHECK_REFUSED(iio_iter_props(it, NULL));
  CHECK_REFUSED(iio_iter_next_into(it, NULL));
  CHECK_REFUSED(iio_iter_meta(it, NULL));
  iio_iter_free(it);
}

static void null_for_bytes_is_none_only_when_there_are_none(void) {
  iio_file *file = POISON;
  CHECK_REFUSED(iio_imopen_bytes(NULL, 1, NULL, &file));
  CHECK(file == NULL);
  file = POISON;
  iio_status status = iio_imopen_bytes(NULL, 0, NULL, &file); /* taken, but no image */
  CHECK(status < 0 && status != IIO_ERROR_INVALID_ARGUMENT && status != IIO_ERROR_INTERNAL);
  CHECK(file == NULL);
}

static void null_in_callbacks_is_refused_where_it_is_needed(void) {
  iio_file *file = POISON;
  CHECK_REFUSED(iio_imopen_callbacks(NULL, "r", NULL, &file));
  CHECK(file == NULL);
  for (int writing = 0; writing < 2; writing++) {
    stream s = stream_over("x", 1);
    iio_callbacks io = stream_reads(&s, STREAM_SEEKS);
    io.read = NULL; /* neither read nor write */
    file = POISON;
    iio_dict *png = options_of("{'extension': '.png'}");
    CHECK_REFUSED(iio_imopen_callbacks(&io, writing ? "w" : "r", png, &file));
    CHECK(file == NULL);
    CHECK_INT(s.closes, 1);
    iio_dict_free(png);
  }
}

static void null_for_a_dictionary_or_key_is_refused(void) {
  iio_dict *d = iio_dict_new(), *out = POISON;
  const iio_dict *borrowed;
  int32_t flag;
  int64_t whole;
  double real;
  const char *text;
  const void *data;
  size_t size;
  unsigned char byte[1] = {0};
  iio_array a = array_over(byte, IIO_UINT8, 1, (uint64_t[]){1});
  CHECK_REFUSED(iio_dict_copy(NULL, &out));
  CHECK(out == NULL);
  CHECK_REFUSED(iio_dict_copy(d, NULL));
  CHECK_INT(iio_dict_len(NULL), 0);
  CHECK(iio_dict_key(NULL, 0) == NULL);
  CHECK_INT(iio_dict_kind(NULL, "a"), IIO_KIND_ABSENT);
  CHECK_INT(iio_dict_kind(d, NULL), IIO_KIND_ABSENT);
  for (int k = 0; k < 2; k++) {
    iio_dict *to = k ? d : NULL;
    const char *key = k ? NULL : "a";
    CHECK_REFUSED(iio_dict_remove(to, key));
    CHECK_REFUSED(iio_dict_set_null(to, key));
    CHECK_REFUSED(iio_dict_set_bool(to, key, 1));
    CHECK_REFUSED(iio_dict_set_int(to, key, 1));
    CHECK_REFUSED(iio_dict_set_float(to, key, 1));
    CHECK_REFUSED(iio_dict_set_string(to, key, "x"));
    CHECK_REFUSED(iio_dict_set_bytes(to, key, "x", 1));
    CHECK_REFUSED(iio_dict_set_array(to, key, &a));
    CHECK_REFUSED(iio_dict_set_dict(to, key, d));
    CHECK_REFUSED(iio_dict_set_list(to, key, d));
    CHECK_REFUSED(iio_dict_set_json(to, key, "1"));
    iio_array got = {.struct_size = sizeof got};
    CHECK_STATUS(iio_dict_get_bool(to, key, &flag), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_int(to, key, &whole), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_float(to, key, &real), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_string(to, key, &text), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_bytes(to, key, &data, &size), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_array(to, key, &got), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_dict(to, key, &borrowed), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_json(to, key, NULL, 0, &size), IIO_ERROR_INVALID_ARGUMENT);
  }
  CHECK_REFUSED(iio_dict_set_progress(NULL, NULL, NULL));
  CHECK_REFUSED(iio_dict_to_json(NULL, NULL, 0, &size));
  CHECK_REFUSED(iio_dict_from_json(NULL, &out));
  CHECK(out == NULL);
  CHECK_INT(iio_dict_len(d), 0);
  iio_dict_free(d);
  iio_dict_free(NULL);
}

static void null_for_a_value_is_refused(void) {
  iio_dict *d = options_of("{'b': true, 'i': 1, 'f': 1.5, 's': 'x', 'd': {}}");
  size_t size;
  const void *data;
  unsigned char byte[1] = {0};
  CHECK_REFUSED(iio_dict_set_string(d, "a", NULL));
  CHECK_REFUSED(iio_dict_set_bytes(d, "a", NULL, 1));
  CHECK_REFUSED(iio_dict_set_array(d, "a", NULL));
  CHECK_REFUSED(iio_dict_set_dict(d, "a", NULL));
  CHECK_REFUSED(iio_dict_set_list(d, "a", NULL));
  CHECK_REFUSED(iio_dict_set_json(d, "a", NULL));
  CHECK_INT(iio_dict_kind(d, "a"), IIO_KIND_ABSENT);
  CHECK_OK(iio_dict_set_bytes(d, "none", NULL, 0));
  CHECK_INT(iio_dict_kind(d, "none"), IIO_KIND_BYTES);
  CHECK_STATUS(iio_dict_get_bool(d, "b", NULL), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_STATUS(iio_dict_get_int(d, "i", NULL), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_STATUS(iio_dict_get_float(d, "f", NULL), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_STATUS(iio_dict_get_string(d, "s", NULL), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_STATUS(iio_dict_get_bytes(d, "s", NULL, &size), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_STATUS(iio_dict_get_bytes(d, "s", &data, NULL), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_STATUS(iio_dict_get_dict(d, "d", NULL), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_STATUS(iio_dict_get_array(d, "d", NULL), IIO_ERROR_INVALID_ARGUMENT);
  iio_array a = array_over(byte, IIO_UINT8, 1, (uint64_t[]){1});
  a.data = NULL;
  CHECK_REFUSED(iio_dict_set_array(d, "a", &a));
  a.shape[0] = 0; /* nothing is there, so nothing need be pointed at */
  CHECK_OK(iio_dict_set_array(d, "a", &a));
  iio_dict_free(d);
}

static void null_for_the_registry_is_refused(void) {
  iio_plugin nameless;
  memset(&nameless, 0, sizeof nameless);
  nameless.struct_size = sizeof nameless;
  CHECK_REFUSED(iio_register_plugin(NULL));
  CHECK_REFUSED(iio_register_plugin(&nameless));
  CHECK_REFUSED(iio_unregister_plugin(NULL));
  CHECK_REFUSED(iio_load_plugin(NULL));
  CHECK_REFUSED(iio_set_priority(NULL, "image"));
  CHECK_REFUSED(iio_set_priority(".png", NULL));
}

static void only_r_and_w_are_modes(void) {
  static const char *const modes[] = {"", "x", "a", "r+", "w+", "rw", "R", "W", "rb", " r", "read"};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    SUBJECT("mode \"%s\"", modes[i]);
    iio_file *file = POISON;
    CHECK_REFUSED(iio_imopen(fixture("rgb8.png"), modes[i], NULL, &file));
    CHECK(file == NULL);
    file = POISON;
    CHECK_REFUSED(iio_imopen(scratch("never.png"), modes[i], NULL, &file));
    CHECK(file == NULL);
  }
  iio_file *file = POISON;
  CHECK_REFUSED(iio_imopen(fixture("rgb8.png"), NULL, NULL, &file));
  CHECK(file == NULL);
  CHECK(!file_exists(scratch("never.png")));
}

static void arrays_that_make_no_sense_are_refused(void) {
  unsigned char pixels[64] = {0};
  iio_dict *d = iio_dict_new();
  static const struct { iio_dtype dtype; uint32_t ndim; uint64_t first; int null; } wrong[] = {
    {0, 2, 2, 0}, {15, 2, 2, 0}, {-1, 2, 2, 0}, {INT32_MAX, 2, 2, 0}, {IIO_UINT8, 9, 1, 0}, {IIO_UINT8, UINT32_MAX, 1, 0}, {IIO_UINT8, 2, 2, 1}, {IIO_UINT8, 2, UINT64_MAX, 0}, {IIO_FLOAT64, 2, UINT64_MAX / 8, 0}};
  iio_file *file = opened("rgb8.png");
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    SUBJECT("array %zu", i);
    iio_array a = array_over(wrong[i].null ? NULL : pixels, wrong[i].dtype, 2, (uint64_t[]){wrong[i].first, 2});
    a.ndim = wrong[i].ndim;
    CHECK_ERROR(iio_dict_set_array(d, "a", &a));
    CHECK_ERROR(iio_imwrite(scratch("never.png"), &a, NULL));
    CHECK_ERROR(iio_file_read_into(file, 0, NULL, &a));
    CHECK_STATUS(iio_dict_set_array(d, "a", &a), IIO_ERROR_INVALID_ARGUMENT); /* where no shape is asked for, only this fits */
  }
  CHECK_INT(iio_dict_len(d), 0);
  CHECK(!file_exists(scratch("never.png")));
  CHECK_OK(iio_file_close(file));
  iio_dict_free(d);
}

static void unknown_enumerators_are_refused(void) {
  iio_file *file = opened("rgb8.png");
  int64_t count;
  CHECK_REFUSED(iio_file_count(file, NULL, 2, &count));
  CHECK_REFUSED(iio_file_count(file, NULL, UINT32_MAX, &count));
  CHECK_OK(iio_file_close(file));
}

static void a_call_with_everything_wrong_still_answers(void) {
  iio_dict *options = options_of("{'plugin': '', 'extension': '', 'nonsense': [1, {'deep': null}]}");
  iio_file *file = POISON;
  CHECK_ERROR(iio_imopen("", "r", options, &file));
  CHECK(file == NULL);
  file = POISON;
  CHECK_ERROR(iio_imopen("", "r", NULL, &file));
  CHECK(file == NULL);
  file = POISON;
  CHECK_ERROR(iio_imopen("", "w", NULL, &file));
  CHECK(file == NULL);
  iio_dict_free(options);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(null_for_a_file_name_is_refused);
  RUN(null_for_an_out_is_refused);
  RUN(null_for_a_file_is_refused);
  RUN(null_for_an_argument_of_an_open_file_is_refused);
  RUN(null_for_an_iterator_is_refused);
  RUN(null_for_bytes_is_none_only_when_there_are_none);
  RUN(null_in_callbacks_is_refused_where_it_is_needed);
  RUN(null_for_a_dictionary_or_key_is_refused);
  RUN(null_for_a_value_is_refused);
  RUN(null_for_the_registry_is_refused);
  RUN(only_r_and_w_are_modes);
  RUN(arrays_that_make_no_sense_are_refused);
  RUN(unknown_enumerators_are_refused);
  RUN(a_call_with_everything_wrong_still_answers);
  return check_finish();
}
