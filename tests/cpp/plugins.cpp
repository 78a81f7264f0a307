// The registry, and a plugin in C++.
#include "toy.hpp"

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &) {
    CHECK(!iio::plugins().empty() && iio::formats().contains(".png"));
    CHECK(!iio::plugins().contains("toy"));
    CHECK_THROWS(iio::error, iio::imwrite(dir + "/early.toy", grey(2, 2)));

    toy_state state;
    iio::register_plugin(std::make_unique<toy>(state));
    const iio::dict known = iio::plugins();
    const iio::dict shown = known["toy"].as<iio::dict>();
    CHECK(shown["can_read"].as<bool>() && shown["can_write"].as<bool>() && shown["available"].as<bool>());
    CHECK(shown["options"].as<iio::dict>().contains("invert") && shown["functions"].as<iio::dict>().contains("add"));

    // Every verb through it.
    const std::string path = dir + "/pictures.toy";
    const auto first = grey(6, 5), second = grey(6, 5, 1);
    {
      auto out = iio::imopen(path, "w");
      CHECK(out.plugin() == "toy");
      out.write(first);
      out.write(second.view().flipped(0).flipped(0));
      CHECK_THROWS(iio::shape_error, out.write(grey(3, 3)));  // leaves the file as it was
      out.close();
    }
    CHECK(same(iio::imread<std::uint8_t>(path), first) && same(iio::imread<std::uint8_t>(path, 1), second));
    CHECK_THROWS(iio::index_error, iio::imread(path, 2));
    const auto both = iio::imread<std::uint8_t>(path, iio::all);
    CHECK(both.shape() == iio::extents(2, 6, 5) && both(1, 5, 4) == second(5, 4) && both.props().n_images == 2U);
    CHECK(iio::improps(path, 1).shape == iio::extents(6, 5) && iio::improps(path).axes == "YX");
    const iio::dict meta = iio::immeta(path, 1);
    CHECK(meta["format"].as<std::string>() == "toy" && meta["number"].as<int>() == 1);
    CHECK(meta["nested"].as<iio::dict>()["list"].as<iio::list>()[1].as<std::string>() == "two");
    CHECK(iio::imread<std::uint8_t>(path, {{"invert", true}})(0, 0) == 255 - first(0, 0));
    CHECK_THROWS(iio::unknown_option, iio::imread(path, {{"inverted", true}}));
    std::size_t n = 0;
    for (auto &&frame : iio::imiter<std::uint8_t>(path)) CHECK(same(frame, n++ == 0 ? first : second));
    CHECK(n == 2 && iio::imopen(path).count() == 2);

    // Into memory of any strides and dtype.
    iio::ndarray<float> columns({5, 6});
    iio::imread_into(path, columns.view().permuted({1, 0}));
    CHECK(columns(4, 5) == static_cast<float>(first(5, 4)));

    // Its own function, its alias, and its content under another name.
    auto file = iio::imopen(path, {{"plugin", "TOY-FI"}});
    CHECK(file.call("add", {{"a", 2}, {"b", 40}})["sum"].as<int>() == 42);
    CHECK_THROWS(iio::error, file.call("subtract"));
    spill(dir + "/misnamed.png", slurp(path));
    CHECK(iio::imopen(dir + "/misnamed.png").plugin() == "toy");
    iio::bytes cut = slurp(path);
    cut.resize(cut.size() - 1);
    CHECK_THROWS(iio::corrupt_data, iio::imopen_bytes(cut).read(1));

    // Open files keep it; after the last one it is destroyed.
    iio::unregister_plugin("toy");
    CHECK(state.destroyed == 0 && same(file.read<std::uint8_t>(), first) && !iio::plugins().contains("toy"));
    file = {};
    CHECK(state.destroyed == 1 && state.opened == 0);
    CHECK_THROWS(iio::unknown_plugin, iio::unregister_plugin("toy"));

    // A refused one is destroyed too.
    struct nameless : toy {
      using toy::toy;
      iio::dict declaration() const override { return {{"description", "it has no name"}}; }
    };
    CHECK_THROWS(iio::invalid_argument, iio::register_plugin(std::make_unique<nameless>(state)));
    CHECK(state.destroyed == 2);
    CHECK_THROWS(iio::invalid_argument, iio::register_plugin(nullptr));
    CHECK_THROWS(iio::error, iio::load_plugin(dir + "/no-such-module.so"));
    iio::set_priority(".png", "image");
    CHECK_THROWS(iio::error, iio::set_priority(".png", "no-such-plugin"));
  });
}
