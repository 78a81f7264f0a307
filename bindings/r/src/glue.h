/* Between R and libimageio. R's errors jump, so none may be raised while the library is on the stack: its calls return
   first, callbacks into R run under R_ToplevelExec, and whatever the library made belongs to an external pointer before
   anything of R's is called that may jump. */
#ifndef IMAGEIO_GLUE_H
#define IMAGEIO_GLUE_H

#define R_NO_REMAP
#include <R.h>
#include <Rinternals.h>
#include <libimageio/imageio.h>

/* What is lent to a call or a file is an environment of R's: the functions read, write, seek, finish and progress where
   there are such, and afterwards `failure`, what one of them threw, and `interrupted`. */
int32_t on_progress(void *lent, uint64_t done, uint64_t total);
iio_callbacks stream_callbacks(SEXP lent, int writing);

/* Raises an R condition if a call failed. `lent`: the environments of the file and of the call, R_NilValue for none. */
void check(iio_status status, SEXP lent, SEXP lent_too);

/* An external pointer that frees its dictionary; the dictionary of such a pointer. */
SEXP dict_owner(void);
iio_dict *dict_of(SEXP owner);
SEXP lent_with(SEXP options);
SEXP list_of(const iio_dict *dict);
SEXP taken(SEXP owner, iio_dict *dict); /* the list of a dictionary that the caller owns, which is freed */

iio_file *file_of(SEXP handle);
iio_iter *iter_of(SEXP handle);
int is_iter(SEXP handle);
SEXP lent_of(SEXP handle);
int64_t index_of(SEXP index);

SEXP glue_options(SEXP list, SEXP lent);
SEXP glue_split(SEXP options, SEXP call);
SEXP glue_open(SEXP source, SEXP mode, SEXP options, SEXP lent);
SEXP glue_close(SEXP handle);
SEXP glue_discard(SEXP handle);
SEXP glue_alive(SEXP handle);
SEXP glue_plugin(SEXP handle);
SEXP glue_count(SEXP file, SEXP how);
SEXP glue_props(SEXP handle, SEXP index, SEXP options);
SEXP glue_read(SEXP handle, SEXP index, SEXP options, SEXP as);
SEXP glue_meta(SEXP handle, SEXP index, SEXP options);
SEXP glue_iter(SEXP file, SEXP options);
SEXP glue_seek(SEXP iter, SEXP index);
SEXP glue_write(SEXP file, SEXP image, SEXP dtype, SEXP scale, SEXP axes, SEXP options);
SEXP glue_bytes(SEXP file);
SEXP glue_call(SEXP file, SEXP function, SEXP options);
SEXP glue_plugins(void);
SEXP glue_formats(void);
SEXP glue_load(SEXP path);
SEXP glue_priority(SEXP extension, SEXP plugins);
SEXP glue_version(void);
SEXP glue_log(SEXP function);
SEXP glue_interrupt(void);

#endif
