/* What the tool says when something fails, and which exit code goes with it. */
#include "tool.h"

#include <stdarg.h>
#include <string.h>

int exit_code_of(iio_status status)
{
    if (status >= 0)
        return EXIT_OK;
    switch (status) {
    case IIO_ERROR_INVALID_ARGUMENT:
    case IIO_ERROR_UNKNOWN_PLUGIN:
    case IIO_ERROR_UNKNOWN_OPTION:
    case IIO_ERROR_INVALID_OPTION:
        return EXIT_USAGE;
    case IIO_ERROR_NOT_FOUND:
    case IIO_ERROR_INDEX:
        return EXIT_NOT_FOUND;
    case IIO_ERROR_NO_BACKEND:
    case IIO_ERROR_PLUGIN_UNAVAILABLE:
    case IIO_ERROR_UNSUPPORTED:
    case IIO_ERROR_MODE:
        return EXIT_UNSUPPORTED;
    case IIO_ERROR_CORRUPT:
        return EXIT_CORRUPT;
    case IIO_ERROR_PERMISSION:
    case IIO_ERROR_IO:
    case IIO_ERROR_NETWORK:
        return EXIT_IO;
    case IIO_ERROR_LIMIT:
    case IIO_ERROR_OUT_OF_MEMORY:
        return EXIT_LIMIT;
    case IIO_ERROR_CANCELLED:
        return interrupted_code();
    default:
        return EXIT_FAILED;
    }
}

/* Files are written by strangers: an escape sequence in a comment must not reach the terminal. */
void put_text(FILE *stream, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        unsigned char next = i + 1 < size ? (unsigned char)text[i + 1] : 0;
        if (c == 0xC2 && next >= 0x80 && next < 0xA0) { /* U+0080 to U+009F: control characters too */
            fprintf(stream, "\\u%04x", next);
            i++;
        } else if (c == '\n') {
            fputs("\\n", stream);
        } else if (c < 0x20 || c == 0x7F) {
            fprintf(stream, "\\x%02x", c);
        } else {
            putc(c, stream);
        }
    }
}

static void put_message(const char *message)
{
    /* The library's messages may list candidates on lines of their own. */
    for (const char *line = message;; line++) {
        size_t size = strcspn(line, "\n");
        put_text(stderr, line, size);
        putc('\n', stderr);
        line += size;
        if (*line == '\0' || line[1] == '\0')
            return;
        fputs("  ", stderr);
    }
}

int fail(const char *subject, iio_status status)
{
    progress_clear();
    if (status == IIO_ERROR_CANCELLED && interrupted()) {
        fputs("iio: interrupted\n", stderr);
        return interrupted_code();
    }
    const char *message = iio_error_message();
    if (*message == '\0')
        message = iio_status_name(status);
    fputs("iio: ", stderr);
    size_t length = strlen(subject);
    if (strncmp(message, subject, length) != 0 || message[length] != ':') {
        put_text(stderr, subject, length);
        fputs(": ", stderr);
    }
    put_message(message);
    return exit_code_of(status);
}

void warn(const char *subject, const char *format, ...)
{
    va_list list;
    progress_clear();
    fputs("iio: ", stderr);
    put_text(stderr, subject, strlen(subject));
    fputs(": ", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    putc('\n', stderr);
}

int usage(const char *command, const char *format, ...)
{
    va_list list;
    char text[512];
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fputs("iio: ", stderr);
    put_text(stderr, text, strlen(text));
    if (command != NULL)
        fprintf(stderr, "\nTry: iio %s --help\n", command);
    else
        fputs("\nTry: iio --help\n", stderr);
    return EXIT_USAGE;
}

int out_of_memory(void)
{
    fputs("iio: out of memory\n", stderr);
    return EXIT_LIMIT;
}
