/* One image in memory, and what goes with it into another file. */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

bool image_reserve(struct image *image)
{
    size_t needed = image->props.nbytes > 0 ? (size_t)image->props.nbytes : 1;
    if (image->props.nbytes > SIZE_MAX)
        return false;
    if (needed <= image->capacity)
        return true;
    free(image->data); /* not realloc: the old pixels need no copying */
    image->data = malloc(needed);
    image->capacity = image->data != NULL ? needed : 0;
    return image->data != NULL;
}

void image_free(struct image *image)
{
    free(image->data);
    *image = (struct image){ .capacity = 0 };
}

const char *color_name(uint32_t color)
{
    static const char *const names[] = {
        [IIO_COLOR_GRAY] = "gray",   [IIO_COLOR_GRAY_ALPHA] = "gray_alpha", [IIO_COLOR_RGB] = "rgb",
        [IIO_COLOR_RGBA] = "rgba",   [IIO_COLOR_BGR] = "bgr",               [IIO_COLOR_BGRA] = "bgra",
        [IIO_COLOR_CMYK] = "cmyk",   [IIO_COLOR_YCBCR] = "ycbcr",           [IIO_COLOR_LAB] = "lab",
        [IIO_COLOR_HSV] = "hsv",     [IIO_COLOR_PALETTE] = "palette",       [IIO_COLOR_BAYER] = "bayer",
        [IIO_COLOR_MULTI] = "multi",
    };
    return color < sizeof names / sizeof *names ? names[color] : NULL;
}

/* Gray, RGB and RGBA are what the shape says by itself. */
static bool color_is_plain(uint32_t color)
{
    return color == IIO_COLOR_UNKNOWN || color == IIO_COLOR_GRAY || color == IIO_COLOR_GRAY_ALPHA
           || color == IIO_COLOR_RGB || color == IIO_COLOR_RGBA || color_name(color) == NULL;
}

static bool axes_are_plain(const char *axes)
{
    return *axes == '\0' || strcmp(axes, "YX") == 0 || strcmp(axes, "YXS") == 0;
}

iio_status image_write(const struct image *image, iio_file *file, iio_dict *options)
{
    const iio_props *props = &image->props;
    iio_array array = IIO_ARRAY_INIT;
    iio_status status = IIO_OK;
    array.dtype = props->dtype;
    array.ndim = props->ndim;
    array.data = image->data;
    memcpy(array.shape, props->shape, sizeof array.shape);
    /* Else the writer would guess from the shape whether the first axis counts images; here it never does. */
    if (iio_dict_kind(options, "is_batch") == IIO_KIND_ABSENT)
        status = iio_dict_set_bool(options, "is_batch", 0);
    if (status == IIO_OK && !color_is_plain(props->color) && iio_dict_kind(options, "color") == IIO_KIND_ABSENT)
        status = iio_dict_set_string(options, "color", color_name(props->color));
    if (status == IIO_OK && !axes_are_plain(props->axes) && iio_dict_kind(options, "axes") == IIO_KIND_ABSENT)
        status = iio_dict_set_string(options, "axes", props->axes);
    return status == IIO_OK ? iio_file_write(file, &array, options) : status;
}

iio_status dict_copy_value(iio_dict *to, const iio_dict *from, const char *key)
{
    int32_t boolean;
    int64_t integer;
    double real;
    const char *text;
    const void *data;
    size_t size;
    const iio_dict *inner;
    iio_array array = IIO_ARRAY_INIT;
    iio_status status;
    switch (iio_dict_kind(from, key)) {
    case IIO_KIND_NULL:
        return iio_dict_set_null(to, key);
    case IIO_KIND_BOOL:
        status = iio_dict_get_bool(from, key, &boolean);
        return status == IIO_OK ? iio_dict_set_bool(to, key, boolean) : status;
    case IIO_KIND_INT:
        status = iio_dict_get_int(from, key, &integer);
        return status == IIO_OK ? iio_dict_set_int(to, key, integer) : status;
    case IIO_KIND_FLOAT:
        status = iio_dict_get_float(from, key, &real);
        return status == IIO_OK ? iio_dict_set_float(to, key, real) : status;
    case IIO_KIND_STRING:
        status = iio_dict_get_string(from, key, &text);
        return status == IIO_OK ? iio_dict_set_string(to, key, text) : status;
    case IIO_KIND_BYTES:
        status = iio_dict_get_bytes(from, key, &data, &size);
        return status == IIO_OK ? iio_dict_set_bytes(to, key, data, size) : status;
    case IIO_KIND_ARRAY:
        status = iio_dict_get_array(from, key, &array);
        return status == IIO_OK ? iio_dict_set_array(to, key, &array) : status;
    case IIO_KIND_LIST:
        status = iio_dict_get_dict(from, key, &inner);
        return status == IIO_OK ? iio_dict_set_list(to, key, inner) : status;
    case IIO_KIND_DICT:
        status = iio_dict_get_dict(from, key, &inner);
        return status == IIO_OK ? iio_dict_set_dict(to, key, inner) : status;
    default:
        return IIO_OK; /* absent, or a callback, which belongs to one call */
    }
}

iio_status dict_merge(iio_dict *to, const iio_dict *from)
{
    iio_status status = IIO_OK;
    for (size_t i = 0; status == IIO_OK && i < iio_dict_len(from); i++)
        status = dict_copy_value(to, from, iio_dict_key(from, i));
    return status;
}
