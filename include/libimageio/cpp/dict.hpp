// Dictionaries: the options of a call, and the metadata that comes back.
#ifndef IMAGEIO_CPP_DICT_HPP
#define IMAGEIO_CPP_DICT_HPP

#include <libimageio/cpp/array.hpp>

#include <functional>
#include <iterator>
#include <string_view>
#include <variant>

namespace iio {

class dict;
class value;
struct entry;
using list = std::vector<value>;

/// A dictionary that somebody else owns, to be read. Cheap to copy.
class dict_view {
 public:
  class iterator;

  constexpr dict_view() noexcept = default;
  constexpr explicit dict_view(const iio_dict *borrowed) noexcept : d_(borrowed) {}

  std::size_t size() const noexcept { return d_ ? iio_dict_len(d_) : 0; }
  bool empty() const noexcept { return size() == 0; }
  bool contains(const std::string &key) const { return kind(key) != IIO_KIND_ABSENT; }
  /// One of IIO_KIND_*.
  std::int32_t kind(const std::string &key) const { return d_ ? iio_dict_kind(d_, detail::c_str(key)) : IIO_KIND_ABSENT; }
  std::string_view key(std::size_t i) const noexcept {
    const char *k = d_ ? iio_dict_key(d_, i) : nullptr;
    return k ? k : std::string_view();
  }
  /// Throws not_found where there is no such key.
  value at(const std::string &key) const;
  value operator[](const std::string &key) const;
  /// The value as a T, or the fallback where there is no such key; another kind throws invalid_argument.
  template <class T>
  T get(const std::string &key, T fallback) const;
  template <class T>
  T get(const std::string &key) const;
  std::string to_json() const;
  /// In the order of the file: `for (auto [key, value] : meta)`.
  iterator begin() const noexcept;
  iterator end() const noexcept;
  const iio_dict *raw() const noexcept { return d_; }

 protected:
  const iio_dict *d_ = nullptr;
};

/// A dictionary of one's own: `{{"quality", 90}, {"loop", 0}}`.
class dict : public dict_view {
 public:
  dict() = default;
  dict(std::initializer_list<entry> entries);
  explicit dict(const dict_view &copy_of);
  dict(const dict &other) : dict(static_cast<const dict_view &>(other)) { progress_ = other.progress_; }
  dict(dict &&other) noexcept { swap(other); }
  dict &operator=(dict other) noexcept {
    swap(other);
    return *this;
  }
  /// Takes over what the C interface made.
  static dict adopt(iio_dict *owned) noexcept {
    dict out;
    out.reset(detail::handle<iio_dict>(owned));
    return out;
  }
  static dict from_json(const std::string &json) {
    dict out;
    out.reset(detail::make<iio_dict>([&](iio_dict **d) { return iio_dict_from_json(detail::c_str(json), d); }));
    return out;
  }
  void swap(dict &other) noexcept {
    owned_.swap(other.owned_);
    progress_.swap(other.progress_);
    std::swap(d_, other.d_);
  }

  dict &set(const std::string &key, const value &v);
  dict &set_json(const std::string &key, const std::string &json) {
    detail::call([&] { return iio_dict_set_json(writable(), detail::c_str(key), detail::c_str(json)); });
    return *this;
  }
  void erase(const std::string &key) {
    detail::call([&] { return iio_dict_remove(writable(), detail::c_str(key)); });
  }
  /// Calls `report(done, total)` while the call with these options works; total is 0 where it is not known. If it gives
  /// false, the call ends with iio::cancelled; if it throws, with what it threw. In the options of imopen and imiter it
  /// serves the file and its iterators.
  template <class F>
  dict &on_progress(F report) {
    using signature = std::function<bool(std::uint64_t, std::uint64_t)>;
    std::shared_ptr<signature> kept;
    if constexpr (std::is_void_v<std::invoke_result_t<F &, std::uint64_t, std::uint64_t>>) {
      kept = std::make_shared<signature>([report = std::move(report)](std::uint64_t done, std::uint64_t total) mutable {
        report(done, total);
        return true;
      });
    } else {
      kept = std::make_shared<signature>(std::move(report));
    }
    detail::call([&] {
      return iio_dict_set_progress(
          writable(),
          [](void *user, std::uint64_t done, std::uint64_t total) noexcept -> std::int32_t {
            return detail::shielded(1, [&] { return (*static_cast<signature *>(user))(done, total) ? 0 : 1; });
          },
          kept.get());
    });
    progress_ = std::move(kept);
    return *this;
  }
  /// What a file that was opened with these options must keep alive.
  const std::shared_ptr<const void> &lent() const noexcept { return progress_; }
  /// The C dictionary, made if there is none yet.
  iio_dict *writable() {
    if (!owned_) {
      reset(detail::handle<iio_dict>(iio_dict_new()));
      if (!owned_) throw out_of_memory("no memory for a dictionary");
    }
    return owned_.get();
  }

