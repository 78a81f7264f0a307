/* What stands under a file's name, and when: nothing before the close, the former file whenever anything fails. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "streams.h"
#include <signal.h>
#include <sys/wait.h>

static bytes former; /* what stood there before */

/* A folder with "old.png" in it; its path. */
static const char *folder_with_a_former_file(const char *name) {
  const char *folder = fresh_folder(name);
  if (!former.data) former = slurp(fixture("gray8.png"));
  REQUIRE(former.data && spit(path_in(folder, "old.png"), former.data, former.size) == 0);
  return folder;
}

static void check_only_the_former(const char *folder) {
  CHECK(file_holds(path_in(folder, "old.png"), former));
  CHECK_INT(names_in(folder), 1);
}

static void nothing_stands_there_before_the_close(void) {
  static const char *const names[] = {"new.png", "new.jpg", "new.gif", "new.bmp", "new.webp"};
  canvas c = canvas_image(IIO_UINT8, 30, 40, 3, 1);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%s", names[i]);
    iio_file *file = NULL;
    const char *folder = fresh_folder("before");
    if (!CHECK_OK(iio_imopen(path_in(folder, names[i]), "w", NULL, &file))) continue;
    CHECK(!file_exists(path_in(folder, names[i])));
    CHECK_OK(iio_file_write(file, &c.array, NULL));
    CHECK(!file_exists(path_in(folder, names[i])));
    CHECK_OK(iio_file_close(file));
    CHECK_INT(names_in(folder), 1);
    picture p = picture_at(path_in(folder, names[i]), 0, NULL);
    CHECK_OK(p.status);
    picture_free(&p);
    unlink(path_in(folder, names[i]));
  }
  canvas_free(&c);
}

static void the_former_file_stands_until_the_close(void) {
  const char *folder = folder_with_a_former_file("until");
  canvas c = canvas_image(IIO_UINT8, 30, 40, 3, 1);
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(path_in(folder, "old.png"), "w", NULL, &file));
  CHECK_OK(iio_file_write(file, &c.array, NULL));
  CHECK(file_holds(path_in(folder, "old.png"), former));
  CHECK_OK(iio_file_close(file));
  CHECK(!file_holds(path_in(folder, "old.png"), former));
  CHECK_INT(names_in(folder), 1);
  canvas_free(&c);
}

static void a_discarded_write_leaves_nothing(void) {
  const char *folder = folder_with_a_former_file("discarded");
  canvas c = canvas_image(IIO_UINT8, 30, 40, 3, 1);
  for (int writes = 0; writes < 2; writes++) {
    iio_file *file = NULL;
    REQUIRE_OK(iio_imopen(path_in(folder, "old.png"), "w", NULL, &file));
    if (writes) CHECK_OK(iio_file_write(file, &c.array, NULL));
    iio_file_discard(file);
    check_only_the_former(folder);
  }
  canvas_free(&c);
}

static void a_file_without_an_image_publishes_nothing_and_closes_well(void) {
  const char *folder = folder_with_a_former_file("without");
  static const char *const names[] = {"old.png", "new.png", "new.gif", "new.jpg"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    iio_file *file = NULL;
    REQUIRE_OK(iio_imopen(path_in(folder, names[i]), "w", NULL, &file));
    CHECK_OK(iio_file_close(file));
    check_only_the_former(folder);
  }
}

static void a_refused_write_leaves_the_file_as_it_was(void) {
  const char *folder = folder_with_a_former_file("refused");
  canvas good = canvas_image(IIO_UINT8, 30, 40, 3, 1), bad = canvas_image(IIO_COMPLEX64, 4, 4, 0, 0);
  iio_dict *wrong = options_of("{'nonsense': 1}"), *invalid = options_of("{'compress_level': 77}");
  iio_file *file = NULL;
  iio_props p = no_props();
  REQUIRE_OK(iio_imopen(path_in(folder, "old.png"), "w", NULL, &file));
  CHECK_ERROR(iio_file_write(file, &bad.array, NULL));
  CHECK_STATUS(iio_file_write(file, &good.array, wrong), IIO_ERROR_UNKNOWN_OPTION);
  CHECK_STATUS(iio_file_write(file, &good.array, invalid), IIO_ERROR_INVALID_OPTION);
  CHECK_STATUS(iio_file_write(file, NULL, NULL), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_STATUS(iio_file_read(file, 0, NULL, NULL, 0, &p), IIO_ERROR_MODE);
  CHECK_STATUS(iio_file_props(file, 0, NULL, &p), IIO_ERROR_MODE);
  CHECK_OK(iio_file_write(file, &good.array, NULL)); /* none of it spoilt the file */
  CHECK_OK(iio_file_close(file));
  picture written = picture_at(path_in(folder, "old.png"), 0, NULL);
  CHECK(written.status == IIO_OK && written.pixels.size == 3600 && memcmp(written.pixels.data, good.data, 3600) == 0);
  picture_free(&written);
  CHECK_INT(names_in(folder), 1);
  iio_dict_free(wrong);
  iio_dict_free(invalid);
  canvas_free(&good);
  canvas_free(&bad);
}

static void a_refused_first_write_alone_publishes_nothing(void) {
  const char *folder = folder_with_a_former_file("refused_alone");
  canvas bad = canvas_image(IIO_COMPLEX64, 4, 4, 0, 0);
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(path_in(folder, "old.png"), "w", NULL, &file));
  CHECK_ERROR(iio_file_write(file, &bad.array, NULL));
  CHECK_OK(iio_file_close(file)); /* "a file to which no image was written closes IIO_OK" */
  check_only_the_former(folder);
  CHECK_ERROR(iio_imwrite(path_in(folder, "old.png"), &bad.array, NULL));
  check_only_the_former(folder);
  canvas_free(&bad);
}

