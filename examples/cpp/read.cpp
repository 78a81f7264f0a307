// Says what is in a picture or a video, and writes the mean of its images. Build it with
//     c++ -std=c++17 read.cpp $(pkg-config --cflags --libs imageio) -o read
#include <libimageio/imageio.hpp>

#include <algorithm>
#include <iostream>

int main(int argc, char **argv) {
  if (argc < 2) {
    std::cerr << "usage: read FILE [MEAN.png]\n";
    return 2;
  }
  try {
    const iio::props props = iio::improps(argv[1]);
    std::cout << argv[1] << ": " << iio::name_of(props.dtype);
    for (std::uint64_t length : props.shape) std::cout << " × " << length;
    std::cout << " (" << props.axes << ")\n";
    for (const auto &[key, value] : iio::immeta(argv[1]))
      if (const std::string *text = value.get_if<std::string>()) std::cout << "  " << key << ": " << *text << "\n";

    std::vector<double> sum;
    iio::extents shape;
    std::size_t images = 0;
    for (auto &&frame : iio::imiter<double>(argv[1], {{"dtype", "float64"}, {"scale", true}})) {
      if (images == 0) shape = frame.shape(), sum.resize(frame.size());
      if (frame.shape() != shape) break;  // pages of another size
      std::transform(frame.begin(), frame.end(), sum.begin(), sum.begin(), std::plus<>());
      ++images;
    }
    std::cout << "  images: " << images << "\n";

    if (argc > 2 && images > 0) {
      iio::ndarray<std::uint8_t> mean(shape);
      std::transform(sum.begin(), sum.end(), mean.begin(), [=](double s) {
        return static_cast<std::uint8_t>(255.0 * s / static_cast<double>(images) + 0.5);
      });
      iio::imwrite(argv[2], mean);
    }
  } catch (const iio::error &e) {
    std::cerr << "read: " << e.what() << "\n";
    return 1;
  }
}
