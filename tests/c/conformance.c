/* What holds for every plugin: properties equal reads, index forms, buffers and destinations of every shape. */
#include "subjects.h"

static void properties_equal_what_read_gives_for_every_index(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    const int64_t indices[] = {IIO_INDEX_DEFAULT, IIO_INDEX_ALL, 0, s->images - 1};
    for (size_t i = 0; i < sizeof indices / sizeof *indices; i++) {
      if (s->varied && indices[i] == IIO_INDEX_ALL) continue;
      picture p = picture_of(file, indices[i], NULL); /* compares the two */
      CHECK_OK(p.status);
      iio_props once = no_props();
      CHECK_OK(iio_improps(s->path, indices[i], NULL, &once));
      if (p.status == IIO_OK) CHECK(same_props(&p.props, &once));
      picture_free(&p);
    }
    CHECK_OK(iio_file_close(file));
  }
}

static void properties_are_whole_and_sensible(void) {
  EACH_SUBJECT(s) {
    if (s->varied) continue;
    iio_props one = no_props(), all = no_props(), none = no_props();
    if (!CHECK_OK(iio_improps(s->path, 0, NULL, &one)) || !CHECK_OK(iio_improps(s->path, IIO_INDEX_ALL, NULL, &all)) ||
        !CHECK_OK(iio_improps(s->path, IIO_INDEX_DEFAULT, NULL, &none)))
      continue;
    CHECK_INT(one.is_batch, 0);
    CHECK_INT(one.n_images, -1);
    CHECK_INT(all.is_batch, 1);
    CHECK_INT(all.n_images, s->images);
    CHECK_INT(all.ndim, one.ndim + 1);
    CHECK_INT(all.shape[0], s->images);
    CHECK(memcmp(all.shape + 1, one.shape, one.ndim * sizeof one.shape[0]) == 0);
    CHECK_INT(all.dtype, one.dtype);
    CHECK_INT(all.nbytes, one.nbytes * (uint64_t)s->images);
    CHECK(same_props(&none, s->all ? &all : &one));
    CHECK_INT(strnlen(one.axes, sizeof one.axes), one.ndim);
    CHECK_INT(strnlen(all.axes, sizeof all.axes), all.ndim);
    CHECK_INT(all.axes[0], 'N');
    CHECK_INT(one.struct_size, sizeof one);
    CHECK_INT(one.nbytes % iio_dtype_size(one.dtype), 0);
    if (s->expected) CHECK(has_suffix(one.axes, "YXS") || has_suffix(one.axes, "YX"));
    if (s->expected && one.ndim == 2) CHECK_STRING(one.axes, "YX");
  }
}

static void colour_and_depth_are_told(void) {
  static const struct { const char *name; uint32_t color, bits; } known[] = {
    {"gray1.png", IIO_COLOR_GRAY, 1},     {"gray8.png", IIO_COLOR_GRAY, 8},     {"gray16.png", IIO_COLOR_GRAY, 16},
    {"la8.png", IIO_COLOR_GRAY_ALPHA, 8}, {"rgb16.png", IIO_COLOR_RGB, 16},     {"rgba8.png", IIO_COLOR_RGBA, 8},
    {"palette8.png", IIO_COLOR_RGB, 8},   {"palette8_alpha.png", IIO_COLOR_RGBA, 8}, {"rgb444.jpg", IIO_COLOR_RGB, 8},
    {"cmyk.jpg", IIO_COLOR_CMYK, 8},      {"gray.jpg", IIO_COLOR_GRAY, 8},      {"keep.gif", IIO_COLOR_RGB, 8},
    {"background.gif", IIO_COLOR_RGBA, 8}, {"rgb24.bmp", IIO_COLOR_RGB, 8},     {"lossy.webp", IIO_COLOR_RGB, 8}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    SUBJECT("%s", known[i].name);
    iio_props p = no_props();
    if (!CHECK_OK(iio_improps(fixture(known[i].name), 0, NULL, &p))) continue;
    CHECK_INT(p.color, known[i].color);
    CHECK_INT(p.bits, known[i].bits);
    CHECK_INT(p.flags & IIO_PROPS_PREMULTIPLIED, 0);
  }
}

static void an_orientation_still_to_be_applied_is_told(void) {
  iio_props p = no_props();
  REQUIRE_OK(iio_improps(fixture("orientation6.jpg"), 0, NULL, &p));
  CHECK_INT(p.orientation, 6);
  CHECK_INT(p.flags & IIO_PROPS_ORIENTED, 0);
}

