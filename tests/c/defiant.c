/* Plugins in C that break their promises, and streams that fail once: what the library makes of them. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "streams.h"
#include "toy_plugin.h"

static toy owner;
static const uint64_t shape[2] = {4, 5};
static iio_status answer;   /* what reads say beside filling nothing */
static int64_t bad = -1;    /* the image without properties */
static int64_t huge = -1;   /* the image that is over every limit */
static int told;

static iio_status odd_read(void *file, int64_t index, const iio_dict *options, const iio_array *dst) {
  return answer ? answer : toy_read(file, index, options, dst);
}

static iio_status odd_props(void *file, int64_t index, const iio_dict *options, iio_props *p) {
  if (index == bad) return ((toy_file *)file)->host->fail(IIO_ERROR_CORRUPT, "odd: no properties");
  iio_status status = toy_props(file, index, options, p);
  if (index == huge) p->shape[0] = UINT64_C(1) << 40;
  return status;
}

static iio_status odd_next_props(void *cursor, iio_props *p) { return odd_props(((toy_cursor *)cursor)->file, ((toy_cursor *)cursor)->next, NULL, p) == IIO_ERROR_INDEX ? IIO_END : toy_next_props(cursor, p); }

static iio_status odd_next(void *cursor, const iio_array *dst) { return answer ? answer : toy_next(cursor, dst); }

static iio_status odd_call(void *file, const char *function, const iio_dict *arguments, iio_dict *result) {
  (void)function, (void)arguments, (void)result;
  return ((toy_file *)file)->host->progress(1, 2) ? IIO_ERROR_CANCELLED : IIO_OK;
}

static iio_file *odd_file(const char *name, int with_iter, uint16_t count) {
  iio_plugin p = toy_plugin(&owner, TOY_DECLARATION("odd", ""));
  p.read = odd_read;
  p.props = odd_props;
  p.next_props = odd_next_props;
  p.next = odd_next;
  p.call = odd_call;
  if (!with_iter) p.iter = NULL;
  size_t size;
  unsigned char *data = toy_bytes(IIO_UINT8, 2, shape, count, &size);
  REQUIRE(spit(scratch(name), data, size) == 0);
  free(data);
  answer = IIO_OK;
  bad = huge = -1;
  REQUIRE_OK(iio_register_plugin(&p));
  iio_file *file = NULL;
  iio_status status = iio_imopen(scratch(name), "r", NULL, &file);
  CHECK_OK(iio_unregister_plugin("odd"));
  REQUIRE_OK(status);
  return file;
}

static void a_read_that_says_neither_yes_nor_no_is_no_image(void) {
  unsigned char pixels[20];
  for (int how = 0; how < 2; how++) {
    SUBJECT("%d", how);
    iio_file *file = odd_file("end.toy1", how, 1);
    iio_iter *it = NULL;
    CHECK_OK(iio_file_iter(file, NULL, &it));
    answer = IIO_PARTIAL; /* not asked for */
    CHECK_STATUS(iio_file_read(file, 0, NULL, pixels, sizeof pixels, NULL), IIO_ERROR_CORRUPT);
    CHECK_STATUS(iio_iter_next(it, pixels, sizeof pixels, NULL), IIO_ERROR_CORRUPT);
    iio_dict *options = options_of("{'allow_partial': true}");
    CHECK_STATUS(iio_file_read(file, 0, options, pixels, sizeof pixels, NULL), IIO_PARTIAL);
    iio_dict_free(options);
    answer = IIO_END; /* after properties were given */
    CHECK_STATUS(iio_file_read(file, 0, NULL, pixels, sizeof pixels, NULL), IIO_ERROR_INTERNAL);
    iio_iter_free(it);
    iio_file_discard(file);
  }
}

static void after_an_internal_failure_only_endings_are_answered(void) {
  unsigned char pixels[20];
  int64_t count;
  iio_file *file = odd_file("internal.toy1", 1, 1);
  answer = IIO_ERROR_INTERNAL;
  CHECK_STATUS(iio_file_read(file, 0, NULL, pixels, sizeof pixels, NULL), IIO_ERROR_INTERNAL);
  answer = IIO_OK;
  CHECK_STATUS(iio_file_read(file, 0, NULL, pixels, sizeof pixels, NULL), IIO_ERROR_INTERNAL);
  CHECK_STATUS(iio_file_count(file, NULL, IIO_IMAGES_EXACT, &count), IIO_ERROR_INTERNAL);
  iio_file_discard(file);
}

/* A loop that reports failures and goes on comes to its end, and meets each other image once. */
static void check_goes_on(int with_iter, int64_t *which, iio_status failure, int ask_props) {
  unsigned char pixels[20];
  iio_props p = no_props();
  iio_file *file = odd_file("on.toy1", with_iter, 4);
  iio_iter *it = NULL;
  CHECK_OK(iio_file_iter(file, NULL, &it));
  *which = 1;
  int good = 0, failed = 0, calls = 0;
  for (iio_status s = IIO_OK; s != IIO_END && calls < 50; calls++) {
    if (ask_props && (s = iio_iter_props(it, &p)) != IIO_OK) {
      failed += s == failure;
      continue;
    }
    s = iio_iter_next(it, pixels, sizeof pixels, NULL);
    good += s == IIO_OK;
    failed += s == failure;
  }
  CHECK_INT(good, 3);
  CHECK_INT(failed, 1);
  iio_iter_free(it);
  iio_file_discard(file);
}

