/* The library is called when a thread, or the process, is about to end: destructors of C and C++ do so. */
#include "files.h"
#include "images.h"
#include "toy_plugin.h"
#include <pthread.h>
#include <sys/wait.h>

static pthread_key_t key;
static int seen; /* failures that were told in words, after the thread's own data had ended */

static void fail_and_ask(void *user) {
  (void)user;
  iio_dict *d = NULL;
  for (int i = 0; i < 2; i++) {
    seen += iio_imopen("/absent/file.png", "r", NULL, NULL) == IIO_ERROR_INVALID_ARGUMENT && *iio_error_message();
    seen += iio_error_details(&d) == IIO_OK && iio_dict_len(d) > 0;
    iio_dict_free(d);
    unsigned char pixels[60];
    seen += iio_imread(scratch("t.toy1"), 0, NULL, pixels, sizeof pixels, NULL) == IIO_OK;
    seen += iio_imread(scratch("cut.toy1"), 0, NULL, pixels, sizeof pixels, NULL) == IIO_ERROR_CORRUPT;
    seen += strstr(iio_error_message(), "pixels are missing") != NULL;
  }
}

/* An ordinary life: what is used here for the first time has ended when the destructors run. */
static void use_and_fail(void) {
  unsigned char pixels[60];
  CHECK_STATUS(iio_imopen("/absent/file.png", "r", NULL, NULL), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_OK(iio_imread(scratch("t.toy1"), 0, NULL, pixels, sizeof pixels, NULL));
}

static void *use_it(void *user) {
  pthread_setspecific(key, &seen);
  use_and_fail();
  return user;
}

static void a_destructor_of_a_thread_may_call(void) {
  pthread_t thread;
  REQUIRE(pthread_key_create(&key, fail_and_ask) == 0);
  seen = 0;
  REQUIRE(pthread_create(&thread, NULL, use_it, NULL) == 0);
  pthread_join(thread, NULL);
  CHECK_INT(seen, 10);
}

static void at_the_exit(void) {
  seen = 0;
  fail_and_ask(NULL);
  _exit(seen == 10 ? 0 : 1);
}

static void a_handler_of_atexit_may_call(void) {
  pid_t child = fork();
  if (child == 0) {
    use_and_fail();
    atexit(at_the_exit);
    exit(2);
  }
  int how = 0;
  CHECK(child > 0 && waitpid(child, &how, 0) == child);
  CHECK(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  toy owner = {{0}, 0};
  iio_plugin plugin = toy_plugin(&owner, TOY_DECLARATION("toy", ""));
  size_t size;
  unsigned char *data = toy_bytes(IIO_UINT8, 3, (uint64_t[]){4, 5, 3}, 1, &size);
  if (iio_register_plugin(&plugin) || spit(scratch("t.toy1"), data, size) || spit(scratch("cut.toy1"), data, size - 3)) return 2;
  free(data);
  RUN(a_destructor_of_a_thread_may_call);
  RUN(a_handler_of_atexit_may_call);
  return check_finish();
}
