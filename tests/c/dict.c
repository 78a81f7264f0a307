/* iio_dict: kinds, order, borrowing, what strings may hold, copying, lists. JSON is in json.c. */
#include "images.h"
#include "options.h"

static void a_new_dictionary_is_empty(void) {
  iio_dict *d = iio_dict_new();
  REQUIRE(d != NULL);
  CHECK_INT(iio_dict_len(d), 0);
  CHECK(iio_dict_key(d, 0) == NULL);
  CHECK(iio_dict_key(d, SIZE_MAX) == NULL);
  CHECK_INT(iio_dict_kind(d, "x"), IIO_KIND_ABSENT);
  iio_dict_free(d);
}

static void every_kind_comes_back_as_it_went_in(void) {
  iio_dict *d = iio_dict_new(), *inner = options_of("{'x': 1}");
  float reals[6] = {0, 1, 2, 3, 4, 5.5f};
  iio_array a = array_over(reals, IIO_FLOAT32, 2, (uint64_t[]){2, 3}), got = {.struct_size = sizeof got};
  CHECK_OK(iio_dict_set_null(d, "null"));
  CHECK_OK(iio_dict_set_bool(d, "bool", 1));
  CHECK_OK(iio_dict_set_int(d, "int", INT64_MIN));
  CHECK_OK(iio_dict_set_float(d, "float", 0.1));
  CHECK_OK(iio_dict_set_string(d, "string", "grüße"));
  CHECK_OK(iio_dict_set_bytes(d, "bytes", "a\0b", 3));
  CHECK_OK(iio_dict_set_array(d, "array", &a));
  CHECK_OK(iio_dict_set_list(d, "list", inner));
  CHECK_OK(iio_dict_set_dict(d, "dict", inner));
  iio_dict_free(inner);
  reals[5] = 0; /* all were copied */
  static const struct { const char *key; int32_t kind; } kinds[] = {
    {"null", IIO_KIND_NULL}, {"bool", IIO_KIND_BOOL}, {"int", IIO_KIND_INT}, {"float", IIO_KIND_FLOAT}, {"string", IIO_KIND_STRING},
    {"bytes", IIO_KIND_BYTES}, {"array", IIO_KIND_ARRAY}, {"list", IIO_KIND_LIST}, {"dict", IIO_KIND_DICT}};
  CHECK_INT(iio_dict_len(d), 9);
  for (size_t i = 0; i < 9; i++) {
    CHECK_STRING(iio_dict_key(d, i), kinds[i].key);
    CHECK_INT(iio_dict_kind(d, kinds[i].key), kinds[i].kind);
  }
  int32_t flag = 7;
  int64_t whole = 0;
  double real = 0;
  const char *text = NULL;
  const void *data = NULL;
  size_t size = 0;
  const iio_dict *part = NULL;
  CHECK_OK(iio_dict_get_bool(d, "bool", &flag));
  CHECK_INT(flag, 1);
  CHECK_OK(iio_dict_get_int(d, "int", &whole));
  CHECK_INT(whole, INT64_MIN);
  CHECK_OK(iio_dict_get_float(d, "float", &real));
  CHECK(real == 0.1);
  CHECK_OK(iio_dict_get_string(d, "string", &text));
  CHECK_STRING(text, "grüße");
  CHECK_OK(iio_dict_get_bytes(d, "bytes", &data, &size));
  CHECK(size == 3 && memcmp(data, "a\0b", 3) == 0);
  CHECK_OK(iio_dict_get_array(d, "array", &got));
  CHECK(got.dtype == IIO_FLOAT32 && got.ndim == 2 && got.shape[0] == 2 && got.shape[1] == 3 && ((float *)got.data)[5] == 5.5f);
  CHECK_OK(iio_dict_get_dict(d, "dict", &part));
  CHECK_INT(int_of(part, "x", 0), 1);
  CHECK_OK(iio_dict_get_dict(d, "list", &part));
  CHECK_INT(int_of(part, "0", 0), 1);
  iio_dict_free(d);
}

