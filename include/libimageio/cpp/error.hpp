// From statuses to exceptions, and from exceptions in callbacks to where they belong: no exception ever crosses the C
// boundary, and none is lost at it.
#ifndef IMAGEIO_CPP_ERROR_HPP
#define IMAGEIO_CPP_ERROR_HPP

#include <libimageio/cpp/types.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace iio {

class dict_view;

/// A call that failed. The classes below say what went wrong; status() is exact.
class error : public std::runtime_error {
 public:
  error(iio_status status, const std::string &message, std::shared_ptr<const iio_dict> details = nullptr)
      : std::runtime_error(message), status_(status), details_(std::move(details)) {}

  iio_status status() const noexcept { return status_; }
  std::string plugin() const { return part("plugin"); }      ///< the plugin that failed, "" where none was chosen
  std::string resource() const { return part("resource"); }  ///< the resource as messages show it, "" where there is none
  /// offset, os_error, callback_result, candidates … of the failure. Lives as long as this exception.
  dict_view details() const noexcept;

 private:
  std::string part(const char *key) const {
    const char *text = nullptr;
    return details_ && iio_dict_get_string(details_.get(), key, &text) == IIO_OK && text ? text : "";
  }

  iio_status status_;
  std::shared_ptr<const iio_dict> details_;
};

#define IIO_DETAIL_ERROR(name, base, code)                                           \
  class name : public base {                                                         \
   public:                                                                           \
    using base::base;                                                                \
    explicit name(const std::string &message) : base(static_cast<iio_status>(code), message) {} \
  };
IIO_DETAIL_ERROR(invalid_argument, error, IIO_ERROR_INVALID_ARGUMENT)
IIO_DETAIL_ERROR(not_found, error, IIO_ERROR_NOT_FOUND)
IIO_DETAIL_ERROR(permission_error, error, IIO_ERROR_PERMISSION)
IIO_DETAIL_ERROR(io_error, error, IIO_ERROR_IO)
IIO_DETAIL_ERROR(network_error, io_error, IIO_ERROR_NETWORK)
IIO_DETAIL_ERROR(no_backend, error, IIO_ERROR_NO_BACKEND)
IIO_DETAIL_ERROR(plugin_unavailable, error, IIO_ERROR_PLUGIN_UNAVAILABLE)
IIO_DETAIL_ERROR(unknown_plugin, plugin_unavailable, IIO_ERROR_UNKNOWN_PLUGIN)
IIO_DETAIL_ERROR(unsupported, error, IIO_ERROR_UNSUPPORTED)
IIO_DETAIL_ERROR(corrupt_data, error, IIO_ERROR_CORRUPT)
IIO_DETAIL_ERROR(index_error, error, IIO_ERROR_INDEX)
IIO_DETAIL_ERROR(option_error, error, IIO_ERROR_INVALID_OPTION)
IIO_DETAIL_ERROR(unknown_option, option_error, IIO_ERROR_UNKNOWN_OPTION)
IIO_DETAIL_ERROR(shape_error, error, IIO_ERROR_SHAPE)
IIO_DETAIL_ERROR(buffer_too_small, shape_error, IIO_ERROR_BUFFER_TOO_SMALL)
IIO_DETAIL_ERROR(limit_error, error, IIO_ERROR_LIMIT)
IIO_DETAIL_ERROR(cancelled, error, IIO_ERROR_CANCELLED)
IIO_DETAIL_ERROR(mode_error, error, IIO_ERROR_MODE)
IIO_DETAIL_ERROR(out_of_memory, error, IIO_ERROR_OUT_OF_MEMORY)
IIO_DETAIL_ERROR(busy, error, IIO_ERROR_BUSY)
IIO_DETAIL_ERROR(internal_error, error, IIO_ERROR_INTERNAL)
#undef IIO_DETAIL_ERROR

namespace detail {

/// What a callback threw on this thread, until the C call that it ran in has returned. Callbacks of the C++ interface
/// are only ever called on the thread that is inside the call.
inline std::exception_ptr &thrown() noexcept {
  thread_local std::exception_ptr slot;
  return slot;
}

/// Sets the slot aside while a C call runs: one made inside a callback neither sees nor clears what an outer one holds.
class thrown_scope {
 public:
  thrown_scope() noexcept : outer_(std::exchange(thrown(), nullptr)) {}
  ~thrown_scope() { thrown() = std::move(outer_); }
  thrown_scope(const thrown_scope &) = delete;
  thrown_scope &operator=(const thrown_scope &) = delete;

