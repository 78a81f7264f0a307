/* The part of libjpeg that decodes by rows, behind calls that return. */
#ifndef CODEC_JPEG_SHIM_H
#define CODEC_JPEG_SHIM_H

#include <stddef.h>
#include <stdint.h>

/* A decoder. One thread at a time. */
typedef struct codec_jpeg codec_jpeg;

/* What a call answers. */
enum { CODEC_JPEG_FAILED = 0, CODEC_JPEG_DONE = 1, CODEC_JPEG_TABLES_ONLY = 2 };

/* What the file says before its first scan. */
typedef struct codec_jpeg_header {
  uint32_t width, height;
  int32_t components, precision;
  int32_t color; /* libjpeg's J_COLOR_SPACE: 1 gray, 2 RGB, 3 YCbCr, 4 CMYK, 5 YCCK; else unknown */
  int32_t progressive, lossless, arithmetic;
  int32_t density_x, density_y, density_unit;
  int32_t restart_interval; /* in MCUs; 0: no markers */
  int32_t components_in_scan;
  int32_t h[4], v[4]; /* sampling factors of the first four components */
  size_t scan;        /* where the data of the first scan begin */
} codec_jpeg_header;

/* How to decode. */
typedef struct codec_jpeg_job {
  int32_t color;       /* 0 gray, 1 RGB, 2 BGR, 3 RGBA, 4 CMYK */
  int32_t divisor;     /* of both sides: 1, 2, 4 or 8 */
  int32_t strict;      /* the first warning is an error */
  int32_t restart;     /* with `scan`: the number that the first restart marker has, 0 to 7 */
  size_t max_memory;   /* bytes beside the output; 0: any */
  uint32_t crop_x, crop_width; /* columns of the scaled image; a width of 0: all */
  /* Data of the scan, where they are not the ones behind the header. */
  const uint8_t *scan;
  size_t scan_size;
} codec_jpeg_job;

/* What came of the start. */
typedef struct codec_jpeg_started {
  uint32_t width, height;          /* of what is read */
  uint32_t components;             /* samples of a pixel */
  uint32_t mcus_per_row, mcu_rows; /* of the first scan */
  uint32_t rows_per_mcu_row;       /* rows of the output in a row of MCUs */
} codec_jpeg_started;

codec_jpeg *codec_jpeg_new(int32_t most_scans); /* NULL: no memory */
void codec_jpeg_free(codec_jpeg *decoder);

/* Reads the segments up to the first scan. Tables stay for streams to come. */
int32_t codec_jpeg_read_header(codec_jpeg *decoder, const uint8_t *data, size_t size, codec_jpeg_header *header);
/* Begins to decode; the bytes are followed until the end of the decoding. */
int32_t codec_jpeg_start(codec_jpeg *decoder, const uint8_t *data, size_t size, const codec_jpeg_job *job,
                         codec_jpeg_started *started);
/* Decodes rows, which begin `pitch` bytes apart. */
int32_t codec_jpeg_read(codec_jpeg *decoder, void *rows, size_t pitch, uint32_t count);
/* Passes over rows; at the end of the image without a look at their data. */
int32_t codec_jpeg_skip(codec_jpeg *decoder, uint32_t count);
/* Reads on to the end of the image. All rows were read or skipped. */
int32_t codec_jpeg_finish(codec_jpeg *decoder);

/* Whether the data met a warning since the header was last read, and the words of the first one or of the failure. */
int32_t codec_jpeg_warned(const codec_jpeg *decoder);
const char *codec_jpeg_text(const codec_jpeg *decoder);

#endif
