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
static long handed_over(void *pixels, size_t bytes, void *out, size_t capacity)
{
  long done = -1;

  if (pixels && bytes <= capacity) {
    memcpy(out, pixels, bytes);
    done = (long)bytes;
  }
  stbi_image_free(pixels);
  return done;
}

PEER long peer_stb(const void *data, size_t size, void *out, size_t capacity)
{
  int width, height, samples;
  stbi_uc *pixels = stbi_load_from_memory(data, (int)size, &width, &height, &samples, 0);

  return handed_over(pixels, pixels ? (size_t)width * (size_t)height * (size_t)samples : 0, out, capacity);
}

PEER long peer_stb_hdr(const void *data, size_t size, void *out, size_t capacity)
{
  int width, height, samples;
  float *pixels = stbi_loadf_from_memory(data, (int)size, &width, &height, &samples, 3);

  return handed_over(pixels, pixels ? (size_t)width * (size_t)height * 3 * sizeof *pixels : 0, out, capacity);
}
#endif

#ifdef HAVE_OPENJPEG
#include <openjpeg.h>

struct codestream {
  const unsigned char *data;
  size_t size, at;
};

static OPJ_SIZE_T codestream_read(void *to, OPJ_SIZE_T n, void *user)
{
  struct codestream *c = user;
  size_t left = c->size - c->at;

  if (left == 0) return (OPJ_SIZE_T)-1;
  n = n < left ? n : left;
  memcpy(to, c->data + c->at, n);
  c->at += n;
  return n;
}
static OPJ_OFF_T codestream_skip(OPJ_OFF_T n, void *user)
{
  struct codestream *c = user;
  size_t left = c->size - c->at;

  n = n < 0 ? 0 : (size_t)n < left ? n : (OPJ_OFF_T)left;
  c->at += (size_t)n;
  return n;
}
static OPJ_BOOL codestream_seek(OPJ_OFF_T to, void *user)
{
  struct codestream *c = user;

  if (to < 0 || (size_t)to > c->size) return OPJ_FALSE;
  c->at = (size_t)to;
  return OPJ_TRUE;
}

/* An image of bytes, whose planes become pixels as programs want them. */
static long openjpeg(const void *data, size_t size, void *out, size_t capacity, int threads)
{
  struct codestream memory = {data, size, 0};
  opj_stream_t *stream = opj_stream_create(1 << 20, OPJ_TRUE);
  opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_JP2);
  opj_dparameters_t parameters;
  opj_image_t *image = NULL;
  unsigned char *to = out;
  long done = -1;

  opj_stream_set_read_function(stream, codestream_read);
  opj_stream_set_skip_function(stream, codestream_skip);
  opj_stream_set_seek_function(stream, codestream_seek);
  opj_stream_set_user_data(stream, &memory, NULL);
  opj_stream_set_user_data_length(stream, size);
  opj_set_default_decoder_parameters(&parameters);
  if (opj_setup_decoder(codec, &parameters) && (threads < 2 || opj_codec_set_threads(codec, threads))
      && opj_read_header(stream, codec, &image) && opj_decode(codec, stream, image) && opj_end_decompress(codec, stream)) {
    size_t pixels = (size_t)image->comps[0].w * image->comps[0].h, n = image->numcomps;

    if (pixels * n <= capacity) {
      for (size_t c = 0; c < n; c++) {
        const OPJ_INT32 *from = image->comps[c].data;
        for (size_t i = 0; i < pixels; i++) to[i * n + c] = (unsigned char)(from[i] < 0 ? 0 : from[i] > 255 ? 255 : from[i]);
      }
      done = (long)(pixels * n);
    }
  }
  opj_image_destroy(image);
  opj_destroy_codec(codec);
  opj_stream_destroy(stream);
  return done;
}

PEER long peer_openjpeg(const void *data, size_t size, void *out, size_t capacity)
{
  return openjpeg(data, size, out, capacity, 1);
}

PEER long peer_openjpeg_threads(const void *data, size_t size, void *out, size_t capacity)
{
  return openjpeg(data, size, out, capacity, 2);
}
#endif

#ifdef HAVE_AVIF
#include <avif/avif.h>

static long avif(const void *data, size_t size, void *out, size_t capacity, int threads)
{
  avifDecoder *decoder = avifDecoderCreate();
  long done = -1;

  if (!decoder) return -1;
  decoder->maxThreads = threads;
  if (avifDecoderSetIOMemory(decoder, data, size) == AVIF_RESULT_OK && avifDecoderParse(decoder) == AVIF_RESULT_OK
      && avifDecoderNextImage(decoder) == AVIF_RESULT_OK) {
    avifRGBImage rgb;

    avifRGBImageSetDefaults(&rgb, decoder->image);
    rgb.depth = 8;
    rgb.format = decoder->alphaPresent ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
#if AVIF_VERSION_MAJOR >= 1
    rgb.maxThreads = threads;
#endif
    rgb.pixels = out;
    rgb.rowBytes = rgb.width * avifRGBImagePixelSize(&rgb);
    if ((size_t)rgb.rowBytes * rgb.height <= capacity && avifImageYUVToRGB(decoder->image, &rgb) == AVIF_RESULT_OK) {
      done = (long)rgb.rowBytes * rgb.height;
    }
  }
  avifDecoderDestroy(decoder);
  return done;
}

PEER long peer_avif(const void *data, size_t size, void *out, size_t capacity) { return avif(data, size, out, capacity, 1); }

