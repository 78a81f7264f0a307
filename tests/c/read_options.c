/* The options that mean the same for every plugin: mode, region, reduce, background, apply_gamma, raw_frames, and what
 * the metadata leave out with them. Pixels are compared with those of a plain read; scripts/compare_options.py compares
 * them with Pillow. */
#include "options.h"
#include "subjects.h"

typedef struct result { /* one image with options */
  iio_status status;
  iio_props props;
  guarded pixels;
} result;

static result read_with(const char *path, int64_t index, const char *json) {
  result r = {IIO_OK, no_props(), {NULL, NULL, 0}};
  iio_props p = no_props();
  iio_dict *options = options_of(json);
  r.status = iio_improps(path, index, options, &p);
  if (r.status == IIO_OK) {
    r.pixels = guarded_new((size_t)p.nbytes);
    r.status = iio_imread(path, index, options, r.pixels.data, r.pixels.size, &r.props);
    if (r.status == IIO_OK) {
      CHECK(same_props(&p, &r.props)); /* the properties tell exactly what a read gives */
      CHECK(guarded_intact(&r.pixels));
    }
  }
  iio_dict_free(options);
  return r;
}

static void result_free(result *r) {
  if (r->pixels.data) guarded_free(&r->pixels);
}

static iio_status status_of(const char *path, const char *json) {
  result r = read_with(path, 0, json);
  result_free(&r);
  return r.status;
}

/* What each mode gives: samples of a pixel, and their type. */
static const struct {
  const char *name;
  uint64_t samples;
  iio_dtype dtype;
  uint32_t color;
} modes[] = {
    {"1", 1, IIO_BOOL, IIO_COLOR_GRAY},       {"L", 1, IIO_UINT8, IIO_COLOR_GRAY},      {"LA", 2, IIO_UINT8, IIO_COLOR_GRAY_ALPHA},
    {"La", 2, IIO_UINT8, IIO_COLOR_GRAY_ALPHA}, {"P", 1, IIO_UINT8, IIO_COLOR_PALETTE}, {"PA", 2, IIO_UINT8, IIO_COLOR_MULTI},
    {"RGB", 3, IIO_UINT8, IIO_COLOR_RGB},     {"RGBA", 4, IIO_UINT8, IIO_COLOR_RGBA},   {"RGBa", 4, IIO_UINT8, IIO_COLOR_RGBA},
    {"RGBX", 4, IIO_UINT8, IIO_COLOR_RGBA},   {"CMYK", 4, IIO_UINT8, IIO_COLOR_CMYK},   {"YCbCr", 3, IIO_UINT8, IIO_COLOR_YCBCR},
    {"LAB", 3, IIO_UINT8, IIO_COLOR_LAB},     {"HSV", 3, IIO_UINT8, IIO_COLOR_HSV},     {"I", 1, IIO_INT32, IIO_COLOR_GRAY},
    {"I;16", 1, IIO_UINT16, IIO_COLOR_GRAY},  {"I;16B", 1, IIO_UINT16, IIO_COLOR_GRAY}, {"F", 1, IIO_FLOAT32, IIO_COLOR_GRAY},
};

static void every_mode_of_every_kind_of_image(void) {
  static const char *const files[] = {"gray1.png", "gray8.png", "la8.png", "rgb8.png", "rgba8.png", "gray16.png", "rgb16.png",
                                      "palette8.png", "palette8.bmp", "rgb420.jpg", "cmyk.jpg", "single.gif", "lossless_alpha.webp"};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++)
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
      char json[64];
      SUBJECT("%s as %s", files[f], modes[m].name);
      snprintf(json, sizeof json, "{'mode': '%s'}", modes[m].name);
      result r = read_with(fixture(files[f]), 0, json);
      if (CHECK_OK(r.status)) {
        CHECK_INT(r.props.dtype, modes[m].dtype);
        CHECK_INT(r.props.color, modes[m].color);
        CHECK_INT(r.props.ndim, modes[m].samples > 1 ? 3 : 2);
        if (modes[m].samples > 1) CHECK_INT(r.props.shape[2], modes[m].samples);
        CHECK_INT(r.props.flags & 1, modes[m].name[strlen(modes[m].name) - 1] == 'a');
      }
      result_free(&r);
    }
}

static void an_unknown_mode_is_refused(void) {
  CHECK_STATUS(status_of(fixture("rgb8.png"), "{'mode': 'rgb'}"), IIO_ERROR_INVALID_OPTION);
  CHECK_MENTIONS(iio_error_message(), "YCbCr");
  CHECK_STATUS(status_of(fixture("rgb8.png"), "{'mode': 3}"), IIO_ERROR_INVALID_OPTION);
  CHECK_STATUS(status_of(fixture("rgb.pfm"), "{'mode': 'RGB'}"), IIO_ERROR_UNSUPPORTED);
}

