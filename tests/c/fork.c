/* After fork: the child uses the library at once; handles from before it are the parent's. */
#include "files.h"
#include "images.h"
#include "options.h"
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

/* 0 if the child ended well within the time. */
static int end_of(pid_t child) {
  int how = 0;
  if (waitpid(child, &how, 0) != child) return -1;
  return WIFEXITED(how) ? WEXITSTATUS(how) : 1000 + WTERMSIG(how);
}

static pid_t fork_with_alarm(void) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) alarm(20); /* a lock that nobody will open */
  return child;
}

static int child_can_read(void) {
  unsigned char pixels[429];
  iio_dict *plugins = NULL;
  if (iio_imread(fixture("rgb8.png"), 0, NULL, pixels, sizeof pixels, NULL) != IIO_OK) return 1;
  if (iio_plugins(&plugins) != IIO_OK) return 2;
  iio_dict_free(plugins);
  iio_file *file = NULL;
  if (iio_imopen(scratch("absent.png"), "r", NULL, &file) != IIO_ERROR_NOT_FOUND || !*iio_error_message()) return 3;
  canvas c = canvas_image(IIO_UINT8, 5, 6, 3, 1);
  iio_status status = iio_imwrite(scratch("child.png"), &c.array, NULL);
  canvas_free(&c);
  return status == IIO_OK ? 0 : 4;
}

static void a_child_uses_the_library_at_once(void) {
  pid_t child = fork_with_alarm();
  REQUIRE(child >= 0);
  if (child == 0) _exit(child_can_read());
  CHECK_INT(end_of(child), 0);
  CHECK(file_exists(scratch("child.png")));
}

static void a_child_that_discards_leaves_the_parents_file_alone(void) {
  const char *folder = fresh_folder("parents");
  canvas c = canvas_image(IIO_UINT8, 50, 60, 3, 1);
  for (int written = 0; written < 2; written++) {
    iio_file *file = NULL;
    REQUIRE_OK(iio_imopen(path_in(folder, "x.png"), "w", NULL, &file));
    if (written) CHECK_OK(iio_file_write(file, &c.array, NULL));
    int before = names_in(folder);
    pid_t child = fork_with_alarm();
    REQUIRE(child >= 0);
    if (child == 0) {
      iio_file_discard(file);
      _exit(names_in(folder) == before && child_can_read() == 0 ? 0 : 1);
    }
    CHECK_INT(end_of(child), 0);
    CHECK_INT(names_in(folder), before);
    if (!written) CHECK_OK(iio_file_write(file, &c.array, NULL));
    CHECK_OK(iio_file_close(file));
    picture p = picture_at(path_in(folder, "x.png"), 0, NULL);
    CHECK(p.status == IIO_OK && p.pixels.size == 9000 && memcmp(p.pixels.data, c.data, 9000) == 0);
    picture_free(&p);
    CHECK_INT(names_in(folder), 1);
    unlink(path_in(folder, "x.png"));
  }
  canvas_free(&c);
}

static void a_child_that_ends_a_reader_leaves_the_parents_alone(void) {
  iio_file *file = NULL;
  iio_iter *it = NULL;
  unsigned char a[17 * 23 * 3], b[17 * 23 * 3];
  REQUIRE_OK(iio_imopen(fixture("keep.gif"), "r", NULL, &file));
  REQUIRE_OK(iio_file_iter(file, NULL, &it));
  CHECK_OK(iio_iter_next(it, a, sizeof a, NULL));
  pid_t child = fork_with_alarm();
  REQUIRE(child >= 0);
  if (child == 0) {
    iio_iter_free(it);
    iio_file_discard(file);
    _exit(child_can_read());
  }
  CHECK_INT(end_of(child), 0);
  CHECK_OK(iio_iter_next(it, a, sizeof a, NULL));
  CHECK_OK(iio_file_read(file, 1, NULL, b, sizeof b, NULL));
  CHECK(memcmp(a, b, sizeof a) == 0);
  iio_iter_free(it);
  CHECK_OK(iio_file_close(file));
}

static void a_child_that_just_exits_harms_nothing(void) {
  const char *folder = fresh_folder("exits");
  canvas c = canvas_image(IIO_UINT8, 50, 60, 3, 1);
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(path_in(folder, "x.png"), "w", NULL, &file));
  CHECK_OK(iio_file_write(file, &c.array, NULL));
  pid_t child = fork_with_alarm();
  REQUIRE(child >= 0);
  if (child == 0) _exit(0);
  CHECK_INT(end_of(child), 0);
  CHECK_OK(iio_file_close(file));
  CHECK_INT(names_in(folder), 1);
  canvas_free(&c);
}

static atomic_int stirring;

static void *stir(void *user) {
  char path[4096];
  (void)user;
  print_to(path, sizeof path, "%s/lossless.webp", check_data);
  while (atomic_load(&stirring)) {
    unsigned char pixels[29 * 37 * 3];
    iio_dict *d = NULL;
    iio_imread(path, 0, NULL, pixels, sizeof pixels, NULL);
    iio_formats(&d);
    iio_dict_free(d);
    iio_set_log_callback(NULL, NULL);
  }
  return NULL;
}

static void a_fork_amid_busy_threads_finds_no_lock_held(void) {
#ifdef __SANITIZE_ADDRESS__
  /* The sanitizer's own allocator may be locked by another thread when gcc's libasan forks. */
  printf("  not under AddressSanitizer, whose allocator does not survive this\n");
  return;
#endif
  pthread_t t[3];
  atomic_store(&stirring, 1);
  for (int i = 0; i < 3; i++) REQUIRE(pthread_create(&t[i], NULL, stir, NULL) == 0);
  for (int i = 0; i < 25; i++) {
    pid_t child = fork_with_alarm();
    if (child == 0) _exit(child_can_read());
    int end = child > 0 ? end_of(child) : -1;
    CHECK_INT(end, 0); /* 1014: it hung */
    if (end) break;
  }
  atomic_store(&stirring, 0);
  for (int i = 0; i < 3; i++) pthread_join(t[i], NULL);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(a_child_uses_the_library_at_once);
  RUN(a_child_that_discards_leaves_the_parents_file_alone);
  RUN(a_child_that_ends_a_reader_leaves_the_parents_alone);
  RUN(a_child_that_just_exits_harms_nothing);
  RUN(a_fork_amid_busy_threads_finds_no_lock_held);
  return check_finish();
}
