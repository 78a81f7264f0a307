/* iio_iter: the same images as reads, in order, and what a refused call consumes. */
#include "subjects.h"

static iio_iter *iter_of(iio_file *file, const char *json) {
  iio_dict *options = json ? options_of(json) : NULL;
  iio_iter *it = NULL;
  CHECK_OK(iio_file_iter(file, options, &it));
  iio_dict_free(options);
  return it;
}

/* The next image of `it` is image n of `file`. */
static void check_next(iio_iter *it, iio_file *file, int64_t n) {
  iio_props want = no_props(), got = no_props();
  if (!CHECK_OK(iio_file_props(file, n, NULL, &want)) || !CHECK_OK(iio_iter_props(it, &got))) return;
  CHECK(same_props(&want, &got));
  guarded a = guarded_new((size_t)want.nbytes), b = guarded_new((size_t)want.nbytes);
  got = no_props();
  if (CHECK_OK(iio_iter_next(it, a.data, a.size, &got)) && CHECK_OK(iio_file_read(file, n, NULL, b.data, b.size, NULL))) {
    CHECK(same_props(&want, &got));
    if (memcmp(a.data, b.data, a.size) != 0) CHECK_SAY("image %d of the iterator is not what read gives", (int)n);
  }
  CHECK(guarded_intact(&a) && guarded_intact(&b));
  guarded_free(&a);
  guarded_free(&b);
}

static void check_end(iio_iter *it) {
  iio_props p = no_props();
  unsigned char byte[1];
  for (int i = 0; i < 3; i++) {
    CHECK_STATUS(iio_iter_props(it, &p), IIO_END);
    CHECK_STATUS(iio_iter_next(it, byte, sizeof byte, &p), IIO_END);
    CHECK_STATUS(iio_iter_next(it, NULL, 0, &p), IIO_END);
  }
}

static void an_iterator_gives_the_images_that_reads_give(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL), *other = open_subject(s, NULL);
    iio_iter *it = file ? iter_of(file, NULL) : NULL;
    if (it && other) {
      for (int64_t n = 0; n < s->images; n++) check_next(it, other, n);
      check_end(it);
    }
    iio_iter_free(it);
    iio_file_discard(file);
    iio_file_discard(other);
  }
}

static void imiter_gives_the_same(void) {
  EACH_SUBJECT(s) {
    iio_iter *it = NULL;
    if (!CHECK_OK(iio_imiter(s->path, NULL, &it))) continue;
    iio_file *file = iio_iter_file(it);
    CHECK(file != NULL);
    for (int64_t n = 0; file && n < s->images; n++) check_next(it, file, n); /* reads between do not move it */
    check_end(it);
    iio_iter_free(it);
  }
}

static void a_call_that_is_refused_consumes_nothing(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    iio_iter *it = file ? iter_of(file, NULL) : NULL;
    for (int64_t n = 0; it && n < s->images; n++) {
      iio_props p = no_props(), q = no_props();
      if (!CHECK_OK(iio_file_props(file, n, NULL, &p))) break;
      guarded g = guarded_new((size_t)p.nbytes - 1);
      CHECK_STATUS(iio_iter_next(it, NULL, 0, &q), IIO_ERROR_BUFFER_TOO_SMALL);
      CHECK(same_props(&p, &q));
      CHECK_STATUS(iio_iter_next(it, g.data, g.size, &q), IIO_ERROR_BUFFER_TOO_SMALL);
      iio_array wrong = array_like(&p, g.data);
      if (p.ndim) {
        wrong.shape[0]++;
        CHECK_STATUS(iio_iter_next_into(it, &wrong), IIO_ERROR_SHAPE);
      }
      CHECK_STATUS(iio_iter_next_into(it, NULL), IIO_ERROR_INVALID_ARGUMENT);
      wrong = array_like(&p, g.data);
      wrong.struct_size = 4;
      CHECK_STATUS(iio_iter_next_into(it, &wrong), IIO_ERROR_INVALID_ARGUMENT);
      q.struct_size = 4;
      CHECK_STATUS(iio_iter_props(it, &q), IIO_ERROR_INVALID_ARGUMENT);
      CHECK(guarded_untouched(&g));
      guarded_free(&g);
      check_next(it, file, n);
    }
    if (it) check_end(it);
    iio_iter_free(it);
    iio_file_discard(file);
  }
}

