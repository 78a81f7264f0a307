// Plugins written in C++, and the registry that they go into.
#ifndef IMAGEIO_CPP_PLUGIN_HPP
#define IMAGEIO_CPP_PLUGIN_HPP

#include <libimageio/cpp/file.hpp>
#include <libimageio/plugin.h>

namespace iio {

/// The bytes that a plugin reads or writes, as the library lends them: valid until the plugin's file ends.
class source {
 public:
  source(const iio_host *host, const iio_callbacks *io, const char *path) noexcept : host_(host), io_(io), path_(path) {}

  /// The name of a local file, or nullptr: bytes may come from anywhere.
  const char *path() const noexcept { return path_; }
  bool can_seek() const noexcept { return io_->seek != nullptr; }
  std::optional<std::uint64_t> size() const {
    const std::int64_t n = io_->size ? io_->size(io_->user) : -1;
    return n < 0 ? std::nullopt : std::optional<std::uint64_t>(static_cast<std::uint64_t>(n));
  }
  /// Some bytes, 0 at the end.
  std::size_t read(span<std::byte> to) const {
    if (!io_->read) throw mode_error("the resource is not there to be read");
    return answered(io_->read(io_->user, to.data(), to.size()), "read");
  }
  /// All of them; corrupt_data where the resource ends before.
  void read_exactly(span<std::byte> to) const {
    for (std::size_t n = 0; n < to.size();) {
      const std::size_t got = read(to.subspan(n));
      if (got == 0) throw corrupt_data("the data ends too early");
      n += got;
    }
  }
  bytes read_all() const {
    bytes out;
    for (std::size_t n = 0, got = 1; got != 0; out.resize(n)) {
      out.resize(n + 65536);
      got = read(span<std::byte>(out).subspan(n));
      n += got;
    }
    return out;
  }
  void write(span<const std::byte> from) const {
    if (!io_->write) throw mode_error("the resource is not there to be written");
    for (std::size_t n = 0; n < from.size();) {
      const std::size_t took = answered(io_->write(io_->user, from.data() + n, from.size() - n), "write");
      if (took == 0) throw io_error("the resource takes no more bytes");
      n += took;
    }
  }
  std::uint64_t seek(std::int64_t offset, whence from = whence::start) const {
    if (!io_->seek) throw unsupported("the resource cannot seek");
    return answered(io_->seek(io_->user, offset, static_cast<std::int32_t>(from)), "seek");
  }
  /// Says how far the call is; throws cancelled where the caller wants no more of it.
  void progress(std::uint64_t done, std::uint64_t total) const {
    if (host_->progress(done, total) != 0) throw cancelled("cancelled");
  }

 private:
  static std::size_t answered(std::int64_t n, const char *what) {
    if (n < 0) throw io_error(std::string("the resource failed a ") + what);
    return static_cast<std::size_t>(n);
  }

  const iio_host *host_;
  const iio_callbacks *io_;
  const char *path_;
};

/// A resource that a plugin of yours has opened. Throw iio::error and its classes to say what is wrong; anything else
/// becomes an internal error. The destructor is the end, after a close and after a discard.
class plugin_file {
 public:
  virtual ~plugin_file() = default;
  /// Nothing: not known without decoding, or, if `cheap`, from the headers alone.
  virtual std::optional<std::uint64_t> count(dict_view /*options*/, bool /*cheap*/) { return 1; }
  /// Exactly what read() will fill, told without decoding a pixel.
  virtual iio::props props(index, dict_view /*options*/) { throw unsupported("this plugin cannot read"); }
  /// Fills a destination of the shape and dtype that props() told, of any strides.
  virtual void read(index, dict_view /*options*/, any_view /*to*/) { throw unsupported("this plugin cannot read"); }
  virtual dict meta(index, dict_view /*options*/) { return {}; }
  virtual void write(const_any_view /*image*/, dict_view /*options*/) { throw unsupported("this plugin cannot write"); }
  virtual dict call(const std::string &function, dict_view /*arguments*/) {
    throw unsupported("this plugin has no function '" + function + "'");
  }
  /// Writing: the rest of the file. Not called when the file is discarded, or was spoiled.
  virtual void finish() {}
};

/// A plugin of yours: derive from it, and hand it to register_plugin().
class plugin {
 public:
  virtual ~plugin() = default;
  /// name, aliases, description, extensions, can_read, can_write, priority, options, functions.
  virtual dict declaration() const = 0;
  /// From the first bytes: 0 no … 100 surely. Without it, open() is asked.
  virtual int probe(span<const std::byte> /*head*/, const std::string & /*extension*/) { return 50; }
  /// Opens the resource, or throws why not.
  virtual std::unique_ptr<plugin_file> open(source io, const std::string &mode, dict_view options) = 0;
};

namespace detail {

/// The C functions of a plugin in C++.
struct plugin_calls {
  struct opened {
    std::unique_ptr<plugin_file> file;
    const iio_host *host;
  };

