// Ten thousand opens, whose memory and files come back. Under the sanitizers LeakSanitizer looks at the end.
#include "check.hpp"

#include <dirent.h>
#include <sstream>

#if defined(__SANITIZE_ADDRESS__)
static constexpr bool sanitized = true;  // freed memory is kept for a while
#else
static constexpr bool sanitized = false;
#endif

static std::size_t resident() {
  std::size_t all = 0, here = 0;
  std::ifstream("/proc/self/statm") >> all >> here;
  return here * 4096;
}

static std::size_t open_files() {
  std::size_t n = 0;
  DIR *dir = opendir("/proc/self/fd");
  while (dir && readdir(dir)) ++n;
  if (dir) closedir(dir);
  return n;
}

static void open_many(const std::string &path, const iio::bytes &bytes, const std::string &dir, int count) {
  for (int i = 0; i < count; ++i) {
    iio::file file = iio::imopen(path);
    if (i % 3 == 0) CHECK(file.iter().next().has_value());
    if (i % 5 == 0) CHECK(iio::imopen_bytes(bytes).read().nbytes() > 0);
    if (i % 7 == 0) CHECK(file.meta().size() > 0);
    if (i % 11 == 0) CHECK_THROWS(iio::index_error, file.read(99));
    if (i % 13 == 0) CHECK_THROWS(iio::not_found, iio::imopen(dir + "/none.png"));
    if (i % 17 == 0) {
      std::istringstream in(std::string(reinterpret_cast<const char *>(bytes.data()), bytes.size()));
      auto kept = iio::imopen(in).iter();  // outlives its file
      CHECK(kept.next().has_value());
    }
    if (i % 19 == 0) iio::imopen(dir + "/never.png", "w").write(plain(4, 4, {{1, 2, 3}}));  // thrown away
  }
}

int main(int argc, char **argv) {
  return run(argc, argv, [](const std::string &dir, const std::string &data) {
    const std::string path = data + "/skip.gif";
    const iio::bytes bytes = slurp(path);
    open_many(path, bytes, dir, 2000);
    const std::size_t before = resident(), files = open_files();
    open_many(path, bytes, dir, 10000);
    const std::size_t after = resident();
    CHECK(open_files() == files && !exists(dir + "/never.png"));
    CHECK(sanitized || after < before + (8U << 20));
  });
}
