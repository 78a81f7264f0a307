/* The codecs that C programs use without libimageio, each behind one kind of function, for bench.py:
 *
 *   long peer_NAME(const void *data, size_t size, void *out, size_t capacity)
 *
 * It decodes `data` into `out` and returns the bytes written, or -1. A codec that is not installed is left out; peers.py
 * takes those that it finds. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PEER __attribute__((visibility("default")))

/* What nothing that moves pixels can be faster than. */
PEER long peer_memcpy(const void *data, size_t size, void *out, size_t capacity)
{
  size_t n = size < capacity ? size : capacity;

  memcpy(out, data, n);
  return (long)n;
}

#ifdef HAVE_SPNG
#include <spng.h>

PEER long peer_spng(const void *data, size_t size, void *out, size_t capacity)
{
  size_t bytes = 0;
  int failed = 1;
  spng_ctx *context = spng_ctx_new(0);

  if (context && !spng_set_png_buffer(context, data, size) && !spng_decoded_image_size(context, SPNG_FMT_PNG, &bytes)) {
    failed = bytes > capacity || spng_decode_image(context, out, capacity, SPNG_FMT_PNG, 0);
  }
  spng_ctx_free(context);
  return failed ? -1 : (long)bytes;
}

/* The header only: what properties take. */
PEER long peer_spng_header(const void *data, size_t size, void *out, size_t capacity)
{
  struct spng_ihdr header;
  spng_ctx *context = spng_ctx_new(0);
  int failed = !context || spng_set_png_buffer(context, data, size) || spng_get_ihdr(context, &header);

  spng_ctx_free(context);
  if (failed || capacity < sizeof header.width) return -1;
  memcpy(out, &header.width, sizeof header.width);
  return (long)sizeof header.width;
}

PEER long peer_spng_file(const void *path, size_t size, void *out, size_t capacity)
{
  size_t bytes = 0;
  int failed = 1;
  FILE *file = fopen(path, "rb");
  spng_ctx *context = file ? spng_ctx_new(0) : NULL;

  (void)size;
  if (context && !spng_set_png_file(context, file) && !spng_decoded_image_size(context, SPNG_FMT_PNG, &bytes)) {
    failed = bytes > capacity || spng_decode_image(context, out, capacity, SPNG_FMT_PNG, 0);
  }
  spng_ctx_free(context);
  if (file) fclose(file);
  return failed ? -1 : (long)bytes;
}
#endif

#ifdef HAVE_PNG
#include <png.h>

struct input {
  const unsigned char *at;
  size_t left;
};

static void take(png_structp png, png_bytep to, png_size_t n)
{
  struct input *input = png_get_io_ptr(png);

  if (n > input->left) png_error(png, "the data end");
  memcpy(to, input->at, n);
  input->at += n;
  input->left -= n;
}

PEER long peer_libpng(const void *data, size_t size, void *out, size_t capacity)
{
  struct input input = {data, size};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  volatile long done = -1;

  if (info && !setjmp(png_jmpbuf(png))) {
    size_t row, height, y;
    int pass, passes;

    png_set_read_fn(png, &input, take);
    png_read_info(png, info);
    passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    row = png_get_rowbytes(png, info);
    height = png_get_image_height(png, info);
    if (row * height <= capacity) {
      for (pass = 0; pass < passes; pass++) {
        for (y = 0; y < height; y++) png_read_row(png, (png_bytep)out + y * row, NULL);
      }
      png_read_end(png, NULL);
      done = (long)(row * height);
    }
  }
  png_destroy_read_struct(&png, &info, NULL);
  return done;
}
#endif

#ifdef HAVE_TURBOJPEG
#include <turbojpeg.h>

static long decompress(const void *data, size_t size, void *out, size_t capacity, int scale)
{
  tjhandle handle = tjInitDecompress();
  int width, height, subsampling, colorspace, bytes;
  long done = -1;

  if (handle && !tjDecompressHeader3(handle, data, size, &width, &height, &subsampling, &colorspace)) {
    int gray = colorspace == TJCS_GRAY;
    width = (width + scale - 1) / scale;
    height = (height + scale - 1) / scale;
    bytes = width * height * (gray ? 1 : 3);
    if ((size_t)bytes <= capacity && !tjDecompress2(handle, data, size, out, width, 0, height, gray ? TJPF_GRAY : TJPF_RGB, 0)) {
      done = bytes;
    }
  }
  if (handle) tjDestroy(handle);
  return done;
}

PEER long peer_turbojpeg(const void *data, size_t size, void *out, size_t capacity)
{
  return decompress(data, size, out, capacity, 1);
}

PEER long peer_turbojpeg_half(const void *data, size_t size, void *out, size_t capacity)
{
  return decompress(data, size, out, capacity, 2);
}

