// A small format and its plugin in C++: "TOY!", then height, width and number of images in a byte each, then grey samples.
// It reads and writes through the caller's stream a row at a time, and reports every row.
#ifndef TESTS_CPP_TOY_HPP
#define TESTS_CPP_TOY_HPP

#include "check.hpp"

/// What the tests look at and set.
struct toy_state {
  int opened = 0;
  int destroyed = 0;
  std::function<void()> on_read;  // in every read, before the first row
};

class toy_file : public iio::plugin_file {
 public:
  toy_file(toy_state &state, iio::source io, const std::string &mode) : state_(state), io_(io), writing_(mode == "w") {
    if (!writing_) {
      std::array<std::byte, 7> head;
      io_.read_exactly(head);
      for (std::size_t i = 0; i < 4; ++i)
        if (head[i] != std::byte("TOY!"[i])) throw iio::no_backend("no TOY! at the start");
      height_ = std::to_integer<std::size_t>(head[4]);
      width_ = std::to_integer<std::size_t>(head[5]);
      images_ = std::to_integer<std::size_t>(head[6]);
    }
    ++state_.opened;
  }
  ~toy_file() override { --state_.opened; }

  std::optional<std::uint64_t> count(iio::dict_view, bool) override { return images_; }

  iio::props props(iio::index i, iio::dict_view) override {
    iio::props p(iio::dtype::uint8, shape(i));
    p.is_batch = i.value == iio::all.value;
    if (p.is_batch) p.n_images = images_;
    p.axes = p.is_batch ? "NYX" : "YX";
    p.color = iio::color::gray;
    p.bits = 8;
    return p;
  }

  void read(iio::index i, iio::dict_view options, iio::any_view to) override {
    if (state_.on_read) state_.on_read();
    const auto samples = to.as<std::uint8_t>();
    const bool inverted = options.get<bool>("invert", false);
    if (i.value == iio::all.value) {
      for (std::size_t n = 0; n < images_; ++n) read_one(n, inverted, samples[n]);
    } else {
      read_one(number(i), inverted, samples);
    }
  }

  iio::dict meta(iio::index i, iio::dict_view) override {
    return {{"format", "toy"}, {"number", number(i)}, {"nested", iio::dict{{"list", iio::list{1, "two", 3.5}}}}};
  }

  void write(iio::const_any_view image, iio::dict_view) override {
    const auto samples = image.as<std::uint8_t>();
    if (samples.ndim() != 2 || samples.shape()[0] > 255 || samples.shape()[1] > 255)
      throw iio::shape_error("a toy is grey and small");
    if (images_ > 0 && (samples.shape()[0] != height_ || samples.shape()[1] != width_))
      throw iio::shape_error("toys in a file are of one size");
    height_ = static_cast<std::size_t>(samples.shape()[0]);
    width_ = static_cast<std::size_t>(samples.shape()[1]);
    for (std::size_t y = 0; y < height_; ++y)
      for (std::size_t x = 0; x < width_; ++x) pixels_.push_back(std::byte(samples(y, x)));
    ++images_;
  }

  iio::dict call(const std::string &function, iio::dict_view arguments) override {
    if (function != "add") return plugin_file::call(function, arguments);
    return {{"sum", arguments.get<int>("a") + arguments.get<int>("b")}};
  }

  void finish() override {
    const std::array<std::byte, 7> head{std::byte{'T'}, std::byte{'O'}, std::byte{'Y'}, std::byte{'!'},
                                        std::byte(height_), std::byte(width_), std::byte(images_)};
    io_.write(head);
    io_.write(pixels_);
  }

 private:
  iio::extents shape(iio::index i) {
    if (i.value == iio::all.value) return {images_, height_, width_};
    number(i);
    return {height_, width_};
  }
  std::size_t number(iio::index i) const {
    if (i.value == iio::any.value) return 0;
    if (i.value < 0 || static_cast<std::size_t>(i.value) >= images_) throw iio::index_error("no such toy");
    return static_cast<std::size_t>(i.value);
  }
  void read_one(std::size_t n, bool inverted, iio::array_view<std::uint8_t> to) {
    io_.seek(static_cast<std::int64_t>(7 + n * height_ * width_));
    iio::bytes row(width_);
    for (std::size_t y = 0; y < height_; ++y) {
      io_.read_exactly(row);
      for (std::size_t x = 0; x < width_; ++x) {
        const auto sample = std::to_integer<std::uint8_t>(row[x]);
        to(y, x) = inverted ? static_cast<std::uint8_t>(255 - sample) : sample;
      }
      io_.progress(y + 1, height_);
    }
  }

  toy_state &state_;
  iio::source io_;
  bool writing_;
  std::size_t height_ = 0, width_ = 0, images_ = 0;
  iio::bytes pixels_;
};

class toy : public iio::plugin {
 public:
  explicit toy(toy_state &state) : state_(state) {}
  ~toy() override { ++state_.destroyed; }
  iio::dict declaration() const override {
    return {{"name", "toy"},
            {"aliases", iio::list{"TOY-FI"}},
            {"description", "toys for the tests"},
            {"extensions", iio::list{".toy"}},
            {"can_read", true},
            {"can_write", true},
            {"options", iio::list{iio::dict{{"name", "invert"},
                                            {"type", "bool"},
                                            {"default", false},
                                            {"calls", iio::list{"read"}},
                                            {"doc", "255 minus every sample"}}}},
            {"functions", iio::list{iio::dict{{"name", "add"}, {"doc", "the sum of a and b"}}}}};
  }
  int probe(iio::span<const std::byte> head, const std::string &) override {
    return head.size() >= 4 && std::memcmp(head.data(), "TOY!", 4) == 0 ? 100 : 0;
  }
  std::unique_ptr<iio::plugin_file> open(iio::source io, const std::string &mode, iio::dict_view) override {
    return std::make_unique<toy_file>(state_, io, mode);
  }

 private:
  toy_state &state_;
};

/// A grey picture that fits a toy.
inline iio::ndarray<std::uint8_t> grey(std::size_t height, std::size_t width, unsigned seed = 0) {
  const auto coloured = picture(height, width, 1, seed);
  iio::ndarray<std::uint8_t> out({height, width});
  std::copy(coloured.begin(), coloured.end(), out.begin());
  return out;
}

#endif
