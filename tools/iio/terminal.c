/* What the tool needs of the system beyond C11. */
#define _POSIX_C_SOURCE 200809L

#include "tool.h"

#include <signal.h>
#include <time.h>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

bool is_terminal(FILE *stream)
{
#ifdef _WIN32
    return _isatty(_fileno(stream)) != 0;
#else
    return isatty(fileno(stream)) == 1;
#endif
}

double seconds_now(void)
{
    struct timespec now;
#ifdef _WIN32
    timespec_get(&now, TIME_UTC);
#else
    clock_gettime(CLOCK_MONOTONIC, &now);
#endif
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#ifdef _WIN32
void catch_interrupts(void (*handler)(int))
{
    signal(SIGINT, handler);
    signal(SIGTERM, handler);
}
#else
static void catch_one(int signal_number, void (*handler)(int))
{
    struct sigaction now;
    /* A program started in the background or under nohup finds the signal ignored, and leaves it so. */
    if (sigaction(signal_number, NULL, &now) != 0 || now.sa_handler == SIG_IGN)
        return;
    struct sigaction action = { .sa_handler = handler };
    sigemptyset(&action.sa_mask);
    /* The second Ctrl-C ends the program at once: whoever asks twice does not want to wait. */
    action.sa_flags = SA_RESETHAND;
    sigaction(signal_number, &action, NULL);
}

void catch_interrupts(void (*handler)(int))
{
    catch_one(SIGINT, handler);
    catch_one(SIGTERM, handler);
    catch_one(SIGHUP, handler);
}
#endif
