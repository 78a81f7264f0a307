/* struct_size: a program of the first release knows iio_props only up to `axes`, one of a later release more than we. */
#include "fixtures.h"
#include "options.h"
#include "streams.h"
#include <libimageio/plugin.h>

/* iio_props as the first release published it. */
typedef struct old_props {
  uint32_t struct_size;
  int32_t dtype;
  uint32_t ndim, is_batch;
  int64_t n_images;
  uint64_t nbytes, shape[8];
  double spacing[8];
  char axes[16];
} old_props;

_Static_assert(sizeof(old_props) == 176, "the first published size");
_Static_assert(sizeof(old_props) == offsetof(iio_props, color), "through axes");

typedef union room { /* as large as any program may say */
  iio_props props;
  iio_array array;
  unsigned char bytes[1024];
} room;

static room filled(uint32_t size) {
  room r;
  memset(&r, 0xA5, sizeof r);
  r.props.struct_size = size;
  return r;
}

/* Every call that fills iio_props. */
enum { IMPROPS, IMREAD, IMREAD_TOO_SMALL, IMREAD_ALLOC, FILE_PROPS, FILE_READ, ITER_PROPS, ITER_NEXT, CALLS };

static iio_status call(int which, iio_props *p) {
  const char *path = fixture("rgb8.png");
  unsigned char pixels[429];
  iio_file *file = NULL;
  iio_iter *it = NULL;
  void *data = NULL;
  iio_status status = IIO_OK;
  switch (which) {
    case IMPROPS: return iio_improps(path, 0, NULL, p);
    case IMREAD: return iio_imread(path, 0, NULL, pixels, sizeof pixels, p);
    case IMREAD_TOO_SMALL: return iio_imread(path, 0, NULL, NULL, 0, p);
    case IMREAD_ALLOC:
      status = iio_imread_alloc(path, 0, NULL, NULL, NULL, &data, p);
      iio_free_data(data);
      return status;
    case FILE_PROPS:
    case FILE_READ:
      CHECK_OK(iio_imopen(path, "r", NULL, &file));
      status = which == FILE_PROPS ? iio_file_props(file, 0, NULL, p) : iio_file_read(file, 0, NULL, pixels, sizeof pixels, p);
      iio_file_discard(file);
      return status;
    default:
      CHECK_OK(iio_imiter(path, NULL, &it));
      status = which == ITER_PROPS ? iio_iter_props(it, p) : iio_iter_next(it, pixels, sizeof pixels, p);
      iio_iter_free(it);
      return status;
  }
}

static void every_size_of_props_is_served_as_far_as_it_goes(void) {
  iio_props full = no_props();
  REQUIRE_OK(iio_improps(fixture("rgb8.png"), 0, NULL, &full));
  for (int which = 0; which < CALLS; which++)
    for (uint32_t size = 0; size <= 300; size++) {
      SUBJECT("call %d, struct_size %u", which, size);
      room r = filled(size);
      iio_status status = call(which, &r.props);
      if (size < sizeof(old_props)) {
        CHECK_STATUS(status, IIO_ERROR_INVALID_ARGUMENT);
        size_t touched = 0;
        for (size_t i = sizeof size; i < sizeof r; i++) touched += r.bytes[i] != 0xA5;
        CHECK_INT(touched, 0);
      } else {
        CHECK_STATUS(status, which == IMREAD_TOO_SMALL ? IIO_ERROR_BUFFER_TOO_SMALL : IIO_OK);
        size_t known = size < sizeof full ? size : sizeof full, wrong = 0;
        wrong += memcmp(r.bytes + 4, (unsigned char *)&full + 4, known - 4) != 0;
        for (size_t i = sizeof full; i < size; i++) wrong += r.bytes[i] != 0;    /* the tail is zeroed */
        for (size_t i = size; i < sizeof r; i++) wrong += r.bytes[i] != 0xA5;   /* and nothing behind it written */
        CHECK_INT(wrong, 0);
      }
      CHECK_INT(r.props.struct_size, size);
    }
}

