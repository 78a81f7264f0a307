/* What is written comes back: round trips of every format and option, sources of every kind, bytes and callbacks. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "streams.h"

static iio_status write_as(const char *path, const iio_array *a, const char *json) {
  iio_dict *options = json ? options_of(json) : NULL;
  iio_status status = iio_imwrite(path, a, options);
  iio_dict_free(options);
  return status;
}

/* Mean difference of what stands in `path` from `a`, which is of bytes; 1000 if it is not even of the same shape. */
static double difference(const char *path, int64_t index, const iio_array *a) {
  picture p = picture_at(path, index, NULL);
  double d = 1000;
  if (CHECK_OK(p.status) && p.props.dtype == a->dtype && p.props.ndim == a->ndim && memcmp(p.props.shape, a->shape, 8 * a->ndim) == 0)
    d = mean_difference(p.pixels.data, a->data, p.pixels.size);
  picture_free(&p);
  return d;
}

static void lossless_formats_give_back_every_bit(void) {
  static const struct { const char *name; iio_dtype dtype; uint64_t samples; const char *options; } kinds[] = {
    {"bool.png", IIO_BOOL, 0, NULL},    {"gray.png", IIO_UINT8, 0, NULL},    {"gray16.png", IIO_UINT16, 0, NULL}, {"la.png", IIO_UINT8, 2, NULL},
    {"la16.png", IIO_UINT16, 2, NULL},  {"rgb.png", IIO_UINT8, 3, NULL},     {"rgb16.png", IIO_UINT16, 3, NULL},  {"rgba.png", IIO_UINT8, 4, NULL},
    {"rgba16.png", IIO_UINT16, 4, NULL}, {"fast.png", IIO_UINT8, 3, "{'compress_level': 0}"}, {"best.png", IIO_UINT8, 3, "{'compress_level': 9}"},
    {"gray.bmp", IIO_UINT8, 0, NULL},   {"rgb.bmp", IIO_UINT8, 3, NULL},     {"rgb.webp", IIO_UINT8, 3, "{'lossless': true}"}, {"rgba.webp", IIO_UINT8, 4, "{'lossless': true}"}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    for (unsigned size = 0; size < 3; size++) {
      static const uint64_t sizes[3][2] = {{1, 1}, {37, 53}, {3, 200}};
      SUBJECT("%s %" PRIu64 "x%" PRIu64, kinds[i].name, sizes[size][0], sizes[size][1]);
      canvas c = canvas_image(kinds[i].dtype, sizes[size][0], sizes[size][1], kinds[i].samples, size);
      if (CHECK_OK(write_as(scratch(kinds[i].name), &c.array, kinds[i].options))) CHECK(difference(scratch(kinds[i].name), 0, &c.array) == 0);
      canvas_free(&c);
    }
}

static void lossy_formats_come_near(void) {
  static const struct { const char *name; uint64_t samples; const char *options; double near; } kinds[] = {
    {"rgb.jpg", 3, NULL, 6}, {"rgb95.jpeg", 3, "{'quality': 95}", 3}, {"gray.jpg", 0, "{'quality': 95}", 3}, {"rgb_lossy.webp", 3, NULL, 8}, {"rgba_lossy.webp", 4, "{'quality': 95}", 6}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    SUBJECT("%s", kinds[i].name);
    canvas c = canvas_image(IIO_UINT8, 45, 67, kinds[i].samples, 1);
    if (CHECK_OK(write_as(scratch(kinds[i].name), &c.array, kinds[i].options))) CHECK(difference(scratch(kinds[i].name), 0, &c.array) < kinds[i].near);
    canvas_free(&c);
  }
}

static void options_make_files_smaller_or_larger(void) {
  static const struct { const char *name, *small, *large; } pairs[] = {
    {"level.png", "{'compress_level': 9}", "{'compress_level': 0}"}, {"quality.jpg", "{'quality': 10}", "{'quality': 95}"}, {"quality.webp", "{'quality': 5}", "{'quality': 95}"}, {"kind.webp", "{'quality': 30}", "{'lossless': true}"}};
  canvas c = canvas_image(IIO_UINT8, 120, 160, 3, 2);
  for (size_t i = 0; i < c.array.shape[0] * 160 * 3; i += 7) ((unsigned char *)c.data)[i] ^= 21; /* some noise */
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    SUBJECT("%s", pairs[i].name);
    CHECK_OK(write_as(scratch(pairs[i].name), &c.array, pairs[i].small));
    int64_t small = file_size(scratch(pairs[i].name));
    CHECK_OK(write_as(scratch(pairs[i].name), &c.array, pairs[i].large));
    CHECK(small > 0 && small < file_size(scratch(pairs[i].name)));
  }
  canvas_free(&c);
}

