// Reads a picture into an Eigen matrix, in the matrix's own order, and writes one: eigen PICTURE OUT.png. Build it with
//     c++ -std=c++17 eigen.cpp $(pkg-config --cflags --libs imageio eigen3) -o eigen
#include <libimageio/imageio.hpp>

#include <Eigen/Core>

#include <iostream>

// The samples of a matrix as an array of rows and columns; nothing is copied.
template <class Matrix>
static auto view_of(Matrix &matrix) {
  using sample = std::remove_reference_t<decltype(*matrix.data())>;
  const auto step = [](Eigen::Index n) { return static_cast<std::int64_t>(n) * static_cast<std::int64_t>(sizeof(sample)); };
  const bool by_rows = Matrix::IsRowMajor;
  return iio::array_view<sample>(matrix.data(), {static_cast<std::uint64_t>(matrix.rows()), static_cast<std::uint64_t>(matrix.cols())},
                                 {step(by_rows ? matrix.outerStride() : matrix.innerStride()),
                                  step(by_rows ? matrix.innerStride() : matrix.outerStride())});
}

int main(int argc, char **argv) {
  if (argc < 3) {
    std::cerr << "usage: eigen PICTURE OUT.png\n";
    return 2;
  }
  try {
    const iio::dict gray = {{"mode", "F"}};
    const iio::props props = iio::improps(argv[1], 0, gray);
    Eigen::MatrixXf picture(static_cast<Eigen::Index>(props.shape[0]), static_cast<Eigen::Index>(props.shape[1]));  // column-major
    iio::imread_into(argv[1], view_of(picture), 0, gray);
    std::cout << picture.rows() << " x " << picture.cols() << ", mean " << picture.mean() << "\n";

    const Eigen::Matrix<std::uint8_t, Eigen::Dynamic, Eigen::Dynamic> turned =
        picture.transpose().unaryExpr([](float x) { return std::min(std::max(x + 0.5F, 0.0F), 255.0F); }).cast<std::uint8_t>();
    iio::imwrite(argv[2], view_of(turned));
  } catch (const iio::error &e) {
    std::cerr << "eigen: " << e.what() << "\n";
    return 1;
  }
}
