/* Where a write goes when the path is not simply a file's: devices by their links, folders, a program that moves on. */
#include "files.h"
#include "images.h"
#include "options.h"
#include <sys/wait.h>

static canvas image(void) { return canvas_image(IIO_UINT8, 30, 40, 3, 1); }

/* In a child whose standard output is a pipe, or closed; the pipe's text is in `got`. */
static iio_status write_in_a_child(const char *uri, int close_it, bytes *got) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    close(1);
    if (!close_it) dup2(ends[1], 1);
    close(ends[1]);
    iio_dict *options = options_of("{'extension': '.png'}");
    canvas c = image();
    iio_status status = iio_imwrite(uri, &c.array, options);
    if (status != IIO_OK) fprintf(stderr, "    in the child: %s\n", iio_error_message());
    _exit(-status);
  }
  close(ends[1]);
  got->data = malloc(1 << 20);
  got->size = 0;
  for (ssize_t n; (n = read(ends[0], got->data + got->size, (1 << 20) - got->size)) > 0;) got->size += (size_t)n;
  close(ends[0]);
  int how = 0;
  REQUIRE(waitpid(child, &how, 0) == child && WIFEXITED(how));
  return -WEXITSTATUS(how);
}

static void standard_output_may_be_named_by_its_link(void) {
  static const char *const uris[] = {"-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"};
  for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
    SUBJECT("%s", uris[i]);
    bytes got;
    CHECK_OK(write_in_a_child(uris[i], 0, &got));
    CHECK(got.size > 8 && memcmp(got.data, "\x89PNG", 4) == 0);
    free(got.data);
  }
}

static void a_closed_standard_output_is_an_error(void) {
  bytes got;
  CHECK_STATUS(write_in_a_child("-", 1, &got), IIO_ERROR_IO);
  free(got.data);
}

static void a_path_that_can_only_be_a_folder_is_refused_at_once(void) {
  const char *folder = fresh_folder("folders");
  static const char *const names[] = {"new.png/", "new.png//", "new/.", ".", "..", "old.png/"};
  canvas c = image();
  REQUIRE_OK(iio_imwrite(path_in(folder, "old.png"), &c.array, NULL));
  iio_dict *options = options_of("{'extension': '.png'}");
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%s", names[i]);
    iio_file *file = NULL;
    CHECK_ERROR(iio_imopen(path_in(folder, names[i]), "w", options, &file));
    CHECK(file == NULL);
    iio_file_discard(file);
  }
  CHECK_INT(names_in(folder), 1);
  iio_dict_free(options);
  canvas_free(&c);
}

static void a_relative_path_is_that_of_the_opening(void) {
  const char *from = fresh_folder("from"), *to = fresh_folder("to");
  canvas c = image();
  int home = open(".", O_RDONLY);
  iio_file *file = NULL, *other = NULL;
  char root[4096], back[8192];
  REQUIRE(home >= 0 && getcwd(root, sizeof root));
  REQUIRE(chdir(from) == 0);
  iio_status first = iio_imopen("moved.png", "w", NULL, &file), second = iio_imopen("gone.png", "w", NULL, &other);
  CHECK(fchdir(home) == 0 && chdir(to) == 0);
  CHECK_OK(first);
  CHECK_OK(second);
  if (first == IIO_OK) CHECK_OK(iio_file_write(file, &c.array, NULL));
  if (first == IIO_OK) CHECK_OK(iio_file_close(file));
  iio_file_discard(other);
  CHECK(fchdir(home) == 0);
  close(home);
  print_to(back, sizeof back, "%s/moved.png", from);
  CHECK(file_exists(back));
  CHECK_INT(names_in(from), 1);
  CHECK_INT(names_in(to), 0);
  canvas_free(&c);
}

static void asking_a_file_for_its_bytes_leaves_it_as_it_was(void) {
  canvas c = image();
  iio_file *file = NULL;
  const void *data = &c;
  size_t size = 7;
  REQUIRE_OK(iio_imopen(scratch("two.gif"), "w", NULL, &file));
  CHECK_OK(iio_file_write(file, &c.array, NULL));
  CHECK_STATUS(iio_file_bytes(file, &data, &size), IIO_ERROR_MODE);
  CHECK(data == NULL && size == 0);
  CHECK_OK(iio_file_write(file, &c.array, NULL));
  CHECK_OK(iio_file_close(file));
  int64_t count = 0;
  REQUIRE_OK(iio_imopen(scratch("two.gif"), "r", NULL, &file));
  CHECK_OK(iio_file_count(file, NULL, IIO_IMAGES_EXACT, &count));
  CHECK_INT(count, 2);
  CHECK_OK(iio_file_close(file));
  canvas_free(&c);
}

static void names_of_any_bytes_and_any_length_are_written(void) {
  const char *folder = fresh_folder("names");
  char longest[256];
  memset(longest, 'n', 251);
  memcpy(longest + 251, ".png", 5);
  const char *names[] = {"two\nlines.png", "caf\xe9.png", " .png", "-.png", longest};
  canvas c = image();
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%zu", i);
    CHECK_OK(iio_imwrite(path_in(folder, names[i]), &c.array, NULL));
    picture p = picture_at(path_in(folder, names[i]), 0, NULL);
    CHECK_OK(p.status);
    picture_free(&p);
  }
  CHECK_INT(names_in(folder), 5);
  canvas_free(&c);
}

static int32_t give_up(void *user, uint64_t done, uint64_t total) { return (void)done, (void)total, ++*(int *)user > 2; }

static void waiting_for_a_writer_is_told_and_can_be_ended(void) {
  int calls = 0;
  iio_file *file = NULL;
  iio_dict *options = iio_dict_new();
  unlink(scratch("fifo.png"));
  REQUIRE(mkfifo(scratch("fifo.png"), 0600) == 0);
  CHECK_OK(iio_dict_set_progress(options, give_up, &calls));
  alarm(20); /* without it a failure would wait for ever */
  CHECK_STATUS(iio_imopen(scratch("fifo.png"), "r", options, &file), IIO_ERROR_CANCELLED);
  alarm(0);
  CHECK(calls >= 3 && file == NULL);
  pid_t child = fork(); /* a writer that comes late */
  if (child == 0) {
    usleep(120000);
    _exit(copy_file(fixture("gray8.png"), scratch("fifo.png")) ? 1 : 0);
  }
  calls = -1000;
  unsigned char pixels[1 << 16];
  alarm(20);
  CHECK_OK(iio_imread(scratch("fifo.png"), 0, options, pixels, sizeof pixels, NULL));
  alarm(0);
  CHECK(calls > -1000);
  CHECK(waitpid(child, NULL, 0) == child);
  iio_dict_free(options);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(standard_output_may_be_named_by_its_link);
  RUN(a_closed_standard_output_is_an_error);
  RUN(a_path_that_can_only_be_a_folder_is_refused_at_once);
  RUN(a_relative_path_is_that_of_the_opening);
  RUN(asking_a_file_for_its_bytes_leaves_it_as_it_was);
  RUN(names_of_any_bytes_and_any_length_are_written);
  RUN(waiting_for_a_writer_is_told_and_can_be_ended);
  return check_finish();
}
