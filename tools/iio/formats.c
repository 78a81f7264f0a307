/* iio formats: the table of extensions, and which plugins serve them in which order. */
#include "tool.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "iio formats [EXT] [--json]\n"
    "\n"
    "Lists the known extensions: r and w say that an available plugin reads or writes them, then come the format's\n"
    "name and the plugins in the order in which they are asked. EXT (png or .png) shows one.\n"
    "\n"
    "  --json       the table as an object\n";

static void print_plugins(const iio_dict *format)
{
    const iio_dict *list = NULL;
    if (iio_dict_get_dict(format, "priority", &list) != IIO_OK)
        return;
    for (size_t i = 0; i < iio_dict_len(list); i++)
        printf("%s%s", i == 0 ? "" : ", ", dict_text(list, iio_dict_key(list, i)));
}

static void print_format(const char *extension, const iio_dict *format)
{
    printf("%-12s %c%c  %-44s ", extension, dict_true(format, "can_read") ? 'r' : '-',
           dict_true(format, "can_write") ? 'w' : '-', dict_text(format, "name"));
    print_plugins(format);
    putchar('\n');
}

/* ".png" from "png", ".PNG" or ".png"; the caller frees. */
static char *as_extension(const char *text)
{
    char *extension = malloc(strlen(text) + 2);
    if (extension == NULL)
        return NULL;
    char *to = extension;
    if (*text != '.')
        *to++ = '.';
    for (; *text != '\0'; text++)
        *to++ = (char)tolower((unsigned char)*text);
    *to = '\0';
    return extension;
}

static int print_one(const iio_dict *formats, const char *name, bool json)
{
    const iio_dict *format = NULL;
    char *extension = as_extension(name);
    if (extension == NULL)
        return out_of_memory();
    int code = EXIT_OK;
    if (iio_dict_get_dict(formats, extension, &format) != IIO_OK) {
        warn(name, "no such extension is known");
        code = EXIT_NOT_FOUND;
    } else if (json) {
        code = print_json(format);
    } else {
        print_format(extension, format);
        const char *description = dict_text(format, "description");
        if (*description != '\0' && strcmp(description, dict_text(format, "name")) != 0)
            printf("%s\n", description);
    }
    free(extension);
    return code;
}

static int run(struct args *args)
{
    iio_dict *formats = NULL;
    iio_status status = iio_formats(&formats);
    if (status != IIO_OK)
        return fail("formats", status);
    int code = EXIT_OK;
    if (args->n_files > 0)
        code = print_one(formats, args->files[0], args->json);
    else if (args->json)
        code = print_json(formats);
    else
        for (size_t i = 0; i < iio_dict_len(formats); i++) {
            const iio_dict *format = NULL;
            const char *extension = iio_dict_key(formats, i);
            if (iio_dict_get_dict(formats, extension, &format) == IIO_OK)
                print_format(extension, format);
        }
    iio_dict_free(formats);
    return code;
}

const struct command formats_command = {
    .name = "formats",
    .help = help,
    .accepts = ARGS_JSON,
    .max_files = 1,
    .run = run,
};
