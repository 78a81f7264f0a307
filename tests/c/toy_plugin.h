/* A plugin in C for a trivial format, for programs that register it and for modules that export it: it calls the
 * library only through `host`.
 *
 *   "TOY1", dtype u8, ndim u8, count u16; shape[ndim] u64; count × C-contiguous pixels. All in native byte order.
 *
 * Options: invert (read, iter), crop: so many rows off the top (read, props, iter), delay_ms a row (read, iter, write),
 * note (write; taken and forgotten). Functions: "echo" gives back its arguments, "counters" the counters.
 *
 * The contract leaves the form of the declaration's `options` and `functions` open; it is written in this one place.
 */
#ifndef TOY_PLUGIN_H
#define TOY_PLUGIN_H

#include <libimageio/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOY_DECLARATION(name, more_extensions) \
  "{\"name\": \"" name "\", \"aliases\": [\"" name "-alias\"], \"description\": \"a toy of the tests\"," \
  " \"extensions\": [\".toy1\"" more_extensions "], \"can_read\": true, \"can_write\": true," \
  " \"options\": {" \
  "\"invert\": {\"type\": \"bool\", \"default\": false, \"calls\": [\"read\", \"props\", \"iter\"], \"doc\": \"turn every byte over\"}," \
  "\"crop\": {\"type\": \"int\", \"default\": 0, \"calls\": [\"read\", \"props\", \"iter\"], \"doc\": \"rows to leave out at the top\"}," \
  "\"delay_ms\": {\"type\": \"int\", \"default\": 0, \"calls\": [\"read\", \"props\", \"iter\", \"write\"], \"doc\": \"sleep so long a row\"}," \
  "\"note\": {\"type\": \"string\", \"default\": null, \"calls\": [\"write\"], \"doc\": \"a word to keep\"}}," \
  " \"functions\": {\"echo\": {\"doc\": \"gives back its arguments\"," \
  " \"arguments\": {\"a\": {\"type\": \"any\"}, \"b\": {\"type\": \"any\"}, \"x\": {\"type\": \"any\"}}}," \
  " \"counters\": {\"doc\": \"what happened so far\"}}}"

typedef struct toy_counters {
  int probes, opens, closes, iters, iter_frees, finishes, writes, reads, destroys, open_files;
} toy_counters;

typedef struct toy { /* `user` of the plugin */
  toy_counters n;
  unsigned char stamp; /* a byte to be added to every pixel read, so that two toys can be told apart */
} toy;

typedef struct toy_file {
  toy *owner;
  const iio_host *host;
  const iio_callbacks *io;
  int writing, fresh;
  iio_dtype dtype;
  uint32_t ndim;
  uint64_t count, shape[IIO_MAX_NDIM];
  unsigned char *data; /* all pixels */
  size_t size;
} toy_file;

typedef struct toy_cursor {
  toy_file *file;
  int64_t next, start, stop, every, invert, crop, delay_ms;
} toy_cursor;

/* A function of the library by its name, as a pointer of type `type`. */
#define TOY_SYMBOL(host, type, function, name) \
  type function = NULL; \
  do { \
    void *toy_found = (host)->symbol(name); \
    memcpy(&function, &toy_found, sizeof function); \
  } while (0)

typedef iio_status toy_get_int_fn(const iio_dict *, const char *, int64_t *);
typedef iio_status toy_get_bool_fn(const iio_dict *, const char *, int32_t *);
typedef iio_status toy_set_int_fn(iio_dict *, const char *, int64_t);

static inline int64_t toy_int(const iio_host *host, const iio_dict *options, const char *key, int64_t otherwise) {
  TOY_SYMBOL(host, toy_get_int_fn *, get_int, "iio_dict_get_int");
  TOY_SYMBOL(host, toy_get_bool_fn *, get_bool, "iio_dict_get_bool");
  int64_t whole;
  int32_t flag;
  if (!options || !get_int || !get_bool) return otherwise;
  if (get_int(options, key, &whole) == IIO_OK) return whole;
  return get_bool(options, key, &flag) == IIO_OK ? flag : otherwise;
}

static inline size_t toy_item(iio_dtype dtype) {
  static const unsigned char sizes[] = {0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8, 8, 16};
  return dtype > 0 && dtype <= IIO_COMPLEX128 ? sizes[dtype] : 0;
}

static inline size_t toy_image_bytes(const toy_file *f) {
  size_t n = toy_item(f->dtype);
  for (uint32_t i = 0; i < f->ndim; i++) n *= (size_t)f->shape[i];
  return n;
}

