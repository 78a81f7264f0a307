/* Progress is told, stops the work, and leaves the handle usable. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "toy_plugin.h"
#include <pthread.h>

static toy owner;
static const uint64_t shape[3] = {6, 8, 3}; /* a frame: six rows of 24 bytes */

typedef struct teller {
  int calls, stop_after, mine;
  uint64_t done, total;
  pthread_t thread;
  iio_file *file;
  iio_iter *iter;
} teller;

static int32_t tell(void *user, uint64_t done, uint64_t total) {
  teller *t = user;
  t->calls++;
  t->mine += pthread_equal(t->thread, pthread_self()) != 0;
  if (total) CHECK(done <= total);
  t->done = done;
  t->total = total;
  if (t->file) {
    iio_props p = no_props();
    CHECK_STATUS(iio_file_props(t->file, 0, NULL, &p), IIO_ERROR_BUSY);
  }
  return t->stop_after && t->calls >= t->stop_after ? 17 : 0;
}

static teller new_teller(int stop_after) { return (teller){.stop_after = stop_after, .thread = pthread_self()}; }

/* Slow enough (60 ms a row) that progress must be told: "at least every 100 ms while work goes on". */
static iio_dict *slowly(teller *t) {
  iio_dict *options = options_of("{'delay_ms': 60}");
  if (t) CHECK_OK(iio_dict_set_progress(options, tell, t));
  return options;
}

static void progress_is_told_on_the_calling_thread(void) {
  teller t = new_teller(0);
  iio_dict *options = slowly(&t);
  unsigned char pixels[144];
  CHECK_OK(iio_imread(scratch("slow.toy1"), 0, options, pixels, sizeof pixels, NULL));
  CHECK(t.calls >= 2);
  CHECK_INT(t.mine, t.calls);
  iio_dict_free(options);
}

static void progress_of_an_opening_holds_for_its_reads_and_iterators(void) {
  teller t = new_teller(0);
  iio_dict *options = iio_dict_new(), *slow = slowly(NULL);
  iio_file *file = NULL;
  iio_iter *it = NULL;
  unsigned char pixels[144];
  CHECK_OK(iio_dict_set_progress(options, tell, &t));
  REQUIRE_OK(iio_imopen(scratch("slow.toy1"), "r", options, &file));
  iio_dict_free(options);
  t.calls = 0;
  t.file = file;
  CHECK_OK(iio_file_read(file, 0, slow, pixels, sizeof pixels, NULL));
  CHECK(t.calls >= 2);
  t.file = NULL;
  t.calls = 0;
  CHECK_OK(iio_file_iter(file, slow, &it));
  CHECK_OK(iio_iter_next(it, pixels, sizeof pixels, NULL));
  CHECK(t.calls >= 2);
  iio_iter_free(it);
  CHECK_OK(iio_file_close(file));
  int calls = t.calls;
  CHECK_OK(iio_imread(scratch("slow.toy1"), 0, slow, pixels, sizeof pixels, NULL)); /* another file: not told */
  CHECK_INT(t.calls, calls);
  iio_dict_free(slow);
}

static void progress_of_a_read_is_for_that_read_alone(void) {
  teller t = new_teller(0);
  iio_dict *with = slowly(&t), *without = slowly(NULL);
  iio_file *file = NULL;
  unsigned char pixels[144];
  REQUIRE_OK(iio_imopen(scratch("slow.toy1"), "r", NULL, &file));
  CHECK_OK(iio_file_read(file, 0, with, pixels, sizeof pixels, NULL));
  CHECK(t.calls >= 2);
  int calls = t.calls;
  CHECK_OK(iio_file_read(file, 0, without, pixels, sizeof pixels, NULL));
  CHECK_INT(t.calls, calls);
  CHECK_OK(iio_file_close(file));
  iio_dict_free(with);
  iio_dict_free(without);
}

static void cancelling_a_read_leaves_the_handle_usable(void) {
  teller t = new_teller(1);
  iio_dict *options = slowly(&t);
  iio_file *file = NULL;
  guarded g = guarded_new(144);
  REQUIRE_OK(iio_imopen(scratch("slow.toy1"), "r", NULL, &file));
  CHECK_STATUS(iio_file_read(file, 0, options, g.data, g.size, NULL), IIO_ERROR_CANCELLED);
  CHECK_INT(detail_int("callback_result", 0), 17);
  CHECK(guarded_intact(&g));
  CHECK_OK(iio_file_read(file, 0, NULL, g.data, g.size, NULL));
  CHECK_OK(iio_file_read(file, 2, NULL, g.data, g.size, NULL));
  CHECK_OK(iio_file_close(file));
  guarded_free(&g);
  iio_dict_free(options);
}

