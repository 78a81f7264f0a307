/* A module that stands for FFmpeg's: "ffmpeg" by name, it takes files that start with FILM and counts its own life.
 * It appends "e" for an entry and "d" for an end to the file that FILM_LIFE names. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../c/toy_plugin.h"

static toy film;
static iio_plugin plugin;

static void note(const char *letter) {
  const char *path = getenv("FILM_LIFE");
  FILE *f = path ? fopen(path, "a") : NULL;
  if (!f) return;
  fputs(letter, f);
  fclose(f);
}

static int32_t film_probe(void *user, const void *head, size_t size, const char *extension) {
  (void)extension;
  return user == &film && size >= 4 && memcmp(head, "TOY1", 4) == 0 ? 100 : 0;
}

static void film_destroy(void *user) {
  (void)user;
  note("d");
}

const iio_plugin *iio_plugin_entry(const iio_host *host) {
  (void)host;
  note("e");
  plugin = toy_plugin(&film, "{\"name\": \"ffmpeg\", \"description\": \"films of the tests\", \"extensions\": [\".mp4\", \".toy1\"],"
                             " \"can_read\": true, \"can_write\": true}");
  plugin.probe = film_probe;
  plugin.destroy = film_destroy;
  return &plugin;
}
