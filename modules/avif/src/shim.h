/* What the module asks of libavif, without its structs. */
#ifndef IIO_AVIF_SHIM_H
#define IIO_AVIF_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* How a call ended. */
enum { SHIM_OK, SHIM_CORRUPT, SHIM_UNSUPPORTED, SHIM_LIMIT, SHIM_MEMORY, SHIM_ARGUMENT, SHIM_INTERNAL };

/* Room for a message, its NUL with it. */
enum { SHIM_MESSAGE = 512 };

typedef struct shim_decoder shim_decoder;
typedef struct shim_encoder shim_encoder;

typedef struct shim_bytes {
  const uint8_t *data;
  size_t size;
} shim_bytes;

/* What a file says before anything is decoded. The bytes live as long as the decoder. */
typedef struct shim_info {
  uint32_t width, height, depth;
  uint32_t has_alpha;
  uint32_t premultiplied;
  /* 444, 422, 420 or 400. */
  uint32_t chroma;
  uint32_t count;
  /* Quarter turns against the clock, and the axis of the mirror behind them; -1: none. */
  int32_t turns, mirror;
  uint32_t primaries, transfer, matrix, full_range;
  shim_bytes icc, exif, xmp;
} shim_info;

/* `data` lives as long as the decoder. */
int32_t shim_open(const uint8_t *data, size_t size, int32_t threads, shim_decoder **out, char *message);
void shim_info_of(const shim_decoder *decoder, shim_info *info);
/* Seconds. */
int32_t shim_time(const shim_decoder *decoder, uint32_t index, double *start, double *duration);
/* Rows of RGB or RGBA; items of two bytes where `depth` is over 8. */
int32_t shim_read(shim_decoder *decoder, uint32_t index, uint32_t depth, uint8_t *pixels, uint32_t pitch, char *message);
void shim_close(shim_decoder *decoder);

typedef struct shim_settings {
  int32_t threads;
  /* 0 to 100 for the pixels and for alpha; lossless at 100. */
  int32_t quality, alpha_quality;
  int32_t lossless;
  /* -1: the encoder's own. */
  int32_t speed;
  /* 444, 422, 420 or 400. */
  int32_t chroma;
  int32_t full_range;
  int32_t premultiplied;
  int32_t auto_tiling;
  /* NULL: any. */
  const char *codec;
  shim_bytes icc, exif, xmp;
} shim_settings;

int32_t shim_encoder_new(const shim_settings *settings, shim_encoder **out, char *message);
int32_t shim_encoder_option(shim_encoder *encoder, const char *key, const char *value);
/* `samples` 1 gray, 2 with alpha, 3 RGB, 4 RGBA, packed. `single`: no other follows. */
int32_t shim_encoder_add(shim_encoder *encoder, const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t samples,
                         uint32_t depth, uint64_t milliseconds, int32_t single, char *message);
/* The file, which lives as long as the encoder. */
int32_t shim_encoder_finish(shim_encoder *encoder, shim_bytes *file, char *message);
void shim_encoder_free(shim_encoder *encoder);

#endif