static void a_cancelled_next_consumes_nothing(void) {
  teller t = new_teller(1);
  iio_dict *options = slowly(&t);
  iio_iter *it = NULL;
  unsigned char a[144], b[144];
  REQUIRE_OK(iio_imiter(scratch("slow.toy1"), options, &it));
  t.calls = 0;
  CHECK_STATUS(iio_iter_next(it, a, sizeof a, NULL), IIO_ERROR_CANCELLED);
  CHECK_STATUS(iio_iter_next(it, a, sizeof a, NULL), IIO_ERROR_CANCELLED);
  t.stop_after = 0;
  for (int i = 0; i < 3; i++) {
    CHECK_OK(iio_iter_next(it, a, sizeof a, NULL));
    CHECK_OK(iio_imread(scratch("slow.toy1"), i, NULL, b, sizeof b, NULL));
    CHECK(memcmp(a, b, sizeof a) == 0);
  }
  CHECK_STATUS(iio_iter_next(it, a, sizeof a, NULL), IIO_END);
  iio_iter_free(it);
  iio_dict_free(options);
}

static void a_cancelled_write_publishes_nothing(void) {
  const char *folder = fresh_folder("cancelled");
  teller t = new_teller(1);
  iio_dict *options = slowly(&t);
  canvas c = canvas_new(IIO_UINT8, 3, shape, 0);
  CHECK_STATUS(iio_imwrite(path_in(folder, "x.toy1"), &c.array, options), IIO_ERROR_CANCELLED);
  CHECK_INT(names_in(folder), 0);
  iio_dict_free(options);
  canvas_free(&c);
}

static int32_t end_inside(void *user, uint64_t done, uint64_t total) {
  teller *t = user;
  (void)done;
  (void)total;
  t->calls++;
  iio_iter *it = t->iter;
  iio_file *file = t->file;
  t->iter = NULL;
  t->file = NULL;
  iio_iter_free(it);
  iio_file_discard(file);
  return 0;
}

static void handles_may_be_ended_inside_progress(void) {
  for (int through_iter = 0; through_iter < 2; through_iter++) {
    teller t = new_teller(0);
    iio_dict *options = options_of("{'delay_ms': 60}");
    unsigned char pixels[144];
    int closes = owner.n.closes;
    iio_file *file = NULL;
    iio_iter *it = NULL;
    CHECK_OK(iio_dict_set_progress(options, end_inside, &t));
    REQUIRE_OK(iio_imopen(scratch("slow.toy1"), "r", NULL, &file));
    iio_dict *slow = slowly(NULL);
    REQUIRE_OK(iio_file_iter(file, through_iter ? slow : NULL, &it));
    iio_dict_free(slow);
    if (through_iter) { /* progress of an iterator comes from its opening */
      iio_iter_free(it);
      iio_file_discard(file);
      REQUIRE_OK(iio_imiter(scratch("slow.toy1"), options, &it));
      t.iter = it;
      closes = owner.n.closes;
      iio_iter_next(it, pixels, sizeof pixels, NULL);
    } else {
      t.file = file;
      t.iter = it;
      iio_file_read(file, 0, options, pixels, sizeof pixels, NULL);
    }
    CHECK(t.calls >= 1);
    iio_iter_free(t.iter);
    iio_file_discard(t.file);
    CHECK_INT(owner.n.closes, closes + 1);
    CHECK_INT(owner.n.open_files, 0);
    iio_dict_free(options);
  }
}

static void a_long_write_of_a_built_in_plugin_tells_progress(void) {
  canvas c = canvas_image(IIO_UINT8, 2400, 2400, 3, 1);
  for (size_t i = 0; i < 2400 * 2400 * 3; i++) ((unsigned char *)c.data)[i] ^= (unsigned char)((i * 2654435761u) >> 15);
  teller t = new_teller(0);
  iio_dict *options = options_of("{'compress_level': 9}");
  struct timespec from, to;
  CHECK_OK(iio_dict_set_progress(options, tell, &t));
  clock_gettime(CLOCK_MONOTONIC, &from);
  CHECK_OK(iio_imwrite(scratch("long.png"), &c.array, options));
  clock_gettime(CLOCK_MONOTONIC, &to);
  double s = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
  fprintf(stderr, "    %.2f s, %d calls\n", s, t.calls);
  if (s > 0.5) CHECK(t.calls >= 2);
  CHECK_INT(t.mine, t.calls);
  iio_dict_free(options);
  canvas_free(&c);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  iio_plugin p = toy_plugin(&owner, TOY_DECLARATION("toy", ""));
  if (!CHECK_OK(iio_register_plugin(&p))) return 1;
  size_t size;
  unsigned char *data = toy_bytes(IIO_UINT8, 3, shape, 3, &size);
  spit(scratch("slow.toy1"), data, size);
  free(data);
  RUN(progress_is_told_on_the_calling_thread);
  RUN(progress_of_an_opening_holds_for_its_reads_and_iterators);
  RUN(progress_of_a_read_is_for_that_read_alone);
  RUN(cancelling_a_read_leaves_the_handle_usable);
  RUN(a_cancelled_next_consumes_nothing);
  RUN(a_cancelled_write_publishes_nothing);
  RUN(handles_may_be_ended_inside_progress);
  RUN(a_long_write_of_a_built_in_plugin_tells_progress);
  CHECK_OK(iio_unregister_plugin("toy"));
  CHECK_INT(owner.n.destroys, 1);
  return check_finish();
}
