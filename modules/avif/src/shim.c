/* See shim.h. Nothing here trusts a file: libavif checks it, and what is passed in was checked in Rust. */
#include "shim.h"

#include <avif/avif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct shim_decoder {
  avifDecoder *decoder;
};

struct shim_encoder {
  avifEncoder *encoder;
  shim_settings settings;
  /* Every image is encoded as the first one was. */
  avifRWData output;
};

static int32_t kind_of(avifResult result, const char *said) {
  switch (result) {
    case AVIF_RESULT_OK:
      return SHIM_OK;
    case AVIF_RESULT_OUT_OF_MEMORY:
      return SHIM_MEMORY;
    case AVIF_RESULT_UNSUPPORTED_DEPTH:
    case AVIF_RESULT_NOT_IMPLEMENTED:
    case AVIF_RESULT_NO_CODEC_AVAILABLE:
    /* Colours that libavif has no way to or from: of a file as of a write. */
    case AVIF_RESULT_REFORMAT_FAILED:
      return SHIM_UNSUPPORTED;
    case AVIF_RESULT_INVALID_CODEC_SPECIFIC_OPTION:
    case AVIF_RESULT_INVALID_ARGUMENT:
    case AVIF_RESULT_INCOMPATIBLE_IMAGE:
    case AVIF_RESULT_CANNOT_CHANGE_SETTING:
    case AVIF_RESULT_INVALID_EXIF_PAYLOAD:
    case AVIF_RESULT_NO_YUV_FORMAT_SELECTED:
      return SHIM_ARGUMENT;
    case AVIF_RESULT_ENCODE_COLOR_FAILED:
    case AVIF_RESULT_ENCODE_ALPHA_FAILED:
    case AVIF_RESULT_IO_NOT_SET:
    case AVIF_RESULT_UNKNOWN_ERROR:
      return SHIM_INTERNAL;
    default:
      /* libavif has a limit of its own for pixels and sides. */
      return said && strstr(said, "too large") ? SHIM_LIMIT : SHIM_CORRUPT;
  }
}

static int32_t tell(avifResult result, const avifDiagnostics *diagnostics, char *message) {
  const char *said = diagnostics ? diagnostics->error : "";
  if (result != AVIF_RESULT_OK && message) {
    snprintf(message, SHIM_MESSAGE, "%s%s%s", avifResultToString(result), *said ? ": " : "", said);
  }
  return kind_of(result, said);
}

int32_t shim_open(const uint8_t *data, size_t size, int32_t threads, shim_decoder **out, char *message) {
  shim_decoder *self = calloc(1, sizeof *self);
  avifResult result;
  int32_t kind;
  if (self) self->decoder = avifDecoderCreate();
  if (!self || !self->decoder) {
    free(self);
    return SHIM_MEMORY;
  }
  self->decoder->maxThreads = threads;
  /* As Pillow has it: what these flags ask for, files of older writers lack. */
  self->decoder->strictFlags = AVIF_STRICT_DISABLED;
  result = avifDecoderSetIOMemory(self->decoder, data, size);
  if (result == AVIF_RESULT_OK) result = avifDecoderParse(self->decoder);
  kind = tell(result, &self->decoder->diag, message);
  if (kind != SHIM_OK) {
    shim_close(self);
    return kind;
  }
  {
    /* A frame may be larger than the image by the rest of a tile, not by orders of magnitude. */
    const avifImage *image = self->decoder->image;
    uint64_t pixels = (uint64_t)image->width * image->height, most = pixels * 4 + (1u << 20);
    if (most < self->decoder->imageSizeLimit) self->decoder->imageSizeLimit = (uint32_t)most;
    /* To start threads takes longer than to decode a small image. */
    if (pixels < 256 * 256) self->decoder->maxThreads = 1;
  }
  *out = self;
  return SHIM_OK;
}

static uint32_t chroma_of(avifPixelFormat format) {
  switch (format) {
    case AVIF_PIXEL_FORMAT_YUV444:
      return 444;
    case AVIF_PIXEL_FORMAT_YUV422:
      return 422;
    case AVIF_PIXEL_FORMAT_YUV400:
      return 400;
    default:
      return 420;
  }
}

static shim_bytes bytes_of(const avifRWData *data) {
  shim_bytes bytes = {data->data, data->size};
  return bytes;
}

