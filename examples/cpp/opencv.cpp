// Reads a picture into a cv::Mat and writes one: opencv PICTURE OUT.png. Build it with
//     c++ -std=c++17 opencv.cpp $(pkg-config --cflags --libs imageio opencv4) -o opencv
#include <libimageio/imageio.hpp>

#include <opencv2/core.hpp>

#include <iostream>

static iio::dtype type_of(const cv::Mat &mat) {
  switch (mat.depth()) {
    case CV_8U: return iio::dtype::uint8;
    case CV_8S: return iio::dtype::int8;
    case CV_16U: return iio::dtype::uint16;
    case CV_16S: return iio::dtype::int16;
    case CV_32S: return iio::dtype::int32;
    case CV_32F: return iio::dtype::float32;
    case CV_64F: return iio::dtype::float64;
    default: throw std::invalid_argument("a cv::Mat of a depth that is no dtype");
  }
}

// The samples of a matrix, padded rows and regions of interest included; nothing is copied. OpenCV likes BGR, so the
// channels may be taken in the other direction.
static iio::any_view view_of(cv::Mat &mat, bool bgr) {
  const auto rows = static_cast<std::uint64_t>(mat.rows), columns = static_cast<std::uint64_t>(mat.cols);
  const auto row = static_cast<std::int64_t>(mat.step[0]), pixel = static_cast<std::int64_t>(mat.elemSize());
  void *data = mat.data;
  if (mat.channels() == 1) return {data, type_of(mat), {rows, columns}, {row, pixel}};
  const iio::any_view pixels(data, type_of(mat), {rows, columns, static_cast<std::uint64_t>(mat.channels())},
                             {row, pixel, static_cast<std::int64_t>(mat.elemSize1())});
  return bgr ? pixels.flipped(2) : pixels;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    std::cerr << "usage: opencv PICTURE OUT.png\n";
    return 2;
  }
  try {
    const iio::dict rgb = {{"mode", "RGB"}};
    const iio::props props = iio::improps(argv[1], 0, rgb);
    cv::Mat picture(static_cast<int>(props.shape[0]), static_cast<int>(props.shape[1]), CV_8UC3);
    iio::imread_into(argv[1], view_of(picture, true), 0, rgb);
    const cv::Scalar mean = cv::mean(picture);
    std::cout << picture.rows << " x " << picture.cols << ", blue " << mean[0] << ", green " << mean[1] << ", red " << mean[2] << "\n";

    cv::Mat half = picture(cv::Rect(0, 0, picture.cols / 2, picture.rows));  // its rows lie apart
    iio::imwrite(argv[2], view_of(half, true));
  } catch (const std::exception &e) {
    std::cerr << "opencv: " << e.what() << "\n";
    return 1;
  }
}
