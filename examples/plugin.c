/* A format of one's own: a plugin in C, registered at run time, that reads "GLYPH" files:

       GLYPH 5 3\n          width and height
       .###.                '#' is white, anything else black
       #...#
       .###.

   A module that libimageio loads by itself holds the same struct, exports iio_plugin_entry instead of a main, and
   takes the iio_* functions that it needs from host->symbol. */
#include <libimageio/plugin.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 4096 };

struct glyph {
    const iio_host *host;
    uint64_t height, width;
    char text[MAX_BYTES + 1];
    const char *rows; /* in text */
};

static const char declaration[] =
    "{ \"name\": \"glyph\", \"description\": \"pictures typed on a keyboard\", \"extensions\": [\".glyph\"],"
    "  \"can_read\": true, \"can_write\": false,"
    "  \"options\": { \"white\": { \"type\": \"int\", \"default\": 255, \"calls\": [\"read\", \"props\", \"iter\"],"
    "                           \"range\": [1, 255], \"doc\": \"the value of a '#'\" } } }";

static int32_t glyph_probe(void *user, const void *head, size_t size, const char *extension)
{
    (void)user, (void)extension;
    return size >= 6 && memcmp(head, "GLYPH ", 6) == 0 ? 100 : 0;
}

static iio_status glyph_parse(struct glyph *glyph, size_t size)
{
    unsigned width = 0, height = 0;
    int start = 0;
    if (sscanf(glyph->text, "GLYPH %3u %3u%n", &width, &height, &start) != 2 || glyph->text[start] != '\n')
        return glyph->host->fail(IIO_ERROR_UNSUPPORTED, "glyph: the first line is not GLYPH width height");
    if ((size_t)start + 1 + (size_t)height * (width + 1) > size)
        return glyph->host->fail(IIO_ERROR_CORRUPT, "glyph: rows are missing");
    glyph->width = width;
    glyph->height = height;
    glyph->rows = glyph->text + start + 1;
    return IIO_OK;
}

static iio_status glyph_open(void *user, const iio_host *host, const iio_callbacks *io, const char *path,
                             const char *mode, const iio_dict *options, void **file)
{
    (void)user, (void)path, (void)mode, (void)options;
    struct glyph *glyph = calloc(1, sizeof *glyph);
    size_t size = 0;
    int64_t got = 1;
    if (glyph == NULL)
        return host->fail(IIO_ERROR_OUT_OF_MEMORY, "glyph: out of memory");
    glyph->host = host;
    while (got > 0 && size < MAX_BYTES) { /* a read may give less than was asked for; 0 is the end */
        got = io->read(io->user, glyph->text + size, MAX_BYTES - size);
        size += got > 0 ? (size_t)got : 0;
    }
    iio_status status = got < 0 ? host->fail(IIO_ERROR_IO, "glyph: cannot read") : glyph_parse(glyph, size);
    if (status == IIO_OK)
        *file = glyph;
    else
        free(glyph);
    return status;
}

static iio_status glyph_count(void *file, const iio_dict *options, uint32_t how, int64_t *count)
{
    (void)file, (void)options, (void)how;
    *count = 1;
    return IIO_OK;
}

static iio_status glyph_props(void *file, int64_t index, const iio_dict *options, iio_props *props)
{
    struct glyph *glyph = file;
    uint32_t stacked = index == IIO_INDEX_ALL; /* then a batch of one image */
    (void)options;
    if (!stacked && index != IIO_INDEX_DEFAULT && index != 0)
        return glyph->host->fail(IIO_ERROR_INDEX, "glyph: a file holds one image");
    props->dtype = IIO_UINT8;
    props->ndim = 2 + stacked;
    props->is_batch = stacked;
    props->n_images = stacked ? 1 : -1;
    props->shape[0] = 1;
    props->shape[stacked] = glyph->height;
    props->shape[stacked + 1] = glyph->width;
    props->nbytes = glyph->height * glyph->width;
    strcpy(props->axes, stacked ? "NYX" : "YX");
    props->color = IIO_COLOR_GRAY;
    props->bits = 8;
    return IIO_OK;
}

/* Fills memory that the caller chose, with the strides that the caller chose. */
static iio_status glyph_read(void *file, int64_t index, const iio_dict *options, const iio_array *dst)
{
    struct glyph *glyph = file;
    int64_t white = 255;
    (void)index;
    iio_dict_get_int(options, "white", &white); /* stays 255 where the caller does not say */
    int64_t row = dst->strides[dst->ndim - 2], column = dst->strides[dst->ndim - 1];
    if (row == 0 && column == 0) { /* all zero means C-contiguous */
        row = (int64_t)glyph->width;
        column = 1;
    }
    for (uint64_t y = 0; y < glyph->height; y++)
        for (uint64_t x = 0; x < glyph->width; x++)
            ((uint8_t *)dst->data)[(int64_t)y * row + (int64_t)x * column] =
                glyph->rows[y * (glyph->width + 1) + x] == '#' ? (uint8_t)white : 0;
    return IIO_OK;
}

static iio_status glyph_meta(void *file, int64_t index, const iio_dict *options, iio_dict *into)
{
    (void)file, (void)index, (void)options;
    return iio_dict_set_string(into, "comment", "typed on a keyboard");
}

static const char picture[] = "GLYPH 11 5\n"
                              "#.#.....#.#\n"
                              "#.#.###...#\n"
                              "###.#.#.#.#\n"
                              "#.#.###.#..\n"
                              "#.#.....#.#\n";

int main(void)
{
    const iio_plugin plugin = {
        .struct_size = sizeof plugin,
        .declaration = declaration,
        .probe = glyph_probe,
        .open = glyph_open,
        .count = glyph_count,
        .props = glyph_props,
        .read = glyph_read,
        .meta = glyph_meta,
        .close = free,
    };
    uint8_t pixels[5][11];
    iio_props props = IIO_PROPS_INIT;
    iio_file *file = NULL;

    iio_status status = iio_register_plugin(&plugin);
    if (status == IIO_OK)
        status = iio_imopen_bytes(picture, strlen(picture), NULL, &file); /* found by its content */
    if (status == IIO_OK)
        status = iio_file_read(file, 0, NULL, pixels, sizeof pixels, &props);
    if (status == IIO_OK) {
        printf("read by %s:\n", iio_file_plugin(file));
        for (size_t y = 0; y < 5; y++, putchar('\n'))
            for (size_t x = 0; x < 11; x++)
                fputs(pixels[y][x] == 255 ? "##" : "  ", stdout);
    } else {
        fprintf(stderr, "%s\n", iio_error_message());
    }
    iio_file_discard(file);
    iio_unregister_plugin("glyph");
    return status == IIO_OK ? 0 : 1;
}
