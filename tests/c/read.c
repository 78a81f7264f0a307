/* Every way to read gives what expected.txt says: by name, allocator, view, bytes, callbacks of every kind. */
#include "fixtures.h"
#include "options.h"
#include "streams.h"

static void imread_gives_what_is_expected(void) {
  EACH_FIXTURE(e) {
    iio_props p = no_props(), asked = no_props();
    guarded g = guarded_new(expected_bytes(e));
    CHECK_STATUS(iio_imread(fixture(e->name), IIO_INDEX_DEFAULT, NULL, NULL, 0, &asked), IIO_ERROR_BUFFER_TOO_SMALL);
    if (CHECK_OK(iio_imread(fixture(e->name), IIO_INDEX_DEFAULT, NULL, g.data, g.size, &p))) {
      CHECK_EXPECTED(e, &p, g.data);
      CHECK(same_props(&p, &asked));
    }
    CHECK_OK(iio_imread(fixture(e->name), IIO_INDEX_DEFAULT, NULL, g.data, g.size, NULL));
    CHECK(guarded_intact(&g));
    guarded_free(&g);
  }
}

static void all_images_are_as_many_as_expected(void) {
  EACH_FIXTURE(e) {
    iio_props p = no_props();
    if (e->varied) continue; /* counted by conformance.c */
    if (!CHECK_OK(iio_improps(fixture(e->name), IIO_INDEX_ALL, NULL, &p))) continue;
    CHECK_INT(p.n_images, e->images);
    CHECK_INT(p.shape[0], e->images);
    CHECK_INT(p.is_batch, 1);
  }
}

static void the_librarys_own_memory_serves_and_is_freed(void) {
  EACH_FIXTURE(e) {
    iio_props p = no_props();
    void *data = NULL;
    if (CHECK_OK(iio_imread_alloc(fixture(e->name), IIO_INDEX_DEFAULT, NULL, NULL, NULL, &data, &p)) && data) CHECK_EXPECTED(e, &p, data);
    iio_free_data(data);
    data = NULL;
    CHECK_OK(iio_imread_alloc(fixture(e->name), IIO_INDEX_DEFAULT, NULL, NULL, NULL, &data, NULL));
    iio_free_data(data);
  }
  iio_free_data(NULL);
}

typedef struct allocator {
  int calls, refuse;
  size_t asked;
  iio_props props;
  guarded memory;
} allocator;

static void *allocate(void *user, const iio_props *props, size_t size) {
  allocator *a = user;
  a->calls++;
  a->asked = size;
  if (props) a->props = *props;
  if (a->refuse) return NULL;
  a->memory = guarded_new(size);
  return a->memory.data;
}

static void the_callers_allocator_is_asked_once_for_the_right_size(void) {
  EACH_FIXTURE(e) {
    allocator a = {0};
    iio_props p = no_props();
    void *data = NULL;
    if (CHECK_OK(iio_imread_alloc(fixture(e->name), IIO_INDEX_DEFAULT, NULL, allocate, &a, &data, &p))) {
      CHECK_INT(a.calls, 1);
      CHECK(data == a.memory.data);
      CHECK_INT(a.asked, p.nbytes);
      CHECK(same_props(&a.props, &p));
      CHECK_EXPECTED(e, &p, data);
      CHECK(guarded_intact(&a.memory));
    }
    guarded_free(&a.memory);
  }
}

static void an_allocator_that_gives_nothing_fails_the_read(void) {
  allocator a = {.refuse = 1};
  void *data = &a;
  CHECK_ERROR(iio_imread_alloc(fixture("rgb8.png"), 0, NULL, allocate, &a, &data, NULL));
  CHECK(data == NULL);
  CHECK_INT(a.calls, 1);
}

static void what_the_allocator_gave_stays_the_callers_on_failure(void) {
  bytes b = slurp(fixture("rgb8.png"));
  allocator a = {0};
  void *data = &a;
  b.data[b.size - 20] ^= 0xFF; /* in the last bytes of the pixels, so that the header is good */
  REQUIRE(spit(scratch("spoilt.png"), b.data, b.size) == 0);
  CHECK_ERROR(iio_imread_alloc(scratch("spoilt.png"), 0, NULL, allocate, &a, &data, NULL));
  CHECK(data == NULL);
  if (a.calls) CHECK(guarded_intact(&a.memory));
  guarded_free(&a.memory); /* twice freed if the library had done it */
  free(b.data);
}

static void an_open_file_can_be_read_again_and_again(void) {
  EACH_FIXTURE(e) {
    iio_file *file = NULL;
    if (!CHECK_OK(iio_imopen(fixture(e->name), "r", NULL, &file))) continue;
    guarded g = guarded_new(expected_bytes(e));
    for (int i = 0; i < 3; i++) {
      iio_props p = no_props();
      memset(g.data, 0xCD, g.size);
      if (CHECK_OK(iio_file_read(file, IIO_INDEX_DEFAULT, NULL, g.data, g.size, &p))) CHECK_EXPECTED(e, &p, g.data);
    }
    CHECK(guarded_intact(&g));
    guarded_free(&g);
    CHECK_OK(iio_file_close(file));
  }
}

