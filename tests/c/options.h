/* Dictionaries of options in one line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "check.h"

/* From JSON, with ' for "; NULL for "{}". The caller frees. */
static inline iio_dict *options_of(const char *json) {
  char text[1024];
  size_t n = strlen(json);
  if (n >= sizeof text) abort();
  for (size_t i = 0; i <= n; i++) text[i] = json[i] == '\'' ? '"' : json[i];
  iio_dict *d = NULL;
  if (iio_dict_from_json(text, &d) != IIO_OK || !d) CHECK_SAY("iio_dict_from_json refuses %s", text);
  return d;
}

/* One number or text out of iio_error_details. */
static inline int64_t detail_int(const char *key, int64_t otherwise) {
  iio_dict *d = NULL;
  int64_t v = otherwise;
  if (iio_error_details(&d) == IIO_OK && d && iio_dict_get_int(d, key, &v) != IIO_OK) v = otherwise;
  iio_dict_free(d);
  return v;
}

/* Of one dictionary. */
static inline int64_t int_of(const iio_dict *d, const char *key, int64_t otherwise) {
  int64_t v = otherwise;
  return d && iio_dict_get_int(d, key, &v) == IIO_OK ? v : otherwise;
}

static inline double float_of(const iio_dict *d, const char *key, double otherwise) {
  double v = otherwise;
  return d && iio_dict_get_float(d, key, &v) == IIO_OK ? v : otherwise;
}

#endif
