// Open files, and readers that go over their images.
#ifndef IMAGEIO_CPP_FILE_HPP
#define IMAGEIO_CPP_FILE_HPP

#include <libimageio/cpp/stream.hpp>

namespace iio {

class file;

namespace detail {

/// A handle with what it was lent; the handle always goes first.
template <class T>
struct owner {
  owner() noexcept = default;
  owner(std::shared_ptr<const void> lent, handle<T> owned) noexcept : keep(std::move(lent)), h(std::move(owned)) {}
  owner(owner &&) noexcept = default;
  owner &operator=(owner &&other) noexcept {
    h = std::move(other.h);
    keep = std::move(other.keep);
    return *this;
  }
  std::shared_ptr<const void> keep;
  handle<T> h;
};

template <class A>
struct element {};
template <class T>
struct element<ndarray<T>> {
  using type = T;
};

struct destination {
  image *to;
  iio::dtype type;
  /// Makes room for what a read will give, in the dtype that the caller wants: the library converts.
  static std::int32_t view(void *user, const iio_props *p, iio_array *dst) noexcept {
    return shielded(std::int32_t{1}, [&] {
      auto *self = static_cast<destination *>(user);
      image_access::allocate_as(*self->to, *p, self->type);
      lay(self->to->view(), dst);
      return 0;
    });
  }
  static void lay(const any_view &from, iio_array *dst) noexcept {
    const std::uint32_t size = dst->struct_size;
    std::memcpy(dst, from.raw(), std::min<std::size_t>(size, sizeof(iio_array)));
    dst->struct_size = size;
  }
};

}  // namespace detail

/// Goes over the images of a file, once: `for (auto &&image : iio::imiter(path))`. `A` is image, or ndarray<T>, to which
/// values convert where every one fits. It keeps its file open.
///
/// The loop's image is the reader's own, and its memory is used again for the next one; move it out to keep it.
template <class A>
class reader {
 public:
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = A;
    using difference_type = std::ptrdiff_t;
    using pointer = A *;
    using reference = A &;

    iterator() noexcept = default;
    A &operator*() const noexcept { return of_->current_; }
    A *operator->() const noexcept { return &of_->current_; }
    iterator &operator++() {
      if (!of_->advance(of_->current_)) of_ = nullptr;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator &a, const iterator &b) noexcept { return a.of_ == b.of_; }
    friend bool operator!=(const iterator &a, const iterator &b) noexcept { return a.of_ != b.of_; }

   private:
    friend class reader;
    explicit iterator(reader *of) : of_(of) { ++*this; }
    reader *of_ = nullptr;
  };

  reader() noexcept = default;
  explicit reader(detail::handle<iio_iter> h, std::shared_ptr<const void> keep = nullptr) noexcept
      : own_(std::move(keep), std::move(h)) {}
  reader(reader &&) noexcept = default;
  reader &operator=(reader &&) noexcept = default;

  /// Reads the next image; a loop after another one goes on where that stopped.
  iterator begin() { return iterator(this); }
  iterator end() noexcept { return {}; }
  /// The next image in memory of its own, or nothing after the last.
  std::optional<A> next() {
    std::optional<A> out(std::in_place);
    if (!advance(*out)) out.reset();
    return out;
  }
  /// The next image into the caller's memory; false after the last.
  bool next_into(const any_view &to) {
    return detail::call([&] { return iio_iter_next_into(raw(), to.raw()); }) != IIO_END;
  }
  /// Of the next image, or nothing after the last.
  std::optional<iio::props> props() {
    iio_props p = detail::c_props();
    if (detail::call([&] { return iio_iter_props(raw(), &p); }) == IIO_END) return std::nullopt;
    return iio::props(p);
  }
  /// Of the image last read, which is not decoded again.
  dict meta() {
    return detail::take(detail::make<iio_dict>([&](iio_dict **d) { return iio_iter_meta(raw(), d); }));
  }
  /// The next image will be this one.
  void seek(std::int64_t to) {
    detail::call([&] { return iio_iter_seek(raw(), to); });
  }
  /// The name of the plugin that reads it.
  std::string plugin() const {
    const char *name = own_.h ? iio_file_plugin(iio_iter_file(own_.h.get())) : nullptr;
    return name ? name : "";
  }
  iio_iter *raw() const noexcept { return own_.h.get(); }

