/* JSON in and out of dictionaries: every kind survives the way there and back. */
#include "images.h"
#include "options.h"

/* The caller frees. */
static char *json_of(const iio_dict *d) {
  size_t needed = 0;
  CHECK_STATUS(iio_dict_to_json(d, NULL, 0, &needed), IIO_ERROR_BUFFER_TOO_SMALL);
  char *text = malloc(needed + 1);
  if (!text) abort();
  memset(text, 0x7F, needed + 1);
  if (!CHECK_OK(iio_dict_to_json(d, text, needed, &needed))) *text = 0;
  CHECK_INT(strlen(text) + 1, needed); /* needed counts the NUL */
  return text;
}

/* d → text → dictionary; frees d. */
static iio_dict *there_and_back(iio_dict *d) {
  char *text = json_of(d);
  iio_dict *back = NULL;
  if (!CHECK_OK(iio_dict_from_json(text, &back))) fprintf(stderr, "    %s\n", text);
  free(text);
  iio_dict_free(d);
  return back;
}

static void plain_values_survive(void) {
  iio_dict *d = iio_dict_new();
  CHECK_OK(iio_dict_set_null(d, "null"));
  CHECK_OK(iio_dict_set_bool(d, "yes", 1));
  CHECK_OK(iio_dict_set_bool(d, "no", 0));
  CHECK_OK(iio_dict_set_int(d, "least", INT64_MIN));
  CHECK_OK(iio_dict_set_int(d, "most", INT64_MAX));
  CHECK_OK(iio_dict_set_float(d, "tenth", 0.1));
  CHECK_OK(iio_dict_set_float(d, "whole", 3.0));
  CHECK_OK(iio_dict_set_float(d, "tiny", 5e-324));
  CHECK_OK(iio_dict_set_float(d, "huge", 1.7976931348623157e308));
  CHECK_OK(iio_dict_set_string(d, "text \"quoted\"\n", "back\\slash \t\x01 ü €  😀"));
  CHECK_OK(iio_dict_set_string(d, "empty", ""));
  d = there_and_back(d);
  REQUIRE(d != NULL);
  CHECK_INT(iio_dict_len(d), 11);
  CHECK_INT(iio_dict_kind(d, "null"), IIO_KIND_NULL);
  CHECK_INT(iio_dict_kind(d, "yes"), IIO_KIND_BOOL);
  CHECK_INT(int_of(d, "least", 0), INT64_MIN);
  CHECK_INT(int_of(d, "most", 0), INT64_MAX);
  CHECK(float_of(d, "tenth", 0) == 0.1);
  CHECK_INT(iio_dict_kind(d, "whole"), IIO_KIND_FLOAT); /* typed values: a float stays one */
  CHECK(float_of(d, "whole", 0) == 3.0);
  CHECK(float_of(d, "tiny", 0) == 5e-324);
  CHECK(float_of(d, "huge", 0) == 1.7976931348623157e308);
  const char *text = NULL;
  CHECK_OK(iio_dict_get_string(d, "text \"quoted\"\n", &text));
  CHECK_STRING(text, "back\\slash \t\x01 ü €  😀");
  CHECK_OK(iio_dict_get_string(d, "empty", &text));
  CHECK_STRING(text, "");
  static const char *const keys[] = {"null", "yes", "no", "least", "most", "tenth", "whole", "tiny", "huge", "text \"quoted\"\n", "empty"};
  for (size_t i = 0; i < 11; i++) CHECK_STRING(iio_dict_key(d, i), keys[i]);
  iio_dict_free(d);
}

static void bytes_are_base64(void) {
  unsigned char all[256];
  for (int i = 0; i < 256; i++) all[i] = (unsigned char)i;
  for (size_t n = 0; n < 256; n = n < 4 ? n + 1 : n * 2 + 1) {
    iio_dict *d = iio_dict_new();
    const void *data = NULL;
    size_t size = 99;
    CHECK_OK(iio_dict_set_bytes(d, "b", all, n));
    d = there_and_back(d);
    CHECK_INT(iio_dict_kind(d, "b"), IIO_KIND_BYTES);
    CHECK_OK(iio_dict_get_bytes(d, "b", &data, &size));
    CHECK(size == n && memcmp(data, all, n) == 0);
    iio_dict_free(d);
  }
  iio_dict *d = iio_dict_new();
  CHECK_OK(iio_dict_set_bytes(d, "b", "\0\1\2\xff", 4));
  char *text = json_of(d);
  CHECK_MENTIONS(text, "\"base64\"");
  CHECK_MENTIONS(text, "\"AAEC/w==\"");
  free(text);
  iio_dict_free(d);
}

