/* From the start of a process to the first image, with libimageio. */
#include <libimageio/imageio.h>

static unsigned char buffer[64 * 64 * 4];

int main(int argc, char **argv)
{
  return argc < 2 || iio_imread(argv[1], IIO_INDEX_DEFAULT, NULL, buffer, sizeof buffer, NULL) != IIO_OK;
}
