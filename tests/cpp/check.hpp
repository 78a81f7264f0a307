// What the C++ tests share: checks, and pictures to write and read back.
#ifndef TESTS_CPP_CHECK_HPP
#define TESTS_CPP_CHECK_HPP

#include <libimageio/imageio.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>

// The condition may hold commas.
#define CHECK(...)                                                              \
  do {                                                                          \
    if (!(__VA_ARGS__)) {                                                       \
      std::fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
      std::exit(1);                                                             \
    }                                                                           \
  } while (false)

#define CHECK_THROWS(type, ...)                                                          \
  do {                                                                                   \
    bool as_expected = false;                                                            \
    try {                                                                                \
      __VA_ARGS__;                                                                       \
      std::fprintf(stderr, "%s:%d: did not throw: %s\n", __FILE__, __LINE__, #__VA_ARGS__); \
    } catch (const type &) {                                                             \
      as_expected = true;                                                                \
    } catch (const std::exception &e) {                                                  \
      std::fprintf(stderr, "%s:%d: threw something else: %s: %s\n", __FILE__, __LINE__, #__VA_ARGS__, e.what()); \
    }                                                                                    \
    if (!as_expected) std::exit(1);                                                      \
  } while (false)

/// What a test throws that cannot be made here.
struct skipped {
  std::string why;
};

/// Runs a test's parts; an exception is a failure with its words.
template <class F>
int run(int argc, char **argv, F &&body) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s SCRATCH DATA\n", argv[0]);
    return 2;
  }
  try {
    body(std::string(argv[1]), std::string(argv[2]));
    return 0;
  } catch (const skipped &s) {
    std::fprintf(stderr, "%s\n", s.why.c_str());
    return 77;
  } catch (const std::exception &e) {
    std::fprintf(stderr, "an exception came through: %s\n", e.what());
    return 1;
  }
}

/// A picture of which no two neighbours are alike.
template <class T = std::uint8_t>
iio::ndarray<T> picture(std::size_t height, std::size_t width, std::size_t samples, unsigned seed = 0) {
  iio::ndarray<T> out({height, width, samples});
  std::uint32_t state = 12345 + seed;
  for (T &sample : out) {
    state = state * 1664525U + 1013904223U;
    sample = static_cast<T>(state >> 16);
  }
  return out;
}

/// A picture of one colour.
inline iio::ndarray<std::uint8_t> plain(std::size_t height, std::size_t width, std::array<std::uint8_t, 3> rgb) {
  iio::ndarray<std::uint8_t> out({height, width, 3});
  for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] = rgb[i % 3];
  return out;
}

template <class A, class B>
bool same(const A &a, const B &b) {
  return a.shape() == b.shape() && std::equal(a.begin(), a.end(), b.begin(), b.end());
}

inline bool exists(const std::string &path) { return std::ifstream(path).good(); }

inline iio::bytes slurp(const std::string &path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto *first = reinterpret_cast<const std::byte *>(text.data());
  return iio::bytes(first, first + text.size());
}

inline void spill(const std::string &path, iio::span<const std::byte> data) {
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(data.data()), static_cast<std::streamsize>(data.size()));
}

#endif
