/* Callbacks of the library into R: streams, progress, log; and its failures as conditions. */
#include "glue.h"

#include <R_ext/Utils.h>
#include <Rversion.h>
#include <string.h>

/* A call of a function in `lent`, and what it gave: a number, or bytes. */
struct job {
  SEXP lent;
  const char *name;
  int count;
  double a, b;
  const void *from;  /* bytes that go in, as many as `size` */
  void *to;          /* bytes that come out, at most `size` */
  size_t size;
  double result;
};

static SEXP own_variable(SEXP environment, const char *name) {
  SEXP found = Rf_findVarInFrame(environment, Rf_install(name));
  return found == R_UnboundValue ? R_NilValue : found;
}

static int has(SEXP lent, const char *name) { return TYPEOF(own_variable(lent, name)) == CLOSXP; }

static void run(void *data) {
  struct job *job = data;
  SEXP function = PROTECT(own_variable(job->lent, job->name));
  SEXP a = R_NilValue, b = PROTECT(Rf_ScalarReal(job->b));
  if (job->from) {
    a = PROTECT(Rf_allocVector(RAWSXP, (R_xlen_t)job->size));
    memcpy(RAW(a), job->from, job->size);
  } else {
    a = PROTECT(Rf_ScalarReal(job->a));
  }
  SEXP call = PROTECT(job->count == 2 ? Rf_lang3(function, a, b) : job->count == 1 ? Rf_lang2(function, a) : Rf_lang1(function));
  SEXP value = PROTECT(Rf_eval(call, job->lent));
  if (TYPEOF(value) == RAWSXP && job->to) {
    size_t n = (size_t)XLENGTH(value);
    if (n <= job->size) {
      if (n) memcpy(job->to, RAW(value), n);
      job->result = (double)n;
    }
  } else {
    job->result = Rf_asReal(value);
  }
  UNPROTECT(5);
}

/* Whatever happens in R ends here. What a function threw, its wrapper has kept in `lent`. */
static double call_back(struct job *job) {
  job->result = -1;
  if (!R_ToplevelExec(run, job) || ISNAN(job->result)) return -1;
  return job->result;
}

static int64_t on_read(void *lent, void *buffer, size_t size) {
  struct job job = {lent, "read", 1, (double)size, 0, NULL, buffer, size, 0};
  return (int64_t)call_back(&job);
}
static int64_t on_write(void *lent, const void *buffer, size_t size) {
  struct job job = {lent, "write", 1, 0, 0, buffer, NULL, size, 0};
  return (int64_t)call_back(&job);
}
static int64_t on_seek(void *lent, int64_t offset, int32_t whence) {
  struct job job = {lent, "seek", 2, (double)offset, whence, NULL, NULL, 0, 0};
  return (int64_t)call_back(&job);
}
static int32_t on_finish(void *lent) {
  struct job job = {lent, "finish", 0, 0, 0, NULL, NULL, 0, 0};
  return call_back(&job) == 0 ? 0 : 1;
}

iio_callbacks stream_callbacks(SEXP lent, int writing) {
  iio_callbacks io = IIO_CALLBACKS_INIT;
  io.user = lent;
  if (!writing && has(lent, "read")) io.read = on_read;
  if (writing && has(lent, "write")) io.write = on_write;
  if (has(lent, "seek")) io.seek = on_seek;
  if (writing && has(lent, "finish")) io.finish = on_finish;
  return io;
}

static void look_for_interrupt(void *data) {
  (void)data;
  R_CheckUserInterrupt();
}

static void note_interrupt(void *lent) {
  SEXP yes = PROTECT(Rf_ScalarLogical(1));
  Rf_defineVar(Rf_install("interrupted"), yes, lent);
  UNPROTECT(1);
}

int32_t on_progress(void *lent, uint64_t done, uint64_t total) {
  if (!R_ToplevelExec(look_for_interrupt, NULL)) {
    R_ToplevelExec(note_interrupt, lent);
    return 1;
  }
  if (!has(lent, "progress")) return 0;
  struct job job = {lent, "progress", 2, (double)done, (double)total, NULL, NULL, 0, 0};
  return call_back(&job) == 0 ? 0 : 1;
}

/* The interrupt that was caught inside the library, once more, now that nobody else is on the stack. */
#include <signal.h>
SEXP glue_interrupt(void) {
  raise(SIGINT);
  R_CheckUserInterrupt();
  return R_NilValue;
}

void check(iio_status status, SEXP lent, SEXP lent_too) {
  if (status >= 0) return;
  SEXP name = PROTECT(Rf_mkString(iio_status_name(status)));
  SEXP message = PROTECT(Rf_ScalarString(Rf_mkCharCE(iio_error_message(), CE_UTF8)));
  SEXP owner = PROTECT(dict_owner());
  iio_dict *details = NULL;
  iio_error_details(&details);
  SEXP list = PROTECT(taken(owner, details));
  SEXP namespace = PROTECT(R_FindNamespace(PROTECT(Rf_mkString("imageio"))));
  SEXP call = PROTECT(Rf_lang6(Rf_install("raise"), name, message, list, lent, lent_too));
  Rf_eval(call, namespace); /* does not return */
  UNPROTECT(7);
}

static SEXP logger;

struct line {
  int32_t level;
  const char *message;
};

static void tell(void *data) {
  struct line *line = data;
  SEXP level = PROTECT(Rf_ScalarInteger(line->level));
  SEXP message = PROTECT(Rf_ScalarString(Rf_mkCharCE(line->message, CE_UTF8)));
  SEXP call = PROTECT(Rf_lang3(logger, level, message));
  Rf_eval(call, R_GlobalEnv);
  UNPROTECT(3);
}

static void on_log(void *user, int32_t level, const char *message) {
  (void)user;
  struct line line = {level, message};
  if (logger) R_ToplevelExec(tell, &line);
}

SEXP glue_log(SEXP function) {
  iio_set_log_callback(NULL, NULL);
  if (logger) R_ReleaseObject(logger);
  logger = NULL;
  if (function != R_NilValue) {
    R_PreserveObject(function);
    logger = function;
    iio_set_log_callback(on_log, NULL);
  }
  return R_NilValue;
}