static void arrays_of_every_dtype_survive(void) {
  for (iio_dtype t = IIO_BOOL; t <= IIO_COMPLEX128; t++) {
    SUBJECT("%s", iio_dtype_name(t));
    unsigned char data[6 * 16] = {0};
    for (size_t i = 0; i < 6; i++) {
      double v = (double)i / 4;
      float f = (float)i / 4;
      unsigned char *at = data + i * item_size(t);
      if (t == IIO_FLOAT16) at[1] = (unsigned char)(0x3C + i);
      else if (t == IIO_FLOAT32 || t == IIO_COMPLEX64) memcpy(at, &f, 4);
      else if (t == IIO_FLOAT64 || t == IIO_COMPLEX128) memcpy(at, &v, 8);
      else if (t == IIO_BOOL) *at = i & 1;
      else at[item_size(t) - 1] = at[0] = (unsigned char)(i * 40); /* above INT64_MAX and below zero too */
      if (t == IIO_COMPLEX64) memcpy(at + 4, &f, 4);
      if (t == IIO_COMPLEX128) memcpy(at + 8, &v, 8);
    }
    iio_dict *d = iio_dict_new();
    iio_array a = array_over(data, t, 2, (uint64_t[]){2, 3}), got = {.struct_size = sizeof got};
    CHECK_OK(iio_dict_set_array(d, "a", &a));
    d = there_and_back(d);
    CHECK_INT(iio_dict_kind(d, "a"), IIO_KIND_ARRAY);
    if (CHECK_OK(iio_dict_get_array(d, "a", &got)))
      CHECK(got.dtype == t && got.ndim == 2 && got.shape[0] == 2 && got.shape[1] == 3 && memcmp(got.data, data, 6 * item_size(t)) == 0);
    iio_dict_free(d);
  }
}

static void arrays_of_odd_shapes_survive(void) {
  static const struct { uint32_t ndim; uint64_t shape[8]; } shapes[] = {{0, {0}}, {1, {0}}, {2, {3, 0}}, {8, {1, 2, 1, 2, 1, 1, 1, 1}}};
  uint8_t data[8] = {1, 2, 3, 4};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    iio_dict *d = iio_dict_new();
    iio_array a = array_over(data, IIO_UINT8, shapes[i].ndim, shapes[i].shape), got = {.struct_size = sizeof got};
    CHECK_OK(iio_dict_set_array(d, "a", &a));
    d = there_and_back(d);
    if (CHECK_OK(iio_dict_get_array(d, "a", &got))) {
      CHECK_INT(got.ndim, a.ndim);
      CHECK(memcmp(got.shape, a.shape, 8 * a.ndim) == 0);
    }
    iio_dict_free(d);
  }
}

static void the_forms_are_read_only_when_their_keys_are_alone(void) {
  static const struct { const char *json; int32_t kind; } forms[] = {
    {"{'a': {'base64': 'AAEC/w=='}}", IIO_KIND_BYTES},
    {"{'a': {'base64': 'AAEC/w==', 'more': 1}}", IIO_KIND_DICT},
    {"{'a': {'dtype': 'uint8', 'shape': [3], 'data': [1, 2, 3]}}", IIO_KIND_ARRAY},
    {"{'a': {'dtype': 'uint8', 'shape': [3], 'data': [1, 2, 3], 'more': 0}}", IIO_KIND_DICT},
    {"{'a': {'dtype': 'uint8', 'shape': [3]}}", IIO_KIND_DICT},
    {"{'a': {'data': [1, 2, 3], 'shape': [3], 'dtype': 'uint8'}}", IIO_KIND_ARRAY},
    {"{'a': {}}", IIO_KIND_DICT},
    {"{'a': []}", IIO_KIND_LIST}};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    SUBJECT("%s", forms[i].json);
    iio_dict *d = options_of(forms[i].json);
    CHECK_INT(iio_dict_kind(d, "a"), forms[i].kind);
    iio_dict_free(d);
  }
}

static void nan_and_infinities_are_strings(void) {
  iio_dict *d = iio_dict_new();
  double values[3] = {NAN, INFINITY, -INFINITY};
  CHECK_OK(iio_dict_set_float(d, "x", NAN));
  char *text = json_of(d);
  CHECK(strstr(text, "\"nan\"") || strstr(text, "\"NaN\"")); /* the spelling is open */
  free(text);
  CHECK_OK(iio_dict_set_float(d, "x", -INFINITY));
  text = json_of(d);
  CHECK(strstr(text, "\"-inf") || strstr(text, "\"-Inf"));
  free(text);
  CHECK_OK(iio_dict_remove(d, "x"));
  iio_array a = array_over(values, IIO_FLOAT64, 1, (uint64_t[]){3}), got = {.struct_size = sizeof got};
  CHECK_OK(iio_dict_set_array(d, "a", &a));
  d = there_and_back(d);
  if (CHECK_OK(iio_dict_get_array(d, "a", &got))) { /* within an array they are read back */
    double *v = got.data;
    CHECK(got.dtype == IIO_FLOAT64 && got.shape[0] == 3 && v[0] != v[0] && v[1] == INFINITY && v[2] == -INFINITY);
  }
  iio_dict_free(d);
}