static void check_file(const expectation *e, iio_file *file) {
  guarded g = guarded_new(expected_bytes(e));
  iio_props p = no_props();
  if (CHECK_OK(iio_file_read(file, IIO_INDEX_DEFAULT, NULL, g.data, g.size, &p))) CHECK_EXPECTED(e, &p, g.data);
  CHECK(guarded_intact(&g));
  guarded_free(&g);
}

static void bytes_in_memory_read_alike(void) {
  EACH_FIXTURE(e) {
    if (e->beside) continue;
    bytes b = slurp(fixture(e->name));
    iio_file *file = NULL;
    if (b.data && CHECK_OK(iio_imopen_bytes(b.data, b.size, NULL, &file))) {
      check_file(e, file);
      CHECK_OK(iio_file_close(file));
    }
    free(b.data);
  }
}

static void count_release(void *user) { ++*(int *)user; }

static void lent_bytes_are_released_once_at_the_end(void) {
  EACH_FIXTURE(e) {
    if (e->beside) continue;
    bytes b = slurp(fixture(e->name));
    iio_file *file = NULL;
    int released = 0;
    if (b.data && CHECK_OK(iio_imopen_bytes_lent(b.data, b.size, NULL, count_release, &released, &file))) {
      check_file(e, file);
      CHECK_INT(released, 0);
      CHECK_OK(iio_file_close(file));
    }
    CHECK_INT(released, 1);
    free(b.data);
  }
}

static void lent_bytes_are_released_once_when_the_opening_fails(void) {
  static const unsigned char rubbish[] = "these bytes are no image of any kind";
  iio_dict *wrong[] = {NULL, options_of("{'plugin': 'no such plugin'}"), options_of("{'max_pixels': 'x'}"), options_of("{'nonsense': 1}")};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    iio_file *file = (iio_file *)&i;
    int released = 0;
    CHECK_ERROR(iio_imopen_bytes_lent(rubbish, sizeof rubbish, wrong[i], count_release, &released, &file));
    CHECK(file == NULL);
    CHECK_INT(released, 1);
    iio_dict_free(wrong[i]);
  }
  int released = 0;
  CHECK_REFUSED(iio_imopen_bytes_lent(rubbish, sizeof rubbish, NULL, count_release, &released, NULL));
  CHECK_INT(released, 1);
  iio_file *file = NULL;
  CHECK_REFUSED(iio_imopen_bytes_lent(NULL, 5, NULL, count_release, &released, &file));
  CHECK_INT(released, 2);
}

static void callbacks_of_every_kind_read_alike(void) {
  static const struct { int kind; size_t short_by; const char *name; } ways[] = {
    {STREAM_SEEKS | STREAM_SIZED, 0, "seeks, knows its size"}, {STREAM_SEEKS, 0, "seeks"}, {STREAM_FORWARD, 0, "only forward"},
    {STREAM_SEEKS, 1, "seeks, one byte a read"}, {STREAM_FORWARD, 1, "only forward, one byte a read"}, {STREAM_SIZED, 3, "only forward, knows its size"}};
  for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
    EACH_FIXTURE(e) {
      if (e->beside) continue;
      SUBJECT("%s: %s", e->name, ways[w].name);
      bytes b = slurp(fixture(e->name));
      stream s = stream_over(b.data, b.size);
      s.short_by = ways[w].short_by;
      iio_callbacks io = stream_reads(&s, ways[w].kind);
      iio_file *file = NULL;
      if (CHECK_OK(iio_imopen_callbacks(&io, "r", NULL, &file))) {
        memset(&io, 0xEE, sizeof io); /* copied */
        check_file(e, file);
        CHECK_INT(s.closes, 0);
        CHECK_OK(iio_file_close(file));
      }
      CHECK_STREAM_ENDED(&s);
      CHECK_INT(s.finishes, 0);
      free(b.data);
    }
}

static void a_stream_without_close_or_size_serves_too(void) {
  bytes b = slurp(fixture("rgb8.png"));
  stream s = stream_over(b.data, b.size);
  iio_callbacks io = stream_reads(&s, STREAM_SEEKS);
  io.close = NULL;
  iio_file *file = NULL;
  CHECK_OK(iio_imopen_callbacks(&io, "r", NULL, &file));
  CHECK_OK(iio_file_close(file));
  CHECK_INT(s.closes, 0);
  free(b.data);
}

