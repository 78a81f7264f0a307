// Six everyday tasks, a function each: tasks PHOTO ANIMATION FOLDER. docs/cpp.md shows them one by one. Build it with
//     c++ -std=c++17 tasks.cpp $(pkg-config --cflags --libs imageio) -o tasks
#include <libimageio/imageio.hpp>

#include <fstream>
#include <iostream>

// Reads a photo: as an array of a type that is known, or as it comes.
static void read_photo(const std::string &path) {
  const auto photo = iio::imread<std::uint8_t>(path, 0);
  std::cout << photo.shape()[0] << " rows of " << photo.shape()[1] << " pixels, the first sample is " << +*photo.begin() << "\n";
  std::vector<std::uint8_t> own(photo.size());  // or into memory that is there already
  iio::imread_into(path, iio::view(own, photo.shape()), 0);
}

// Says what a read would give, without decoding a pixel.
static void show_properties(const std::string &path) {
  const iio::props props = iio::improps(path, 0);
  std::cout << iio::name_of(props.dtype) << ", axes " << props.axes << ", " << props.nbytes << " bytes\n";
}

// Shows the metadata: values are variants.
static void show_metadata(const std::string &path) {
  const iio::dict meta = iio::immeta(path, 0);
  for (const auto &[key, value] : meta)
    if (const std::string *text = value.get_if<std::string>()) std::cout << key << ": " << *text << "\n";
  std::cout << meta.to_json().size() << " bytes of JSON\n";
}

// Goes through the images of an animation, a stack or a video, one in memory at a time.
static void each_image(const std::string &path) {
  std::size_t images = 0;
  for (auto &&frame : iio::imiter(path)) images += frame.nbytes() > 0;
  std::cout << images << " images\n";
}

// Writes a picture with options by name. The file appears when it is complete.
static void write_picture(const std::string &path) {
  iio::ndarray<std::uint8_t> rgb(iio::extents{64, 64, 3});
  for (std::size_t y = 0; y < 64; ++y)
    for (std::size_t x = 0; x < 64; ++x) rgb(y, x, 0) = static_cast<std::uint8_t>(4 * x), rgb(y, x, 1) = static_cast<std::uint8_t>(4 * y);
  iio::imwrite(path, rgb, {{"quality", 90}});
}

// Reads from a stream of one's own.
static void read_stream(std::istream &in) {
  iio::file file = iio::imopen(in);
  const iio::image photo = file.read(0);
  std::cout << file.plugin() << " read " << photo.nbytes() << " bytes of pixels\n";
}

int main(int argc, char **argv) {
  if (argc < 4) {
    std::cerr << "usage: tasks PHOTO ANIMATION FOLDER\n";
    return 2;
  }
  const std::string written = std::string(argv[3]) + "/tasks++.jpg";
  try {
    read_photo(argv[1]);
    show_properties(argv[1]);
    show_metadata(argv[1]);
    each_image(argv[2]);
    write_picture(written);
    std::ifstream stream(written, std::ios::binary);
    read_stream(stream);
  } catch (const iio::unsupported &e) {
    std::cerr << "tasks: " << e.plugin() << " does not do that: " << e.what() << "\n";
    return 1;
  } catch (const iio::error &e) {
    std::cerr << "tasks: " << e.what() << "\n";
    return 1;
  }
}
