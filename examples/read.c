#include <libimageio/imageio.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "image.png";
    iio_props props = IIO_PROPS_INIT;
    if (iio_improps(path, IIO_INDEX_DEFAULT, NULL, &props) != IIO_OK) /* decodes no pixel */
        return fprintf(stderr, "%s\n", iio_error_message()), 1;
    void *pixels = malloc(props.nbytes); /* the memory is yours */
    iio_status status = iio_imread(path, IIO_INDEX_DEFAULT, NULL, pixels, props.nbytes, &props);
    if (status != IIO_OK) fprintf(stderr, "%s\n", iio_error_message());
    else printf("%s %s, %zu bytes\n", iio_dtype_name(props.dtype), props.axes, (size_t)props.nbytes);
    free(pixels);
    return status != IIO_OK;
}
