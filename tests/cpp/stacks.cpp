// A 16-bit stack in TIFF: of other hands, and of our own.
#include "check.hpp"

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &data) {
    // As tifffile wrote it for ImageJ: 2 times, 3 planes, 2 channels, 10 x 12.
    const std::string path = data + "/tiff_flavours/imagej.tif";
    const auto stack = iio::imread<std::uint16_t>(path);
    CHECK(stack.shape() == iio::extents(2, 3, 2, 10, 12) && stack.props().axes == "TZCYX" && stack.props().dtype == iio::dtype::uint16);
    const iio::props told = iio::improps(path);
    CHECK(told.shape == stack.shape() && told.nbytes == stack.size() * 2);

    // Page by page, which is plane by plane; into one block of the caller's.
    std::vector<std::uint16_t> own(stack.size());
    const auto block = iio::view(own, {12, 10, 12});
    std::size_t n = 0;
    for (auto &&page : iio::imiter<std::uint16_t>(path, {{"pages", true}})) {
      CHECK(page.shape() == iio::extents(10, 12) && std::equal(page.begin(), page.end(), stack.begin() + static_cast<std::ptrdiff_t>(120 * n)));
      ++n;
    }
    CHECK(n == 12);
    auto file = iio::imopen(path);
    for (std::size_t i = 0; i < 12; ++i) file.read_into(block[i], i, {{"pages", true}});
    CHECK(std::equal(own.begin(), own.end(), stack.begin()));
    CHECK_THROWS(iio::index_error, file.read(12, {{"pages", true}}));

    // Column by column, as other libraries keep matrices.
    iio::ndarray<float> columns({12, 10});
    file.read_into(columns.view().permuted({1, 0}), 3, {{"pages", true}});
    for (std::size_t y = 0; y < 10; ++y)
      for (std::size_t x = 0; x < 12; ++x) CHECK(columns(x, y) == static_cast<float>(block[3](y, x)));

    // Our own, whole and image by image.
    const auto made = picture<std::uint16_t>(5, 9, 7);
    iio::imwrite(dir + "/whole.tif", made, {{"axes", "ZYX"}});
    CHECK(same(iio::imread<std::uint16_t>(dir + "/whole.tif"), made));
    auto out = iio::imopen(dir + "/pages.tif", "w");
    for (std::size_t i = 0; i < 5; ++i) out.write(made[i]);
    out.close();
    const auto pages = iio::imread<std::uint16_t>(dir + "/pages.tif", iio::all, {{"pages", true}});
    CHECK(same(pages, made) && pages.props().n_images == 5U && pages.props().is_batch);
  });
}