static inline void toy_sleep(int64_t ms) {
  struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
  if (ms > 0) nanosleep(&t, NULL);
}

static inline int32_t toy_probe(void *user, const void *head, size_t size, const char *extension) {
  ((toy *)user)->n.probes++;
  (void)extension;
  return size >= 4 && memcmp(head, "TOY1", 4) == 0 ? 100 : 0;
}

/* Everything that the stream gives; a short read is no end. */
static inline iio_status toy_slurp(toy_file *f) {
  size_t room = 0;
  for (;;) {
    if (f->size == room) {
      unsigned char *more = realloc(f->data, room = room ? room * 2 : 4096);
      if (!more) return f->host->fail(IIO_ERROR_OUT_OF_MEMORY, "toy: no memory");
      f->data = more;
    }
    int64_t n = f->io->read(f->io->user, f->data + f->size, room - f->size);
    if (n < 0) return f->host->fail(IIO_ERROR_IO, "toy: the stream failed");
    if (n == 0) return IIO_OK;
    f->size += (size_t)n;
  }
}

static inline iio_status toy_parse(toy_file *f) {
  if (f->size < 4 || memcmp(f->data, "TOY1", 4) != 0) return f->host->fail(IIO_ERROR_UNSUPPORTED, "toy: no TOY1 in front");
  if (f->size < 8 || f->data[5] > IIO_MAX_NDIM || f->size < 8u + 8u * f->data[5]) return f->host->fail(IIO_ERROR_CORRUPT, "toy: the header is cut");
  uint16_t count;
  f->dtype = f->data[4];
  f->ndim = f->data[5];
  memcpy(&count, f->data + 6, 2);
  f->count = count;
  memcpy(f->shape, f->data + 8, 8 * f->ndim);
  if (!toy_item(f->dtype)) return f->host->fail(IIO_ERROR_CORRUPT, "toy: no such dtype");
  for (uint32_t i = 0; i < f->ndim; i++)
    if (f->shape[i] > 100000) return f->host->fail(IIO_ERROR_CORRUPT, "toy: no toy is so large");
  size_t head = 8 + 8 * f->ndim;
  memmove(f->data, f->data + head, f->size -= head);
  return IIO_OK;
}

static inline void toy_close(void *file) {
  toy_file *f = file;
  f->owner->n.closes++;
  f->owner->n.open_files--;
  free(f->data);
  free(f);
}

static inline iio_status toy_open(void *user, const iio_host *host, const iio_callbacks *io, const char *path, const char *mode,
                                  const iio_dict *options, void **file) {
  (void)path;
  (void)options;
  toy_file *f = calloc(1, sizeof *f);
  if (!f) return host->fail(IIO_ERROR_OUT_OF_MEMORY, "toy: no memory");
  f->owner = user;
  f->host = host;
  f->io = io;
  f->writing = mode[0] == 'w';
  iio_status status = f->writing ? IIO_OK : toy_slurp(f);
  if (status == IIO_OK && !f->writing) status = toy_parse(f);
  if (status != IIO_OK) {
    free(f->data);
    free(f);
    return status;
  }
  f->owner->n.opens++;
  f->owner->n.open_files++;
  *file = f;
  return IIO_OK;
}

static inline iio_status toy_count(void *file, const iio_dict *options, uint32_t how, int64_t *count) {
  (void)options;
  (void)how;
  *count = (int64_t)((toy_file *)file)->count;
  return IIO_OK;
}

/* index None: all, unless there is one image. */
static inline iio_status toy_index(const toy_file *f, int64_t *index) {
  if (*index == IIO_INDEX_DEFAULT) *index = f->count == 1 ? 0 : IIO_INDEX_ALL;
  if (*index == IIO_INDEX_ALL) return f->ndim < IIO_MAX_NDIM ? IIO_OK : f->host->fail(IIO_ERROR_UNSUPPORTED, "toy: too many axes");
  return *index >= 0 && (uint64_t)*index < f->count ? IIO_OK : f->host->fail(IIO_ERROR_INDEX, "toy: no such image");
}