static void an_index_out_of_range_is_an_index_error(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    const int64_t wrong[] = {s->images, s->images + 1, -1, -s->images, INT64_MAX, INT64_MIN + 2, INT32_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
      iio_props p = no_props();
      unsigned char small[16];
      CHECK_STATUS(iio_file_props(file, wrong[i], NULL, &p), IIO_ERROR_INDEX);
      CHECK_STATUS(iio_file_read(file, wrong[i], NULL, small, sizeof small, &p), IIO_ERROR_INDEX);
      CHECK_STATUS(iio_file_read(file, wrong[i], NULL, NULL, 0, &p), IIO_ERROR_INDEX);
      iio_dict *meta = (iio_dict *)&p;
      CHECK_STATUS(iio_file_meta(file, wrong[i], NULL, &meta), IIO_ERROR_INDEX);
      CHECK(meta == NULL);
    }
    picture p = picture_of(file, s->images - 1, NULL); /* the handle is none the worse */
    CHECK_OK(p.status);
    picture_free(&p);
    CHECK_OK(iio_file_close(file));
  }
}

static void images_are_counted_without_pixels(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    int64_t exact = -7, cheap = -7;
    CHECK_OK(iio_file_count(file, NULL, IIO_IMAGES_EXACT, &exact));
    CHECK_INT(exact, s->images);
    CHECK_OK(iio_file_count(file, NULL, IIO_IMAGES_CHEAP, &cheap));
    CHECK(cheap == s->images || cheap == -1);
    CHECK_OK(iio_file_close(file));
  }
}

static void images_that_differ_in_shape_cannot_be_stacked(void) {
  EACH_SUBJECT(s) {
    if (!s->varied) continue;
    iio_props p = no_props();
    iio_dict *meta = NULL;
    CHECK_STATUS(iio_improps(s->path, IIO_INDEX_ALL, NULL, &p), IIO_ERROR_SHAPE);
    unsigned char byte = 0xCD;
    CHECK_STATUS(iio_imread(s->path, IIO_INDEX_ALL, NULL, &byte, 0, &p), IIO_ERROR_SHAPE);
    CHECK_INT(byte, 0xCD);
    CHECK_OK(iio_immeta(s->path, IIO_INDEX_ALL, NULL, &meta)); /* that of the file */
    iio_dict_free(meta);
  }
}

static void all_images_stacked_equal_each_read_alone(void) {
  EACH_SUBJECT(s) {
    if (s->varied) continue;
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    picture all = picture_of(file, IIO_INDEX_ALL, NULL);
    if (CHECK_OK(all.status))
      for (int64_t n = s->images; n-- > 0;) { /* backwards: nothing may hang on the order */
        picture one = picture_of(file, n, NULL);
        if (CHECK_OK(one.status)) CHECK(memcmp(one.pixels.data, all.pixels.data + (size_t)n * one.pixels.size, one.pixels.size) == 0);
        picture_free(&one);
      }
    picture_free(&all);
    CHECK_OK(iio_file_close(file));
  }
}

static void a_buffer_too_small_stays_untouched_and_props_tell_the_size(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    iio_props want = no_props();
    if (CHECK_OK(iio_file_props(file, IIO_INDEX_DEFAULT, NULL, &want))) {
      const size_t sizes[] = {0, 1, (size_t)want.nbytes / 2, (size_t)want.nbytes - 1};
      for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        guarded g = guarded_new(sizes[i]);
        iio_props got = no_props();
        CHECK_STATUS(iio_file_read(file, IIO_INDEX_DEFAULT, NULL, g.data, g.size, &got), IIO_ERROR_BUFFER_TOO_SMALL);
        CHECK(same_props(&got, &want));
        got = no_props();
        CHECK_STATUS(iio_imread(s->path, IIO_INDEX_DEFAULT, NULL, g.data, g.size, &got), IIO_ERROR_BUFFER_TOO_SMALL);
        CHECK(same_props(&got, &want));
        CHECK_STATUS(iio_file_read(file, IIO_INDEX_DEFAULT, NULL, g.data, g.size, NULL), IIO_ERROR_BUFFER_TOO_SMALL);
        CHECK(guarded_untouched(&g));
        guarded_free(&g);
      }
    }
    CHECK_OK(iio_file_close(file));
  }
}

static void no_buffer_only_asks(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    iio_props want = no_props(), got = no_props();
    CHECK_OK(iio_file_props(file, IIO_INDEX_DEFAULT, NULL, &want));
    CHECK_STATUS(iio_file_read(file, IIO_INDEX_DEFAULT, NULL, NULL, 0, &got), IIO_ERROR_BUFFER_TOO_SMALL);
    CHECK(same_props(&got, &want));
    got = no_props();
    CHECK_STATUS(iio_file_read(file, IIO_INDEX_DEFAULT, NULL, NULL, (size_t)want.nbytes, &got), IIO_ERROR_BUFFER_TOO_SMALL);
    CHECK(same_props(&got, &want));
    CHECK_OK(iio_file_close(file));
  }
}

