// Pixels: views of memory that somebody owns, and two owners, one whose dtype is known when the program runs (image)
// and one whose dtype is known when it is compiled (ndarray<T>).
#ifndef IMAGEIO_CPP_ARRAY_HPP
#define IMAGEIO_CPP_ARRAY_HPP

#include <libimageio/cpp/error.hpp>

namespace iio {

template <class T>
class array_view;

namespace detail {
template <class A>
inline constexpr bool is_view = false;
template <class T>
inline constexpr bool is_view<array_view<T>> = true;
}  // namespace detail

/// A strided view of an n-dimensional array in memory that the caller keeps. `T` is the sample's type, const to read
/// only; `void` and `const void` where the dtype is known only at run time. Views convert as pointers do.
template <class T>
class array_view {
  template <class>
  friend class array_view;
  using sample = std::remove_const_t<T>;
  using address = std::conditional_t<std::is_const_v<T>, const std::byte, std::byte> *;
  static constexpr bool typed = !std::is_void_v<sample>;
  template <class U>
  static constexpr bool from = !std::is_same_v<U, T> && std::is_convertible_v<U *, T *>;

 public:
  using element_type = T;

  /// C-contiguous.
  template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>>
  array_view(U *data, const extents &shape) : array_view(data, shape, detail::contiguous(shape, sizeof(U))) {}
  /// With a step in bytes for each axis.
  template <class U = T, class = std::enable_if_t<!std::is_void_v<U>>>
  array_view(U *data, const extents &shape, const iio::strides &steps) : array_view(data, dtype_of<U>, shape, steps, 0) {}
  template <class U = T, class = std::enable_if_t<std::is_void_v<U>>>
  array_view(U *data, iio::dtype type, const extents &shape)
      : array_view(data, type, shape, detail::contiguous(shape, size_of(type)), 0) {}
  template <class U = T, class = std::enable_if_t<std::is_void_v<U>>>
  array_view(U *data, iio::dtype type, const extents &shape, const iio::strides &steps)
      : array_view(data, type, shape, steps, 0) {}
  template <class U, class = std::enable_if_t<from<U>>>
  array_view(const array_view<U> &other) noexcept : a_(other.a_) {}
  /// Of anything that has a view(): image, ndarray. Of a temporary one, only to be read.
  template <class A, class = std::enable_if_t<!detail::is_view<std::decay_t<A>>>, class V = decltype(std::declval<A &>().view()),
            class = std::enable_if_t<std::is_convertible_v<typename V::element_type *, T *> &&
                                     (std::is_const_v<T> || std::is_lvalue_reference_v<A>)>>
  array_view(A &&owner) : array_view(array_view<typename V::element_type>(owner.view())) {}
  /// Of a C view. The dtype must be T's.
  explicit array_view(const iio_array &a) : a_(a) {
    a_.struct_size = sizeof a_;
    if constexpr (typed) require(dtype_of<sample>);
    if (!(a_.flags & IIO_ARRAY_STRIDED) && std::all_of(a_.strides, a_.strides + IIO_MAX_NDIM, [](auto s) { return s == 0; })) {
      const iio::strides steps = detail::contiguous(shape(), size_of(dtype()));
      std::copy(steps.begin(), steps.end(), a_.strides);
    }
    a_.flags |= static_cast<std::uint32_t>(IIO_ARRAY_STRIDED);
  }

  T *data() const noexcept { return static_cast<T *>(a_.data); }
  iio::dtype dtype() const noexcept { return static_cast<iio::dtype>(a_.dtype); }
  std::size_t ndim() const noexcept { return a_.ndim; }
  extents shape() const { return extents::from(a_.shape, a_.shape + a_.ndim); }
  iio::strides strides() const { return iio::strides::from(a_.strides, a_.strides + a_.ndim); }
  /// Samples in it.
  std::size_t size() const { return detail::byte_count(shape(), 1); }
  const iio_array *raw() const noexcept { return &a_; }
  array_view view() const noexcept { return *this; }

