/* tests/data/expected.txt and those of its folders: what a default read of each committed file gives. */
#ifndef FIXTURES_H
#define FIXTURES_H

#include "files.h"
#include "images.h"

typedef struct expectation {
  char name[96]; /* below tests/data: "a.png", "tiff/a.tif" */
  uint32_t ndim;
  uint64_t shape[IIO_MAX_NDIM];
  iio_dtype dtype;
  int64_t images;
  int varied; /* its images differ in shape or dtype: they cannot be one stack */
  int beside; /* it wants other files by its side */
  int all;      /* index None means all */
  int is_batch;
  int exact;
  uint64_t hash;
  double tolerance, mean[4];
} expectation;

#define MAX_FIXTURES 1024
static expectation fixtures[MAX_FIXTURES] CHECK_UNUSED;
static int n_fixtures CHECK_UNUSED;

static inline iio_dtype dtype_named(const char *name) {
  static const char *names[] = {"",      "bool",  "uint8",   "uint16",  "uint32",  "uint64",    "int8",      "int16",
                                "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"};
  for (int i = 1; i <= IIO_COMPLEX128; i++)
    if (strcmp(names[i], name) == 0) return i;
  return 0;
}

/* Those of one folder below tests/data, "" for itself. */
static inline void read_expectations_of(const char *folder) {
  char list[96];
  print_to(list, sizeof list, "%s%sexpected.txt", folder, *folder ? "/" : "");
  FILE *f = fopen(fixture(list), "r");
  if (!f) {
    perror(fixture(list));
    exit(2);
  }
  char line[512];
  int first = n_fixtures;
  while (fgets(line, sizeof line, f)) {
    if (*line == '#' || *line == '\n') continue;
    if (n_fixtures == MAX_FIXTURES) {
      fprintf(stderr, "%s: over %d fixtures\n", list, MAX_FIXTURES);
      exit(2);
    }
    expectation *e = &fixtures[n_fixtures];
    memset(e, 0, sizeof *e);
    char name[64], shape[64], dtype[16], images[16], index[8], how[8];
    int at = 0;
    if (sscanf(line, "%63s %63s %15s %15s %7s %d %7s %n", name, shape, dtype, images, index, &e->is_batch, how, &at) < 7) {
      fprintf(stderr, "%s: cannot read: %s", list, line);
      exit(2);
    }
    print_to(e->name, sizeof e->name, "%s%s%s", folder, *folder ? "/" : "", name);
    for (char *s = shape; *s && e->ndim < IIO_MAX_NDIM; s += *s == 'x') e->shape[e->ndim++] = strtoull(s, &s, 10);
    e->dtype = dtype_named(dtype);
    char *marks = images;
    e->images = strtoll(images, &marks, 10);
    e->varied = strchr(marks, 'v') != NULL;
    e->beside = strchr(marks, 'b') != NULL;
    e->all = strcmp(index, "all") == 0;
    e->exact = strcmp(how, "exact") == 0;
    char *rest = line + at;
    if (e->exact) e->hash = strtoull(rest, NULL, 16);
    else {
      e->tolerance = strtod(rest, &rest);
      for (int i = 0; i < 4; i++) e->mean[i] = strtod(rest, &rest);
    }
    n_fixtures++;
  }
  fclose(f);
  /* A family that a module reads, which need not be built. */
  iio_props p = no_props();
  if (first < n_fixtures && iio_improps(fixture(fixtures[first].name), IIO_INDEX_DEFAULT, NULL, &p) == IIO_ERROR_PLUGIN_UNAVAILABLE) {
    printf("SKIPPED: tests/data/%s: %s\n", folder, iio_error_message());
    n_fixtures = first;
  }
}

/* A folder of tests/data is a family of formats, with a list of its own. */
static inline void read_expectations(void) {
  read_expectations_of("");
  struct dirent **entries;
  int n = scandir(check_data, &entries, NULL, alphasort);
  for (int i = 0; i < n; i++) {
    struct stat what;
    if (*entries[i]->d_name != '.' && stat(fixture(entries[i]->d_name), &what) == 0 && S_ISDIR(what.st_mode)) read_expectations_of(entries[i]->d_name);
    free(entries[i]);
  }
  if (n >= 0) free(entries);
}

static inline int has_suffix(const char *name, const char *suffix) {
  size_t n = strlen(name), m = strlen(suffix);
  return n >= m && strcmp(name + n - m, suffix) == 0;
}

static inline int shape_is_expected(const expectation *e, const iio_props *p) {
  uint64_t n = item_size(e->dtype);
  if (p->ndim != e->ndim || p->dtype != e->dtype || p->is_batch != (uint32_t)e->is_batch) return 0;
  for (uint32_t i = 0; i < e->ndim; i++) {
    if (p->shape[i] != e->shape[i]) return 0;
    n *= e->shape[i];
  }
  return p->nbytes == n;
}

static inline size_t expected_bytes(const expectation *e) {
  size_t n = item_size(e->dtype);
  for (uint32_t i = 0; i < e->ndim; i++) n *= (size_t)e->shape[i];
  return n;
}

/* C-contiguous pixels of the expected shape and dtype. */
static inline int pixels_are_expected(const expectation *e, const void *data) {
  size_t size = expected_bytes(e);
  if (e->exact) return fnv1a(data, size) == e->hash;
  size_t channels = e->ndim > 2 ? (size_t)e->shape[e->ndim - 1] : 1, item = item_size(e->dtype), n = size / item;
  for (size_t c = 0; c < channels && c < 4; c++) {
    double sum = 0;
    for (size_t i = c; i < n; i += channels) sum += value_at(e->dtype, (const unsigned char *)data + i * item);
    if (!(fabs(sum / ((double)n / (double)channels) - e->mean[c]) <= e->tolerance)) return 0;
  }
  return 1;
}

static CHECK_OUTLINE void check_expected(const char *file, int line, const expectation *e, const iio_props *p, const void *data) {
  if (!shape_is_expected(e, p)) {
    char got[160] = "";
    size_t at = 0;
    for (uint32_t i = 0; i < p->ndim && i < IIO_MAX_NDIM; i++) at += (size_t)snprintf(got + at, sizeof got - at, "%s%" PRIu64, i ? "x" : "", p->shape[i]);
    const char *name = iio_dtype_name(p->dtype);
    check_fail(file, line, "%s: shape %s dtype %s is_batch %u nbytes %" PRIu64 " is not what expected.txt says", e->name, got, name ? name : "?", p->is_batch, p->nbytes);
  } else if (!pixels_are_expected(e, data))
    check_fail(file, line, "%s: other pixels than expected.txt says", e->name);
}

#define CHECK_EXPECTED(e, props, data) check_expected(__FILE__, __LINE__, (e), (props), (data))

#define EACH_FIXTURE(e) for (const expectation *e = fixtures; e < fixtures + n_fixtures && (SUBJECT("%s", e->name), 1); e++)

#endif