static inline iio_status toy_describe(const toy_file *f, int64_t index, int64_t crop, iio_props *p) {
  iio_status status = toy_index(f, &index);
  if (status != IIO_OK) return status;
  uint32_t all = index == IIO_INDEX_ALL;
  if (crop < 0 || (crop && (f->ndim == 0 || (uint64_t)crop > f->shape[0]))) return f->host->fail(IIO_ERROR_INVALID_OPTION, "toy: crop takes more rows than there are");
  p->dtype = f->dtype;
  p->ndim = f->ndim + all;
  p->is_batch = all;
  p->n_images = all ? (int64_t)f->count : -1;
  p->nbytes = toy_item(f->dtype);
  if (all) p->shape[0] = f->count;
  for (uint32_t i = 0; i < f->ndim; i++) p->shape[all + i] = f->shape[i] - (i == 0 ? (uint64_t)crop : 0);
  for (uint32_t i = 0; i < p->ndim; i++) p->nbytes *= p->shape[i];
  memset(p->axes, 0, sizeof p->axes);
  for (uint32_t i = 0; i < p->ndim; i++) p->axes[i] = all && i == 0 ? 'N' : f->ndim <= 3 ? "YXS"[i - all] : 'Q';
  p->bits = (uint32_t)toy_item(f->dtype) * 8;
  return IIO_OK;
}

static inline iio_status toy_props(void *file, int64_t index, const iio_dict *options, iio_props *p) {
  toy_file *f = file;
  return toy_describe(f, index, toy_int(f->host, options, "crop", 0), p);
}

/* One image or all into any strides. */
static inline iio_status toy_fill(toy_file *f, int64_t index, int64_t crop, int64_t invert, int64_t delay_ms, const iio_array *dst) {
  iio_props p;
  memset(&p, 0, sizeof p);
  p.struct_size = sizeof p;
  iio_status status = toy_describe(f, index, crop, &p);
  if (status != IIO_OK) return status;
  if (dst->dtype != p.dtype || dst->ndim != p.ndim || memcmp(dst->shape, p.shape, 8 * p.ndim) != 0) return f->host->fail(IIO_ERROR_SHAPE, "toy: not my shape");
  if (p.nbytes == 0) return IIO_OK;
  f->owner->n.reads++;
  toy_index(f, &index);
  uint32_t all = p.is_batch;
  size_t item = toy_item(f->dtype), image = toy_image_bytes(f), row = f->ndim ? image / (size_t)f->shape[0] : image;
  int64_t strides[IIO_MAX_NDIM];
  int64_t step = (int64_t)item;
  int given = (dst->flags & IIO_ARRAY_STRIDED) != 0;
  for (uint32_t i = 0; i < p.ndim; i++) given |= dst->strides[i] != 0;
  for (uint32_t i = p.ndim; i-- > 0;) {
    strides[i] = given ? dst->strides[i] : step;
    step *= (int64_t)p.shape[i];
  }
  uint64_t at[IIO_MAX_NDIM] = {0};
  for (uint64_t done = 0, total = p.nbytes / item; done < total; done++) {
    uint64_t frame = all ? at[0] : (uint64_t)index, inner = 0;
    int64_t to = 0;
    for (uint32_t i = 0; i < p.ndim; i++) to += (int64_t)at[i] * strides[i];
    for (uint32_t i = all; i < p.ndim; i++) inner = inner * f->shape[i - all] + at[i] + (i == all ? (uint64_t)crop : 0);
    size_t from = (size_t)frame * image + (size_t)inner * item;
    if (from + item > f->size) return f->host->fail(IIO_ERROR_CORRUPT, "toy: pixels are missing");
    if (from % (row ? row : 1) == 0) {
      toy_sleep(delay_ms);
      if (f->host->progress(done, total)) return f->host->fail(IIO_ERROR_CANCELLED, "toy: stopped");
    }
    unsigned char *out = (unsigned char *)dst->data + to;
    for (size_t i = 0; i < item; i++) out[i] = (unsigned char)((invert ? 255 - f->data[from + i] : f->data[from + i]) + f->owner->stamp);
    for (uint32_t i = p.ndim; i-- > 0 && ++at[i] == p.shape[i];) at[i] = 0;
  }
  return IIO_OK;
}

static inline iio_status toy_read(void *file, int64_t index, const iio_dict *options, const iio_array *dst) {
  toy_file *f = file;
  return toy_fill(f, index, toy_int(f->host, options, "crop", 0), toy_int(f->host, options, "invert", 0), toy_int(f->host, options, "delay_ms", 0), dst);
}

static inline iio_status toy_meta(void *file, int64_t index, const iio_dict *options, iio_dict *into) {
  toy_file *f = file;
  (void)options;
  if (index != IIO_INDEX_ALL && index != IIO_INDEX_DEFAULT) {
    iio_status status = toy_index(f, &index);
    if (status != IIO_OK) return status;
  }
  TOY_SYMBOL(f->host, toy_set_int_fn *, set_int, "iio_dict_set_int");
  iio_status status = set_int(into, "toys", (int64_t)f->count);
  return status == IIO_OK && index >= 0 ? set_int(into, "number", index) : status;
}

