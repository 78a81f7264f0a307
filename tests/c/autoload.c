/* Modules that are loaded on first need: found by IMAGEIO_PLUGIN_PATH, entered once, and only if they are what the name
 * says. Each test is a process of its own, since what is loaded stays. */
#include "files.h"
#include "images.h"
#include "options.h"
#include "toy_plugin.h"
#include <pthread.h>
#include <sys/wait.h>

static const char *modules;

/* A folder in which `module` stands as FFmpeg's; the library looks there, and the module's life goes to FOLDER/life. */
static const char *folder_with(const char *name, const char *module) {
  const char *folder = fresh_folder(name);
  if (module) REQUIRE(copy_file(path_in(modules, module), path_in(folder, "libimageio_ffmpeg.so")) == 0);
  unlink(path_in(folder, "life"));
  REQUIRE(setenv("FILM_LIFE", path_in(folder, "life"), 1) == 0);
  char both[8192];
  print_to(both, sizeof both, "%s/absent:%s", folder, folder);
  REQUIRE(setenv("IMAGEIO_PLUGIN_PATH", both, 1) == 0);
  return folder;
}

static void write_film(const char *path) {
  uint64_t shape[3] = {4, 5, 3};
  size_t size;
  unsigned char *data = toy_bytes(IIO_UINT8, 3, shape, 1, &size);
  REQUIRE(spit(path, data, size) == 0);
  free(data);
}

static void check_life(const char *folder, const char *wanted) {
  bytes life = slurp(path_in(folder, "life"));
  char text[64];
  print_to(text, sizeof text, "%.*s", (int)life.size, life.data ? (const char *)life.data : "");
  CHECK_STRING(text, wanted);
  free(life.data);
}

static void an_mp4_loads_the_module(void) {
  const char *folder = folder_with("need", "film.so");
  write_film(scratch("a.mp4"));
  check_life(folder, "");
  for (int i = 0; i < 2; i++) {
    iio_file *file = NULL;
    REQUIRE_OK(iio_imopen(scratch("a.mp4"), "r", NULL, &file));
    CHECK_STRING(iio_file_plugin(file), "ffmpeg");
    picture p = picture_of(file, 0, NULL);
    CHECK_OK(p.status);
    picture_free(&p);
    CHECK_OK(iio_file_close(file));
  }
  check_life(folder, "e");
  iio_dict *all = NULL;
  const iio_dict *film = NULL;
  int32_t available = 0;
  REQUIRE_OK(iio_plugins(&all));
  CHECK_OK(iio_dict_get_dict(all, "ffmpeg", &film));
  CHECK(iio_dict_get_bool(film, "available", &available) == IIO_OK && available);
  iio_dict_free(all);
}

static void an_mp4_to_be_written_loads_it_too(void) {
  const char *folder = folder_with("written", "film.so");
  canvas c = canvas_image(IIO_UINT8, 4, 5, 3, 1);
  REQUIRE_OK(iio_imwrite(path_in(folder, "w.mp4"), &c.array, NULL));
  picture p = picture_at(path_in(folder, "w.mp4"), 0, NULL);
  CHECK(p.status == IIO_OK && memcmp(p.pixels.data, c.data, 60) == 0);
  picture_free(&p);
  canvas_free(&c);
  check_life(folder, "e");
}

/* imageio's table has several names for one module; each is asked when the content is not its. */
static void a_file_that_it_refuses_enters_it_once(void) {
  const char *folder = folder_with("refused", "film.so");
  spit(scratch("b.mp4"), "no film at all", 14);
  iio_file *file = NULL;
  for (int i = 0; i < 3; i++) CHECK_ERROR(iio_imopen(scratch("b.mp4"), "r", NULL, &file));
  check_life(folder, "e");
  CHECK_OK(iio_unregister_plugin("ffmpeg"));
  check_life(folder, "ed");
  write_film(scratch("a.mp4"));
  CHECK_OK(iio_imopen(scratch("a.mp4"), "r", NULL, &file)); /* needed again */
  CHECK_OK(iio_file_close(file));
  check_life(folder, "ede");
}

static void *open_film(void *ok) {
  iio_file *file = NULL;
  *(int *)ok = iio_imopen(scratch("a.mp4"), "r", NULL, &file) == IIO_OK;
  iio_file_close(file);
  return NULL;
}

static void threads_that_need_it_at_once_enter_it_once(void) {
  const char *folder = folder_with("threads", "film.so");
  pthread_t threads[8];
  int ok[8];
  write_film(scratch("a.mp4"));
  for (int i = 0; i < 8; i++) REQUIRE(pthread_create(&threads[i], NULL, open_film, &ok[i]) == 0);
  for (int i = 0; i < 8; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < 8; i++) CHECK(ok[i]);
  check_life(folder, "e");
}

static void a_module_that_brings_another_plugin_is_not_taken(void) {
  folder_with("another", "toy.so");
  write_film(scratch("a.mp4"));
  iio_file *file = NULL;
  iio_dict *options = options_of("{'plugin': 'ffmpeg'}"), *all = NULL;
  for (int i = 0; i < 3; i++) CHECK_STATUS(iio_imopen(scratch("a.mp4"), "r", options, &file), IIO_ERROR_PLUGIN_UNAVAILABLE);
  CHECK_MENTIONS(iio_error_message(), "toymodule");
  CHECK_OK(iio_plugins(&all));
  CHECK_INT(iio_dict_kind(all, "toymodule"), IIO_KIND_ABSENT);
  iio_dict_free(all);
  iio_dict_free(options);
}

static void without_the_module_the_message_says_how_to_get_it(void) {
  folder_with("none", NULL);
  spit(scratch("c.mp4"), "\0\0\0\x18" "ftypisom............", 24);
  iio_file *file = NULL;
  iio_status status = iio_imopen(scratch("c.mp4"), "r", NULL, &file);
  /* One that is installed with the library is found there; tests/modules/video_missing.py has a library without. */
  if (status == IIO_ERROR_PLUGIN_UNAVAILABLE) CHECK_MENTIONS(iio_error_message(), "libimageio_ffmpeg.so");
  else CHECK(status == IIO_ERROR_CORRUPT || status == IIO_ERROR_UNSUPPORTED);
}

/* As RUN, in a child. */
static void run_apart(const char *name, check_fn *test) {
  fflush(stderr);
  pid_t child = fork();
  if (child == 0) {
    atomic_store(&check_failures, 0);
    check_run(name, test);
    _exit(atomic_load(&check_failures) ? 1 : 0);
  }
  int how = 0;
  check_test = name;
  CHECK(child > 0 && waitpid(child, &how, 0) == child && WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

#define RUN_APART(test) run_apart(#test, test)

int main(int argc, char **argv) {
  check_begin(argc, argv);
  modules = getenv("IIO_TEST_MODULES");
  if (!modules) {
    fprintf(stderr, "IIO_TEST_MODULES does not say where the modules are\n");
    return 77;
  }
  RUN_APART(an_mp4_loads_the_module);
  RUN_APART(an_mp4_to_be_written_loads_it_too);
  RUN_APART(a_file_that_it_refuses_enters_it_once);
  RUN_APART(threads_that_need_it_at_once_enter_it_once);
  RUN_APART(a_module_that_brings_another_plugin_is_not_taken);
  RUN_APART(without_the_module_the_message_says_how_to_get_it);
  return check_finish();
}
