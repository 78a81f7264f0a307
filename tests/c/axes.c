/* Arrays of other languages: the order of their axes, the conversion of their values, and the parting of options. */
#include "images.h"
#include "files.h"
#include "options.h"

static int poison;
#define POISON ((void *)&poison)
#define UNTOUCHED UINT32_C(0xDEADBEEF)

static iio_props props_of(const char *axes) {
  iio_props p = no_props();
  p.dtype = IIO_UINT8;
  p.ndim = (uint32_t)strlen(axes);
  for (uint32_t i = 0; i < p.ndim; i++) p.shape[i] = i + 2;
  memcpy(p.axes, axes, p.ndim);
  return p;
}

/* --- iio_axes_read */

static void the_axes_of_a_read_stand_fastest_first(void) {
  static const struct { const char *axes, *order; uint32_t place[IIO_MAX_NDIM]; } cases[] = {
      {"YX", "YXS", {0, 1}},       {"YX", "SYX", {0, 1}},
      {"YX", "XY", {1, 0}},        {"YXS", "YXS", {0, 1, 2}},
      {"YXS", "SYX", {2, 0, 1}},   {"NYXS", "YXS", {1, 2, 3, 0}},
      {"NYXS", "SYX", {3, 1, 2, 0}}, {"TZCYX", "SYX", {3, 4, 2, 1, 0}},
      {"SYX", "YXS", {1, 2, 0}},   {"Q", "YXS", {0}},
      {"QQQQQQQQ", "YXS", {7, 6, 5, 4, 3, 2, 1, 0}}, {"", "YXS", {0}},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    SUBJECT("%s as %s", cases[c].axes, cases[c].order);
    iio_props p = props_of(cases[c].axes);
    uint32_t place[IIO_MAX_NDIM + 1];
    for (int i = 0; i <= IIO_MAX_NDIM; i++) place[i] = UNTOUCHED;
    CHECK_OK(iio_axes_read(&p, cases[c].order, place));
    for (uint32_t i = 0; i < p.ndim; i++) CHECK_INT(place[i], cases[c].place[i]);
    for (uint32_t i = p.ndim; i <= IIO_MAX_NDIM; i++) CHECK_INT(place[i], UNTOUCHED);
  }
}

/* Whatever letters a plugin gives, each axis has one place. */
static void every_axis_has_a_place(void) {
  static const char *const hostile[] = {"YYYY", "SSS", "YXYX", "\xff\xfe\x80", "yxs", "\1\2", "NNNYYXXS", "SYXSYXSY"};
  for (size_t c = 0; c < sizeof hostile / sizeof *hostile; c++) {
    SUBJECT("case %zu", c);
    iio_props p = props_of(hostile[c]);
    uint32_t place[IIO_MAX_NDIM] = {0}, seen = 0;
    CHECK_OK(iio_axes_read(&p, "SYX", place));
    for (uint32_t i = 0; i < p.ndim; i++) seen |= 1U << place[i];
    CHECK_INT(seen, (1U << p.ndim) - 1);
  }
  /* No NUL among the letters, and none where axes should be. */
  iio_props p = props_of("YXS");
  uint32_t place[IIO_MAX_NDIM];
  memset(p.axes, 'Q', sizeof p.axes);
  CHECK_OK(iio_axes_read(&p, "YXS", place));
  CHECK(place[0] == 2 && place[1] == 1 && place[2] == 0);
  memset(p.axes, 0, sizeof p.axes);
  CHECK_OK(iio_axes_read(&p, "YXS", place));
  CHECK(place[0] == 2 && place[1] == 1 && place[2] == 0);
}

