/* The options of writes that say what the samples become, and metadata that survive a copy. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "subjects.h"

static unsigned char rgb[6 * 8 * 3]; /* 6 rows of 8 pixels */

static iio_array array_of(void *data, uint64_t h, uint64_t w, uint64_t samples) {
  iio_array a = IIO_ARRAY_INIT;
  a.dtype = IIO_UINT8;
  a.ndim = samples ? 3 : 2;
  a.data = data;
  a.shape[0] = h, a.shape[1] = w, a.shape[2] = samples;
  return a;
}

static iio_status write_as(const char *name, const iio_array *a, const char *json) {
  iio_dict *options = options_of(json);
  iio_status status = iio_imwrite(scratch(name), a, options);
  iio_dict_free(options);
  return status;
}

static picture written(const char *name, const char *json) {
  iio_dict *options = options_of(json);
  iio_file *file = NULL;
  picture p = {IIO_ERROR_INTERNAL, no_props(), {NULL, NULL, 0}};
  if (CHECK_OK(iio_imopen(scratch(name), "r", NULL, &file))) p = picture_of(file, 0, options);
  iio_file_close(file);
  iio_dict_free(options);
  CHECK_OK(p.status);
  return p;
}

static void mode_converts_before_writing(void) {
  iio_array a = array_of(rgb, 6, 8, 3);
  CHECK_OK(write_as("l.png", &a, "{'mode': 'L'}"));
  picture p = written("l.png", "{}");
  CHECK_INT(p.props.ndim, 2);
  size_t wrong = 0;
  for (size_t i = 0; i < 48; i++)
    wrong += p.pixels.data[i] != (rgb[3 * i] * 19595 + rgb[3 * i + 1] * 38470 + rgb[3 * i + 2] * 7471 + 0x8000) >> 16;
  CHECK_INT(wrong, 0);
  picture_free(&p);
  CHECK_OK(write_as("one.png", &a, "{'mode': '1'}"));
  p = written("one.png", "{}");
  CHECK_INT(p.props.dtype, IIO_BOOL);
  picture_free(&p);
  CHECK_OK(write_as("rgba.png", &a, "{'mode': 'RGBA'}"));
  p = written("rgba.png", "{}");
  CHECK_INT(p.props.shape[2], 4);
  picture_free(&p);
  CHECK_OK(write_as("cmyk.jpg", &a, "{'mode': 'CMYK'}"));
  p = written("cmyk.jpg", "{}");
  CHECK_INT(p.props.color, IIO_COLOR_CMYK);
  picture_free(&p);
  a = array_of(rgb, 6, 24, 0);
  CHECK_OK(write_as("gray.jpg", &a, "{'mode': 'RGB'}"));
  p = written("gray.jpg", "{}");
  CHECK_INT(p.props.shape[2], 3);
  picture_free(&p);
}

static void bad_modes_leave_no_file(void) {
  iio_array a = array_of(rgb, 6, 8, 3);
  CHECK_STATUS(write_as("bad.png", &a, "{'mode': 'X'}"), IIO_ERROR_INVALID_OPTION);
  CHECK_STATUS(write_as("bad.png", &a, "{'mode': 'RGBa'}"), IIO_ERROR_INVALID_OPTION);
  CHECK_STATUS(write_as("bad.png", &a, "{'mode': 'CMYK'}"), IIO_ERROR_UNSUPPORTED);
  CHECK_STATUS(write_as("bad.jpg", &a, "{'mode': 'RGBA'}"), IIO_ERROR_UNSUPPORTED);
  CHECK(access(scratch("bad.png"), F_OK) != 0);
  CHECK(access(scratch("bad.jpg"), F_OK) != 0);
}

static void a_batch_is_guessed_by_the_mode(void) {
  iio_array a = array_of(rgb, 6, 8, 3);
  CHECK_OK(write_as("one_rgb.png", &a, "{'mode': 'RGB'}"));
  a = array_of(rgb, 2, 9, 8);
  CHECK_OK(write_as("two.gif", &a, "{'mode': 'L'}")); /* two images of 9 rows of 8 */
  int64_t count = 0;
  iio_file *file = NULL;
  CHECK_OK(iio_imopen(scratch("two.gif"), "r", NULL, &file));
  CHECK_OK(iio_file_count(file, NULL, 0, &count));
  CHECK_INT(count, 2);
  iio_file_close(file);
  CHECK_STATUS(write_as("no.png", &a, "{'mode': 'RGB'}"), IIO_ERROR_SHAPE);
}

