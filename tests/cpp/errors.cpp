// Each class of error, from a call that deserves it, and all of them through a plugin.
#include "toy.hpp"

#include <sys/stat.h>
#include <typeinfo>
#include <unistd.h>

/// The exception of a call, for its parts.
template <class E, class F>
E caught(F &&body, int line = __builtin_LINE()) {
  try {
    body();
  } catch (const E &e) {
    return e;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "line %d: threw something else: %s\n", line, e.what());
    std::exit(1);
  }
  std::fprintf(stderr, "line %d: the call did not throw\n", line);
  std::exit(1);
}

static void natural(const std::string &dir) {
  const std::string path = dir + "/picture.png";
  iio::imwrite(path, picture(40, 40, 3));

  const auto absent = caught<iio::not_found>([&] { iio::imread(dir + "/absent.png"); });
  CHECK(absent.status() == IIO_ERROR_NOT_FOUND && std::string(absent.what()).find("absent.png") != std::string::npos);
  CHECK(absent.resource().find("absent.png") != std::string::npos && absent.details().contains("message"));
  CHECK(absent.details()["status"].as<int>() == IIO_ERROR_NOT_FOUND);
  CHECK_THROWS(iio::error, iio::imread(dir + "/absent.png"));
  CHECK_THROWS(std::runtime_error, iio::imread(dir + "/absent.png"));
  CHECK_THROWS(iio::not_found, iio::imwrite(dir + "/no/such/folder.png", picture(2, 2, 3)));

  // An exception is copied and thrown again with all its parts.
  const iio::error copy = absent;
  CHECK(copy.details()["status"].as<int>() == IIO_ERROR_NOT_FOUND && std::string(copy.what()) == absent.what());

  CHECK_THROWS(iio::invalid_argument, iio::imopen(path, "x"));
  CHECK_THROWS(iio::invalid_argument, iio::imread(std::string("a\0b", 3)));
  CHECK_THROWS(iio::invalid_argument, iio::file().read());
  CHECK_THROWS(iio::invalid_argument, iio::reader<iio::image>().next());

  const std::string garbage = "this is the picture of nothing at all, and of no format";
  std::ofstream(dir + "/garbage.bin") << garbage;
  CHECK_THROWS(iio::no_backend, iio::imread(dir + "/garbage.bin"));
  CHECK_THROWS(iio::unknown_plugin, iio::imread(path, {{"plugin", "no-such-plugin"}}));
  CHECK_THROWS(iio::plugin_unavailable, iio::imread(path, {{"plugin", "no-such-plugin"}}));
  CHECK_THROWS(iio::unsupported, iio::imread("s3://bucket/picture.png"));

  iio::bytes cut = slurp(path);
  cut.resize(cut.size() / 2);
  const auto corrupt = caught<iio::corrupt_data>([&] { iio::imopen_bytes(cut).read(); });
  CHECK(!corrupt.plugin().empty());
  CHECK_THROWS(iio::index_error, iio::imread(path, 1));
  const auto unknown = caught<iio::unknown_option>([&] { iio::imwrite(dir + "/x.png", picture(2, 2, 3), {{"compres_level", 1}}); });
  CHECK(std::string(unknown.what()).find("compress_level") != std::string::npos && !exists(dir + "/x.png"));
  CHECK_THROWS(iio::option_error, iio::imread(path, {{"no_such_option", 1}}));
  const auto invalid = caught<iio::option_error>([&] { iio::imwrite(dir + "/x.jpg", picture(2, 2, 3), {{"quality", "splendid"}}); });
  CHECK(invalid.status() == IIO_ERROR_INVALID_OPTION);

  iio::ndarray<std::uint8_t> wrong({3, 3, 3});
  CHECK_THROWS(iio::shape_error, iio::imread_into(path, wrong));
  CHECK_THROWS(iio::shape_error, iio::imopen(path).read_into(wrong));
  CHECK_THROWS(iio::limit_error, iio::imread(path, {{"max_pixels", 100}}));
  CHECK_THROWS(iio::mode_error, iio::imopen(path).write(wrong));
  auto writing = iio::imopen(dir + "/mode.png", "w");
  CHECK_THROWS(iio::mode_error, writing.read());

  if (geteuid() != 0) {
    iio::imwrite(dir + "/secret.png", picture(2, 2, 3));
    CHECK(chmod((dir + "/secret.png").c_str(), 0) == 0);
    CHECK_THROWS(iio::permission_error, iio::imread(dir + "/secret.png"));
  }
  if (access("/dev/full", W_OK) == 0) {
    const auto full = caught<iio::io_error>([] { iio::imwrite("/dev/full", picture(64, 64, 3), {{"extension", ".bmp"}}); });
    CHECK(full.status() == IIO_ERROR_IO && full.details().contains("os_error"));
  }
}

