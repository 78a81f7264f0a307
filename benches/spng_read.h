/* Reads a PNG from a path with libspng, as a program would that has nothing else. */
#ifndef SPNG_READ_H
#define SPNG_READ_H

#include <spng.h>
#include <stdio.h>

/* 0, or what failed. */
static int spng_read(const char *path, void *buffer, size_t capacity)
{
  int failed = -1;
  size_t size;
  FILE *file = fopen(path, "rb");
  spng_ctx *context = file ? spng_ctx_new(0) : NULL;

  if (context && !(failed = spng_set_png_file(context, file)) &&
      !(failed = spng_decoded_image_size(context, SPNG_FMT_PNG, &size))) {
    failed = size <= capacity ? spng_decode_image(context, buffer, capacity, SPNG_FMT_PNG, 0) : -1;
  }
  spng_ctx_free(context);
  if (file) fclose(file);
  return failed;
}

#endif