static void a_wrong_order_or_struct_is_refused(void) {
  static const char *const orders[] = {"", "Y", "X", "S", "YY", "YXX", "YXSN", "yx", "Y X", "\xff"};
  iio_props p = props_of("YXS");
  uint32_t place[IIO_MAX_NDIM] = {UNTOUCHED};
  for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
    SUBJECT("order \"%s\"", orders[i]);
    CHECK_REFUSED(iio_axes_read(&p, orders[i], place));
  }
  SUBJECT("pointers");
  CHECK_REFUSED(iio_axes_read(NULL, "YXS", place));
  CHECK_REFUSED(iio_axes_read(&p, NULL, place));
  CHECK_REFUSED(iio_axes_read(&p, "YXS", NULL));
  SUBJECT("struct_size");
  static const uint32_t sizes[] = {0, 4, offsetof(iio_props, axes) + 15};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    iio_props q = p;
    q.struct_size = sizes[i];
    CHECK_REFUSED(iio_axes_read(&q, "YXS", place));
  }
  SUBJECT("ndim");
  static const uint32_t ndims[] = {IIO_MAX_NDIM + 1, 16, 17, UINT32_MAX};
  for (size_t i = 0; i < sizeof ndims / sizeof *ndims; i++) {
    iio_props q = p;
    q.ndim = ndims[i];
    CHECK_REFUSED(iio_axes_read(&q, "YXS", place));
  }
  CHECK_INT(place[0], UNTOUCHED);
  /* A program of the first release ends its struct with the axes. */
  p.struct_size = offsetof(iio_props, axes) + sizeof p.axes;
  CHECK_OK(iio_axes_read(&p, "YXS", place));
  CHECK_INT(place[2], 2);
}

/* --- iio_axes_write */

typedef struct written {
  uint32_t place[IIO_MAX_NDIM + 1];
  char axes[16];
  int32_t is_batch;
} written;

static written fresh(void) {
  written w;
  for (int i = 0; i <= IIO_MAX_NDIM; i++) w.place[i] = UNTOUCHED;
  memset(w.axes, '#', sizeof w.axes);
  w.is_batch = 77;
  return w;
}

static void the_axes_of_a_write_are_guessed_or_said(void) {
  static const struct {
    uint32_t ndim;
    uint64_t shape[IIO_MAX_NDIM];
    const char *order, *said, *axes;
    int32_t is_batch;
    uint32_t place[IIO_MAX_NDIM];
  } cases[] = {
      {2, {5, 7}, "YXS", NULL, "YX", -1, {0, 1}},
      {3, {5, 7, 3}, "YXS", NULL, "YXS", -1, {0, 1, 2}},
      {3, {3, 5, 7}, "SYX", NULL, "YXS", -1, {2, 0, 1}},
      {3, {5, 7, 9}, "YXS", NULL, "NYX", -1, {1, 2, 0}},
      {3, {5, 3, 9}, "YXS", NULL, "NYX", 1, {1, 2, 0}}, /* as it stands it could be taken for samples */
      {4, {5, 7, 3, 9}, "YXS", NULL, "NYXS", -1, {1, 2, 3, 0}},
      {3, {5, 7, 3}, "YXS", "YXN", "NYX", 1, {1, 2, 0}},
      {3, {3, 5, 7}, "SYX", "XYS", "YXS", -1, {1, 0, 2}},
      {5, {1, 2, 3, 4, 5}, "SYX", "YXCZT", "TZCYX", -1, {3, 4, 2, 1, 0}},
      {1, {5}, "YXS", NULL, "Q", -1, {0}},
      {0, {0}, "YXS", NULL, "", -1, {0}},
      {2, {0, UINT64_MAX}, "YXS", NULL, "YX", -1, {0, 1}},
      {8, {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}, "YXS", "SYXQQQQQ",
       "QQQQQYXS", -1, {7, 5, 6, 4, 3, 2, 1, 0}},
  };
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    SUBJECT("case %zu", c);
    written w = fresh();
    uint32_t n = cases[c].ndim;
    CHECK_OK(iio_axes_write(n, n ? cases[c].shape : NULL, cases[c].order, cases[c].said, w.place, w.axes, &w.is_batch));
    CHECK_STRING(w.axes, cases[c].axes);
    CHECK_INT(w.is_batch, cases[c].is_batch);
    for (uint32_t i = 0; i < n; i++) CHECK_INT(w.place[i], cases[c].place[i]);
    CHECK_INT(w.place[n], UNTOUCHED);
    for (size_t i = n + 1; i < sizeof w.axes; i++) CHECK_INT(w.axes[i], '#');
  }
}

