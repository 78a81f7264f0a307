// Progress, cancelling, and the log.
#include "toy.hpp"

struct enough {};

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &) {
    toy_state state;
    iio::register_plugin(std::make_unique<toy>(state));
    const std::string path = dir + "/progress.toy";
    const auto wanted = grey(20, 10);
    iio::imwrite(path, wanted);

    // For one call.
    std::uint64_t last = 0;
    int reports = 0;
    iio::dict watched;
    watched.on_progress([&](std::uint64_t done, std::uint64_t total) {
      CHECK(done >= last && (total == 0 || done <= total));
      last = done;
      ++reports;
    });
    CHECK(same(iio::imread<std::uint8_t>(path, watched), wanted) && reports > 0);

    // For a file and its readers; the options may end before.
    reports = 0, last = 0;
    auto file = iio::imopen(path, [&] {
      iio::dict o;
      o.on_progress([&](std::uint64_t, std::uint64_t) { return ++reports, true; });
      return o;
    }());
    CHECK(same(file.read<std::uint8_t>(), wanted) && reports > 0);
    auto reader = file.iter<std::uint8_t>();
    file = {};
    reports = 0;
    CHECK(same(*reader.next(), wanted) && reports > 0);

    // Cancelled, and used again after that.
    bool stop = true;
    auto stoppable = iio::imopen(path, iio::dict().on_progress([&](std::uint64_t, std::uint64_t) { return !stop; }));
    CHECK_THROWS(iio::cancelled, stoppable.read());
    auto cursor = stoppable.iter<std::uint8_t>();
    CHECK_THROWS(iio::cancelled, cursor.next());
    stop = false;
    CHECK(same(stoppable.read<std::uint8_t>(), wanted));
    CHECK(same(*cursor.next(), wanted) && !cursor.next());  // a cancelled image is not passed

    // What it throws comes out, whatever it is.
    iio::dict throwing;
    throwing.on_progress([](std::uint64_t, std::uint64_t) { throw enough(); });
    bool thrown = false;
    try {
      iio::imread(path, throwing);
    } catch (const enough &) {
      thrown = true;
    }
    CHECK(thrown && same(iio::imread<std::uint8_t>(path), wanted));
    CHECK(throwing.to_json() == "{}" || throwing.to_json().find("progress") == std::string::npos);

    // The log may be set, replaced and ended; what it throws is lost.
    iio::set_log([](iio::log_level, const std::string &) { throw enough(); });
    iio::imread(path);
    iio::set_log([](iio::log_level level, const std::string &message) { CHECK(level >= iio::log_level::error && !message.empty()); });
    iio::imread(path);
    iio::set_log(nullptr);

    iio::unregister_plugin("toy");
  });
}
