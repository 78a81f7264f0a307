/* Endings in every order and place: nothing is used after it, nothing is ended twice, nothing is left. */
#include "fixtures.h"
#include "options.h"
#include "streams.h"

static bytes gif; /* keep.gif: three images of 17 x 23 x 3 */
#define ONE (17 * 23 * 3)
#define ALL (3 * ONE)

static iio_file *open_stream(stream *s) {
  *s = stream_over(gif.data, gif.size);
  s->short_by = 64;
  iio_callbacks io = stream_reads(s, STREAM_SEEKS | STREAM_SIZED);
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen_callbacks(&io, "r", NULL, &file));
  return file;
}

static void an_iterator_keeps_its_file_alive(void) {
  stream s;
  iio_file *file = open_stream(&s);
  iio_iter *it = NULL;
  unsigned char pixels[ONE];
  REQUIRE_OK(iio_file_iter(file, NULL, &it));
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK_OK(iio_file_close(file));
  CHECK_INT(s.closes, 0);
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK_OK(iio_iter_seek(it, 0));
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK_INT(s.closes, 0);
  iio_iter_free(it);
  CHECK_STREAM_ENDED(&s);
}

static void a_file_outlives_its_iterators(void) {
  stream s;
  iio_file *file = open_stream(&s);
  iio_iter *a = NULL, *b = NULL;
  unsigned char pixels[ALL];
  REQUIRE_OK(iio_file_iter(file, NULL, &a));
  REQUIRE_OK(iio_file_iter(file, NULL, &b));
  CHECK_OK(iio_iter_next(a, pixels, sizeof pixels, NULL));
  iio_iter_free(a);
  CHECK_OK(iio_iter_next(b, pixels, sizeof pixels, NULL));
  iio_iter_free(b);
  CHECK_INT(s.closes, 0);
  CHECK_OK(iio_file_read(file, IIO_INDEX_ALL, NULL, pixels, sizeof pixels, NULL));
  CHECK_OK(iio_file_close(file));
  CHECK_STREAM_ENDED(&s);
}

/* Every order in which a file and two iterators can end, by close and by discard. */
static void endings_come_in_any_order(void) {
  static const char *const orders[] = {"fab", "fba", "afb", "abf", "bfa", "baf"};
  for (int discard = 0; discard < 2; discard++)
    for (size_t o = 0; o < sizeof orders / sizeof *orders; o++) {
      SUBJECT("%s %s", orders[o], discard ? "discard" : "close");
      stream s;
      iio_file *file = open_stream(&s);
      iio_iter *it[2] = {NULL, NULL};
      unsigned char pixels[ONE];
      REQUIRE_OK(iio_file_iter(file, NULL, &it[0]));
      REQUIRE_OK(iio_file_iter(file, NULL, &it[1]));
      CHECK_OK(iio_iter_next(it[1], pixels, sizeof pixels, NULL));
      for (int i = 0; i < 3; i++) {
        CHECK_INT(s.closes, 0);
        if (orders[o][i] != 'f') iio_iter_free(it[orders[o][i] - 'a']);
        else if (discard) iio_file_discard(file);
        else CHECK_OK(iio_file_close(file));
      }
      CHECK_STREAM_ENDED(&s);
    }
}

static void imiter_ends_what_it_opened(void) {
  for (int n = 0; n < 5; n++) {
    iio_iter *it = NULL;
    unsigned char pixels[ONE];
    REQUIRE_OK(iio_imiter(fixture("keep.gif"), NULL, &it));
    for (int i = 0; i < n; i++) iio_iter_next(it, pixels, sizeof pixels, NULL);
    iio_iter_free(it);
  }
}

static void count_release(void *user) { ++*(int *)user; }

static void lent_bytes_are_released_after_the_last_iterator(void) {
  for (int discard = 0; discard < 2; discard++) {
    iio_file *file = NULL;
    iio_iter *it = NULL;
    int released = 0;
    unsigned char *copy = malloc(gif.size), pixels[ONE];
    memcpy(copy, gif.data, gif.size);
    REQUIRE_OK(iio_imopen_bytes_lent(copy, gif.size, NULL, count_release, &released, &file));
    REQUIRE_OK(iio_file_iter(file, NULL, &it));
    if (discard) iio_file_discard(file);
    else CHECK_OK(iio_file_close(file));
    CHECK_INT(released, 0);
    CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
    iio_iter_free(it);
    CHECK_INT(released, 1);
    free(copy);
  }
}

