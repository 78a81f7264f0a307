/* What every test program shares: CHECK and its kin, and RUN, which names a test by its function's name.
 *
 *   CHECK…    notes the failure and goes on; usable in callbacks and on any thread
 *   REQUIRE…  notes the failure and ends this test; only on the main thread, never inside a callback of the library
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <libimageio/imageio.h>
#include <inttypes.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define CHECK_UNUSED __attribute__((unused))
#define CHECK_OUTLINE __attribute__((noinline, unused))
#define CHECK_FORMAT __attribute__((format(printf, 3, 4)))
#else
#define CHECK_UNUSED
#define CHECK_OUTLINE
#define CHECK_FORMAT
#endif

static atomic_int check_failures CHECK_UNUSED;
static const char *check_test CHECK_UNUSED = "";
static char check_subject[256] CHECK_UNUSED; /* which file or case a loop is at; printed beside a failure */
static jmp_buf check_jump CHECK_UNUSED;
static const char *check_scratch CHECK_UNUSED = "", *check_data CHECK_UNUSED = "";

CHECK_FORMAT static CHECK_OUTLINE void check_fail(const char *file, int line, const char *format, ...) {
  char what[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  const char *message = iio_error_message();
  fprintf(stderr, "%s:%d: %s%s%s%s: %s\n    last error of the library: %s\n", file, line, check_test, *check_subject ? " [" : "",
          check_subject, *check_subject ? "]" : "", what, message ? message : "(NULL)");
  if (atomic_fetch_add(&check_failures, 1) > 200) {
    fprintf(stderr, "too many failures\n");
    _Exit(1);
  }
}

#define CHECK_SAY(...) check_fail(__FILE__, __LINE__, __VA_ARGS__)
#define CHECK(expression) ((expression) ? (void)0 : CHECK_SAY("not so: %s", #expression))
#define REQUIRE(expression) ((expression) ? (void)0 : (CHECK_SAY("not so: %s", #expression), longjmp(check_jump, 1)))

static inline const char *check_name(iio_status status) {
  const char *name = iio_status_name(status);
  return name ? name : "(NULL)";
}

static CHECK_OUTLINE int check_status(const char *file, int line, const char *call, iio_status got, iio_status wanted) {
  if (got == wanted) return 1;
  check_fail(file, line, "%s gave %d %s, not %d %s", call, (int)got, check_name(got), (int)wanted, check_name(wanted));
  return 0;
}

static CHECK_OUTLINE int check_int(const char *file, int line, const char *what, int64_t got, int64_t wanted) {
  if (got == wanted) return 1;
  check_fail(file, line, "%s is %" PRId64 ", not %" PRId64, what, got, wanted);
  return 0;
}

static CHECK_OUTLINE int check_string(const char *file, int line, const char *what, const char *got, const char *wanted) {
  if (got && strcmp(got, wanted) == 0) return 1;
  check_fail(file, line, "%s is \"%s\", not \"%s\"", what, got ? got : "(NULL)", wanted);
  return 0;
}

static CHECK_OUTLINE int check_mentions(const char *file, int line, const char *what, const char *text, const char *word) {
  if (text && strstr(text, word)) return 1;
  check_fail(file, line, "%s \"%s\" does not mention \"%s\"", what, text ? text : "(NULL)", word);
  return 0;
}

#define CHECK_STATUS(call, wanted) check_status(__FILE__, __LINE__, #call, (call), (wanted))
#define CHECK_OK(call) CHECK_STATUS(call, IIO_OK)
#define CHECK_ERROR(call) CHECK((call) < 0)
#define CHECK_INT(got, wanted) check_int(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(wanted))
#define CHECK_STRING(got, wanted) check_string(__FILE__, __LINE__, #got, (got), (wanted))
#define CHECK_MENTIONS(text, word) check_mentions(__FILE__, __LINE__, #text, (text), (word))
#define REQUIRE_STATUS(call, wanted) (CHECK_STATUS(call, wanted) ? (void)0 : longjmp(check_jump, 1))
#define REQUIRE_OK(call) REQUIRE_STATUS(call, IIO_OK)

/* The call is refused with INVALID_ARGUMENT and says so in words. */
#define CHECK_REFUSED(call) \
  do { \
    CHECK_STATUS(call, IIO_ERROR_INVALID_ARGUMENT); \
    CHECK(iio_error_message() && *iio_error_message()); \
  } while (0)

/* snprintf that may cut. */
CHECK_FORMAT static CHECK_OUTLINE void print_to(char *out, size_t room, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(out, room, format, args);
  va_end(args);
}

#define SUBJECT(...) print_to(check_subject, sizeof check_subject, __VA_ARGS__)

typedef void check_fn(void);

static CHECK_OUTLINE void check_run(const char *name, check_fn *test) {
  int before = atomic_load(&check_failures);
  check_test = name;
  *check_subject = 0;
  if (setjmp(check_jump) == 0) test();
  *check_subject = 0;
  fprintf(stderr, "%s %s\n", atomic_load(&check_failures) == before ? "  ok  " : "FAILED", name);
}

#define RUN(test) check_run(#test, test)
#define SKIPPED(why) fprintf(stderr, "  skipped: %s: %s\n", check_test, (why))

static inline void check_begin(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s SCRATCH DATA\n", argv[0]);
    exit(2);
  }
  check_scratch = argv[1];
  check_data = argv[2];
  (void)check_scratch;
  (void)check_data;
}

static inline int check_finish(void) {
  int n = atomic_load(&check_failures);
  if (n) fprintf(stderr, "%d failures\n", n);
  return n ? 1 : 0;
}

#endif