  /// One sample; the indices are not checked.
  template <class... I, class U = T, class = std::enable_if_t<!std::is_void_v<U>>>
  U &operator()(I... i) const {
    std::size_t axis = 0;
    std::int64_t offset = 0;
    ((offset += static_cast<std::int64_t>(i) * a_.strides[axis++]), ...);
    return *reinterpret_cast<U *>(start() + offset);
  }
  /// One sample; wrong indices throw std::out_of_range.
  template <class... I, class U = T, class = std::enable_if_t<!std::is_void_v<U>>>
  U &at(I... i) const {
    std::size_t axis = 0;
    if (sizeof...(I) != ndim() || !((static_cast<std::uint64_t>(i) < a_.shape[axis++]) && ...))
      throw std::out_of_range("no such sample in the array");
    return (*this)(i...);
  }
  /// The i-th part along the first axis.
  array_view operator[](std::size_t i) const {
    if (ndim() == 0 || i >= a_.shape[0]) throw std::out_of_range("no such part of the array");
    array_view out = *this;
    out.a_.data = moved(static_cast<std::int64_t>(i) * a_.strides[0]);
    out.a_.ndim -= 1;
    std::copy(a_.shape + 1, a_.shape + IIO_MAX_NDIM, out.a_.shape);
    std::copy(a_.strides + 1, a_.strides + IIO_MAX_NDIM, out.a_.strides);
    out.a_.shape[IIO_MAX_NDIM - 1] = 0;
    out.a_.strides[IIO_MAX_NDIM - 1] = 0;
    return out;
  }
  /// `length` steps along an axis from `first` on.
  array_view slice(std::size_t axis, std::uint64_t first, std::uint64_t length) const {
    if (axis >= ndim() || first > a_.shape[axis] || length > a_.shape[axis] - first)
      throw std::out_of_range("no such slice of the array");
    array_view out = *this;
    out.a_.data = moved(static_cast<std::int64_t>(first) * a_.strides[axis]);
    out.a_.shape[axis] = length;
    return out;
  }
  /// The same samples with an axis in the other direction.
  array_view flipped(std::size_t axis) const {
    if (axis >= ndim()) throw std::out_of_range("no such axis of the array");
    array_view out = *this;
    if (a_.shape[axis] != 0) out.a_.data = moved(static_cast<std::int64_t>(a_.shape[axis] - 1) * a_.strides[axis]);
    out.a_.strides[axis] = -a_.strides[axis];
    return out;
  }
  /// The same samples with the axes in another order, as numpy's transpose.
  array_view permuted(const extents &order) const {
    array_view out = *this;
    unsigned seen = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (order[i] >= ndim()) throw std::out_of_range("no such axis of the array");
      seen |= 1U << order[i];
      out.a_.shape[i] = a_.shape[order[i]];
      out.a_.strides[i] = a_.strides[order[i]];
    }
    if (seen + 1 != 1U << ndim()) throw std::out_of_range("an order names each axis once");
    return out;
  }
#if defined(__cpp_lib_mdspan)
  /// The same samples as a std::mdspan of N axes. Another number of axes, or strides that it cannot have (negative ones,
  /// parts of a sample), throw shape_error.
  template <std::size_t N>
  auto mdspan() const {
    static_assert(typed, "say which type the samples have: as<T>().mdspan<N>()");
    if (ndim() != N) throw shape_error("an array of " + std::to_string(ndim()) + " axes, not " + std::to_string(N));
    std::array<std::size_t, N> lengths{}, steps{};
    for (std::size_t axis = 0; axis < N; ++axis) {
      lengths[axis] = static_cast<std::size_t>(a_.shape[axis]);
      const auto size = static_cast<std::int64_t>(sizeof(sample));
      // Where an axis has one place or none, its stride says nothing.
      if (lengths[axis] < 2) steps[axis] = 1;
      else if (a_.strides[axis] > 0 && a_.strides[axis] % size == 0) steps[axis] = static_cast<std::size_t>(a_.strides[axis] / size);
      else throw shape_error("a std::mdspan cannot have the strides of this array");
    }
    using places = std::dextents<std::size_t, N>;
    return std::mdspan<T, places, std::layout_stride>(data(), std::layout_stride::mapping<places>(places(lengths), steps));
  }
#endif
  /// The dtype that is known at run time made one of the compiler's; another one throws shape_error.
  template <class U>
  array_view<std::conditional_t<std::is_const_v<T>, const U, U>> as() const {
    require(dtype_of<U>);
    return array_view<std::conditional_t<std::is_const_v<T>, const U, U>>(a_);
  }