  /// What a method threw becomes a status and a message.
  template <class F>
  static iio_status answer(const iio_host *host, F &&body) noexcept {
    try {
      body();
      return IIO_OK;
    } catch (const error &e) {
      return host->fail(e.status(), e.what());
    } catch (const std::bad_alloc &) {
      return host->fail(IIO_ERROR_OUT_OF_MEMORY, "out of memory in a plugin");
    } catch (const std::exception &e) {
      return host->fail(IIO_ERROR_INTERNAL, e.what());
    } catch (...) {
      return host->fail(IIO_ERROR_INTERNAL, "a plugin threw something that is no std::exception");
    }
  }
  template <class F>
  static iio_status in(void *file, F &&body) noexcept {
    auto *o = static_cast<opened *>(file);
    return answer(o->host, [&] { body(*o->file); });
  }
  static void put(const dict &from, iio_dict *into) {
    for (const auto &[key, value] : from) set(into, std::string(key), value);
  }

  static std::int32_t probe(void *user, const void *head, std::size_t size, const char *extension) noexcept {
    try {
      return static_cast<plugin *>(user)->probe({static_cast<const std::byte *>(head), size}, extension ? extension : "");
    } catch (...) {
      return 0;
    }
  }
  static iio_status open(void *user, const iio_host *host, const iio_callbacks *io, const char *path, const char *mode,
                         const iio_dict *options, void **file) noexcept {
    return answer(host, [&] {
      auto out = std::make_unique<opened>();
      out->host = host;
      out->file = static_cast<plugin *>(user)->open(source(host, io, path), mode, dict_view(options));
      if (!out->file) throw unsupported("the plugin does not open this");
      *file = out.release();
    });
  }
  static iio_status count(void *file, const iio_dict *options, std::uint32_t how, std::int64_t *n) noexcept {
    return in(file, [&](plugin_file &f) {
      const auto counted = f.count(dict_view(options), how == IIO_IMAGES_CHEAP);
      *n = counted ? static_cast<std::int64_t>(*counted) : -1;
    });
  }
  static iio_status props(void *file, std::int64_t i, const iio_dict *options, iio_props *out) noexcept {
    return in(file, [&](plugin_file &f) { f.props(i, dict_view(options)).store(*out); });
  }
  static iio_status read(void *file, std::int64_t i, const iio_dict *options, const iio_array *to) noexcept {
    return in(file, [&](plugin_file &f) { f.read(i, dict_view(options), any_view(*to)); });
  }
  static iio_status meta(void *file, std::int64_t i, const iio_dict *options, iio_dict *into) noexcept {
    return in(file, [&](plugin_file &f) { put(f.meta(i, dict_view(options)), into); });
  }
  static iio_status write(void *file, const iio_array *image, const iio_dict *options) noexcept {
    return in(file, [&](plugin_file &f) { f.write(const_any_view(*image), dict_view(options)); });
  }
  static iio_status call(void *file, const char *function, const iio_dict *arguments, iio_dict *result) noexcept {
    return in(file, [&](plugin_file &f) {
      const dict out = f.call(function, dict_view(arguments));
      if (result) put(out, result);
    });
  }
  static iio_status finish(void *file) noexcept {
    return in(file, [](plugin_file &f) { f.finish(); });
  }
  static void close(void *file) noexcept { delete static_cast<opened *>(file); }
  static void destroy(void *user) noexcept { delete static_cast<plugin *>(user); }
};

}  // namespace detail

/// Adds a plugin of this program. It overrides one of the same name until it is unregistered, and is deleted when its
/// last file has ended after that.
inline void register_plugin(std::unique_ptr<plugin> p) {
  if (!p) throw invalid_argument("no plugin to register");
  const std::string declaration = p->declaration().to_json();
  iio_plugin c{};
  c.struct_size = sizeof c;
  c.declaration = declaration.c_str();
  c.probe = detail::plugin_calls::probe;
  c.open = detail::plugin_calls::open;
  c.count = detail::plugin_calls::count;
  c.props = detail::plugin_calls::props;
  c.read = detail::plugin_calls::read;
  c.meta = detail::plugin_calls::meta;
  c.write = detail::plugin_calls::write;
  c.call = detail::plugin_calls::call;
  c.finish = detail::plugin_calls::finish;
  c.close = detail::plugin_calls::close;
  c.destroy = detail::plugin_calls::destroy;
  c.user = p.release();
  detail::call([&] { return iio_register_plugin(&c); });
}
inline void unregister_plugin(const std::string &name) {
  detail::call([&] { return iio_unregister_plugin(detail::c_str(name)); });
}
/// Loads a shared library that holds a plugin.
inline void load_plugin(const std::string &path) {
  detail::call([&] { return iio_load_plugin(detail::c_str(path)); });
}
/// Which plugins are asked for an extension, and in what order: `set_priority(".tif", "tiff,image")`.
inline void set_priority(const std::string &extension, const std::string &plugins) {
  detail::call([&] { return iio_set_priority(detail::c_str(extension), detail::c_str(plugins)); });
}
/// name → {aliases, description, extensions, can_read, can_write, available, options, functions}
inline dict plugins() { return detail::take(detail::make<iio_dict>([](iio_dict **d) { return iio_plugins(d); })); }
/// extension → {name, description, priority, can_read, can_write}
inline dict formats() { return detail::take(detail::make<iio_dict>([](iio_dict **d) { return iio_formats(d); })); }

}  // namespace iio

#endif
