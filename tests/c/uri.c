/* What a name may mean: paths, ~, file://, "-", schemes that are not served here, and contents that decide. */
#include "files.h"
#include "fixtures.h"
#include "images.h"
#include "options.h"

static unsigned char wanted[429]; /* rgb8.png */

static iio_status read_named(const char *uri, const char *json) {
  unsigned char pixels[429];
  iio_dict *options = json ? options_of(json) : NULL;
  memset(pixels, 0, sizeof pixels);
  iio_status status = iio_imread(uri, 0, options, pixels, sizeof pixels, NULL);
  if (status == IIO_OK && memcmp(pixels, wanted, sizeof pixels) != 0) CHECK_SAY("%s reads as another image", uri);
  iio_dict_free(options);
  return status;
}

static iio_status write_named(const char *uri, const char *json) {
  iio_dict *options = json ? options_of(json) : NULL;
  iio_array a = array_over(wanted, IIO_UINT8, 3, (uint64_t[]){11, 13, 3});
  iio_status status = iio_imwrite(uri, &a, options);
  iio_dict_free(options);
  return status;
}

static void a_tilde_is_the_home_folder(void) {
  char *former = getenv("HOME") ? strdup(getenv("HOME")) : NULL;
  const char *home = fresh_folder("home");
  setenv("HOME", home, 1);
  CHECK_OK(write_named("~/x.png", NULL));
  CHECK(file_exists(path_in(home, "x.png")));
  CHECK_OK(read_named("~/x.png", NULL));
  if (former) setenv("HOME", former, 1);
  else unsetenv("HOME");
  free(former);
}

static void file_urls_are_paths(void) {
  char uri[5000], absolute[4096];
  REQUIRE(realpath(check_scratch, absolute) != NULL);
  print_to(uri, sizeof uri, "file://%s/url.png", absolute);
  CHECK_OK(write_named(uri, NULL));
  CHECK(file_exists(scratch("url.png")));
  CHECK_OK(read_named(uri, NULL));
}

static void names_need_not_be_utf8(void) {
  CHECK_OK(write_named(scratch("\xff\xfe name \xe9.png"), NULL));
  CHECK(file_exists(scratch("\xff\xfe name \xe9.png")));
  CHECK_OK(read_named(scratch("\xff\xfe name \xe9.png"), NULL));
  CHECK_STATUS(read_named(scratch("\xff\xfe absent \xe9.png"), NULL), IIO_ERROR_NOT_FOUND);
  CHECK(*iio_error_message()); /* UTF-8 all the same */
  for (const unsigned char *c = (const unsigned char *)iio_error_message(); *c; c++) CHECK(*c != 0xff && *c != 0xfe);
}

static void odd_names_are_names(void) {
  static const char *const names[] = {"with space.png", "percent%20.png", "hash#1.png", "question?.png", "ünï.png", "a:b.png", "[0].png", ".png.png", "two..png"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%s", names[i]);
    CHECK_OK(write_named(scratch(names[i]), NULL));
    CHECK(file_exists(scratch(names[i])));
    CHECK_OK(read_named(scratch(names[i]), NULL));
  }
}

static void a_dash_reads_standard_input(void) {
  bytes b = slurp(fixture("rgb8.png"));
  int pipes[2], former = dup(0);
  REQUIRE(b.data && former >= 0 && pipe(pipes) == 0);
  CHECK(write(pipes[1], b.data, b.size) == (ssize_t)b.size); /* fits into a pipe */
  close(pipes[1]);
  dup2(pipes[0], 0);
  close(pipes[0]);
  CHECK_OK(read_named("-", NULL));
  dup2(former, 0);
  close(former);
  free(b.data);
}

static void a_dash_writes_standard_output(void) {
  int pipes[2], former = dup(1);
  fflush(stdout);
  REQUIRE(former >= 0 && pipe(pipes) == 0);
  dup2(pipes[1], 1);
  close(pipes[1]);
  CHECK_OK(write_named("-", "{'extension': '.png'}"));
  dup2(former, 1); /* the last writing end goes, unless the library kept one */
  close(former);
  unsigned char data[8192];
  size_t size = 0;
  for (ssize_t n; size < sizeof data && (n = read(pipes[0], data + size, sizeof data - size)) > 0;) size += (size_t)n;
  close(pipes[0]);
  iio_file *file = NULL;
  unsigned char pixels[429];
  if (CHECK_OK(iio_imopen_bytes(data, size, NULL, &file))) CHECK_OK(iio_file_read(file, 0, NULL, pixels, sizeof pixels, NULL));
  CHECK(memcmp(pixels, wanted, sizeof pixels) == 0);
  iio_file_discard(file);
  CHECK(!file_exists("-"));
}