static void options_may_be_freed_right_after_the_call(void) {
  iio_dict *options = options_of("{'plugin': 'image', 'max_pixels': 100000}");
  iio_dict *every = options_of("{'every': 2}");
  iio_file *file = NULL;
  iio_iter *it = NULL;
  unsigned char pixels[ONE];
  REQUIRE_OK(iio_imopen(fixture("keep.gif"), "r", options, &file));
  iio_dict_free(options);
  REQUIRE_OK(iio_file_iter(file, every, &it));
  iio_dict_free(every);
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK_STATUS(iio_iter_next(it, pixels, sizeof pixels, NULL), IIO_END);
  iio_iter_free(it);
  CHECK_OK(iio_file_close(file));
}

static void metadata_and_details_outlive_their_file(void) {
  iio_file *file = NULL;
  iio_dict *meta = NULL;
  REQUIRE_OK(iio_imopen(fixture("text.png"), "r", NULL, &file));
  CHECK_OK(iio_file_meta(file, 0, NULL, &meta));
  CHECK_OK(iio_file_close(file));
  CHECK(iio_dict_kind(meta, "Title") == IIO_KIND_STRING);
  iio_dict_free(meta);
}

/* What happens inside a callback of the stream. */
typedef struct inside {
  iio_file *file;
  iio_iter *iter;
  int what, done, ran, busy, other;
} inside;

enum { ASK, DISCARD, FREE_ITER, DISCARD_BOTH, WHATS };

static void do_inside(void *user) {
  inside *i = user;
  if (i->done || !i->file) return;
  i->ran++;
  iio_props p = no_props();
  unsigned char pixels[ONE];
  if (i->what == ASK) {
    iio_dict *meta = NULL;
    iio_iter *it = NULL;
    iio_array a = array_over(pixels, IIO_UINT8, 3, (uint64_t[]){17, 23, 3});
    int64_t count;
    const iio_status got[] = {iio_file_props(i->file, 0, NULL, &p), iio_file_read(i->file, 0, NULL, pixels, sizeof pixels, &p), iio_file_read_into(i->file, 0, NULL, &a), iio_file_meta(i->file, 0, NULL, &meta), iio_file_iter(i->file, NULL, &it), iio_file_count(i->file, NULL, IIO_IMAGES_EXACT, &count), iio_iter_next(i->iter, pixels, sizeof pixels, &p), iio_iter_props(i->iter, &p), iio_iter_seek(i->iter, 0)};
    for (size_t k = 0; k < sizeof got / sizeof *got; k++) {
      i->busy += got[k] == IIO_ERROR_BUSY;
      i->other += got[k] != IIO_ERROR_BUSY;
    }
    CHECK(meta == NULL && it == NULL);
    /* another handle is none the worse */
    iio_file *other = NULL;
    if (CHECK_OK(iio_imopen(fixture("keep.gif"), "r", NULL, &other))) CHECK_OK(iio_file_read(other, 0, NULL, pixels, sizeof pixels, NULL));
    iio_file_discard(other);
    return;
  }
  i->done = 1;
  if (i->what != FREE_ITER) iio_file_discard(i->file);
  if (i->what != DISCARD) iio_iter_free(i->iter);
}

static void inside_of(int what, int through_iter) {
  stream s;
  inside i = {open_stream(&s), NULL, what, 0, 0, 0, 0};
  unsigned char pixels[ALL];
  REQUIRE_OK(iio_file_iter(i.file, NULL, &i.iter));
  s.inside = do_inside;
  s.inside_user = &i;
  iio_status status = through_iter ? iio_iter_next(i.iter, pixels, ONE, NULL) : iio_file_read(i.file, IIO_INDEX_ALL, NULL, pixels, sizeof pixels, NULL);
  CHECK(status <= 0 && status != IIO_ERROR_INTERNAL);
  if (what == ASK) CHECK_INT(status, IIO_OK);
  s.inside = NULL;
  if (i.what == ASK || !i.done) { /* a decoder that had read all before makes no call: nothing was ended */
    iio_iter_free(i.iter);
    iio_file_discard(i.file);
  } else if (what == DISCARD) iio_iter_free(i.iter);
  else if (what == FREE_ITER) iio_file_discard(i.file);
  CHECK_STREAM_ENDED(&s);
  if (what == ASK && i.ran) {
    CHECK_INT(i.other, 0);
    CHECK_INT(i.busy, 9 * i.ran);
  }
  if (!i.ran) SKIPPED("the stream was not read within the call");
}