static void what_a_write_is_told_is_checked(void) {
  static const uint64_t shape[IIO_MAX_NDIM + 1] = {5, 7, 3};
  written w = fresh();
  CHECK_REFUSED(iio_axes_write(3, NULL, "YXS", NULL, w.place, w.axes, &w.is_batch));
  CHECK_REFUSED(iio_axes_write(3, shape, NULL, NULL, w.place, w.axes, &w.is_batch));
  CHECK_REFUSED(iio_axes_write(3, shape, "YXS", NULL, NULL, w.axes, &w.is_batch));
  CHECK_REFUSED(iio_axes_write(3, shape, "YXS", NULL, w.place, NULL, &w.is_batch));
  CHECK_REFUSED(iio_axes_write(3, shape, "YXS", NULL, w.place, w.axes, NULL));
  static const uint32_t ndims[] = {IIO_MAX_NDIM + 1, UINT32_MAX};
  for (size_t i = 0; i < sizeof ndims / sizeof *ndims; i++)
    CHECK_REFUSED(iio_axes_write(ndims[i], shape, "YXS", NULL, w.place, w.axes, &w.is_batch));
  static const char *const said[] = {"", "YX", "YXSN", "yxs", "YX ", "YX\xff", "YXSYXSYXSYXSYXSYXSYXS"};
  for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
    SUBJECT("axes \"%s\"", said[i]);
    CHECK_REFUSED(iio_axes_write(3, shape, "YXS", said[i], w.place, w.axes, &w.is_batch));
  }
  CHECK_REFUSED(iio_axes_write(3, shape, "YYX", NULL, w.place, w.axes, &w.is_batch));
  CHECK(w.place[0] == UNTOUCHED && w.is_batch == 77 && w.axes[0] == '#');
}

/* --- iio_array_convert */

static const iio_dtype kinds[] = {IIO_BOOL, IIO_UINT8, IIO_UINT16, IIO_UINT32, IIO_UINT64, IIO_INT8, IIO_INT16,
                                  IIO_INT32, IIO_INT64, IIO_FLOAT32, IIO_FLOAT64};

/* Every dtype into every other, between memory in C's order, in Fortran's, and upside down. */
static void values_keep_their_places_whatever_the_strides(void) {
  enum { H = 70, W = 5, S = 3, N = H * W * S };
  static const uint64_t shape[] = {H, W, S};
  for (size_t f = 0; f < sizeof kinds / sizeof *kinds; f++)
    for (size_t t = 0; t < sizeof kinds / sizeof *kinds; t++)
      for (int order = 0; order < 4; order++) {
        SUBJECT("%s to %s, order %d", iio_dtype_name(kinds[f]), iio_dtype_name(kinds[t]), order);
        size_t in = item_size(kinds[f]), out = item_size(kinds[t]);
        guarded source = guarded_new(N * in), target = guarded_new(N * out);
        memset(source.data, 0, source.size);
        iio_array from = array_over(source.data, kinds[f], 3, shape), to = array_over(target.data, kinds[t], 3, shape);
        int64_t c[] = {W * S, S, 1}, column[] = {1, H, H * W}, turned[] = {-W * S, S, 1};
        const int64_t *a = order == 0 ? c : order == 3 ? turned : column, *b = order == 1 ? c : order == 2 ? column : c;
        size_t start = order == 3 ? (H - 1) * W * S : 0;
        from.data = source.data + start * in;
        from.flags = to.flags = IIO_ARRAY_STRIDED;
        for (int k = 0; k < 3; k++) from.strides[k] = a[k] * (int64_t)in, to.strides[k] = b[k] * (int64_t)out;
        /* 0 or 1 fit everywhere. */
        for (size_t i = 0; i < N; i++) {
          unsigned char *at = source.data + i * in;
          if (kinds[f] == IIO_FLOAT32) { float one = (float)(i * 7 % 3 == 0); memcpy(at, &one, sizeof one); }
          else if (kinds[f] == IIO_FLOAT64) { double one = i * 7 % 3 == 0; memcpy(at, &one, sizeof one); }
          else { uint64_t one = i * 7 % 3 == 0; memcpy(at, &one, in); } /* the machine is little-endian, or the test fails loudly */
        }
        if (CHECK_OK(iio_array_convert(&from, &to, 0))) {
          size_t wrong = 0;
          for (int64_t y = 0; y < H; y++)
            for (int64_t x = 0; x < W; x++)
              for (int64_t s = 0; s < S; s++)
                wrong += value_at(kinds[f], (unsigned char *)from.data + y * from.strides[0] + x * from.strides[1] + s * from.strides[2]) !=
                         value_at(kinds[t], target.data + y * to.strides[0] + x * to.strides[1] + s * to.strides[2]);
          CHECK_INT(wrong, 0);
        }
        CHECK(guarded_intact(&target));
        guarded_free(&source);
        guarded_free(&target);
      }
}

