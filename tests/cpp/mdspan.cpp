// Arrays as std::mdspan, where the standard library has it.
#include "check.hpp"

#include <array>

#if defined(__cpp_lib_mdspan)
using at3 = std::array<std::size_t, 3>;

static void the_same_samples() {
  std::vector<std::uint16_t> samples(2 * 3 * 4);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = static_cast<std::uint16_t>(i);
  const auto view = iio::view(samples, {2, 3, 4});
  const auto span = view.mdspan<3>();
  CHECK(span.extent(0) == 2 && span.extent(1) == 3 && span.extent(2) == 4);
  CHECK(span[at3{1, 2, 3}] == 23);
  CHECK(view.permuted({2, 0, 1}).mdspan<3>()[at3{3, 1, 2}] == 23);
  span[at3{0, 0, 1}] = 99;
  CHECK(samples[1] == 99);
}

static void what_it_cannot_be() {
  std::vector<std::uint16_t> samples(6);
  const auto view = iio::view(samples, {2, 3});
  CHECK_THROWS(iio::shape_error, view.mdspan<3>());
  CHECK_THROWS(iio::shape_error, view.flipped(1).mdspan<2>());
  CHECK(view.slice(0, 0, 1).mdspan<2>().extent(0) == 1);
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &, const std::string &) {
    the_same_samples();
    what_it_cannot_be();
  });
}
#else
int main() {
  std::fputs("the standard library has no std::mdspan\n", stderr);
  return 77;
}
#endif