template <class E>
static void through_a_plugin(toy_state &state, iio_status status) {
  state.on_read = [] { throw E("words of the plugin"); };
  const iio::bytes toy = iio::imwrite_bytes(".toy", grey(2, 2));
  // An exact match, not merely a base class.
  bool thrown = false;
  try {
    iio::imopen_bytes(toy).read();
  } catch (const iio::error &e) {
    thrown = true;
    if (typeid(e) != typeid(E)) std::fprintf(stderr, "%d came as %d: %s\n", status, e.status(), e.what());
    CHECK(typeid(e) == typeid(E) && e.status() == status && e.plugin() == "toy");
    CHECK(std::string(e.what()).find("words of the plugin") != std::string::npos);
  }
  CHECK(thrown);
  state.on_read = nullptr;
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &) {
    natural(dir);

    toy_state state;
    iio::register_plugin(std::make_unique<toy>(state));
    through_a_plugin<iio::not_found>(state, IIO_ERROR_NOT_FOUND);
    through_a_plugin<iio::permission_error>(state, IIO_ERROR_PERMISSION);
    through_a_plugin<iio::io_error>(state, IIO_ERROR_IO);
    through_a_plugin<iio::network_error>(state, IIO_ERROR_NETWORK);
    through_a_plugin<iio::plugin_unavailable>(state, IIO_ERROR_PLUGIN_UNAVAILABLE);
    through_a_plugin<iio::unsupported>(state, IIO_ERROR_UNSUPPORTED);
    through_a_plugin<iio::corrupt_data>(state, IIO_ERROR_CORRUPT);
    through_a_plugin<iio::index_error>(state, IIO_ERROR_INDEX);
    through_a_plugin<iio::option_error>(state, IIO_ERROR_INVALID_OPTION);
    through_a_plugin<iio::shape_error>(state, IIO_ERROR_SHAPE);
    through_a_plugin<iio::buffer_too_small>(state, IIO_ERROR_BUFFER_TOO_SMALL);
    through_a_plugin<iio::limit_error>(state, IIO_ERROR_LIMIT);
    through_a_plugin<iio::cancelled>(state, IIO_ERROR_CANCELLED);
    through_a_plugin<iio::mode_error>(state, IIO_ERROR_MODE);
    through_a_plugin<iio::out_of_memory>(state, IIO_ERROR_OUT_OF_MEMORY);
    through_a_plugin<iio::invalid_argument>(state, IIO_ERROR_INVALID_ARGUMENT);
    through_a_plugin<iio::internal_error>(state, IIO_ERROR_INTERNAL);

    // What a plugin throws that is none of ours.
    const iio::bytes toy = iio::imwrite_bytes(".toy", grey(2, 2));
    state.on_read = [] { throw std::bad_alloc(); };
    CHECK_THROWS(iio::out_of_memory, iio::imopen_bytes(toy).read());
    state.on_read = [] { throw std::logic_error("a mistake in the plugin"); };
    CHECK_THROWS(iio::internal_error, iio::imopen_bytes(toy).read());
    state.on_read = [] { throw 42; };
    CHECK_THROWS(iio::internal_error, iio::imopen_bytes(toy).read());
    state.on_read = nullptr;

    // busy: the handle is inside the call that asks it again.
    iio::file *inside = nullptr;
    bool again = false;
    state.on_read = [&] {
      again = true;
      inside->count();
    };
    iio::file file = iio::imopen_bytes(toy);
    inside = &file;
    CHECK_THROWS(iio::busy, file.read());
    CHECK(again);
    state.on_read = nullptr;
    CHECK(file.count() == 1);
    file.close();
    iio::unregister_plugin("toy");
    CHECK(state.destroyed == 1 && state.opened == 0);
  });
}
