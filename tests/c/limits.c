/* max_pixels, max_bytes and what a file only claims to be: all refused before anything is allocated. */
#include "subjects.h"

typedef struct allocation {
  int calls;
  size_t asked;
  void *memory;
} allocation;

static void *note_and_allocate(void *user, const iio_props *props, size_t size) {
  allocation *a = user;
  (void)props;
  a->calls++;
  a->asked = size;
  return a->memory = size < (1u << 26) ? malloc(size ? size : 1) : NULL;
}

static iio_status read_within(const char *path, int64_t index, const char *key, int64_t limit, allocation *a) {
  iio_dict *options = iio_dict_new();
  CHECK_OK(iio_dict_set_int(options, key, limit));
  void *data = NULL;
  memset(a, 0, sizeof *a);
  iio_status status = iio_imread_alloc(path, index, options, note_and_allocate, a, &data, NULL);
  CHECK((status == IIO_OK) == (data != NULL));
  free(a->memory);
  iio_dict_free(options);
  return status;
}

static uint64_t pixels_of(const iio_props *p) {
  uint64_t n = 1;
  for (uint32_t i = 0; i < p->ndim; i++)
    if (p->axes[i] != 'S') n *= p->shape[i];
  return n;
}

static void max_pixels_bounds_an_image(void) {
  EACH_SUBJECT(s) {
    iio_props p = no_props();
    allocation a;
    if (!s->expected || !CHECK_OK(iio_improps(s->path, 0, NULL, &p))) continue; /* what a pixel of a volume is, the contract does not say */
    int64_t n = (int64_t)pixels_of(&p);
    CHECK_OK(read_within(s->path, 0, "max_pixels", n, &a));
    CHECK_OK(read_within(s->path, 0, "max_pixels", 0, &a)); /* lifted */
    if (n == 1) continue;
    CHECK_STATUS(read_within(s->path, 0, "max_pixels", n - 1, &a), IIO_ERROR_LIMIT);
    CHECK_INT(a.calls, 0);
    if (s->varied) continue;
    CHECK_STATUS(read_within(s->path, IIO_INDEX_ALL, "max_pixels", n - 1, &a), IIO_ERROR_LIMIT);
    CHECK_INT(a.calls, 0);
    CHECK_OK(read_within(s->path, IIO_INDEX_ALL, "max_pixels", n, &a)); /* an image, not a stack */
  }
}

static void max_bytes_bounds_a_result(void) {
  EACH_SUBJECT(s) {
    iio_props p = no_props();
    allocation a;
    const int64_t indices[] = {0, IIO_INDEX_ALL};
    for (int i = 0; i < 2; i++) {
      if (s->varied && indices[i] == IIO_INDEX_ALL) continue;
      if (!CHECK_OK(iio_improps(s->path, indices[i], NULL, &p))) continue;
      CHECK_STATUS(read_within(s->path, indices[i], "max_bytes", (int64_t)p.nbytes - 1, &a), IIO_ERROR_LIMIT);
      CHECK_INT(a.calls, 0);
      CHECK_OK(read_within(s->path, indices[i], "max_bytes", (int64_t)p.nbytes * 16 + (1 << 20), &a)); /* room for intermediates */
      CHECK_INT(a.asked, p.nbytes);
      CHECK_OK(read_within(s->path, indices[i], "max_bytes", 0, &a));
    }
  }
}

static void limits_of_an_opening_hold_for_its_reads_and_iterators(void) {
  EACH_SUBJECT(s) {
    iio_props p = no_props();
    if (!CHECK_OK(iio_improps(s->path, 0, NULL, &p))) continue;
    iio_dict *options = iio_dict_new();
    iio_dict_set_int(options, "max_bytes", (int64_t)p.nbytes - 1);
    iio_file *file = NULL;
    iio_status status = iio_imopen(s->path, "r", options, &file); /* may say so at once */
    if (status == IIO_OK) {
      guarded g = guarded_new((size_t)p.nbytes);
      iio_array a = array_like(&p, g.data);
      iio_iter *it = NULL;
      CHECK_STATUS(iio_file_read(file, 0, NULL, g.data, g.size, NULL), IIO_ERROR_LIMIT);
      CHECK_STATUS(iio_file_read_into(file, 0, NULL, &a), IIO_ERROR_LIMIT);
      if (iio_file_iter(file, NULL, &it) == IIO_OK) CHECK_STATUS(iio_iter_next(it, g.data, g.size, NULL), IIO_ERROR_LIMIT);
      CHECK(guarded_untouched(&g));
      iio_iter_free(it);
      iio_file_discard(file);
      guarded_free(&g);
    } else
      CHECK_INT(status, IIO_ERROR_LIMIT);
    iio_dict_free(options);
  }
}

