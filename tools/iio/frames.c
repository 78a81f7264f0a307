/* iio frames: every image of a file into a file of its own. */
#include "tool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "iio frames IN PATTERN [--no-metadata] [key=value ...]\n"
    "\n"
    "Writes the images of IN into a file each. PATTERN holds the place of the number, counted from 0 by what is\n"
    "written: frame-%d.png, or with leading zeros frame-%04d.png; a percent sign is %%.\n"
    "\n"
    "  start=N stop=N every=N  which images: from start, up to but without stop, one of every\n"
    "  --no-metadata           leaves the metadata behind\n"
    "  key=value               options of reading and writing, as for: iio convert\n"
    "\n"
    "When it is interrupted, the files written so far are complete and stay.\n";

static int write_frame(struct transfer *t, uint64_t number, const iio_dict *own)
{
    int code = t->out.file != NULL ? EXIT_OK : side_open(&t->out);
    if (code == EXIT_OK && t->write_options == NULL)
        code = transfer_options(t, false);
    if (code == EXIT_OK && own != NULL)
        code = transfer_write(t, number, own, false);
    return code;
}

static int each_frame(struct transfer *t, const char *pattern, iio_iter **iter)
{
    uint64_t number = 0;
    for (;; number++) {
        iio_dict *own = NULL;
        char *name = pattern_name(pattern, number);
        if (name == NULL)
            return out_of_memory();
        t->out.uri = name;
        progress_images("writing", number, 0);
        /* The first file is opened before the first image is read: the two sides share out the options. */
        int code = number == 0 ? write_frame(t, 0, NULL) : EXIT_OK;
        if (code == EXIT_OK && *iter == NULL)
            code = transfer_iterate(t, iter);
        if (code == EXIT_OK)
            code = transfer_next(t, *iter, &own);
        bool last = own == NULL;
        if (code == EXIT_OK && !last)
            code = write_frame(t, number, own);
        if (code == EXIT_OK && !last)
            code = transfer_publish(t);
        iio_dict_free(own);
        free(name);
        if (code != EXIT_OK)
            return code;
        if (last)
            break;
    }
    if (number == 0) {
        warn(t->in.uri, "there is no image to write");
        return EXIT_NOT_FOUND;
    }
    progress_clear();
    printf("%" PRIu64 " %s\n", number, number == 1 ? "image" : "images");
    return EXIT_OK;
}

static int run(struct args *args)
{
    const char *pattern = args->files[1];
    if (!pattern_is_valid(pattern))
        return usage("frames", "PATTERN takes one %%d or %%04d, and %%%% for a percent sign: %s", pattern);
    struct transfer t;
    iio_iter *iter = NULL;
    int code = transfer_begin(&t, args);
    if (code == EXIT_OK)
        code = each_frame(&t, pattern, &iter);
    iio_iter_free(iter);
    t.out.uri = pattern;
    transfer_end(&t);
    return code;
}

const struct command frames_command = {
    .name = "frames",
    .help = help,
    .accepts = ARGS_OPTIONS | ARGS_METADATA,
    .min_files = 2,
    .max_files = 2,
    .run = run,
};
