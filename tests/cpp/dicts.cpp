// Dictionaries and the values in them.
#include "check.hpp"

static void literals() {
  const iio::dict d{{"null", nullptr},
                    {"bool", true},
                    {"int", -90},
                    {"unsigned", 3u},
                    {"float", 0.5},
                    {"text", "ümlaut"},
                    {"bytes", iio::bytes{std::byte{1}, std::byte{0}, std::byte{2}}},
                    {"array", picture(2, 3, 1)},
                    {"list", iio::list{1, "two", 3.5, iio::list{}}},
                    {"dict", iio::dict{{"inner", 1}, {"empty", iio::dict()}}}};
  CHECK(d.size() == 10 && !d.empty());
  CHECK(d["null"].is_null() && d["bool"].as<bool>() && d["int"].as<int>() == -90 && d["unsigned"].as<std::uint8_t>() == 3);
  CHECK(d["float"].as<double>() == 0.5 && d["int"].as<float>() == -90.0F && d["text"].as<std::string>() == "ümlaut");
  CHECK(d["bytes"].as<iio::bytes>().size() == 3);
  CHECK(d["array"].as<iio::image>().as<std::uint8_t>()(1, 2, 0) == picture(2, 3, 1)(1, 2, 0));
  const iio::list items = d["list"].as<iio::list>();
  CHECK(items.size() == 4 && items[0].as<int>() == 1 && items[1].as<std::string>() == "two" && items[3].as<iio::list>().empty());
  CHECK(d["dict"].as<iio::dict>()["inner"].as<int>() == 1 && d["dict"].as<iio::dict>()["empty"].is<iio::dict>());

  // In order, by iteration and by std::visit.
  std::string order;
  std::size_t texts = 0;
  for (const auto &[key, value] : d) {
    order += std::string(key) + " ";
    std::visit([&](const auto &x) { texts += std::is_same_v<std::decay_t<decltype(x)>, std::string> ? 1 : 0; }, value.variant());
  }
  CHECK(order == "null bool int unsigned float text bytes array list dict " && texts == 1 && d.key(1) == "bool" && d.key(10).empty());
}

static void kinds() {
  iio::dict d{{"n", 300}, {"s", "x"}};
  CHECK_THROWS(iio::not_found, d["absent"]);
  CHECK_THROWS(iio::invalid_argument, d["s"].as<int>());
  CHECK_THROWS(iio::invalid_argument, d["n"].as<bool>());
  CHECK_THROWS(iio::invalid_argument, d["n"].as<std::uint8_t>());  // does not fit
  CHECK_THROWS(iio::invalid_argument, iio::value(-1).as<unsigned>());
  CHECK_THROWS(iio::invalid_argument, iio::value(-1).as<std::uint64_t>());
  CHECK(d.get<int>("absent", 7) == 7 && d.get<int>("n", 7) == 300 && d.get<int>("n") == 300 && d.contains("s") && !d.contains("t"));
  const iio::value n = d["n"];
  CHECK(n.is<std::int64_t>() && *n.get_if<std::int64_t>() == 300 && n.get_if<double>() == nullptr);
  CHECK_THROWS(iio::invalid_argument, d.contains(std::string("a\0b", 3)));

  d.set("n", "now text").set("more", 1);
  CHECK(d["n"].is<std::string>() && d.key(0) == "n" && d.size() == 3);
  d.erase("n");
  CHECK(!d.contains("n"));
  CHECK_THROWS(iio::not_found, d.erase("n"));

  // What an int64 cannot hold is an array without axes; text with a NUL is bytes.
  d.set("huge", UINT64_MAX).set("nul", std::string("a\0b", 3));
  CHECK(d["huge"].as<iio::image>().as<std::uint64_t>()() == UINT64_MAX && d["huge"].as<iio::image>().ndim() == 0);
  CHECK(d["nul"].as<iio::bytes>().size() == 3);
}

static void json() {
  const std::string text = R"({"a":1,"b":[true,null,"x"],"c":{"d":0.25}})";
  const auto d = iio::dict::from_json(text);
  CHECK(d["a"].as<int>() == 1 && d["b"].as<iio::list>()[0].as<bool>() && d["c"].as<iio::dict>()["d"].as<double>() == 0.25);
  const auto again = iio::dict::from_json(d.to_json());
  CHECK(again.to_json() == d.to_json() && again.size() == 3);
  CHECK(iio::dict().to_json() == "{}");
  CHECK_THROWS(iio::invalid_argument, iio::dict::from_json("{not json"));
  CHECK(iio::dict().set_json("list", "[1, 2]")["list"].as<iio::list>().size() == 2);
  // Longer than any first guess.
  iio::dict big;
  for (int i = 0; i < 500; ++i) big.set("key " + std::to_string(i), std::string(50, 'x'));
  CHECK(iio::dict::from_json(big.to_json()).size() == 500);
}

static void ownership() {
  iio::dict a{{"x", 1}};
  iio::dict b = a;
  b.set("x", 2);
  CHECK(a["x"].as<int>() == 1 && b["x"].as<int>() == 2);
  iio::dict c = std::move(a);
  CHECK(a.empty() && a.raw() == nullptr && c["x"].as<int>() == 1);
  a = b;
  CHECK(a["x"].as<int>() == 2);
  a = std::move(c);
  CHECK(a["x"].as<int>() == 1);
  const iio::dict_view v = a;
  CHECK(iio::dict(v)["x"].as<int>() == 1 && iio::dict(iio::dict_view()).empty());
  CHECK_THROWS(iio::not_found, iio::dict_view()["x"]);
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &, const std::string &) {
    literals();
    kinds();
    json();
    ownership();
  });
}