static void an_absent_key_is_not_found_and_another_kind_is_refused(void) {
  iio_dict *d = options_of("{'null': null, 'bool': true, 'int': 1, 'float': 1.5, 'string': 's', 'list': [1], 'dict': {}, 'bytes': {'base64': 'AA=='}}");
  static const char *const keys[] = {"absent", "null", "bool", "int", "float", "string", "list", "dict", "bytes"};
  /* which getters serve which kind: bool, int, float, string, bytes, array, dict */
  static const char serves[9][8] = {"nnnnnnn", "0000000", "1000000", "0110000", "0010000", "0001100", "000000y", "0000001", "0000100"};
  for (size_t i = 0; i < 9; i++) {
    int32_t flag;
    int64_t whole;
    double real;
    const char *text;
    const void *data;
    size_t size;
    const iio_dict *part;
    iio_array a = {.struct_size = sizeof a};
    const iio_status got[7] = {iio_dict_get_bool(d, keys[i], &flag), iio_dict_get_int(d, keys[i], &whole), iio_dict_get_float(d, keys[i], &real),
                               iio_dict_get_string(d, keys[i], &text), iio_dict_get_bytes(d, keys[i], &data, &size), iio_dict_get_array(d, keys[i], &a),
                               iio_dict_get_dict(d, keys[i], &part)};
    for (int k = 0; k < 7; k++) {
      SUBJECT("key %s, getter %d", keys[i], k);
      char c = serves[i][k];
      CHECK_STATUS(got[k], c == 'n' ? IIO_ERROR_NOT_FOUND : c == '0' ? IIO_ERROR_INVALID_ARGUMENT : IIO_OK);
    }
  }
  size_t needed;
  CHECK_STATUS(iio_dict_get_json(d, "absent", NULL, 0, &needed), IIO_ERROR_NOT_FOUND);
  CHECK_STATUS(iio_dict_remove(d, "absent"), IIO_ERROR_NOT_FOUND);
  iio_dict_free(d);
}

static void a_failed_getter_gives_null_and_leaves_the_message_alone(void) {
  iio_dict *d = iio_dict_new();
  iio_file *file = NULL;
  CHECK_ERROR(iio_imopen("no/such/file.png", "r", NULL, &file));
  char before[1024];
  print_to(before, sizeof before, "%s", iio_error_message());
  const void *data = d;
  size_t size = 9;
  const char *text = "x";
  const iio_dict *part = d;
  int64_t whole;
  CHECK_STATUS(iio_dict_get_bytes(d, "a", &data, &size), IIO_ERROR_NOT_FOUND);
  CHECK(data == NULL && size == 0);
  CHECK_STATUS(iio_dict_get_string(d, "a", &text), IIO_ERROR_NOT_FOUND);
  CHECK_STATUS(iio_dict_get_dict(d, "a", &part), IIO_ERROR_NOT_FOUND);
  CHECK_STATUS(iio_dict_get_int(d, "a", &whole), IIO_ERROR_NOT_FOUND);
  CHECK(text == NULL && part == NULL);
  CHECK_STRING(iio_error_message(), before);
  iio_dict_free(d);
  CHECK_STRING(iio_error_message(), before);
}

static void an_int_serves_as_a_float_and_a_string_as_bytes(void) {
  iio_dict *d = options_of("{'i': -7, 's': 'abc'}");
  double real = 0;
  const void *data = NULL;
  size_t size = 0;
  CHECK_OK(iio_dict_get_float(d, "i", &real));
  CHECK(real == -7.0);
  CHECK_OK(iio_dict_get_bytes(d, "s", &data, &size));
  CHECK(size == 3 && memcmp(data, "abc", 3) == 0); /* without the NUL */
  iio_dict_free(d);
}