static void an_option_takes_what_means_the_same(void) {
  static const struct { const char *json; iio_status status; } values[] = {
    {"{'quality': 50}", IIO_OK}, {"{'quality': 50.0}", IIO_OK}, {"{'quality': '50'}", IIO_OK}, {"{'quality': 50.5}", IIO_ERROR_INVALID_OPTION},
    {"{'quality': 'high'}", IIO_ERROR_INVALID_OPTION}, {"{'quality': [50]}", IIO_ERROR_INVALID_OPTION}, {"{'quality': 1000}", IIO_ERROR_INVALID_OPTION}, {"{'quality': -1}", IIO_ERROR_INVALID_OPTION}};
  canvas c = canvas_image(IIO_UINT8, 10, 10, 3, 0);
  int64_t plain = -1;
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    SUBJECT("%s", values[i].json);
    unlink(scratch("option.jpg"));
    CHECK_STATUS(write_as(scratch("option.jpg"), &c.array, values[i].json), values[i].status);
    if (i == 0) plain = file_size(scratch("option.jpg"));
    else if (values[i].status == IIO_OK) CHECK_INT(file_size(scratch("option.jpg")), plain);
    else {
      CHECK(!file_exists(scratch("option.jpg")));
      CHECK_MENTIONS(iio_error_message(), "quality");
    }
  }
  SUBJECT("compress_level");
  CHECK_STATUS(write_as(scratch("option.png"), &c.array, "{'compress_level': 10}"), IIO_ERROR_INVALID_OPTION);
  CHECK_STATUS(write_as(scratch("option.png"), &c.array, "{'compress_level': -5}"), IIO_ERROR_INVALID_OPTION);
  CHECK_OK(write_as(scratch("option.webp"), &c.array, "{'lossless': 1}")); /* 0 and 1 as a bool */
  CHECK_STATUS(write_as(scratch("option.webp"), &c.array, "{'lossless': 2}"), IIO_ERROR_INVALID_OPTION);
  canvas_free(&c);
}

static void an_unknown_option_names_the_nearest_and_the_plugin(void) {
  static const struct { const char *name, *json, *wrong, *near; } cases[] = {
    {"x.png", "{'compres_level': 3}", "compres_level", "compress_level"}, {"x.jpg", "{'qualty': 3}", "qualty", "quality"}, {"x.gif", "{'duraton': 3}", "duraton", "duration"}};
  canvas c = canvas_image(IIO_UINT8, 5, 5, 3, 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    SUBJECT("%s", cases[i].name);
    CHECK_STATUS(write_as(scratch(cases[i].name), &c.array, cases[i].json), IIO_ERROR_UNKNOWN_OPTION);
    CHECK_MENTIONS(iio_error_message(), cases[i].wrong);
    CHECK_MENTIONS(iio_error_message(), cases[i].near);
    CHECK_MENTIONS(iio_error_message(), "image");
    CHECK(!file_exists(scratch(cases[i].name)));
  }
  canvas_free(&c);
}

/* n images of few pure colours, so that a palette holds them. */
static canvas poster(uint64_t n) {
  canvas c = canvas_new(IIO_UINT8, 4, (uint64_t[]){n, 16, 20, 3}, 0);
  static const unsigned char ink[4][3] = {{0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 0, 255}};
  for (size_t i = 0; i < n * 16 * 20; i++) memcpy((unsigned char *)c.data + 3 * i, ink[(i / 320 + i / 5 + i % 20 / 7) % 4], 3);
  return c;
}

static void a_gif_keeps_its_images_their_time_and_its_loop(void) {
  canvas c = poster(4);
  REQUIRE_OK(write_as(scratch("time.gif"), &c.array, "{'is_batch': true, 'duration': 120, 'loop': 3}"));
  picture p = picture_at(scratch("time.gif"), IIO_INDEX_DEFAULT, NULL);
  if (CHECK_OK(p.status)) {
    CHECK(p.props.ndim == 4 && p.props.shape[0] == 4 && p.props.shape[3] == 3);
    if (p.pixels.size == 4 * 16 * 20 * 3) CHECK(mean_difference(p.pixels.data, c.data, p.pixels.size) < 4);
  }
  picture_free(&p);
  iio_dict *meta = NULL;
  CHECK_OK(iio_immeta(scratch("time.gif"), 1, NULL, &meta));
  CHECK(float_of(meta, "duration", 0) == 120); /* in milliseconds, as imageio has it */
  iio_dict_free(meta);
  CHECK_OK(iio_immeta(scratch("time.gif"), 0, NULL, &meta));
  CHECK_INT(int_of(meta, "loop", -1), 3);
  iio_dict_free(meta);
  canvas_free(&c);
}

