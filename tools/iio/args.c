/* The words after a command's name: files, key=value options and flags, in any order. */
#include "tool.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The length of the key if the word is key=value, in:key=value or out:key=value; else 0, and it is a file's name. */
static size_t key_length(const char *word)
{
    if (!isalpha((unsigned char)*word) && *word != '_')
        return 0;
    size_t n = strcspn(word, "=");
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)word[i]) && strchr("_-:", word[i]) == NULL)
            return 0;
    return word[n] == '=' ? n : 0;
}

static bool add_option(struct args *args, const char *word, size_t length)
{
    struct option *option = &args->options[args->n_options];
    *option = (struct option){ .value = word + length + 1 };
    if (strncmp(word, "in:", 3) == 0 || strncmp(word, "out:", 4) == 0) {
        size_t prefix = *word == 'i' ? 3 : 4;
        option->side = *word == 'i' ? SIDE_IN : SIDE_OUT;
        word += prefix;
        length -= prefix;
    }
    char *key = malloc(length + 1);
    if (key == NULL)
        return false;
    memcpy(key, word, length);
    key[length] = '\0';
    option->key = key;
    args->n_options++;
    return true;
}

static bool parse_index(const char *text, int64_t *index)
{
    if (strcmp(text, "all") == 0) {
        *index = IIO_INDEX_ALL;
        return true;
    }
    char *end;
    long long value = strtoll(text, &end, 10);
    *index = value;
    return end != text && *end == '\0' && value > -(1LL << 62) && value < 1LL << 62;
}

/* One word that begins with "-": EXIT_OK, or the exit code of a usage error. Moves `i` past the flag's value. */
static int parse_flag(struct args *args, const struct command *command, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    if (strcmp(word, "--json") == 0 && (command->accepts & ARGS_JSON)) {
        args->json = true;
        return EXIT_OK;
    }
    if (strcmp(word, "--no-metadata") == 0 && (command->accepts & ARGS_METADATA)) {
        args->no_metadata = true;
        return EXIT_OK;
    }
    if (strncmp(word, "--index", 7) == 0 && (word[7] == '\0' || word[7] == '=') && (command->accepts & ARGS_INDEX)) {
        const char *value = word[7] == '=' ? word + 8 : *i + 1 < argc ? argv[++*i] : "";
        if (!parse_index(value, &args->index))
            return usage(command->name, "--index takes a number or \"all\", not \"%s\"", value);
        return EXIT_OK;
    }
    return usage(command->name, "%s: unknown flag %s", command->name, word);
}

static int check_counts(const struct args *args, const struct command *command)
{
    if (args->n_files < command->min_files)
        return usage(command->name, "%s: missing file name", command->name);
    if (args->n_files > command->max_files)
        return usage(command->name, "%s: one name too many: %s", command->name, args->files[command->max_files]);
    if (args->n_options > 0 && !(command->accepts & ARGS_OPTIONS))
        return usage(command->name, "%s takes no options: %s=", command->name, args->options[0].key);
    for (size_t i = 0; i < args->n_options; i++)
        if (args->options[i].key[0] == '\0' || strchr(args->options[i].key, ':') != NULL)
            return usage(command->name, "\"%s\" is no option's name; the prefixes are in: and out:, and a file whose "
                                        "name holds \"=\" is written ./NAME", args->options[i].key);
    return EXIT_OK;
}

int args_parse(struct args *args, const struct command *command, int argc, char **argv)
{
    *args = (struct args){ .index = IIO_INDEX_DEFAULT };
    args->files = calloc((size_t)argc + 1, sizeof *args->files);
    args->options = calloc((size_t)argc + 1, sizeof *args->options);
    if (args->files == NULL || args->options == NULL)
        return out_of_memory();
    bool only_files = false;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        size_t length = only_files ? 0 : key_length(word);
        if (!only_files && strcmp(word, "--") == 0) {
            only_files = true;
        } else if (!only_files && word[0] == '-' && word[1] != '\0') {
            int code = parse_flag(args, command, argc, argv, &i);
            if (code != EXIT_OK)
                return code;
        } else if (length > 0) {
            if (!add_option(args, word, length))
                return out_of_memory();
        } else {
            args->files[args->n_files++] = word;
        }
    }
    return check_counts(args, command);
}

int args_two_sides(struct args *args)
{
    bool only_in_is_stream = strcmp(args->files[0], "-") == 0 && strcmp(args->files[1], "-") != 0;
    for (size_t i = 0; i < args->n_options; i++) {
        struct option *option = &args->options[i];
        if (option->side != SIDE_ANY)
            continue;
        if (strcmp(option->key, "plugin") == 0)
            return usage(NULL, "plugin=%s: of which file? Write in:plugin= or out:plugin=", option->value);
        if (strcmp(option->key, "extension") == 0)
            option->side = only_in_is_stream ? SIDE_IN : SIDE_OUT;
    }
    return EXIT_OK;
}

void args_free(struct args *args)
{
    for (size_t i = 0; i < args->n_options; i++)
        free((char *)args->options[i].key);
    free(args->options);
    free(args->files);
}