/* In the scratch folder, so that names can be bare. */
static void local_takes_a_name_as_it_stands(void) {
  static const char *const names[] = {"-", "<bytes>", "<screen>", "imageio:chelsea.png", "http:x.png", "x.zip", "file:y.png"};
  int here = open(".", O_RDONLY);
  char data[4096];
  REQUIRE(here >= 0 && realpath(check_data, data) != NULL);
  bytes b = slurp(fixture("rgb8.png"));
  REQUIRE(b.data && chdir(fresh_folder("local")) == 0);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%s", names[i]);
    CHECK(spit(names[i], b.data, b.size) == 0);
    CHECK_OK(read_named(names[i], "{'local': true}"));
    unlink(names[i]);
    CHECK_STATUS(read_named(names[i], "{'local': true}"), IIO_ERROR_NOT_FOUND);
    CHECK_OK(write_named(names[i], "{'local': true, 'extension': '.png'}"));
    CHECK(file_exists(names[i]));
    unlink(names[i]);
  }
  mkdir("z.zip", 0777); /* a folder, whatever it is called */
  CHECK_OK(write_named("z.zip/in.png", "{'local': true}"));
  CHECK_OK(read_named("z.zip/in.png", "{'local': true}"));
  CHECK_OK(read_named("z.zip/in.png", NULL));
  free(b.data);
  CHECK(fchdir(here) == 0);
  close(here);
}

/* As a scheme comes to be served, its row goes. */
static void schemes_not_served_here_are_named(void) {
  static const struct { const char *uri, *word; } schemes[] = {
    {"http://host.invalid/x.png", "http"}, {"https://host.invalid/x.png", "https"}, {"ftp://host.invalid/x.png", "ftp"}, {"s3://bucket/x.png", "s3"}, {"gs://bucket/x.png", "gs"}, {"az://box/x.png", "az"}, {"imageio:chelsea.png", "imageio"}, {"<clipboard>", "<clipboard>"}};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    SUBJECT("%s", schemes[i].uri);
    CHECK_STATUS(read_named(schemes[i].uri, NULL), IIO_ERROR_UNSUPPORTED);
    CHECK_MENTIONS(iio_error_message(), schemes[i].word);
  }
  SUBJECT("x.zip/inside.png");
  spit(scratch("x.zip"), "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 22);
  CHECK_STATUS(read_named(scratch("x.zip/inside.png"), NULL), IIO_ERROR_UNSUPPORTED);
  CHECK_MENTIONS(iio_error_message(), "zip");
}

/* What there is depends on the machine; what is not there is said by name. */
static void devices_are_opened_or_said_to_be_missing(void) {
  static const char *const names[] = {"<screen>", "<video0>", "<video9999>"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%s", names[i]);
    iio_props p = no_props();
    iio_status status = iio_improps(names[i], IIO_INDEX_DEFAULT, NULL, &p);
    if (status == IIO_OK) continue;
    CHECK(status == IIO_ERROR_PLUGIN_UNAVAILABLE || status == IIO_ERROR_NOT_FOUND || status == IIO_ERROR_IO);
    CHECK_MENTIONS(iio_error_message(), names[i]);
  }
  iio_file *file = NULL;
  iio_dict *options = options_of("{'plugin': 'image'}");
  CHECK_STATUS(iio_imopen("<video0>", "r", options, &file), IIO_ERROR_UNSUPPORTED);
  iio_dict_free(options);
}

static void nothing_is_written_to_what_can_only_be_read(void) {
  static const char *const names[] = {"<screen>", "<clipboard>", "<video0>", "imageio:chelsea.png", "http://host.invalid/x.png"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%s", names[i]);
    iio_status status = write_named(names[i], "{'extension': '.png'}");
    CHECK(status == IIO_ERROR_MODE || status == IIO_ERROR_UNSUPPORTED); /* read-only, or not served at all */
    CHECK(!file_exists(names[i]));
  }
}

static void passwords_and_queries_are_never_shown(void) {
  static const char *const uris[] = {"http://user:geheim@host.invalid/x.png?token=abc123&sig=zz", "s3://user:geheim@bucket/x.png?token=abc123", "ftp://user:geheim@host.invalid/x.png"};
  for (size_t i = 0; i < sizeof uris / sizeof *uris; i++) {
    SUBJECT("%s", uris[i]);
    CHECK_ERROR(read_named(uris[i], NULL));
    CHECK(!strstr(iio_error_message(), "geheim") && !strstr(iio_error_message(), "abc123"));
    iio_dict *d = NULL;
    char json[8192];
    size_t needed;
    CHECK_OK(iio_error_details(&d));
    CHECK_OK(iio_dict_to_json(d, json, sizeof json, &needed));
    CHECK(!strstr(json, "geheim") && !strstr(json, "abc123"));
    iio_dict_free(d);
  }
}

