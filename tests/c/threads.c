/* A handle each, shared const options, the registry from everywhere, and one handle from two threads. */
#include "fixtures.h"
#include "options.h"
#include "streams.h"
#include "toy_plugin.h"
#include <pthread.h>
#include <time.h>

#define THREADS 8
static iio_dict *shared;
static atomic_int running;

static void in_parallel(void *(*work)(void *)) {
  pthread_t t[THREADS];
  int numbers[THREADS];
  atomic_store(&running, 1);
  for (int i = 0; i < THREADS; i++) {
    numbers[i] = i;
    if (pthread_create(&t[i], NULL, work, &numbers[i]) != 0) abort();
  }
  for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
}

static void *read_everything(void *user) {
  int me = *(int *)user;
  for (int round = 0; round < 3; round++)
    for (int i = 0; i < n_fixtures; i++) {
      const expectation *e = &fixtures[(i + me * 7) % n_fixtures];
      char path[4096];
      print_to(path, sizeof path, "%s/%s", check_data, e->name);
      guarded g = guarded_new(expected_bytes(e));
      iio_props p = no_props();
      if (CHECK_OK(iio_imread(path, IIO_INDEX_DEFAULT, shared, g.data, g.size, &p))) CHECK_EXPECTED(e, &p, g.data);
      CHECK(guarded_intact(&g));
      guarded_free(&g);
    }
  return NULL;
}

static void a_handle_each_and_one_dictionary_for_all(void) {
  shared = options_of("{'max_pixels': 1000000, 'threads': 1}");
  in_parallel(read_everything);
  iio_dict_free(shared);
  shared = NULL;
}

static void *write_and_read(void *user) {
  int me = *(int *)user;
  static const char *const suffixes[] = {"png", "bmp", "webp"};
  for (int i = 0; i < 12; i++) {
    char path[4096];
    print_to(path, sizeof path, "%s/thread%d.%s", check_scratch, me, suffixes[i % 3]);
    canvas c = canvas_image(IIO_UINT8, 20 + (uint64_t)me, 30, 3, (unsigned)(me * 100 + i));
    if (CHECK_OK(iio_imwrite(path, &c.array, NULL)) && i % 3 != 2) {
      picture p = picture_at(path, 0, NULL);
      CHECK(p.status == IIO_OK && p.pixels.size == array_bytes(&c.array) && memcmp(p.pixels.data, c.data, p.pixels.size) == 0);
      picture_free(&p);
    }
    canvas_free(&c);
  }
  return NULL;
}

static void everyone_writes_his_own_file(void) { in_parallel(write_and_read); }

static void *stir_the_registry(void *user) {
  int me = *(int *)user;
  toy mine = {0};
  char declaration[2048], name[32], path[4096];
  const char *format = TOY_DECLARATION("%s", "");
  size_t at = 0; /* the name stands twice in it */
  print_to(name, sizeof name, "toy%d", me);
  for (const char *f = format; *f && at + 40 < sizeof declaration; f++) {
    if (f[0] == '%' && f[1] == 's') {
      at += (size_t)snprintf(declaration + at, sizeof declaration - at, "%s", name);
      f++;
    } else
      declaration[at++] = *f;
  }
  declaration[at] = 0;
  print_to(path, sizeof path, "%s/rgb8.png", check_data);
  for (int i = 0; i < 20; i++) {
    iio_plugin p = toy_plugin(&mine, declaration);
    iio_dict *all = NULL, *formats = NULL;
    iio_props props = no_props();
    CHECK_OK(iio_register_plugin(&p));
    CHECK_OK(iio_plugins(&all));
    CHECK_INT(iio_dict_kind(all, name), IIO_KIND_DICT);
    CHECK_INT(iio_dict_kind(all, "image"), IIO_KIND_DICT);
    CHECK_OK(iio_formats(&formats));
    CHECK(iio_dict_len(formats) > 5);
    CHECK_OK(iio_improps(path, 0, NULL, &props));
    iio_dict_free(all);
    iio_dict_free(formats);
    CHECK_OK(iio_unregister_plugin(name));
    CHECK_INT(mine.n.destroys, i + 1);
    (void)iio_version();
    (void)iio_error_message();
  }
  CHECK_INT(mine.n.open_files, 0);
  return NULL;
}

static void the_registry_works_from_every_thread(void) { in_parallel(stir_the_registry); }

/* A stream whose reads wait until they are let go. */
typedef struct gate {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  int armed, waiting, open;
  iio_file *file;
  iio_iter *iter;
  iio_status status;
} gate;

static void wait_at_the_gate(void *user) {
  gate *g = user;
  pthread_mutex_lock(&g->lock);
  if (g->armed && !g->open) {
    g->waiting = 1;
    pthread_cond_broadcast(&g->changed);
    while (!g->open) pthread_cond_wait(&g->changed, &g->lock);
  }
  pthread_mutex_unlock(&g->lock);
}

static void *read_through_the_gate(void *user) {
  gate *g = user;
  unsigned char pixels[3 * 17 * 23 * 3];
  g->status = iio_file_read(g->file, IIO_INDEX_ALL, NULL, pixels, sizeof pixels, NULL);
  pthread_mutex_lock(&g->lock);
  g->waiting = 1; /* or it came through without a read */
  g->open = 1;
  pthread_cond_broadcast(&g->changed);
  pthread_mutex_unlock(&g->lock);
  return NULL;
}