 private:
  bool advance(image &to) {
    iio_props p = detail::c_props();
    for (int tries = 0; tries < 2; ++tries) {
      const iio_status status = detail::call(
          [&] { return iio_iter_next(raw(), to.data(), detail::image_access::capacity(to), &p); }, IIO_ERROR_BUFFER_TOO_SMALL);
      if (status == IIO_END) return false;
      if (status >= 0) {
        detail::image_access::describe(to, p);
        detail::image_access::finish(to, status);
        return true;
      }
      detail::image_access::allocate(to, p);
    }
    detail::raise_last(IIO_ERROR_BUFFER_TOO_SMALL);
  }
  template <class T>
  bool advance(ndarray<T> &to) {
    iio_props p = detail::c_props();
    if (detail::call([&] { return iio_iter_props(raw(), &p); }) == IIO_END) return false;
    image &inside = detail::image_access::inside(to);
    detail::image_access::allocate_as(inside, p, dtype_of<T>);
    const any_view view = inside.view();
    const iio_status status = detail::call([&] { return iio_iter_next_into(raw(), view.raw()); });
    detail::image_access::finish(inside, status);
    return status != IIO_END;
  }

  detail::owner<iio_iter> own_;
  A current_;
};

/// An open file. One that is opened for writing publishes at close(), and only there: a destructor discards.
class file {
 public:
  file() noexcept = default;
  explicit file(detail::handle<iio_file> h, std::shared_ptr<const void> keep = nullptr) noexcept
      : own_(std::move(keep), std::move(h)) {}
  file(file &&) noexcept = default;
  file &operator=(file &&) noexcept = default;

  explicit operator bool() const noexcept { return own_.h != nullptr; }
  /// The name of the plugin that serves it.
  std::string plugin() const {
    const char *name = own_.h ? iio_file_plugin(own_.h.get()) : nullptr;
    return name ? name : "";
  }
  /// Images in it. May go through the whole file, but decodes no pixels.
  std::uint64_t count(const dict &options = {}) { return counted(options, IIO_IMAGES_EXACT).value(); }
  /// The same from the headers alone, or nothing if they do not say.
  std::optional<std::uint64_t> count_cheaply(const dict &options = {}) { return counted(options, IIO_IMAGES_CHEAP); }
  iio::props props(index i = any, const dict &options = {}) {
    iio_props p = detail::c_props();
    run([&](iio_file *f) { return iio_file_props(f, i.value, options.raw(), &p); });
    return iio::props(p);
  }
  image read(index i = any, const dict &options = {}) {
    image out;
    iio_props p = asked(i, options);
    detail::image_access::allocate(out, p);
    detail::image_access::finish(out, run([&](iio_file *f) {
      return iio_file_read(f, i.value, options.raw(), out.data(), out.nbytes(), &p);
    }));
    return out;
  }
  /// As an array of T: values convert where every one fits, else shape_error. For numpy's astype give
  /// `{{"dtype", "uint8"}}` as well.
  template <class T>
  ndarray<T> read(index i = any, const dict &options = {}) {
    ndarray<T> out;
    image &inside = detail::image_access::inside(out);
    detail::image_access::allocate_as(inside, asked(i, options), dtype_of<T>);
    const any_view view = inside.view();
    detail::image_access::finish(inside, run([&](iio_file *f) {
      return iio_file_read_into(f, i.value, options.raw(), view.raw());
    }));
    return out;
  }
  /// Into the caller's memory, of any strides. False where allow_partial was asked for, and pixels are missing.
  bool read_into(const any_view &to, index i = any, const dict &options = {}) {
    return run([&](iio_file *f) { return iio_file_read_into(f, i.value, options.raw(), to.raw()); }) != IIO_PARTIAL;
  }
  dict meta(index i = any, const dict &options = {}) {
    return made([&](iio_file *f, iio_dict **d) { return iio_file_meta(f, i.value, options.raw(), d); });
  }
  reader<image> iter(const dict &options = {}) { return over<image>(options); }
  template <class T>
  reader<ndarray<T>> iter(const dict &options = {}) {
    return over<ndarray<T>>(options);
  }
  void write(const const_any_view &image, const dict &options = {}) {
    run([&](iio_file *f) { return iio_file_write(f, image.raw(), options.raw()); });
  }
  /// A function that only this plugin has.
  dict call(const std::string &function, const dict &arguments = {}) {
    return made([&](iio_file *f, iio_dict **d) { return iio_file_call(f, detail::c_str(function), arguments.raw(), d); });
  }
  /// What was written to "<bytes>"; ends the encoding, and lives until close.
  span<const std::byte> encoded() {
    const void *data = nullptr;
    std::size_t size = 0;
    run([&](iio_file *f) { return iio_file_bytes(f, &data, &size); });
    return {static_cast<const std::byte *>(data), size};
  }
  /// Finishes and publishes what was written. The file is closed even if this throws; closing it again does nothing.
  void close() {
    detail::owner<iio_file> own = std::move(own_);
    if (own.h) detail::call([&] { return iio_file_close(own.h.release()); });
  }
  /// Ends it and publishes nothing.
  void discard() noexcept { own_ = {}; }
  iio_file *raw() const noexcept { return own_.h.get(); }

