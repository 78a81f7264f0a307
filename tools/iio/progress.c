/* Ctrl-C and the progress bar. The library calls progress_report at least every 100 ms; that is where a signal
   becomes a cancelled call, so that every file is ended in order and nothing half-written stays. */
#include "tool.h"

#include <inttypes.h>
#include <signal.h>

static volatile sig_atomic_t caught;

/* A bar that flashes up for a tenth of a second is noise. */
static const double quiet_seconds = 0.5;
static const double redraw_seconds = 0.1;

static struct {
    const char *what;
    uint64_t done, total; /* images */
    uint32_t phase, phases;
    double started, drawn; /* drawn 0: no bar stands on the terminal */
    double fraction;
    bool enabled;
} bar;

static void on_signal(int number)
{
    caught = number;
}

void progress_start(void)
{
    catch_interrupts(on_signal);
    bar.enabled = is_terminal(stderr);
    bar.started = seconds_now();
    bar.what = "working";
    bar.phases = 1;
}

bool interrupted(void)
{
    return caught != 0;
}

int interrupted_code(void)
{
    return caught != 0 ? 128 + (int)caught : EXIT_INTERRUPTED;
}

static void draw(double now)
{
    enum { WIDTH = 30 };
    char cells[WIDTH + 1];
    int full = (int)(bar.fraction * WIDTH);
    for (int i = 0; i < WIDTH; i++)
        cells[i] = i < full ? '#' : '.';
    cells[WIDTH] = '\0';
    if (bar.total > 1)
        fprintf(stderr, "\r%s [%s] %3.0f%%  %" PRIu64 "/%" PRIu64 " ", bar.what, cells, bar.fraction * 100, bar.done,
                bar.total);
    else if (bar.total == 1)
        fprintf(stderr, "\r%s [%s] %3.0f%% ", bar.what, cells, bar.fraction * 100);
    else
        fprintf(stderr, "\r%s %" PRIu64 " images, %.0f s ", bar.what, bar.done, now - bar.started);
    fflush(stderr);
    bar.drawn = now;
}

static void maybe_draw(double within_phase)
{
    if (!bar.enabled)
        return;
    if (bar.total > 0) {
        double fraction = ((double)bar.done + (bar.phase + within_phase) / bar.phases) / (double)bar.total;
        fraction = fraction > 1 ? 1 : fraction;
        bar.fraction = fraction > bar.fraction ? fraction : bar.fraction; /* never backwards */
    }
    double now = seconds_now();
    if (now - bar.started >= quiet_seconds && now - bar.drawn >= redraw_seconds)
        draw(now);
}

void progress_images(const char *what, uint64_t done, uint64_t total)
{
    bar.what = what;
    bar.done = done;
    bar.total = total;
    bar.phase = 0;
    maybe_draw(0);
}

void progress_phase(uint32_t phase, uint32_t phases)
{
    bar.phase = phase;
    bar.phases = phases;
    maybe_draw(0);
}

int32_t progress_report(void *user, uint64_t done, uint64_t total)
{
    (void)user;
    maybe_draw(total > 0 && done <= total ? (double)done / (double)total : 0);
    return interrupted();
}

void progress_clear(void)
{
    if (bar.drawn > 0)
        fprintf(stderr, "\r%78s\r", "");
    bar.drawn = 0;
}