static void an_unsigned_above_the_largest_int_is_a_scalar_array(void) {
  iio_dict *d = options_of("{'a': 18446744073709551615, 'b': 9223372036854775807}");
  iio_array got = {.struct_size = sizeof got};
  CHECK_INT(iio_dict_kind(d, "a"), IIO_KIND_ARRAY);
  CHECK_INT(iio_dict_kind(d, "b"), IIO_KIND_INT);
  if (CHECK_OK(iio_dict_get_array(d, "a", &got))) CHECK(got.dtype == IIO_UINT64 && got.ndim == 0 && *(uint64_t *)got.data == UINT64_MAX);
  d = there_and_back(d);
  if (CHECK_OK(iio_dict_get_array(d, "a", &got))) CHECK(got.dtype == IIO_UINT64 && got.ndim == 0 && *(uint64_t *)got.data == UINT64_MAX);
  iio_dict_free(d);
}

static void nested_lists_and_dictionaries_survive(void) {
  static const char *const text = "{'list': [1, 'two', [3.5, null, {'x': [true]}], {'base64': 'AQ=='}], 'dict': {'b': 1, 'a': {'c': [[]]}}}";
  iio_dict *d = there_and_back(options_of(text));
  const iio_dict *list = NULL, *inner = NULL, *deep = NULL;
  REQUIRE_OK(iio_dict_get_dict(d, "list", &list));
  CHECK_INT(iio_dict_len(list), 4);
  CHECK_INT(iio_dict_kind(list, "3"), IIO_KIND_BYTES);
  REQUIRE_OK(iio_dict_get_dict(list, "2", &inner));
  CHECK(float_of(inner, "0", 0) == 3.5);
  CHECK_INT(iio_dict_kind(inner, "1"), IIO_KIND_NULL);
  CHECK_OK(iio_dict_get_dict(inner, "2", &deep));
  CHECK_INT(iio_dict_kind(deep, "x"), IIO_KIND_LIST);
  CHECK_OK(iio_dict_get_dict(d, "dict", &inner));
  CHECK_STRING(iio_dict_key(inner, 0), "b");
  CHECK_STRING(iio_dict_key(inner, 1), "a");
  iio_dict_free(d);
}

static void a_nul_inside_text_makes_it_bytes(void) {
  iio_dict *d = NULL;
  REQUIRE_OK(iio_dict_from_json("{\"a\": \"x\\u0000y\"}", &d));
  const void *data = NULL;
  size_t size = 0;
  const char *text;
  CHECK_INT(iio_dict_kind(d, "a"), IIO_KIND_BYTES);
  CHECK_OK(iio_dict_get_bytes(d, "a", &data, &size));
  CHECK(size == 3 && memcmp(data, "x\0y", 3) == 0);
  CHECK_STATUS(iio_dict_get_string(d, "a", &text), IIO_ERROR_INVALID_ARGUMENT);
  iio_dict_free(d);
}

static void set_json_sets_one_value(void) {
  iio_dict *d = iio_dict_new();
  static const struct { const char *json; int32_t kind; } values[] = {
    {"1", IIO_KIND_INT}, {"1.5", IIO_KIND_FLOAT}, {"\"x\"", IIO_KIND_STRING}, {"null", IIO_KIND_NULL}, {"true", IIO_KIND_BOOL}, {"[1, 2]", IIO_KIND_LIST}, {"{\"k\": 1}", IIO_KIND_DICT}, {"{\"base64\": \"AA==\"}", IIO_KIND_BYTES}};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char out[64];
    size_t needed = 0;
    iio_dict *again = iio_dict_new();
    SUBJECT("%s", values[i].json);
    CHECK_OK(iio_dict_set_json(d, "v", values[i].json));
    CHECK_INT(iio_dict_kind(d, "v"), values[i].kind);
    CHECK_OK(iio_dict_get_json(d, "v", out, sizeof out, &needed));
    CHECK_INT(strlen(out) + 1, needed);
    CHECK_OK(iio_dict_set_json(again, "v", out));
    CHECK_INT(iio_dict_kind(again, "v"), values[i].kind);
    iio_dict_free(again);
  }
  iio_dict_free(d);
}

