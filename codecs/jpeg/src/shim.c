/* libjpeg reports errors by longjmp. Each entry here catches its own, so that none passes a frame of Rust. */

#include "shim.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

/* Pointers to rows that are handed to libjpeg at once. */
enum { ROWS = 64 };

struct codec_jpeg {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  void (*emit_message)(j_common_ptr, int);
  jmp_buf failed;
  int most_scans, strict, warned;
  int restart; /* added to the number of each restart marker; -1: as libjpeg does */
  char text[JMSG_LENGTH_MAX];
};

static codec_jpeg *of(j_common_ptr info) { return (codec_jpeg *)info->client_data; }

static void output_message(j_common_ptr info) { info->err->format_message(info, of(info)->text); }

static void error_exit(j_common_ptr info) {
  output_message(info);
  longjmp(of(info)->failed, 1);
}

/* libjpeg puts out the first warning only. */
static void emit_message(j_common_ptr info, int level) {
  codec_jpeg *decoder = of(info);
  decoder->emit_message(info, level);
  if (level < 0) {
    decoder->warned = 1;
    if (decoder->strict) longjmp(decoder->failed, 1);
  }
}

/* Called before each step through the data of a scan. */
static void count_scans(j_common_ptr info) {
  codec_jpeg *decoder = of(info);
  if (decoder->info.input_scan_number <= decoder->most_scans) return;
  snprintf(decoder->text, sizeof decoder->text, "Progressive JPEG image has more than %d scans", decoder->most_scans);
  longjmp(decoder->failed, 1);
}

/* libjpeg asks this for a marker with another number than it expects. It counts from 0, and so do not the data of a scan
   that begin behind its first restart marker. */
static boolean resync(j_decompress_ptr info, int desired) {
  codec_jpeg *decoder = of((j_common_ptr)info);
  if (decoder->restart < 0) return jpeg_resync_to_restart(info, desired);
  if (info->unread_marker == JPEG_RST0 + ((desired + decoder->restart) & 7)) {
    info->unread_marker = 0;
    return TRUE;
  }
  snprintf(decoder->text, sizeof decoder->text, "Found marker 0x%02x instead of RST%d", info->unread_marker,
           (desired + decoder->restart) & 7);
  longjmp(decoder->failed, 1);
}

/* A function with setjmp has no variable that changes after it. */
static int32_t create(codec_jpeg *decoder) {
  if (setjmp(decoder->failed)) return CODEC_JPEG_FAILED;
  jpeg_create_decompress(&decoder->info);
  return CODEC_JPEG_DONE;
}

codec_jpeg *codec_jpeg_new(int32_t most_scans) {
  codec_jpeg *decoder = calloc(1, sizeof *decoder);
  if (decoder == NULL) return NULL;
  decoder->info.err = jpeg_std_error(&decoder->errors);
  decoder->errors.error_exit = error_exit;
  decoder->errors.output_message = output_message;
  decoder->emit_message = decoder->errors.emit_message;
  decoder->errors.emit_message = emit_message;
  decoder->info.client_data = decoder;
  decoder->most_scans = most_scans;
  if (!create(decoder)) {
    codec_jpeg_free(decoder);
    return NULL;
  }
  decoder->progress.progress_monitor = count_scans;
  decoder->info.progress = &decoder->progress;
  return decoder;
}

void codec_jpeg_free(codec_jpeg *decoder) {
  jpeg_destroy_decompress(&decoder->info);
  free(decoder);
}

/* Reads the header, in whatever state an earlier decoding was left. */
static int read_header(codec_jpeg *decoder, const uint8_t *data, size_t size, boolean require_image) {
  j_decompress_ptr info = &decoder->info;
  jpeg_abort_decompress(info);
  decoder->warned = 0;
  decoder->text[0] = 0;
  jpeg_mem_src(info, data, (unsigned long)size);
  info->src->resync_to_restart = resync;
  return jpeg_read_header(info, require_image);
}

int32_t codec_jpeg_read_header(codec_jpeg *decoder, const uint8_t *data, size_t size, codec_jpeg_header *header) {
  j_decompress_ptr info = &decoder->info;
  int i;
  decoder->strict = 0;
  decoder->restart = -1;
  if (setjmp(decoder->failed)) return CODEC_JPEG_FAILED;
  if (read_header(decoder, data, size, FALSE) == JPEG_HEADER_TABLES_ONLY) return CODEC_JPEG_TABLES_ONLY;
  memset(header, 0, sizeof *header);
  header->width = info->image_width;
  header->height = info->image_height;
  header->components = info->num_components;
  header->precision = info->data_precision;
  header->color = info->jpeg_color_space;
  header->progressive = info->progressive_mode;
  /* Samples that are predicted come by themselves, others by blocks. */
  header->lossless = info->min_DCT_scaled_size == 1;
  header->arithmetic = info->arith_code;
  header->density_x = info->X_density;
  header->density_y = info->Y_density;
  header->density_unit = info->density_unit;
  header->restart_interval = (int32_t)info->restart_interval;
  header->components_in_scan = info->comps_in_scan;
  for (i = 0; i < info->num_components && i < 4; i++) {
    header->h[i] = info->comp_info[i].h_samp_factor;
    header->v[i] = info->comp_info[i].v_samp_factor;
  }
  /* Data that end too early are followed by some of libjpeg's own. */
  header->scan = (uintptr_t)info->src->next_input_byte - (uintptr_t)data;
  if (header->scan > size) header->scan = size;
  return CODEC_JPEG_DONE;
}

