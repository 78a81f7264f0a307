/* The toy plugin as a module: linked to nothing of ours, it reaches the library only through `host`. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../c/toy_plugin.h"

const iio_plugin *iio_plugin_entry(const iio_host *host) {
  static toy owner;
  static iio_plugin plugin;
  if (host->struct_size < sizeof *host) {
    host->fail(IIO_ERROR_UNSUPPORTED, "toy: the host is too old");
    return NULL;
  }
  if (!host->symbol("iio_dict_get_int") || host->symbol("iio_no_such_function")) {
    host->fail(IIO_ERROR_INTERNAL, "toy: host->symbol does not know what is there and what is not");
    return NULL;
  }
  plugin = toy_plugin(&owner, TOY_DECLARATION("toymodule", ""));
  return &plugin;
}