static void a_second_image_where_one_fits_is_refused_and_the_first_kept(void) {
  const char *folder = fresh_folder("second");
  canvas a = canvas_image(IIO_UINT8, 8, 9, 3, 1), b = canvas_image(IIO_UINT8, 8, 9, 3, 2);
  static const char *const names[] = {"two.bmp", "two.jpg"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    iio_file *file = NULL;
    REQUIRE_OK(iio_imopen(path_in(folder, names[i]), "w", NULL, &file));
    CHECK_OK(iio_file_write(file, &a.array, NULL));
    CHECK_STATUS(iio_file_write(file, &b.array, NULL), IIO_ERROR_UNSUPPORTED);
    CHECK_OK(iio_file_close(file));
    picture p = picture_at(path_in(folder, names[i]), 0, NULL);
    CHECK(p.status == IIO_OK && mean_difference(p.pixels.data, a.data, p.pixels.size) < 8);
    picture_free(&p);
  }
  canvas_free(&a);
  canvas_free(&b);
}

static int32_t stop(void *user, uint64_t done, uint64_t total) { return (void)done, (void)total, ++*(int *)user > 0; }

static void a_cancelled_write_leaves_the_former_file(void) {
  const char *folder = folder_with_a_former_file("cancelled");
  canvas c = canvas_image(IIO_UINT8, 1500, 1500, 3, 1);
  for (size_t i = 0; i < 1500 * 1500 * 3; i++) ((unsigned char *)c.data)[i] ^= (unsigned char)(i * 2654435761u >> 13); /* hard to pack: work enough for a call of progress */
  iio_dict *options = options_of("{'compress_level': 9}");
  int calls = 0;
  CHECK_OK(iio_dict_set_progress(options, stop, &calls));
  iio_status status = iio_imwrite(path_in(folder, "old.png"), &c.array, options);
  CHECK_STATUS(status, calls ? IIO_ERROR_CANCELLED : IIO_OK); /* a fast machine may be done before the first call */
  if (calls) check_only_the_former(folder);
  iio_dict_free(options);
  canvas_free(&c);
}

static void permissions_of_the_target_are_kept(void) {
  const char *folder = folder_with_a_former_file("permissions");
  canvas c = canvas_image(IIO_UINT8, 4, 4, 3, 1);
  static const mode_t modes[] = {0640, 0600, 0664, 0444 | 0200};
  struct stat s;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    REQUIRE(chmod(path_in(folder, "old.png"), modes[i]) == 0);
    CHECK_OK(iio_imwrite(path_in(folder, "old.png"), &c.array, NULL));
    CHECK(stat(path_in(folder, "old.png"), &s) == 0);
    CHECK_INT(s.st_mode & 07777, modes[i]);
  }
  mode_t mask = umask(027); /* a new file is made as open() would make it */
  CHECK_OK(iio_imwrite(path_in(folder, "new.png"), &c.array, NULL));
  umask(mask);
  CHECK(stat(path_in(folder, "new.png"), &s) == 0);
  CHECK_INT(s.st_mode & 07777, 0640);
  unlink(path_in(folder, "new.png"));
  canvas_free(&c);
}

