/* The log callback: replaced from any thread at any time, and silent from then on. */
#include "files.h"
#include "images.h"
#include "options.h"
#include <pthread.h>
#include <time.h>

typedef struct listener {
  atomic_int allowed, inside, lines, late, bad;
} listener;

static void listen(void *user, int32_t level, const char *message) {
  listener *l = user;
  atomic_fetch_add(&l->inside, 1);
  if (!atomic_load(&l->allowed)) atomic_fetch_add(&l->late, 1);
  if (level < IIO_LOG_ERROR || level > IIO_LOG_DEBUG || !message) atomic_fetch_add(&l->bad, 1);
  atomic_fetch_add(&l->lines, 1);
  nanosleep(&(struct timespec){0, 200000}, NULL); /* so that a replacement meets a running one */
  atomic_fetch_sub(&l->inside, 1);
}

static atomic_int working;

/* Whatever may be worth a line: odd files, refusals, plugins. */
static void *make_noise(void *user) {
  char path[4096];
  static const char *const names[] = {"odd.png", "cut.png", "rgb8.png", "keep.gif"};
  (void)user;
  for (int i = 0; atomic_load(&working); i++) {
    unsigned char pixels[4000];
    print_to(path, sizeof path, "%s/%s", i % 4 < 2 ? check_scratch : check_data, names[i % 4]);
    iio_imread(path, IIO_INDEX_DEFAULT, NULL, pixels, sizeof pixels, NULL);
    iio_load_plugin(path);
  }
  return NULL;
}

static void a_former_callback_is_silent_once_it_was_replaced(void) {
  static listener two[2];
  pthread_t t[3];
  bytes b = slurp(fixture("text.png"));
  REQUIRE(b.data != NULL);
  spit(scratch("cut.png"), b.data, b.size / 2);
  b.data[40] ^= 1; /* the checksum of gAMA */
  spit(scratch("odd.png"), b.data, b.size);
  free(b.data);
  atomic_store(&working, 1);
  for (int i = 0; i < 3; i++) REQUIRE(pthread_create(&t[i], NULL, make_noise, NULL) == 0);
  for (int i = 0; i < 300; i++) {
    listener *now = &two[i % 2], *before = &two[(i + 1) % 2];
    atomic_store(&now->allowed, 1);
    iio_set_log_callback(listen, now);
    CHECK_INT(atomic_load(&before->inside), 0); /* not running any more */
    atomic_store(&before->allowed, 0);          /* and never will again */
    nanosleep(&(struct timespec){0, 500000}, NULL);
  }
  iio_set_log_callback(NULL, NULL);
  for (int i = 0; i < 2; i++) {
    CHECK_INT(atomic_load(&two[i].inside), 0);
    atomic_store(&two[i].allowed, 0);
  }
  nanosleep(&(struct timespec){0, 20000000}, NULL);
  atomic_store(&working, 0);
  for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
  fprintf(stderr, "    %d and %d lines\n", atomic_load(&two[0].lines), atomic_load(&two[1].lines));
  for (int i = 0; i < 2; i++) {
    CHECK_INT(atomic_load(&two[i].late), 0);
    CHECK_INT(atomic_load(&two[i].bad), 0);
  }
}

static iio_file *victim;
static int ended, read_other;

/* A garbage collector, or a program that logs with our own help. */
static void act_inside(void *user, int32_t level, const char *message) {
  (void)user;
  (void)level;
  (void)message;
  iio_file *file = victim;
  victim = NULL;
  ended += file != NULL;
  iio_file_discard(file);
  unsigned char pixels[429];
  static int within;
  if (!within++) read_other += iio_imread(fixture("rgb8.png"), 0, NULL, pixels, sizeof pixels, NULL) == IIO_OK;
  within--;
}

static void a_callback_may_discard_and_call_the_library(void) {
  unsigned char pixels[1000];
  iio_set_log_callback(act_inside, NULL);
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(fixture("keep.gif"), "r", NULL, &file));
  victim = file;
  iio_status status = iio_imread(scratch("odd.png"), 0, NULL, pixels, sizeof pixels, NULL);
  CHECK(status != IIO_ERROR_INTERNAL);
  iio_set_log_callback(NULL, NULL);
  iio_file_discard(victim);
  fprintf(stderr, "    discarded inside: %d, read inside: %d\n", ended, read_other);
}

static void setting_it_often_and_setting_none_is_harmless(void) {
  static listener l;
  atomic_store(&l.allowed, 1);
  for (int i = 0; i < 1000; i++) iio_set_log_callback(i % 3 ? listen : NULL, &l);
  iio_set_log_callback(NULL, NULL);
  iio_set_log_callback(NULL, &l);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(a_former_callback_is_silent_once_it_was_replaced);
  RUN(a_callback_may_discard_and_call_the_library);
  RUN(setting_it_often_and_setting_none_is_harmless);
  return check_finish();
}
