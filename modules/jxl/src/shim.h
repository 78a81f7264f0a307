/* What the module asks of libjxl, without its structs. */
#ifndef IIO_JXL_SHIM_H
#define IIO_JXL_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* How a call ended. */
enum { SHIM_OK, SHIM_MEMORY, SHIM_ARGUMENT, SHIM_INTERNAL };

typedef struct shim_encoder shim_encoder;

typedef struct shim_bytes {
  const uint8_t *data;
  size_t size;
} shim_bytes;

typedef struct shim_settings {
  uint32_t width, height;
  /* 1 gray, 2 with alpha, 3 RGB, 4 RGBA. */
  uint32_t samples;
  /* 8 and 16 whole numbers; 116 and 132 floats of 16 and 32 bits. */
  uint32_t kind;
  int32_t lossless;
  float distance;
  int32_t effort, decoding_speed;
  int32_t progressive;
  int32_t threads;
  /* Frames with times in milliseconds; how often they play, 0: for ever. */
  int32_t animated;
  uint32_t loops;
  shim_bytes icc, exif, xmp;
} shim_settings;

/* `step` tells which call of libjxl failed. */
int32_t shim_new(const shim_settings *settings, shim_encoder **out, const char **step);
int32_t shim_add(shim_encoder *encoder, const uint8_t *pixels, size_t size, uint32_t milliseconds, const char **step);
/* Nothing more comes. */
void shim_close(shim_encoder *encoder);
/* The next bytes of the file: 1 there is more, 0 that was all, -1 failed. */
int32_t shim_next(shim_encoder *encoder, uint8_t *room, size_t size, size_t *written);
void shim_free(shim_encoder *encoder);

#endif