/* The nth call of a stream fails, for every n that a read makes: an I/O error with the callback's own result. */
static void fail_everywhere(const expectation *e, int kind, int reads_only) {
  bytes b = slurp(fixture(e->name));
  guarded g = guarded_new(expected_bytes(e));
  for (int64_t n = 1; n <= 400; n++) {
    stream s = stream_over(b.data, b.size);
    s.fail_at = n;
    s.fail_reads = reads_only;
    s.short_by = 64 + b.size / 40;
    iio_callbacks io = stream_reads(&s, kind);
    iio_file *file = NULL;
    iio_status status = iio_imopen_callbacks(&io, "r", NULL, &file);
    CHECK((status == IIO_OK) == (file != NULL));
    if (status == IIO_OK) status = iio_file_read(file, IIO_INDEX_DEFAULT, NULL, g.data, g.size, NULL);
    int failed = s.calls >= n;
    if (status == IIO_OK && failed && !reads_only) CHECK_SAY("call %d failed and the read did not", (int)n);
    if (status != IIO_OK) {
      if (status != IIO_ERROR_IO) CHECK_SAY("call %d failed: %s, not IIO_ERROR_IO", (int)n, check_name(status));
      else CHECK_INT(detail_int("callback_result", 0), -42);
    }
    iio_file_discard(file);
    CHECK_STREAM_ENDED(&s);
    if (!failed) {
      CHECK_INT(status, IIO_OK);
      break;
    }
  }
  CHECK(guarded_intact(&g));
  guarded_free(&g);
  free(b.data);
}

static void a_callback_that_fails_is_an_io_error_with_its_result(void) {
  EACH_FIXTURE(e) {
    if (e->beside) continue;
    SUBJECT("%s, seeks", e->name);
    fail_everywhere(e, STREAM_SEEKS | STREAM_SIZED, 0);
    SUBJECT("%s, only forward", e->name);
    fail_everywhere(e, STREAM_FORWARD, 0);
  }
}

static int64_t read_too_much(void *user, void *buffer, size_t size) {
  ++*(int *)user;
  memset(buffer, 0, size);
  return (int64_t)size + 1;
}

static void a_result_above_the_size_is_an_io_error(void) {
  int calls = 0;
  iio_callbacks io = {.struct_size = sizeof io, .user = &calls, .read = read_too_much};
  iio_file *file = NULL;
  CHECK_STATUS(iio_imopen_callbacks(&io, "r", NULL, &file), IIO_ERROR_IO);
  CHECK(file == NULL);
  CHECK(calls >= 1);
}

static void a_stream_is_closed_once_when_the_opening_fails(void) {
  static const unsigned char rubbish[] = "these bytes are no image of any kind";
  static const char *const modes[] = {"r", "x", "", NULL};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    stream s = stream_over(rubbish, sizeof rubbish);
    iio_callbacks io = stream_reads(&s, STREAM_SEEKS);
    iio_file *file = (iio_file *)&s;
    CHECK_ERROR(iio_imopen_callbacks(&io, modes[i], NULL, &file));
    CHECK(file == NULL);
    CHECK_STREAM_ENDED(&s);
  }
  stream s = stream_over(rubbish, sizeof rubbish);
  iio_callbacks io = stream_reads(&s, STREAM_SEEKS);
  CHECK_REFUSED(iio_imopen_callbacks(&io, "r", NULL, NULL));
  CHECK_STREAM_ENDED(&s);
}

static void real_files_open_or_say_why_not(void) {
  const char *shared = getenv("IIO_SHARED");
  DIR *dir = shared ? opendir(path_in(shared, "images")) : NULL;
  if (!dir) {
    SKIPPED("IIO_SHARED names no folder with images/");
    return;
  }
  for (struct dirent *d; (d = readdir(dir));) {
    char path[4096];
    if (*d->d_name == '.') continue;
    SUBJECT("%s", d->d_name);
    print_to(path, sizeof path, "%s/images/%s", shared, d->d_name);
    iio_props p = no_props(), q = no_props();
    iio_status status = iio_improps(path, IIO_INDEX_DEFAULT, NULL, &p);
    CHECK(status <= 0 && status != IIO_ERROR_INTERNAL);
    if (status < 0) CHECK(*iio_error_message());
    if (status == IIO_OK && p.nbytes < 100000000) {
      guarded g = guarded_new((size_t)p.nbytes);
      status = iio_imread(path, IIO_INDEX_DEFAULT, NULL, g.data, g.size, &q);
      CHECK(status <= 0 && status != IIO_ERROR_INTERNAL && status != IIO_ERROR_BUFFER_TOO_SMALL);
      if (status == IIO_OK) CHECK(same_props(&p, &q));
      CHECK(guarded_intact(&g));
      guarded_free(&g);
    }
  }
  closedir(dir);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  read_expectations();
  RUN(imread_gives_what_is_expected);
  RUN(all_images_are_as_many_as_expected);
  RUN(the_librarys_own_memory_serves_and_is_freed);
  RUN(the_callers_allocator_is_asked_once_for_the_right_size);
  RUN(an_allocator_that_gives_nothing_fails_the_read);
  RUN(what_the_allocator_gave_stays_the_callers_on_failure);
  RUN(an_open_file_can_be_read_again_and_again);
  RUN(bytes_in_memory_read_alike);
  RUN(lent_bytes_are_released_once_at_the_end);
  RUN(lent_bytes_are_released_once_when_the_opening_fails);
  RUN(callbacks_of_every_kind_read_alike);
  RUN(a_stream_without_close_or_size_serves_too);
  RUN(a_callback_that_fails_is_an_io_error_with_its_result);
  RUN(a_result_above_the_size_is_an_io_error);
  RUN(a_stream_is_closed_once_when_the_opening_fails);
  RUN(real_files_open_or_say_why_not);
  return check_finish();
}
