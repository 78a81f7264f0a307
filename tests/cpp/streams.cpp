// Byte streams of the caller's: std streams, functions, and ones that throw.
#include "toy.hpp"

#include <sstream>

struct torn : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A streambuf that cannot seek, and gives a few bytes at a time.
class dripping : public std::streambuf {
 public:
  explicit dripping(iio::bytes data) : data_(std::move(data)) {}

 protected:
  int_type underflow() override {
    if (at_ == data_.size()) return traits_type::eof();
    const std::size_t n = std::min<std::size_t>(7, data_.size() - at_);
    std::memcpy(some_, data_.data() + at_, n);
    at_ += n;
    setg(some_, some_, some_ + n);
    return traits_type::to_int_type(some_[0]);
  }

 private:
  iio::bytes data_;
  std::size_t at_ = 0;
  char some_[7];
};

static std::string text_of(const iio::bytes &data) { return {reinterpret_cast<const char *>(data.data()), data.size()}; }

static void std_streams(const std::string &dir) {
  const auto wanted = picture(20, 30, 3);
  {
    std::ofstream out(dir + "/stream.png", std::ios::binary);
    auto file = iio::imopen(out, {{"extension", ".png"}});
    file.write(wanted);
    file.close();
  }
  CHECK(same(iio::imread<std::uint8_t>(dir + "/stream.png"), wanted));
  {
    std::ifstream in(dir + "/stream.png", std::ios::binary);
    auto file = iio::imopen(in);
    CHECK(same(file.read<std::uint8_t>(), wanted) && file.count() == 1);
    CHECK(same(file.read<std::uint8_t>(), wanted));
  }

  // In the middle of something else, and with a stream that throws by itself at its end.
  std::stringstream both;
  both << "0123456789";
  {
    auto file = iio::imopen(iio::output(both), "w", {{"extension", ".png"}});
    file.write(wanted);
    file.close();
  }
  CHECK(both.str().substr(0, 10) == "0123456789" && both.str().substr(11, 3) == "PNG");
  std::istringstream middle(both.str());
  middle.exceptions(std::ios::eofbit | std::ios::failbit | std::ios::badbit);
  middle.seekg(10);
  CHECK(same(iio::imopen(middle).read<std::uint8_t>(), wanted));
  CHECK(middle.good());

  // Handed over.
  auto owned = std::make_shared<std::istringstream>(both.str().substr(10));
  const std::weak_ptr<std::istringstream> watch = owned;
  {
    auto file = iio::imopen(iio::input(std::move(owned)), "r");
    CHECK(!watch.expired() && same(file.read<std::uint8_t>(), wanted));
  }
  CHECK(watch.expired());

  // A pipe: no seeking.
  dripping drips(iio::imwrite_bytes(".png", wanted));
  std::istream pipe(&drips);
  CHECK(same(iio::imopen(pipe).read<std::uint8_t>(), wanted));
}

/// A stream of functions over a text, that counts its calls and throws at one of them.
struct recorder {
  std::string text;
  std::size_t at = 0;
  int calls = 0, throws_at = -1, closed = 0, finished = 0;
  bool throws_in_close = false;

  void step(const char *what) {
    if (calls++ == throws_at) throw torn(what);
  }
  iio::stream stream() {
    iio::stream s;
    s.read = [this](iio::span<std::byte> to) {
      step("read");
      const std::size_t n = at < text.size() ? std::min(to.size(), text.size() - at) : 0;
      std::memcpy(to.data(), text.data() + at, n);
      at += n;
      return n;
    };
    s.write = [this](iio::span<const std::byte> from) {
      step("write");
      if (text.size() < at + from.size()) text.resize(at + from.size());
      std::memcpy(text.data() + at, from.data(), from.size());
      at += from.size();
      return from.size();
    };
    s.seek = [this](std::int64_t offset, iio::whence from) {
      step("seek");
      const std::size_t base = from == iio::whence::start ? 0 : from == iio::whence::here ? at : text.size();
      at = base + static_cast<std::size_t>(offset);
      return std::uint64_t{at};
    };
    s.size = [this] {
      step("size");
      return std::uint64_t{text.size()};
    };
    s.finish = [this] {
      step("finish");
      ++finished;
    };
    s.close = [this] {
      ++closed;
      if (throws_in_close) throw torn("close");
    };
    return s;
  }
};

