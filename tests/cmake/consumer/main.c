/* Calls into the library far enough that its inside must be there; argv[1] is the version to expect. */
#include <libimageio/imageio.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
  iio_dict *plugins = NULL;
  iio_status status = iio_plugins(&plugins);

  if (status != IIO_OK) {
    fprintf(stderr, "%s: %s\n", iio_status_name(status), iio_error_message());
    return 1;
  }
  iio_dict_free(plugins);
  printf("imageio %s\n", iio_version());
  return argc > 1 && strcmp(argv[1], iio_version()) != 0;
}
