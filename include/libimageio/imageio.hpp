// libimageio for C++17 and later: a header-only face over the C interface.
//
//     iio::image photo = iio::imread("photo.jpg");
//     auto linear = iio::imread<float>("photo.jpg", iio::any, {{"dtype", "float32"}, {"scale", true}});
//     for (auto &&frame : iio::imiter("clip.gif")) use(frame);
//     iio::imwrite("small.jpg", photo, {{"quality", 90}});
//
// Axes are (height, width, samples), or (images, height, width, samples) for a batch; C-contiguous where this interface
// allocates, anything that strides can say where the caller does.
//
// A failure throws a class of iio::error. Handles are owned and move; ending one in a destructor never publishes a file
// that was being written: iio::file::close() does. A file and its readers count as one handle, which serves one call at a
// time and may move between threads; different ones work in parallel.
#ifndef IMAGEIO_IMAGEIO_HPP
#define IMAGEIO_IMAGEIO_HPP

#include <libimageio/cpp/array.hpp>
#include <libimageio/cpp/dict.hpp>
#include <libimageio/cpp/error.hpp>
#include <libimageio/cpp/file.hpp>
#include <libimageio/cpp/plugin.hpp>
#include <libimageio/cpp/stream.hpp>
#include <libimageio/cpp/types.hpp>

#include <mutex>

namespace iio {

/// Reads an image, in the dtype that the file has. Options of the opening and of the read go together.
inline image imread(const std::string &uri, index i = any, const dict &options = {}) {
  image out;
  iio_props p = detail::c_props();
  const auto allocate = [](void *user, const iio_props *told, std::size_t) noexcept {
    return detail::shielded(static_cast<void *>(nullptr), [&] {
      auto *to = static_cast<image *>(user);
      detail::image_access::allocate(*to, *told);
      return to->data();
    });
  };
  const iio_status status = detail::call([&] {
    void *data = nullptr;
    return iio_imread_alloc(detail::c_str(uri), i.value, options.raw(), allocate, &out, &data, &p);
  });
  detail::image_access::finish(out, status);
  return out;
}
inline image imread(const std::string &uri, const dict &options) { return imread(uri, any, options); }

/// Reads an image as an array of T: values convert where every one fits, else shape_error. For numpy's astype give
/// `{{"dtype", "uint8"}}` as well.
template <class T>
ndarray<T> imread(const std::string &uri, index i = any, const dict &options = {}) {
  ndarray<T> out;
  detail::destination to{&detail::image_access::inside(out), dtype_of<T>};
  iio_props p = detail::c_props();
  const iio_status status = detail::call([&] {
    return iio_imread_view(detail::c_str(uri), i.value, options.raw(), detail::destination::view, &to, &p);
  });
  detail::image_access::finish(*to.to, status);
  return out;
}
template <class T>
ndarray<T> imread(const std::string &uri, const dict &options) {
  return imread<T>(uri, any, options);
}

/// Reads an image into the caller's memory, of any strides. False where allow_partial was asked for, and pixels are
/// missing.
inline bool imread_into(const std::string &uri, const any_view &to, index i = any, const dict &options = {}) {
  iio_props p = detail::c_props();
  const auto view = [](void *user, const iio_props *, iio_array *dst) noexcept -> std::int32_t {
    detail::destination::lay(*static_cast<const any_view *>(user), dst);
    return 0;
  };
  any_view lent = to;
  return detail::call([&] {
           return iio_imread_view(detail::c_str(uri), i.value, options.raw(), view, &lent, &p);
         }) != IIO_PARTIAL;
}

/// Writes an image, or a batch of them. The file appears under its name when all of it is there.
inline void imwrite(const std::string &uri, const const_any_view &image, const dict &options = {}) {
  detail::call([&] { return iio_imwrite(detail::c_str(uri), image.raw(), options.raw()); });
}

/// Writes an image to memory, in the format of an extension such as ".png".
inline bytes imwrite_bytes(const std::string &extension, const const_any_view &image, const dict &options = {}) {
  bytes out;
  std::size_t size = 0;
  const auto allocate = [](void *user, const iio_props *, std::size_t n) noexcept {
    return detail::shielded(static_cast<void *>(nullptr), [&] {
      auto *to = static_cast<bytes *>(user);
      to->resize(std::max<std::size_t>(n, 1));
      return static_cast<void *>(to->data());
    });
  };
  detail::call([&] {
    void *data = nullptr;
    return iio_imwrite_bytes(detail::c_str(extension), image.raw(), options.raw(), allocate, &out, &data, &size);
  });
  out.resize(size);
  return out;
}

/// What a read will give, without decoding a pixel.
inline props improps(const std::string &uri, index i = any, const dict &options = {}) {
  iio_props p = detail::c_props();
  detail::call([&] { return iio_improps(detail::c_str(uri), i.value, options.raw(), &p); });
  return props(p);
}
inline props improps(const std::string &uri, const dict &options) { return improps(uri, any, options); }

/// An image's metadata, or the file's.
inline dict immeta(const std::string &uri, index i = any, const dict &options = {}) {
  return detail::take(
      detail::make<iio_dict>([&](iio_dict **d) { return iio_immeta(detail::c_str(uri), i.value, options.raw(), d); }));
}
inline dict immeta(const std::string &uri, const dict &options) { return immeta(uri, any, options); }

/// Goes over the images of a file.
inline reader<image> imiter(const std::string &uri, const dict &options = {}) {
  return reader<image>(
      detail::make<iio_iter>([&](iio_iter **it) { return iio_imiter(detail::c_str(uri), options.raw(), it); }), options.lent());
}
template <class T>
reader<ndarray<T>> imiter(const std::string &uri, const dict &options = {}) {
  return reader<ndarray<T>>(
      detail::make<iio_iter>([&](iio_iter **it) { return iio_imiter(detail::c_str(uri), options.raw(), it); }), options.lent());
}

enum class log_level : std::int32_t {
  error = IIO_LOG_ERROR,
  warning = IIO_LOG_WARNING,
  info = IIO_LOG_INFO,
  debug = IIO_LOG_DEBUG
};

/// Where the library's remarks go; an empty function ends it. What it throws is lost. Not to be called from inside it.
inline void set_log(std::function<void(log_level, const std::string &)> log) {
  using function = std::function<void(log_level, const std::string &)>;
  static std::mutex one_at_a_time;
  static std::unique_ptr<function> current;
  const std::lock_guard<std::mutex> lock(one_at_a_time);
  auto next = log ? std::make_unique<function>(std::move(log)) : nullptr;
  const auto forward = [](void *user, std::int32_t level, const char *message) noexcept {
    try {
      (*static_cast<function *>(user))(static_cast<log_level>(level), message);
    } catch (...) {
    }
  };
  if (next) iio_set_log_callback(forward, next.get());
  else iio_set_log_callback(nullptr, nullptr);
  current = std::move(next);
}

}  // namespace iio

#endif