/* discard: the second thread also ends the handle while the first is inside. */
static void second_thread(int discard) {
  bytes b = slurp(fixture("keep.gif"));
  stream s = stream_over(b.data, b.size);
  s.short_by = 64;
  iio_callbacks io = stream_reads(&s, STREAM_SEEKS | STREAM_SIZED);
  gate g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, NULL, NULL, 0};
  s.inside = wait_at_the_gate;
  s.inside_user = &g;
  REQUIRE_OK(iio_imopen_callbacks(&io, "r", NULL, &g.file));
  REQUIRE_OK(iio_file_iter(g.file, NULL, &g.iter));
  g.armed = 1;
  pthread_t t;
  REQUIRE(pthread_create(&t, NULL, read_through_the_gate, &g) == 0);
  pthread_mutex_lock(&g.lock);
  while (!g.waiting) pthread_cond_wait(&g.changed, &g.lock);
  int inside = !g.open;
  pthread_mutex_unlock(&g.lock);
  if (inside) {
    iio_props p = no_props();
    unsigned char pixels[17 * 23 * 3];
    CHECK_STATUS(iio_file_props(g.file, 0, NULL, &p), IIO_ERROR_BUSY);
    CHECK_STATUS(iio_file_read(g.file, 0, NULL, pixels, sizeof pixels, &p), IIO_ERROR_BUSY);
    CHECK_STATUS(iio_iter_next(g.iter, pixels, sizeof pixels, &p), IIO_ERROR_BUSY); /* consumes nothing */
    if (discard) {
      iio_file_discard(g.file); /* never waits */
      iio_iter_free(g.iter);
      CHECK_INT(s.closes, 0);
    }
  } else
    SKIPPED("the stream was not read within the call");
  pthread_mutex_lock(&g.lock);
  g.open = 1;
  pthread_cond_broadcast(&g.changed);
  pthread_mutex_unlock(&g.lock);
  pthread_join(t, NULL);
  if (!discard || !inside) {
    unsigned char first[17 * 23 * 3], next[17 * 23 * 3];
    CHECK_STATUS(g.status, IIO_OK);
    CHECK_OK(iio_file_read(g.file, 0, NULL, first, sizeof first, NULL)); /* and a handle may move between threads */
    CHECK_OK(iio_iter_next(g.iter, next, sizeof next, NULL));
    CHECK(memcmp(first, next, sizeof first) == 0);
    iio_iter_free(g.iter);
    CHECK_OK(iio_file_close(g.file));
  }
  CHECK_STREAM_ENDED(&s);
  free(b.data);
}

static void a_second_thread_finds_the_handle_busy(void) { second_thread(0); }

static void a_second_thread_may_discard_it_all_the_same(void) { second_thread(1); }

static void *try_one_handle(void *user) {
  gate *g = user;
  unsigned char pixels[17 * 23 * 3];
  for (int i = 0; i < 200; i++) {
    iio_status status = iio_file_read(g->file, i % 3, NULL, pixels, sizeof pixels, NULL);
    CHECK(status == IIO_OK || status == IIO_ERROR_BUSY);
  }
  return NULL;
}

static void one_handle_from_many_threads_is_read_or_busy(void) {
  gate g = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, 0, NULL, NULL, 0};
  REQUIRE_OK(iio_imopen(fixture("keep.gif"), "r", NULL, &g.file));
  pthread_t t[4];
  for (int i = 0; i < 4; i++) REQUIRE(pthread_create(&t[i], NULL, try_one_handle, &g) == 0);
  for (int i = 0; i < 4; i++) pthread_join(t[i], NULL);
  CHECK_OK(iio_file_close(g.file));
}

static void *close_elsewhere(void *user) {
  CHECK_OK(iio_file_close(user));
  return NULL;
}

static void a_handle_may_be_opened_here_and_closed_there(void) {
  canvas c = canvas_image(IIO_UINT8, 10, 10, 3, 1);
  iio_file *file = NULL;
  pthread_t t;
  REQUIRE_OK(iio_imopen(scratch("there.png"), "w", NULL, &file));
  CHECK_OK(iio_file_write(file, &c.array, NULL));
  REQUIRE(pthread_create(&t, NULL, close_elsewhere, file) == 0);
  pthread_join(t, NULL);
  picture p = picture_at(scratch("there.png"), 0, NULL);
  CHECK_OK(p.status);
  picture_free(&p);
  canvas_free(&c);
}

static void results_do_not_depend_on_the_number_of_threads(void) {
  static const char *const json[] = {"{'threads': 1}", "{'threads': 2}", "{'threads': 7}"};
  for (size_t i = 0; i < 3; i++) {
    iio_dict *options = options_of(json[i]);
    EACH_FIXTURE(e) {
      guarded g = guarded_new(expected_bytes(e));
      iio_props p = no_props();
      if (CHECK_OK(iio_imread(fixture(e->name), IIO_INDEX_DEFAULT, options, g.data, g.size, &p))) CHECK_EXPECTED(e, &p, g.data);
      guarded_free(&g);
    }
    iio_dict_free(options);
  }
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  read_expectations();
  RUN(a_handle_each_and_one_dictionary_for_all);
  RUN(everyone_writes_his_own_file);
  RUN(the_registry_works_from_every_thread);
  RUN(a_second_thread_finds_the_handle_busy);
  RUN(a_second_thread_may_discard_it_all_the_same);
  RUN(one_handle_from_many_threads_is_read_or_busy);
  RUN(a_handle_may_be_opened_here_and_closed_there);
  RUN(results_do_not_depend_on_the_number_of_threads);
  return check_finish();
}
