// imread, imwrite, imread_into, imwrite_bytes, improps, immeta.
#include "check.hpp"

static void round_trips(const std::string &dir) {
  for (const char *extension : {".png", ".bmp", ".webp"}) {
    const std::string path = dir + "/colour" + extension;
    const auto wanted = picture(13, 17, 3);
    if (std::string(extension) == ".webp") iio::imwrite(path, wanted, {{"lossless", true}});
    else iio::imwrite(path, wanted);
    const iio::image got = iio::imread(path);
    CHECK(got.shape() == wanted.shape() && got.dtype() == iio::dtype::uint8 && !got.partial());
    CHECK(same(iio::ndarray<std::uint8_t>(iio::image(got)), wanted));
    CHECK(got.props().color == iio::color::rgb && got.props().axes == "YXS" && !got.props().is_batch);
  }
  const auto deep = picture<std::uint16_t>(9, 5, 3);
  iio::imwrite(dir + "/deep.png", deep);
  CHECK(same(iio::imread<std::uint16_t>(dir + "/deep.png"), deep));

  const auto smooth = plain(16, 24, {200, 100, 50});
  iio::imwrite(dir + "/smooth.jpg", smooth, {{"quality", 95}});
  const auto read = iio::imread<std::uint8_t>(dir + "/smooth.jpg");
  CHECK(read.shape() == smooth.shape());
  for (std::size_t i = 0; i < read.size(); ++i) CHECK(std::abs(read.data()[i] - smooth.data()[i]) <= 4);
  iio::imwrite(dir + "/rough.jpg", picture(32, 32, 3), {{"quality", 5}});
  iio::imwrite(dir + "/fine.jpg", picture(32, 32, 3), {{"quality", 95}});
  CHECK(slurp(dir + "/rough.jpg").size() < slurp(dir + "/fine.jpg").size());
}

static void conversions(const std::string &dir) {
  const auto wanted = picture(4, 6, 3);
  const std::string path = dir + "/conversions.png";
  iio::imwrite(path, wanted);
  // Every uint8 fits a float and an int: no option is needed.
  const auto floats = iio::imread<float>(path);
  const auto ints = iio::imread<std::int32_t>(path, 0);
  CHECK(floats.props().dtype == iio::dtype::float32 && floats.props().nbytes == floats.size() * 4);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    CHECK(floats.data()[i] == static_cast<float>(wanted.data()[i]) && ints.data()[i] == wanted.data()[i]);
  const auto scaled = iio::imread<float>(path, {{"dtype", "float32"}, {"scale", true}});
  CHECK(std::abs(scaled(1, 1, 1) * 255.0F - static_cast<float>(wanted(1, 1, 1))) < 1e-3F);
  const iio::image doubles = iio::imread(path, {{"dtype", "float64"}});
  CHECK(doubles.dtype() == iio::dtype::float64 && doubles.as<double>()(3, 5, 2) == wanted(3, 5, 2));
  // Not every uint16 fits a uint8, unless astype is asked for.
  const auto deep = picture<std::uint16_t>(3, 3, 3);
  iio::imwrite(dir + "/wide.png", deep);
  CHECK_THROWS(iio::shape_error, iio::imread<std::uint8_t>(dir + "/wide.png"));
  const auto cut = iio::imread<std::uint8_t>(dir + "/wide.png", {{"dtype", "uint8"}});
  CHECK(cut(2, 2, 2) == static_cast<std::uint8_t>(deep(2, 2, 2)));
}

static void destinations(const std::string &dir) {
  const auto wanted = picture(5, 7, 3);
  const std::string path = dir + "/destinations.png";
  iio::imwrite(path, wanted);

  std::vector<std::uint8_t> plain_memory(5 * 7 * 3);
  CHECK(iio::imread_into(path, iio::view(plain_memory, {5, 7, 3})));
  CHECK(std::equal(wanted.begin(), wanted.end(), plain_memory.begin()));

  // Column-major, upside down, and a window into something larger.
  std::vector<std::uint8_t> columns(5 * 7 * 3);
  iio::imread_into(path, iio::array_view(columns.data(), {5, 7, 3}, {1, 5, 35}));
  iio::ndarray<std::uint8_t> flipped({5, 7, 3});
  iio::imread_into(path, flipped.view().flipped(0));
  iio::ndarray<std::uint16_t> frame({9, 9, 3});
  iio::imread_into(path, frame.view().slice(0, 2, 5).slice(1, 1, 7));
  for (std::size_t y = 0; y < 9; ++y)
    for (std::size_t x = 0; x < 9; ++x)
      for (std::size_t s = 0; s < 3; ++s) {
        const bool inside = y >= 2 && y < 7 && x >= 1 && x < 8;
        CHECK(frame(y, x, s) == (inside ? wanted(y - 2, x - 1, s) : 0));
        if (y < 5 && x < 7) CHECK(columns[y + 5 * x + 35 * s] == wanted(y, x, s) && flipped(4 - y, x, s) == wanted(y, x, s));
      }

  // Strided sources as well.
  iio::imwrite(dir + "/source.png", wanted.view().permuted({1, 0, 2}).flipped(1));
  const auto source = iio::imread<std::uint8_t>(dir + "/source.png");
  CHECK(source.shape() == iio::extents(7, 5, 3) && source(6, 0, 2) == wanted(4, 6, 2));
}

static void in_memory(const std::string &dir) {
  const auto wanted = picture(6, 6, 4);
  const iio::bytes png = iio::imwrite_bytes(".png", wanted, {{"compress_level", 9}});
  CHECK(png.size() > 8 && std::to_integer<int>(png[1]) == 'P');
  spill(dir + "/bytes.png", png);
  CHECK(same(iio::imread<std::uint8_t>(dir + "/bytes.png"), wanted));
  CHECK(same(iio::imopen_bytes(png).read<std::uint8_t>(), wanted));
  CHECK(same(iio::imopen_bytes(iio::bytes(png)).read<std::uint8_t>(), wanted));

  auto out = iio::imopen("<bytes>", "w", {{"extension", ".png"}});
  out.write(wanted);
  const auto encoded = out.encoded();
  CHECK(same(iio::imopen_bytes(encoded).read<std::uint8_t>(), wanted));
  out.close();
}

static void inspection(const std::string &dir) {
  iio::imwrite(dir + "/inspect.png", picture(11, 4, 3));
  const iio::props p = iio::improps(dir + "/inspect.png");
  CHECK(p.shape == iio::extents(11, 4, 3) && p.dtype == iio::dtype::uint8 && p.nbytes == 132 && !p.n_images && !p.is_batch);
  CHECK(p.bits == 8 && p.spacing.size() == 3);
  const iio::props all = iio::improps(dir + "/inspect.png", iio::all);
  CHECK(all.is_batch && all.n_images == 1U && all.shape == iio::extents(1, 11, 4, 3));
  CHECK(iio::imread(dir + "/inspect.png", iio::all).shape() == all.shape);
  CHECK(iio::improps(dir + "/inspect.png", {{"dtype", "float32"}}).dtype == iio::dtype::float32);
  const iio::dict meta = iio::immeta(dir + "/inspect.png");
  for (const auto &[key, value] : meta) CHECK(!key.empty() && (value.is_null() || !value.is_null()));
  CHECK(!iio::version().empty());
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &) {
    round_trips(dir);
    conversions(dir);
    destinations(dir);
    in_memory(dir);
    inspection(dir);
  });
}