static void keys_stay_in_order_through_removal_and_copy(void) {
  iio_dict *d = iio_dict_new(), *copy = NULL;
  char key[16];
  for (int i = 0; i < 100; i++) {
    snprintf(key, sizeof key, "k%d", (i * 37) % 100);
    CHECK_OK(iio_dict_set_int(d, key, i));
  }
  for (int i = 0; i < 100; i += 2) {
    snprintf(key, sizeof key, "k%d", (i * 37) % 100);
    CHECK_OK(iio_dict_remove(d, key));
    CHECK_INT(iio_dict_kind(d, key), IIO_KIND_ABSENT);
  }
  CHECK_OK(iio_dict_copy(d, &copy));
  CHECK_INT(iio_dict_len(d), 50);
  CHECK_INT(iio_dict_len(copy), 50);
  for (size_t i = 0; i < 50; i++) {
    snprintf(key, sizeof key, "k%zu", ((2 * i + 1) * 37) % 100);
    CHECK_STRING(iio_dict_key(d, i), key);
    CHECK_STRING(iio_dict_key(copy, i), key);
    CHECK_INT(int_of(copy, key, -1), 2 * i + 1);
  }
  CHECK(iio_dict_key(d, 50) == NULL);
  CHECK_OK(iio_dict_set_int(copy, "k1", -5)); /* apart from one another */
  CHECK(int_of(d, "k1", 0) != -5);
  iio_dict_free(d);
  CHECK_INT(iio_dict_len(copy), 50);
  iio_dict_free(copy);
}

static void setting_a_key_again_replaces_value_and_kind(void) {
  iio_dict *d = iio_dict_new();
  CHECK_OK(iio_dict_set_string(d, "a", "text"));
  CHECK_OK(iio_dict_set_int(d, "a", 5));
  CHECK_OK(iio_dict_set_null(d, "a"));
  CHECK_OK(iio_dict_set_float(d, "a", 2.5));
  CHECK_INT(iio_dict_len(d), 1);
  CHECK_INT(iio_dict_kind(d, "a"), IIO_KIND_FLOAT);
  CHECK(float_of(d, "a", 0) == 2.5);
  iio_dict_free(d);
}

static void borrowed_results_live_while_nothing_changes(void) {
  iio_dict *d = options_of("{'s': 'kept', 'd': {'deep': {'x': 3}}, 'b': {'base64': 'AQID'}}");
  const char *text = NULL, *again = NULL;
  const iio_dict *part = NULL, *deep = NULL;
  const void *data = NULL;
  size_t size = 0;
  CHECK_OK(iio_dict_get_string(d, "s", &text));
  CHECK_OK(iio_dict_get_dict(d, "d", &part));
  CHECK_OK(iio_dict_get_dict(part, "deep", &deep));
  CHECK_OK(iio_dict_get_bytes(d, "b", &data, &size));
  const char *key = iio_dict_key(d, 0);
  char json[256];
  size_t needed;
  for (int i = 0; i < 50; i++) { /* reading is no change */
    iio_dict *copy = NULL;
    CHECK_OK(iio_dict_copy(d, &copy));
    iio_dict_free(copy);
    CHECK_OK(iio_dict_to_json(d, json, sizeof json, &needed));
    CHECK_OK(iio_dict_get_string(d, "s", &again));
  }
  CHECK_STRING(text, "kept");
  CHECK_STRING(key, "s");
  CHECK_INT(int_of(deep, "x", 0), 3);
  CHECK(size == 3 && memcmp(data, "\1\2\3", 3) == 0);
  iio_dict_free(d);
}

