/* Pictures in memory: guarded buffers, reads into them, arrays to write. */
#ifndef IMAGES_H
#define IMAGES_H

#include "check.h"
#include <math.h>

#define GUARD 64

/* A buffer with canaries on both sides. */
typedef struct guarded {
  unsigned char *base, *data;
  size_t size;
} guarded;

static inline guarded guarded_new(size_t size) {
  guarded g = {malloc(size + 2 * GUARD), NULL, size};
  if (!g.base) abort();
  memset(g.base, 0xA5, size + 2 * GUARD);
  g.data = g.base + GUARD;
  memset(g.data, 0xCD, size);
  return g;
}

static inline int guarded_intact(const guarded *g) {
  if (!g->base) return 0;
  for (size_t i = 0; i < GUARD; i++)
    if (g->base[i] != 0xA5 || g->data[g->size + i] != 0xA5) return 0;
  return 1;
}

static inline int guarded_untouched(const guarded *g) {
  for (size_t i = 0; i < g->size; i++)
    if (g->data[i] != 0xCD) return 0;
  return guarded_intact(g);
}

static inline void guarded_free(guarded *g) {
  free(g->base);
  g->base = g->data = NULL;
}

static inline iio_props no_props(void) {
  iio_props p;
  memset(&p, 0, sizeof p);
  p.struct_size = sizeof p;
  return p;
}

static inline int same_props(const iio_props *a, const iio_props *b) {
  return a->dtype == b->dtype && a->ndim == b->ndim && a->is_batch == b->is_batch && a->n_images == b->n_images &&
         a->nbytes == b->nbytes && memcmp(a->shape, b->shape, sizeof a->shape[0] * (a->ndim <= IIO_MAX_NDIM ? a->ndim : 0)) == 0 &&
         strncmp(a->axes, b->axes, sizeof a->axes) == 0 && a->color == b->color && a->bits == b->bits && a->flags == b->flags &&
         a->orientation == b->orientation;
}

/* What one read gave. data is NULL if status is not IIO_OK. */
typedef struct picture {
  iio_status status;
  iio_props props;
  guarded pixels;
} picture;

static inline picture picture_of(iio_file *file, int64_t index, const iio_dict *options) {
  picture p = {IIO_OK, no_props(), {NULL, NULL, 0}};
  p.status = iio_file_props(file, index, options, &p.props);
  if (p.status != IIO_OK) return p;
  p.pixels = guarded_new((size_t)p.props.nbytes);
  iio_props got = no_props();
  p.status = iio_file_read(file, index, options, p.pixels.data, p.pixels.size, &got);
  if (p.status == IIO_OK && !same_props(&p.props, &got)) CHECK_SAY("read tells other properties than iio_file_props");
  if (!guarded_intact(&p.pixels)) CHECK_SAY("a read wrote outside its buffer");
  if (p.status != IIO_OK) guarded_free(&p.pixels);
  return p;
}

static inline picture picture_at(const char *uri, int64_t index, const iio_dict *options) {
  picture p = {IIO_OK, no_props(), {NULL, NULL, 0}};
  iio_file *file = NULL;
  p.status = iio_imopen(uri, "r", options, &file);
  if (p.status != IIO_OK) return p;
  p = picture_of(file, index, NULL);
  iio_file_close(file);
  return p;
}

static inline void picture_free(picture *p) { guarded_free(&p->pixels); }

static inline int picture_same(const picture *a, const picture *b) {
  return a->status == IIO_OK && b->status == IIO_OK && same_props(&a->props, &b->props) &&
         memcmp(a->pixels.data, b->pixels.data, a->pixels.size) == 0;
}

static inline uint64_t fnv1a(const void *data, size_t size) {
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++) h = (h ^ ((const unsigned char *)data)[i]) * UINT64_C(0x100000001b3);
  return h;
}

static inline size_t item_size(iio_dtype dtype) {
  static const size_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 8, 16};
  return dtype > 0 && dtype <= IIO_COMPLEX128 ? sizes[dtype] : 0;
}