static void a_symbolic_link_is_followed(void) {
  const char *folder = folder_with_a_former_file("link"), *elsewhere = fresh_folder("link_elsewhere");
  canvas c = canvas_image(IIO_UINT8, 4, 4, 3, 1);
  struct stat s;
  char target[4200];
  print_to(target, sizeof target, "../link_elsewhere/real.png");
  REQUIRE(spit(path_in(elsewhere, "real.png"), former.data, former.size) == 0);
  unlink(path_in(folder, "soft.png"));
  REQUIRE(symlink(target, path_in(folder, "soft.png")) == 0);
  CHECK_OK(iio_imwrite(path_in(folder, "soft.png"), &c.array, NULL));
  CHECK(lstat(path_in(folder, "soft.png"), &s) == 0 && S_ISLNK(s.st_mode));
  CHECK(lstat(path_in(elsewhere, "real.png"), &s) == 0 && S_ISREG(s.st_mode));
  CHECK(!file_holds(path_in(elsewhere, "real.png"), former));
  CHECK_INT(names_in(folder), 2);
  CHECK_INT(names_in(elsewhere), 1);
  unlink(path_in(folder, "soft.png"));
  canvas_free(&c);
}

static void a_fifo_is_written_straight(void) {
  const char *path = path_in(fresh_folder("fifo"), "pipe.png");
  canvas c = canvas_image(IIO_UINT8, 40, 40, 3, 1);
  struct stat s;
  unlink(path);
  REQUIRE(mkfifo(path, 0600) == 0);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) { /* the reader: nothing of the library in it */
    alarm(60);
    bytes b = slurp(path);
    _exit(b.size > 8 && memcmp(b.data, "\x89PNG", 4) == 0 && memcmp(b.data + b.size - 8, "IEND", 4) == 0 ? 0 : 1);
  }
  int how = 0;
  if (!CHECK_OK(iio_imwrite(path, &c.array, NULL))) kill(child, SIGKILL);
  CHECK(waitpid(child, &how, 0) == child && WIFEXITED(how) && WEXITSTATUS(how) == 0);
  CHECK(lstat(path, &s) == 0 && S_ISFIFO(s.st_mode)); /* not replaced */
  CHECK_INT(names_in(scratch("fifo")), 1);
  canvas_free(&c);
}

static void a_full_disk_is_an_io_error(void) {
  canvas c = canvas_image(IIO_UINT8, 40, 40, 3, 1);
  if (access("/dev/full", W_OK) != 0) SKIPPED("no /dev/full here");
  else {
    iio_dict *options = options_of("{'extension': '.png'}");
    CHECK_STATUS(iio_imwrite("/dev/full", &c.array, options), IIO_ERROR_IO);
    CHECK_INT(detail_int("os_error", 0), ENOSPC);
    iio_dict_free(options);
  }
  canvas_free(&c);
}

static void wrong_places_are_the_right_errors(void) {
  const char *folder = folder_with_a_former_file("places");
  canvas c = canvas_image(IIO_UINT8, 4, 4, 3, 1);
  CHECK_STATUS(iio_imwrite(path_in(folder, "missing/deep/new.png"), &c.array, NULL), IIO_ERROR_NOT_FOUND);
  CHECK_MENTIONS(iio_error_message(), "missing");
  CHECK_ERROR(iio_imwrite(path_in(folder, "old.png/new.png"), &c.array, NULL)); /* a file as folder */
  mkdir(path_in(folder, "folder.png"), 0777);
  CHECK_ERROR(iio_imwrite(path_in(folder, "folder.png"), &c.array, NULL));
  CHECK_MENTIONS(iio_error_message(), "folder.png");
  CHECK_INT(names_in(path_in(folder, "folder.png")), 0);
  rmdir(path_in(folder, "folder.png"));
  check_only_the_former(folder);
  canvas_free(&c);
}

static void a_folder_that_may_not_be_written_is_a_permission_error(void) {
  const char *folder = folder_with_a_former_file("locked");
  if (geteuid() == 0) {
    SKIPPED("root may write everywhere");
    return;
  }
  canvas c = canvas_image(IIO_UINT8, 4, 4, 3, 1);
  REQUIRE(chmod(folder, 0555) == 0);
  CHECK_STATUS(iio_imwrite(path_in(folder, "new.png"), &c.array, NULL), IIO_ERROR_PERMISSION);
  CHECK_INT(detail_int("os_error", 0), EACCES);
  chmod(folder, 0777);
  check_only_the_former(folder);
  chmod(path_in(folder, "old.png"), 0);
  iio_file *file = NULL;
  CHECK_STATUS(iio_imopen(path_in(folder, "old.png"), "r", NULL, &file), IIO_ERROR_PERMISSION);
  chmod(path_in(folder, "old.png"), 0644);
  canvas_free(&c);
}

static void a_killed_writer_leaves_the_former_file(void) {
  const char *folder = folder_with_a_former_file("killed");
  canvas c = canvas_image(IIO_UINT8, 30, 40, 3, 1);
  pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    iio_file *file = NULL;
    if (iio_imopen(path_in(folder, "old.png"), "w", NULL, &file) == IIO_OK) iio_file_write(file, &c.array, NULL);
    raise(SIGKILL);
  }
  waitpid(child, NULL, 0);
  CHECK(file_holds(path_in(folder, "old.png"), former)); /* its temporary may stay behind */
  canvas_free(&c);
}

