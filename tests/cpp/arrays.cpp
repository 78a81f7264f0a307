// Shapes, views and owners, without a file.
#include "check.hpp"

static void shapes() {
  const int height = 2;
  const std::size_t width = 3;
  iio::extents shape{height, width, 4L};
  CHECK(shape.size() == 3 && shape[0] == 2 && shape[1] == 3 && shape[2] == 4);
  CHECK(shape == iio::extents(2, 3, 4) && shape != iio::extents(2, 3) && iio::extents().empty());
  CHECK_THROWS(std::out_of_range, iio::extents(-1, 2));
  CHECK_THROWS(std::length_error, for (int i = 0; i < 9; ++i) shape.push_back(1));
  CHECK_THROWS(std::length_error, iio::ndarray<double>({INT64_MAX, INT64_MAX}));
  CHECK_THROWS(std::length_error, iio::ndarray<double>({INT64_MAX / 8, 16}));
  CHECK(iio::ndarray<double>({INT64_MAX, 0, INT64_MAX}).size() == 0);
}

static void dtypes() {
  static_assert(iio::dtype_of<unsigned char> == iio::dtype::uint8 && iio::dtype_of<std::byte> == iio::dtype::uint8);
  static_assert(iio::dtype_of<long long> == iio::dtype::int64 && iio::dtype_of<const bool> == iio::dtype::boolean);
  static_assert(iio::dtype_of<iio::float16> == iio::dtype::float16);
  static_assert(iio::dtype_of<std::complex<float>> == iio::dtype::complex64);
  CHECK(iio::size_of(iio::dtype::complex128) == 16 && iio::size_of(iio::dtype::float16) == 2);
  CHECK(std::string(iio::name_of(iio::dtype::float32)) == "float32");
  CHECK(std::string(iio::name_of(iio::dtype::boolean)) == "bool");
}

