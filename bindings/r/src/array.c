/* Pixels: read into R's own vectors by strides, in R's order of the axes; written from them. */
#include "glue.h"

#include <string.h>

static const char order[] = "YXS"; /* what stands first, where an image has it */

static const char *const colors[] = {"unknown", "gray", "gray_alpha", "rgb", "rgba", "bgr", "bgra",
                                     "cmyk", "ycbcr", "lab", "hsv", "palette", "bayer", "multi"};

static void put(SEXP list, int i, const char *name, SEXP value) {
  SET_VECTOR_ELT(list, i, value);
  SET_STRING_ELT(Rf_getAttrib(list, R_NamesSymbol), i, Rf_mkChar(name));
}

/* Properties in R's order of the axes. */
static SEXP properties(const iio_props *p, const uint32_t *place) {
  enum { FIELDS = 11 };
  SEXP out = PROTECT(Rf_allocVector(VECSXP, FIELDS));
  Rf_setAttrib(out, R_NamesSymbol, PROTECT(Rf_allocVector(STRSXP, FIELDS)));
  SEXP dim = Rf_allocVector(INTSXP, (R_xlen_t)p->ndim);
  put(out, 0, "dim", dim);
  SEXP spacing = Rf_allocVector(REALSXP, (R_xlen_t)p->ndim);
  put(out, 1, "spacing", spacing);
  char axes[IIO_MAX_NDIM + 1] = {0};
  for (uint32_t i = 0; i < p->ndim; i++) {
    INTEGER(dim)[i] = (int)p->shape[place[i]];
    REAL(spacing)[i] = p->spacing[place[i]] > 0 ? p->spacing[place[i]] : NA_REAL;
    axes[i] = p->axes[place[i]];
  }
  put(out, 2, "dtype", Rf_mkString(iio_dtype_name(p->dtype)));
  put(out, 3, "axes", Rf_mkString(axes));
  put(out, 4, "color", Rf_mkString(p->color < sizeof colors / sizeof *colors ? colors[p->color] : "unknown"));
  put(out, 5, "bits", Rf_ScalarInteger(p->bits ? (int)p->bits : NA_INTEGER));
  put(out, 6, "is_batch", Rf_ScalarLogical(p->is_batch != 0));
  put(out, 7, "n_images", Rf_ScalarReal(p->n_images < 0 ? NA_REAL : (double)p->n_images));
  put(out, 8, "premultiplied", Rf_ScalarLogical((p->flags & IIO_PROPS_PREMULTIPLIED) != 0));
  put(out, 9, "oriented", Rf_ScalarLogical((p->flags & IIO_PROPS_ORIENTED) != 0));
  put(out, 10, "orientation", Rf_ScalarInteger(p->orientation ? (int)p->orientation : NA_INTEGER));
  UNPROTECT(2);
  return out;
}

/* The properties of what is read next; 0 after the last image of an iterator. */
static int ask(SEXP handle, SEXP index, SEXP options, iio_props *p, uint32_t *place) {
  iio_status status = is_iter(handle) ? iio_iter_props(iter_of(handle), p)
                                      : iio_file_props(file_of(handle), index_of(index), dict_of(options), p);
  check(status, lent_of(handle), lent_with(options));
  if (status == IIO_END) return 0;
  for (uint32_t i = 0; i < p->ndim; i++)
    if (p->shape[i] > INT32_MAX) Rf_error("an axis of %.0f items is longer than R's arrays may be", (double)p->shape[i]);
  check(iio_axes_read(p, order, place), R_NilValue, R_NilValue);
  return 1;
}

SEXP glue_props(SEXP handle, SEXP index, SEXP options) {
  iio_props p = IIO_PROPS_INIT;
  uint32_t place[IIO_MAX_NDIM] = {0};
  return ask(handle, index, options, &p, place) ? properties(&p, place) : R_NilValue;
}

static R_xlen_t items(const iio_props *p) {
  double n = 1;
  for (uint32_t i = 0; i < p->ndim; i++) n *= (double)p->shape[i];
  if (n > 4503599627370496.0) Rf_error("the image is larger than R's vectors may be");
  return (R_xlen_t)n;
}