static void an_iterator_passes_what_fails_before_it_is_read(void) {
  for (int with_iter = 0; with_iter < 2; with_iter++) {
    SUBJECT("iter %d", with_iter);
    if (!with_iter) check_goes_on(with_iter, &bad, IIO_ERROR_CORRUPT, 0);
    if (!with_iter) check_goes_on(with_iter, &bad, IIO_ERROR_CORRUPT, 1);
    if (!with_iter) check_goes_on(with_iter, &huge, IIO_ERROR_LIMIT, 0);
  }
}

static int32_t tell(void *user, uint64_t done, uint64_t total) { return (void)done, (void)total, ++told, *(int32_t *)user; }

static void progress_in_the_arguments_is_for_that_call(void) {
  iio_file *file = odd_file("call.toy1", 1, 1);
  iio_dict *arguments = iio_dict_new();
  int32_t stop = 0;
  told = 0;
  CHECK_OK(iio_dict_set_progress(arguments, tell, &stop));
  CHECK_OK(iio_file_call(file, "counters", arguments, NULL));
  CHECK_INT(told, 1);
  stop = 9;
  CHECK_STATUS(iio_file_call(file, "counters", arguments, NULL), IIO_ERROR_CANCELLED);
  CHECK_INT(detail_int("callback_result", 0), 9);
  CHECK_OK(iio_file_call(file, "counters", NULL, NULL));
  CHECK_INT(told, 2);
  iio_dict_free(arguments);
  iio_file_discard(file);
}

/* Fails once, in the middle of a read, after it has moved. */
typedef struct slip {
  stream s;
  int64_t fail_once_at;
  int reads;
} slip;

static int64_t slip_read(void *user, void *buffer, size_t size) {
  slip *x = user;
  int64_t n = stream_read(&x->s, buffer, size);
  return ++x->reads == x->fail_once_at ? -5 : n;
}
static int64_t slip_seek(void *user, int64_t offset, int32_t whence) { return stream_seek(&((slip *)user)->s, offset, whence); }
static int64_t slip_size(void *user) { return stream_size(&((slip *)user)->s); }

static void a_read_after_one_that_failed_starts_from_the_right_place(void) {
  canvas c = canvas_image(IIO_UINT8, 300, 400, 3, 1);
  iio_dict *stored = options_of("{'compress_level': 0}");
  REQUIRE_OK(iio_imwrite(scratch("large.png"), &c.array, stored));
  iio_dict_free(stored);
  canvas_free(&c);
  bytes b = slurp(scratch("large.png"));
  REQUIRE(b.data != NULL);
  picture want = picture_at(scratch("large.png"), 0, NULL);
  REQUIRE_OK(want.status);
  unsigned char *pixels = malloc(want.pixels.size);
  for (int64_t at = 2; at < 7; at++) {
    SUBJECT("read %d fails", (int)at);
    slip x = {stream_over(b.data, b.size), at, 0};
    iio_callbacks io = stream_reads(&x.s, STREAM_SEEKS | STREAM_SIZED);
    io.user = &x;
    io.read = slip_read;
    io.seek = slip_seek;
    io.size = slip_size;
    io.close = NULL;
    iio_file *file = NULL;
    if (iio_imopen_callbacks(&io, "r", NULL, &file) != IIO_OK) continue;
    iio_status first = iio_file_read(file, 0, NULL, pixels, want.pixels.size, NULL);
    if (first != IIO_OK) {
      CHECK_INT(detail_int("callback_result", 0), -5);
      CHECK_OK(iio_file_read(file, 0, NULL, pixels, want.pixels.size, NULL));
      CHECK(memcmp(pixels, want.pixels.data, want.pixels.size) == 0);
    }
    CHECK_OK(iio_file_close(file));
  }
  free(pixels);
  free(b.data);
  picture_free(&want);
}

/* A megabyte in single bytes is a million calls, and not a million times the library's buffer. */
static void single_bytes_cost_no_more_than_they_are(void) {
  canvas c = canvas_image(IIO_UINT8, 600, 600, 3, 1);
  iio_dict *stored = options_of("{'compress_level': 0}");
  REQUIRE_OK(iio_imwrite(scratch("bytes.png"), &c.array, stored));
  iio_dict_free(stored);
  canvas_free(&c);
  bytes b = slurp(scratch("bytes.png"));
  unsigned char *pixels = malloc(1080000);
  REQUIRE(b.data && pixels);
  for (int kind = STREAM_FORWARD; kind <= (STREAM_SEEKS | STREAM_SIZED); kind += STREAM_SEEKS | STREAM_SIZED) {
    stream s = stream_over(b.data, b.size);
    s.short_by = 1;
    iio_callbacks io = stream_reads(&s, kind);
    iio_file *file = NULL;
    clock_t before = clock();
    CHECK_OK(iio_imopen_callbacks(&io, "r", NULL, &file));
    CHECK_OK(iio_file_read(file, 0, NULL, pixels, 1080000, NULL));
    double seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    unsigned char byte;
    before = clock();
    for (s.at = 0; stream_read(&s, &byte, 1) == 1;) {} /* what the calls alone take here */
    double calls = (double)(clock() - before) / CLOCKS_PER_SEC;
    if (seconds > 2.0 + 30 * calls) CHECK_SAY("%d: a million short reads take %.1f s", kind, seconds);
    CHECK_OK(iio_file_close(file));
  }
  free(pixels);
  free(b.data);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(a_read_that_says_neither_yes_nor_no_is_no_image);
  RUN(after_an_internal_failure_only_endings_are_answered);
  RUN(an_iterator_passes_what_fails_before_it_is_read);
  RUN(progress_in_the_arguments_is_for_that_call);
  RUN(a_read_after_one_that_failed_starts_from_the_right_place);
  RUN(single_bytes_cost_no_more_than_they_are);
  return check_finish();
}