static void the_old_program_reads_an_image(void) {
  old_props p;
  memset(&p, 0, sizeof p);
  p.struct_size = sizeof p;
  REQUIRE_STATUS(iio_imread(fixture("rgba16.png"), IIO_INDEX_DEFAULT, NULL, NULL, 0, (iio_props *)(void *)&p), IIO_ERROR_BUFFER_TOO_SMALL);
  CHECK_INT(p.dtype, IIO_UINT16);
  CHECK_INT(p.ndim, 3);
  CHECK_INT(p.nbytes, 11 * 13 * 4 * 2);
  CHECK_STRING(p.axes, "YXS");
  guarded g = guarded_new((size_t)p.nbytes);
  CHECK_OK(iio_imread(fixture("rgba16.png"), IIO_INDEX_DEFAULT, NULL, g.data, g.size, (iio_props *)(void *)&p));
  CHECK(guarded_intact(&g) && p.struct_size == sizeof p);
  guarded_free(&g);
}

/* Structs that a later program hands in: a tail of zeros is nothing, anything else we cannot know. */
static void a_longer_destination_needs_a_tail_of_zeros(void) {
  unsigned char pixels[429];
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(fixture("rgb8.png"), "r", NULL, &file));
  for (uint32_t more = 1; more <= 64; more++) {
    room r;
    memset(&r, 0, sizeof r);
    r.array = array_over(pixels, IIO_UINT8, 3, (uint64_t[]){11, 13, 3});
    r.array.struct_size = (uint32_t)sizeof(iio_array) + more;
    CHECK_OK(iio_file_read_into(file, 0, NULL, &r.array));
    r.bytes[r.array.struct_size - 1] = 1;
    CHECK_STATUS(iio_file_read_into(file, 0, NULL, &r.array), IIO_ERROR_UNSUPPORTED);
    r.bytes[r.array.struct_size - 1] = 0;
    r.bytes[r.array.struct_size] = 1; /* behind what it says: not looked at */
    CHECK_OK(iio_file_read_into(file, 0, NULL, &r.array));
    CHECK_INT(r.array.struct_size, sizeof(iio_array) + more);
  }
  CHECK_OK(iio_file_close(file));
}