static void views() {
  std::vector<std::uint16_t> memory(24);
  for (std::size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<std::uint16_t>(i);
  const auto v = iio::view(memory, {2, 3, 4});
  static_assert(std::is_same_v<decltype(v), const iio::array_view<std::uint16_t>>);
  CHECK(v.dtype() == iio::dtype::uint16 && v.size() == 24 && v.strides() == iio::strides(24, 8, 2));
  CHECK(v(1, 2, 3) == 23 && v[1][2](3) == 23 && v.at(0, 1, 0) == 4);
  CHECK_THROWS(std::out_of_range, v.at(0, 3, 0));
  CHECK_THROWS(std::out_of_range, v.at(0, -1, 0));
  CHECK_THROWS(std::out_of_range, v.at(0, 0));
  CHECK_THROWS(std::out_of_range, v[2]);
  CHECK_THROWS(std::length_error, iio::view(memory, {5, 5}));

  const auto f = v.flipped(1);
  CHECK(f(0, 0, 0) == v(0, 2, 0) && f(1, 2, 3) == v(1, 0, 3) && f.strides()[1] == -8);
  const auto p = v.permuted({2, 0, 1});
  CHECK(p.shape() == iio::extents(4, 2, 3) && p(3, 1, 2) == 23);
  CHECK_THROWS(std::out_of_range, v.permuted({0, 1, 1}));
  CHECK_THROWS(std::out_of_range, v.permuted({0, 1}));
  const auto s = v.slice(1, 1, 2);
  CHECK(s.shape() == iio::extents(2, 2, 4) && s(0, 0, 0) == 4);
  CHECK_THROWS(std::out_of_range, v.slice(1, 2, 2));

  // Views convert as pointers do: to const, and to a dtype known at run time.
  const iio::array_view<const std::uint16_t> c = v;
  const iio::any_view a = v;
  const iio::const_any_view ca = c;
  static_assert(!std::is_convertible_v<iio::array_view<const std::uint16_t>, iio::any_view>);
  static_assert(!std::is_convertible_v<iio::const_any_view, iio::any_view>);
  static_assert(!std::is_convertible_v<iio::array_view<std::uint16_t>, iio::array_view<float>>);
  CHECK(ca.as<std::uint16_t>()(1, 2, 3) == 23);
  a.as<std::uint16_t>()(0, 0, 0) = 99;
  CHECK(memory[0] == 99);
  CHECK_THROWS(iio::shape_error, a.as<float>());

  iio_array raw{};
  raw.struct_size = sizeof raw;
  raw.dtype = IIO_UINT16;
  raw.ndim = 2;
  raw.data = memory.data();
  raw.shape[0] = 4, raw.shape[1] = 6;
  CHECK(iio::any_view(raw).as<std::uint16_t>()(3, 5) == 23);  // all-zero strides: C-contiguous
  raw.flags = IIO_ARRAY_STRIDED;
  CHECK(iio::any_view(raw).as<std::uint16_t>()(3, 5) == 99);  // all-zero strides: one sample for all
}

static void owners() {
  auto a = picture<std::uint8_t>(3, 4, 3);
  CHECK(a.shape() == iio::extents(3, 4, 3) && a.size() == 36 && a.ndim() == 3);
  a(2, 3, 1) = 7;
  CHECK(a.at(2, 3, 1) == 7 && a[2][3](1) == 7 && a.view()(2, 3, 1) == 7);
  CHECK_THROWS(std::out_of_range, a.at(3, 0, 0));

  // Copies are deep, moves leave nothing behind.
  auto b = a;
  b(0, 0, 0) = static_cast<std::uint8_t>(a(0, 0, 0) + 1);
  CHECK(a(0, 0, 0) != b(0, 0, 0));
  const void *where = b.data();
  auto c = std::move(b);
  CHECK(c.data() == where && b.size() == 0);
  b = c;
  CHECK(same(b, c) && b.data() != c.data());
  b = std::move(c);
  CHECK(b.data() == where);

  iio::image any = std::move(b).release();
  CHECK(any.data() == where && any.dtype() == iio::dtype::uint8 && any.nbytes() == 36 && any.as_bytes().size() == 36);
  CHECK_THROWS(iio::shape_error, iio::ndarray<float>(std::move(any)));
  CHECK(!any.empty());
  const iio::ndarray<std::uint8_t> back(std::move(any));
  CHECK(back.data() == where && any.empty() && any.nbytes() == 0);

  // A copy of a view gathers it.
  const iio::image gathered(back.view().permuted({1, 0, 2}).flipped(0));
  CHECK(gathered.shape() == iio::extents(4, 3, 3) && gathered.as<std::uint8_t>()(0, 2, 1) == back(2, 3, 1));
  const iio::ndarray<double> zero({2, 2});
  CHECK(std::all_of(zero.begin(), zero.end(), [](double x) { return x == 0; }));
  const iio::ndarray<bool> none;
  CHECK(none.size() == 0 && none.begin() == none.end());
  iio::ndarray<float> scalar{iio::extents()};
  CHECK(scalar.size() == 1 && scalar() == 0);
}

static void spans() {
  auto a = picture<std::uint8_t>(2, 2, 1);
  const iio::span<std::uint8_t> s = a.as_span();
  CHECK(s.size() == 4 && s.data() == a.data() && s.subspan(1).size() == 3 && s.subspan(1, 2).size() == 2);
  const iio::span<const std::uint8_t> cs = s;
  std::size_t n = 0;
  for (std::uint8_t x : cs) CHECK(x == a.data()[n++]);
  CHECK(n == 4 && !cs.empty() && cs.size_bytes() == 4);
  std::vector<float> v(3);
  CHECK(iio::span<float>(v).size() == 3 && iio::span<const float>(v).data() == v.data());
}

static void properties() {
  iio::props p(iio::dtype::uint16, {2, 5, 7, 3});
  CHECK(p.nbytes == 420);
  p.is_batch = true;
  p.n_images = 2;
  p.axes = "NYXS";
  p.spacing = {1, 0.5, 0.25, 0};
  p.premultiplied = true;
  p.orientation = 6;
  iio_props c{};
  c.struct_size = sizeof c;
  p.store(c);
  const iio::props q(c);
  CHECK(c.struct_size == sizeof c && q.shape == p.shape && q.dtype == p.dtype && q.is_batch && q.n_images == p.n_images);
  CHECK(q.axes == "NYXS" && q.spacing == p.spacing && q.premultiplied && !q.oriented && q.orientation == 6 && q.nbytes == 420);

  // No byte beyond what a shorter struct has room for.
  c = iio_props{};
  c.struct_size = offsetof(iio_props, color);
  c.orientation = 77;
  p.store(c);
  CHECK(c.struct_size == offsetof(iio_props, color) && c.orientation == 77 && c.nbytes == 420);
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &, const std::string &) {
    shapes();
    dtypes();
    views();
    owners();
    spans();
    properties();
  });
}