static void a_larger_buffer_is_left_alone_behind_the_image(void) {
  EACH_SUBJECT(s) {
    iio_props p = no_props();
    if (!CHECK_OK(iio_improps(s->path, IIO_INDEX_DEFAULT, NULL, &p))) continue;
    guarded g = guarded_new((size_t)p.nbytes + 100);
    if (CHECK_OK(iio_imread(s->path, IIO_INDEX_DEFAULT, NULL, g.data + 1, g.size - 1, NULL))) { /* any alignment is taken */
      size_t touched = g.data[0] != 0xCD;
      for (size_t i = (size_t)p.nbytes + 1; i < g.size; i++) touched += g.data[i] != 0xCD;
      CHECK_INT(touched, 0);
      CHECK(guarded_intact(&g));
    }
    guarded_free(&g);
  }
}

static void an_empty_image_and_a_scalar_can_be_read(void) {
  add_toy("empty.toy1", IIO_UINT8, 2, (uint64_t[]){0, 6}, 1);
  add_toy("scalar.toy1", IIO_UINT16, 0, (uint64_t[]){0}, 1);
  for (int i = n_subjects - 2; i < n_subjects; i++) {
    SUBJECT("%s", subjects[i].name);
    iio_props p = no_props();
    unsigned char byte[8] = {0xCD, 0xCD, 0xCD};
    CHECK_STATUS(iio_imread(subjects[i].path, 0, NULL, NULL, 0, &p), IIO_ERROR_BUFFER_TOO_SMALL); /* also for 0 bytes */
    CHECK_INT(p.nbytes, i == n_subjects - 2 ? 0 : 2);
    CHECK_INT(p.ndim, i == n_subjects - 2 ? 2 : 0);
    CHECK_OK(iio_imread(subjects[i].path, 0, NULL, byte, (size_t)p.nbytes, &p));
    CHECK_INT(byte[p.nbytes], 0xCD);
  }
  n_subjects -= 2;
}

static void options_that_change_the_image_change_its_properties(void) {
  iio_dict *options = options_of("{'crop': 2}");
  iio_props p = no_props();
  CHECK_OK(iio_improps(scratch("rgb.toy1"), 1, options, &p));
  CHECK_INT(p.shape[0], 3);
  unsigned char pixels[63], whole[105];
  CHECK_OK(iio_imread(scratch("rgb.toy1"), 1, options, pixels, sizeof pixels, &p));
  CHECK_OK(iio_imread(scratch("rgb.toy1"), 1, NULL, whole, sizeof whole, NULL));
  CHECK(memcmp(pixels, whole + 42, sizeof pixels) == 0);
  iio_dict_free(options);
}

static void metadata_can_be_had_for_every_image(void) {
  EACH_SUBJECT(s) {
    const int64_t indices[] = {IIO_INDEX_DEFAULT, IIO_INDEX_ALL, 0, s->images - 1};
    for (size_t i = 0; i < sizeof indices / sizeof *indices; i++) {
      if (s->varied && indices[i] == IIO_INDEX_ALL) continue;
      iio_dict *meta = NULL;
      CHECK_OK(iio_immeta(s->path, indices[i], NULL, &meta));
      CHECK(meta != NULL);
      iio_dict_free(meta);
    }
  }
}

static void a_write_to_a_file_opened_for_reading_is_a_mode_error(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    canvas c = canvas_image(IIO_UINT8, 3, 4, 3, 0);
    CHECK_STATUS(iio_file_write(file, &c.array, NULL), IIO_ERROR_MODE);
    canvas_free(&c);
    CHECK_OK(iio_file_close(file));
  }
}

static void the_plugin_is_named_after_its_folder(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    static const char *const folders[] = {"tiff", "avif", "heif"};
    const char *plugin = s->toy ? "toy" : "image";
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
      if (strncmp(s->name, folders[i], 4) == 0) plugin = folders[i];
    CHECK_STRING(iio_file_plugin(file), plugin);
    CHECK_OK(iio_file_close(file));
  }
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  gather_subjects();
  RUN(properties_equal_what_read_gives_for_every_index);
  RUN(properties_are_whole_and_sensible);
  RUN(colour_and_depth_are_told);
  RUN(an_orientation_still_to_be_applied_is_told);
  RUN(an_index_out_of_range_is_an_index_error);
  RUN(images_are_counted_without_pixels);
  RUN(images_that_differ_in_shape_cannot_be_stacked);
  RUN(all_images_stacked_equal_each_read_alone);
  RUN(a_buffer_too_small_stays_untouched_and_props_tell_the_size);
  RUN(no_buffer_only_asks);
  RUN(a_larger_buffer_is_left_alone_behind_the_image);
  RUN(an_empty_image_and_a_scalar_can_be_read);
  RUN(options_that_change_the_image_change_its_properties);
  RUN(metadata_can_be_had_for_every_image);
  RUN(a_write_to_a_file_opened_for_reading_is_a_mode_error);
  RUN(the_plugin_is_named_after_its_folder);
  leave_subjects();
  return check_finish();
}
