/* A module that will not serve here, and says why. */
#include <libimageio/plugin.h>

const iio_plugin *iio_plugin_entry(const iio_host *host) {
  host->fail(IIO_ERROR_PLUGIN_UNAVAILABLE, "this machine has no toys");
  return NULL;
}
