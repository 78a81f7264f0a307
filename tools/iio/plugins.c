/* iio plugins: who reads and writes, and with which options. */
#include "tool.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
    "iio plugins [NAME] [--json]\n"
    "\n"
    "Lists the plugins; with NAME (or an alias) shows one with its extensions, options and functions.\n"
    "\n"
    "  --json       the same as an object\n";

static void print_line(const char *name, const iio_dict *plugin)
{
    printf("%-14s %c%c  %s%s\n", name, dict_true(plugin, "can_read") ? 'r' : '-', dict_true(plugin, "can_write") ? 'w' : '-',
           dict_true(plugin, "available") ? "" : "(not installed) ", dict_text(plugin, "description"));
}

static void print_names(const iio_dict *dict, const char *key, const char *separator)
{
    const iio_dict *list = NULL;
    if (iio_dict_get_dict(dict, key, &list) != IIO_OK)
        return;
    for (size_t i = 0; i < iio_dict_len(list); i++)
        printf("%s%s", i == 0 ? "" : separator, dict_text(list, iio_dict_key(list, i)));
}

/* A member of a declaration as JSON, if it is there and not null. */
static void print_member(const iio_dict *option, const char *key, const char *before)
{
    int32_t kind = iio_dict_kind(option, key);
    char *text = kind != IIO_KIND_ABSENT && kind != IIO_KIND_NULL ? json_text(option, key) : NULL;
    if (text != NULL) {
        fputs(before, stdout);
        put_text(stdout, text, strlen(text));
    }
    free(text);
}

static void print_option(const char *name, const iio_dict *option)
{
    printf("    %s: %s", name, dict_text(option, "type"));
    print_member(option, "default", " = ");
    print_member(option, "choices", ", one of ");
    print_member(option, "range", ", within ");
    printf("  (");
    print_names(option, "calls", " ");
    printf(")\n        %s\n", dict_text(option, "doc"));
}

static void print_function(const char *name, const iio_dict *function)
{
    const iio_dict *arguments = NULL;
    printf("    %s(", name);
    if (iio_dict_get_dict(function, "arguments", &arguments) == IIO_OK)
        for (size_t i = 0; i < iio_dict_len(arguments); i++)
            printf("%s%s", i == 0 ? "" : ", ", iio_dict_key(arguments, i));
    printf(")\n        %s\n", dict_text(function, "doc"));
}

static void print_each(const iio_dict *plugin, const char *key, const char *title,
                       void (*print)(const char *name, const iio_dict *item))
{
    const iio_dict *items = NULL;
    const iio_dict *item = NULL;
    if (iio_dict_get_dict(plugin, key, &items) != IIO_OK || iio_dict_len(items) == 0)
        return;
    printf("  %s\n", title);
    for (size_t i = 0; i < iio_dict_len(items); i++)
        if (iio_dict_get_dict(items, iio_dict_key(items, i), &item) == IIO_OK)
            print(iio_dict_key(items, i), item);
}

static void print_plugin(const char *name, const iio_dict *plugin)
{
    print_line(name, plugin);
    printf("  aliases      ");
    print_names(plugin, "aliases", ", ");
    printf("\n  extensions   ");
    print_names(plugin, "extensions", " ");
    putchar('\n');
    print_each(plugin, "options", "options (and the calls that take them)", print_option);
    print_each(plugin, "functions", "functions", print_function);
}

static int print_one(const iio_dict *plugins, const char *name, bool json)
{
    const iio_dict *plugin = plugin_find(plugins, name);
    if (plugin == NULL) {
        warn(name, "no plugin of this name is known; iio plugins lists them");
        return EXIT_NOT_FOUND;
    }
    if (json)
        return print_json(plugin);
    print_plugin(name, plugin);
    return EXIT_OK;
}

static int run(struct args *args)
{
    iio_dict *plugins = NULL;
    iio_status status = iio_plugins(&plugins);
    if (status != IIO_OK)
        return fail("plugins", status);
    int code = EXIT_OK;
    if (args->n_files > 0)
        code = print_one(plugins, args->files[0], args->json);
    else if (args->json)
        code = print_json(plugins);
    else
        for (size_t i = 0; i < iio_dict_len(plugins); i++) {
            const iio_dict *plugin = NULL;
            const char *name = iio_dict_key(plugins, i);
            if (iio_dict_get_dict(plugins, name, &plugin) == IIO_OK)
                print_line(name, plugin);
        }
    iio_dict_free(plugins);
    return code;
}

const struct command plugins_command = {
    .name = "plugins",
    .help = help,
    .accepts = ARGS_JSON,
    .max_files = 1,
    .run = run,
};
