/* The dtype and scale options, and read_into's conversion to the destination's dtype. */
#include "subjects.h"

/* What numpy's astype makes of an unsigned value. */
static double as_type(double v, iio_dtype to) {
  int64_t n = (int64_t)v;
  switch (to) {
    case IIO_BOOL: return n != 0;
    case IIO_UINT8: return (uint8_t)n;
    case IIO_INT8: return (int8_t)(uint8_t)n;
    case IIO_UINT16: return (uint16_t)n;
    case IIO_INT16: return (int16_t)(uint16_t)n;
    default: return v;
  }
}

static void dtype_converts_as_astype(void) {
  static const char *const names[] = {"bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"};
  static const char *const files[] = {"rgb8.png", "gray16.png", "gray1.png", "la16.png", "keep.gif", "palette8.bmp"};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    picture plain = picture_at(fixture(files[f]), IIO_INDEX_DEFAULT, NULL);
    if (!CHECK_OK(plain.status)) continue;
    for (size_t d = 0; d < sizeof names / sizeof *names; d++) {
      SUBJECT("%s as %s", files[f], names[d]);
      iio_dict *options = iio_dict_new();
      iio_props p = no_props(), q = no_props();
      CHECK_OK(iio_dict_set_string(options, "dtype", names[d]));
      if (CHECK_OK(iio_improps(fixture(files[f]), IIO_INDEX_DEFAULT, options, &p))) {
        iio_dtype to = dtype_named(names[d]);
        CHECK_INT(p.dtype, to);
        size_t n = (size_t)(plain.props.nbytes / item_size(plain.props.dtype));
        CHECK_INT(p.nbytes, n * item_size(to));
        guarded g = guarded_new(n * item_size(to));
        if (CHECK_OK(iio_imread(fixture(files[f]), IIO_INDEX_DEFAULT, options, g.data, g.size, &q))) {
          CHECK(same_props(&p, &q));
          size_t wrong = 0;
          for (size_t i = 0; i < n; i++)
            wrong += value_at(to, g.data + i * item_size(to)) != as_type(value_at(plain.props.dtype, plain.pixels.data + i * item_size(plain.props.dtype)), to);
          CHECK_INT(wrong, 0);
          CHECK(guarded_intact(&g));
        }
        guarded_free(&g);
      }
      iio_dict_free(options);
    }
    picture_free(&plain);
  }
}

static void dtype_works_for_every_subject(void) {
  iio_dict *options = options_of("{'dtype': 'float64'}");
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    int64_t index = s->varied ? 0 : IIO_INDEX_ALL;
    picture plain = picture_of(file, index, NULL);
    if (CHECK_OK(plain.status) && plain.props.dtype != IIO_COMPLEX64) {
      picture wide = picture_of(file, index, options);
      if (CHECK_OK(wide.status)) {
        size_t item = item_size(plain.props.dtype), n = plain.pixels.size / item, wrong = 0;
        CHECK_INT(wide.props.dtype, IIO_FLOAT64);
        CHECK_INT(wide.pixels.size, n * 8);
        for (size_t i = 0; i < n && wide.pixels.size == n * 8; i++) {
          double v = value_at(plain.props.dtype, plain.pixels.data + i * item);
          wrong += value_at(IIO_FLOAT64, wide.pixels.data + i * 8) != v && v == v;
        }
        CHECK_INT(wrong, 0);
      }
      picture_free(&wide);
    }
    picture_free(&plain);
    CHECK_OK(iio_file_close(file));
  }
  iio_dict_free(options);
}

static void scale_maps_integers_to_zero_to_one(void) {
  static const struct { const char *file; double top; } files[] = {{"rgb8.png", 255}, {"gray16.png", 65535}, {"rgba16.png", 65535}};
  static const char *const names[] = {"float16", "float32", "float64"};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    picture plain = picture_at(fixture(files[f].file), 0, NULL);
    if (!CHECK_OK(plain.status)) continue;
    for (size_t d = 0; d < 3; d++) {
      SUBJECT("%s as %s", files[f].file, names[d]);
      iio_dict *options = options_of("{'scale': true}");
      CHECK_OK(iio_dict_set_string(options, "dtype", names[d]));
      iio_dtype to = dtype_named(names[d]);
      size_t from = item_size(plain.props.dtype), n = plain.pixels.size / from, item = item_size(to), wrong = 0;
      guarded g = guarded_new(n * item);
      if (CHECK_OK(iio_imread(fixture(files[f].file), 0, options, g.data, g.size, NULL)))
        for (size_t i = 0; i < n; i++) {
          double v = value_at(plain.props.dtype, plain.pixels.data + i * from) / files[f].top;
          wrong += fabs(value_at(to, g.data + i * item) - v) > (d == 0 ? 1e-3 : 1e-6);
        }
      CHECK_INT(wrong, 0);
      guarded_free(&g);
      iio_dict_free(options);
    }
    picture_free(&plain);
  }
}

