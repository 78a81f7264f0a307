/* iio_file_read_into and its kin: strided, column-major, padded and reversed destinations equal the contiguous one. */
#include "subjects.h"

enum { CONTIGUOUS, COLUMN_MAJOR, REVERSED, PADDED, MIRRORED, SLICE, LAYOUTS };
static const char *layout_names[] = {"contiguous", "column-major", "reversed", "padded", "mirrored", "slice of a batch"};

/* Strides of a layout; the bytes it spans, and where item 0 stands in them. */
static void lay_out(int layout, iio_array *a, size_t *span, size_t *origin) {
  int64_t item = (int64_t)item_size(a->dtype), step = item;
  uint32_t n = a->ndim;
  *origin = 0;
  if (layout == COLUMN_MAJOR) {
    for (uint32_t i = 0; i < n; step *= (int64_t)a->shape[i++]) a->strides[i] = step;
  } else {
    for (uint32_t i = n; i-- > 0;) {
      a->strides[i] = step;
      step *= (int64_t)a->shape[i];
      if (layout == PADDED) step += i == n - 1 ? 0 : 7; /* every axis but the innermost, to unaligned places */
      if (layout == SLICE && i == n - 1) step *= 2;
    }
    for (uint32_t i = 0; i < n; i++)
      if (layout == REVERSED || (layout == MIRRORED && n > 1 && i == 1)) {
        *origin += (size_t)(a->strides[i] * ((int64_t)a->shape[i] - 1));
        a->strides[i] = -a->strides[i];
      }
  }
  *span = (size_t)step + (layout == PADDED ? 7 : 0);
  if (n) a->flags = IIO_ARRAY_STRIDED;
}

/* Each item stands where the strides say, and every other byte is as it was. */
static int spread_equals(const guarded *g, size_t origin, const iio_array *a, const unsigned char *flat) {
  size_t item = item_size(a->dtype), n = (size_t)array_items(a);
  unsigned char *mine = calloc(1, g->size + 1);
  uint64_t at[IIO_MAX_NDIM] = {0};
  int good = mine != NULL;
  for (size_t k = 0; good && k < n; k++) {
    int64_t to = (int64_t)origin;
    for (uint32_t i = 0; i < a->ndim; i++) to += (int64_t)at[i] * a->strides[i];
    good = memcmp(g->data + to, flat + k * item, item) == 0;
    memset(mine + to, 1, item);
    for (uint32_t i = a->ndim; i-- > 0 && ++at[i] == a->shape[i];) at[i] = 0;
  }
  for (size_t i = 0; good && i < g->size; i++) good = mine[i] || g->data[i] == 0xCD;
  free(mine);
  return good && guarded_intact(g);
}

static void into_every_layout(iio_file *file, int64_t index, const picture *flat) {
  for (int layout = 0; layout < LAYOUTS; layout++) {
    size_t span, origin;
    iio_array a = array_like(&flat->props, NULL);
    lay_out(layout, &a, &span, &origin);
    guarded g = guarded_new(span);
    a.data = g.data + origin;
    iio_status status = iio_file_read_into(file, index, NULL, &a);
    if (status != IIO_OK) CHECK_SAY("%s destination: %s", layout_names[layout], check_name(status));
    else if (!spread_equals(&g, origin, &a, flat->pixels.data)) CHECK_SAY("%s destination: other pixels, or padding touched", layout_names[layout]);
    guarded_free(&g);
  }
}

static void every_layout_equals_the_contiguous_read(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    const int64_t indices[] = {IIO_INDEX_DEFAULT, IIO_INDEX_ALL, 0};
    for (size_t i = 0; i < sizeof indices / sizeof *indices; i++) {
      if (s->varied && indices[i] == IIO_INDEX_ALL) continue;
      picture flat = picture_of(file, indices[i], NULL);
      if (CHECK_OK(flat.status)) into_every_layout(file, indices[i], &flat);
      picture_free(&flat);
    }
    CHECK_OK(iio_file_close(file));
  }
}

static void zero_strides_without_the_flag_mean_contiguous(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    picture flat = picture_of(file, 0, NULL);
    if (CHECK_OK(flat.status)) {
      guarded g = guarded_new(flat.pixels.size);
      iio_array a = array_like(&flat.props, g.data);
      CHECK_OK(iio_file_read_into(file, 0, NULL, &a));
      CHECK(memcmp(g.data, flat.pixels.data, g.size) == 0 && guarded_intact(&g));
      guarded_free(&g);
    }
    picture_free(&flat);
    CHECK_OK(iio_file_close(file));
  }
}

static void a_destination_with_a_zero_stride_is_refused(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    iio_props p = no_props();
    if (CHECK_OK(iio_file_props(file, 0, NULL, &p)) && p.ndim >= 2 && p.shape[0] > 1) {
      guarded g = guarded_new((size_t)p.nbytes);
      iio_array a = array_like(&p, g.data);
      size_t span, origin;
      lay_out(CONTIGUOUS, &a, &span, &origin);
      a.strides[0] = 0;
      iio_status status = iio_file_read_into(file, 0, NULL, &a);
      CHECK(status == IIO_ERROR_INVALID_ARGUMENT || status == IIO_ERROR_SHAPE); /* "refused": the contract names no status */
      memset(a.strides, 0, sizeof a.strides);
      status = iio_file_read_into(file, 0, NULL, &a);
      CHECK(status == IIO_ERROR_INVALID_ARGUMENT || status == IIO_ERROR_SHAPE);
      CHECK(guarded_untouched(&g));
      guarded_free(&g);
    }
    CHECK_OK(iio_file_close(file));
  }
}

