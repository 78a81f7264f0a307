/* Cut files: an error wherever a pixel is missing, or the exact image; never a partial one, never a crash. */
#include "subjects.h"
#include "streams.h"

/* Reads the first `size` bytes; wants an error or `whole`. */
static void read_cut(const subject *s, const unsigned char *data, size_t size, int64_t index, const picture *whole, int by_stream) {
  iio_file *file = NULL;
  iio_dict *options = iio_dict_new();
  iio_dict_set_string(options, "extension", s->extension);
  unsigned char *cut = malloc(size ? size : 1); /* so that a read past its end is seen */
  memcpy(cut, data, size);
  stream io = stream_over(cut, size);
  iio_callbacks callbacks = stream_reads(&io, STREAM_SEEKS | STREAM_SIZED);
  iio_status status = by_stream ? iio_imopen_callbacks(&callbacks, "r", options, &file) : iio_imopen_bytes(cut, size, options, &file);
  if (status == IIO_OK) {
    guarded g = guarded_new(whole->pixels.size);
    iio_props p = no_props();
    status = iio_file_read(file, index, NULL, g.data, g.size, &p);
    if (status == IIO_OK && !(same_props(&p, &whole->props) && memcmp(g.data, whole->pixels.data, g.size) == 0))
      CHECK_SAY("cut to %zu bytes it reads as another image (index %s)", size, index == 0 ? "0" : "default");
    if (status > 0) CHECK_SAY("cut to %zu bytes: status %d", size, (int)status);
    CHECK(guarded_intact(&g));
    guarded_free(&g);
    iio_file_discard(file);
  }
  if (status < 0 && !*iio_error_message()) CHECK_SAY("cut to %zu bytes: an error without a word", size);
  if (status == IIO_ERROR_INTERNAL) CHECK_SAY("cut to %zu bytes: IIO_ERROR_INTERNAL", size);
  if (by_stream) CHECK_STREAM_ENDED(&io);
  free(cut);
  iio_dict_free(options);
}

static size_t next_cut(size_t at, size_t size) {
  size_t step = size < 400 ? 1 : size / 120;
  return at + (at < 48 || at + 48 > size ? 1 : step); /* the ends are where headers and trailers are */
}

static void a_cut_file_gives_an_error_or_the_exact_image(void) {
  EACH_SUBJECT(s) {
    bytes b = slurp(s->path);
    picture whole = picture_at(s->path, IIO_INDEX_DEFAULT, NULL);
    if (b.data && CHECK_OK(whole.status))
      for (size_t n = 0; n < b.size; n = next_cut(n, b.size)) read_cut(s, b.data, n, IIO_INDEX_DEFAULT, &whole, (n & 7) == 5);
    picture_free(&whole);
    free(b.data);
  }
}

static void the_first_image_of_a_cut_sequence_is_exact_or_an_error(void) {
  EACH_SUBJECT(s) {
    if (s->images < 2) continue;
    bytes b = slurp(s->path);
    picture first = picture_at(s->path, 0, NULL);
    if (b.data && CHECK_OK(first.status))
      for (size_t n = 0; n < b.size; n = next_cut(n, b.size)) read_cut(s, b.data, n, 0, &first, 0);
    picture_free(&first);
    free(b.data);
  }
}

static void an_iterator_over_a_cut_file_ends(void) {
  EACH_SUBJECT(s) {
    if (s->varied) continue;
    bytes b = slurp(s->path);
    picture whole = picture_at(s->path, IIO_INDEX_ALL, NULL);
    if (b.data && CHECK_OK(whole.status)) {
      size_t one = whole.pixels.size / (size_t)s->images;
      for (size_t n = 0; n < b.size; n += 1 + b.size / 40) {
        iio_file *file = NULL;
        iio_iter *it = NULL;
        guarded g = guarded_new(one);
        iio_status status = iio_imopen_bytes(b.data, n, NULL, &file);
        if (status == IIO_OK) status = iio_file_iter(file, NULL, &it);
        int64_t calls = 0;
        for (; it && calls < s->images + 10; calls++) {
          status = iio_iter_next(it, g.data, g.size, NULL);
          if (status == IIO_OK && (calls >= s->images || memcmp(g.data, whole.pixels.data + (size_t)calls * one, one) != 0))
            CHECK_SAY("cut to %zu bytes: image %d of the iterator is another", n, (int)calls);
          if (status != IIO_OK && status != IIO_ERROR_BUFFER_TOO_SMALL) {
            if (status == IIO_END) break;
            continue; /* it has passed that image, or says IIO_END from here on */
          }
        }
        CHECK(calls < s->images + 10);
        CHECK(guarded_intact(&g));
        iio_iter_free(it);
        iio_file_discard(file);
        guarded_free(&g);
      }
    }
    picture_free(&whole);
    free(b.data);
  }
}