static void limits_take_no_nonsense(void) {
  static const char *const wrong[] = {"{'max_pixels': -1}", "{'max_bytes': 'much'}", "{'max_bytes': 1.5}", "{'max_pixels': [1]}"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    SUBJECT("%s", wrong[i]);
    iio_dict *options = options_of(wrong[i]);
    iio_file *file = NULL;
    CHECK_STATUS(iio_imopen(fixture("rgb8.png"), "r", options, &file), IIO_ERROR_INVALID_OPTION);
    CHECK(file == NULL);
    iio_dict_free(options);
  }
}

static uint32_t crc_of(const unsigned char *data, size_t size) {
  uint32_t c = 0xFFFFFFFF;
  for (size_t i = 0; i < size; i++) {
    c ^= data[i];
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320 ^ c >> 1 : c >> 1;
  }
  return ~c;
}

static void put32(unsigned char *at, uint32_t v) {
  for (int i = 0; i < 4; i++) at[i] = (unsigned char)(v >> (24 - 8 * i));
}

/* rgb8.png with another size in its header. */
static void png_that_claims(const char *path, uint32_t w, uint32_t h) {
  bytes b = slurp(fixture("rgb8.png"));
  REQUIRE(b.data != NULL && b.size > 33);
  put32(b.data + 16, w);
  put32(b.data + 20, h);
  put32(b.data + 29, crc_of(b.data + 12, 17));
  spit(path, b.data, b.size);
  free(b.data);
}

static void what_a_png_cannot_hold_is_refused_before_allocation(void) {
  static const struct { uint32_t w, h; int over; } claims[] = {
    {100000, 100000, 1}, {0x7FFFFFFF, 0x7FFFFFFF, 1}, {20000, 20000, 0}, {1, 1000000000, 0}, {0xFFFFFFFF, 1, 0}, {0, 5, 0}};
  for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
    SUBJECT("%u x %u", claims[i].w, claims[i].h);
    png_that_claims(scratch("claims.png"), claims[i].w, claims[i].h);
    allocation a = {0, 0, NULL};
    void *data = NULL;
    iio_status status = iio_imread_alloc(scratch("claims.png"), 0, NULL, note_and_allocate, &a, &data, NULL);
    CHECK(status == IIO_ERROR_LIMIT || status == IIO_ERROR_CORRUPT || (status == IIO_ERROR_UNSUPPORTED && !claims[i].over));
    CHECK(data == NULL);
    CHECK_INT(a.calls, 0);
    free(a.memory);
  }
}

static void what_a_gif_or_bmp_cannot_hold_is_refused_before_allocation(void) {
  static const struct { const char *name; size_t at; } files[] = {{"single.gif", 6}, {"rgb24.bmp", 18}, {"rle8.bmp", 18}};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    SUBJECT("%s", files[i].name);
    bytes b = slurp(fixture(files[i].name));
    REQUIRE(b.data != NULL);
    b.data[files[i].at] = 0x60; /* about 60 000 wide and high */
    b.data[files[i].at + 1] = 0xEA;
    size_t high = files[i].at + (i == 0 ? 2 : 4);
    b.data[high] = 0x60;
    b.data[high + 1] = 0xEA;
    spit(scratch(files[i].name), b.data, b.size);
    allocation a = {0, 0, NULL};
    void *data = NULL;
    iio_status status = iio_imread_alloc(scratch(files[i].name), 0, NULL, note_and_allocate, &a, &data, NULL);
    CHECK(status == IIO_ERROR_LIMIT || status == IIO_ERROR_CORRUPT); /* 3.6e9 pixels are over 2^30 */
    CHECK(data == NULL);
    CHECK_INT(a.calls, 0);
    free(a.memory);
    free(b.data);
  }
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  gather_subjects();
  RUN(max_pixels_bounds_an_image);
  RUN(max_bytes_bounds_a_result);
  RUN(limits_of_an_opening_hold_for_its_reads_and_iterators);
  RUN(limits_take_no_nonsense);
  RUN(what_a_png_cannot_hold_is_refused_before_allocation);
  RUN(what_a_gif_or_bmp_cannot_hold_is_refused_before_allocation);
  leave_subjects();
  return check_finish();
}