static inline iio_status toy_iter(void *file, const iio_dict *options, void **cursor) {
  toy_file *f = file;
  toy_cursor *c = calloc(1, sizeof *c);
  if (!c) return f->host->fail(IIO_ERROR_OUT_OF_MEMORY, "toy: no memory");
  c->file = f;
  c->start = toy_int(f->host, options, "start", 0);
  c->stop = toy_int(f->host, options, "stop", (int64_t)f->count);
  c->every = toy_int(f->host, options, "every", 1);
  c->invert = toy_int(f->host, options, "invert", 0);
  c->crop = toy_int(f->host, options, "crop", 0);
  c->delay_ms = toy_int(f->host, options, "delay_ms", 0);
  if (c->stop < 0 || c->stop > (int64_t)f->count) c->stop = (int64_t)f->count;
  c->next = c->start;
  f->owner->n.iters++;
  *cursor = c;
  return IIO_OK;
}

static inline iio_status toy_next_props(void *cursor, iio_props *p) {
  toy_cursor *c = cursor;
  return c->next >= c->stop ? IIO_END : toy_describe(c->file, c->next, c->crop, p);
}

static inline iio_status toy_next(void *cursor, const iio_array *dst) {
  toy_cursor *c = cursor;
  if (c->next >= c->stop) return IIO_END;
  iio_status status = toy_fill(c->file, c->next, c->crop, c->invert, c->delay_ms, dst);
  if (status != IIO_ERROR_SHAPE && status != IIO_ERROR_CANCELLED) c->next += c->every;
  return status;
}

static inline iio_status toy_next_meta(void *cursor, iio_dict *into) {
  toy_cursor *c = cursor;
  return toy_meta(c->file, c->next - c->every, NULL, into);
}

static inline iio_status toy_seek(void *cursor, int64_t index) {
  toy_cursor *c = cursor;
  if (index < 0 || index >= (int64_t)c->file->count) return c->file->host->fail(IIO_ERROR_INDEX, "toy: no such image");
  c->next = index;
  return IIO_OK;
}

static inline void toy_iter_free(void *cursor) {
  ((toy_cursor *)cursor)->file->owner->n.iter_frees++;
  free(cursor);
}

static inline iio_status toy_write(void *file, const iio_array *a, const iio_dict *options) {
  toy_file *f = file;
  int batch = (int)toy_int(f->host, options, "is_batch", 0);
  int64_t delay_ms = toy_int(f->host, options, "delay_ms", 0);
  uint32_t skip = batch ? 1 : 0, ndim = a->ndim - skip;
  if (a->ndim < skip) return f->host->fail(IIO_ERROR_SHAPE, "toy: a batch has an axis to go along");
  if (a->dtype == IIO_FLOAT16) return f->host->fail(IIO_ERROR_UNSUPPORTED, "toy: no halves");
  if (f->fresh && (f->dtype != a->dtype || f->ndim != ndim || memcmp(f->shape, a->shape + skip, 8 * ndim) != 0)) return f->host->fail(IIO_ERROR_SHAPE, "toy: all images are alike");
  size_t item = toy_item(a->dtype), n = item;
  int64_t strides[IIO_MAX_NDIM], step = (int64_t)item;
  int given = (a->flags & IIO_ARRAY_STRIDED) != 0;
  for (uint32_t i = 0; i < a->ndim; i++) given |= a->strides[i] != 0;
  for (uint32_t i = a->ndim; i-- > 0;) {
    strides[i] = given ? a->strides[i] : step;
    step *= (int64_t)a->shape[i];
    n *= (size_t)a->shape[i];
  }
  unsigned char *more = realloc(f->data, f->size + n + 1);
  if (!more) return f->host->fail(IIO_ERROR_OUT_OF_MEMORY, "toy: no memory");
  f->data = more;
  uint64_t at[IIO_MAX_NDIM] = {0};
  for (size_t done = 0; done < n; done += item) {
    int64_t from = 0;
    for (uint32_t i = 0; i < a->ndim; i++) from += (int64_t)at[i] * strides[i];
    if (a->ndim == 0 || at[a->ndim - 1] == 0) {
      toy_sleep(delay_ms);
      if (f->host->progress(done, n)) return f->host->fail(IIO_ERROR_CANCELLED, "toy: stopped");
    }
    memcpy(f->data + f->size + done, (const unsigned char *)a->data + from, item);
    for (uint32_t i = a->ndim; i-- > 0 && ++at[i] == a->shape[i];) at[i] = 0;
  }
  f->size += n;
  f->fresh = 1;
  f->dtype = a->dtype;
  f->ndim = ndim;
  memcpy(f->shape, a->shape + skip, 8 * ndim);
  f->count += batch ? a->shape[0] : 1;
  f->owner->n.writes++;
  return IIO_OK;
}