static iio_status write_stream(stream *s, int kind, const char *extension, int images, int discard) {
  iio_callbacks io = stream_writes(s, kind);
  iio_dict *options = iio_dict_new();
  iio_file *file = NULL;
  canvas c = canvas_image(IIO_UINT8, 60, 80, 3, 1);
  iio_dict_set_string(options, "extension", extension);
  iio_status status = iio_imopen_callbacks(&io, "w", options, &file);
  for (int i = 0; i < images && status == IIO_OK; i++) status = iio_file_write(file, &c.array, NULL);
  if (file) {
    CHECK_INT(s->finishes, 0);
    CHECK_INT(s->closes, 0);
    if (discard) iio_file_discard(file);
    else {
      iio_status closing = iio_file_close(file);
      if (status == IIO_OK) status = closing;
      else CHECK_STATUS(closing, status); /* the close gives the first error again */
    }
  }
  iio_dict_free(options);
  canvas_free(&c);
  return status;
}

static void a_stream_is_written_finished_and_closed_in_that_order(void) {
  static const char *const extensions[] = {".png", ".jpg", ".gif", ".bmp", ".webp"};
  for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
    for (int kind = 0; kind < 4; kind++) {
      SUBJECT("%s, kind %d", extensions[i], kind);
      stream s = stream_over(NULL, 0);
      s.short_by = kind & 2 ? 7 : 0;
      CHECK_OK(write_stream(&s, kind & 1 ? STREAM_SEEKS : STREAM_FORWARD, extensions[i], 1, 0));
      CHECK_INT(s.finishes, 1);
      CHECK_STREAM_ENDED(&s);
      iio_file *file = NULL;
      if (CHECK_OK(iio_imopen_bytes(s.sink, s.sink_size, NULL, &file))) {
        picture p = picture_of(file, 0, NULL);
        CHECK_OK(p.status);
        picture_free(&p);
      }
      iio_file_discard(file);
      free(s.sink);
    }
}

static void a_discarded_stream_is_closed_without_finish(void) {
  for (int images = 0; images < 2; images++) {
    stream s = stream_over(NULL, 0);
    CHECK_OK(write_stream(&s, STREAM_SEEKS, ".png", images, 1));
    CHECK_INT(s.finishes, 0);
    CHECK_STREAM_ENDED(&s);
    free(s.sink);
  }
}

static void a_stream_that_fails_is_closed_without_finish(void) {
  for (int64_t n = 1; n < 60; n++) {
    SUBJECT("call %d", (int)n);
    stream s = stream_over(NULL, 0);
    s.fail_at = n;
    s.short_by = 500;
    iio_status status = write_stream(&s, STREAM_FORWARD, ".bmp", 1, 0);
    CHECK_STREAM_ENDED(&s);
    int failed = s.calls >= n;
    CHECK_STATUS(status, failed ? IIO_ERROR_IO : IIO_OK);
    CHECK_INT(s.finishes, !failed);
    if (failed) CHECK_INT(detail_int("callback_result", 0), -42);
    free(s.sink);
    if (!failed) break;
  }
}

static void a_finish_that_fails_fails_the_close(void) {
  stream s = stream_over(NULL, 0);
  s.finish_with = 9;
  CHECK_ERROR(write_stream(&s, STREAM_SEEKS, ".png", 1, 0));
  CHECK_INT(detail_int("callback_result", 0), 9);
  CHECK_INT(s.finishes, 1);
  CHECK_STREAM_ENDED(&s);
  free(s.sink);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(nothing_stands_there_before_the_close);
  RUN(the_former_file_stands_until_the_close);
  RUN(a_discarded_write_leaves_nothing);
  RUN(a_file_without_an_image_publishes_nothing_and_closes_well);
  RUN(a_refused_write_leaves_the_file_as_it_was);
  RUN(a_refused_first_write_alone_publishes_nothing);
  RUN(a_second_image_where_one_fits_is_refused_and_the_first_kept);
  RUN(a_cancelled_write_leaves_the_former_file);
  RUN(permissions_of_the_target_are_kept);
  RUN(a_symbolic_link_is_followed);
  RUN(a_fifo_is_written_straight);
  RUN(a_full_disk_is_an_io_error);
  RUN(wrong_places_are_the_right_errors);
  RUN(a_folder_that_may_not_be_written_is_a_permission_error);
  RUN(a_killed_writer_leaves_the_former_file);
  RUN(a_stream_is_written_finished_and_closed_in_that_order);
  RUN(a_discarded_stream_is_closed_without_finish);
  RUN(a_stream_that_fails_is_closed_without_finish);
  RUN(a_finish_that_fails_fails_the_close);
  free(former.data);
  return check_finish();
}