PEER long peer_turbojpeg_header(const void *data, size_t size, void *out, size_t capacity)
{
  tjhandle handle = tjInitDecompress();
  int width = 0, height, subsampling, colorspace;
  int failed = !handle || tjDecompressHeader3(handle, data, size, &width, &height, &subsampling, &colorspace);

  if (handle) tjDestroy(handle);
  if (failed || capacity < sizeof width) return -1;
  memcpy(out, &width, sizeof width);
  return (long)sizeof width;
}

/* Encodes; the size of the picture and how stand before the call in `peer_how`. */
PEER int peer_how[4]; /* width, height, samples, quality; 4:2:0, gray for one sample */

PEER long peer_turbojpeg_encode(const void *data, size_t size, void *out, size_t capacity)
{
  tjhandle handle = tjInitCompress();
  int gray = peer_how[2] == 1;
  unsigned char *to = out;
  unsigned long written = capacity;
  int failed;

  (void)size;
  if (!handle) return -1;
  failed = tjCompress2(handle, data, peer_how[0], 0, peer_how[1], gray ? TJPF_GRAY : TJPF_RGB, &to, &written,
                       gray ? TJSAMP_GRAY : TJSAMP_420, peer_how[3], TJFLAG_NOREALLOC);
  tjDestroy(handle);
  return failed ? -1 : (long)written;
}
#endif

#ifdef HAVE_WEBP
#include <webp/decode.h>
#include <webp/encode.h>

static long webp(const void *data, size_t size, void *out, size_t capacity, int threads)
{
  WebPDecoderConfig config;
  int samples;

  if (!WebPInitDecoderConfig(&config) || WebPGetFeatures(data, size, &config.input) != VP8_STATUS_OK) return -1;
  samples = config.input.has_alpha ? 4 : 3;
  config.options.use_threads = threads;
  config.output.colorspace = config.input.has_alpha ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = out;
  config.output.u.RGBA.stride = config.input.width * samples;
  config.output.u.RGBA.size = capacity;
  if (WebPDecode(data, size, &config) != VP8_STATUS_OK) return -1;
  return (long)config.input.width * config.input.height * samples;
}

PEER long peer_libwebp(const void *data, size_t size, void *out, size_t capacity)
{
  return webp(data, size, out, capacity, 0);
}

PEER long peer_libwebp_threads(const void *data, size_t size, void *out, size_t capacity)
{
  return webp(data, size, out, capacity, 1);
}
#endif

#ifdef HAVE_STB
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#include <stb_image.h>

/* It has its own memory, into which it is warm after the first call at best; the copy is what a caller's buffer costs. */
PEER long peer_stb(const void *data, size_t size, void *out, size_t capacity)
{
  int width, height, samples;
  stbi_uc *pixels = stbi_load_from_memory(data, (int)size, &width, &height, &samples, 0);
  size_t bytes = pixels ? (size_t)width * (size_t)height * (size_t)samples : 0;
  long done = -1;

  if (pixels && bytes <= capacity) {
    memcpy(out, pixels, bytes);
    done = (long)bytes;
  }
  stbi_image_free(pixels);
  return done;
}

PEER long peer_stb_hdr(const void *data, size_t size, void *out, size_t capacity)
{
  int width, height, samples;
  float *pixels = stbi_loadf_from_memory(data, (int)size, &width, &height, &samples, 3);
  size_t bytes = pixels ? (size_t)width * (size_t)height * 3 * sizeof *pixels : 0;
  long done = -1;

  if (pixels && bytes <= capacity) {
    memcpy(out, pixels, bytes);
    done = (long)bytes;
  }
  stbi_image_free(pixels);
  return done;
}
#endif

/* What a PNG decoder cannot be faster than: its zlib stream, inflated. */
#ifdef HAVE_ISAL
#include <isa-l/igzip_lib.h>

PEER long peer_isal_inflate(const void *data, size_t size, void *out, size_t capacity)
{
  struct inflate_state *state = malloc(sizeof *state);
  long done = -1;

  if (!state) return -1;
  isal_inflate_init(state);
  state->crc_flag = ISAL_ZLIB;
  state->next_in = (uint8_t *)(uintptr_t)data;
  state->avail_in = (uint32_t)size;
  state->next_out = out;
  state->avail_out = (uint32_t)capacity;
  if (isal_inflate(state) == ISAL_DECOMP_OK) done = (long)(capacity - state->avail_out);
  free(state);
  return done;
}
#endif

#ifdef HAVE_DEFLATE
#include <libdeflate.h>

PEER long peer_libdeflate_inflate(const void *data, size_t size, void *out, size_t capacity)
{
  struct libdeflate_decompressor *state = libdeflate_alloc_decompressor();
  size_t written = 0;
  int failed = !state || libdeflate_zlib_decompress(state, data, size, out, capacity, &written) != LIBDEFLATE_SUCCESS;

  libdeflate_free_decompressor(state);
  return failed ? -1 : (long)written;
}
#endif