static void a_list_is_read_as_a_dictionary_with_numbers_for_keys(void) {
  iio_dict *items = iio_dict_new(), *d = iio_dict_new();
  CHECK_OK(iio_dict_set_string(items, "z", "first"));
  CHECK_OK(iio_dict_set_int(items, "a", 2));
  CHECK_OK(iio_dict_set_list(items, "m", items)); /* of itself: copied, so no cycle */
  CHECK_OK(iio_dict_set_list(d, "list", items));
  iio_dict_free(items);
  const iio_dict *list = NULL, *inner = NULL;
  const char *text = NULL;
  REQUIRE_OK(iio_dict_get_dict(d, "list", &list));
  CHECK_INT(iio_dict_len(list), 3);
  for (size_t i = 0; i < 3; i++) {
    char key[8];
    snprintf(key, sizeof key, "%zu", i);
    CHECK_STRING(iio_dict_key(list, i), key);
  }
  CHECK_OK(iio_dict_get_string(list, "0", &text));
  CHECK_STRING(text, "first");
  CHECK_INT(int_of(list, "1", 0), 2);
  CHECK_INT(iio_dict_kind(list, "2"), IIO_KIND_LIST);
  CHECK_OK(iio_dict_get_dict(list, "2", &inner));
  CHECK_INT(iio_dict_len(inner), 2);
  CHECK_INT(iio_dict_kind(list, "3"), IIO_KIND_ABSENT);
  iio_dict_free(d);
}

static void a_dictionary_can_hold_a_copy_of_itself(void) {
  iio_dict *d = options_of("{'x': 1}");
  const iio_dict *part = NULL;
  CHECK_OK(iio_dict_set_dict(d, "me", d));
  CHECK_OK(iio_dict_set_dict(d, "me", d));
  CHECK_INT(iio_dict_len(d), 2);
  CHECK_OK(iio_dict_get_dict(d, "me", &part));
  CHECK_INT(iio_dict_len(part), 2);
  CHECK_OK(iio_dict_get_dict(part, "me", &part));
  CHECK_INT(iio_dict_len(part), 1);
  iio_dict_free(d);
}

static void deep_dictionaries_can_be_copied_and_freed(void) {
  iio_dict *d = iio_dict_new();
  for (int i = 0; i < 500; i++) {
    iio_dict *outer = iio_dict_new();
    iio_status status = iio_dict_set_dict(outer, "in", d);
    iio_dict_free(d);
    d = outer;
    if (status != IIO_OK) break; /* a limit on depth is allowed; a crash is not */
  }
  iio_dict *copy = NULL;
  iio_dict_copy(d, &copy);
  iio_dict_free(copy);
  iio_dict_free(d);
}

