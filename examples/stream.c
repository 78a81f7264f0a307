/* Reads through callbacks of one's own: stream FILE. The bytes may come from anywhere; here it is a FILE*, and the
   reader counts how many it hands over. */
#include <libimageio/imageio.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct source {
    FILE *stream;
    uint64_t bytes;
};

static int64_t source_read(void *user, void *buffer, size_t size)
{
    struct source *source = user;
    size_t got = fread(buffer, 1, size, source->stream);
    source->bytes += got;
    return ferror(source->stream) ? -1 : (int64_t)got; /* 0 at the end */
}

static int64_t source_seek(void *user, int64_t offset, int32_t whence)
{
    static const int from[] = { SEEK_SET, SEEK_CUR, SEEK_END };
    struct source *source = user;
    return fseek(source->stream, (long)offset, from[whence]) == 0 ? ftell(source->stream) : -1;
}

/* Called exactly once, when the file has ended or could not be opened. */
static void source_close(void *user)
{
    struct source *source = user;
    fclose(source->stream);
}

static iio_status read_all(iio_file *file)
{
    iio_props props = IIO_PROPS_INIT;
    iio_status status = iio_file_props(file, IIO_INDEX_DEFAULT, NULL, &props);
    if (status != IIO_OK)
        return status;
    void *pixels = malloc((size_t)props.nbytes);
    if (pixels == NULL)
        return IIO_ERROR_OUT_OF_MEMORY;
    status = iio_file_read(file, IIO_INDEX_DEFAULT, NULL, pixels, (size_t)props.nbytes, &props);
    if (status == IIO_OK)
        printf("%s: %" PRIu64 " bytes of %s pixels", iio_file_plugin(file), props.nbytes, iio_dtype_name(props.dtype));
    free(pixels);
    return status;
}

int main(int argc, char **argv)
{
    struct source source = { argc > 1 ? fopen(argv[1], "rb") : NULL, 0 };
    if (source.stream == NULL) {
        fprintf(stderr, "usage: stream FILE (which must be readable)\n");
        return 2;
    }

    iio_callbacks io = IIO_CALLBACKS_INIT;
    io.user = &source;
    io.read = source_read;
    io.seek = source_seek; /* leave it NULL for a pipe or a socket */
    io.close = source_close;

    iio_file *file = NULL;
    iio_status status = iio_imopen_callbacks(&io, "r", NULL, &file);
    if (status == IIO_OK)
        status = read_all(file);
    if (status < 0)
        fprintf(stderr, "%s\n", iio_error_message());
    iio_file_discard(file); /* closes the source */
    if (status == IIO_OK)
        printf(" from %" PRIu64 " bytes read\n", source.bytes);
    return status == IIO_OK ? 0 : 1;
}