static void mode_P_gives_the_places_of_a_palette(void) {
  static const char *const files[] = {"palette1.png", "palette8.png", "palette4_adam7.png", "palette4.bmp", "rle8.bmp", "palette_turned.tga",
                                      "planes4.pcx", "colors.xpm", "single.gif", "interlaced.gif"};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    SUBJECT("%s", files[f]);
    result places = read_with(fixture(files[f]), 0, "{'mode': 'P'}"), colors = read_with(fixture(files[f]), 0, "{'mode': 'RGB'}");
    iio_dict *options = options_of("{'mode': 'P'}"), *meta = NULL;
    iio_array palette = IIO_ARRAY_INIT;
    if (CHECK_OK(places.status) && CHECK_OK(colors.status) && CHECK_OK(iio_immeta(fixture(files[f]), 0, options, &meta)) &&
        CHECK_OK(iio_dict_get_array(meta, "palette", &palette))) {
      const int64_t *table = palette.data;
      size_t wrong = 0;
      for (size_t i = 0; i < places.pixels.size; i++)
        for (int c = 0; c < 3; c++) {
          size_t place = places.pixels.data[i];
          wrong += place >= palette.shape[0] || table[3 * place + c] != colors.pixels.data[3 * i + c];
        }
      CHECK_INT(wrong, 0);
    }
    iio_dict_free(meta);
    iio_dict_free(options);
    result_free(&places);
    result_free(&colors);
  }
}

/* The part of a whole result that a region names. */
static void compare_region(const char *path, int64_t index, const char *options, uint64_t x, uint64_t y, uint64_t w, uint64_t h) {
  char json[256];
  snprintf(json, sizeof json, "{%s}", options);
  result whole = read_with(path, index, json);
  snprintf(json, sizeof json, "{%s%s'region': [%u, %u, %u, %u]}", options, *options ? ", " : "", (unsigned)x, (unsigned)y, (unsigned)w, (unsigned)h);
  result part = read_with(path, index, json);
  if (whole.status == IIO_OK && CHECK_OK(part.status)) {
    uint32_t rows = whole.props.ndim - (whole.props.axes[whole.props.ndim - 1] == 'S') - 2;
    size_t height = (size_t)whole.props.shape[rows], width = (size_t)whole.props.shape[rows + 1];
    size_t images = rows ? (size_t)whole.props.shape[0] : 1, pixel = whole.pixels.size / (images * height * width);
    size_t wrong = 0;
    for (size_t n = 0; n < images; n++)
      for (size_t k = 0; k < h; k++)
        wrong += memcmp(part.pixels.data + (n * h + k) * w * pixel, whole.pixels.data + ((n * height + y + k) * width + x) * pixel, w * pixel) != 0;
    CHECK_INT(wrong, 0);
    CHECK_INT(part.props.shape[rows], h);
    CHECK_INT(part.props.shape[rows + 1], w);
  } else
    CHECK_SAY("%s: whole %s, part %s", json, check_name(whole.status), check_name(part.status));
  result_free(&whole);
  result_free(&part);
}

static void a_region_is_a_part_of_the_result(void) {
  EACH_SUBJECT(s) {
    iio_props p = no_props();
    if (!CHECK_OK(iio_improps(s->path, 0, NULL, &p)) || (strcmp(p.axes, "YX") && strcmp(p.axes, "YXS"))) continue;
    compare_region(s->path, 0, "", 0, 0, 1, 1);
    compare_region(s->path, 0, "", p.shape[1] - 1, p.shape[0] - 1, 1, 1);
    compare_region(s->path, 0, "", p.shape[1] / 3, p.shape[0] / 4, p.shape[1] - p.shape[1] / 3, p.shape[0] / 2 ? p.shape[0] / 2 : 1);
    compare_region(s->path, 0, "'dtype': 'float64'", 0, p.shape[0] / 2, p.shape[1], 1);
    compare_region(s->path, 0, "'reduce': 2", 0, p.shape[0] / 4, (p.shape[1] + 1) / 2, 1);
  }
  SUBJECT("keep.gif");
  compare_region(fixture("keep.gif"), IIO_INDEX_ALL, "", 3, 2, 5, 7);
  SUBJECT("orientation6.jpg");
  compare_region(fixture("orientation6.jpg"), 0, "'rotate': true", 1, 2, 3, 4);
  compare_region(fixture("rgb8.png"), 0, "'mode': 'P'", 1, 2, 3, 4);
}