static void values_convert_as_astype_or_by_their_range(void) {
  unsigned char bytes[] = {0, 1, 128, 255};
  double reals[4] = {-1, 0.5, 2, NAN};
  float halves[4];
  uint16_t wide[4];
  uint64_t shape[] = {4};
  iio_array from = array_over(bytes, IIO_UINT8, 1, shape), to = array_over(wide, IIO_UINT16, 1, shape);
  CHECK_OK(iio_array_convert(&from, &to, 0));
  CHECK(wide[0] == 0 && wide[1] == 1 && wide[2] == 128 && wide[3] == 255);
  CHECK_OK(iio_array_convert(&from, &to, 1));
  CHECK(wide[0] == 0 && wide[1] == 257 && wide[2] == 128 * 257 && wide[3] == 65535);
  to = array_over(halves, IIO_FLOAT32, 1, shape);
  CHECK_OK(iio_array_convert(&from, &to, 1));
  CHECK(halves[0] == 0 && halves[3] == 1 && fabs(halves[2] - 128. / 255) < 1e-7);
  /* What lies outside 0 to 1 is clipped, and not a number is no number of any colour. */
  from = array_over(reals, IIO_FLOAT64, 1, shape);
  to = array_over(bytes, IIO_UINT8, 1, shape);
  CHECK_OK(iio_array_convert(&from, &to, 1));
  CHECK(bytes[0] == 0 && (bytes[1] == 127 || bytes[1] == 128) && bytes[2] == 255);
  /* A scale is a flag: any number but 0. */
  CHECK_OK(iio_array_convert(&from, &to, INT32_MIN));
  CHECK_INT(bytes[2], 255);
  /* Complex numbers keep both parts, and lose the second as numpy has it. */
  double two[] = {3, 4};
  float pair[2] = {0, 0};
  uint64_t one[] = {1};
  from = array_over(two, IIO_COMPLEX128, 1, one);
  to = array_over(pair, IIO_COMPLEX64, 1, one);
  CHECK_OK(iio_array_convert(&from, &to, 0));
  CHECK(pair[0] == 3 && pair[1] == 4);
  to = array_over(pair, IIO_FLOAT32, 1, one);
  pair[1] = 9;
  CHECK_OK(iio_array_convert(&from, &to, 0));
  CHECK(pair[0] == 3 && pair[1] == 9);
}

static void a_broadcast_source_is_copied_everywhere(void) {
  unsigned char value = 7, out[6] = {0};
  uint64_t shape[] = {2, 3};
  iio_array from = array_over(&value, IIO_UINT8, 2, shape), to = array_over(out, IIO_UINT8, 2, shape);
  from.flags = IIO_ARRAY_STRIDED;
  CHECK_OK(iio_array_convert(&from, &to, 0));
  for (int i = 0; i < 6; i++) CHECK_INT(out[i], 7);
}