/// The exception that a callback throws at its n-th call comes out of the call around it, for every n, and the stream is
/// closed once in any case.
static void throwing() {
  const auto wanted = picture(12, 12, 3);
  int reads = 0;
  for (int n = 0;; ++n) {
    recorder r;
    r.text = text_of(iio::imwrite_bytes(".png", wanted));
    r.throws_at = n;
    bool thrown = false;
    try {
      auto file = iio::imopen(r.stream(), "r");
      CHECK(same(file.read<std::uint8_t>(), wanted));
    } catch (const torn &) {
      thrown = true;
    }
    CHECK(r.closed == 1 && r.finished == 0 && thrown == (r.calls > n));
    if (!thrown) break;
    ++reads;
  }
  CHECK(reads > 0);

  int writes = 0;
  for (int n = 0;; ++n) {
    recorder r;
    r.throws_at = n;
    bool thrown = false;
    try {
      auto file = iio::imopen(r.stream(), "w", {{"extension", ".png"}});
      file.write(wanted);
      file.close();
    } catch (const torn &) {
      thrown = true;
    }
    CHECK(r.closed == 1 && thrown == (r.calls > n) && r.finished == (thrown ? 0 : 1));
    if (!thrown) {
      iio::bytes data(r.text.size());
      std::memcpy(data.data(), r.text.data(), data.size());
      CHECK(same(iio::imopen_bytes(std::move(data)).read<std::uint8_t>(), wanted));
      break;
    }
    ++writes;
  }
  CHECK(writes > 1);  // a write, and the finish

  // What close throws comes out of an explicit close, and is lost in a destructor.
  recorder r;
  r.text = text_of(iio::imwrite_bytes(".png", wanted));
  r.throws_in_close = true;
  {
    auto file = iio::imopen(r.stream(), "r");
    CHECK_THROWS(torn, file.close());
    CHECK(!file && r.closed == 1);
    r.at = 0;
    auto other = iio::imopen(r.stream(), "r");
  }
  CHECK(r.closed == 2);
  CHECK(same(iio::imopen_bytes(iio::imwrite_bytes(".png", wanted)).read<std::uint8_t>(), wanted));  // nothing lingers

  // A file of no format is an error of ours, and the stream is closed as well.
  recorder none;
  none.text = "no picture in here, whatever you may think of it";
  CHECK_THROWS(iio::no_backend, iio::imopen(none.stream(), "r"));
  CHECK(none.closed == 1);

  // A discarded file leaves its stream unfinished.
  recorder unfinished;
  {
    auto file = iio::imopen(unfinished.stream(), "w", {{"extension", ".png"}});
    file.write(wanted);
  }
  CHECK(unfinished.closed == 1 && unfinished.finished == 0);
}

/// Exceptions of calls that are nested in each other's callbacks do not get mixed up.
static void nested() {
  const iio::bytes inner_png = iio::imwrite_bytes(".png", picture(3, 3, 3));
  int inner_failures = 0;
  recorder outer;
  outer.text = text_of(iio::imwrite_bytes(".png", picture(8, 8, 3)));
  iio::stream s = outer.stream();
  s.read = [&, read = std::move(s.read)](iio::span<std::byte> to) {
    recorder inner;
    inner.text = text_of(inner_png);
    inner.throws_at = 0;
    try {
      iio::imopen(inner.stream(), "r").read();
    } catch (const torn &) {
      ++inner_failures;
    }
    CHECK(inner.closed == 1);
    return read(to);
  };
  CHECK(iio::imopen(std::move(s), "r").read<std::uint8_t>().shape() == iio::extents(8, 8, 3));
  CHECK(inner_failures > 0);
}

/// The stream's own exception, not the plugin's account of it.
static void through_a_plugin() {
  toy_state state;
  iio::register_plugin(std::make_unique<toy>(state));
  recorder r;
  r.text = text_of(iio::imwrite_bytes(".toy", grey(4, 4)));
  int n = 0;
  for (bool thrown = true; thrown; ++n) {
    r.at = 0, r.calls = 0, r.throws_at = n, r.closed = 0;
    thrown = false;
    try {
      iio::imopen(r.stream(), "r", {{"plugin", "toy"}}).read();
    } catch (const torn &) {
      thrown = true;
    }
    CHECK(r.closed == 1 && state.opened == 0);
  }
  CHECK(n > 1);
  iio::unregister_plugin("toy");
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &) {
    std_streams(dir);
    throwing();
    nested();
    through_a_plugin();
  });
}