static void a_handle_entered_again_is_busy(void) {
  inside_of(ASK, 0);
  inside_of(ASK, 1);
}

static void a_file_may_be_discarded_inside_a_read(void) {
  inside_of(DISCARD, 0);
  inside_of(DISCARD, 1);
}

static void an_iterator_may_be_freed_inside_a_read(void) {
  inside_of(FREE_ITER, 0);
  inside_of(FREE_ITER, 1);
}

static void both_may_be_ended_inside_a_read(void) {
  inside_of(DISCARD_BOTH, 0);
  inside_of(DISCARD_BOTH, 1);
}

static iio_file *written;

static void discard_written(void *user) {
  (void)user;
  iio_file *file = written;
  written = NULL;
  iio_file_discard(file);
}

static void a_file_may_be_discarded_inside_its_own_write(void) {
  stream s = stream_over(NULL, 0);
  iio_callbacks io = stream_writes(&s, STREAM_SEEKS);
  iio_dict *options = options_of("{'extension': '.bmp'}");
  canvas c = canvas_image(IIO_UINT8, 60, 80, 3, 1);
  REQUIRE_OK(iio_imopen_callbacks(&io, "w", options, &written));
  s.inside = discard_written;
  iio_file *file = written;
  iio_file_write(file, &c.array, NULL);
  if (written) iio_file_discard(written); /* its bytes are kept until the close: no call came */
  CHECK_STREAM_ENDED(&s);
  CHECK_INT(s.finishes, 0);
  free(s.sink);
  iio_dict_free(options);
  canvas_free(&c);
}

static void open_handles_of_every_kind_are_discarded_without_a_trace(void) {
  const char *folder = fresh_folder("trace");
  canvas c = canvas_image(IIO_UINT8, 10, 10, 3, 1);
  iio_dict *png = options_of("{'extension': '.png'}");
  for (int i = 0; i < 3; i++) {
    iio_file *a = NULL, *b = NULL, *d = NULL, *e = NULL;
    CHECK_OK(iio_imopen(fixture("keep.gif"), "r", NULL, &a));
    CHECK_OK(iio_imopen_bytes(gif.data, gif.size, NULL, &b));
    CHECK_OK(iio_imopen(path_in(folder, "x.png"), "w", NULL, &d));
    CHECK_OK(iio_imopen("<bytes>", "w", png, &e));
    if (i) CHECK_OK(iio_file_write(d, &c.array, NULL));
    if (i) CHECK_OK(iio_file_write(e, &c.array, NULL));
    iio_file_discard(e);
    iio_file_discard(d);
    iio_file_discard(b);
    iio_file_discard(a);
    CHECK_INT(names_in(folder), 0);
  }
  iio_dict_free(png);
  canvas_free(&c);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  gif = slurp(fixture("keep.gif"));
  RUN(an_iterator_keeps_its_file_alive);
  RUN(a_file_outlives_its_iterators);
  RUN(endings_come_in_any_order);
  RUN(imiter_ends_what_it_opened);
  RUN(lent_bytes_are_released_after_the_last_iterator);
  RUN(options_may_be_freed_right_after_the_call);
  RUN(metadata_and_details_outlive_their_file);
  RUN(a_handle_entered_again_is_busy);
  RUN(a_file_may_be_discarded_inside_a_read);
  RUN(an_iterator_may_be_freed_inside_a_read);
  RUN(both_may_be_ended_inside_a_read);
  RUN(a_file_may_be_discarded_inside_its_own_write);
  RUN(open_handles_of_every_kind_are_discarded_without_a_trace);
  free(gif.data);
  return check_finish();
}
