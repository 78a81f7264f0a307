/* iio_callbacks over memory, with every unkindness that a test may want. */
#ifndef STREAMS_H
#define STREAMS_H

#include "check.h"

typedef struct stream {
  const unsigned char *source; /* what is read */
  size_t source_size;
  unsigned char *sink; /* what was written */
  size_t sink_size, room, at;
  size_t short_by;  /* a read or write moves at most so many bytes; 0: all */
  int64_t fail_at;  /* this call, counted over read, write and seek together, and all later ones fail; 0: none */
  int64_t fail_with;
  int fail_reads, fail_writes, fail_seeks; /* only the calls of that kind fail; all 0: every kind */
  int32_t finish_with;
  int64_t calls;
  int reads, writes, seeks, finishes, closes;
  int after_close, write_after_finish, finish_after_close; /* must stay 0 */
  void (*inside)(void *); /* runs in every read and write */
  void *inside_user;
} stream;

static inline int stream_fails(stream *s, int mine) {
  s->calls++;
  int any = !s->fail_reads && !s->fail_writes && !s->fail_seeks;
  return s->fail_at && s->calls >= s->fail_at && (any || mine);
}

static inline int64_t stream_read(void *user, void *buffer, size_t size) {
  stream *s = user;
  s->reads++;
  s->after_close += s->closes;
  if (s->inside) s->inside(s->inside_user);
  if (stream_fails(s, s->fail_reads)) return s->fail_with;
  if (s->short_by && size > s->short_by) size = s->short_by;
  const unsigned char *data = s->sink ? s->sink : s->source;
  size_t end = s->sink ? s->sink_size : s->source_size;
  if (s->at >= end) return 0;
  if (size > end - s->at) size = end - s->at;
  if (size) memcpy(buffer, data + s->at, size);
  s->at += size;
  return (int64_t)size;
}

static inline int64_t stream_write(void *user, const void *buffer, size_t size) {
  stream *s = user;
  s->writes++;
  s->after_close += s->closes;
  s->write_after_finish += s->finishes;
  if (s->inside) s->inside(s->inside_user);
  if (stream_fails(s, s->fail_writes)) return s->fail_with;
  if (s->short_by && size > s->short_by) size = s->short_by;
  if (s->at + size > s->room) {
    s->room = (s->at + size) * 2;
    unsigned char *more = realloc(s->sink, s->room);
    if (!more) abort();
    s->sink = more;
  }
  if (s->at > s->sink_size) memset(s->sink + s->sink_size, 0, s->at - s->sink_size);
  if (size) memcpy(s->sink + s->at, buffer, size);
  s->at += size;
  if (s->at > s->sink_size) s->sink_size = s->at;
  return (int64_t)size;
}

static inline int64_t stream_seek(void *user, int64_t offset, int32_t whence) {
  stream *s = user;
  s->seeks++;
  s->after_close += s->closes;
  if (stream_fails(s, s->fail_seeks)) return s->fail_with;
  int64_t from = whence == 0 ? 0 : whence == 1 ? (int64_t)s->at : (int64_t)(s->source ? s->source_size : s->sink_size);
  if (whence < 0 || whence > 2 || from + offset < 0) return -1;
  s->at = (size_t)(from + offset);
  return (int64_t)s->at;
}

static inline int64_t stream_size(void *user) {
  stream *s = user;
  s->after_close += s->closes;
  return (int64_t)(s->source ? s->source_size : s->sink_size);
}

static inline void stream_close(void *user) { ((stream *)user)->closes++; }

static inline int32_t stream_finish(void *user) {
  stream *s = user;
  s->finishes++;
  s->finish_after_close += s->closes;
  return s->finish_with;
}

enum { STREAM_FORWARD = 0, STREAM_SEEKS = 1, STREAM_SIZED = 2 };

static inline iio_callbacks stream_reads(stream *s, int kind) {
  iio_callbacks io;
  memset(&io, 0, sizeof io);
  io.struct_size = sizeof io;
  io.user = s;
  io.read = stream_read;
  io.seek = kind & STREAM_SEEKS ? stream_seek : NULL;
  io.size = kind & STREAM_SIZED ? stream_size : NULL;
  io.close = stream_close;
  return io;
}

static inline iio_callbacks stream_writes(stream *s, int kind) {
  iio_callbacks io = stream_reads(s, kind);
  io.read = kind & STREAM_SEEKS ? stream_read : NULL;
  io.write = stream_write;
  io.finish = stream_finish;
  return io;
}

static inline stream stream_over(const void *data, size_t size) {
  stream s;
  memset(&s, 0, sizeof s);
  s.source = data;
  s.source_size = size;
  s.fail_with = -42;
  return s;
}

#define CHECK_STREAM_ENDED(s) \
  do { \
    CHECK_INT((s)->closes, 1); \
    CHECK_INT((s)->after_close, 0); \
    CHECK_INT((s)->write_after_finish, 0); \
    CHECK_INT((s)->finish_after_close, 0); \
  } while (0)

#endif