PEER long peer_avif_threads(const void *data, size_t size, void *out, size_t capacity)
{
  return avif(data, size, out, capacity, 2);
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

#ifdef HAVE_TIFF
#include <tiffio.h>

struct memory {
  const unsigned char *data;
  toff_t size, at;
};

static tmsize_t memory_read(thandle_t handle, void *to, tmsize_t n)
{
  struct memory *m = (struct memory *)handle;
  tmsize_t left = m->at < m->size ? (tmsize_t)(m->size - m->at) : 0;

  n = n < left ? n : left;
  memcpy(to, m->data + m->at, (size_t)n);
  m->at += (toff_t)n;
  return n;
}
static tmsize_t memory_write(thandle_t handle, void *from, tmsize_t n)
{
  (void)handle, (void)from, (void)n;
  return 0;
}
static toff_t memory_seek(thandle_t handle, toff_t to, int whence)
{
  struct memory *m = (struct memory *)handle;

  m->at = to + (whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->size : 0);
  return m->at;
}
static int memory_close(thandle_t handle) { return (void)handle, 0; }
static toff_t memory_size(thandle_t handle) { return ((struct memory *)handle)->size; }
static int memory_map(thandle_t handle, void **data, toff_t *size)
{
  struct memory *m = (struct memory *)handle;

  *data = (void *)m->data;
  *size = m->size;
  return 1;
}
static void memory_unmap(thandle_t handle, void *data, toff_t size) { (void)handle, (void)data, (void)size; }

static TIFF *memory_tiff(struct memory *m)
{
  TIFFSetWarningHandler(NULL);
  return TIFFClientOpen("memory", "r", (thandle_t)m, memory_read, memory_write, memory_seek, memory_close, memory_size,
    memory_map, memory_unmap);
}

/* A page of strips or tiles, packed. */
static long tiff_page(TIFF *tiff, unsigned char *out, size_t capacity)
{
  uint32_t width = 0, height = 0, tile_width = 0, tile_height = 0;
  uint16_t samples = 1, bits = 8, compression = 1;
  size_t pixel, row;

  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetField(tiff, TIFFTAG_COMPRESSION, &compression);
  if (compression == COMPRESSION_JPEG) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  pixel = (size_t)samples * (bits / 8);
  row = width * pixel;
  if (row * height > capacity) return -1;
  if (TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &tile_width) && TIFFGetField(tiff, TIFFTAG_TILELENGTH, &tile_height)) {
    tmsize_t size = TIFFTileSize(tiff);
    unsigned char *tile = malloc((size_t)size);

    for (uint32_t y = 0; tile && y < height; y += tile_height) {
      for (uint32_t x = 0; x < width; x += tile_width) {
        size_t rows = height - y < tile_height ? height - y : tile_height, columns = width - x < tile_width ? width - x : tile_width;

        if (TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, x, y, 0, 0), tile, size) < 0) return free(tile), -1;
        for (size_t i = 0; i < rows; i++) {
          memcpy(out + (y + i) * row + x * pixel, tile + i * tile_width * pixel, columns * pixel);
        }
      }
    }
    free(tile);
  } else {
    size_t at = 0;

    for (uint32_t strip = 0, n = TIFFNumberOfStrips(tiff); strip < n; strip++) {
      tmsize_t got = TIFFReadEncodedStrip(tiff, strip, out + at, (tmsize_t)(capacity - at));

      if (got < 0) return -1;
      at += (size_t)got;
    }
  }
  return (long)(row * height);
}

/* All pages, one behind the other. */
static long tiff_pages(TIFF *tiff, unsigned char *out, size_t capacity)
{
  size_t at = 0;

  if (!tiff) return -1;
  do {
    long page = tiff_page(tiff, out + at, capacity - at);

    if (page < 0) return TIFFClose(tiff), -1;
    at += (size_t)page;
  } while (at < capacity && TIFFReadDirectory(tiff));
  TIFFClose(tiff);
  return (long)at;
}

PEER long peer_libtiff(const void *data, size_t size, void *out, size_t capacity)
{
  struct memory m = {data, size, 0};

  return tiff_pages(memory_tiff(&m), out, capacity);
}

PEER long peer_libtiff_file(const void *path, size_t size, void *out, size_t capacity)
{
  (void)size;
  TIFFSetWarningHandler(NULL);
  return tiff_pages(TIFFOpen(path, "rm"), out, capacity);
}

/* The number of pages and the form of the first. */
PEER long peer_libtiff_header(const void *data, size_t size, void *out, size_t capacity)
{
  struct memory m = {data, size, 0};
  TIFF *tiff = memory_tiff(&m);
  uint32_t width = 0, pages = 1;

  if (!tiff || capacity < sizeof pages) return -1;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  while (TIFFReadDirectory(tiff)) pages++;
  TIFFClose(tiff);
  memcpy(out, &pages, sizeof pages);
  return width ? (long)sizeof pages : -1;
}
#endif

#include <fcntl.h>
#include <unistd.h>

/* The whole file by one read after another: what nothing that reads a file can be faster than. */
PEER long peer_pread(const void *path, size_t size, void *out, size_t capacity)
{
  int file = open(path, O_RDONLY);
  size_t at = 0;
  ssize_t n = -1;

  (void)size;
  while (file >= 0 && at < capacity && (n = pread(file, (char *)out + at, capacity - at, (off_t)at)) > 0) at += (size_t)n;
  if (file >= 0) close(file);
  return n < 0 ? -1 : (long)at;
}
