/* iio info: what a file holds, without decoding a pixel. */
#include "tool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "iio info FILE... [--index N|all] [--json] [key=value ...]\n"
    "\n"
    "Shows properties and metadata; no pixel is decoded. FILE may be - for standard input.\n"
    "\n"
    "  --index N    of image N, counted from 0; \"all\": of all images stacked.\n"
    "               Without it the format decides: all of an animation, the first of anything else\n"
    "  --json       an array with one object for each file, with everything in full\n"
    "  key=value    options of reading (see: iio plugins NAME), e.g. plugin=image dtype=float32\n"
    "\n"
    "A file that fails is reported, the others are shown, and the exit code is that of the first failure.\n";

/* The number of images in the file: -1 where only a scan of an unseekable stream could tell. */
static int64_t count_images(iio_file *file, const iio_props *props)
{
    int64_t count = props->n_images;
    if (count < 0 && iio_file_count(file, NULL, IIO_IMAGES_CHEAP, &count) != IIO_OK)
        count = -1;
    if (count < 0 && iio_file_count(file, NULL, IIO_IMAGES_EXACT, &count) != IIO_OK)
        count = -1;
    return count;
}

struct description {
    const char *uri;
    const char *plugin;
    int64_t n_images;
    iio_props props;
    iio_dict *meta;
};

static int describe(struct side *side, struct description *d)
{
    int64_t index = side->args->index;
    int code = side_open(side);
    if (code != EXIT_OK)
        return code;
    iio_dict *meta_options = side_options(side, "meta", false);
    iio_dict *props_options = side_options(side, "props", true);
    iio_status status = IIO_ERROR_OUT_OF_MEMORY;
    if (meta_options != NULL && props_options != NULL)
        status = iio_file_props(side->file, index, props_options, &d->props);
    if (status >= 0)
        status = iio_file_meta(side->file, index, meta_options, &d->meta);
    iio_dict_free(meta_options);
    iio_dict_free(props_options);
    if (status < 0)
        return fail(side->uri, status);
    d->uri = side->uri;
    d->plugin = iio_file_plugin(side->file);
    d->n_images = count_images(side->file, &d->props);
    progress_clear();
    return interrupted() ? fail(side->uri, IIO_ERROR_CANCELLED) : EXIT_OK;
}

static void row(const char *name)
{
    printf("  %-12s ", name);
}

static void print_size(uint64_t bytes)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB" };
    if (bytes < 1024) {
        printf("%" PRIu64 " bytes\n", bytes);
        return;
    }
    double size = (double)bytes / 1024;
    size_t unit = 0;
    for (; size >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        size /= 1024;
    printf("%.1f %s (%" PRIu64 " bytes)\n", size, units[unit], bytes);
}

static void print_shape(const iio_props *props)
{
    row("shape");
    if (props->ndim == 0)
        printf("()");
    for (uint32_t i = 0; i < props->ndim; i++)
        printf("%s%" PRIu64, i == 0 ? "" : " x ", props->shape[i]);
    if (props->axes[0] != '\0')
        printf("  (%s)", props->axes);
    putchar('\n');
}

static void print_spacing(const iio_props *props)
{
    bool known = false;
    for (uint32_t i = 0; i < props->ndim; i++)
        known = known || props->spacing[i] != 0;
    if (!known)
        return;
    row("spacing");
    for (uint32_t i = 0; i < props->ndim; i++)
        printf("%s%g", i == 0 ? "" : " x ", props->spacing[i]);
    putchar('\n');
}

static void print_description(const struct description *d)
{
    const iio_props *props = &d->props;
    put_text(stdout, d->uri, strlen(d->uri));
    putchar('\n');
    row("plugin");
    puts(d->plugin);
    row("images");
    if (d->n_images >= 0)
        printf("%" PRId64 "\n", d->n_images);
    else
        puts("unknown");
    print_shape(props);
    row("dtype");
    puts(iio_dtype_name(props->dtype));
    row("colour");
    printf("%s%s\n", color_name(props->color) != NULL ? color_name(props->color) : "unknown",
           props->flags & IIO_PROPS_PREMULTIPLIED ? ", premultiplied alpha" : "");
    row("bits");
    if (props->bits > 0)
        printf("%" PRIu32 "\n", props->bits);
    else
        puts("unknown");
    row("orientation");
    if (props->orientation > 1)
        printf("%" PRIu32 ", to be applied\n", props->orientation);
    else
        puts(props->flags & IIO_PROPS_ORIENTED ? "applied" : "as stored");
    print_spacing(props);
    row("decoded");
    print_size(props->nbytes);
    if (iio_dict_len(d->meta) > 0) {
        puts("  metadata");
        print_dict(d->meta, 4);
    }
}