static void a_region_may_be_text_and_is_inside(void) {
  const char *file = fixture("rgb8.png"); /* 13 x 11 */
  CHECK_OK(status_of(file, "{'region': '1, 2, 3, 4'}"));
  CHECK_OK(status_of(file, "{'region': [0, 0, 13, 11]}"));
  static const char *const bad[] = {"[0, 0, 14, 11]", "[13, 0, 1, 1]", "[0, 0, 0, 1]", "[0, 0, 1]", "[-1, 0, 2, 2]", "[0.5, 0, 2, 2]", "'1,2,3'", "'a,b,c,d'", "7",
                                    "[9223372036854775807, 0, 2, 2]"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char json[128];
    SUBJECT("%s", bad[i]);
    snprintf(json, sizeof json, "{'region': %s}", bad[i]);
    CHECK_STATUS(status_of(file, json), IIO_ERROR_INVALID_OPTION);
  }
}

static void reduce_rounds_sides_up(void) {
  EACH_SUBJECT(s) {
    iio_props p = no_props();
    if (!CHECK_OK(iio_improps(s->path, 0, NULL, &p)) || (strcmp(p.axes, "YX") && strcmp(p.axes, "YXS"))) continue;
    for (uint64_t by = 2; by <= 8; by *= 2) {
      char json[64];
      snprintf(json, sizeof json, "{'reduce': %d}", (int)by);
      result r = read_with(s->path, 0, json);
      snprintf(json, sizeof json, "{'scale': %g}", 1.0 / (double)by);
      result same = read_with(s->path, 0, json);
      if (CHECK_OK(r.status) && CHECK_OK(same.status)) {
        CHECK_INT(r.props.shape[0], (p.shape[0] + by - 1) / by);
        CHECK_INT(r.props.shape[1], (p.shape[1] + by - 1) / by);
        CHECK_INT(r.props.dtype, p.dtype);
        CHECK(r.pixels.size == same.pixels.size && memcmp(r.pixels.data, same.pixels.data, r.pixels.size) == 0);
      }
      result_free(&r);
      result_free(&same);
    }
  }
  static const char *const bad[] = {"{'reduce': 3}", "{'reduce': 0}", "{'reduce': 16}", "{'reduce': 'x'}", "{'scale': 0.3}", "{'scale': 0.5, 'reduce': 2}", "{'scale': -0.5}"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    SUBJECT("%s", bad[i]);
    CHECK_STATUS(status_of(fixture("rgb8.png"), bad[i]), IIO_ERROR_INVALID_OPTION);
  }
}

static void a_background_takes_the_place_of_alpha(void) {
  result rgba = read_with(fixture("rgba8.png"), 0, "{}"), laid = read_with(fixture("rgba8.png"), 0, "{'background': [10, 20, 30]}");
  result hex = read_with(fixture("rgba8.png"), 0, "{'background': '#0a141e'}");
  if (CHECK_OK(rgba.status) && CHECK_OK(laid.status) && CHECK_OK(hex.status)) {
    CHECK_INT(laid.props.shape[2], 3);
    size_t wrong = 0;
    for (size_t i = 0; i < rgba.pixels.size / 4; i++)
      for (size_t c = 0; c < 3; c++) {
        const unsigned char *p = rgba.pixels.data + 4 * i;
        wrong += laid.pixels.data[3 * i + c] != (p[c] * p[3] + (10 * ((int)c + 1)) * (255 - p[3]) + 127) / 255;
      }
    CHECK_INT(wrong, 0);
    CHECK(memcmp(laid.pixels.data, hex.pixels.data, laid.pixels.size) == 0);
  }
  result_free(&rgba);
  result_free(&laid);
  result_free(&hex);
  result gif = read_with(fixture("see_through.gif"), IIO_INDEX_ALL, "{'background': 255}");
  if (CHECK_OK(gif.status)) CHECK_INT(gif.props.shape[3], 3);
  result_free(&gif);
  result gray = read_with(fixture("la16.png"), 0, "{'background': 0}");
  if (CHECK_OK(gray.status)) CHECK_INT(gray.props.ndim, 2);
  result_free(&gray);
  CHECK_OK(status_of(fixture("rgb8.png"), "{'background': 0}"));
  static const char *const bad[] = {"[1, 2]", "[1, 2, 3, 4]", "256", "-1", "'red'", "'#12'", "[0.5, 0, 0]"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char json[64];
    SUBJECT("%s", bad[i]);
    snprintf(json, sizeof json, "{'background': %s}", bad[i]);
    CHECK_STATUS(status_of(fixture("rgba8.png"), json), IIO_ERROR_INVALID_OPTION);
  }
}