void shim_info_of(const shim_decoder *self, shim_info *info) {
  const avifDecoder *decoder = self->decoder;
  const avifImage *image = decoder->image;
  info->width = image->width;
  info->height = image->height;
  info->depth = image->depth;
  info->has_alpha = decoder->alphaPresent != AVIF_FALSE;
  info->premultiplied = image->alphaPremultiplied != AVIF_FALSE;
  info->chroma = chroma_of(image->yuvFormat);
  info->count = decoder->imageCount > 0 ? (uint32_t)decoder->imageCount : 0;
  info->turns = image->transformFlags & AVIF_TRANSFORM_IROT ? image->irot.angle & 3 : -1;
#if AVIF_VERSION >= 1000000
  info->mirror = image->transformFlags & AVIF_TRANSFORM_IMIR ? image->imir.axis & 1 : -1;
#else
  info->mirror = image->transformFlags & AVIF_TRANSFORM_IMIR ? image->imir.mode & 1 : -1;
#endif
  info->primaries = image->colorPrimaries;
  info->transfer = image->transferCharacteristics;
  info->matrix = image->matrixCoefficients;
  info->full_range = image->yuvRange == AVIF_RANGE_FULL;
  info->icc = bytes_of(&image->icc);
  info->exif = bytes_of(&image->exif);
  info->xmp = bytes_of(&image->xmp);
}

int32_t shim_time(const shim_decoder *self, uint32_t index, double *start, double *duration) {
  avifImageTiming timing;
  avifResult result = avifDecoderNthImageTiming(self->decoder, index, &timing);
  if (result != AVIF_RESULT_OK) return kind_of(result, NULL);
  *start = timing.pts;
  *duration = timing.duration;
  return SHIM_OK;
}

int32_t shim_read(shim_decoder *self, uint32_t index, uint32_t depth, uint8_t *pixels, uint32_t pitch, char *message) {
  avifDecoder *decoder = self->decoder;
  uint32_t width = decoder->image->width, height = decoder->image->height;
  avifRGBImage rgb;
  avifResult result = avifDecoderNthImage(decoder, index);
  int32_t kind = tell(result, &decoder->diag, message);
  if (kind != SHIM_OK) return kind;
  /* The place of the pixels was made for what the header says. */
  if (decoder->image->width != width || decoder->image->height != height) {
    snprintf(message, SHIM_MESSAGE, "the image is not of the size that the header says");
    return SHIM_CORRUPT;
  }
  memset(&rgb, 0, sizeof rgb);
  avifRGBImageSetDefaults(&rgb, decoder->image);
  rgb.format = decoder->alphaPresent ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.depth = depth;
#if AVIF_VERSION >= 1000000
  rgb.maxThreads = decoder->maxThreads;
#endif
  /* libyuv, which libavif 1 has for deep samples, rounds down what libavif itself rounds to the nearest. */
  rgb.avoidLibYUV = decoder->image->depth > 8 ? AVIF_TRUE : AVIF_FALSE;
  rgb.pixels = pixels;
  rgb.rowBytes = pitch;
  return tell(avifImageYUVToRGB(decoder->image, &rgb), NULL, message);
}

void shim_close(shim_decoder *self) {
  avifDecoderDestroy(self->decoder);
  free(self);
}

/* The quantizer of a quality, as libavif 1 has it. */
#if AVIF_VERSION < 1000000
static int quantizer_of(int32_t quality) { return ((100 - quality) * 63 + 50) / 100; }
#endif

int32_t shim_encoder_new(const shim_settings *settings, shim_encoder **out, char *message) {
  shim_encoder *self;
  avifCodecChoice codec = AVIF_CODEC_CHOICE_AUTO;
  if (settings->codec) codec = avifCodecChoiceFromName(settings->codec);
  if ((settings->codec && codec == AVIF_CODEC_CHOICE_AUTO) || !avifCodecName(codec, AVIF_CODEC_FLAG_CAN_ENCODE)) {
    snprintf(message, SHIM_MESSAGE, "this libavif has no encoder %s", settings->codec ? settings->codec : "for AV1");
    return SHIM_UNSUPPORTED;
  }
  self = calloc(1, sizeof *self);
  if (self) self->encoder = avifEncoderCreate();
  if (!self || !self->encoder) {
    free(self);
    return SHIM_MEMORY;
  }
  self->settings = *settings;
  self->encoder->codecChoice = codec;
  self->encoder->maxThreads = settings->threads;
  self->encoder->speed = settings->speed;
  self->encoder->timescale = 1000;
  self->encoder->autoTiling = settings->auto_tiling ? AVIF_TRUE : AVIF_FALSE;
#if AVIF_VERSION >= 1000000
  self->encoder->quality = settings->quality;
  self->encoder->qualityAlpha = settings->alpha_quality;
#else
  self->encoder->minQuantizer = self->encoder->maxQuantizer = quantizer_of(settings->quality);
  self->encoder->minQuantizerAlpha = self->encoder->maxQuantizerAlpha = quantizer_of(settings->alpha_quality);
#endif
  *out = self;
  return SHIM_OK;
}

int32_t shim_encoder_option(shim_encoder *self, const char *key, const char *value) {
#if AVIF_VERSION >= 1000000
  return kind_of(avifEncoderSetCodecSpecificOption(self->encoder, key, value), NULL);
#else
  avifEncoderSetCodecSpecificOption(self->encoder, key, value);
  return SHIM_OK;
#endif
}

