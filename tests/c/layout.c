/* The layouts and constants that programs already rely on, as the compiler sees them. */
#include "check.h"
#include <libimageio/plugin.h>
#include <stddef.h>

#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member)
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "sizeof " #type)
#define IS(name, value) _Static_assert((name) == (value), #name)

_Static_assert(sizeof(void *) == 8, "the offsets below are those of 64-bit machines");

SIZE(iio_status, 4);
SIZE(iio_dtype, 4);

AT(iio_props, struct_size, 0);
AT(iio_props, dtype, 4);
AT(iio_props, ndim, 8);
AT(iio_props, is_batch, 12);
AT(iio_props, n_images, 16);
AT(iio_props, nbytes, 24);
AT(iio_props, shape, 32);
AT(iio_props, spacing, 96);
AT(iio_props, axes, 160);
AT(iio_props, color, 176);
AT(iio_props, bits, 180);
AT(iio_props, flags, 184);
AT(iio_props, orientation, 188);
SIZE(iio_props, 192);

AT(iio_array, struct_size, 0);
AT(iio_array, dtype, 4);
AT(iio_array, ndim, 8);
AT(iio_array, flags, 12);
AT(iio_array, data, 16);
AT(iio_array, shape, 24);
AT(iio_array, strides, 88);
SIZE(iio_array, 152);

AT(iio_callbacks, struct_size, 0);
AT(iio_callbacks, flags, 4);
AT(iio_callbacks, user, 8);
AT(iio_callbacks, read, 16);
AT(iio_callbacks, write, 24);
AT(iio_callbacks, seek, 32);
AT(iio_callbacks, size, 40);
AT(iio_callbacks, close, 48);
AT(iio_callbacks, finish, 56);
SIZE(iio_callbacks, 64);

AT(iio_host, struct_size, 0);
AT(iio_host, abi_version, 4);
AT(iio_host, symbol, 8);
AT(iio_host, fail, 16);
AT(iio_host, progress, 24);
SIZE(iio_host, 32);

AT(iio_plugin, struct_size, 0);
AT(iio_plugin, flags, 4);
AT(iio_plugin, user, 8);
AT(iio_plugin, declaration, 16);
AT(iio_plugin, probe, 24);
AT(iio_plugin, open, 32);
AT(iio_plugin, count, 40);
AT(iio_plugin, props, 48);
AT(iio_plugin, read, 56);
AT(iio_plugin, meta, 64);
AT(iio_plugin, iter, 72);
AT(iio_plugin, next_props, 80);
AT(iio_plugin, next, 88);
AT(iio_plugin, next_meta, 96);
AT(iio_plugin, seek, 104);
AT(iio_plugin, iter_free, 112);
AT(iio_plugin, write, 120);
AT(iio_plugin, call, 128);
AT(iio_plugin, finish, 136);
AT(iio_plugin, close, 144);
AT(iio_plugin, destroy, 152);
SIZE(iio_plugin, 160);

IS(IIO_MAX_NDIM, 8);
IS(IIO_INDEX_DEFAULT, INT64_MIN);
IS(IIO_INDEX_ALL, (INT64_MIN + 1));
IS(IIO_IMAGES_EXACT, 0);
IS(IIO_IMAGES_CHEAP, 1);
IS(IIO_ARRAY_STRIDED, 1);
IS(IIO_CALLBACKS_ANY_THREAD, 1);
IS(IIO_PROPS_PREMULTIPLIED, 1);
IS(IIO_PROPS_ORIENTED, 2);

IS(IIO_BOOL, 1);
IS(IIO_UINT8, 2);
IS(IIO_UINT16, 3);
IS(IIO_UINT32, 4);
IS(IIO_UINT64, 5);
IS(IIO_INT8, 6);
IS(IIO_INT16, 7);
IS(IIO_INT32, 8);
IS(IIO_INT64, 9);
IS(IIO_FLOAT16, 10);
IS(IIO_FLOAT32, 11);
IS(IIO_FLOAT64, 12);
IS(IIO_COMPLEX64, 13);
IS(IIO_COMPLEX128, 14);

IS(IIO_COLOR_UNKNOWN, 0);
IS(IIO_COLOR_GRAY, 1);
IS(IIO_COLOR_GRAY_ALPHA, 2);
IS(IIO_COLOR_RGB, 3);
IS(IIO_COLOR_RGBA, 4);
IS(IIO_COLOR_BGR, 5);
IS(IIO_COLOR_BGRA, 6);
IS(IIO_COLOR_CMYK, 7);
IS(IIO_COLOR_YCBCR, 8);
IS(IIO_COLOR_LAB, 9);
IS(IIO_COLOR_HSV, 10);
IS(IIO_COLOR_PALETTE, 11);
IS(IIO_COLOR_BAYER, 12);
IS(IIO_COLOR_MULTI, 13);

IS(IIO_KIND_ABSENT, 0);
IS(IIO_KIND_NULL, 1);
IS(IIO_KIND_BOOL, 2);
IS(IIO_KIND_INT, 3);
IS(IIO_KIND_FLOAT, 4);
IS(IIO_KIND_STRING, 5);
IS(IIO_KIND_BYTES, 6);
IS(IIO_KIND_ARRAY, 7);
IS(IIO_KIND_LIST, 8);
IS(IIO_KIND_DICT, 9);
IS(IIO_KIND_CALLBACK, 10);

IS(IIO_LOG_ERROR, 1);
IS(IIO_LOG_WARNING, 2);
IS(IIO_LOG_INFO, 3);
IS(IIO_LOG_DEBUG, 4);