static void images_written_one_by_one_make_a_sequence(void) {
  static const char *const names[] = {"one_by_one.gif"};
  canvas c = poster(3);
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    SUBJECT("%s", names[k]);
    iio_file *file = NULL;
    REQUIRE_OK(iio_imopen(scratch(names[k]), "w", NULL, &file));
    iio_dict *options = options_of("{'duration_s': 0.25}");
    for (size_t i = 0; i < 3; i++) {
      iio_array a = array_over((unsigned char *)c.data + i * 960, IIO_UINT8, 3, (uint64_t[]){16, 20, 3});
      CHECK_OK(iio_file_write(file, &a, options));
    }
    iio_dict_free(options);
    CHECK_OK(iio_file_close(file));
    picture p = picture_at(scratch(names[k]), IIO_INDEX_ALL, NULL);
    if (CHECK_OK(p.status) && p.pixels.size == 2880) CHECK(mean_difference(p.pixels.data, c.data, 2880) < 4);
    else CHECK_INT(p.pixels.size, 2880);
    picture_free(&p);
    iio_iter *it = NULL;
    if (CHECK_OK(iio_imiter(scratch(names[k]), NULL, &it))) {
      unsigned char pixels[960];
      for (int i = 0; i < 3; i++) {
        iio_dict *meta = NULL;
        CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
        CHECK_OK(iio_iter_meta(it, &meta));
        CHECK(fabs(float_of(meta, "duration_s", 0) - 0.25) < 1e-9);
        CHECK(fabs(float_of(meta, "time_s", -1) - 0.25 * i) < 1e-9);
        iio_dict_free(meta);
      }
      iio_iter_free(it);
    }
  }
  canvas_free(&c);
}

static void a_zero_stride_repeats_one_pixel(void) {
  unsigned char pixel[3] = {10, 200, 77};
  iio_array a = array_over(pixel, IIO_UINT8, 3, (uint64_t[]){9, 13, 3});
  a.flags = IIO_ARRAY_STRIDED;
  a.strides[2] = 1;
  REQUIRE_OK(iio_imwrite(scratch("solid.png"), &a, NULL));
  unsigned char out[351];
  CHECK_OK(iio_imread(scratch("solid.png"), 0, NULL, out, sizeof out, NULL));
  size_t wrong = 0;
  for (size_t i = 0; i < sizeof out; i++) wrong += out[i] != pixel[i % 3];
  CHECK_INT(wrong, 0);
  a.strides[2] = 0; /* all zero, with the flag: one byte everywhere */
  CHECK_OK(iio_imwrite(scratch("solid.png"), &a, NULL));
  CHECK_OK(iio_imread(scratch("solid.png"), 0, NULL, out, sizeof out, NULL));
  for (size_t i = 0; i < sizeof out; i++) wrong += out[i] != 10;
  CHECK_INT(wrong, 0);
}

static void a_true_that_is_not_one_is_true(void) {
  unsigned char flags[8] = {0, 1, 2, 255, 0, 128, 0, 7}, out[8];
  iio_array a = array_over(flags, IIO_BOOL, 2, (uint64_t[]){2, 4});
  REQUIRE_OK(iio_imwrite(scratch("true.png"), &a, NULL));
  CHECK_OK(iio_imread(scratch("true.png"), 0, NULL, out, sizeof out, NULL));
  for (size_t i = 0; i < 8; i++) CHECK_INT(out[i], flags[i] != 0);
}

static void imwrite_bytes_gives_what_a_file_would_hold(void) {
  static const char *const extensions[] = {".png", ".bmp", ".jpg", ".webp"};
  canvas c = canvas_image(IIO_UINT8, 20, 30, 3, 5);
  for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
    char name[32];
    print_to(name, sizeof name, "same%s", extensions[i]);
    SUBJECT("%s", name);
    void *data = NULL;
    size_t size = 0;
    CHECK_OK(iio_imwrite(scratch(name), &c.array, NULL));
    CHECK_OK(iio_imwrite_bytes(extensions[i], &c.array, NULL, NULL, NULL, &data, &size));
    CHECK(file_holds(scratch(name), (bytes){data, size}));
    iio_free_data(data);
    iio_dict *options = iio_dict_new(); /* extension may be NULL if an option names the format */
    data = NULL;
    CHECK_OK(iio_dict_set_string(options, "extension", extensions[i]));
    CHECK_OK(iio_imwrite_bytes(NULL, &c.array, options, NULL, NULL, &data, &size));
    CHECK(file_holds(scratch(name), (bytes){data, size}));
    iio_free_data(data);
    iio_dict_free(options);
  }
  canvas_free(&c);
}

