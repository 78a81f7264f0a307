// A video, where the module for it is there: written without loss, and read in every way.
#include "check.hpp"

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &) {
    const std::string path = dir + "/film.mkv";
    std::vector<iio::ndarray<std::uint8_t>> frames;
    for (std::size_t n = 0; n < 12; ++n) {
      iio::ndarray<std::uint8_t> frame(iio::extents(36, 52, 3));
      for (std::size_t y = 0; y < 36; ++y)
        for (std::size_t x = 0; x < 52; ++x)
          for (std::size_t c = 0; c < 3; ++c) frame(y, x, c) = static_cast<std::uint8_t>(7 * x * (c + 1) + 5 * y + 31 * n);
      frames.push_back(std::move(frame));
    }
    try {
      auto out = iio::imopen(path, "w", {{"codec", "ffv1"}});
      for (const auto &frame : frames) out.write(frame, {{"fps", 10}});
      out.close();
    } catch (const iio::plugin_unavailable &e) {
      throw skipped{e.what()};
    }

    std::size_t n = 0;
    for (auto &&frame : iio::imiter<std::uint8_t>(path)) {
      CHECK(n < 12 && same(frame, frames[n]));
      ++n;
    }
    CHECK(n == 12);
    CHECK(same(iio::imread<std::uint8_t>(path, 7), frames[7]) && iio::improps(path, 7).shape == iio::extents(36, 52, 3));
    CHECK_THROWS(iio::index_error, iio::imread(path, 12));
    const auto all = iio::imread<std::uint8_t>(path, iio::all);
    CHECK(all.shape() == iio::extents(12, 36, 52, 3) && std::equal(frames[11].begin(), frames[11].end(), all.view()[11].data()));

    // From a stream, from the middle on, upside down into memory of one's own.
    std::ifstream in(path, std::ios::binary);
    iio::file film = iio::imopen(in);
    CHECK(film.plugin() == "ffmpeg" && film.meta()["fps"].as<double>() == 10);
    auto some = iio::imiter(path, {{"start", 2}, {"stop", 9}, {"every", 3}});
    for (std::size_t i = 2; i < 9; i += 3) {
      iio::ndarray<std::uint8_t> turned(iio::extents(36, 52, 3));
      CHECK(some.next_into(turned.view().flipped(0)));
      CHECK(std::equal(frames[i].begin(), frames[i].begin() + 52 * 3, turned.data() + 35 * 52 * 3));
    }
    CHECK(!some.next());
  });
}
