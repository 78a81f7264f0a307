/* Open files and iterators: external pointers, whose protected value keeps what they were lent. */
#include "glue.h"

#include <string.h>

static SEXP iter_tag(void) { return Rf_install("imageio_iter"); }
int is_iter(SEXP handle) { return R_ExternalPtrTag(handle) == iter_tag(); }

static void end(SEXP handle) {
  void *address = R_ExternalPtrAddr(handle);
  R_ClearExternalPtr(handle);
  if (is_iter(handle)) iio_iter_free(address);
  else iio_file_discard(address);
}

static SEXP handle_owner(SEXP tag, SEXP lent, SEXP also) {
  SEXP keep = PROTECT(Rf_allocVector(VECSXP, 2));
  SET_VECTOR_ELT(keep, 0, lent);
  SET_VECTOR_ELT(keep, 1, also);
  SEXP handle = PROTECT(R_MakeExternalPtr(NULL, tag, keep));
  R_RegisterCFinalizerEx(handle, end, TRUE);
  UNPROTECT(2);
  return handle;
}

SEXP lent_of(SEXP handle) {
  SEXP keep = R_ExternalPtrProtected(handle);
  return TYPEOF(keep) == VECSXP ? VECTOR_ELT(keep, 0) : R_NilValue;
}

/* After a workspace was saved and loaded, or after close(), the address is NULL. */
static void *alive(SEXP handle) {
  void *address = TYPEOF(handle) == EXTPTRSXP ? R_ExternalPtrAddr(handle) : NULL;
  if (!address) {
    SEXP namespace = PROTECT(R_FindNamespace(PROTECT(Rf_mkString("imageio"))));
    SEXP call = PROTECT(Rf_lang1(Rf_install("raise_closed")));
    Rf_eval(call, namespace); /* does not return */
    UNPROTECT(3);
  }
  return address;
}

iio_file *file_of(SEXP handle) {
  void *address = alive(handle);
  return is_iter(handle) ? iio_iter_file(address) : address;
}
iio_iter *iter_of(SEXP handle) { return alive(handle); }

/* Images are counted from 1 in R; NULL and "all" come as NA and -Inf. */
int64_t index_of(SEXP index) {
  double i = Rf_asReal(index);
  if (ISNAN(i)) return IIO_INDEX_DEFAULT;
  if (i == R_NegInf) return IIO_INDEX_ALL;
  return (int64_t)i - 1;
}

SEXP glue_open(SEXP source, SEXP mode, SEXP options, SEXP lent) {
  SEXP handle = PROTECT(handle_owner(R_NilValue, lent, source));
  iio_file *file = NULL;
  iio_status status;
  const char *how = CHAR(Rf_asChar(mode));
  if (TYPEOF(source) == RAWSXP) {
    status = iio_imopen_bytes(RAW(source), (size_t)XLENGTH(source), dict_of(options), &file);
  } else if (TYPEOF(source) == STRSXP) {
    /* A path is bytes, as the system has it; anything else is UTF-8, which a path usually is too. */
    const char *uri = Rf_translateChar(STRING_ELT(source, 0));
    status = iio_imopen(uri, how, dict_of(options), &file);
  } else {
    iio_callbacks io = stream_callbacks(lent, how[0] == 'w');
    status = iio_imopen_callbacks(&io, how, dict_of(options), &file);
  }
  R_SetExternalPtrAddr(handle, file);
  check(status, lent, R_NilValue);
  UNPROTECT(1);
  return handle;
}

SEXP glue_close(SEXP handle) {
  void *address = R_ExternalPtrAddr(handle);
  if (address && !is_iter(handle)) {
    R_ClearExternalPtr(handle);
    check(iio_file_close(address), lent_of(handle), R_NilValue);
  } else {
    end(handle);
  }
  return R_NilValue;
}

SEXP glue_discard(SEXP handle) {
  end(handle);
  return R_NilValue;
}

SEXP glue_alive(SEXP handle) {
  return Rf_ScalarLogical(TYPEOF(handle) == EXTPTRSXP && R_ExternalPtrAddr(handle) != NULL);
}

SEXP glue_plugin(SEXP handle) { return Rf_mkString(iio_file_plugin(file_of(handle))); }

SEXP glue_count(SEXP file, SEXP how) {
  int64_t n = -1;
  check(iio_file_count(file_of(file), NULL, (uint32_t)Rf_asInteger(how), &n), lent_of(file), R_NilValue);
  return n < 0 ? Rf_ScalarReal(NA_REAL) : Rf_ScalarReal((double)n);
}

SEXP glue_meta(SEXP handle, SEXP index, SEXP options) {
  SEXP owner = PROTECT(dict_owner());
  iio_dict *dict = NULL;
  iio_status status = is_iter(handle) ? iio_iter_meta(iter_of(handle), &dict)
                                      : iio_file_meta(file_of(handle), index_of(index), dict_of(options), &dict);
  check(status, lent_of(handle), lent_with(options));
  SEXP out = taken(owner, dict);
  UNPROTECT(1);
  return out;
}

SEXP glue_iter(SEXP file, SEXP options) {
  SEXP lent = lent_with(options);
  SEXP handle = PROTECT(handle_owner(iter_tag(), lent, file));
  iio_iter *iter = NULL;
  iio_status status = iio_file_iter(file_of(file), dict_of(options), &iter);
  R_SetExternalPtrAddr(handle, iter);
  check(status, lent_of(file), lent);
  UNPROTECT(1);
  return handle;
}

SEXP glue_seek(SEXP iter, SEXP index) {
  check(iio_iter_seek(iter_of(iter), index_of(index)), lent_of(iter), R_NilValue);
  return R_NilValue;
}

SEXP glue_bytes(SEXP file) {
  const void *data = NULL;
  size_t size = 0;
  check(iio_file_bytes(file_of(file), &data, &size), lent_of(file), R_NilValue);
  SEXP out = Rf_allocVector(RAWSXP, (R_xlen_t)size);
  if (size) memcpy(RAW(out), data, size);
  return out;
}

SEXP glue_call(SEXP file, SEXP function, SEXP options) {
  SEXP owner = PROTECT(dict_owner());
  iio_dict *dict = NULL;
  iio_status status = iio_file_call(file_of(file), CHAR(Rf_asChar(function)), dict_of(options), &dict);
  check(status, lent_of(file), lent_with(options));
  SEXP out = taken(owner, dict);
  UNPROTECT(1);
  return out;
}