 private:
  // What was lent outlives the call, even if a callback ends this file meanwhile.
  template <class F>
  iio_status run(F &&body, iio_status expected = IIO_OK) {
    const std::shared_ptr<const void> keep = own_.keep;
    return detail::call([f = own_.h.get(), &body] { return body(f); }, expected);
  }
  template <class F>
  dict made(F &&body) {
    const std::shared_ptr<const void> keep = own_.keep;
    return detail::take(detail::make<iio_dict>([f = own_.h.get(), &body](iio_dict **d) { return body(f, d); }));
  }
  iio_props asked(index i, const dict &options) {
    iio_props p = detail::c_props();
    run([&](iio_file *f) { return iio_file_read(f, i.value, options.raw(), nullptr, 0, &p); }, IIO_ERROR_BUFFER_TOO_SMALL);
    return p;
  }
  std::optional<std::uint64_t> counted(const dict &options, std::uint32_t how) {
    std::int64_t n = -1;
    run([&](iio_file *f) { return iio_file_count(f, options.raw(), how, &n); });
    return n < 0 ? std::nullopt : std::optional<std::uint64_t>(static_cast<std::uint64_t>(n));
  }
  template <class A>
  reader<A> over(const dict &options) {
    using lent = std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>;
    auto keep = std::make_shared<const lent>(own_.keep, options.lent());
    return reader<A>(detail::make<iio_iter>([&](iio_iter **it) { return iio_file_iter(raw(), options.raw(), it); }), keep);
  }

  detail::owner<iio_file> own_;
};

/// Opens a file: a path, or any URI that the library knows; "r" to read, "w" to write. With `"<bytes>"` and "w" it
/// writes to memory.
inline file imopen(const std::string &uri, const std::string &mode = "r", const dict &options = {}) {
  return file(detail::make<iio_file>([&](iio_file **f) {
                return iio_imopen(detail::c_str(uri), detail::c_str(mode), options.raw(), f);
              }),
              options.lent());
}
inline file imopen(const std::string &uri, const dict &options) { return imopen(uri, "r", options); }

/// Opens a stream of the caller's. To write, `extension` or `plugin` among the options names the format.
inline file imopen(stream io, const std::string &mode, const dict &options = {}) {
  const char *m = detail::c_str(mode);
  const iio_callbacks lent = detail::lend(std::make_unique<stream>(std::move(io)));
  return file(detail::make<iio_file>([&](iio_file **f) { return iio_imopen_callbacks(&lent, m, options.raw(), f); }),
              options.lent());
}
inline file imopen(std::istream &in, const dict &options = {}) { return imopen(input(in), "r", options); }
inline file imopen(std::ostream &out, const dict &options = {}) { return imopen(output(out), "w", options); }

/// Opens encoded bytes to read. They are borrowed until the file and its readers have ended.
inline file imopen_bytes(const void *data, std::size_t size, const dict &options = {}) {
  return file(detail::make<iio_file>([&](iio_file **f) { return iio_imopen_bytes(data, size, options.raw(), f); }),
              options.lent());
}
inline file imopen_bytes(span<const std::byte> data, const dict &options = {}) {
  return imopen_bytes(data.data(), data.size(), options);
}
/// The same with bytes that are handed over.
inline file imopen_bytes(bytes &&data, const dict &options = {}) {
  bytes *lent = std::make_unique<bytes>(std::move(data)).release();
  const auto release = [](void *user) noexcept { delete static_cast<bytes *>(user); };
  return file(detail::make<iio_file>([&](iio_file **f) {
                return iio_imopen_bytes_lent(lent->data(), lent->size(), options.raw(), release, lent, f);
              }),
              options.lent());
}

}  // namespace iio

#endif
