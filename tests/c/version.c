/* The header, the library and the way that tests are run fit together. */
#include <libimageio/imageio.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) \
  do { \
    if (!(condition)) { \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      return 1; \
    } \
  } while (0)

int main(int argc, char **argv)
{
  char expected[64], path[4096];
  FILE *file;

  snprintf(expected, sizeof expected, "%d.%d.%d", IIO_VERSION_MAJOR, IIO_VERSION_MINOR, IIO_VERSION_PATCH);
  CHECK(strcmp(iio_version(), expected) == 0);
  CHECK(iio_abi_version() == IIO_ABI_VERSION);

  CHECK(argc == 3);
  CHECK(getenv("IIO_TEST_MODULES") != NULL);
  snprintf(path, sizeof path, "%s/new", argv[1]);
  CHECK((file = fopen(path, "rb")) == NULL);
  CHECK((file = fopen(path, "wb")) != NULL);
  CHECK(fclose(file) == 0);
  return 0;
}
