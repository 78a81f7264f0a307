// The small words of the C++ interface: spans, dtypes, shapes, indices and properties. No ownership, no errors, no I/O.
#ifndef IMAGEIO_CPP_TYPES_HPP
#define IMAGEIO_CPP_TYPES_HPP

#include <libimageio/imageio.h>

#include <algorithm>
#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>
#if __cplusplus >= 202002L
#include <version>
#endif
#if defined(__cpp_lib_span)
#include <span>
#endif
#if defined(__cpp_lib_mdspan)
#include <mdspan>
#endif

namespace iio {

#if defined(__cpp_lib_span)
template <class T>
using span = std::span<T>;
#else
/// A borrowed run of elements: as much of std::span as this interface needs.
template <class T>
class span {
 public:
  using element_type = T;
  using value_type = std::remove_cv_t<T>;

  constexpr span() noexcept = default;
  constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
  template <class C, class P = decltype(std::declval<C &>().data()),
            class = std::enable_if_t<std::is_convertible_v<std::remove_pointer_t<P> (*)[], T (*)[]>>>
  constexpr span(C &&container) noexcept : data_(container.data()), size_(container.size()) {}

  constexpr T *data() const noexcept { return data_; }
  constexpr std::size_t size() const noexcept { return size_; }
  constexpr std::size_t size_bytes() const noexcept { return size_ * sizeof(T); }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T &operator[](std::size_t i) const { return data_[i]; }
  constexpr T *begin() const noexcept { return data_; }
  constexpr T *end() const noexcept { return data_ + size_; }
  constexpr span subspan(std::size_t from) const { return {data_ + from, size_ - from}; }
  constexpr span subspan(std::size_t from, std::size_t count) const { return {data_ + from, count}; }

 private:
  T *data_ = nullptr;
  std::size_t size_ = 0;
};
#endif

using bytes = std::vector<std::byte>;

/// The type of a sample. Byte order is always the machine's own.
enum class dtype : iio_dtype {
  boolean = IIO_BOOL,
  uint8 = IIO_UINT8,
  uint16 = IIO_UINT16,
  uint32 = IIO_UINT32,
  uint64 = IIO_UINT64,
  int8 = IIO_INT8,
  int16 = IIO_INT16,
  int32 = IIO_INT32,
  int64 = IIO_INT64,
  float16 = IIO_FLOAT16,
  float32 = IIO_FLOAT32,
  float64 = IIO_FLOAT64,
  complex64 = IIO_COMPLEX64,
  complex128 = IIO_COMPLEX128
};

inline std::size_t size_of(dtype type) noexcept { return iio_dtype_size(static_cast<iio_dtype>(type)); }
/// numpy's name: "uint8", "float32" …
inline const char *name_of(dtype type) noexcept { return iio_dtype_name(static_cast<iio_dtype>(type)); }

/// An IEEE half in its two bytes. C++17 has no arithmetic for it: read with `{{"dtype", "float32"}}` to calculate.
struct float16 {
  std::uint16_t bits;
};

namespace detail {
template <class T>
constexpr dtype dtype_of() noexcept {
  static_assert(sizeof(bool) == 1, "a bool travels as a byte");
  if constexpr (std::is_same_v<T, bool>) {
    return dtype::boolean;
  } else if constexpr (std::is_same_v<T, std::byte>) {
    return dtype::uint8;
  } else if constexpr (std::is_integral_v<T>) {
    constexpr bool s = std::is_signed_v<T>;
    if constexpr (sizeof(T) == 1) return s ? dtype::int8 : dtype::uint8;
    else if constexpr (sizeof(T) == 2) return s ? dtype::int16 : dtype::uint16;
    else if constexpr (sizeof(T) == 4) return s ? dtype::int32 : dtype::uint32;
    else return s ? dtype::int64 : dtype::uint64;
  } else if constexpr (std::is_same_v<T, float16>) {
    return dtype::float16;
  } else if constexpr (std::is_same_v<T, float>) {
    return dtype::float32;
  } else if constexpr (std::is_same_v<T, double>) {
    return dtype::float64;
  } else if constexpr (std::is_same_v<T, std::complex<float>>) {
    return dtype::complex64;
  } else {
    static_assert(std::is_same_v<T, std::complex<double>>, "no image holds samples of this type");
    return dtype::complex128;
  }
}
}  // namespace detail

/// The dtype of a C++ type: `dtype_of<float>` is `dtype::float32`.
template <class T>
inline constexpr dtype dtype_of = detail::dtype_of<std::remove_cv_t<T>>();

/// How the sample axis is to be read; `gray` also where there is no such axis.
enum class color : std::uint32_t {
  unknown = IIO_COLOR_UNKNOWN,
  gray = IIO_COLOR_GRAY,
  gray_alpha = IIO_COLOR_GRAY_ALPHA,
  rgb = IIO_COLOR_RGB,
  rgba = IIO_COLOR_RGBA,
  bgr = IIO_COLOR_BGR,
  bgra = IIO_COLOR_BGRA,
  cmyk = IIO_COLOR_CMYK,
  ycbcr = IIO_COLOR_YCBCR,
  lab = IIO_COLOR_LAB,
  hsv = IIO_COLOR_HSV,
  palette = IIO_COLOR_PALETTE,
  bayer = IIO_COLOR_BAYER,
  multi = IIO_COLOR_MULTI
};

/// One number an axis, up to eight: `{height, width, 3}` from integers of any type.
template <class N>
class per_axis {
 public:
  constexpr per_axis() noexcept = default;
  template <class... I, class = std::enable_if_t<(sizeof...(I) > 0) && (std::is_integral_v<std::decay_t<I>> && ...)>>
  constexpr per_axis(I... n) : size_(sizeof...(I)), at_{{checked(n)...}} {
    static_assert(sizeof...(I) <= IIO_MAX_NDIM, "an array has up to eight axes");
  }
  template <class It>
  static constexpr per_axis from(It first, It last) {
    per_axis out;
    for (; first != last; ++first) out.push_back(checked(*first));
    return out;
  }