static void next_into_fills_any_strides(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    iio_iter *it = file ? iter_of(file, NULL) : NULL;
    for (int64_t n = 0; it && n < s->images; n++) {
      picture flat = picture_of(file, n, NULL);
      if (!CHECK_OK(flat.status) || flat.props.ndim < 2) {
        picture_free(&flat);
        break;
      }
      size_t row = flat.pixels.size / (size_t)flat.props.shape[0], gap = row + 5;
      guarded g = guarded_new(gap * (size_t)flat.props.shape[0]);
      iio_array a = array_like(&flat.props, g.data);
      int64_t step = (int64_t)item_size(a.dtype);
      for (uint32_t i = a.ndim; i-- > 1; step *= (int64_t)a.shape[i]) a.strides[i] = step;
      a.strides[0] = -(int64_t)gap;
      a.data = g.data + gap * (size_t)(a.shape[0] - 1);
      if (CHECK_OK(iio_iter_next_into(it, &a))) {
        int same = 1;
        for (size_t y = 0; y < a.shape[0]; y++) {
          const unsigned char *line = g.data + gap * ((size_t)a.shape[0] - 1 - y);
          same &= memcmp(line, flat.pixels.data + y * row, row) == 0;
          for (size_t i = row; i < gap; i++) same &= line[i] == 0xCD;
        }
        CHECK(same && guarded_intact(&g));
      }
      guarded_free(&g);
      picture_free(&flat);
    }
    iio_iter_free(it);
    iio_file_discard(file);
  }
}

static void start_stop_and_every_choose_images(void) {
  static const struct { const char *json; int64_t start, stop, every; } ways[] = {
    {"{'start': 1}", 1, INT64_MAX, 1},           {"{'stop': 2}", 0, 2, 1},
    {"{'every': 2}", 0, INT64_MAX, 2},           {"{'start': 1, 'every': 2}", 1, INT64_MAX, 2},
    {"{'start': 1, 'stop': 3, 'every': 2}", 1, 3, 2}, {"{'start': 0, 'stop': 0}", 0, 0, 1},
    {"{'start': 2.0, 'stop': '3'}", 2, 3, 1}}; /* a whole float serves as an int; a string is parsed as JSON */
  EACH_SUBJECT(s) {
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
      if (ways[i].start >= s->images) continue; /* the contract does not say what a start past the end gives */
      iio_file *file = open_subject(s, NULL);
      iio_iter *it = file ? iter_of(file, ways[i].json) : NULL;
      if (it) {
        for (int64_t n = ways[i].start; n < ways[i].stop && n < s->images; n += ways[i].every) check_next(it, file, n);
        check_end(it);
      }
      iio_iter_free(it);
      iio_file_discard(file);
    }
  }
}

static void an_iterator_can_be_sought(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    iio_iter *it = file ? iter_of(file, NULL) : NULL;
    if (it) {
      for (int64_t n = s->images; n-- > 0;) {
        CHECK_OK(iio_iter_seek(it, n));
        check_next(it, file, n);
      }
      CHECK_OK(iio_iter_seek(it, s->images - 1));
      check_next(it, file, s->images - 1);
      check_end(it);
      CHECK_OK(iio_iter_seek(it, 0)); /* also after the end */
      check_next(it, file, 0);
      CHECK_STATUS(iio_iter_seek(it, -1), IIO_ERROR_INDEX);
      CHECK_STATUS(iio_iter_seek(it, s->images + 5), IIO_ERROR_INDEX);
      CHECK_ERROR(iio_iter_seek(it, IIO_INDEX_ALL));
      CHECK_ERROR(iio_iter_seek(it, IIO_INDEX_DEFAULT));
    }
    iio_iter_free(it);
    iio_file_discard(file);
  }
}

static void two_iterators_and_reads_do_not_disturb_one_another(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL), *other = open_subject(s, NULL);
    iio_iter *a = file ? iter_of(file, NULL) : NULL, *b = file ? iter_of(file, NULL) : NULL;
    if (a && b && other) {
      check_next(a, other, 0);
      for (int64_t n = 0; n < s->images; n++) {
        check_next(b, other, n);
        picture p = picture_of(file, s->images - 1 - n, NULL);
        CHECK_OK(p.status);
        picture_free(&p);
        if (n + 1 < s->images) check_next(a, other, n + 1);
        iio_iter *c = iter_of(file, NULL);
        if (c) check_next(c, other, 0);
        iio_iter_free(c);
      }
      check_end(a);
      check_end(b);
    }
    iio_iter_free(a);
    iio_iter_free(b);
    iio_file_discard(file);
    iio_file_discard(other);
  }
}

static void options_of_an_iterator_hold_for_every_image(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    iio_iter *it = file ? iter_of(file, "{'dtype': 'float64'}") : NULL;
    for (int64_t n = 0; it && n < s->images; n++) {
      picture flat = picture_of(file, n, NULL);
      iio_props p = no_props();
      CHECK_OK(iio_iter_seek(it, n)); /* past those that are not looked at */
      if (CHECK_OK(flat.status) && flat.props.dtype == IIO_UINT8 && CHECK_OK(iio_iter_props(it, &p))) {
        CHECK_INT(p.dtype, IIO_FLOAT64);
        CHECK_INT(p.nbytes, flat.props.nbytes * 8);
        double *wide = malloc((size_t)p.nbytes);
        if (wide && CHECK_OK(iio_iter_next(it, wide, (size_t)p.nbytes, NULL))) {
          size_t wrong = 0;
          for (size_t i = 0; i < flat.pixels.size; i++) wrong += wide[i] != flat.pixels.data[i];
          CHECK_INT(wrong, 0);
        }
        free(wide);
      }
      picture_free(&flat);
    }
    iio_iter_free(it);
    iio_file_discard(file);
  }
}