static void *give(void *user, const iio_props *props, size_t size) {
  guarded *g = user;
  CHECK(props == NULL); /* encoded bytes have none */
  *g = guarded_new(size);
  return g->data;
}

static void *give_nothing(void *user, const iio_props *props, size_t size) { return (void)user, (void)props, (void)size, NULL; }

static void imwrite_bytes_takes_the_callers_allocator(void) {
  canvas c = canvas_image(IIO_UINT8, 20, 30, 3, 5);
  guarded g = {NULL, NULL, 0};
  void *data = NULL;
  size_t size = 0;
  CHECK_OK(iio_imwrite_bytes(".png", &c.array, NULL, give, &g, &data, &size));
  CHECK(data == g.data && size == g.size && guarded_intact(&g));
  CHECK(size > 8 && memcmp(data, "\x89PNG", 4) == 0);
  guarded_free(&g);
  CHECK_ERROR(iio_imwrite_bytes(".png", &c.array, NULL, give_nothing, NULL, &data, &size));
  CHECK(data == NULL && size == 0);
  CHECK_STATUS(iio_imwrite_bytes(".nosuch", &c.array, NULL, NULL, NULL, &data, &size), IIO_ERROR_NO_BACKEND);
  CHECK(data == NULL && size == 0);
  canvas_free(&c);
}

static void bytes_can_be_written_image_by_image(void) {
  iio_dict *options = options_of("{'extension': '.gif'}");
  iio_file *file = NULL;
  canvas c = poster(2);
  const void *data = NULL, *again = NULL;
  size_t size = 0, size_again = 0;
  REQUIRE_OK(iio_imopen("<bytes>", "w", options, &file));
  for (size_t i = 0; i < 2; i++) {
    iio_array a = array_over((unsigned char *)c.data + i * 960, IIO_UINT8, 3, (uint64_t[]){16, 20, 3});
    CHECK_OK(iio_file_write(file, &a, NULL));
  }
  CHECK_OK(iio_file_bytes(file, &data, &size));
  CHECK(size > 6 && data && memcmp(data, "GIF8", 4) == 0);
  CHECK_OK(iio_file_bytes(file, &again, &size_again));
  CHECK(data == again && size == size_again);
  iio_file *reader = NULL;
  int64_t n = 0;
  if (CHECK_OK(iio_imopen_bytes(data, size, NULL, &reader))) CHECK_OK(iio_file_count(reader, NULL, IIO_IMAGES_EXACT, &n));
  CHECK_INT(n, 2);
  iio_file_discard(reader);
  CHECK_OK(iio_file_close(file));
  iio_dict_free(options);
  CHECK(!file_exists("<bytes>"));
  REQUIRE_OK(iio_imopen(fixture("rgb8.png"), "r", NULL, &file));
  CHECK_ERROR(iio_file_bytes(file, &data, &size));
  CHECK(data == NULL && size == 0);
  CHECK_OK(iio_file_close(file));
  canvas_free(&c);
}

static void what_a_format_cannot_hold_is_refused(void) {
  static const struct { const char *name; iio_dtype dtype; uint32_t ndim; uint64_t shape[4]; } cases[] = {
    {"no.png", IIO_COMPLEX128, 2, {4, 4}}, {"no.png", IIO_INT64, 2, {4, 4}}, {"no.jpg", IIO_UINT8, 3, {4, 4, 4}}, {"no.jpg", IIO_FLOAT32, 3, {4, 4, 3}}, {"no.bmp", IIO_UINT16, 3, {4, 4, 3}}, {"no.webp", IIO_UINT16, 3, {4, 4, 3}}, {"no.png", IIO_UINT8, 1, {4}}, {"no.png", IIO_UINT8, 2, {0, 4}}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    SUBJECT("case %zu", i);
    canvas c = canvas_new(cases[i].dtype, cases[i].ndim, cases[i].shape, 0);
    iio_status status = iio_imwrite(scratch(cases[i].name), &c.array, NULL);
    CHECK(status == IIO_ERROR_UNSUPPORTED || status == IIO_ERROR_SHAPE); /* which, the contract leaves open */
    CHECK(*iio_error_message());
    CHECK(!file_exists(scratch(cases[i].name)));
    canvas_free(&c);
  }
}