static void no_axes_and_no_items_are_arrays_too(void) {
  unsigned char value = 200;
  double out = -1;
  iio_array from = array_over(&value, IIO_UINT8, 0, NULL), to = array_over(&out, IIO_FLOAT64, 0, NULL);
  CHECK_OK(iio_array_convert(&from, &to, 0));
  CHECK(out == 200);
  /* Nothing to convert: the data may be NULL, and the other lengths anything. */
  uint64_t none[] = {3, 0, 5};
  from = array_over(NULL, IIO_UINT8, 3, none);
  to = array_over(NULL, IIO_FLOAT64, 3, none);
  CHECK_OK(iio_array_convert(&from, &to, 0));
  CHECK_OK(iio_array_convert(&from, &to, 1));
}

static void any_alignment_is_taken(void) {
  unsigned char in[2 * 4 + 1], out[8 * 4 + 3];
  uint64_t shape[] = {4};
  for (uint16_t i = 0; i < 4; i++) {
    uint16_t v = (uint16_t)(1000 * i + 1);
    memcpy(in + 1 + 2 * i, &v, 2);
  }
  iio_array from = array_over(in + 1, IIO_UINT16, 1, shape), to = array_over(out + 3, IIO_FLOAT64, 1, shape);
  CHECK_OK(iio_array_convert(&from, &to, 0));
  for (int i = 0; i < 4; i++) CHECK(value_at(IIO_FLOAT64, out + 3 + 8 * i) == 1000 * i + 1);
}

static void arrays_that_do_not_fit_are_refused(void) {
  unsigned char in[6] = {0}, out[6] = {9, 9, 9, 9, 9, 9};
  iio_array from = array_over(in, IIO_UINT8, 2, (uint64_t[]){2, 3}), to = array_over(out, IIO_UINT8, 2, (uint64_t[]){2, 3}), wrong;
  CHECK_REFUSED(iio_array_convert(NULL, &to, 0));
  CHECK_REFUSED(iio_array_convert(&from, NULL, 0));

  static const struct { uint32_t ndim; uint64_t shape[3]; } shapes[] = {{2, {3, 2}}, {1, {6}}, {3, {2, 3, 1}}, {0, {0}}, {2, {2, 2}}};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    SUBJECT("shape %zu", i);
    wrong = array_over(out, IIO_UINT8, shapes[i].ndim, shapes[i].shape);
    CHECK_STATUS(iio_array_convert(&from, &wrong, 0), IIO_ERROR_SHAPE);
  }
  SUBJECT("structs");
  for (int side = 0; side < 2; side++)
    for (int what = 0; what < 9; what++) {
      SUBJECT("%s, %d", side ? "to" : "from", what);
      iio_array a = from, b = to, *changed = side ? &b : &a;
      switch (what) {
        case 0: changed->struct_size = 0; break;
        case 1: changed->struct_size = sizeof(iio_array) - 1; break;
        case 2: changed->dtype = 0; break;
        case 3: changed->dtype = IIO_COMPLEX128 + 1; break;
        case 4: changed->dtype = -1; break;
        case 5: changed->ndim = IIO_MAX_NDIM + 1; break;
        case 6: changed->ndim = UINT32_MAX; break;
        case 7: changed->data = NULL; break;
        default: changed->flags = 2; break;
      }
      CHECK_ERROR(iio_array_convert(&a, &b, 0));
    }
  SUBJECT("overlapping items");
  wrong = to;
  wrong.flags = IIO_ARRAY_STRIDED; /* all strides 0: every item in one place */
  CHECK_ERROR(iio_array_convert(&from, &wrong, 0));
  wrong.strides[0] = 1, wrong.strides[1] = 1;
  CHECK_ERROR(iio_array_convert(&from, &wrong, 0));
  SUBJECT("sizes that cannot be");
  static const uint64_t large[][2] = {{UINT64_MAX, UINT64_MAX}, {UINT64_MAX, 1}, {UINT64_C(1) << 32, UINT64_C(1) << 32}, {INT64_MAX, 2}};
  for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
    iio_array a = array_over(in, IIO_UINT8, 2, large[i]), b = array_over(out, IIO_FLOAT64, 2, large[i]);
    CHECK_ERROR(iio_array_convert(&a, &b, 0));
  }
  for (int i = 0; i < 6; i++) CHECK_INT(out[i], 9);
}

