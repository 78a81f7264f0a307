/* Everything that the rules for every plugin are tried on: each committed file, and files of the toy plugin. */
#ifndef SUBJECTS_H
#define SUBJECTS_H

#include "fixtures.h"
#include "options.h"
#include "toy_plugin.h"

typedef struct subject {
  char name[96], path[4096], extension[16];
  int64_t images;
  int all, toy, varied;
  const expectation *expected; /* NULL for a toy's */
} subject;

#define MAX_SUBJECTS (MAX_FIXTURES + 16)
static subject subjects[MAX_SUBJECTS] CHECK_UNUSED;
static int n_subjects CHECK_UNUSED;
static toy subject_toy CHECK_UNUSED;

static inline subject *add_subject(const char *name, const char *path, int64_t images, int all) {
  subject *s = &subjects[n_subjects++];
  print_to(s->name, sizeof s->name, "%s", name);
  print_to(s->path, sizeof s->path, "%s", path);
  print_to(s->extension, sizeof s->extension, "%s", strrchr(name, '.'));
  s->images = images;
  s->all = all;
  return s;
}

static inline void add_toy(const char *name, iio_dtype dtype, uint32_t ndim, const uint64_t *shape, uint16_t count) {
  size_t size;
  unsigned char *data = toy_bytes(dtype, ndim, shape, count, &size);
  if (spit(scratch(name), data, size)) perror(scratch(name));
  free(data);
  add_subject(name, scratch(name), count, count != 1)->toy = 1;
}

/* Also registers the toy as "toy". */
static inline void gather_subjects(void) {
  read_expectations();
  for (int i = 0; i < n_fixtures; i++) {
    if (fixtures[i].beside) continue; /* what is said of bytes and copies does not hold for it */
    subject *s = add_subject(fixtures[i].name, fixture(fixtures[i].name), fixtures[i].images, fixtures[i].all);
    s->expected = &fixtures[i];
    s->varied = fixtures[i].varied;
  }
  iio_plugin plugin = toy_plugin(&subject_toy, TOY_DECLARATION("toy", ""));
  if (iio_register_plugin(&plugin) != IIO_OK) {
    CHECK_SAY("the toy plugin cannot be registered: the tests go on without it");
    return;
  }
  add_toy("rgb.toy1", IIO_UINT8, 3, (uint64_t[]){5, 7, 3}, 3);
  add_toy("short.toy1", IIO_INT16, 2, (uint64_t[]){4, 6}, 1);
  add_toy("float.toy1", IIO_FLOAT32, 2, (uint64_t[]){3, 5}, 2);
  add_toy("complex.toy1", IIO_COMPLEX64, 2, (uint64_t[]){3, 2}, 1);
  add_toy("bool.toy1", IIO_BOOL, 2, (uint64_t[]){3, 4}, 2);
  add_toy("volume.toy1", IIO_UINT16, 4, (uint64_t[]){2, 3, 4, 5}, 2);
  add_toy("line.toy1", IIO_UINT8, 1, (uint64_t[]){9}, 1);
}

static inline void leave_subjects(void) {
  if (iio_unregister_plugin("toy") == IIO_OK) {
    CHECK_INT(subject_toy.n.open_files, 0);
    CHECK_INT(subject_toy.n.opens, subject_toy.n.closes);
    CHECK_INT(subject_toy.n.iters, subject_toy.n.iter_frees);
    CHECK_INT(subject_toy.n.destroys, 1);
  }
}

#define EACH_SUBJECT(s) for (const subject *s = subjects; s < subjects + n_subjects && (SUBJECT("%s", s->name), 1); s++)

/* Opens it, or says why not and gives NULL. */
static inline iio_file *open_subject(const subject *s, const iio_dict *options) {
  iio_file *file = NULL;
  CHECK_OK(iio_imopen(s->path, "r", options, &file));
  return file;
}

#endif