int32_t codec_jpeg_start(codec_jpeg *decoder, const uint8_t *data, size_t size, const codec_jpeg_job *job,
                         codec_jpeg_started *started) {
  static const J_COLOR_SPACE colors[] = {JCS_GRAYSCALE, JCS_EXT_RGB, JCS_EXT_BGR, JCS_EXT_RGBA, JCS_CMYK, JCS_UNKNOWN};
  j_decompress_ptr info = &decoder->info;
  decoder->strict = job->strict;
  decoder->restart = job->scan != NULL ? job->restart : -1;
  if (setjmp(decoder->failed)) return CODEC_JPEG_FAILED;
  info->mem->max_memory_to_use = (long)job->max_memory;
  read_header(decoder, data, size, TRUE);
  info->out_color_space = colors[job->color];
  info->scale_num = 1;
  info->scale_denom = (unsigned)job->divisor;
  jpeg_start_decompress(info);
  if (job->crop_width != 0) {
    JDIMENSION x = job->crop_x, width = job->crop_width;
    if (info->data_precision <= 8)
      jpeg_crop_scanline(info, &x, &width);
    else
      jpeg12_crop_scanline(info, &x, &width);
    if (x != job->crop_x || width != job->crop_width) {
      snprintf(decoder->text, sizeof decoder->text, "Invalid argument: columns that do not begin with a block");
      return CODEC_JPEG_FAILED;
    }
  }
  if (job->scan != NULL) {
    info->src->next_input_byte = job->scan;
    info->src->bytes_in_buffer = job->scan_size;
  }
  started->width = info->output_width;
  started->height = info->output_height;
  started->components = (uint32_t)info->output_components;
  started->mcus_per_row = info->MCUs_per_row;
  started->mcu_rows = info->MCU_rows_in_scan;
  started->rows_per_mcu_row = (uint32_t)(info->max_v_samp_factor * info->min_DCT_scaled_size);
  return CODEC_JPEG_DONE;
}

static JDIMENSION read_some(j_decompress_ptr info, char *rows, size_t pitch, JDIMENSION count) {
  union {
    JSAMPROW narrow[ROWS];
    J12SAMPROW wide[ROWS];
    J16SAMPROW widest[ROWS];
  } to;
  JDIMENSION i;
  if (info->data_precision <= 8) {
    for (i = 0; i < count; i++) to.narrow[i] = (JSAMPROW)(rows + i * pitch);
    return jpeg_read_scanlines(info, to.narrow, count);
  }
  if (info->data_precision <= 12) {
    for (i = 0; i < count; i++) to.wide[i] = (J12SAMPROW)(void *)(rows + i * pitch);
    return jpeg12_read_scanlines(info, to.wide, count);
  }
  for (i = 0; i < count; i++) to.widest[i] = (J16SAMPROW)(void *)(rows + i * pitch);
  return jpeg16_read_scanlines(info, to.widest, count);
}

static int32_t read_all(codec_jpeg *decoder, char *rows, size_t pitch, JDIMENSION count) {
  JDIMENSION done, most;
  while (count > 0) {
    most = count < ROWS ? count : ROWS;
    done = read_some(&decoder->info, rows, pitch, most);
    if (done == 0) {
      snprintf(decoder->text, sizeof decoder->text, "Invalid argument: more rows than the image has");
      return CODEC_JPEG_FAILED;
    }
    count -= done;
    rows += done * pitch;
  }
  return CODEC_JPEG_DONE;
}

int32_t codec_jpeg_read(codec_jpeg *decoder, void *rows, size_t pitch, uint32_t count) {
  if (setjmp(decoder->failed)) return CODEC_JPEG_FAILED;
  return read_all(decoder, rows, pitch, count);
}

int32_t codec_jpeg_skip(codec_jpeg *decoder, uint32_t count) {
  j_decompress_ptr info = &decoder->info;
  if (setjmp(decoder->failed)) return CODEC_JPEG_FAILED;
  if (info->data_precision <= 8)
    jpeg_skip_scanlines(info, count);
  else
    jpeg12_skip_scanlines(info, count);
  return CODEC_JPEG_DONE;
}

int32_t codec_jpeg_finish(codec_jpeg *decoder) {
  if (setjmp(decoder->failed)) return CODEC_JPEG_FAILED;
  jpeg_finish_decompress(&decoder->info);
  return CODEC_JPEG_DONE;
}

int32_t codec_jpeg_warned(const codec_jpeg *decoder) { return decoder->warned; }

const char *codec_jpeg_text(const codec_jpeg *decoder) { return decoder->text; }