 private:
  std::exception_ptr outer_;
};

/// Ends a handle, discarding what was not closed. What a stream's close throws then has nowhere to go.
struct ending {
  void operator()(iio_file *p) const noexcept { quietly([&] { iio_file_discard(p); }); }
  void operator()(iio_iter *p) const noexcept { quietly([&] { iio_iter_free(p); }); }
  void operator()(iio_dict *p) const noexcept { iio_dict_free(p); }

 private:
  template <class F>
  static void quietly(F &&body) noexcept {
    thrown_scope scope;
    body();
    thrown() = nullptr;
  }
};
template <class T>
using handle = std::unique_ptr<T, ending>;

/// Throws the class that belongs to a status, with the given words.
[[noreturn]] inline void raise(iio_status status, const std::string &text, std::shared_ptr<const iio_dict> details = nullptr) {
  switch (status) {
    case IIO_ERROR_INVALID_ARGUMENT: throw invalid_argument(status, text, std::move(details));
    case IIO_ERROR_NOT_FOUND: throw not_found(status, text, std::move(details));
    case IIO_ERROR_PERMISSION: throw permission_error(status, text, std::move(details));
    case IIO_ERROR_IO: throw io_error(status, text, std::move(details));
    case IIO_ERROR_NETWORK: throw network_error(status, text, std::move(details));
    case IIO_ERROR_NO_BACKEND: throw no_backend(status, text, std::move(details));
    case IIO_ERROR_PLUGIN_UNAVAILABLE: throw plugin_unavailable(status, text, std::move(details));
    case IIO_ERROR_UNKNOWN_PLUGIN: throw unknown_plugin(status, text, std::move(details));
    case IIO_ERROR_UNSUPPORTED: throw unsupported(status, text, std::move(details));
    case IIO_ERROR_CORRUPT: throw corrupt_data(status, text, std::move(details));
    case IIO_ERROR_INDEX: throw index_error(status, text, std::move(details));
    case IIO_ERROR_INVALID_OPTION: throw option_error(status, text, std::move(details));
    case IIO_ERROR_UNKNOWN_OPTION: throw unknown_option(status, text, std::move(details));
    case IIO_ERROR_SHAPE: throw shape_error(status, text, std::move(details));
    case IIO_ERROR_BUFFER_TOO_SMALL: throw buffer_too_small(status, text, std::move(details));
    case IIO_ERROR_LIMIT: throw limit_error(status, text, std::move(details));
    case IIO_ERROR_CANCELLED: throw cancelled(status, text, std::move(details));
    case IIO_ERROR_MODE: throw mode_error(status, text, std::move(details));
    case IIO_ERROR_OUT_OF_MEMORY: throw out_of_memory(status, text, std::move(details));
    case IIO_ERROR_BUSY: throw busy(status, text, std::move(details));
    case IIO_ERROR_INTERNAL: throw internal_error(status, text, std::move(details));
    default: throw error(status, text, std::move(details));
  }
}

/// Throws this thread's last failure. Nothing may call the library between the failure and this.
[[noreturn]] inline void raise_last(iio_status status) {
  const char *words = iio_error_message();
  std::string message = words && *words ? words : iio_status_name(status);
  iio_dict *details = nullptr;
  if (iio_error_details(&details) != IIO_OK) details = nullptr;
  raise(status, message, std::shared_ptr<const iio_dict>(handle<iio_dict>(details)));
}

/// The body of a callback: what it throws is stored, and the library sees a failure. After the first exception of a
/// call every further callback fails at once, so that nothing goes on on top of it.
template <class R, class F>
R shielded(R failed, F &&body) noexcept {
  if (thrown()) return failed;
  try {
    return static_cast<R>(body());
  } catch (...) {
    thrown() = std::current_exception();
    return failed;
  }
}

/// Makes a C call. An exception of a callback goes on from here; else a failure becomes one, unless it is the one that
/// the caller deals with.
template <class F>
iio_status call(F &&body, iio_status expected = IIO_OK) {
  std::exception_ptr stored;
  iio_status status;
  {
    thrown_scope scope;
    status = body();
    stored = std::exchange(thrown(), nullptr);
  }
  if (stored) std::rethrow_exception(stored);
  if (status < 0 && status != expected) raise_last(status);
  return status;
}

/// The same where the C call makes a handle.
template <class T, class F>
handle<T> make(F &&body) {
  handle<T> out;
  call([&] {
    T *raw = nullptr;
    const iio_status status = body(&raw);
    out.reset(raw);
    return status;
  });
  return out;
}

/// A text for C, which ends at the first NUL.
inline const char *c_str(const std::string &text) {
  if (text.find('\0') != std::string::npos) throw invalid_argument("a name that holds a NUL");
  return text.c_str();
}

}  // namespace detail
}  // namespace iio

#endif
