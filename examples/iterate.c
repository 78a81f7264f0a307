/* Reads an animation image by image into one buffer: iterate FILE. However long it is, memory holds one image. */
#include <libimageio/imageio.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    iio_iter *iter = NULL;
    void *buffer = NULL;
    size_t capacity = 0;
    int number = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: iterate FILE\n");
        return 2;
    }

    iio_status status = iio_imiter(argv[1], NULL, &iter);
    while (status == IIO_OK) {
        iio_props props = IIO_PROPS_INIT;
        status = iio_iter_next(iter, buffer, capacity, &props);
        if (status == IIO_ERROR_BUFFER_TOO_SMALL) { /* nothing was consumed, and props tells what is needed */
            free(buffer);
            capacity = (size_t)props.nbytes;
            buffer = malloc(capacity);
            if (buffer == NULL)
                break;
            status = iio_iter_next(iter, buffer, capacity, &props);
        }
        if (status != IIO_OK)
            break;

        iio_dict *meta = NULL;
        double seconds = 0;
        status = iio_iter_meta(iter, &meta);
        iio_dict_get_float(meta, "duration_s", &seconds); /* absent from a stack without time: stays 0 */
        iio_dict_free(meta);
        printf("image %d: %" PRIu64 " bytes, shown for %.3f s\n", number++, props.nbytes, seconds);
    }

    if (status < 0)
        fprintf(stderr, "%s\n", iio_error_message());
    iio_iter_free(iter);
    free(buffer);
    return status == IIO_END ? 0 : 1;
}