 private:
  void reset(detail::handle<iio_dict> to) noexcept {
    owned_ = std::move(to);
    d_ = owned_.get();
  }

  detail::handle<iio_dict> owned_;
  std::shared_ptr<const void> progress_;
};

/// One value of a dictionary. Numbers convert where a T is asked for that can hold them; anything else is exact.
class value {
 public:
  using variant_type = std::variant<std::monostate, bool, std::int64_t, double, std::string, bytes, image, list, dict>;

  value() noexcept = default;
  value(std::nullptr_t) noexcept {}
  value(bool b) noexcept : v_(b) {}
  template <class N, std::enable_if_t<std::is_arithmetic_v<N> && !std::is_same_v<N, bool>, int> = 0>
  value(N n) {
    if constexpr (std::is_floating_point_v<N>) {
      v_ = static_cast<double>(n);
    } else if (std::is_unsigned_v<N> && static_cast<std::uint64_t>(n) > static_cast<std::uint64_t>(INT64_MAX)) {
      // The C interface carries what an int64 cannot as an array without axes.
      image big(dtype::uint64, extents());
      big.as<std::uint64_t>()() = static_cast<std::uint64_t>(n);
      v_ = std::move(big);
    } else {
      v_ = static_cast<std::int64_t>(n);
    }
  }
  value(const char *text) : v_(std::string(text)) {}
  value(std::string_view text) : v_(std::string(text)) {}
  value(std::string text) noexcept : v_(std::move(text)) {}
  value(bytes data) noexcept : v_(std::move(data)) {}
  value(image array) noexcept : v_(std::move(array)) {}
  template <class T>
  value(ndarray<T> array) noexcept : v_(std::move(array).release()) {}
  value(list items) noexcept : v_(std::move(items)) {}
  value(dict d) noexcept : v_(std::move(d)) {}

  const variant_type &variant() const noexcept { return v_; }
  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(v_); }
  template <class T>
  bool is() const noexcept {
    return std::holds_alternative<T>(v_);
  }
  /// Exactly this alternative, or nullptr.
  template <class T>
  const T *get_if() const noexcept {
    return std::get_if<T>(&v_);
  }
  /// As a T. Integers serve as any arithmetic type that holds them, and as a floating one; another kind throws
  /// invalid_argument.
  template <class T>
  T as() const {
    if constexpr (std::is_same_v<T, bool> || !std::is_arithmetic_v<T>) {
      if (const T *exact = std::get_if<T>(&v_)) return *exact;
    } else if constexpr (std::is_floating_point_v<T>) {
      if (const double *d = std::get_if<double>(&v_)) return static_cast<T>(*d);
      if (const std::int64_t *n = std::get_if<std::int64_t>(&v_)) return static_cast<T>(*n);
    } else if (const std::int64_t *n = std::get_if<std::int64_t>(&v_)) {
      const T out = static_cast<T>(*n);
      if (static_cast<std::int64_t>(out) == *n && (out < T(0)) == (*n < 0)) return out;
      throw invalid_argument("the number does not fit the type asked for");
    }
    throw invalid_argument("the value is of another kind than the one asked for");
  }

 private:
  variant_type v_;
};

/// A key and its value, as initialiser lists of options are made of.
struct entry {
  entry(std::string k, iio::value v) : key(std::move(k)), value(std::move(v)) {}
  std::string key;
  iio::value value;
};

class dict_view::iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = std::pair<std::string_view, iio::value>;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = value_type;

  iterator(const dict_view &of, std::size_t i) noexcept : of_(of), i_(i) {}
  value_type operator*() const {
    const std::string_view key = of_.key(i_);
    return {key, of_.at(std::string(key))};
  }
  iterator &operator++() noexcept { return ++i_, *this; }
  iterator operator++(int) noexcept {
    iterator before = *this;
    ++i_;
    return before;
  }
  friend bool operator==(const iterator &a, const iterator &b) noexcept { return a.i_ == b.i_; }
  friend bool operator!=(const iterator &a, const iterator &b) noexcept { return a.i_ != b.i_; }

 private:
  dict_view of_;
  std::size_t i_;
};

inline dict_view::iterator dict_view::begin() const noexcept { return {*this, 0}; }
inline dict_view::iterator dict_view::end() const noexcept { return {*this, size()}; }