/* A list of `n` numbers, from integers or else from reals. */
static iio_status set_numbers(iio_dict *dict, const char *key, uint32_t n, const uint64_t *integers, const double *reals)
{
    iio_dict *list = iio_dict_new();
    iio_status status = list != NULL ? IIO_OK : IIO_ERROR_OUT_OF_MEMORY;
    for (uint32_t i = 0; status == IIO_OK && i < n; i++) {
        char name[16];
        snprintf(name, sizeof name, "%" PRIu32, i);
        status = integers != NULL ? iio_dict_set_int(list, name, (int64_t)integers[i])
                                  : iio_dict_set_float(list, name, reals[i]);
    }
    if (status == IIO_OK)
        status = iio_dict_set_list(dict, key, list);
    iio_dict_free(list);
    return status;
}

static iio_status set_number_or_null(iio_dict *dict, const char *key, int64_t value, bool known)
{
    return known ? iio_dict_set_int(dict, key, value) : iio_dict_set_null(dict, key);
}

static iio_status set_name(iio_dict *dict, const char *key, const char *name)
{
    /* A file name on Unix is bytes; what is no UTF-8 is written as bytes. */
    iio_status status = iio_dict_set_string(dict, key, name);
    return status == IIO_ERROR_INVALID_ARGUMENT ? iio_dict_set_bytes(dict, key, name, strlen(name)) : status;
}

static iio_status fill_object(iio_dict *object, const struct description *d)
{
    const iio_props *props = &d->props;
    const char *color = color_name(props->color);
    iio_status status = set_name(object, "file", d->uri);
    if (status == IIO_OK)
        status = iio_dict_set_string(object, "plugin", d->plugin);
    if (status == IIO_OK)
        status = set_number_or_null(object, "n_images", d->n_images, d->n_images >= 0);
    if (status == IIO_OK)
        status = set_numbers(object, "shape", props->ndim, props->shape, NULL);
    if (status == IIO_OK)
        status = iio_dict_set_string(object, "axes", props->axes);
    if (status == IIO_OK)
        status = iio_dict_set_string(object, "dtype", iio_dtype_name(props->dtype));
    if (status == IIO_OK)
        status = iio_dict_set_bool(object, "is_batch", props->is_batch != 0);
    if (status == IIO_OK)
        status = iio_dict_set_int(object, "nbytes", (int64_t)props->nbytes);
    if (status == IIO_OK)
        status = set_numbers(object, "spacing", props->ndim, NULL, props->spacing);
    if (status == IIO_OK)
        status = color != NULL ? iio_dict_set_string(object, "color", color) : iio_dict_set_null(object, "color");
    if (status == IIO_OK)
        status = set_number_or_null(object, "bits", props->bits, props->bits > 0);
    if (status == IIO_OK)
        status = set_number_or_null(object, "orientation", props->orientation, props->orientation > 0);
    if (status == IIO_OK)
        status = iio_dict_set_bool(object, "premultiplied", (props->flags & IIO_PROPS_PREMULTIPLIED) != 0);
    if (status == IIO_OK)
        status = iio_dict_set_bool(object, "oriented", (props->flags & IIO_PROPS_ORIENTED) != 0);
    return status == IIO_OK ? iio_dict_set_dict(object, "metadata", d->meta) : status;
}

static int print_object(const struct description *d)
{
    iio_dict *object = iio_dict_new();
    iio_status status = object != NULL ? fill_object(object, d) : IIO_ERROR_OUT_OF_MEMORY;
    int code = status == IIO_OK ? print_json(object) : fail(d->uri, status);
    iio_dict_free(object);
    return code;
}

static int show(const char *uri, struct args *args, const iio_dict *plugins, bool *printed)
{
    struct side side = { .uri = uri, .mode = "r", .args = args, .plugins = plugins };
    struct description d = { .props = IIO_PROPS_INIT };
    for (size_t i = 0; i < args->n_options; i++)
        args->options[i].used = false;
    int code = describe(&side, &d);
    if (code == EXIT_OK) {
        if (*printed)
            fputs(args->json ? ",\n" : "\n", stdout);
        *printed = true;
        if (args->json)
            code = print_object(&d);
        else
            print_description(&d);
    }
    iio_dict_free(d.meta);
    iio_file_discard(side.file);
    return code;
}

static int run(struct args *args)
{
    iio_dict *plugins = NULL;
    int first = EXIT_OK;
    bool printed = false;
    for (size_t i = 0; i < args->n_options; i++)
        if (args->options[i].side == SIDE_OUT)
            return usage("info", "info writes nothing: out:%s=", args->options[i].key);
    iio_status status = iio_plugins(&plugins);
    if (status != IIO_OK)
        return fail("plugins", status);
    if (args->json)
        puts("[");
    for (size_t i = 0; i < args->n_files && !interrupted(); i++) {
        int code = show(args->files[i], args, plugins, &printed);
        first = first == EXIT_OK ? code : first;
    }
    if (args->json)
        puts("]");
    iio_dict_free(plugins);
    return interrupted() ? interrupted_code() : first;
}

const struct command info_command = {
    .name = "info",
    .help = help,
    .accepts = ARGS_JSON | ARGS_INDEX | ARGS_OPTIONS,
    .min_files = 1,
    .max_files = SIZE_MAX,
    .run = run,
};