/* A real item as a number. */
static inline double value_at(iio_dtype dtype, const unsigned char *at) {
  union { int8_t i8; uint16_t u16; int16_t i16; uint32_t u32; int32_t i32; uint64_t u64; int64_t i64; float f32; double f64; } v;
  memcpy(&v, at, item_size(dtype) > 8 ? 8 : item_size(dtype));
  switch (dtype) {
    case IIO_BOOL:
    case IIO_UINT8: return *at;
    case IIO_INT8: return v.i8;
    case IIO_UINT16: return v.u16;
    case IIO_INT16: return v.i16;
    case IIO_UINT32: return v.u32;
    case IIO_INT32: return v.i32;
    case IIO_UINT64: return (double)v.u64;
    case IIO_INT64: return (double)v.i64;
    case IIO_FLOAT32: return v.f32;
    case IIO_FLOAT64: return v.f64;
    case IIO_FLOAT16: {
      int e = v.u16 >> 10 & 31, m = v.u16 & 1023;
      double x = e ? ldexp(1024 + m, e - 25) : ldexp(m, -24);
      return v.u16 & 0x8000 ? -x : x;
    }
    default: return NAN;
  }
}

/* A C-contiguous array over `data`. */
static inline iio_array array_over(void *data, iio_dtype dtype, uint32_t ndim, const uint64_t *shape) {
  iio_array a;
  memset(&a, 0, sizeof a);
  a.struct_size = sizeof a;
  a.dtype = dtype;
  a.ndim = ndim;
  a.data = data;
  for (uint32_t i = 0; i < ndim && i < IIO_MAX_NDIM; i++) a.shape[i] = shape[i];
  return a;
}

static inline iio_array array_like(const iio_props *props, void *data) { return array_over(data, props->dtype, props->ndim, props->shape); }

static inline uint64_t array_items(const iio_array *a) {
  uint64_t n = 1;
  for (uint32_t i = 0; i < a->ndim; i++) n *= a->shape[i];
  return n;
}

static inline size_t array_bytes(const iio_array *a) { return (size_t)array_items(a) * item_size(a->dtype); }

/* An image to write, with its memory: a smooth pattern that survives lossy formats, different for each seed. */
typedef struct canvas {
  iio_array array;
  void *data;
} canvas;

static inline canvas canvas_new(iio_dtype dtype, uint32_t ndim, const uint64_t *shape, unsigned seed) {
  canvas c;
  c.array = array_over(NULL, dtype, ndim, shape);
  size_t item = item_size(dtype), n = (size_t)array_items(&c.array);
  c.array.data = c.data = malloc(n * item + 1);
  if (!c.data) abort();
  uint64_t samples = ndim > 2 && shape[ndim - 1] <= 4 ? shape[ndim - 1] : 1;
  uint64_t width = samples > 1 ? shape[ndim - 2] : ndim ? shape[ndim - 1] : 1;
  for (size_t i = 0; i < n; i++) {
    uint64_t s = i % samples, x = i / samples % width, y = i / samples / width;
    double v = 0.5 + 0.4 * sin((double)x / (5.0 + (double)s) + seed) * cos((double)y / (7.0 - (double)s) + 0.7 * seed);
    if (samples == 4 && s == 3) v = 0.3 + 0.7 * v; /* never quite transparent, so that colour survives everywhere */
    unsigned char *at = (unsigned char *)c.data + i * item;
    switch (dtype) {
      case IIO_BOOL: *at = v > 0.5; break;
      case IIO_UINT8: *at = (unsigned char)(v * 255); break;
      case IIO_UINT16: { uint16_t t = (uint16_t)(v * 65535); memcpy(at, &t, sizeof t); break; }
      case IIO_FLOAT32: { float t = (float)v; memcpy(at, &t, sizeof t); break; }
      case IIO_FLOAT64: memcpy(at, &v, sizeof v); break;
      default: memset(at, (int)(v * 100), item);
    }
  }
  return c;
}

/* height × width × samples; samples 0: no such axis. */
static inline canvas canvas_image(iio_dtype dtype, uint64_t h, uint64_t w, uint64_t samples, unsigned seed) {
  uint64_t shape[3] = {h, w, samples};
  return canvas_new(dtype, samples ? 3 : 2, shape, seed);
}

static inline void canvas_free(canvas *c) {
  free(c->data);
  c->data = c->array.data = NULL;
}

/* Mean absolute difference of two runs of bytes. */
static inline double mean_difference(const void *a, const void *b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; i++) sum += abs((int)((const unsigned char *)a)[i] - (int)((const unsigned char *)b)[i]);
  return n ? sum / (double)n : 0;
}

#endif
