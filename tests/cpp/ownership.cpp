// Who owns what, what a destructor does, and endings in any order.
#include "toy.hpp"

#include <thread>

static void publishing(const std::string &dir) {
  const auto wanted = picture(4, 4, 3), other = picture(4, 4, 3, 1);
  const std::string path = dir + "/published.png";

  {
    auto file = iio::imopen(path, "w");
    file.write(wanted);
  }
  CHECK(!exists(path));  // a destructor discards

  auto file = iio::imopen(path, "w");
  file.write(wanted);
  CHECK(!exists(path));
  file.close();
  CHECK(!file && same(iio::imread<std::uint8_t>(path), wanted));
  file.close();  // again: nothing
  file.discard();

  try {
    auto second = iio::imopen(path, "w");
    second.write(other);
    throw std::runtime_error("something else failed");
  } catch (const std::runtime_error &) {
  }
  CHECK(same(iio::imread<std::uint8_t>(path), wanted));  // what was there before

  auto third = iio::imopen(path, "w");
  third.write(other);
  third.discard();
  CHECK(!third && same(iio::imread<std::uint8_t>(path), wanted));
}

static void moves(const std::string &dir) {
  const std::string path = dir + "/moves.png";
  iio::imwrite(path, picture(4, 4, 3));
  iio::file a = iio::imopen(path);
  iio::file b = std::move(a);
  CHECK(!a && b && !b.plugin().empty() && a.plugin().empty());
  CHECK_THROWS(iio::invalid_argument, a.read());
  a = std::move(b);
  CHECK(a.count() == 1);
  a = iio::imopen(path);  // ends the former
  std::vector<iio::file> files;
  for (int i = 0; i < 20; ++i) files.push_back(iio::imopen(path));
  for (auto &f : files) CHECK(f.count() == 1);
  static_assert(!std::is_copy_constructible_v<iio::file> && std::is_nothrow_move_constructible_v<iio::file>);
  static_assert(!std::is_copy_constructible_v<iio::reader<iio::image>>);

  auto r = iio::imiter(path);
  auto s = std::move(r);
  CHECK(s.next() && !r.raw());
  r = std::move(s);
  CHECK(!r.next());

  // To another thread and back.
  iio::image from_thread;
  std::thread([&, f = std::move(a)]() mutable {
    from_thread = f.read();
    a = std::move(f);
  }).join();
  CHECK(from_thread.shape() == a.read().shape());
}

static void endings(const std::string &dir) {
  const std::string path = dir + "/endings.gif";
  auto out = iio::imopen(path, "w");
  for (int i = 0; i < 3; ++i) out.write(plain(3, 3, {static_cast<std::uint8_t>(i * 100), 0, 0}));
  out.close();

  // A reader keeps its file.
  auto orphan = [&] {
    auto file = iio::imopen(path);
    return file.iter();
  }();
  std::size_t n = 0;
  for (auto &&frame : orphan) n += frame.empty() ? 0U : 1U;
  CHECK(n == 3);

  auto file = iio::imopen(path);
  auto a = file.iter(), b = file.iter();
  file.close();
  CHECK(a.next());
  a = {};
  CHECK(b.next() && b.next());

  // What was lent lives until the last of them has ended, and ends then.
  int closed = 0;
  const iio::bytes data = slurp(path);
  iio::stream s;
  std::size_t at = 0;
  s.read = [&](iio::span<std::byte> to) {
    const std::size_t some = std::min(to.size(), data.size() - std::min(at, data.size()));
    std::memcpy(to.data(), data.data() + at, some);
    at += some;
    return some;
  };
  s.seek = [&](std::int64_t offset, iio::whence from) {
    const std::size_t base = from == iio::whence::start ? 0 : from == iio::whence::here ? at : data.size();
    return std::uint64_t{at = base + static_cast<std::size_t>(offset)};
  };
  s.close = [&, held = std::make_shared<int>(1)] { closed += *held; };
  auto lent = iio::imopen(std::move(s), "r");
  auto over = lent.iter();
  lent = {};
  CHECK(closed == 0 && over.next());
  over = {};
  CHECK(closed == 1);

  auto bytes = iio::imopen_bytes(iio::bytes(data));
  auto over_bytes = bytes.iter();
  bytes.discard();
  CHECK(over_bytes.next() && over_bytes.next());
}

/// A file may be ended inside its own callbacks.
static void ended_inside() {
  toy_state state;
  iio::register_plugin(std::make_unique<toy>(state));
  const iio::bytes data = iio::imwrite_bytes(".toy", grey(5, 5));
  int reports = 0;
  auto file = std::make_unique<iio::file>();
  iio::dict options;
  options.on_progress([&](std::uint64_t, std::uint64_t) {
    ++reports;
    file.reset();
  });
  *file = iio::imopen_bytes(data, options);
  options = {};
  iio::ndarray<std::uint8_t> to({5, 5});
  try {
    file->read_into(to);
  } catch (const iio::error &) {
  }
  CHECK(reports > 0 && !file && state.opened == 0);
  iio::unregister_plugin("toy");
  CHECK(state.destroyed == 1);
}

static void adopted(const std::string &dir) {
  // From the C interface and back to it.
  const std::string path = dir + "/moves.png";
  iio_file *raw = nullptr;
  CHECK(iio_imopen(path.c_str(), "r", nullptr, &raw) == IIO_OK);
  iio::file file{iio::detail::handle<iio_file>(raw)};
  CHECK(file.raw() == raw && file.count() == 1);
  iio_dict *d = iio_dict_new();
  CHECK(iio_dict_set_int(d, "n", 3) == IIO_OK);
  CHECK(iio::dict::adopt(d)["n"].as<int>() == 3);
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &) {
    publishing(dir);
    moves(dir);
    endings(dir);
    ended_inside();
    adopted(dir);
  });
}
