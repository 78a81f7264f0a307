/* What the files of the tool share. Each section is one file; the tool knows only the public header. */
#ifndef IIO_TOOL_H
#define IIO_TOOL_H

#include <libimageio/imageio.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes: part of the tool's interface, listed by `iio --help`. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_UNSUPPORTED = 4,
    EXIT_CORRUPT = 5,
    EXIT_IO = 6,
    EXIT_LIMIT = 7,
    EXIT_INTERRUPTED = 130
};

/* args.c: the command line of one command. */
enum { ARGS_JSON = 1, ARGS_INDEX = 2, ARGS_OPTIONS = 4, ARGS_METADATA = 8 };
enum { SIDE_ANY = 0, SIDE_IN, SIDE_OUT };

struct option {
    const char *key; /* owned, without `in:` or `out:` */
    const char *value;
    int side;  /* SIDE_*: whose option this is; SIDE_ANY: whoever declares it */
    bool used; /* some call was given it */
};

struct args {
    const char **files;
    size_t n_files;
    struct option *options;
    size_t n_options;
    int64_t index;
    bool json;
    bool no_metadata;
};

struct command {
    const char *name;
    const char *help;
    unsigned accepts; /* ARGS_* */
    size_t min_files, max_files;
    int (*run)(struct args *args);
};

int args_parse(struct args *args, const struct command *command, int argc, char **argv);
int args_two_sides(struct args *args); /* for IN OUT: settles what `plugin=` and `extension=` belong to */
void args_free(struct args *args);

/* info.c, convert.c, frames.c, formats.c, plugins.c */
extern const struct command info_command, convert_command, frames_command, formats_command, plugins_command;

/* options.c: a resource of a command with the options that are its own. */
struct side {
    const char *uri;
    const char *mode;        /* "r" or "w" */
    struct args *args;       /* where the options stand */
    const iio_dict *plugins; /* iio_plugins() */
    const struct side *other;
    iio_file *file;
    const iio_dict *declared; /* the options of the plugin that serves the file; NULL: not known yet */
};

/* Opens and says which plugin serves; prints the failure, and returns an exit code. */
int side_open(struct side *side);
/* The options that `call` takes, for the caller to free; `rest` adds those that no call took, for the library to judge. */
iio_dict *side_options(struct side *side, const char *call, bool rest);
const iio_dict *plugin_find(const iio_dict *plugins, const char *name); /* by name or alias; NULL */

/* report.c: what is said on stderr, and text from files made safe for a terminal. */
int fail(const char *subject, iio_status status); /* prints the library's message, returns the exit code */
int usage(const char *command, const char *format, ...);
void warn(const char *subject, const char *format, ...);
int out_of_memory(void);
int exit_code_of(iio_status status);
void put_text(FILE *stream, const char *text, size_t size);

/* progress.c: Ctrl-C, and a bar on stderr for work that takes long. */
void progress_start(void);
void progress_images(const char *what, uint64_t done, uint64_t total); /* total 0: not known */
void progress_phase(uint32_t phase, uint32_t phases);                  /* of the current image */
void progress_clear(void);
int32_t progress_report(void *user, uint64_t done, uint64_t total); /* an iio_progress_fn */
bool interrupted(void);
int interrupted_code(void);

/* value.c: dictionaries as text. */
const char *dict_text(const iio_dict *dict, const char *key); /* a string; "" where there is none */
bool dict_true(const iio_dict *dict, const char *key);        /* a boolean; false where there is none */
char *json_text(const iio_dict *dict, const char *key); /* key NULL: all of it; the caller frees; NULL: no memory */
int print_json(const iio_dict *dict);
void print_dict(const iio_dict *dict, int indent);

/* image.c: pixels on their way from one file to another. */
struct image {
    void *data;
    size_t capacity;
    iio_props props;
};

bool image_reserve(struct image *image);
void image_free(struct image *image);
const char *color_name(uint32_t color); /* NULL: not known */
iio_status image_write(const struct image *image, iio_file *file, iio_dict *options);
iio_status dict_copy_value(iio_dict *to, const iio_dict *from, const char *key);
iio_status dict_merge(iio_dict *to, const iio_dict *from);

/* transfer.c: images from IN to OUT; what convert and frames have in common. */
struct transfer {
    struct args *args;
    iio_dict *plugins;
    struct side in, out;
    struct image image;
    iio_dict *read_options; /* of one read, or of the iterator */
    iio_dict *meta_options;
    iio_dict *write_options; /* as the user gave them */
    bool user_times;         /* the user says how long an image is shown */
};

/* All of these print their failures and return an exit code. */
int transfer_begin(struct transfer *transfer, struct args *args); /* opens IN */
int transfer_options(struct transfer *transfer, bool one);        /* once both sides are open */
int transfer_one(struct transfer *transfer, int64_t index);
int transfer_iterate(struct transfer *transfer, iio_iter **iter);
/* The next image into memory and its metadata, for the caller to free: NULL after the last. */
int transfer_next(struct transfer *transfer, iio_iter *iter, iio_dict **own);
/* Writes it; `number` counts from 0 and `sequence` says that others are written into the same file. */
int transfer_write(struct transfer *transfer, uint64_t number, const iio_dict *own, bool sequence);
int transfer_publish(struct transfer *transfer); /* ends OUT */
void transfer_end(struct transfer *transfer);

/* pattern.c: names of frames. */
bool pattern_is_valid(const char *pattern);
char *pattern_name(const char *pattern, uint64_t number); /* the caller frees; NULL: no memory */

/* terminal.c: the little that C11 does not say of the system. */
bool is_terminal(FILE *stream);
double seconds_now(void); /* of a clock that only goes forward */
void catch_interrupts(void (*handler)(int));

#endif