static void values_that_dtype_cannot_take_are_refused(void) {
  static const char *const wrong[] = {"{'dtype': 'uint7'}", "{'dtype': ''}", "{'dtype': 'object'}", "{'dtype': [1]}", "{'scale': 'perhaps'}", "{'allow_partial': 7}"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    SUBJECT("%s", wrong[i]);
    iio_dict *options = options_of(wrong[i]);
    unsigned char pixels[1024];
    CHECK_STATUS(iio_imread(fixture("rgb8.png"), 0, options, pixels, sizeof pixels, NULL), IIO_ERROR_INVALID_OPTION);
    iio_dict_free(options);
  }
}

static void read_into_widens_to_the_destination(void) {
  static const iio_dtype wide[] = {IIO_UINT16, IIO_INT16, IIO_UINT32, IIO_INT32, IIO_UINT64, IIO_INT64, IIO_FLOAT32, IIO_FLOAT64};
  picture plain = picture_at(fixture("rgb8.png"), 0, NULL);
  REQUIRE_OK(plain.status);
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(fixture("rgb8.png"), "r", NULL, &file));
  for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
    SUBJECT("%s", iio_dtype_name(wide[i]));
    size_t item = item_size(wide[i]), wrong = 0;
    guarded g = guarded_new(plain.pixels.size * item + 1);
    iio_array a = array_like(&plain.props, g.data + 1); /* unaligned */
    a.dtype = wide[i];
    if (CHECK_OK(iio_file_read_into(file, 0, NULL, &a)))
      for (size_t k = 0; k < plain.pixels.size; k++) wrong += value_at(wide[i], g.data + 1 + k * item) != plain.pixels.data[k];
    CHECK_INT(wrong, 0);
    CHECK(guarded_intact(&g) && g.data[0] == 0xCD);
    guarded_free(&g);
  }
  CHECK_OK(iio_file_close(file));
  picture_free(&plain);
}

static void read_into_a_dtype_that_does_not_fit_is_a_shape_error(void) {
  static const struct { const char *file; iio_dtype to; } pairs[] = {
    {"gray16.png", IIO_UINT8}, {"gray16.png", IIO_INT16}, {"gray16.png", IIO_INT8}, {"rgb8.png", IIO_INT8}, {"rgb8.png", IIO_BOOL}, {"gray16.png", IIO_FLOAT16}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    SUBJECT("%s into %s", pairs[i].file, iio_dtype_name(pairs[i].to));
    iio_file *file = NULL;
    iio_props p = no_props();
    if (!CHECK_OK(iio_imopen(fixture(pairs[i].file), "r", NULL, &file))) continue;
    CHECK_OK(iio_file_props(file, 0, NULL, &p));
    guarded g = guarded_new((size_t)p.nbytes * 2);
    iio_array a = array_like(&p, g.data);
    a.dtype = pairs[i].to;
    CHECK_STATUS(iio_file_read_into(file, 0, NULL, &a), IIO_ERROR_SHAPE);
    CHECK(guarded_intact(&g));
    guarded_free(&g);
    CHECK_OK(iio_file_close(file));
  }
}

static void an_asked_for_dtype_lets_read_into_narrow(void) {
  iio_dict *options = options_of("{'dtype': 'uint8'}");
  iio_file *file = NULL;
  picture plain = picture_at(fixture("gray16.png"), 0, NULL);
  REQUIRE_OK(plain.status);
  REQUIRE_OK(iio_imopen(fixture("gray16.png"), "r", NULL, &file));
  guarded g = guarded_new(plain.pixels.size / 2);
  iio_array a = array_like(&plain.props, g.data);
  a.dtype = IIO_UINT8;
  size_t wrong = 0;
  if (CHECK_OK(iio_file_read_into(file, 0, options, &a)))
    for (size_t i = 0; i < g.size; i++) wrong += g.data[i] != (uint8_t)value_at(IIO_UINT16, plain.pixels.data + 2 * i);
  CHECK_INT(wrong, 0);
  CHECK(guarded_intact(&g));
  guarded_free(&g);
  picture_free(&plain);
  CHECK_OK(iio_file_close(file));
  iio_dict_free(options);
}

static void booleans_are_bytes_of_zero_and_one(void) {
  static const char *const files[] = {"gray1.png", "gray1_adam7.png", "mono.bmp"};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    SUBJECT("%s", files[f]);
    picture p = picture_at(fixture(files[f]), 0, NULL);
    if (CHECK_OK(p.status))
      for (size_t i = 0; i < p.pixels.size; i++)
        if (p.pixels.data[i] > 1) {
          CHECK_SAY("a boolean of %d", p.pixels.data[i]);
          break;
        }
    picture_free(&p);
  }
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  gather_subjects();
  RUN(dtype_converts_as_astype);
  RUN(dtype_works_for_every_subject);
  RUN(scale_maps_integers_to_zero_to_one);
  RUN(values_that_dtype_cannot_take_are_refused);
  RUN(read_into_widens_to_the_destination);
  RUN(read_into_a_dtype_that_does_not_fit_is_a_shape_error);
  RUN(an_asked_for_dtype_lets_read_into_narrow);
  RUN(booleans_are_bytes_of_zero_and_one);
  leave_subjects();
  return check_finish();
}
