/* R's side of the probe. R's errors jump: none is raised while the library is on the stack, and a handle belongs to an
   external pointer before anything can jump. */
#include <Rinternals.h>
#include <libimageio/imageio.h>
#include <stdlib.h>
#include <string.h>

/* A raw vector as a stream; the external pointer keeps it alive. */
struct bytes {
  const unsigned char *data;
  int64_t size, at;
};

static int64_t on_read(void *user, void *to, size_t n) {
  struct bytes *b = user;
  size_t left = b->at < b->size ? (size_t)(b->size - b->at) : 0;
  if (n > left) n = left;
  if (n) memcpy(to, b->data + b->at, n);
  b->at += (int64_t)n;
  return (int64_t)n;
}
static int64_t on_seek(void *user, int64_t offset, int32_t whence) {
  struct bytes *b = user;
  int64_t base = whence == 0 ? 0 : whence == 1 ? b->at : b->size;
  if (offset < -base || offset > INT64_MAX - base) return -1;
  return b->at = base + offset;
}
static int64_t on_size(void *user) { return ((struct bytes *)user)->size; }

static void finalize(SEXP handle) {
  iio_file_discard(R_ExternalPtrAddr(handle));
  R_ClearExternalPtr(handle);
}

static void check(iio_status status) {
  if (status < 0) Rf_error("%s", iio_error_message()); /* copied into R's own buffer before the jump */
}

SEXP probe_open(SEXP resource) {
  SEXP handle = PROTECT(R_MakeExternalPtr(NULL, R_NilValue, resource));
  R_RegisterCFinalizerEx(handle, finalize, TRUE);
  iio_file *file = NULL;
  iio_status status;
  if (TYPEOF(resource) == RAWSXP) {
    struct bytes *b = malloc(sizeof *b);
    if (!b) Rf_error("out of memory");
    *b = (struct bytes){RAW(resource), XLENGTH(resource), 0};
    iio_callbacks io = {sizeof io, 0, b, on_read, NULL, on_seek, on_size, free, NULL};
    status = iio_imopen_callbacks(&io, "r", NULL, &file);
  } else {
    const char *uri = Rf_translateCharUTF8(Rf_asChar(resource));
    status = iio_imopen(uri, "r", NULL, &file);
  }
  R_SetExternalPtrAddr(handle, file);
  check(status);
  UNPROTECT(1);
  return handle;
}

static iio_file *alive(SEXP handle) {
  iio_file *file = R_ExternalPtrAddr(handle);
  if (!file) Rf_error("the file is closed");
  return file;
}

/* An integer array of the image's shape in R's order, filled in place through strides; the library converts. */
static SEXP read_array(SEXP handle, SEXP index, int natural) {
  iio_file *file = alive(handle);
  int64_t i = (int64_t)Rf_asReal(index), step = sizeof(int);
  iio_props p = {sizeof p};
  check(iio_file_props(file, i, NULL, &p));
  SEXP dim = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)p.ndim));
  iio_array dst = {sizeof dst, IIO_INT32, p.ndim, 0, NULL, {0}, {0}};
  for (uint32_t k = 0; k < p.ndim; k++) {
    INTEGER(dim)[k] = (int)p.shape[k];
    dst.shape[k] = p.shape[k];
    if (natural) dst.strides[k] = step;
    step *= (int64_t)p.shape[k];
  }
  SEXP out = PROTECT(Rf_allocVector(INTSXP, (R_xlen_t)(step / (int64_t)sizeof(int))));
  dst.data = INTEGER(out);
  check(iio_file_read_into(file, i, NULL, &dst));
  if (natural) Rf_setAttrib(out, R_DimSymbol, dim);
  UNPROTECT(2);
  return out;
}

SEXP probe_read(SEXP handle, SEXP index) { return read_array(handle, index, 1); }
SEXP probe_read_contiguous(SEXP handle, SEXP index) { return read_array(handle, index, 0); }
