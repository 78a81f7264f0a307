/* What one small image costs: libimageio and libspng take turns, so that whatever else the machine does meets both.
 * Arguments: a PNG of 64 × 64 pixels, which is written if it is not there, and the programs first_imageio and first_spng. */
#include <libimageio/imageio.h>

#include "spng_read.h"

#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static unsigned char ours[64 * 64 * 4], theirs[64 * 64 * 4];
static const char *path, *first_imageio, *first_spng;

static void die(const char *what)
{
  fprintf(stderr, "small_png: %s: %s\n", what, iio_error_message());
  exit(1);
}

static void write_png(void)
{
  static unsigned char pixels[64][64][3];
  iio_array image;
  int y, x;

  for (y = 0; y < 64; y++) {
    for (x = 0; x < 64; x++) {
      pixels[y][x][0] = (unsigned char)(4 * x);
      pixels[y][x][1] = (unsigned char)(4 * y);
      pixels[y][x][2] = (unsigned char)(x * y);
    }
  }
  memset(&image, 0, sizeof image);
  image.struct_size = (uint32_t)sizeof image;
  image.dtype = IIO_UINT8;
  image.ndim = 3;
  image.data = pixels;
  image.shape[0] = image.shape[1] = 64;
  image.shape[2] = 3;
  if (iio_imwrite(path, &image, NULL) != IIO_OK) die("writing");
}

static void read_imageio(void)
{
  if (iio_imread(path, IIO_INDEX_DEFAULT, NULL, ours, sizeof ours, NULL) != IIO_OK) die("iio_imread");
}

static void read_spng(void)
{
  if (spng_read(path, theirs, sizeof theirs) != 0) die("libspng");
}

static void start(const char *program)
{
  char *arguments[] = {(char *)(size_t)program, (char *)(size_t)path, NULL};
  pid_t child;
  int status;

  if (posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0) die(program);
  if (waitpid(child, &status, 0) != child || status != 0) die(program);
}

static void start_imageio(void) { start(first_imageio); }
static void start_spng(void) { start(first_spng); }

static double microseconds(void (*work)(void), int times)
{
  struct timespec a, b;
  int i;

  clock_gettime(CLOCK_MONOTONIC, &a);
  for (i = 0; i < times; i++) work();
  clock_gettime(CLOCK_MONOTONIC, &b);
  return ((double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3) / times;
}

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void compare(const char *what, void (*a)(void), void (*b)(void), int times)
{
  enum { ROUNDS = 101 };
  double of_a[ROUNDS], of_b[ROUNDS], ratio[ROUNDS];
  int i;

  microseconds(a, times);
  microseconds(b, times);
  for (i = 0; i < ROUNDS; i++) {
    if (i % 2) of_b[i] = microseconds(b, times);
    of_a[i] = microseconds(a, times);
    if (i % 2 == 0) of_b[i] = microseconds(b, times);
    ratio[i] = of_a[i] / of_b[i];
  }
  qsort(of_a, ROUNDS, sizeof *of_a, by_value);
  qsort(of_b, ROUNDS, sizeof *of_b, by_value);
  qsort(ratio, ROUNDS, sizeof *ratio, by_value);
  printf("%-28s libimageio %8.1f us, libspng %8.1f us, ratio %.2f (half of them %.2f to %.2f)\n", what, of_a[ROUNDS / 2],
         of_b[ROUNDS / 2], ratio[ROUNDS / 2], ratio[ROUNDS / 4], ratio[3 * ROUNDS / 4]);
}

int main(int argc, char **argv)
{
  if (argc != 4) {
    fprintf(stderr, "usage: small_png FILE.png FIRST_IMAGEIO FIRST_SPNG\n");
    return 2;
  }
  path = argv[1];
  first_imageio = argv[2];
  first_spng = argv[3];
  if (access(path, F_OK) != 0) write_png();

  read_imageio();
  read_spng();
  if (memcmp(ours, theirs, sizeof ours) != 0) {
    fprintf(stderr, "small_png: the two do not read the same pixels\n");
    return 1;
  }
  compare("one read of 64 x 64", read_imageio, read_spng, 100);
  compare("from start to first image", start_imageio, start_spng, 5);
  return 0;
}
