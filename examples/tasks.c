/* Six everyday tasks, a function each: tasks PHOTO ANIMATION FOLDER. docs/c.md shows them one by one. */
#include <libimageio/imageio.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The allocator of iio_imread_alloc: any memory will do. The properties are known by then. */
static void *new_pixels(void *user, const iio_props *props, size_t nbytes)
{
    (void)user;
    (void)props;
    return malloc(nbytes ? nbytes : 1);
}

/* Reads a photo into memory of one's own. */
static iio_status read_photo(const char *path)
{
    iio_props props = IIO_PROPS_INIT;
    void *pixels = NULL;
    iio_status status = iio_imread_alloc(path, 0, NULL, new_pixels, NULL, &pixels, &props);
    if (status == IIO_OK)
        printf("%" PRIu64 " rows of %" PRIu64 " pixels, the first sample is %u\n", props.shape[0], props.shape[1],
               *(const unsigned char *)pixels);
    free(pixels);
    return status;
}

/* Says what a read would give, without decoding a pixel. */
static iio_status show_properties(const char *path)
{
    iio_props props = IIO_PROPS_INIT;
    iio_status status = iio_improps(path, 0, NULL, &props);
    if (status != IIO_OK)
        return status;
    printf("%s, axes %s:", iio_dtype_name(props.dtype), props.axes);
    for (uint32_t axis = 0; axis < props.ndim; axis++)
        printf(" %" PRIu64, props.shape[axis]);
    printf(", %" PRIu64 " bytes\n", props.nbytes);
    return IIO_OK;
}

/* Shows the metadata: one value by its name and type, then all of it as JSON. */
static iio_status show_metadata(const char *path)
{
    iio_dict *meta = NULL;
    iio_status status = iio_immeta(path, 0, NULL, &meta);
    if (status != IIO_OK)
        return status;
    const char *mode = "unknown";
    if (iio_dict_get_string(meta, "mode", &mode) == IIO_OK) /* borrowed until the dictionary is freed */
        printf("mode %s\n", mode);
    size_t needed = 0;
    (void)iio_dict_to_json(meta, NULL, 0, &needed); /* only asks */
    char *json = malloc(needed);
    if (json != NULL && iio_dict_to_json(meta, json, needed, &needed) == IIO_OK)
        printf("%zu bytes of JSON\n", strlen(json));
    free(json);
    iio_dict_free(meta);
    return IIO_OK;
}

/* Goes through the images of an animation, a stack or a video, one in memory at a time. */
static iio_status each_image(const char *path)
{
    iio_iter *iter = NULL;
    iio_status status = iio_imiter(path, NULL, &iter);
    iio_props props = IIO_PROPS_INIT;
    void *pixels = NULL;
    while (status == IIO_OK && (status = iio_iter_props(iter, &props)) == IIO_OK) {
        void *more = realloc(pixels, props.nbytes ? (size_t)props.nbytes : 1);
        if (more == NULL) {
            status = IIO_ERROR_OUT_OF_MEMORY;
            break;
        }
        pixels = more;
        status = iio_iter_next(iter, pixels, (size_t)props.nbytes, &props);
    }
    free(pixels);
    iio_iter_free(iter);
    return status == IIO_END ? IIO_OK : status;
}

/* Writes a picture: any dtype and strides, options by name. The file appears when it is complete. */
static iio_status write_picture(const char *path)
{
    static unsigned char rgb[64][64][3];
    for (int y = 0; y < 64; y++)
        for (int x = 0; x < 64; x++)
            rgb[y][x][0] = (unsigned char)(4 * x), rgb[y][x][1] = (unsigned char)(4 * y), rgb[y][x][2] = 128;
    iio_array image = IIO_ARRAY_INIT;
    image.dtype = IIO_UINT8;
    image.ndim = 3;
    image.data = rgb;
    image.shape[0] = image.shape[1] = 64;
    image.shape[2] = 3;
    iio_dict *options = iio_dict_new();
    iio_status status = iio_dict_set_int(options, "quality", 90);
    if (status == IIO_OK)
        status = iio_imwrite(path, &image, options);
    iio_dict_free(options);
    return status;
}

static int64_t stream_read(void *user, void *buffer, size_t size)
{
    size_t got = fread(buffer, 1, size, user);
    return ferror((FILE *)user) ? -1 : (int64_t)got; /* 0 at the end */
}

static void stream_close(void *user)
{
    fclose(user);
}

/* Reads from a stream of one's own; with a `seek` beside `read` it need not be kept in memory. */
static iio_status read_stream(FILE *stream)
{
    iio_callbacks io = IIO_CALLBACKS_INIT;
    io.user = stream;
    io.read = stream_read;
    io.close = stream_close; /* once, also when the opening fails */
    iio_file *file = NULL;
    iio_status status = iio_imopen_callbacks(&io, "r", NULL, &file);
    iio_props props = IIO_PROPS_INIT;
    if (status == IIO_OK)
        status = iio_file_props(file, 0, NULL, &props);
    void *pixels = status == IIO_OK ? malloc(props.nbytes ? (size_t)props.nbytes : 1) : NULL;
    if (pixels != NULL)
        status = iio_file_read(file, 0, NULL, pixels, (size_t)props.nbytes, NULL);
    free(pixels);
    iio_file_discard(file);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: tasks PHOTO ANIMATION FOLDER\n");
        return 2;
    }
    char written[4096];
    snprintf(written, sizeof written, "%s/tasks.jpg", argv[3]);
    iio_status status = read_photo(argv[1]);
    if (status == IIO_OK)
        status = show_properties(argv[1]);
    if (status == IIO_OK)
        status = show_metadata(argv[1]);
    if (status == IIO_OK)
        status = each_image(argv[2]);
    if (status == IIO_OK)
        status = write_picture(written);
    FILE *stream = status == IIO_OK ? fopen(written, "rb") : NULL;
    if (stream != NULL)
        status = read_stream(stream);
    if (status != IIO_OK)
        fprintf(stderr, "tasks: %s: %s\n", iio_status_name(status), iio_error_message());
    return status != IIO_OK || stream == NULL;
}
