/* Names of frames: one %d or %04d is the number, %% a percent sign. The pattern is the user's text, so it is read here
   and never handed to printf. */
#include "tool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WIDTH = 20 };

/* At a '%': the length of a conversion, 0 if it is none of ours; `width` gets its width, -1 for "%%". */
static size_t conversion(const char *at, int *width)
{
    if (at[1] == '%') {
        *width = -1;
        return 2;
    }
    size_t i = 1;
    *width = 0;
    /* Only zero padding: a name with spaces in its number is never what was meant. */
    if (at[i] == '0') {
        for (i++; at[i] >= '0' && at[i] <= '9' && *width <= MAX_WIDTH; i++)
            *width = *width * 10 + (at[i] - '0');
    }
    return at[i] == 'd' && *width <= MAX_WIDTH ? i + 1 : 0;
}

bool pattern_is_valid(const char *pattern)
{
    int numbers = 0;
    for (const char *at = strchr(pattern, '%'); at != NULL; at = strchr(at, '%')) {
        int width;
        size_t length = conversion(at, &width);
        if (length == 0)
            return false;
        numbers += width >= 0;
        at += length;
    }
    return numbers == 1;
}

char *pattern_name(const char *pattern, uint64_t number)
{
    char *name = malloc(strlen(pattern) + MAX_WIDTH + 1);
    if (name == NULL)
        return NULL;
    char *to = name;
    while (*pattern != '\0') {
        if (*pattern != '%') {
            *to++ = *pattern++;
            continue;
        }
        int width;
        pattern += conversion(pattern, &width);
        if (width < 0)
            *to++ = '%';
        else
            to += snprintf(to, MAX_WIDTH + 1, "%0*" PRIu64, width > 0 ? width : 1, number);
    }
    *to = '\0';
    return name;
}