 private:
  array_view(T *data, iio::dtype type, const extents &shape, const iio::strides &steps, int) : a_{} {
    if (shape.size() != steps.size()) throw std::length_error("an array has as many strides as axes");
    a_.struct_size = sizeof a_;
    a_.dtype = static_cast<iio_dtype>(type);
    a_.ndim = static_cast<std::uint32_t>(shape.size());
    a_.flags = static_cast<std::uint32_t>(IIO_ARRAY_STRIDED);
    a_.data = const_cast<void *>(static_cast<const void *>(data));
    std::copy(shape.begin(), shape.end(), a_.shape);
    std::copy(steps.begin(), steps.end(), a_.strides);
  }
  void require(iio::dtype wanted) const {
    if (dtype() != wanted) throw shape_error(std::string("an array of ") + name_of(dtype()) + ", not of " + name_of(wanted));
  }
  address start() const noexcept { return static_cast<address>(a_.data); }
  void *moved(std::int64_t by) const noexcept { return static_cast<std::byte *>(a_.data) + by; }

  iio_array a_;
};

template <class T>
array_view(T *, const extents &) -> array_view<T>;
template <class T>
array_view(T *, const extents &, const strides &) -> array_view<T>;

using any_view = array_view<void>;              ///< what can be read into
using const_any_view = array_view<const void>;  ///< what can be written

/// A view of a container's elements as an array, C-contiguous: `read_into(view(vector, {height, width, 3}))`.
template <class C, class P = decltype(std::data(std::declval<C &>()))>
array_view<std::remove_pointer_t<P>> view(C &container, const extents &shape) {
  if (detail::byte_count(shape, 1) > std::size(container)) throw std::length_error("the container is smaller than the shape");
  return {std::data(container), shape};
}

namespace detail {
struct image_access;
}

/// An array that owns its memory, C-contiguous, with the properties it was read with.
class image {
 public:
  image() = default;
  /// All zero.
  image(iio::dtype type, const extents &shape) { allocate(iio::props(type, shape)), clear(); }
  /// A copy of any view, strided or not.
  explicit image(const const_any_view &from) {
    allocate(iio::props(from.dtype(), from.shape()));
    copy(from, data_.get());
  }
  image(image &&other) noexcept { swap(other); }
  image(const image &other) : partial_(other.partial_) {
    if (other.data_) allocate(other.props_), std::memcpy(data_.get(), other.data_.get(), nbytes());
  }
  image &operator=(image other) noexcept {
    swap(other);
    return *this;
  }
  void swap(image &other) noexcept {
    std::swap(data_, other.data_);
    std::swap(capacity_, other.capacity_);
    std::swap(props_, other.props_);
    std::swap(partial_, other.partial_);
  }

  bool empty() const noexcept { return !data_; }
  iio::dtype dtype() const noexcept { return props_.dtype; }
  const extents &shape() const noexcept { return props_.shape; }
  std::size_t ndim() const noexcept { return props_.shape.size(); }
  std::size_t nbytes() const noexcept { return static_cast<std::size_t>(props_.nbytes); }
  const iio::props &props() const noexcept { return props_; }
  /// True where allow_partial was asked for, and pixels are missing.
  bool partial() const noexcept { return partial_; }
  void *data() noexcept { return data_.get(); }
  const void *data() const noexcept { return data_.get(); }
  any_view view() { return {data(), dtype(), shape()}; }
  const_any_view view() const { return {data(), dtype(), shape()}; }
  /// A typed view; throws shape_error where the dtype is another.
  template <class T>
  array_view<T> as() {
    return view().as<T>();
  }
  template <class T>
  array_view<const T> as() const {
    return view().as<T>();
  }
  span<const std::byte> as_bytes() const noexcept { return {data_.get(), nbytes()}; }

 private:
  friend struct detail::image_access;

