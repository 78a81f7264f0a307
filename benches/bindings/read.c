/* Reads for bindings.py: lines "KIND PATH" come in, lines "WALL CPU" in seconds go out, of one read into fresh memory. KIND is
 * uint8, int32, float64 (0 to 1) or rgba, in C's order of the axes. */
#define _POSIX_C_SOURCE 200809L
#include <libimageio/imageio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void) {
  char kind[16], path[1024];
  while (scanf("%15s %1023[^\n]", kind, path) == 2) {
    double wall = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    iio_dict *options = iio_dict_new();
    if (!strcmp(kind, "rgba")) iio_dict_set_string(options, "mode", "RGBA");
    else iio_dict_set_string(options, "dtype", kind);
    if (!strcmp(kind, "float64")) iio_dict_set_bool(options, "scale", 1);
    void *pixels = NULL;
    iio_props props = IIO_PROPS_INIT;
    if (iio_imread_alloc(path, 0, options, NULL, NULL, &pixels, &props) != IIO_OK) return fprintf(stderr, "%s\n", iio_error_message()), 1;
    printf("%.6f %.6f\n", seconds(CLOCK_MONOTONIC) - wall, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    fflush(stdout);
    iio_free_data(pixels);
    iio_dict_free(options);
  }
  return 0;
}