  constexpr std::size_t size() const noexcept { return size_; }
  constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr N &operator[](std::size_t i) { return at_[i]; }
  constexpr const N &operator[](std::size_t i) const { return at_[i]; }
  constexpr N *begin() noexcept { return at_.data(); }
  constexpr N *end() noexcept { return at_.data() + size_; }
  constexpr const N *begin() const noexcept { return at_.data(); }
  constexpr const N *end() const noexcept { return at_.data() + size_; }
  constexpr void push_back(N n) {
    if (size_ == IIO_MAX_NDIM) throw std::length_error("an array has up to eight axes");
    at_[size_++] = n;
  }

  friend bool operator==(const per_axis &a, const per_axis &b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
  friend bool operator!=(const per_axis &a, const per_axis &b) noexcept { return !(a == b); }

 private:
  template <class I>
  static constexpr N checked(I n) {
    if constexpr (std::is_unsigned_v<N> && std::is_signed_v<I>) {
      if (n < 0) throw std::out_of_range("an axis has no negative length");
    }
    return static_cast<N>(n);
  }

  std::size_t size_ = 0;
  std::array<N, IIO_MAX_NDIM> at_{};
};

using extents = per_axis<std::uint64_t>;  ///< lengths
using strides = per_axis<std::int64_t>;   ///< steps in bytes, may be negative

namespace detail {
/// Bytes of a C-contiguous array; throws where they cannot be counted.
inline std::size_t byte_count(const extents &shape, std::size_t item) {
  std::size_t n = item;
  if (std::find(shape.begin(), shape.end(), 0U) != shape.end()) return 0;
  for (std::uint64_t length : shape) {
    if (length > static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max()) / n)
      throw std::length_error("an array of this shape has more bytes than memory");
    n *= static_cast<std::size_t>(length);
  }
  return n;
}

inline strides contiguous(const extents &shape, std::size_t item) {
  strides out = strides::from(shape.begin(), shape.end());
  auto step = static_cast<std::int64_t>(item);
  for (std::size_t i = shape.size(); i-- > 0;) {
    out[i] = step;
    if (shape[i] > 1) step *= static_cast<std::int64_t>(shape[i]);
  }
  return out;
}
}  // namespace detail

/// Which image: a number (negative ones count from the end, where the plugin knows it), `any` or `all`.
struct index {
  std::int64_t value;
  template <class I, class = std::enable_if_t<std::is_integral_v<I>>>
  constexpr index(I i) noexcept : value(static_cast<std::int64_t>(i)) {}
};
inline constexpr index any{IIO_INDEX_DEFAULT};  ///< imageio's index=None: the plugin decides
inline constexpr index all{IIO_INDEX_ALL};      ///< imageio's index=...: all images, stacked on a new first axis

/// imageio's ImageProperties: what a read gives, told without decoding a pixel.
struct props {
  iio::dtype dtype = iio::dtype::uint8;
  extents shape;
  bool is_batch = false;                  ///< the first axis stacks images
  std::optional<std::uint64_t> n_images;  ///< images in the file, when all are asked for
  std::uint64_t nbytes = 0;               ///< of a C-contiguous buffer of this shape
  std::vector<double> spacing;            ///< per axis, 0.0 where the file does not say
  std::string axes;                       ///< a letter an axis: N images, T, Z, C, Y, X, S samples, Q other
  iio::color color = iio::color::unknown;
  unsigned bits = 0;           ///< significant bits of a sample, 0: not known
  bool premultiplied = false;  ///< colours are multiplied by alpha; else alpha is straight
  bool oriented = false;       ///< the file's orientation was applied
  unsigned orientation = 0;    ///< EXIF's 1 to 8, still to be applied to what a read gives; 0: not known

