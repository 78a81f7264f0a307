/* Dictionaries as text: JSON as the library writes it, and an indented form for people. */
#include "tool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_TEXT = 100, SHOWN_BYTES = 16, SHOWN_ELEMENTS = 16 };

const char *dict_text(const iio_dict *dict, const char *key)
{
    const char *text = "";
    return iio_dict_get_string(dict, key, &text) == IIO_OK ? text : "";
}

bool dict_true(const iio_dict *dict, const char *key)
{
    int32_t value = 0;
    return iio_dict_get_bool(dict, key, &value) == IIO_OK && value != 0;
}

char *json_text(const iio_dict *dict, const char *key)
{
    size_t capacity = 256;
    char *text = malloc(capacity);
    while (text != NULL) {
        size_t needed = 0;
        iio_status status = key != NULL ? iio_dict_get_json(dict, key, text, capacity, &needed)
                                        : iio_dict_to_json(dict, text, capacity, &needed);
        if (status == IIO_OK)
            return text;
        char *longer = status == IIO_ERROR_BUFFER_TOO_SMALL ? realloc(text, needed) : NULL;
        if (longer == NULL)
            free(text);
        text = longer;
        capacity = needed;
    }
    return NULL;
}

int print_json(const iio_dict *dict)
{
    char *text = json_text(dict, NULL);
    if (text == NULL)
        return out_of_memory();
    puts(text);
    free(text);
    return EXIT_OK;
}

/* At most `longest` bytes of it, whole UTF-8 characters. */
static void put_shortened(const char *text, size_t size, size_t longest)
{
    size_t shown = size;
    if (size > longest) {
        shown = longest;
        while (shown > 0 && ((unsigned char)text[shown] & 0xC0) == 0x80)
            shown--;
    }
    put_text(stdout, text, shown);
    if (shown < size)
        printf("... (%zu bytes)", size);
}

static void put_json(const iio_dict *dict, const char *key)
{
    char *text = json_text(dict, key);
    if (text != NULL)
        put_shortened(text, strlen(text), LONGEST_TEXT);
    free(text);
}

static void put_bytes(const iio_dict *dict, const char *key)
{
    const void *data = NULL;
    size_t size = 0;
    iio_dict_get_bytes(dict, key, &data, &size);
    printf("%zu bytes", size);
    for (size_t i = 0; i < size && i < SHOWN_BYTES; i++)
        printf("%s%02x", i == 0 ? ": " : " ", ((const unsigned char *)data)[i]);
    if (size > SHOWN_BYTES)
        printf(" ...");
}

static void put_array(const iio_dict *dict, const char *key)
{
    iio_array array = IIO_ARRAY_INIT;
    if (iio_dict_get_array(dict, key, &array) != IIO_OK)
        return;
    uint64_t count = 1;
    printf("%s array (", iio_dtype_name(array.dtype));
    for (uint32_t i = 0; i < array.ndim; i++) {
        printf("%s%" PRIu64, i == 0 ? "" : ", ", array.shape[i]);
        count = array.shape[i] > SHOWN_ELEMENTS ? SHOWN_ELEMENTS + 1 : count * array.shape[i];
    }
    putchar(')');
    if (count <= SHOWN_ELEMENTS) {
        printf(" ");
        put_json(dict, key);
    }
}

static bool holds_containers(const iio_dict *list)
{
    for (size_t i = 0; i < iio_dict_len(list); i++) {
        int32_t kind = iio_dict_kind(list, iio_dict_key(list, i));
        if (kind == IIO_KIND_DICT || kind == IIO_KIND_LIST || kind == IIO_KIND_ARRAY || kind == IIO_KIND_BYTES)
            return true;
    }
    return false;
}

/* What follows a key; `gap` is the room between it and a value on the same line. */
static void print_value(const iio_dict *dict, const char *key, int indent, int gap)
{
    const char *text = NULL;
    const iio_dict *inner = NULL;
    int32_t kind = iio_dict_kind(dict, key);
    if (kind == IIO_KIND_DICT || kind == IIO_KIND_LIST) {
        if (iio_dict_get_dict(dict, key, &inner) != IIO_OK)
            return;
        if (iio_dict_len(inner) > 0 && (kind == IIO_KIND_DICT || holds_containers(inner))) {
            putchar('\n');
            print_dict(inner, indent + 2);
            return;
        }
    }
    printf("%*s", gap, "");
    if (kind == IIO_KIND_STRING && iio_dict_get_string(dict, key, &text) == IIO_OK)
        put_shortened(text, strlen(text), LONGEST_TEXT);
    else if (kind == IIO_KIND_BYTES)
        put_bytes(dict, key);
    else if (kind == IIO_KIND_ARRAY)
        put_array(dict, key);
    else
        put_json(dict, key);
    putchar('\n');
}

void print_dict(const iio_dict *dict, int indent)
{
    int width = 0;
    for (size_t i = 0; i < iio_dict_len(dict); i++) {
        int length = (int)strlen(iio_dict_key(dict, i));
        width = length > width && length <= 24 ? length : width;
    }
    for (size_t i = 0; i < iio_dict_len(dict); i++) {
        const char *key = iio_dict_key(dict, i);
        int length = (int)strlen(key);
        printf("%*s", indent, "");
        put_text(stdout, key, (size_t)length);
        print_value(dict, key, indent, length < width ? width - length + 2 : 2);
    }
}