static void numbers_keep_their_palette(void) {
  unsigned char places[48];
  for (size_t i = 0; i < 48; i++) places[i] = (unsigned char)(i % 5);
  iio_array a = array_of(places, 6, 8, 0);
  CHECK_OK(write_as("p.png", &a, "{'mode': 'P', 'palette': [[9, 8, 7], [1, 2, 3], [4, 5, 6], [255, 0, 0], [0, 255, 0]], 'transparency': 3}"));
  picture p = written("p.png", "{'mode': 'P'}");
  CHECK_INT(p.props.color, IIO_COLOR_PALETTE);
  CHECK(p.pixels.size == 48 && memcmp(p.pixels.data, places, 48) == 0);
  picture_free(&p);
  p = written("p.png", "{}");
  CHECK_INT(p.props.color, IIO_COLOR_RGBA);
  CHECK(p.pixels.data[0] == 9 && p.pixels.data[3] == 255 && p.pixels.data[12] == 255 && p.pixels.data[15] == 0);
  picture_free(&p);
  /* Colours become those of the web palette. */
  iio_array colors = array_of(rgb, 6, 8, 3);
  CHECK_OK(write_as("web.png", &colors, "{'mode': 'P'}"));
  p = written("web.png", "{}");
  size_t wrong = 0;
  for (size_t i = 0; i < p.pixels.size; i++) wrong += p.pixels.data[i] % 51 != 0;
  CHECK_INT(wrong, 0);
  CHECK_INT(p.props.shape[2], 3);
  picture_free(&p);
  /* A copy by metadata. */
  iio_dict *as_places = options_of("{'mode': 'P'}"), *meta = NULL, *options = options_of("{'mode': 'P'}");
  CHECK_OK(iio_immeta(scratch("p.png"), 0, as_places, &meta));
  CHECK_OK(iio_dict_set_dict(options, "metadata", meta));
  CHECK_OK(iio_imwrite(scratch("copy.png"), &a, options));
  bytes first = slurp(scratch("p.png")), second = slurp(scratch("copy.png"));
  CHECK(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
  free(first.data);
  free(second.data);
  iio_dict_free(meta);
  iio_dict_free(options);
  iio_dict_free(as_places);
  static const char *const bad[] = {"{'mode': 'P', 'palette': [[9, 8, 7]], 'is_batch': false}", "{'mode': 'P', 'palette': [[300, 0, 0]]}", "{'mode': 'P', 'palette': [1, 2]}",
                                    "{'mode': 'P', 'bits': 2}", "{'mode': 'P', 'bits': 9}", "{'mode': 'P', 'transparency': 256}", "{'mode': 'P', 'transparency': [1, 2]}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    SUBJECT("%s", bad[i]);
    CHECK(write_as("bad.png", &a, bad[i]) < 0);
  }
}

static void bits_makes_a_palette(void) {
  iio_array a = array_of(rgb, 6, 8, 3);
  for (int bits = 1; bits <= 8; bits++) {
    char json[64];
    snprintf(json, sizeof json, "{'bits': %d}", bits);
    CHECK_OK(write_as("bits.png", &a, json));
    picture p = written("bits.png", "{'mode': 'P'}");
    unsigned char most = 0;
    for (size_t i = 0; i < p.pixels.size; i++)
      if (p.pixels.data[i] > most) most = p.pixels.data[i];
    CHECK(most < 1 << bits);
    picture_free(&p);
  }
}

static void a_transparent_colour_is_kept(void) {
  iio_array a = array_of(rgb, 6, 8, 3);
  CHECK_OK(write_as("key.png", &a, "{'transparency': [1, 2, 3]}"));
  iio_dict *meta = NULL;
  const iio_dict *key = NULL;
  CHECK_OK(iio_immeta(scratch("key.png"), 0, NULL, &meta));
  CHECK_OK(iio_dict_get_dict(meta, "transparency", &key));
  CHECK_INT(int_of(key, "2", -1), 3);
  iio_dict_free(meta);
  CHECK_STATUS(write_as("bad.png", &a, "{'transparency': [1, 2, 300]}"), IIO_ERROR_INVALID_OPTION);
  CHECK_STATUS(write_as("bad.png", &a, "{'transparency': 7}"), IIO_ERROR_INVALID_OPTION);
}

static void texts_and_xmp_are_written(void) {
  iio_array a = array_of(rgb, 6, 8, 3);
  const char *text = NULL;
  const void *xmp = NULL;
  size_t size = 0;
  iio_dict *meta = NULL;
  CHECK_OK(write_as("t.png", &a, "{'text': {'Title': 'a b', 'Author': '\xc5\x81'}, 'xmp': '<x:xmpmeta/>'}"));
  CHECK_OK(iio_immeta(scratch("t.png"), 0, NULL, &meta));
  CHECK_OK(iio_dict_get_string(meta, "Title", &text));
  CHECK_STRING(text, "a b");
  CHECK_OK(iio_dict_get_string(meta, "Author", &text));
  CHECK_STRING(text, "\xc5\x81");
  CHECK_OK(iio_dict_get_bytes(meta, "xmp", &xmp, &size));
  CHECK_INT(size, strlen("<x:xmpmeta/>"));
  iio_dict_free(meta);
  CHECK_STATUS(write_as("bad.png", &a, "{'text': {'': 'a'}}"), IIO_ERROR_INVALID_OPTION);
  CHECK_STATUS(write_as("bad.png", &a, "{'text': {'a': 1}}"), IIO_ERROR_INVALID_OPTION);
}

/* What a reader tells survives in every format that has a place for it. */
static void metadata_survive_a_copy(void) {
  static const char *const to[] = {"c.png", "c.jpg", "c.webp"};
  static const char *const keys[] = {"exif", "icc_profile", "xmp"};
  iio_array a = array_of(rgb, 6, 8, 3);
  iio_dict *given = iio_dict_new(), *options = iio_dict_new();
  unsigned char profile[160] = {0};
  memcpy(profile + 36, "acsp", 4);
  static const unsigned char exif[] = "Exif\0\0II*\0\x08\0\0\0\x01\0\x0f\x01\x02\0\x04\0\0\0abc\0\0\0\0\0";
  CHECK_OK(iio_dict_set_bytes(given, "exif", exif, sizeof exif - 1));
  CHECK_OK(iio_dict_set_bytes(given, "icc_profile", profile, sizeof profile));
  CHECK_OK(iio_dict_set_bytes(given, "xmp", "<x/>", 4));
  CHECK_OK(iio_dict_set_dict(options, "metadata", given));
  CHECK_OK(iio_imwrite(scratch("first.png"), &a, options));
  for (size_t i = 0; i < 3; i++) {
    const char *from = scratch(i ? to[i - 1] : "first.png");
    iio_dict *meta = NULL, *copy = iio_dict_new(), *found = NULL;
    char path[512];
    snprintf(path, sizeof path, "%s", from);
    SUBJECT("%s", to[i]);
    CHECK_OK(iio_immeta(path, 0, NULL, &meta));
    CHECK_OK(iio_dict_set_dict(copy, "metadata", meta));
    CHECK_OK(iio_imwrite(scratch(to[i]), &a, copy));
    CHECK_OK(iio_immeta(scratch(to[i]), 0, NULL, &found));
    for (size_t k = 0; k < 3; k++) {
      const void *x = NULL, *y = NULL;
      size_t n = 0, m = 0;
      if (CHECK_OK(iio_dict_get_bytes(found, keys[k], &x, &n)) && CHECK_OK(iio_dict_get_bytes(given, keys[k], &y, &m))) {
        /* WebP keeps the block without its mark. */
        size_t skip = k == 0 && n + 6 == m ? 6 : 0;
        CHECK(n == m - skip && memcmp(x, (const char *)y + skip, n) == 0);
      }
    }
    const char *make = NULL;
    CHECK_OK(iio_dict_get_string(found, "Make", &make));
    CHECK_STRING(make, "abc");
    iio_dict_free(found);
    iio_dict_free(copy);
    iio_dict_free(meta);
  }
  iio_dict_free(given);
  iio_dict_free(options);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (unsigned char)(i * 37);
  RUN(mode_converts_before_writing);
  RUN(bad_modes_leave_no_file);
  RUN(a_batch_is_guessed_by_the_mode);
  RUN(numbers_keep_their_palette);
  RUN(bits_makes_a_palette);
  RUN(a_transparent_colour_is_kept);
  RUN(texts_and_xmp_are_written);
  RUN(metadata_survive_a_copy);
  return check_finish();
}