IS(IIO_OK, 0);
IS(IIO_END, 1);
IS(IIO_PARTIAL, 2);
IS(IIO_ERROR_INVALID_ARGUMENT, -1);
IS(IIO_ERROR_NOT_FOUND, -2);
IS(IIO_ERROR_PERMISSION, -3);
IS(IIO_ERROR_IO, -4);
IS(IIO_ERROR_UNKNOWN_PLUGIN, -5);
IS(IIO_ERROR_NO_BACKEND, -6);
IS(IIO_ERROR_PLUGIN_UNAVAILABLE, -7);
IS(IIO_ERROR_UNSUPPORTED, -8);
IS(IIO_ERROR_CORRUPT, -9);
IS(IIO_ERROR_INDEX, -10);
IS(IIO_ERROR_BUFFER_TOO_SMALL, -11);
IS(IIO_ERROR_UNKNOWN_OPTION, -12);
IS(IIO_ERROR_INVALID_OPTION, -13);
IS(IIO_ERROR_SHAPE, -14);
IS(IIO_ERROR_LIMIT, -15);
IS(IIO_ERROR_CANCELLED, -16);
IS(IIO_ERROR_MODE, -17);
IS(IIO_ERROR_NETWORK, -18);
IS(IIO_ERROR_OUT_OF_MEMORY, -19);
IS(IIO_ERROR_BUSY, -20);
IS(IIO_ERROR_INTERNAL, -99);

/* Each initialiser gives the size and nothing else. */
static void initialisers_set_the_size_alone(void) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* to be dropped once the header's macros name every member */
  iio_props p = IIO_PROPS_INIT, p0;
  iio_array a = IIO_ARRAY_INIT, a0;
  iio_callbacks c = IIO_CALLBACKS_INIT, c0;
#pragma GCC diagnostic pop
  memset(&p0, 0, sizeof p0);
  memset(&a0, 0, sizeof a0);
  memset(&c0, 0, sizeof c0);
  p0.struct_size = sizeof p0;
  a0.struct_size = sizeof a0;
  c0.struct_size = sizeof c0;
  CHECK(memcmp(&p, &p0, sizeof p) == 0);
  CHECK(memcmp(&a, &a0, sizeof a) == 0);
  CHECK(memcmp(&c, &c0, sizeof c) == 0);
}

static void the_header_and_the_library_are_of_one_version(void) {
  char version[32];
  snprintf(version, sizeof version, "%d.%d.%d", IIO_VERSION_MAJOR, IIO_VERSION_MINOR, IIO_VERSION_PATCH);
  CHECK_STRING(iio_version(), version);
  CHECK_INT(iio_abi_version(), IIO_ABI_VERSION);
}

static void every_status_has_its_name(void) {
#define NAMED(status) CHECK_STRING(iio_status_name(status), #status)
  NAMED(IIO_OK);
  NAMED(IIO_END);
  NAMED(IIO_PARTIAL);
  NAMED(IIO_ERROR_INVALID_ARGUMENT);
  NAMED(IIO_ERROR_NOT_FOUND);
  NAMED(IIO_ERROR_PERMISSION);
  NAMED(IIO_ERROR_IO);
  NAMED(IIO_ERROR_UNKNOWN_PLUGIN);
  NAMED(IIO_ERROR_NO_BACKEND);
  NAMED(IIO_ERROR_PLUGIN_UNAVAILABLE);
  NAMED(IIO_ERROR_UNSUPPORTED);
  NAMED(IIO_ERROR_CORRUPT);
  NAMED(IIO_ERROR_INDEX);
  NAMED(IIO_ERROR_BUFFER_TOO_SMALL);
  NAMED(IIO_ERROR_UNKNOWN_OPTION);
  NAMED(IIO_ERROR_INVALID_OPTION);
  NAMED(IIO_ERROR_SHAPE);
  NAMED(IIO_ERROR_LIMIT);
  NAMED(IIO_ERROR_CANCELLED);
  NAMED(IIO_ERROR_MODE);
  NAMED(IIO_ERROR_NETWORK);
  NAMED(IIO_ERROR_OUT_OF_MEMORY);
  NAMED(IIO_ERROR_BUSY);
  NAMED(IIO_ERROR_INTERNAL);
  CHECK_STRING(iio_status_name(-98), "unknown");
  CHECK_STRING(iio_status_name(12345), "unknown");
  CHECK_STRING(iio_status_name(INT32_MIN), "unknown");
}

static void every_dtype_has_numpys_name_and_its_size(void) {
  static const struct { iio_dtype dtype; const char *name; size_t size; } dtypes[] = {
    {IIO_BOOL, "bool", 1},       {IIO_UINT8, "uint8", 1},     {IIO_UINT16, "uint16", 2},     {IIO_UINT32, "uint32", 4},
    {IIO_UINT64, "uint64", 8},   {IIO_INT8, "int8", 1},       {IIO_INT16, "int16", 2},       {IIO_INT32, "int32", 4},
    {IIO_INT64, "int64", 8},     {IIO_FLOAT16, "float16", 2}, {IIO_FLOAT32, "float32", 4},   {IIO_FLOAT64, "float64", 8},
    {IIO_COMPLEX64, "complex64", 8}, {IIO_COMPLEX128, "complex128", 16}};
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
    CHECK_STRING(iio_dtype_name(dtypes[i].dtype), dtypes[i].name);
    CHECK_INT(iio_dtype_size(dtypes[i].dtype), dtypes[i].size);
  }
  const iio_dtype unknown[] = {0, -1, IIO_COMPLEX128 + 1, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
    CHECK_INT(iio_dtype_size(unknown[i]), 0);
    (void)iio_dtype_name(unknown[i]); /* what it gives then is open; it may not crash */
  }
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(initialisers_set_the_size_alone);
  RUN(the_header_and_the_library_are_of_one_version);
  RUN(every_status_has_its_name);
  RUN(every_dtype_has_numpys_name_and_its_size);
  return check_finish();
}