inline value dict_view::at(const std::string &key) const {
  const char *k = detail::c_str(key);
  switch (kind(key)) {
    case IIO_KIND_ABSENT: throw not_found("no key '" + key + "' in the dictionary");
    case IIO_KIND_BOOL: {
      std::int32_t v = 0;
      detail::call([&] { return iio_dict_get_bool(d_, k, &v); });
      return v != 0;
    }
    case IIO_KIND_INT: {
      std::int64_t v = 0;
      detail::call([&] { return iio_dict_get_int(d_, k, &v); });
      return v;
    }
    case IIO_KIND_FLOAT: {
      double v = 0;
      detail::call([&] { return iio_dict_get_float(d_, k, &v); });
      return v;
    }
    case IIO_KIND_STRING: {
      const char *v = nullptr;
      detail::call([&] { return iio_dict_get_string(d_, k, &v); });
      return std::string(v);
    }
    case IIO_KIND_BYTES: {
      const void *v = nullptr;
      std::size_t n = 0;
      detail::call([&] { return iio_dict_get_bytes(d_, k, &v, &n); });
      const auto *first = static_cast<const std::byte *>(v);
      return bytes(first, first + n);
    }
    case IIO_KIND_ARRAY: {
      iio_array v{};
      v.struct_size = sizeof v;
      detail::call([&] { return iio_dict_get_array(d_, k, &v); });
      return image(const_any_view(v));
    }
    case IIO_KIND_LIST: {
      const iio_dict *v = nullptr;
      detail::call([&] { return iio_dict_get_dict(d_, k, &v); });
      list items;
      for (auto item : dict_view(v)) items.push_back(std::move(item.second));
      return items;
    }
    case IIO_KIND_DICT: {
      const iio_dict *v = nullptr;
      detail::call([&] { return iio_dict_get_dict(d_, k, &v); });
      return dict(dict_view(v));
    }
    default: return nullptr;  // null, and a callback, which only the library calls
  }
}
inline value dict_view::operator[](const std::string &key) const { return at(key); }

template <class T>
T dict_view::get(const std::string &key, T fallback) const {
  return contains(key) ? at(key).template as<T>() : std::move(fallback);
}
template <class T>
T dict_view::get(const std::string &key) const {
  return at(key).template as<T>();
}

inline std::string dict_view::to_json() const {
  if (!d_) return "{}";
  std::string out;
  std::size_t needed = 256;
  iio_status status = IIO_ERROR_BUFFER_TOO_SMALL;
  while (status == IIO_ERROR_BUFFER_TOO_SMALL) {
    out.resize(needed);
    status = iio_dict_to_json(d_, out.data(), out.size(), &needed);
  }
  if (status < 0) detail::raise_last(status);
  out.resize(needed - 1);
  return out;
}

namespace detail {

/// Sets a value in a C dictionary, whoever owns it.
inline void set(iio_dict *d, const std::string &key, const value &v) {
  const char *k = c_str(key);
  call([&] {
    return std::visit(
        [&](const auto &x) -> iio_status {
          using T = std::decay_t<decltype(x)>;
          if constexpr (std::is_same_v<T, std::monostate>) {
            return iio_dict_set_null(d, k);
          } else if constexpr (std::is_same_v<T, bool>) {
            return iio_dict_set_bool(d, k, x ? 1 : 0);
          } else if constexpr (std::is_same_v<T, std::int64_t>) {
            return iio_dict_set_int(d, k, x);
          } else if constexpr (std::is_same_v<T, double>) {
            return iio_dict_set_float(d, k, x);
          } else if constexpr (std::is_same_v<T, std::string>) {
            // Text that holds a NUL is bytes.
            if (x.find('\0') != std::string::npos) return iio_dict_set_bytes(d, k, x.data(), x.size());
            return iio_dict_set_string(d, k, x.c_str());
          } else if constexpr (std::is_same_v<T, bytes>) {
            return iio_dict_set_bytes(d, k, x.data(), x.size());
          } else if constexpr (std::is_same_v<T, image>) {
            return iio_dict_set_array(d, k, x.view().raw());
          } else if constexpr (std::is_same_v<T, list>) {
            dict items;
            items.writable();
            for (std::size_t i = 0; i < x.size(); ++i) items.set(std::to_string(i), x[i]);
            return iio_dict_set_list(d, k, items.raw());
          } else {
            dict empty;
            return iio_dict_set_dict(d, k, x.raw() ? x.raw() : empty.writable());
          }
        },
        v.variant());
  });
}

inline dict take(handle<iio_dict> owned) noexcept { return dict::adopt(owned.release()); }

}  // namespace detail

inline dict::dict(std::initializer_list<entry> entries) {
  for (const entry &e : entries) set(e.key, e.value);
}

inline dict::dict(const dict_view &copy_of) {
  if (copy_of.raw())
    reset(detail::make<iio_dict>([&](iio_dict **d) { return iio_dict_copy(copy_of.raw(), d); }));
}

inline dict &dict::set(const std::string &key, const value &v) {
  detail::set(writable(), key, v);
  return *this;
}

inline dict_view error::details() const noexcept { return dict_view(details_.get()); }

}  // namespace iio

#endif