static void metadata_of_the_image_last_returned_can_be_had(void) {
  iio_iter *it = NULL;
  REQUIRE_OK(iio_imiter(scratch("rgb.toy1"), NULL, &it));
  unsigned char pixels[105];
  for (int n = 0; n < 3; n++) {
    CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
    iio_dict *meta = NULL;
    CHECK_OK(iio_iter_meta(it, &meta));
    CHECK_INT(int_of(meta, "number", -1), n);
    iio_dict_free(meta);
  }
  iio_iter_free(it);
}

static void times_of_the_images_of_a_gif_are_told(void) {
  iio_iter *it = NULL;
  REQUIRE_OK(iio_imiter(fixture("keep.gif"), NULL, &it)); /* three frames of 100 ms */
  unsigned char pixels[17 * 23 * 3];
  for (int n = 0; n < 3; n++) {
    CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
    iio_dict *meta = NULL;
    CHECK_OK(iio_iter_meta(it, &meta));
    CHECK(fabs(float_of(meta, "time_s", -1) - 0.1 * n) < 1e-9);
    CHECK(fabs(float_of(meta, "duration_s", -1) - 0.1) < 1e-9);
    iio_dict_free(meta);
  }
  iio_iter_free(it);
}

static void an_iterator_names_the_file_it_goes_over(void) {
  iio_file *file = NULL;
  iio_iter *it = NULL;
  REQUIRE_OK(iio_imopen(fixture("keep.gif"), "r", NULL, &file));
  REQUIRE_OK(iio_file_iter(file, NULL, &it));
  CHECK(iio_iter_file(it) == file);
  CHECK_STRING(iio_file_plugin(iio_iter_file(it)), "image");
  iio_iter_free(it);
  CHECK_OK(iio_file_close(file));
}

static void an_unknown_option_of_an_iterator_is_refused(void) {
  iio_dict *options = options_of("{'strat': 1}");
  iio_iter *it = (iio_iter *)&options;
  CHECK_STATUS(iio_imiter(fixture("keep.gif"), options, &it), IIO_ERROR_UNKNOWN_OPTION);
  CHECK(it == NULL);
  CHECK_MENTIONS(iio_error_message(), "strat");
  CHECK_MENTIONS(iio_error_message(), "start");
  iio_dict_free(options);
}

/* Without iter, next … the library reads 0, 1, 2 itself. */
static void a_plugin_without_a_cursor_is_iterated_all_the_same(void) {
  static toy plain;
  iio_plugin p = toy_plugin(&plain, TOY_DECLARATION("plain", ""));
  p.iter = NULL;
  p.next_props = NULL;
  p.next = NULL;
  p.next_meta = NULL;
  p.seek = NULL;
  p.iter_free = NULL;
  REQUIRE_OK(iio_register_plugin(&p));
  iio_dict *options = options_of("{'plugin': 'plain'}");
  iio_file *file = NULL;
  if (CHECK_OK(iio_imopen(scratch("rgb.toy1"), "r", options, &file))) {
    CHECK_STRING(iio_file_plugin(file), "plain");
    iio_iter *it = iter_of(file, NULL), *some = iter_of(file, "{'start': 1, 'every': 5}");
    for (int64_t n = 0; n < 3; n++) check_next(it, file, n);
    check_end(it);
    check_next(some, file, 1);
    check_end(some);
    CHECK_OK(iio_iter_seek(it, 2));
    check_next(it, file, 2);
    iio_dict *meta = NULL;
    CHECK_OK(iio_iter_meta(it, &meta));
    CHECK_INT(int_of(meta, "number", -1), 2);
    iio_dict_free(meta);
    iio_iter_free(it);
    iio_iter_free(some);
    CHECK_OK(iio_file_close(file));
  }
  iio_dict_free(options);
  CHECK_OK(iio_unregister_plugin("plain"));
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  gather_subjects();
  RUN(an_iterator_gives_the_images_that_reads_give);
  RUN(imiter_gives_the_same);
  RUN(a_call_that_is_refused_consumes_nothing);
  RUN(next_into_fills_any_strides);
  RUN(start_stop_and_every_choose_images);
  RUN(an_iterator_can_be_sought);
  RUN(two_iterators_and_reads_do_not_disturb_one_another);
  RUN(options_of_an_iterator_hold_for_every_image);
  RUN(metadata_of_the_image_last_returned_can_be_had);
  RUN(times_of_the_images_of_a_gif_are_told);
  RUN(an_iterator_names_the_file_it_goes_over);
  RUN(an_unknown_option_of_an_iterator_is_refused);
  RUN(a_plugin_without_a_cursor_is_iterated_all_the_same);
  leave_subjects();
  return check_finish();
}
