/* Images on their way from IN to OUT, one at a time, with the options of both sides and the metadata. */
#include "tool.h"

#include <string.h>

int transfer_begin(struct transfer *t, struct args *args)
{
    *t = (struct transfer){
        .args = args,
        .in = { .uri = args->files[0], .mode = "r", .args = args, .other = &t->out },
        .out = { .uri = args->files[1], .mode = "w", .args = args, .other = &t->in },
        .image = { .props = IIO_PROPS_INIT },
    };
    int code = args_two_sides(args);
    if (code != EXIT_OK)
        return code;
    if (strcmp(t->in.uri, "-") == 0 && is_terminal(stdin))
        return usage(NULL, "standard input is a terminal");
    if (strcmp(t->out.uri, "-") == 0 && is_terminal(stdout))
        return usage(NULL, "not writing an image to a terminal; redirect standard output");
    iio_status status = iio_plugins(&t->plugins);
    if (status < 0)
        return fail("plugins", status);
    t->in.plugins = t->out.plugins = t->plugins;
    return side_open(&t->in);
}

static bool gives(const iio_dict *options, const char *key)
{
    return iio_dict_kind(options, key) != IIO_KIND_ABSENT;
}

int transfer_options(struct transfer *t, bool one)
{
    /* Writing comes last: it takes what no call of reading declared. */
    t->meta_options = side_options(&t->in, "meta", false);
    t->read_options = side_options(&t->in, one ? "read" : "iter", true);
    t->write_options = side_options(&t->out, "write", true);
    if (t->meta_options == NULL || t->read_options == NULL || t->write_options == NULL)
        return out_of_memory();
    t->user_times = gives(t->write_options, "duration_s") || gives(t->write_options, "time_s")
                    || gives(t->write_options, "duration") || gives(t->write_options, "fps");
    return EXIT_OK;
}

static void warn_if_partial(const struct transfer *t, iio_status status)
{
    if (status == IIO_PARTIAL)
        warn(t->in.uri, "warning: the image is incomplete");
}

static iio_status file_metadata(struct transfer *t, int64_t index, iio_dict **meta)
{
    *meta = NULL;
    return t->args->no_metadata ? IIO_OK : iio_file_meta(t->in.file, index, t->meta_options, meta);
}

static iio_status write_image(struct transfer *t, const iio_dict *meta, const iio_dict *shown)
{
    iio_dict *options = NULL;
    double duration = 0;
    iio_status status = iio_dict_copy(t->write_options, &options);
    if (status == IIO_OK && meta != NULL && !gives(options, "metadata"))
        status = iio_dict_set_dict(options, "metadata", meta);
    if (status == IIO_OK && shown != NULL && !t->user_times
        && iio_dict_get_float(shown, "duration_s", &duration) == IIO_OK && duration > 0)
        status = iio_dict_set_float(options, "duration_s", duration);
    if (status == IIO_OK)
        status = image_write(&t->image, t->out.file, options);
    iio_dict_free(options);
    return status;
}

int transfer_one(struct transfer *t, int64_t index)
{
    iio_dict *meta = NULL;
    progress_images("reading", 0, 1);
    progress_phase(0, 2);
    iio_status status = iio_file_props(t->in.file, index, t->read_options, &t->image.props);
    if (status >= 0 && !image_reserve(&t->image))
        return out_of_memory();
    if (status >= 0)
        status = iio_file_read(t->in.file, index, t->read_options, t->image.data, t->image.capacity, &t->image.props);
    warn_if_partial(t, status);
    if (status >= 0)
        status = file_metadata(t, index, &meta);
    if (status < 0)
        return fail(t->in.uri, status);
    progress_images("writing", 0, 1);
    progress_phase(1, 2);
    status = write_image(t, meta, NULL);
    iio_dict_free(meta);
    return status < 0 ? fail(t->out.uri, status) : EXIT_OK;
}

int transfer_iterate(struct transfer *t, iio_iter **iter)
{
    iio_status status = iio_file_iter(t->in.file, t->read_options, iter);
    return status < 0 ? fail(t->in.uri, status) : EXIT_OK;
}

int transfer_next(struct transfer *t, iio_iter *iter, iio_dict **own)
{
    *own = NULL;
    progress_phase(0, 2);
    if (interrupted())
        return fail(t->in.uri, IIO_ERROR_CANCELLED);
    iio_status status = iio_iter_props(iter, &t->image.props);
    if (status == IIO_END)
        return EXIT_OK;
    if (status >= 0 && !image_reserve(&t->image))
        return out_of_memory();
    if (status >= 0)
        status = iio_iter_next(iter, t->image.data, t->image.capacity, &t->image.props);
    if (status == IIO_END)
        return EXIT_OK;
    warn_if_partial(t, status);
    if (status >= 0)
        status = iio_iter_meta(iter, own);
    return status < 0 ? fail(t->in.uri, status) : EXIT_OK;
}

/* What is written with an image of a sequence: its own metadata, and with the first one the file's as well. */
static iio_status metadata_of(struct transfer *t, uint64_t number, const iio_dict *own, bool sequence, iio_dict **meta)
{
    *meta = NULL;
    if (t->args->no_metadata)
        return IIO_OK;
    if (!sequence || number > 0)
        return iio_dict_copy(own, meta);
    iio_status status = file_metadata(t, IIO_INDEX_ALL, meta);
    return status == IIO_OK ? dict_merge(*meta, own) : status;
}

int transfer_write(struct transfer *t, uint64_t number, const iio_dict *own, bool sequence)
{
    iio_dict *meta = NULL;
    iio_status status = metadata_of(t, number, own, sequence, &meta);
    if (status < 0) {
        iio_dict_free(meta);
        return fail(t->in.uri, status);
    }
    progress_phase(1, 2);
    status = write_image(t, meta, sequence ? own : NULL);
    iio_dict_free(meta);
    if (status >= 0)
        return EXIT_OK;
    int code = fail(t->out.uri, status);
    if (sequence && number > 0 && status == IIO_ERROR_UNSUPPORTED)
        warn(t->in.uri, "holds several images; choose one with --index N, or use: iio frames");
    return code;
}

int transfer_publish(struct transfer *t)
{
    if (interrupted())
        return fail(t->out.uri, IIO_ERROR_CANCELLED);
    iio_file *file = t->out.file;
    t->out.file = NULL;
    iio_status status = iio_file_close(file);
    return status < 0 ? fail(t->out.uri, status) : EXIT_OK;
}

void transfer_end(struct transfer *t)
{
    progress_clear();
    image_free(&t->image);
    iio_dict_free(t->read_options);
    iio_dict_free(t->meta_options);
    iio_dict_free(t->write_options);
    iio_file_discard(t->out.file);
    iio_file_discard(t->in.file);
    iio_dict_free(t->plugins);
}
