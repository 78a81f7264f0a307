/* iio convert: one file into another. A stack of images travels one by one, so that a long video needs the memory of
   one frame. */
#include "tool.h"

static const char help[] =
    "iio convert IN OUT [--index N|all] [--no-metadata] [key=value ...]\n"
    "\n"
    "Reads IN and writes OUT; the format of OUT follows its extension. Animations and stacks are converted image by\n"
    "image, with the time that each image is shown. OUT appears when it is complete, and an existing OUT is replaced\n"
    "then. Either name may be - for standard input or output; say out:extension=.png for the latter.\n"
    "\n"
    "  --index N      only image N, counted from 0; \"all\": all images. Without it the format decides:\n"
    "                 all of an animation, the first of anything else\n"
    "  --no-metadata  leaves the metadata behind\n"
    "  key=value      options of reading and writing (see: iio plugins NAME). An option goes to every side that\n"
    "                 declares it; in:key=value and out:key=value say which side is meant, plugin= needs one of them.\n"
    "                 Values are text or JSON: quality=90 dtype=uint8 lossless=true\n";

static int convert_each(struct transfer *t, iio_iter *iter, uint64_t total)
{
    for (uint64_t number = 0;; number++) {
        iio_dict *own = NULL;
        progress_images("converting", number, total);
        int code = transfer_next(t, iter, &own);
        if (code == EXIT_OK && own == NULL && number == 0) {
            warn(t->in.uri, "there is no image to convert");
            code = EXIT_NOT_FOUND;
        }
        if (code != EXIT_OK || own == NULL)
            return code;
        code = transfer_write(t, number, own, true);
        iio_dict_free(own);
        if (code != EXIT_OK)
            return code;
    }
}

static int convert_many(struct transfer *t, const iio_props *props)
{
    iio_iter *iter = NULL;
    /* start, stop and every change how many images there are. */
    uint64_t total = props->n_images > 0 && iio_dict_len(t->read_options) == 0 ? (uint64_t)props->n_images : 0;
    int code = transfer_iterate(t, &iter);
    if (code == EXIT_OK)
        code = convert_each(t, iter, total);
    iio_iter_free(iter);
    return code;
}

static int convert(struct transfer *t)
{
    iio_props props = IIO_PROPS_INIT;
    int64_t index = t->args->index;
    iio_dict *options = side_options(&t->in, "props", false);
    if (options == NULL)
        return out_of_memory();
    iio_status status = iio_file_props(t->in.file, index, options, &props);
    iio_dict_free(options);
    if (status < 0)
        return fail(t->in.uri, status);
    int code = side_open(&t->out);
    if (code != EXIT_OK)
        return code;
    /* An animation of one image becomes a still, so that it fits into every format. */
    bool one = !props.is_batch || (index == IIO_INDEX_DEFAULT && props.n_images == 1);
    code = transfer_options(t, one);
    if (code != EXIT_OK)
        return code;
    code = one ? transfer_one(t, props.is_batch ? 0 : index) : convert_many(t, &props);
    return code == EXIT_OK ? transfer_publish(t) : code;
}

static int run(struct args *args)
{
    struct transfer t;
    int code = transfer_begin(&t, args);
    if (code == EXIT_OK)
        code = convert(&t);
    transfer_end(&t);
    return code;
}

const struct command convert_command = {
    .name = "convert",
    .help = help,
    .accepts = ARGS_INDEX | ARGS_OPTIONS | ARGS_METADATA,
    .min_files = 2,
    .max_files = 2,
    .run = run,
};
