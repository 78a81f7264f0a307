/* See shim.h. */
#include "shim.h"

#include <jxl/encode.h>
#include <jxl/thread_parallel_runner.h>
#include <stdlib.h>
#include <string.h>

struct shim_encoder {
  JxlEncoder *encoder;
  void *runner;
  JxlEncoderFrameSettings *frame;
  JxlPixelFormat format;
  int animated;
};

#define TRY(call)                          \
  do {                                     \
    *step = #call;                         \
    if ((call) != JXL_ENC_SUCCESS) return SHIM_ARGUMENT; \
  } while (0)

static int32_t describe(shim_encoder *self, const shim_settings *settings, const char **step) {
  JxlBasicInfo info;
  uint32_t bits = settings->kind % 100, exponent = settings->kind == 116 ? 5 : settings->kind == 132 ? 8 : 0;
  int alpha = settings->samples % 2 == 0;
  JxlEncoderInitBasicInfo(&info);
  info.xsize = settings->width;
  info.ysize = settings->height;
  info.bits_per_sample = bits;
  info.exponent_bits_per_sample = exponent;
  info.num_color_channels = settings->samples < 3 ? 1 : 3;
  info.num_extra_channels = alpha ? 1 : 0;
  info.alpha_bits = alpha ? bits : 0;
  info.alpha_exponent_bits = alpha ? exponent : 0;
  /* Lossless, the numbers themselves are stored and not a model of what is seen. */
  info.uses_original_profile = settings->lossless ? JXL_TRUE : JXL_FALSE;
  if (settings->animated) {
    info.have_animation = JXL_TRUE;
    info.animation.tps_numerator = 1000;
    info.animation.tps_denominator = 1;
    info.animation.num_loops = settings->loops;
  }
  TRY(JxlEncoderSetBasicInfo(self->encoder, &info));
  if (settings->icc.size) {
    TRY(JxlEncoderSetICCProfile(self->encoder, settings->icc.data, settings->icc.size));
  } else {
    JxlColorEncoding color;
    if (exponent) {
      JxlColorEncodingSetToLinearSRGB(&color, settings->samples < 3);
    } else {
      JxlColorEncodingSetToSRGB(&color, settings->samples < 3);
    }
    TRY(JxlEncoderSetColorEncoding(self->encoder, &color));
  }
  return SHIM_OK;
}

/* Before the block of EXIF stands where in it the TIFF header is. */
static int32_t embed(shim_encoder *self, const shim_settings *settings, const char **step) {
  if (!settings->exif.size && !settings->xmp.size) return SHIM_OK;
  TRY(JxlEncoderUseBoxes(self->encoder));
  if (settings->exif.size) {
    uint8_t *block = calloc(1, settings->exif.size + 4);
    JxlEncoderStatus status;
    if (!block) return SHIM_MEMORY;
    memcpy(block + 4, settings->exif.data, settings->exif.size);
    status = JxlEncoderAddBox(self->encoder, "Exif", block, settings->exif.size + 4, JXL_FALSE);
    free(block);
    *step = "JxlEncoderAddBox of EXIF";
    if (status != JXL_ENC_SUCCESS) return SHIM_ARGUMENT;
  }
  if (settings->xmp.size) {
    TRY(JxlEncoderAddBox(self->encoder, "xml ", settings->xmp.data, settings->xmp.size, JXL_FALSE));
  }
  JxlEncoderCloseBoxes(self->encoder);
  return SHIM_OK;
}

static int32_t prepare(shim_encoder *self, const shim_settings *settings, const char **step) {
  int32_t done;
  static const JxlDataType types[] = {JXL_TYPE_UINT8, JXL_TYPE_UINT16, JXL_TYPE_FLOAT16, JXL_TYPE_FLOAT};
  TRY(JxlEncoderSetParallelRunner(self->encoder, JxlThreadParallelRunner, self->runner));
  if (settings->exif.size || settings->xmp.size) TRY(JxlEncoderUseContainer(self->encoder, JXL_TRUE));
  done = describe(self, settings, step);
  if (done != SHIM_OK) return done;
  done = embed(self, settings, step);
  if (done != SHIM_OK) return done;
  *step = "JxlEncoderFrameSettingsCreate";
  self->frame = JxlEncoderFrameSettingsCreate(self->encoder, NULL);
  if (!self->frame) return SHIM_MEMORY;
  TRY(JxlEncoderFrameSettingsSetOption(self->frame, JXL_ENC_FRAME_SETTING_EFFORT, settings->effort));
  TRY(JxlEncoderFrameSettingsSetOption(self->frame, JXL_ENC_FRAME_SETTING_DECODING_SPEED, settings->decoding_speed));
  if (settings->progressive) {
    TRY(JxlEncoderFrameSettingsSetOption(self->frame, JXL_ENC_FRAME_SETTING_PROGRESSIVE_AC, 1));
  }
  if (settings->lossless) {
    TRY(JxlEncoderSetFrameLossless(self->frame, JXL_TRUE));
  } else {
    TRY(JxlEncoderSetFrameDistance(self->frame, settings->distance));
  }
  self->format.num_channels = settings->samples;
  self->format.data_type = types[settings->kind == 8 ? 0 : settings->kind == 16 ? 1 : settings->kind == 116 ? 2 : 3];
  self->format.endianness = JXL_NATIVE_ENDIAN;
  self->format.align = 0;
  self->animated = settings->animated;
  return SHIM_OK;
}

int32_t shim_new(const shim_settings *settings, shim_encoder **out, const char **step) {
  shim_encoder *self = calloc(1, sizeof *self);
  int32_t done = SHIM_MEMORY;
  *step = "JxlEncoderCreate";
  if (!self) return SHIM_MEMORY;
  self->encoder = JxlEncoderCreate(NULL);
  /* The caller's thread works, too. */
  self->runner = JxlThreadParallelRunnerCreate(NULL, settings->threads > 1 ? (size_t)settings->threads : 0);
  if (self->encoder && self->runner) done = prepare(self, settings, step);
  if (done != SHIM_OK) {
    shim_free(self);
    return done;
  }
  *out = self;
  return SHIM_OK;
}

int32_t shim_add(shim_encoder *self, const uint8_t *pixels, size_t size, uint32_t milliseconds, const char **step) {
  if (self->animated) {
    JxlFrameHeader header;
    JxlEncoderInitFrameHeader(&header);
    header.duration = milliseconds;
    TRY(JxlEncoderSetFrameHeader(self->frame, &header));
  }
  TRY(JxlEncoderAddImageFrame(self->frame, &self->format, pixels, size));
  return SHIM_OK;
}

void shim_close(shim_encoder *self) { JxlEncoderCloseInput(self->encoder); }

int32_t shim_next(shim_encoder *self, uint8_t *room, size_t size, size_t *written) {
  uint8_t *next = room;
  size_t left = size;
  JxlEncoderStatus status = JxlEncoderProcessOutput(self->encoder, &next, &left);
  *written = size - left;
  return status == JXL_ENC_SUCCESS ? 0 : status == JXL_ENC_NEED_MORE_OUTPUT ? 1 : -1;
}

void shim_free(shim_encoder *self) {
  if (self->encoder) JxlEncoderDestroy(self->encoder);
  if (self->runner) JxlThreadParallelRunnerDestroy(self->runner);
  free(self);
}