static iio_status read_into(SEXP handle, SEXP index, SEXP options, const iio_array *to) {
  return is_iter(handle) ? iio_iter_next_into(iter_of(handle), to)
                         : iio_file_read_into(file_of(handle), index_of(index), dict_of(options), to);
}

/* What the file itself holds, where the options of a read have converted it: so that it is written as that again. */
static void name_native(SEXP handle, SEXP index, iio_props *p) {
  iio_props native = IIO_PROPS_INIT;
  int64_t which = is_iter(handle) ? 0 : index_of(index);
  if (iio_file_props(file_of(handle), which, NULL, &native) < 0) return;
  p->dtype = native.dtype;
  p->bits = native.bits;
}

/* `as` is the type of R's vector: "double", "integer", "complex", or "nativeRaster", of which the options ask RGBA. */
SEXP glue_read(SEXP handle, SEXP index, SEXP options, SEXP as) {
  const char *type = CHAR(Rf_asChar(as));
  int native = !strcmp(type, "nativeRaster"), integer = native || !strcmp(type, "integer"), complex = !strcmp(type, "complex");
  iio_props p = IIO_PROPS_INIT;
  uint32_t place[IIO_MAX_NDIM] = {0};
  if (!ask(handle, index, options, &p, place)) return R_NilValue;
  if (native && (p.ndim != 3 || p.shape[2] != 4 || p.dtype != IIO_UINT8))
    Rf_error("a nativeRaster is one picture of 8-bit colours; give the index of one image");

  iio_array to = IIO_ARRAY_INIT;
  to.dtype = native ? IIO_UINT8 : integer ? IIO_INT32 : complex ? IIO_COMPLEX128 : IIO_FLOAT64;
  to.ndim = p.ndim;
  to.flags = native ? 0 : IIO_ARRAY_STRIDED;
  int64_t step = (int64_t)iio_dtype_size(to.dtype);
  R_xlen_t count = native ? items(&p) / 4 : items(&p);
  SEXP dim = PROTECT(Rf_allocVector(INTSXP, native ? 2 : (R_xlen_t)p.ndim));
  for (uint32_t i = 0; i < p.ndim; i++) {
    to.shape[i] = p.shape[i];
    if (native && i < 2) INTEGER(dim)[i] = (int)p.shape[i];
    if (native) continue;
    INTEGER(dim)[i] = (int)p.shape[place[i]];
    to.strides[place[i]] = step;
    step *= (int64_t)p.shape[place[i]];
  }
  SEXP out = PROTECT(Rf_allocVector(integer ? INTSXP : complex ? CPLXSXP : REALSXP, count));
  to.data = integer ? (void *)INTEGER(out) : complex ? (void *)COMPLEX(out) : (void *)REAL(out);
  iio_status status = read_into(handle, index, options, &to);
  check(status, lent_of(handle), lent_with(options));
  if (status == IIO_END) {
    UNPROTECT(2);
    return R_NilValue;
  }
  if (p.ndim > 0) Rf_setAttrib(out, R_DimSymbol, dim);
  if (native) {
    Rf_setAttrib(out, Rf_install("channels"), PROTECT(Rf_ScalarInteger(4)));
    Rf_setAttrib(out, R_ClassSymbol, PROTECT(Rf_mkString("nativeRaster")));
    UNPROTECT(2);
  } else {
    name_native(handle, index, &p);
    Rf_setAttrib(out, Rf_install("properties"), PROTECT(properties(&p, place)));
    UNPROTECT(1);
  }
  if (status == IIO_PARTIAL) Rf_setAttrib(out, Rf_install("partial"), PROTECT(Rf_ScalarLogical(1))), UNPROTECT(1);
  UNPROTECT(2);
  return out;
}

static iio_dtype dtype_named(const char *name) {
  for (iio_dtype d = IIO_BOOL; d <= IIO_COMPLEX128; d++)
    if (!strcmp(iio_dtype_name(d), name)) return d;
  Rf_error("'%s' is no dtype: bool, uint8, uint16, float32 ...", name);
  return 0;
}