static void gamma_is_applied_once_it_is_asked_for(void) {
  result plain = read_with(fixture("text.png"), 0, "{}"), lit = read_with(fixture("text.png"), 0, "{'apply_gamma': true}");
  iio_dict *meta = NULL, *options = options_of("{'apply_gamma': true}");
  if (CHECK_OK(plain.status) && CHECK_OK(lit.status) && CHECK_OK(iio_immeta(fixture("text.png"), 0, NULL, &meta))) {
    double gamma = float_of(meta, "gamma", 0);
    CHECK(gamma > 0);
    size_t wrong = 0;
    if (plain.props.dtype == IIO_UINT8)
      for (size_t i = 0; i < plain.pixels.size; i++)
        wrong += lit.pixels.data[i] != (unsigned char)nearbyint(pow(plain.pixels.data[i] / 255.0, gamma) * 255 + 0.4999);
    CHECK_INT(wrong, 0);
    iio_dict_free(meta);
    meta = NULL;
    /* What was applied is left out. */
    CHECK_OK(iio_immeta(fixture("text.png"), 0, options, &meta));
    CHECK_INT(iio_dict_kind(meta, "gamma"), IIO_KIND_ABSENT);
  }
  iio_dict_free(meta);
  iio_dict_free(options);
  result_free(&plain);
  result_free(&lit);
  CHECK_OK(status_of(fixture("rgb8.png"), "{'apply_gamma': true}"));
  CHECK_STATUS(status_of(fixture("rgb8.png"), "{'apply_gamma': 2}"), IIO_ERROR_INVALID_OPTION);
}

static void what_rotate_applies_is_left_out(void) {
  iio_dict *turned = options_of("{'rotate': true}"), *all = options_of("{'rotate': true, 'exclude_applied': false}"), *meta = NULL;
  CHECK_OK(iio_immeta(fixture("orientation6.jpg"), 0, NULL, &meta));
  CHECK_INT(int_of(meta, "Orientation", 0), 6);
  iio_dict_free(meta);
  CHECK_OK(iio_immeta(fixture("orientation6.jpg"), 0, turned, &meta));
  CHECK_INT(iio_dict_kind(meta, "Orientation"), IIO_KIND_ABSENT);
  iio_dict_free(meta);
  CHECK_OK(iio_immeta(fixture("orientation6.jpg"), 0, all, &meta));
  CHECK_INT(int_of(meta, "Orientation", 0), 6);
  iio_dict_free(meta);
  iio_dict_free(turned);
  iio_dict_free(all);
}

/* Each frame by itself has the size of its rectangle, which lies on the screen. */
static void raw_frames_are_parts_with_their_places(void) {
  static const char *const files[] = {"skip.gif", "animated.png", "animated.webp", "local.gif"};
  for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
    iio_dict *options = options_of("{'raw_frames': true}");
    iio_iter *it = NULL;
    iio_props screen = no_props(), p = no_props();
    SUBJECT("%s", files[f]);
    CHECK_OK(iio_improps(fixture(files[f]), 0, NULL, &screen));
    if (!CHECK_OK(iio_imiter(fixture(files[f]), options, &it))) continue;
    int64_t images = 0;
    while (iio_iter_props(it, &p) == IIO_OK) {
      guarded g = guarded_new((size_t)p.nbytes);
      iio_dict *meta = NULL;
      const iio_dict *box = NULL;
      CHECK_OK(iio_iter_next(it, g.data, g.size, NULL));
      CHECK(guarded_intact(&g));
      if (CHECK_OK(iio_iter_meta(it, &meta)) && CHECK_OK(iio_dict_get_dict(meta, "bbox", &box))) {
        CHECK_INT(int_of(box, "2", -1) - int_of(box, "0", -1), p.shape[1]);
        CHECK_INT(int_of(box, "3", -1) - int_of(box, "1", -1), p.shape[0]);
        CHECK(int_of(box, "2", -1) <= (int64_t)screen.shape[1] && int_of(box, "3", -1) <= (int64_t)screen.shape[0]);
        CHECK(int_of(meta, "disposal", -1) >= 0 && int_of(meta, "blend", -1) >= 0);
      }
      iio_dict_free(meta);
      guarded_free(&g);
      images++;
    }
    CHECK(images > 1);
    iio_iter_free(it);
    iio_dict_free(options);
  }
}

static void imageios_other_words_are_taken(void) {
  CHECK_OK(status_of(fixture("rgb8.png"), "{'writeable_output': false, 'pilmode': 'L', 'exifrotate': true}"));
  CHECK_STATUS(status_of(fixture("rgb8.png"), "{'as_gray': true}"), IIO_ERROR_UNKNOWN_OPTION);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(every_mode_of_every_kind_of_image);
  RUN(an_unknown_mode_is_refused);
  RUN(mode_P_gives_the_places_of_a_palette);
  RUN(a_region_is_a_part_of_the_result);
  RUN(a_region_may_be_text_and_is_inside);
  RUN(reduce_rounds_sides_up);
  RUN(a_background_takes_the_place_of_alpha);
  RUN(gamma_is_applied_once_it_is_asked_for);
  RUN(what_rotate_applies_is_left_out);
  RUN(raw_frames_are_parts_with_their_places);
  RUN(imageios_other_words_are_taken);
  return check_finish();
}
