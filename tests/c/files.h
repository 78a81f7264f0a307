/* Files and folders, as the tests need them. */
#ifndef FILES_H
#define FILES_H

#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS 16

/* FOLDER/NAME; the text lives until PATHS further calls on this thread. */
static inline const char *path_in(const char *folder, const char *name) {
  static _Thread_local char paths[PATHS][4096];
  static _Thread_local unsigned next;
  char *path = paths[next++ % PATHS];
  print_to(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static inline const char *scratch(const char *name) { return path_in(check_scratch, name); }
static inline const char *fixture(const char *name) { return path_in(check_data, name); }

typedef struct bytes {
  unsigned char *data;
  size_t size;
} bytes;

/* The whole file; data is NULL if it cannot be read. Never NULL for an empty file. */
static inline bytes slurp(const char *path) {
  bytes b = {NULL, 0};
  FILE *f = fopen(path, "rb");
  if (!f) return b;
  size_t room = 4096;
  b.data = malloc(room);
  for (size_t n; b.data && (n = fread(b.data + b.size, 1, room - b.size, f)) > 0;) {
    b.size += n;
    if (b.size == room) {
      unsigned char *more = realloc(b.data, room *= 2);
      if (!more) abort();
      b.data = more;
    }
  }
  fclose(f);
  return b;
}

static inline int spit(const char *path, const void *data, size_t size) {
  if (!data) return -1;
  FILE *f = fopen(path, "wb");
  if (!f) return -1;
  size_t n = size ? fwrite(data, 1, size, f) : 0;
  return fclose(f) == 0 && n == size ? 0 : -1;
}

static inline int copy_file(const char *from, const char *to) {
  bytes b = slurp(from);
  int bad = b.data ? spit(to, b.data, b.size) : -1;
  free(b.data);
  return bad;
}

static inline int file_exists(const char *path) {
  struct stat s;
  return lstat(path, &s) == 0;
}

static inline int file_holds(const char *path, bytes wanted) {
  bytes b = slurp(path);
  int same = b.data && b.size == wanted.size && memcmp(b.data, wanted.data, b.size) == 0;
  free(b.data);
  return same;
}

static inline int64_t file_size(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 ? (int64_t)s.st_size : -1;
}

/* How many names stand in a folder, temporaries and hidden ones too. */
static inline int names_in(const char *folder) {
  DIR *dir = opendir(folder);
  if (!dir) return -1;
  int n = 0;
  for (struct dirent *e; (e = readdir(dir));) n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  closedir(dir);
  return n;
}

/* A folder of its own for one test; the text lives as long as the program. */
static inline const char *fresh_folder(const char *name) {
  static char folders[32][4096];
  static unsigned n;
  char *path = folders[n++ % 32];
  print_to(path, sizeof folders[0], "%s/%s", check_scratch, name);
  if (mkdir(path, 0777) != 0 && errno != EEXIST) {
    perror(path);
    exit(2);
  }
  return path;
}

#endif