static void an_unknown_extension_has_no_backend(void) {
  canvas c = canvas_image(IIO_UINT8, 4, 4, 3, 0);
  static const char *const names[] = {"x.nosuchformat", "x.png.nosuch", "x", "x."};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%s", names[i]);
    iio_status status = iio_imwrite(scratch(names[i]), &c.array, NULL);
    CHECK(status == IIO_ERROR_NO_BACKEND || (i >= 2 && status < 0)); /* what no suffix at all is, the contract does not say */
    CHECK(!file_exists(scratch(names[i])));
  }
  CHECK_OK(write_as(scratch("named"), &c.array, "{'extension': '.png'}"));
  CHECK(difference(scratch("named"), 0, &c.array) == 0);
  CHECK_OK(iio_imwrite(scratch("LOUD.PNG"), &c.array, NULL)); /* the suffix counts in lower case */
  canvas_free(&c);
}

static void metadata_survives_or_is_clearly_refused(void) {
  static const struct { const char *name, *json, *key; } cases[] = {
    {"meta.png", "{'metadata': {'Title': 'a title'}}", "Title"}, {"dpi.png", "{'metadata': {'dpi': [300, 300]}}", "dpi"}, {"meta.gif", "{'metadata': {'comment': 'a word'}}", "comment"}, {"dpi.jpg", "{'metadata': {'dpi': [300, 300]}}", "dpi"}};
  canvas c = canvas_image(IIO_UINT8, 6, 7, 3, 0);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    SUBJECT("%s", cases[i].name);
    iio_status status = write_as(scratch(cases[i].name), &c.array, cases[i].json);
    if (status == IIO_OK) {
      iio_dict *meta = NULL;
      CHECK_OK(iio_immeta(scratch(cases[i].name), 0, NULL, &meta));
      CHECK(iio_dict_kind(meta, cases[i].key) != IIO_KIND_ABSENT);
      iio_dict_free(meta);
    } else {
      CHECK(status == IIO_ERROR_UNSUPPORTED || status == IIO_ERROR_INVALID_OPTION);
      CHECK_MENTIONS(iio_error_message(), cases[i].key);
    }
  }
  canvas_free(&c);
}

static void metadata_as_it_was_read_is_taken_back(void) {
  iio_dict *meta = NULL, *options = iio_dict_new(), *again = NULL;
  const char *text = NULL;
  REQUIRE_OK(iio_immeta(fixture("text.png"), 0, NULL, &meta));
  CHECK_OK(iio_dict_get_string(meta, "Title", &text));
  CHECK_STRING(text, "made by a script");
  CHECK_OK(iio_dict_get_string(meta, "Author", &text));
  CHECK_STRING(text, "näme");
  canvas c = canvas_image(IIO_UINT8, 11, 13, 3, 0);
  CHECK_OK(iio_dict_set_dict(options, "metadata", meta));
  if (CHECK_OK(iio_imwrite(scratch("again.png"), &c.array, options))) {
    CHECK_OK(iio_immeta(scratch("again.png"), 0, NULL, &again));
    CHECK_OK(iio_dict_get_string(again, "Title", &text));
    CHECK_STRING(text, "made by a script");
  }
  iio_dict_free(again);
  iio_dict_free(options);
  iio_dict_free(meta);
  canvas_free(&c);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(lossless_formats_give_back_every_bit);
  RUN(lossy_formats_come_near);
  RUN(options_make_files_smaller_or_larger);
  RUN(an_option_takes_what_means_the_same);
  RUN(an_unknown_option_names_the_nearest_and_the_plugin);
  RUN(a_gif_keeps_its_images_their_time_and_its_loop);
  RUN(images_written_one_by_one_make_a_sequence);
  RUN(a_zero_stride_repeats_one_pixel);
  RUN(a_true_that_is_not_one_is_true);
  RUN(imwrite_bytes_gives_what_a_file_would_hold);
  RUN(imwrite_bytes_takes_the_callers_allocator);
  RUN(bytes_can_be_written_image_by_image);
  RUN(what_a_format_cannot_hold_is_refused);
  RUN(an_unknown_extension_has_no_backend);
  RUN(metadata_survives_or_is_clearly_refused);
  RUN(metadata_as_it_was_read_is_taken_back);
  return check_finish();
}
