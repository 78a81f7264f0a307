#include <libimageio/imageio.hpp>

#include <cstring>
#include <iostream>

int main(int argc, char **argv) {
  std::cout << "imageio " << iio_version() << "\n";
  return argc > 1 && std::strcmp(argv[1], iio_version()) != 0;
}