  props() = default;
  props(iio::dtype type, const extents &lengths)
      : dtype(type), shape(lengths), nbytes(detail::byte_count(lengths, size_of(type))) {}
  explicit props(const iio_props &p)
      : dtype(static_cast<iio::dtype>(p.dtype)),
        shape(extents::from(p.shape, p.shape + std::min<std::size_t>(p.ndim, IIO_MAX_NDIM))),
        is_batch(p.is_batch != 0),
        n_images(p.n_images < 0 ? std::nullopt : std::optional<std::uint64_t>(static_cast<std::uint64_t>(p.n_images))),
        nbytes(p.nbytes),
        spacing(p.spacing, p.spacing + shape.size()),
        axes(p.axes, std::find(p.axes, p.axes + sizeof p.axes, '\0')),
        color(static_cast<iio::color>(p.color)),
        bits(p.bits),
        premultiplied((p.flags & IIO_PROPS_PREMULTIPLIED) != 0),
        oriented((p.flags & IIO_PROPS_ORIENTED) != 0),
        orientation(p.orientation) {}

  /// Fills a C struct, as far as its struct_size says that it goes.
  void store(iio_props &out) const {
    iio_props p{};
    p.struct_size = out.struct_size;
    p.dtype = static_cast<iio_dtype>(dtype);
    p.ndim = static_cast<std::uint32_t>(shape.size());
    p.is_batch = is_batch ? 1 : 0;
    p.n_images = n_images ? static_cast<std::int64_t>(*n_images) : -1;
    p.nbytes = nbytes;
    std::copy(shape.begin(), shape.end(), p.shape);
    std::copy_n(spacing.begin(), std::min(spacing.size(), shape.size()), p.spacing);
    std::copy_n(axes.begin(), std::min(axes.size(), sizeof p.axes - 1), p.axes);
    p.color = static_cast<std::uint32_t>(color);
    p.bits = bits;
    p.flags = (premultiplied ? IIO_PROPS_PREMULTIPLIED : 0U) | (oriented ? IIO_PROPS_ORIENTED : 0U);
    p.orientation = orientation;
    std::memcpy(&out, &p, std::min<std::size_t>(out.struct_size, sizeof p));
  }
};

/// The library's version, such as "0.1.0"; IIO_VERSION_* are the header's.
inline std::string version() { return iio_version(); }

}  // namespace iio

#endif
