/* iio: images from the command line. The first consumer of libimageio; it includes the public header only. */
#include "tool.h"

#include <string.h>

static const char help[] =
    "iio: inspects and converts images, stacks and animations\n"
    "\n"
    "  iio info FILE...       properties and metadata\n"
    "  iio convert IN OUT     one file into another format\n"
    "  iio frames IN PATTERN  every image into a file of its own\n"
    "  iio formats [EXT]      the known extensions\n"
    "  iio plugins [NAME]     who reads and writes them, and the options\n"
    "  iio --version\n"
    "\n"
    "iio COMMAND --help says more. Words like key=value are options; a file with such a name is written ./a=b.png, or\n"
    "comes after \"--\".\n"
    "\n"
    "Exit codes: 0 done; 1 failed; 2 wrong usage or option; 3 no such file, image or name; 4 format or request not\n"
    "supported, or its plugin not installed; 5 damaged file; 6 permission, disk or network; 7 over a limit, or out of\n"
    "memory; 130 interrupted (128 and the number of the signal).\n";

static const struct command *const commands[] = {
    &info_command, &convert_command, &frames_command, &formats_command, &plugins_command,
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

/* A full disk under standard output is a failure too. */
static int flushed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    warn("standard output", "cannot be written");
    return code == EXIT_OK ? EXIT_IO : code;
}

static int run_command(const struct command *command, int argc, char **argv)
{
    struct args args;
    if (wants_help(argc, argv)) {
        fputs(command->help, stdout);
        return EXIT_OK;
    }
    int code = args_parse(&args, command, argc, argv);
    if (code == EXIT_OK) {
        progress_start();
        code = command->run(&args);
        progress_clear();
    }
    args_free(&args);
    return code;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs(help, stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        fputs(help, stdout);
        return flushed(EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("iio %d.%d.%d (libimageio %s, ABI %u)\n", IIO_VERSION_MAJOR, IIO_VERSION_MINOR, IIO_VERSION_PATCH,
               iio_version(), (unsigned)iio_abi_version());
        return flushed(EXIT_OK);
    }
    const struct command *command = find_command(argv[1]);
    if (command == NULL)
        return usage(NULL, "there is no command \"%s\"", argv[1]);
    return flushed(run_command(command, argc - 2, argv + 2));
}