static void a_buffer_too_small_is_told_and_the_size_with_it(void) {
  iio_dict *d = options_of("{'a': 'some words', 'b': [1, 2, 3]}");
  char *whole = json_of(d);
  size_t n = strlen(whole) + 1;
  for (int one = 0; one < 2; one++) {
    size_t want = 0;
    iio_status status = one ? iio_dict_get_json(d, "b", NULL, 0, &want) : iio_dict_to_json(d, NULL, 0, &want);
    CHECK_STATUS(status, IIO_ERROR_BUFFER_TOO_SMALL);
    CHECK(one || want == n);
    for (size_t room = 0; room <= want + 2; room++) {
      guarded g = guarded_new(room);
      size_t needed = 0;
      status = one ? iio_dict_get_json(d, "b", (char *)g.data, room, &needed) : iio_dict_to_json(d, (char *)g.data, room, &needed);
      CHECK_STATUS(status, room < want ? IIO_ERROR_BUFFER_TOO_SMALL : IIO_OK);
      CHECK_INT(needed, want);
      CHECK(guarded_intact(&g));
      if (room >= want) CHECK_INT(strlen((char *)g.data), want - 1);
      else CHECK(guarded_untouched(&g)); /* "nothing was written" */
      guarded_free(&g);
    }
  }
  free(whole);
  iio_dict_free(d);
}

static void what_is_not_json_is_refused(void) {
  static const char *const wrong[] = {"", " ", "{", "}", "nul", "{'a'}", "{'a': }", "{'a': 1,}", "{'a': 1} x", "{a: 1}", "{'a': 01}", "{'a': 'x}", "{'a': 1e}", "[1]", "1", "'x'", "null", "{'a': NaN}", "{'a': \xff}", "{'a': '\xff'}", "{'a': {'base64': '!!'}} x"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    char text[64];
    size_t n = 0;
    for (; wrong[i][n]; n++) text[n] = wrong[i][n] == '\'' ? '"' : wrong[i][n];
    text[n] = 0;
    SUBJECT("%s", text);
    iio_dict *d = (iio_dict *)&n;
    iio_status status = iio_dict_from_json(text, &d);
    CHECK(status == IIO_ERROR_INVALID_ARGUMENT || status == IIO_ERROR_CORRUPT); /* the contract names no status */
    CHECK(d == NULL);
    CHECK(*iio_error_message());
  }
  iio_dict *d = options_of("{'v': 1}");
  CHECK_ERROR(iio_dict_set_json(d, "v", "{\"x\": "));
  CHECK_INT(int_of(d, "v", 0), 1); /* left as it was */
  iio_dict_free(d);
}

static void endless_nesting_does_not_crash(void) {
  size_t n = 200000;
  char *text = malloc(n + 16);
  if (!text) abort();
  for (int objects = 0; objects < 2; objects++) {
    size_t at = 0;
    at += (size_t)sprintf(text, "{\"a\":");
    while (at + 8 < n) at += (size_t)sprintf(text + at, objects ? "{\"a\":" : "[");
    iio_dict *d = NULL;
    CHECK_ERROR(iio_dict_from_json(text, &d));
    CHECK(d == NULL);
  }
  free(text);
}

static int32_t never(void *user, uint64_t done, uint64_t total) { return (void)user, (void)done, (void)total, 0; }

static void callbacks_are_never_in_json(void) {
  iio_dict *d = options_of("{'a': 1}");
  CHECK_OK(iio_dict_set_progress(d, never, NULL));
  CHECK_INT(iio_dict_len(d), 2);
  d = there_and_back(d);
  CHECK_INT(iio_dict_len(d), 1);
  CHECK_INT(int_of(d, "a", 0), 1);
  iio_dict_free(d);
}

static void a_whole_dictionary_is_never_bytes_or_an_array(void) {
  iio_dict *d = iio_dict_new();
  const char *text = NULL;
  CHECK_OK(iio_dict_set_string(d, "base64", "AA=="));
  d = there_and_back(d);
  CHECK(iio_dict_get_string(d, "base64", &text) == IIO_OK && strcmp(text, "AA==") == 0);
  iio_dict_free(d);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(plain_values_survive);
  RUN(bytes_are_base64);
  RUN(arrays_of_every_dtype_survive);
  RUN(arrays_of_odd_shapes_survive);
  RUN(the_forms_are_read_only_when_their_keys_are_alone);
  RUN(nan_and_infinities_are_strings);
  RUN(an_unsigned_above_the_largest_int_is_a_scalar_array);
  RUN(nested_lists_and_dictionaries_survive);
  RUN(a_nul_inside_text_makes_it_bytes);
  RUN(set_json_sets_one_value);
  RUN(a_buffer_too_small_is_told_and_the_size_with_it);
  RUN(what_is_not_json_is_refused);
  RUN(endless_nesting_does_not_crash);
  RUN(callbacks_are_never_in_json);
  RUN(a_whole_dictionary_is_never_bytes_or_an_array);
  return check_finish();
}
