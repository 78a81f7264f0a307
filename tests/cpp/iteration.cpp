// Going over the images of a file.
#include "check.hpp"

static const std::array<std::array<std::uint8_t, 3>, 3> colours{{{{255, 0, 0}}, {{0, 255, 0}}, {{0, 0, 255}}}};

static std::string animation(const std::string &dir) {
  const std::string path = dir + "/three.gif";
  auto out = iio::imopen(path, "w");
  for (const auto &rgb : colours) out.write(plain(8, 10, rgb));
  out.close();
  return path;
}

static bool is_frame(const iio::image &frame, std::size_t n) {
  if (frame.ndim() != 3 || frame.shape()[0] != 8 || frame.shape()[1] != 10) return false;
  const auto v = frame.as<std::uint8_t>();
  return v(4, 5, 0) == colours[n][0] && v(4, 5, 1) == colours[n][1] && v(4, 5, 2) == colours[n][2];
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &) {
    const std::string path = animation(dir);

    std::size_t n = 0;
    const void *memory = nullptr;
    for (auto &&frame : iio::imiter(path)) {
      CHECK(is_frame(frame, n));
      CHECK(n == 0 || frame.data() == memory);  // the same memory every time
      memory = frame.data();
      ++n;
    }
    CHECK(n == 3);

    // Moved out, frames stay.
    std::vector<iio::image> kept;
    for (auto &&frame : iio::imiter(path)) kept.push_back(std::move(frame));
    CHECK(kept.size() == 3 && is_frame(kept[0], 0) && is_frame(kept[1], 1) && is_frame(kept[2], 2));

    // Typed, with conversion.
    n = 0;
    for (const auto &frame : iio::imiter<float>(path)) CHECK(frame(0, 0, 0) == static_cast<float>(colours[n++][0]));
    CHECK(n == 3);

    // One by one, with properties before and metadata after.
    auto frames = iio::imiter(path);
    CHECK(!frames.plugin().empty());
    for (n = 0; n < 3; ++n) {
      const auto p = frames.props();
      CHECK(p && p->shape == kept[n].shape() && !p->is_batch);
      const auto frame = frames.next();
      CHECK(frame && is_frame(*frame, n) && frame->shape() == p->shape);
      const iio::dict meta = frames.meta();
      (void)meta;
    }
    CHECK(!frames.props() && !frames.next() && !frames.next());
    frames.seek(1);
    iio::ndarray<std::uint8_t> into(kept[1].shape());
    CHECK(frames.next_into(into) && into(0, 0, 1) == 255);

    // A loop after a break goes on where that stopped; a standard algorithm too.
    auto rest = iio::imiter(path);
    for (auto &&frame : rest) {
      CHECK(is_frame(frame, 0));
      break;
    }
    CHECK(std::distance(rest.begin(), rest.end()) == 2);
    CHECK(rest.begin() == rest.end());

    // Options of iterators.
    n = 0;
    for (auto &&frame : iio::imiter(path, {{"start", 2}})) CHECK(is_frame(frame, 2) && ++n);
    CHECK(n == 1);

    // Several cursors over one file, and reads beside them.
    auto file = iio::imopen(path);
    CHECK(file.count() == 3);
    auto a = file.iter();
    auto b = file.iter<std::uint8_t>();
    CHECK(is_frame(*a.next(), 0) && is_frame(*a.next(), 1));
    CHECK((*b.next())(0, 0, 0) == 255);
    CHECK(is_frame(file.read(2), 2) && is_frame(file.read(0), 0) && is_frame(*a.next(), 2));
    CHECK((*b.next())(0, 0, 1) == 255);
    const auto all = file.read(iio::all);
    CHECK(all.shape()[0] == 3 && all.ndim() == 4 && all.props().is_batch);
    if (const auto cheap = file.count_cheaply()) CHECK(*cheap == 3);
  });
}