static void the_content_decides_over_the_suffix(void) {
  static const char *const suffixes[] = {"jpg", "gif", "bmp", "webp", "PNG", "xyz", "tif", "txt"};
  char name[32];
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    print_to(name, sizeof name, "png_called.%s", suffixes[i]);
    SUBJECT("%s", name);
    REQUIRE(copy_file(fixture("rgb8.png"), scratch(name)) == 0);
    CHECK_OK(read_named(scratch(name), NULL));
  }
  SUBJECT("no suffix");
  REQUIRE(copy_file(fixture("rgb8.png"), scratch("png_called")) == 0);
  CHECK_OK(read_named(scratch("png_called"), NULL));
  CHECK_OK(read_named(scratch("png_called"), "{'extension': '.jpg'}"));
}

static void the_default_index_goes_with_the_content(void) {
  iio_props p = no_props();
  REQUIRE(copy_file(fixture("keep.gif"), scratch("gif_called.png")) == 0);
  REQUIRE(copy_file(fixture("rgb8.png"), scratch("png_called.gif")) == 0);
  CHECK_OK(iio_improps(scratch("gif_called.png"), IIO_INDEX_DEFAULT, NULL, &p));
  CHECK_INT(p.is_batch, 1);
  CHECK_OK(iio_improps(scratch("png_called.gif"), IIO_INDEX_DEFAULT, NULL, &p));
  CHECK_INT(p.is_batch, 0);
}

/* Where the module is installed it answers; tests/modules/video_missing.py has a library without one in any case. */
static void a_video_without_a_film_says_why_it_is_not_opened(void) {
  static const unsigned char mp4[] = "\0\0\0\x18""ftypisom\0\0\2\0isomiso2\0\0\0\x08""free\0\0\0\x08""mdat";
  spit(scratch("film.mp4"), mp4, sizeof mp4 - 1);
  iio_props p = no_props();
  iio_status status = iio_improps(scratch("film.mp4"), IIO_INDEX_DEFAULT, NULL, &p);
  if (status != IIO_ERROR_PLUGIN_UNAVAILABLE) {
    CHECK(status == IIO_ERROR_CORRUPT || status == IIO_ERROR_UNSUPPORTED);
    CHECK_MENTIONS(iio_error_message(), "film.mp4");
    return;
  }
  CHECK_MENTIONS(iio_error_message(), "ffmpeg");
  CHECK_STATUS(write_named(scratch("new.mp4"), NULL), IIO_ERROR_PLUGIN_UNAVAILABLE);
  CHECK(!file_exists(scratch("new.mp4")));
}

static void what_is_not_there_is_not_found(void) {
  static const char *const names[] = {"absent.png", "no/such/folder/x.png", "absent"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    SUBJECT("%s", names[i]);
    CHECK_STATUS(read_named(scratch(names[i]), NULL), IIO_ERROR_NOT_FOUND);
    CHECK_MENTIONS(iio_error_message(), names[i]);
    CHECK_INT(detail_int("os_error", 0), ENOENT);
  }
}

static void a_folder_is_no_image(void) {
  iio_status status = read_named(check_scratch, NULL);
  CHECK(status < 0 && status != IIO_ERROR_NOT_FOUND && status != IIO_ERROR_INTERNAL);
}

static void a_name_of_any_length_is_no_crash(void) {
  size_t n = 100000;
  char *name = malloc(n + 8);
  if (!name) abort();
  memset(name, 'x', n);
  memcpy(name + n, ".png", 5);
  CHECK_ERROR(read_named(name, NULL));
  CHECK_ERROR(write_named(name, NULL));
  memcpy(name, "file://", 7);
  CHECK_ERROR(read_named(name, NULL));
  free(name);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  if (!CHECK_OK(iio_imread(fixture("rgb8.png"), 0, NULL, wanted, sizeof wanted, NULL))) return 1;
  RUN(a_tilde_is_the_home_folder);
  RUN(file_urls_are_paths);
  RUN(names_need_not_be_utf8);
  RUN(odd_names_are_names);
  RUN(a_dash_reads_standard_input);
  RUN(a_dash_writes_standard_output);
  RUN(local_takes_a_name_as_it_stands);
  RUN(schemes_not_served_here_are_named);
  RUN(devices_are_opened_or_said_to_be_missing);
  RUN(nothing_is_written_to_what_can_only_be_read);
  RUN(passwords_and_queries_are_never_shown);
  RUN(the_content_decides_over_the_suffix);
  RUN(the_default_index_goes_with_the_content);
  RUN(a_video_without_a_film_says_why_it_is_not_opened);
  RUN(what_is_not_there_is_not_found);
  RUN(a_folder_is_no_image);
  RUN(a_name_of_any_length_is_no_crash);
  return check_finish();
}
