/* Dictionaries: options that go in, metadata that come out. */
#include "glue.h"

#include <stdio.h>
#include <string.h>

static void free_dict(SEXP owner) {
  iio_dict_free(R_ExternalPtrAddr(owner));
  R_ClearExternalPtr(owner);
}

SEXP dict_owner(void) {
  SEXP owner = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, R_NilValue));
  R_RegisterCFinalizerEx(owner, free_dict, FALSE);
  UNPROTECT(1);
  return owner;
}

iio_dict *dict_of(SEXP owner) { return TYPEOF(owner) == EXTPTRSXP ? R_ExternalPtrAddr(owner) : NULL; }

/* What the functions among them are kept in; an iterator's next image takes no options. */
SEXP lent_with(SEXP options) { return TYPEOF(options) == EXTPTRSXP ? R_ExternalPtrProtected(options) : R_NilValue; }

SEXP taken(SEXP owner, iio_dict *dict) {
  R_SetExternalPtrAddr(owner, dict);
  SEXP list = PROTECT(list_of(dict));
  free_dict(owner);
  UNPROTECT(1);
  return list;
}

/* --- into R */

static SEXP number(int64_t n) {
  return n > -INT32_MAX && n <= INT32_MAX ? Rf_ScalarInteger((int)n) : Rf_ScalarReal((double)n);
}

/* An array with the same indices; whole numbers as integers where R has such. */
static SEXP array_of(const iio_array *a) {
  int whole = a->dtype == IIO_BOOL || a->dtype == IIO_UINT8 || a->dtype == IIO_UINT16 || a->dtype == IIO_INT8 ||
              a->dtype == IIO_INT16 || a->dtype == IIO_INT32;
  int complex = a->dtype == IIO_COMPLEX64 || a->dtype == IIO_COMPLEX128;
  iio_array to = IIO_ARRAY_INIT;
  to.dtype = whole ? IIO_INT32 : complex ? IIO_COMPLEX128 : IIO_FLOAT64;
  to.ndim = a->ndim;
  to.flags = IIO_ARRAY_STRIDED;
  int64_t step = (int64_t)iio_dtype_size(to.dtype), count = 1;
  SEXP dim = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)a->ndim));
  for (uint32_t k = 0; k < a->ndim; k++) {
    INTEGER(dim)[k] = (int)a->shape[k];
    to.shape[k] = a->shape[k];
    to.strides[k] = step;
    step *= (int64_t)a->shape[k];
    count *= (int64_t)a->shape[k];
  }
  SEXP out = PROTECT(Rf_allocVector(whole ? INTSXP : complex ? CPLXSXP : REALSXP, (R_xlen_t)count));
  to.data = whole ? (void *)INTEGER(out) : complex ? (void *)COMPLEX(out) : (void *)REAL(out);
  check(iio_array_convert(a, &to, 0), R_NilValue, R_NilValue);
  if (a->ndim > 1) Rf_setAttrib(out, R_DimSymbol, dim);
  UNPROTECT(2);
  return out;
}

static SEXP value_of(const iio_dict *dict, const char *key) {
  int32_t flag = 0;
  int64_t whole = 0;
  double real = 0;
  const char *text = NULL;
  const void *data = NULL;
  size_t size = 0;
  const iio_dict *inner = NULL;
  iio_array array = IIO_ARRAY_INIT;
  switch (iio_dict_kind(dict, key)) {
    case IIO_KIND_BOOL: iio_dict_get_bool(dict, key, &flag); return Rf_ScalarLogical(flag != 0);
    case IIO_KIND_INT: iio_dict_get_int(dict, key, &whole); return number(whole);
    case IIO_KIND_FLOAT: iio_dict_get_float(dict, key, &real); return Rf_ScalarReal(real);
    case IIO_KIND_STRING:
      iio_dict_get_string(dict, key, &text);
      return text ? Rf_ScalarString(Rf_mkCharCE(text, CE_UTF8)) : R_NilValue;
    case IIO_KIND_BYTES: {
      iio_dict_get_bytes(dict, key, &data, &size);
      SEXP out = Rf_allocVector(RAWSXP, (R_xlen_t)size);
      if (size) memcpy(RAW(out), data, size);
      return out;
    }
    case IIO_KIND_ARRAY: return iio_dict_get_array(dict, key, &array) == IIO_OK ? array_of(&array) : R_NilValue;
    case IIO_KIND_LIST: {
      iio_dict_get_dict(dict, key, &inner);
      SEXP out = PROTECT(list_of(inner));
      Rf_setAttrib(out, R_NamesSymbol, R_NilValue);
      UNPROTECT(1);
      return out;
    }
    case IIO_KIND_DICT: iio_dict_get_dict(dict, key, &inner); return list_of(inner);
    default: return R_NilValue;
  }
}

SEXP list_of(const iio_dict *dict) {
  R_xlen_t n = (R_xlen_t)iio_dict_len(dict);
  SEXP out = PROTECT(Rf_allocVector(VECSXP, n)), names = PROTECT(Rf_allocVector(STRSXP, n));
  for (R_xlen_t i = 0; i < n; i++) {
    const char *key = iio_dict_key(dict, (size_t)i);
    SET_STRING_ELT(names, i, Rf_mkCharCE(key, CE_UTF8));
    SET_VECTOR_ELT(out, i, value_of(dict, key));
  }
  Rf_setAttrib(out, R_NamesSymbol, names);
  UNPROTECT(2);
  return out;
}

