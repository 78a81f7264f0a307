// Byte streams of the caller's: functions, std::istream, std::ostream.
#ifndef IMAGEIO_CPP_STREAM_HPP
#define IMAGEIO_CPP_STREAM_HPP

#include <libimageio/cpp/dict.hpp>

#include <istream>
#include <ostream>

namespace iio {

enum class whence : std::int32_t { start = 0, here = 1, end = 2 };

/// A byte stream made of functions; an empty one says that the stream cannot do it. They run on the thread that is
/// inside the call. What one throws ends the call, and comes out of it unchanged.
struct stream {
  std::function<std::size_t(span<std::byte>)> read;         ///< bytes read, 0 at the end; fewer than asked for is fine
  std::function<std::size_t(span<const std::byte>)> write;  ///< bytes taken
  std::function<std::uint64_t(std::int64_t, whence)> seek;  ///< gives the new position
  std::function<std::uint64_t()> size;
  std::function<void()> finish;  ///< writing: once, when all was written and nothing failed; without it, throw away
  std::function<void()> close;   ///< once, at the end, also when the open fails
};

namespace detail {

/// Lends a stream to the library, which ends it by `close`.
inline iio_callbacks lend(std::unique_ptr<stream> s) noexcept {
  iio_callbacks io{};
  io.struct_size = sizeof io;
  constexpr std::int64_t failed = -1;
  if (s->read)
    io.read = [](void *user, void *to, std::size_t n) noexcept {
      return shielded(failed, [&] { return static_cast<stream *>(user)->read({static_cast<std::byte *>(to), n}); });
    };
  if (s->write)
    io.write = [](void *user, const void *from, std::size_t n) noexcept {
      return shielded(failed, [&] { return static_cast<stream *>(user)->write({static_cast<const std::byte *>(from), n}); });
    };
  if (s->seek)
    io.seek = [](void *user, std::int64_t offset, std::int32_t from) noexcept {
      return shielded(failed, [&] { return static_cast<stream *>(user)->seek(offset, static_cast<whence>(from)); });
    };
  if (s->size)
    io.size = [](void *user) noexcept { return shielded(failed, [&] { return static_cast<stream *>(user)->size(); }); };
  if (s->finish)
    io.finish = [](void *user) noexcept {
      return shielded(std::int32_t{1}, [&] { return static_cast<stream *>(user)->finish(), 0; });
    };
  io.close = [](void *user) noexcept {
    const std::unique_ptr<stream> last(static_cast<stream *>(user));
    try {
      if (last->close) last->close();
    } catch (...) {
      if (!thrown()) thrown() = std::current_exception();
    }
  };
  io.user = s.release();
  return io;
}

/// Positions count from where the stream stood: an image may lie in the middle of a file.
inline std::function<std::uint64_t(std::int64_t, whence)> seek_in(std::streambuf *buffer, std::ios_base::openmode mode) {
  const std::streamoff base = buffer->pubseekoff(0, std::ios_base::cur, mode);
  if (base < 0) return nullptr;
  return [=](std::int64_t offset, whence from) {
    std::streamoff at = -1;
    if (from == whence::start) {
      if (offset >= 0) at = buffer->pubseekpos(base + offset, mode);
    } else {
      at = buffer->pubseekoff(offset, from == whence::end ? std::ios_base::end : std::ios_base::cur, mode);
    }
    if (at < base) throw io_error("the stream cannot seek there");
    return static_cast<std::uint64_t>(at - base);
  };
}

}  // namespace detail

/// Reads from a std::istream, from where it stands. Bytes go by its buffer: its state and its exceptions() stay as they
/// are. The stream is borrowed until the file and its readers have ended; give a shared_ptr to hand it over.
inline stream input(std::shared_ptr<std::istream> in) {
  std::streambuf *buffer = in->rdbuf();
  stream s;
  s.read = [in, buffer](span<std::byte> to) {
    return static_cast<std::size_t>(buffer->sgetn(reinterpret_cast<char *>(to.data()), static_cast<std::streamsize>(to.size())));
  };
  s.seek = detail::seek_in(buffer, std::ios_base::in);
  return s;
}
inline stream input(std::istream &in) { return input(std::shared_ptr<std::istream>(std::shared_ptr<void>(), &in)); }

/// Writes to a std::ostream, from where it stands; flushed when the file is closed.
inline stream output(std::shared_ptr<std::ostream> out) {
  std::streambuf *buffer = out->rdbuf();
  stream s;
  s.write = [out, buffer](span<const std::byte> from) {
    const auto n = buffer->sputn(reinterpret_cast<const char *>(from.data()), static_cast<std::streamsize>(from.size()));
    if (n == 0 && !from.empty()) throw io_error("the stream takes no more bytes");
    return static_cast<std::size_t>(n);
  };
  s.seek = detail::seek_in(buffer, std::ios_base::out);
  s.finish = [buffer] {
    if (buffer->pubsync() != 0) throw io_error("the stream cannot be flushed");
  };
  return s;
}
inline stream output(std::ostream &out) { return output(std::shared_ptr<std::ostream>(std::shared_ptr<void>(), &out)); }

}  // namespace iio

#endif