static void a_destination_of_another_shape_is_a_shape_error(void) {
  EACH_SUBJECT(s) {
    iio_file *file = open_subject(s, NULL);
    if (!file) continue;
    iio_props p = no_props();
    if (CHECK_OK(iio_file_props(file, 0, NULL, &p))) {
      guarded g = guarded_new((size_t)p.nbytes * 4 + 64);
      iio_array a = array_like(&p, g.data);
      for (uint32_t i = 0; i < p.ndim; i++) {
        a.shape[i]++;
        CHECK_STATUS(iio_file_read_into(file, 0, NULL, &a), IIO_ERROR_SHAPE);
        a.shape[i] -= 2;
        if (p.shape[i] > 1) CHECK_STATUS(iio_file_read_into(file, 0, NULL, &a), IIO_ERROR_SHAPE);
        a.shape[i]++;
      }
      a.shape[a.ndim++] = 2;
      CHECK_STATUS(iio_file_read_into(file, 0, NULL, &a), IIO_ERROR_SHAPE);
      CHECK(guarded_untouched(&g));
      guarded_free(&g);
    }
    CHECK_OK(iio_file_close(file));
  }
}

typedef struct view_maker {
  guarded pixels;
  size_t origin;
  iio_array array;
  int layout, calls;
  int32_t answer;
} view_maker;

static int32_t make_view(void *user, const iio_props *props, iio_array *dst) {
  view_maker *v = user;
  v->calls++;
  CHECK(props != NULL && dst != NULL);
  CHECK_INT(dst->struct_size, sizeof *dst);
  if (v->answer) return v->answer;
  iio_array a = array_like(props, NULL);
  size_t span;
  lay_out(v->layout, &a, &span, &v->origin);
  v->pixels = guarded_new(span);
  a.data = v->pixels.data + v->origin;
  a.struct_size = dst->struct_size;
  *dst = v->array = a;
  return 0;
}

static void imread_view_fills_what_the_callback_hands_out(void) {
  EACH_SUBJECT(s) {
    picture flat = picture_at(s->path, IIO_INDEX_DEFAULT, NULL);
    if (!CHECK_OK(flat.status)) continue;
    for (int layout = 0; layout < LAYOUTS; layout++) {
      view_maker v = {.layout = layout};
      iio_props p = no_props();
      if (CHECK_OK(iio_imread_view(s->path, IIO_INDEX_DEFAULT, NULL, make_view, &v, &p))) {
        CHECK(same_props(&p, &flat.props));
        CHECK(spread_equals(&v.pixels, v.origin, &v.array, flat.pixels.data));
      }
      CHECK_INT(v.calls, 1);
      guarded_free(&v.pixels);
    }
    picture_free(&flat);
  }
}

static void a_view_callback_that_gives_up_fails_the_read_with_its_result(void) {
  view_maker v = {.answer = 77};
  CHECK_ERROR(iio_imread_view(fixture("rgb8.png"), 0, NULL, make_view, &v, NULL));
  CHECK_INT(detail_int("callback_result", 0), 77);
  CHECK_INT(v.calls, 1);
}

static void strided_sources_write_what_contiguous_ones_write(void) {
  static const char *const extensions[] = {".png", ".bmp", ".toy1"};
  canvas c = canvas_image(IIO_UINT8, 9, 11, 3, 4);
  for (size_t e = 0; e < sizeof extensions / sizeof *extensions; e++) {
    void *flat = NULL;
    size_t flat_size = 0;
    SUBJECT("%s", extensions[e]);
    if (!CHECK_OK(iio_imwrite_bytes(extensions[e], &c.array, NULL, NULL, NULL, &flat, &flat_size))) continue;
    for (int layout = 0; layout < LAYOUTS; layout++) {
      iio_array a = array_over(NULL, IIO_UINT8, 3, c.array.shape);
      size_t span, origin;
      lay_out(layout, &a, &span, &origin);
      guarded g = guarded_new(span);
      for (size_t k = 0; k < array_items(&a); k++) {
        size_t y = k / 33, x = k / 3 % 11, n = k % 3;
        g.data[(int64_t)origin + (int64_t)y * a.strides[0] + (int64_t)x * a.strides[1] + (int64_t)n * a.strides[2]] = ((unsigned char *)c.data)[k];
      }
      a.data = g.data + origin;
      void *data = NULL;
      size_t size = 0;
      if (CHECK_OK(iio_imwrite_bytes(extensions[e], &a, NULL, NULL, NULL, &data, &size)))
        if (size != flat_size || memcmp(data, flat, size) != 0) CHECK_SAY("a %s source writes another file", layout_names[layout]);
      iio_free_data(data);
      guarded_free(&g);
    }
    iio_free_data(flat);
  }
  canvas_free(&c);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  gather_subjects();
  RUN(every_layout_equals_the_contiguous_read);
  RUN(zero_strides_without_the_flag_mean_contiguous);
  RUN(a_destination_with_a_zero_stride_is_refused);
  RUN(a_destination_of_another_shape_is_a_shape_error);
  RUN(imread_view_fills_what_the_callback_hands_out);
  RUN(a_view_callback_that_gives_up_fails_the_read_with_its_result);
  RUN(strided_sources_write_what_contiguous_ones_write);
  leave_subjects();
  return check_finish();
}