static void arrays_are_stored_contiguous_from_any_strides(void) {
  iio_dict *d = iio_dict_new();
  int16_t values[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  iio_array a = array_over(values + 11, IIO_INT16, 2, (uint64_t[]){2, 3}), got = {.struct_size = sizeof got};
  a.strides[0] = -12;
  a.strides[1] = -4; /* 11 9 7 / 5 3 1 */
  CHECK_OK(iio_dict_set_array(d, "a", &a));
  a.data = values;
  a.strides[0] = a.strides[1] = 0;
  a.flags = IIO_ARRAY_STRIDED; /* one value everywhere */
  CHECK_OK(iio_dict_set_array(d, "same", &a));
  CHECK_OK(iio_dict_get_array(d, "a", &got));
  static const int16_t wanted[6] = {11, 9, 7, 5, 3, 1}, none[6] = {0};
  CHECK(got.ndim == 2 && got.shape[0] == 2 && got.shape[1] == 3 && memcmp(got.data, wanted, sizeof wanted) == 0);
  CHECK_OK(iio_dict_get_array(d, "same", &got));
  CHECK(memcmp(got.data, none, sizeof none) == 0);
  iio_array scalar = array_over(values + 4, IIO_INT16, 0, NULL);
  CHECK_OK(iio_dict_set_array(d, "scalar", &scalar));
  CHECK_OK(iio_dict_get_array(d, "scalar", &got));
  CHECK(got.ndim == 0 && *(int16_t *)got.data == 4);
  CHECK_INT(iio_dict_kind(d, "scalar"), IIO_KIND_ARRAY);
  iio_dict_free(d);
}

static void text_that_is_not_utf8_is_never_a_string(void) {
  iio_dict *d = iio_dict_new();
  static const char *const wrong[] = {"\xff", "ab\xc3", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    iio_status status = iio_dict_set_string(d, "s", wrong[i]);
    /* refused, or kept as bytes: the contract allows either reading, but no string */
    CHECK(status == IIO_ERROR_INVALID_ARGUMENT || (status == IIO_OK && iio_dict_kind(d, "s") == IIO_KIND_BYTES));
    CHECK(iio_dict_kind(d, "s") != IIO_KIND_STRING);
    CHECK_STATUS(iio_dict_set_int(d, wrong[i], 1), IIO_ERROR_INVALID_ARGUMENT);
  }
  CHECK(iio_dict_len(d) <= 1);
  iio_dict_free(d);
}

static int32_t never(void *user, uint64_t done, uint64_t total) { return (void)user, (void)done, (void)total, 0; }

static void a_progress_callback_is_of_its_own_kind_and_can_be_taken_back(void) {
  iio_dict *d = iio_dict_new(), *copy = NULL;
  CHECK_OK(iio_dict_set_progress(d, never, NULL));
  CHECK_INT(iio_dict_len(d), 1);
  CHECK_INT(iio_dict_kind(d, iio_dict_key(d, 0)), IIO_KIND_CALLBACK);
  CHECK_OK(iio_dict_copy(d, &copy));
  CHECK_INT(iio_dict_kind(copy, iio_dict_key(copy, 0)), IIO_KIND_CALLBACK);
  iio_dict_free(copy);
  CHECK_OK(iio_dict_set_progress(d, NULL, NULL));
  for (size_t i = 0; i < iio_dict_len(d); i++) CHECK(iio_dict_kind(d, iio_dict_key(d, i)) != IIO_KIND_CALLBACK);
  iio_dict_free(d);
}

static void an_output_of_null_is_refused_whether_the_key_is_there_or_not(void) {
  iio_dict *d = options_of("{'there': 1}");
  static const char *const keys[] = {"there", "absent"};
  for (size_t i = 0; i < 2; i++) {
    char room[8];
    CHECK_STATUS(iio_dict_get_bool(d, keys[i], NULL), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_int(d, keys[i], NULL), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_float(d, keys[i], NULL), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_array(d, keys[i], NULL), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_dict_get_json(d, keys[i], room, sizeof room, NULL), IIO_ERROR_INVALID_ARGUMENT);
  }
  iio_dict_free(d);
}

static void a_key_may_be_the_dictionarys_own(void) {
  iio_dict *d = options_of("{'a': 1, 'b': 2}");
  CHECK_OK(iio_dict_set_int(d, iio_dict_key(d, 0), 3));
  CHECK_OK(iio_dict_remove(d, iio_dict_key(d, 1)));
  CHECK_INT(iio_dict_len(d), 1);
  CHECK_INT(int_of(d, "a", 0), 3);
  iio_dict_free(d);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(a_new_dictionary_is_empty);
  RUN(every_kind_comes_back_as_it_went_in);
  RUN(an_absent_key_is_not_found_and_another_kind_is_refused);
  RUN(a_failed_getter_gives_null_and_leaves_the_message_alone);
  RUN(an_int_serves_as_a_float_and_a_string_as_bytes);
  RUN(keys_stay_in_order_through_removal_and_copy);
  RUN(setting_a_key_again_replaces_value_and_kind);
  RUN(borrowed_results_live_while_nothing_changes);
  RUN(a_list_is_read_as_a_dictionary_with_numbers_for_keys);
  RUN(a_dictionary_can_hold_a_copy_of_itself);
  RUN(deep_dictionaries_can_be_copied_and_freed);
  RUN(arrays_are_stored_contiguous_from_any_strides);
  RUN(text_that_is_not_utf8_is_never_a_string);
  RUN(an_output_of_null_is_refused_whether_the_key_is_there_or_not);
  RUN(a_key_may_be_the_dictionarys_own);
  RUN(a_progress_callback_is_of_its_own_kind_and_can_be_taken_back);
  return check_finish();
}