/* A longer struct than the library knows: its tail has to be zero. */
static void structs_of_a_later_release_are_taken(void) {
  struct { iio_array array; unsigned char more[16]; } from, to;
  unsigned char in = 5, out = 0;
  memset(&from, 0, sizeof from);
  memset(&to, 0, sizeof to);
  from.array = array_over(&in, IIO_UINT8, 1, (uint64_t[]){1});
  to.array = array_over(&out, IIO_UINT8, 1, (uint64_t[]){1});
  from.array.struct_size = to.array.struct_size = sizeof from;
  CHECK_OK(iio_array_convert(&from.array, &to.array, 0));
  CHECK_INT(out, 5);
  to.more[15] = 1;
  CHECK_STATUS(iio_array_convert(&from.array, &to.array, 0), IIO_ERROR_UNSUPPORTED);
  to.more[15] = 0, from.more[0] = 1;
  CHECK_STATUS(iio_array_convert(&from.array, &to.array, 0), IIO_ERROR_UNSUPPORTED);
}

/* What a read gives in Fortran's order is what one in C's gives. */
static void an_image_is_read_in_another_order(void) {
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(fixture("rgba16.png"), "r", NULL, &file));
  picture plain = picture_of(file, 0, NULL);
  uint32_t place[IIO_MAX_NDIM];
  if (CHECK_OK(plain.status) && CHECK_OK(iio_axes_read(&plain.props, "YXS", place))) {
    guarded g = guarded_new((size_t)plain.props.nbytes), back = guarded_new((size_t)plain.props.nbytes);
    iio_array to = array_like(&plain.props, g.data), packed = array_like(&plain.props, back.data);
    to.flags = IIO_ARRAY_STRIDED;
    int64_t step = 2;
    for (uint32_t i = 0; i < plain.props.ndim; i++) {
      to.strides[place[i]] = step;
      step *= (int64_t)plain.props.shape[place[i]];
    }
    CHECK_OK(iio_file_read_into(file, 0, NULL, &to));
    CHECK(guarded_intact(&g) && memcmp(g.data, plain.pixels.data, g.size) != 0);
    CHECK_OK(iio_array_convert(&to, &packed, 0));
    CHECK(memcmp(back.data, plain.pixels.data, back.size) == 0);
    guarded_free(&g);
    guarded_free(&back);
  }
  picture_free(&plain);
  CHECK_OK(iio_file_close(file));
}

/* --- iio_split_options */

static void each_option_goes_where_it_is_declared(void) {
  iio_dict *all = options_of("{'plugin': 'image', 'max_pixels': 5, 'dtype': 'float32', 'allow_partial': true, 'nonsense': 1}");
  iio_dict *opening = NULL, *rest = NULL;
  static const char *const calls[] = {"read", "props", "iter", "meta", "write"};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    SUBJECT("%s", calls[i]);
    opening = rest = POISON;
    if (!CHECK_OK(iio_split_options(all, calls[i], &opening, &rest))) continue;
    CHECK_INT(iio_dict_kind(opening, "plugin"), IIO_KIND_STRING);
    CHECK_INT(int_of(opening, "max_pixels", -1), 5);
    CHECK_INT(iio_dict_kind(opening, "dtype"), IIO_KIND_ABSENT);
    CHECK_INT(iio_dict_kind(rest, "dtype"), IIO_KIND_STRING);
    CHECK_INT(iio_dict_kind(rest, "plugin"), IIO_KIND_ABSENT);
    CHECK_INT(int_of(rest, "nonsense", -1), 1); /* the call names the nearest */
    CHECK_INT(iio_dict_len(all), 5);
    iio_dict_free(opening);
    iio_dict_free(rest);
  }
  iio_dict_free(all);
}