static void a_changed_byte_never_crashes(void) {
  EACH_SUBJECT(s) {
    bytes b = slurp(s->path);
    iio_dict *options = options_of("{'max_bytes': 1000000}");
    guarded g = guarded_new(100000);
    for (size_t n = 0; b.data && n < b.size; n += 1 + b.size / 90) {
      static const unsigned char flips[] = {0xFF, 0x01, 0x80};
      for (size_t i = 0; i < sizeof flips; i++) {
        iio_file *file = NULL;
        b.data[n] ^= flips[i];
        iio_status status = iio_imopen_bytes(b.data, b.size, options, &file);
        if (status == IIO_OK) {
          iio_props p = no_props(), q = no_props();
          if (iio_file_props(file, IIO_INDEX_DEFAULT, NULL, &p) == IIO_OK) {
            status = iio_file_read(file, IIO_INDEX_DEFAULT, NULL, g.data, g.size, &q);
            if (status == IIO_OK && !same_props(&p, &q)) CHECK_SAY("byte %zu changed: props and read differ", n);
          }
          iio_dict *meta = NULL;
          iio_status about = iio_file_meta(file, IIO_INDEX_DEFAULT, NULL, &meta);
          if (status == IIO_ERROR_INTERNAL || about == IIO_ERROR_INTERNAL) CHECK_SAY("byte %zu changed: IIO_ERROR_INTERNAL", n);
          iio_dict_free(meta);
          iio_file_discard(file);
        } else if (status == IIO_ERROR_INTERNAL)
          CHECK_SAY("byte %zu changed: IIO_ERROR_INTERNAL", n);
        b.data[n] ^= flips[i];
      }
    }
    CHECK(guarded_intact(&g));
    guarded_free(&g);
    iio_dict_free(options);
    free(b.data);
  }
}

static void a_file_of_nothing_and_a_file_of_text_are_errors(void) {
  static const char *const contents[] = {"", "x", "not an image at all\n", "\x89PNG\r\n\x1a\n", "GIF89a", "BM", "RIFF\4\0\0\0WEBP", "\xff\xd8\xff"};
  static const char *const extensions[] = {".png", ".jpg", ".gif", ".bmp", ".webp", ".toy1", ".xyz"};
  for (size_t c = 0; c < sizeof contents / sizeof *contents; c++)
    for (size_t e = 0; e < sizeof extensions / sizeof *extensions; e++) {
      char name[64];
      print_to(name, sizeof name, "content%zu%s", c, extensions[e]);
      SUBJECT("%s", name);
      spit(scratch(name), contents[c], c == 6 ? 12 : strlen(contents[c]));
      unsigned char pixels[64];
      iio_status status = iio_imread(scratch(name), IIO_INDEX_DEFAULT, NULL, pixels, sizeof pixels, NULL);
      CHECK(status < 0 && status != IIO_ERROR_INTERNAL && status != IIO_ERROR_NOT_FOUND);
      CHECK(*iio_error_message());
    }
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  gather_subjects();
  RUN(a_cut_file_gives_an_error_or_the_exact_image);
  RUN(the_first_image_of_a_cut_sequence_is_exact_or_an_error);
  RUN(an_iterator_over_a_cut_file_ends);
  RUN(a_changed_byte_never_crashes);
  RUN(a_file_of_nothing_and_a_file_of_text_are_errors);
  leave_subjects();
  return check_finish();
}