/* --- out of R */

static void set(iio_dict *dict, const char *key, SEXP value);

static void set_items(iio_dict *dict, const char *key, SEXP value) {
  SEXP names = Rf_getAttrib(value, R_NamesSymbol), owner = PROTECT(dict_owner());
  iio_dict *items = iio_dict_new();
  R_SetExternalPtrAddr(owner, items);
  for (R_xlen_t i = 0; i < XLENGTH(value); i++) {
    char place[32];
    snprintf(place, sizeof place, "%lld", (long long)i);
    const char *name = names == R_NilValue ? place : Rf_translateCharUTF8(STRING_ELT(names, i));
    SEXP item = R_NilValue;
    switch (TYPEOF(value)) {
      case VECSXP: item = VECTOR_ELT(value, i); break;
      case LGLSXP: item = Rf_ScalarLogical(LOGICAL(value)[i]); break;
      case INTSXP: item = Rf_ScalarInteger(INTEGER(value)[i]); break;
      case REALSXP: item = Rf_ScalarReal(REAL(value)[i]); break;
      case STRSXP: item = Rf_ScalarString(STRING_ELT(value, i)); break;
      default: Rf_error("option '%s': values of type %s cannot be given", key, Rf_type2char(TYPEOF(value)));
    }
    PROTECT(item);
    set(items, name, item);
    UNPROTECT(1);
  }
  int named = TYPEOF(value) == VECSXP && names != R_NilValue;
  check(named ? iio_dict_set_dict(dict, key, items) : iio_dict_set_list(dict, key, items), R_NilValue, R_NilValue);
  free_dict(owner);
  UNPROTECT(1);
}

static void set(iio_dict *dict, const char *key, SEXP value) {
  iio_status status = IIO_OK;
  if (value == R_NilValue) {
    status = iio_dict_set_null(dict, key);
  } else if (TYPEOF(value) == RAWSXP) {
    status = iio_dict_set_bytes(dict, key, RAW(value), (size_t)XLENGTH(value));
  } else if (XLENGTH(value) != 1 || TYPEOF(value) == VECSXP) {
    set_items(dict, key, value);
  } else {
    switch (TYPEOF(value)) {
      case LGLSXP: status = iio_dict_set_bool(dict, key, LOGICAL(value)[0]); break;
      case INTSXP: status = iio_dict_set_int(dict, key, INTEGER(value)[0]); break;
      case REALSXP: status = iio_dict_set_float(dict, key, REAL(value)[0]); break;
      case STRSXP: status = iio_dict_set_string(dict, key, Rf_translateCharUTF8(STRING_ELT(value, 0))); break;
      default: Rf_error("option '%s': values of type %s cannot be given", key, Rf_type2char(TYPEOF(value)));
    }
  }
  check(status, R_NilValue, R_NilValue);
}

/* The options of a call; each takes the progress callback, which looks for interrupts. */
SEXP glue_options(SEXP list, SEXP lent) {
  SEXP owner = PROTECT(dict_owner()), names = Rf_getAttrib(list, R_NamesSymbol);
  iio_dict *dict = iio_dict_new();
  R_SetExternalPtrAddr(owner, dict);
  R_SetExternalPtrProtected(owner, lent);
  for (R_xlen_t i = 0; i < XLENGTH(list); i++)
    set(dict, Rf_translateCharUTF8(STRING_ELT(names, i)), VECTOR_ELT(list, i));
  check(iio_dict_set_progress(dict, on_progress, lent), R_NilValue, R_NilValue);
  UNPROTECT(1);
  return owner;
}

/* Those of an opening and those of the call behind it. */
SEXP glue_split(SEXP options, SEXP call) {
  SEXP out = PROTECT(Rf_allocVector(VECSXP, 2));
  iio_dict *parts[2];
  for (int i = 0; i < 2; i++) {
    SET_VECTOR_ELT(out, i, dict_owner());
    R_SetExternalPtrProtected(VECTOR_ELT(out, i), lent_with(options));
  }
  const char *verb = CHAR(Rf_asChar(call));
  iio_status status = iio_split_options(dict_of(options), verb, &parts[0], &parts[1]);
  for (int i = 0; i < 2; i++) R_SetExternalPtrAddr(VECTOR_ELT(out, i), status < 0 ? NULL : parts[i]);
  check(status, R_NilValue, R_NilValue);
  UNPROTECT(1);
  return out;
}

static SEXP listed(iio_status (*ask)(iio_dict **)) {
  SEXP owner = PROTECT(dict_owner());
  iio_dict *dict = NULL;
  iio_status status = ask(&dict);
  check(status, R_NilValue, R_NilValue);
  SEXP out = taken(owner, dict);
  UNPROTECT(1);
  return out;
}

SEXP glue_plugins(void) { return listed(iio_plugins); }
SEXP glue_formats(void) { return listed(iio_formats); }

SEXP glue_load(SEXP path) {
  check(iio_load_plugin(Rf_translateChar(STRING_ELT(path, 0))), R_NilValue, R_NilValue);
  return R_NilValue;
}

SEXP glue_priority(SEXP extension, SEXP plugins) {
  check(iio_set_priority(CHAR(Rf_asChar(extension)), CHAR(Rf_asChar(plugins))), R_NilValue, R_NilValue);
  return R_NilValue;
}

SEXP glue_version(void) { return Rf_mkString(iio_version()); }