static void without_options_there_are_two_empty_dictionaries(void) {
  iio_dict *opening = POISON, *rest = POISON, *none = iio_dict_new();
  CHECK_OK(iio_split_options(NULL, "read", &opening, &rest));
  CHECK(opening && rest && iio_dict_len(opening) == 0 && iio_dict_len(rest) == 0);
  iio_dict_free(opening);
  iio_dict_free(rest);
  CHECK_OK(iio_split_options(none, "write", &opening, &rest));
  CHECK(iio_dict_len(opening) == 0 && iio_dict_len(rest) == 0);
  iio_dict_free(opening);
  iio_dict_free(rest);
  iio_dict_free(none);
}

static int32_t count_beats(void *user, uint64_t done, uint64_t total) {
  (void)done, (void)total;
  ++*(int *)user;
  return 0;
}

/* A progress function is of the opening, and so of all that comes behind it. */
static void a_progress_function_survives_the_parting(void) {
  int beats = 0;
  iio_dict *all = iio_dict_new(), *opening = NULL, *rest = NULL;
  CHECK_OK(iio_dict_set_progress(all, count_beats, &beats));
  REQUIRE_OK(iio_split_options(all, "read", &opening, &rest));
  iio_dict_free(all);
  iio_file *file = NULL;
  REQUIRE_OK(iio_imopen(fixture("rgb8.png"), "r", opening, &file));
  unsigned char pixels[429];
  CHECK_OK(iio_file_read(file, 0, rest, pixels, sizeof pixels, NULL));
  CHECK(beats > 0);
  CHECK_OK(iio_file_close(file));
  iio_dict_free(opening);
  iio_dict_free(rest);
}

static void a_parting_that_is_refused_gives_nothing(void) {
  iio_dict *options = options_of("{'dtype': 'uint8'}"), *opening = POISON, *rest = POISON;
  static const char *const calls[] = {"", "open", "READ", "read ", "close", "\xff"};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    SUBJECT("call \"%s\"", calls[i]);
    opening = rest = POISON;
    CHECK_REFUSED(iio_split_options(options, calls[i], &opening, &rest));
    CHECK(opening == NULL && rest == NULL);
  }
  opening = rest = POISON;
  CHECK_REFUSED(iio_split_options(options, NULL, &opening, &rest));
  CHECK(opening == NULL && rest == NULL);
  opening = rest = POISON;
  CHECK_REFUSED(iio_split_options(options, "read", NULL, &rest));
  CHECK_REFUSED(iio_split_options(options, "read", &opening, NULL));
  CHECK(opening == NULL);
  iio_dict_free(options);
}

int main(int argc, char **argv) {
  check_begin(argc, argv);
  RUN(the_axes_of_a_read_stand_fastest_first);
  RUN(every_axis_has_a_place);
  RUN(a_wrong_order_or_struct_is_refused);
  RUN(the_axes_of_a_write_are_guessed_or_said);
  RUN(what_a_write_is_told_is_checked);
  RUN(values_keep_their_places_whatever_the_strides);
  RUN(values_convert_as_astype_or_by_their_range);
  RUN(a_broadcast_source_is_copied_everywhere);
  RUN(no_axes_and_no_items_are_arrays_too);
  RUN(any_alignment_is_taken);
  RUN(arrays_that_do_not_fit_are_refused);
  RUN(structs_of_a_later_release_are_taken);
  RUN(an_image_is_read_in_another_order);
  RUN(each_option_goes_where_it_is_declared);
  RUN(without_options_there_are_two_empty_dictionaries);
  RUN(a_progress_function_survives_the_parting);
  RUN(a_parting_that_is_refused_gives_nothing);
  return check_finish();
}