  void allocate(iio::props p) {
    const auto n = static_cast<std::size_t>(p.nbytes);
    if (!data_ || n > capacity_) {
      data_.reset();
      capacity_ = 0;
      data_.reset(new std::byte[n]);
      capacity_ = n;
    }
    props_ = std::move(p);
  }
  void clear() noexcept { std::memset(data_.get(), 0, nbytes()); }
  static std::byte *copy(const const_any_view &from, std::byte *to) {
    if (from.ndim() == 0) {
      const std::size_t n = size_of(from.dtype());
      std::memcpy(to, from.data(), n);
      return to + n;
    }
    for (std::uint64_t i = 0; i < from.raw()->shape[0]; ++i) to = copy(from[i], to);
    return to;
  }

  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_ = 0;
  iio::props props_;
  bool partial_ = false;
};

/// An owned C-contiguous array of samples of type T.
template <class T>
class ndarray {
 public:
  using value_type = T;
  static_assert(!std::is_const_v<T> && std::is_trivially_copyable_v<T>);

  ndarray() : image_(dtype_of<T>, extents{0}) {}
  /// All zero.
  explicit ndarray(const extents &shape) : image_(dtype_of<T>, shape) {}
  /// Takes over an image; throws shape_error where its dtype is another.
  explicit ndarray(image &&from) : image_((from.as<T>(), std::move(from))) {}

  T *data() noexcept { return static_cast<T *>(image_.data()); }
  const T *data() const noexcept { return static_cast<const T *>(image_.data()); }
  std::size_t size() const noexcept { return image_.nbytes() / sizeof(T); }
  std::size_t ndim() const noexcept { return image_.ndim(); }
  const extents &shape() const noexcept { return image_.shape(); }
  const iio::props &props() const noexcept { return image_.props(); }
  bool partial() const noexcept { return image_.partial(); }
  T *begin() noexcept { return data(); }
  T *end() noexcept { return data() + size(); }
  const T *begin() const noexcept { return data(); }
  const T *end() const noexcept { return data() + size(); }
  array_view<T> view() { return {data(), shape()}; }
  array_view<const T> view() const { return {data(), shape()}; }
  span<T> as_span() noexcept { return {data(), size()}; }
  span<const T> as_span() const noexcept { return {data(), size()}; }

  template <class... I>
  T &operator()(I... i) {
    return data()[offset(i...)];
  }
  template <class... I>
  const T &operator()(I... i) const {
    return data()[offset(i...)];
  }
  template <class... I>
  T &at(I... i) {
    return view().at(i...);
  }
  template <class... I>
  const T &at(I... i) const {
    return view().at(i...);
  }
  array_view<T> operator[](std::size_t i) { return view()[i]; }
  array_view<const T> operator[](std::size_t i) const { return view()[i]; }

  /// Gives the memory away as an image.
  image release() && { return std::move(image_); }

 private:
  friend struct detail::image_access;

  template <class... I>
  std::size_t offset(I... i) const noexcept {
    std::size_t n = 0, axis = 0;
    ((n = n * static_cast<std::size_t>(shape()[axis++]) + static_cast<std::size_t>(i)), ...);
    return n;
  }

  image image_;
};

namespace detail {

/// How the verbs fill what they return, without a zero written first.
struct image_access {
  static void allocate(image &to, const iio_props &p) { to.allocate(props(p)); }
  /// The shape that a read will give, in another dtype: the library converts.
  static void allocate_as(image &to, const iio_props &p, dtype type) {
    props native(p);
    native.dtype = type;
    native.nbytes = byte_count(native.shape, size_of(type));
    to.allocate(std::move(native));
  }
  static void finish(image &to, iio_status status) { to.partial_ = status == IIO_PARTIAL; }
  static std::size_t capacity(const image &of) noexcept { return of.capacity_; }
  static void describe(image &to, const iio_props &p) { to.props_ = props(p); }
  template <class T>
  static image &inside(ndarray<T> &of) noexcept {
    return of.image_;
  }
};

inline iio_props c_props() noexcept {
  iio_props p{};
  p.struct_size = sizeof p;
  return p;
}

}  // namespace detail
}  // namespace iio

#endif