static void a_shorter_array_is_refused(void) {
  unsigned char pixels[429];
  for (uint32_t size = 0; size < sizeof(iio_array); size++) {
    iio_array a = array_over(pixels, IIO_UINT8, 3, (uint64_t[]){11, 13, 3});
    iio_dict *d = iio_dict_new();
    a.struct_size = size;
    CHECK_STATUS(iio_dict_set_array(d, "a", &a), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_STATUS(iio_imwrite(scratch("never.png"), &a, NULL), IIO_ERROR_INVALID_ARGUMENT);
    CHECK_INT(iio_dict_len(d), 0);
    iio_dict_free(d);
  }
  CHECK(!file_exists(scratch("never.png")));
}

static void a_longer_source_needs_a_tail_of_zeros(void) {
  unsigned char pixels[429] = {0};
  room r;
  memset(&r, 0, sizeof r);
  r.array = array_over(pixels, IIO_UINT8, 3, (uint64_t[]){11, 13, 3});
  r.array.struct_size = sizeof(iio_array) + 16;
  CHECK_OK(iio_imwrite(scratch("longer.png"), &r.array, NULL));
  r.bytes[sizeof(iio_array) + 3] = 1;
  CHECK_STATUS(iio_imwrite(scratch("never.png"), &r.array, NULL), IIO_ERROR_UNSUPPORTED);
  CHECK(!file_exists(scratch("never.png")));
}

static void an_array_that_is_filled_has_its_tail_zeroed(void) {
  unsigned char pixels[6] = {1, 2, 3, 4, 5, 6};
  iio_array a = array_over(pixels, IIO_UINT8, 1, (uint64_t[]){6});
  iio_dict *d = iio_dict_new();
  CHECK_OK(iio_dict_set_array(d, "a", &a));
  for (uint32_t size = sizeof(iio_array); size < sizeof(iio_array) + 40; size++) {
    room r = filled(size);
    size_t wrong = 0;
    CHECK_OK(iio_dict_get_array(d, "a", &r.array));
    for (size_t i = sizeof(iio_array); i < size; i++) wrong += r.bytes[i] != 0;
    for (size_t i = size; i < sizeof r; i++) wrong += r.bytes[i] != 0xA5;
    CHECK_INT(wrong, 0);
    CHECK_INT(r.array.struct_size, size);
    CHECK(r.array.ndim == 1 && r.array.shape[0] == 6 && memcmp(r.array.data, pixels, 6) == 0);
  }
  room r = filled(sizeof(iio_array) - 1);
  CHECK_STATUS(iio_dict_get_array(d, "a", &r.array), IIO_ERROR_INVALID_ARGUMENT);
  iio_dict_free(d);
}

static void callbacks_of_another_size_are_judged_alike(void) {
  bytes b = slurp(fixture("rgb8.png"));
  struct { iio_callbacks io; unsigned char tail[32]; } later;
  for (int bad = 0; bad < 2; bad++) {
    stream s = stream_over(b.data, b.size);
    memset(&later, 0, sizeof later);
    later.io = stream_reads(&s, STREAM_SEEKS);
    later.io.struct_size = sizeof later;
    later.tail[31] = (unsigned char)bad;
    iio_file *file = NULL;
    CHECK_STATUS(iio_imopen_callbacks(&later.io, "r", NULL, &file), bad ? IIO_ERROR_UNSUPPORTED : IIO_OK);
    iio_file_discard(file);
    CHECK_INT(s.closes, 1);
  }
  stream s = stream_over(b.data, b.size);
  iio_callbacks io = stream_reads(&s, STREAM_SEEKS);
  iio_file *file = NULL;
  for (uint32_t size = 0; size <= 16; size += 4) {
    io.struct_size = size;
    CHECK_STATUS(iio_imopen_callbacks(&io, "r", NULL, &file), IIO_ERROR_INVALID_ARGUMENT);
  }
  free(b.data);
}

static void a_plugin_of_another_size_is_judged_alike(void) {
  struct { iio_plugin p; unsigned char tail[16]; } later;
  memset(&later, 0, sizeof later);
  later.p.declaration = "{\"name\": \"later\", \"extensions\": [], \"can_read\": false, \"can_write\": false}";
  later.p.struct_size = sizeof later;
  later.tail[0] = 1;
  CHECK_STATUS(iio_register_plugin(&later.p), IIO_ERROR_UNSUPPORTED);
  later.p.struct_size = 8;
  CHECK_STATUS(iio_register_plugin(&later.p), IIO_ERROR_INVALID_ARGUMENT);
  CHECK_ERROR(iio_unregister_plugin("later"));
}

static void a_size_that_nobody_set_is_refused(void) {
  iio_props p = IIO_PROPS_INIT;
  p.struct_size = 0xdeadbeef; /* the library must not write that far */
  CHECK_STATUS(iio_improps(fixture("rgb8.png"), IIO_INDEX_DEFAULT, NULL, &p), IIO_ERROR_INVALID_ARGUMENT);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(every_size_of_props_is_served_as_far_as_it_goes);
  RUN(the_old_program_reads_an_image);
  RUN(a_longer_destination_needs_a_tail_of_zeros);
  RUN(a_shorter_array_is_refused);
  RUN(a_longer_source_needs_a_tail_of_zeros);
  RUN(an_array_that_is_filled_has_its_tail_zeroed);
  RUN(callbacks_of_another_size_are_judged_alike);
  RUN(a_plugin_of_another_size_is_judged_alike);
  RUN(a_size_that_nobody_set_is_refused);
  return check_finish();
}
