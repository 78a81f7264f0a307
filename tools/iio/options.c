/* Which call is given which key=value. The plugins declare for every option the calls that take it; an option goes to
   every call that declares it, on both sides of a conversion, unless in: or out: says which side is meant. What no
   call declares goes to the last call of a side all the same, so that the library refuses it in its own words. */
#include "tool.h"

#include <string.h>

/* What every plugin takes, so that it can be given before the plugin is known. */
static const struct {
    const char *name;
    const char *calls;
} common_options[] = {
    { "plugin", "open" },          { "extension", "open" },
    { "max_pixels", "open" },      { "max_bytes", "open" },
    { "threads", "open" },         { "local", "open" },
    { "dtype", "read props iter" }, { "scale", "read props iter" },
    { "allow_partial", "read props iter" },
    { "start", "iter" },           { "stop", "iter" },
    { "every", "iter" },           { "start_s", "iter" },
    { "exclude_applied", "meta" }, { "metadata", "write" },
    { "is_batch", "write" },       { "axes", "write" },
    { "color", "write" },          { "time_s", "write" },
    { "duration_s", "write" },
};

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

static bool list_holds(const iio_dict *dict, const char *key, const char *wanted)
{
    const iio_dict *list = NULL;
    if (iio_dict_get_dict(dict, key, &list) != IIO_OK)
        return false;
    for (size_t i = 0; i < iio_dict_len(list); i++)
        if (strcmp(dict_text(list, iio_dict_key(list, i)), wanted) == 0)
            return true;
    return false;
}

const iio_dict *plugin_find(const iio_dict *plugins, const char *name)
{
    const iio_dict *plugin = NULL;
    if (iio_dict_get_dict(plugins, name, &plugin) == IIO_OK)
        return plugin;
    for (size_t i = 0; i < iio_dict_len(plugins); i++)
        if (iio_dict_get_dict(plugins, iio_dict_key(plugins, i), &plugin) == IIO_OK
            && list_holds(plugin, "aliases", name))
            return plugin;
    return NULL;
}

static bool declares(const iio_dict *declared, const char *name, const char *call)
{
    const iio_dict *option = NULL;
    return iio_dict_get_dict(declared, name, &option) == IIO_OK && list_holds(option, "calls", call);
}

static bool takes(const struct side *side, const char *name, const char *call)
{
    for (size_t i = 0; i < sizeof common_options / sizeof *common_options; i++)
        if (strcmp(common_options[i].name, name) == 0 && has_word(common_options[i].calls, call))
            return true;
    return side->declared != NULL && declares(side->declared, name, call);
}

static bool takes_somewhere(const struct side *side, const char *name)
{
    static const char *const reading[] = { "open", "props", "read", "iter", "meta", NULL };
    static const char *const writing[] = { "open", "write", NULL };
    for (const char *const *call = *side->mode == 'w' ? writing : reading; *call != NULL; call++)
        if (takes(side, name, *call))
            return true;
    return false;
}

static bool is_ours(const struct side *side, const struct option *option)
{
    return option->side == SIDE_ANY || option->side == (*side->mode == 'w' ? SIDE_OUT : SIDE_IN);
}

/* An option that no call took goes to the side that it was given to, or that declares it, or else to the writer's. */
static bool is_left_to(const struct side *side, const struct option *option)
{
    if (option->used)
        return false;
    return option->side != SIDE_ANY || side->other == NULL || *side->mode == 'w'
           || (takes_somewhere(side, option->key) && !takes_somewhere(side->other, option->key));
}

iio_dict *side_options(struct side *side, const char *call, bool rest)
{
    iio_dict *dict = iio_dict_new();
    for (size_t i = 0; dict != NULL && i < side->args->n_options; i++) {
        struct option *option = &side->args->options[i];
        if (!is_ours(side, option) || !(takes(side, option->key, call) || (rest && is_left_to(side, option))))
            continue;
        option->used = true;
        if (iio_dict_set_string(dict, option->key, option->value) != IIO_OK) {
            iio_dict_free(dict);
            return NULL;
        }
    }
    return dict;
}

static iio_status open_once(struct side *side)
{
    iio_dict *options = side_options(side, "open", false);
    if (options == NULL)
        return IIO_ERROR_OUT_OF_MEMORY;
    iio_status status = iio_dict_set_progress(options, progress_report, NULL);
    if (status == IIO_OK)
        status = iio_imopen(side->uri, side->mode, options, &side->file);
    iio_dict_free(options);
    return status;
}

static const iio_dict *declared_by(const struct side *side, const char *plugin)
{
    const iio_dict *entry = plugin_find(side->plugins, plugin);
    const iio_dict *declared = NULL;
    if (entry != NULL)
        iio_dict_get_dict(entry, "options", &declared);
    return declared;
}

/* An option of opening that was not given to the opening, because its plugin was not known then. */
static const struct option *late_option(const struct side *side)
{
    for (size_t i = 0; i < side->args->n_options; i++) {
        const struct option *option = &side->args->options[i];
        if (is_ours(side, option) && !option->used && takes(side, option->key, "open"))
            return option;
    }
    return NULL;
}

int side_open(struct side *side)
{
    for (size_t i = 0; i < side->args->n_options; i++) {
        const struct option *option = &side->args->options[i];
        if (is_ours(side, option) && strcmp(option->key, "plugin") == 0)
            side->declared = declared_by(side, option->value);
    }
    iio_status status = open_once(side);
    if (status != IIO_OK)
        return fail(side->uri, status);
    side->declared = declared_by(side, iio_file_plugin(side->file));
    const struct option *late = late_option(side);
    if (late == NULL)
        return EXIT_OK;
    iio_file_discard(side->file);
    side->file = NULL;
    if (strcmp(side->uri, "-") == 0 && *side->mode == 'r')
        return usage(NULL, "%s= is needed when standard input is opened, so name its plugin too (plugin=)", late->key);
    status = open_once(side);
    return status == IIO_OK ? EXIT_OK : fail(side->uri, status);
}