/* Gray samples are luminance as they are, in the full range. */
static avifResult put_gray(avifImage *image, const uint8_t *pixels, uint32_t samples) {
  size_t size = image->depth > 8 ? 2 : 1;
  uint32_t y, x;
  avifResult result = avifImageAllocatePlanes(image, samples == 2 ? AVIF_PLANES_ALL : AVIF_PLANES_YUV);
  if (result != AVIF_RESULT_OK) return result;
  for (y = 0; y < image->height; y++) {
    uint8_t *luma = image->yuvPlanes[AVIF_CHAN_Y] + (size_t)y * image->yuvRowBytes[AVIF_CHAN_Y];
    uint8_t *alpha = samples == 2 ? image->alphaPlane + (size_t)y * image->alphaRowBytes : NULL;
    for (x = 0; x < image->width; x++) {
      memcpy(luma + x * size, pixels, size);
      if (alpha) memcpy(alpha + x * size, pixels + size, size);
      pixels += size * samples;
    }
  }
  return AVIF_RESULT_OK;
}

static avifResult put_colors(avifImage *image, const uint8_t *pixels, uint32_t samples) {
  avifRGBImage rgb;
  memset(&rgb, 0, sizeof rgb);
  avifRGBImageSetDefaults(&rgb, image);
  rgb.format = samples == 4 ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
  rgb.depth = image->depth;
  rgb.pixels = (uint8_t *)pixels; /* only read */
  rgb.rowBytes = image->width * samples * (image->depth > 8 ? 2 : 1);
  return avifImageRGBToYUV(image, &rgb);
}

static avifResult put_metadata(avifImage *image, const shim_settings *settings) {
#if AVIF_VERSION >= 1000000
  avifResult result = AVIF_RESULT_OK;
  if (settings->icc.size) result = avifImageSetProfileICC(image, settings->icc.data, settings->icc.size);
  if (result == AVIF_RESULT_OK && settings->exif.size)
    result = avifImageSetMetadataExif(image, settings->exif.data, settings->exif.size);
  if (result == AVIF_RESULT_OK && settings->xmp.size)
    result = avifImageSetMetadataXMP(image, settings->xmp.data, settings->xmp.size);
  /* An orientation of EXIF has become a transformation; pixels and EXIF are as they were given. */
  return result;
#else
  if (settings->icc.size) avifImageSetProfileICC(image, settings->icc.data, settings->icc.size);
  if (settings->exif.size) avifImageSetMetadataExif(image, settings->exif.data, settings->exif.size);
  if (settings->xmp.size) avifImageSetMetadataXMP(image, settings->xmp.data, settings->xmp.size);
  return AVIF_RESULT_OK;
#endif
}

int32_t shim_encoder_add(shim_encoder *self, const uint8_t *pixels, uint32_t width, uint32_t height, uint32_t samples,
                         uint32_t depth, uint64_t milliseconds, int32_t single, char *message) {
  const shim_settings *settings = &self->settings;
  avifPixelFormat format = settings->chroma == 444   ? AVIF_PIXEL_FORMAT_YUV444
                           : settings->chroma == 422 ? AVIF_PIXEL_FORMAT_YUV422
                                                     : AVIF_PIXEL_FORMAT_YUV420;
  avifImage *image;
  avifResult result;
  int32_t kind;
  if (settings->lossless) format = AVIF_PIXEL_FORMAT_YUV444;
  if (samples < 3 || settings->chroma == 400) format = AVIF_PIXEL_FORMAT_YUV400;
  image = avifImageCreate(width, height, depth, format);
  if (!image) return SHIM_MEMORY;
  image->yuvRange = settings->full_range || settings->lossless || samples < 3 ? AVIF_RANGE_FULL : AVIF_RANGE_LIMITED;
  image->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
  image->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
  image->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_BT601;
  if (settings->lossless && samples > 2) image->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_IDENTITY;
  image->alphaPremultiplied = settings->premultiplied ? AVIF_TRUE : AVIF_FALSE;
  result = put_metadata(image, settings);
  if (result == AVIF_RESULT_OK) {
    result = samples < 3 ? put_gray(image, pixels, samples) : put_colors(image, pixels, samples);
  }
  if (result == AVIF_RESULT_OK) {
    result = avifEncoderAddImage(self->encoder, image, milliseconds,
                                 single ? AVIF_ADD_IMAGE_FLAG_SINGLE : AVIF_ADD_IMAGE_FLAG_NONE);
  }
  kind = tell(result, &self->encoder->diag, message);
  avifImageDestroy(image);
  return kind;
}

int32_t shim_encoder_finish(shim_encoder *self, shim_bytes *file, char *message) {
  avifResult result = avifEncoderFinish(self->encoder, &self->output);
  *file = bytes_of(&self->output);
  return tell(result, &self->encoder->diag, message);
}

void shim_encoder_free(shim_encoder *self) {
  avifRWDataFree(&self->output);
  avifEncoderDestroy(self->encoder);
  free(self);
}
