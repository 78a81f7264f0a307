/* Writes an array of one's own: write OUT. Any strides will do; here the rows stand bottom up, as a GPU gives them. */
#include <libimageio/imageio.h>

#include <stdio.h>

enum { HEIGHT = 120, WIDTH = 160 };

static uint8_t pixels[HEIGHT][WIDTH][3];

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "gradient.png";
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            pixels[y][x][0] = (uint8_t)(x * 255 / (WIDTH - 1));
            pixels[y][x][1] = (uint8_t)(y * 255 / (HEIGHT - 1));
            pixels[y][x][2] = 128;
        }

    iio_array image = IIO_ARRAY_INIT;
    image.dtype = IIO_UINT8;
    image.ndim = 3;
    image.shape[0] = HEIGHT;
    image.shape[1] = WIDTH;
    image.shape[2] = 3;
    image.data = pixels[HEIGHT - 1]; /* the first row of the image is the last one in memory ... */
    image.strides[0] = -(int64_t)sizeof pixels[0]; /* ... and the next row stands before it */
    image.strides[1] = sizeof pixels[0][0];
    image.strides[2] = 1;

    if (iio_imwrite(path, &image, NULL) != IIO_OK) {
        fprintf(stderr, "%s\n", iio_error_message());
        return 1;
    }
    printf("wrote %s\n", path);
    return 0;
}