static inline size_t toy_header(iio_dtype dtype, uint32_t ndim, const uint64_t *shape, uint16_t count, unsigned char *out) {
  memcpy(out, "TOY1", 4);
  out[4] = (unsigned char)dtype;
  out[5] = (unsigned char)ndim;
  memcpy(out + 6, &count, 2);
  memcpy(out + 8, shape, 8 * ndim);
  return 8 + 8 * ndim;
}

static inline iio_status toy_put(toy_file *f, const unsigned char *data, size_t size) {
  while (size) {
    int64_t n = f->io->write(f->io->user, data, size);
    if (n <= 0) return f->host->fail(IIO_ERROR_IO, "toy: cannot write");
    data += n;
    size -= (size_t)n;
  }
  return IIO_OK;
}

static inline iio_status toy_finish(void *file) {
  toy_file *f = file;
  unsigned char head[8 + 8 * IIO_MAX_NDIM];
  f->owner->n.finishes++;
  if (!f->fresh) return IIO_OK;
  iio_status status = toy_put(f, head, toy_header(f->dtype, f->ndim, f->shape, (uint16_t)f->count, head));
  return status == IIO_OK ? toy_put(f, f->data, f->size) : status;
}

typedef const char *toy_key_fn(const iio_dict *, size_t);
typedef iio_status toy_get_json_fn(const iio_dict *, const char *, char *, size_t, size_t *);
typedef iio_status toy_set_json_fn(iio_dict *, const char *, const char *);

static inline iio_status toy_call(void *file, const char *function, const iio_dict *arguments, iio_dict *result) {
  toy_file *f = file;
  TOY_SYMBOL(f->host, toy_set_int_fn *, set_int, "iio_dict_set_int");
  if (strcmp(function, "counters") == 0) {
    set_int(result, "opens", f->owner->n.opens);
    return set_int(result, "closes", f->owner->n.closes);
  }
  if (strcmp(function, "echo") != 0) return f->host->fail(IIO_ERROR_UNSUPPORTED, "toy: no such function");
  TOY_SYMBOL(f->host, toy_key_fn *, key_of, "iio_dict_key");
  TOY_SYMBOL(f->host, toy_get_json_fn *, get_json, "iio_dict_get_json");
  TOY_SYMBOL(f->host, toy_set_json_fn *, set_json, "iio_dict_set_json");
  for (size_t i = 0; arguments && key_of(arguments, i); i++) {
    char json[512];
    size_t needed = 0;
    iio_status status = get_json(arguments, key_of(arguments, i), json, sizeof json, &needed);
    if (status == IIO_OK) status = set_json(result, key_of(arguments, i), json);
    if (status != IIO_OK) return status;
  }
  return IIO_OK;
}

static inline void toy_destroy(void *user) { ((toy *)user)->n.destroys++; }

static inline iio_plugin toy_plugin(toy *owner, const char *declaration) {
  iio_plugin p;
  memset(&p, 0, sizeof p);
  p.struct_size = sizeof p;
  p.user = owner;
  p.declaration = declaration;
  p.probe = toy_probe;
  p.open = toy_open;
  p.count = toy_count;
  p.props = toy_props;
  p.read = toy_read;
  p.meta = toy_meta;
  p.iter = toy_iter;
  p.next_props = toy_next_props;
  p.next = toy_next;
  p.next_meta = toy_next_meta;
  p.seek = toy_seek;
  p.iter_free = toy_iter_free;
  p.write = toy_write;
  p.call = toy_call;
  p.finish = toy_finish;
  p.close = toy_close;
  p.destroy = toy_destroy;
  return p;
}

/* A TOY1 file of `count` images in memory; the caller frees. */
static inline unsigned char *toy_bytes(iio_dtype dtype, uint32_t ndim, const uint64_t *shape, uint16_t count, size_t *size) {
  size_t n = toy_item(dtype) * count;
  for (uint32_t i = 0; i < ndim; i++) n *= (size_t)shape[i];
  unsigned char *out = malloc(8 + 8 * IIO_MAX_NDIM + n);
  if (!out) abort();
  size_t head = toy_header(dtype, ndim, shape, count, out);
  for (size_t i = 0; i < n; i++) out[head + i] = (unsigned char)(dtype == IIO_BOOL ? (i / 3) & 1 : dtype >= IIO_FLOAT16 ? (i * 7) % 50 : i * 31 + i / 50);
  *size = head + n;
  return out;
}

#endif