static iio_dtype dtype_of(SEXP image) {
  switch (TYPEOF(image)) {
    case RAWSXP: return IIO_UINT8;
    case LGLSXP:
    case INTSXP: return IIO_INT32;
    case REALSXP: return IIO_FLOAT64;
    case CPLXSXP: return IIO_COMPLEX128;
    default: Rf_error("an image is an array of numbers, not of type %s", Rf_type2char(TYPEOF(image)));
  }
  return 0;
}

static void *data_of(SEXP image) {
  switch (TYPEOF(image)) {
    case RAWSXP: return RAW(image);
    case LGLSXP: return LOGICAL(image);
    case INTSXP: return INTEGER(image);
    case CPLXSXP: return COMPLEX(image);
    default: return REAL(image);
  }
}

/* What a write takes: `view` describes the image in its order, converted to `dtype` where R has another. */
static void view_of(SEXP image, iio_dtype dtype, int scale, SEXP axes, iio_array *view, char *letters, int32_t *is_batch) {
  SEXP dim = Rf_getAttrib(image, R_DimSymbol);
  uint64_t shape[IIO_MAX_NDIM] = {0};
  uint32_t place[IIO_MAX_NDIM] = {0}, ndim = (uint32_t)XLENGTH(dim);
  if (ndim > IIO_MAX_NDIM) Rf_error("an image has at most %d axes", IIO_MAX_NDIM);
  for (uint32_t i = 0; i < ndim; i++) shape[i] = (uint64_t)INTEGER(dim)[i];
  const char *said = axes == R_NilValue ? NULL : CHAR(Rf_asChar(axes));
  check(iio_axes_write(ndim, shape, order, said, place, letters, is_batch), R_NilValue, R_NilValue);

  view->dtype = dtype_of(image);
  view->ndim = ndim;
  view->flags = IIO_ARRAY_STRIDED;
  view->data = data_of(image);
  int64_t step = (int64_t)iio_dtype_size(view->dtype);
  for (uint32_t i = 0; i < ndim; i++) {
    view->shape[place[i]] = shape[i];
    view->strides[place[i]] = step;
    step *= (int64_t)shape[i];
  }
  if (dtype == view->dtype) return;
  iio_array converted = IIO_ARRAY_INIT;
  converted.dtype = dtype;
  converted.ndim = ndim;
  memcpy(converted.shape, view->shape, sizeof converted.shape);
  converted.data = R_alloc((size_t)XLENGTH(image), (int)iio_dtype_size(dtype)); /* R frees it after the .Call */
  check(iio_array_convert(view, &converted, scale), R_NilValue, R_NilValue);
  *view = converted;
}

SEXP glue_write(SEXP file, SEXP image, SEXP dtype, SEXP scale, SEXP axes, SEXP options) {
  iio_array view = IIO_ARRAY_INIT;
  iio_dict *dict = dict_of(options);
  iio_file *to = file_of(file);
  if (Rf_inherits(image, "nativeRaster")) {
    SEXP dim = Rf_getAttrib(image, R_DimSymbol);
    view.dtype = IIO_UINT8;
    view.ndim = 3;
    view.data = INTEGER(image);
    view.shape[0] = (uint64_t)INTEGER(dim)[0];
    view.shape[1] = (uint64_t)INTEGER(dim)[1];
    view.shape[2] = 4;
  } else {
    char letters[16] = {0};
    int32_t is_batch = -1;
    view_of(image, dtype_named(CHAR(Rf_asChar(dtype))), Rf_asLogical(scale) == 1, axes, &view, letters, &is_batch);
    iio_status status = IIO_OK;
    if (is_batch >= 0) status = iio_dict_set_bool(dict, "is_batch", is_batch);
    if (status == IIO_OK && axes != R_NilValue) status = iio_dict_set_string(dict, "axes", letters);
    check(status, R_NilValue, R_NilValue);
  }
  check(iio_file_write(to, &view, dict), lent_of(file), lent_with(options));
  return R_NilValue;
}
