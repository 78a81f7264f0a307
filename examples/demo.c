/* A tour that needs no file from elsewhere: demo OUTDIR computes a small animation, writes it, reads it back and
   inspects it, writes stills in several formats and compares them, and lays out a contact sheet by reading frames
   straight into their places in one big array. `make demo` runs it. */
#define _POSIX_C_SOURCE 200809L

#include <libimageio/imageio.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { FRAMES = 24, HEIGHT = 120, WIDTH = 160, COLUMNS = 6, ROWS = FRAMES / COLUMNS, GAP = 6, MAX_FILES = 16 };

static const double frame_seconds = 0.05;

static uint8_t movie[FRAMES][HEIGHT][WIDTH][3];
static uint16_t deep[HEIGHT][WIDTH][3]; /* the first frame again, in 16 bits */

static struct {
    char path[512];
    const char *what;
    double write_ms, read_ms;
} files[MAX_FILES];
static size_t n_files;

/* ---- the pictures ------------------------------------------------------------------------------------------- */

/* A wave from 0 to 1 of period 1, made of two parabolas: close enough to a sine, and needs no libm. */
static double wave(double t)
{
    t -= (double)(int64_t)t;
    t = t < 0 ? t + 1 : t;
    double half = t < 0.5 ? t * 2 : t * 2 - 1;
    double bump = 4 * half * (1 - half);
    return t < 0.5 ? 0.5 + bump / 2 : 0.5 - bump / 2;
}

/* 1 inside the ball, 0 outside, with a soft edge. */
static double ball_cover(double x, double y, double t)
{
    const double radius = 18;
    double fall = 2 * t - 1;
    double center_x = 20 + (WIDTH - 40) * (0.5 - wave(t + 0.25) / 2 + wave(t) / 2);
    double center_y = HEIGHT - 22 - 70 * (1 - fall * fall);
    double distance2 = (x - center_x) * (x - center_x) + (y - center_y) * (y - center_y);
    double edge = (radius * radius - distance2) / (4 * radius) + 0.5;
    return edge < 0 ? 0 : edge > 1 ? 1 : edge;
}

/* Colour channel `c` of a pixel at time `t` (0 to 1, then it begins again), 0 to 1. */
static double color_at(double x, double y, double t, int c)
{
    static const double ball[3] = { 1.0, 0.85, 0.35 };
    double u = x / WIDTH, v = y / HEIGHT;
    double plasma = (wave(u + t) + wave(v * 0.8 - t + 0.2 * wave(u)) + wave((u + v) / 2 + t)) / 3;
    double sky = 0.15 + 0.6 * wave(plasma * 0.7 + 0.13 * c + 0.1);
    double cover = ball_cover(x, y, t);
    return sky * (1 - cover) + ball[c] * cover;
}

static void compute_movie(void)
{
    for (int f = 0; f < FRAMES; f++)
        for (int y = 0; y < HEIGHT; y++)
            for (int x = 0; x < WIDTH; x++)
                for (int c = 0; c < 3; c++)
                    movie[f][y][x][c] = (uint8_t)(color_at(x, y, (double)f / FRAMES, c) * 255 + 0.5);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            for (int c = 0; c < 3; c++)
                deep[y][x][c] = (uint16_t)(color_at(x, y, 0, c) * 65535 + 0.5);
}

/* ---- small helpers ------------------------------------------------------------------------------------------ */

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Prints the failure of the last call. */
static int failed(const char *doing)
{
    fprintf(stderr, "demo: %s: %s\n", doing, iio_error_message());
    return 1;
}

static iio_array rgb_image(iio_dtype dtype, void *data, uint64_t height, uint64_t width)
{
    iio_array image = IIO_ARRAY_INIT;
    image.dtype = dtype;
    image.ndim = 3;
    image.shape[0] = height;
    image.shape[1] = width;
    image.shape[2] = 3;
    image.data = data; /* strides stay 0: the array is C-contiguous */
    return image;
}

/* Enters OUTDIR/NAME into the table of files. */
static const char *new_file(const char *outdir, const char *name, const char *what)
{
    if (n_files == MAX_FILES)
        abort();
    snprintf(files[n_files].path, sizeof files[n_files].path, "%s/%s", outdir, name);
    files[n_files].what = what;
    return files[n_files++].path;
}

/* ---- the animation ------------------------------------------------------------------------------------------ */

static iio_status write_frames(iio_file *file)
{
    iio_dict *options = iio_dict_new();
    iio_status status = iio_dict_set_float(options, "duration_s", frame_seconds);
    if (status == IIO_OK)
        status = iio_dict_set_int(options, "loop", 0); /* for ever */
    for (int f = 0; status == IIO_OK && f < FRAMES; f++) {
        iio_array image = rgb_image(IIO_UINT8, movie[f], HEIGHT, WIDTH);
        status = iio_file_write(file, &image, options);
    }
    iio_dict_free(options);
    return status;
}

/* Nothing stands under `path` before iio_file_close has succeeded; iio_file_discard leaves no trace. */
static iio_status write_animation(const char *path)
{
    iio_file *file = NULL;
    iio_status status = iio_imopen(path, "w", NULL, &file);
    if (status == IIO_OK)
        status = write_frames(file);
    if (status == IIO_OK)
        return iio_file_close(file);
    iio_file_discard(file);
    return status;
}

static void print_metadata(const iio_dict *meta)
{
    for (size_t i = 0; i < iio_dict_len(meta); i++) {
        char text[80];
        size_t needed = 0;
        const char *key = iio_dict_key(meta, i);
        if (iio_dict_get_json(meta, key, text, sizeof text, &needed) != IIO_OK)
            snprintf(text, sizeof text, "(%zu bytes of JSON)", needed);
        printf("    %-12s %s\n", key, text);
    }
}

/* Properties and metadata need no pixel to be decoded. */
static int inspect(const char *path)
{
    iio_props props = IIO_PROPS_INIT;
    iio_dict *meta = NULL;
    if (iio_improps(path, IIO_INDEX_ALL, NULL, &props) != IIO_OK)
        return failed(path);
    printf("%s\n  %" PRId64 " images, shape", path, props.n_images);
    for (uint32_t i = 0; i < props.ndim; i++)
        printf("%s%" PRIu64, i == 0 ? " " : " x ", props.shape[i]);
    printf(" (%s), %s, %" PRIu64 " bytes when decoded\n", props.axes, iio_dtype_name(props.dtype), props.nbytes);
    if (iio_immeta(path, IIO_INDEX_ALL, NULL, &meta) != IIO_OK)
        return failed(path);
    puts("  metadata");
    print_metadata(meta);
    iio_dict_free(meta);
    return 0;
}

/* Reads the images one by one into one buffer, and adds up how long they are shown. */
static iio_status iterate(iio_iter *iter, int *images, double *seconds)
{
    void *buffer = NULL;
    size_t capacity = 0;
    iio_status status = IIO_OK;
    while (status == IIO_OK) {
        iio_props props = IIO_PROPS_INIT;
        status = iio_iter_props(iter, &props);
        if (status == IIO_OK && props.nbytes > capacity) {
            free(buffer);
            capacity = (size_t)props.nbytes;
            buffer = malloc(capacity);
        }
        if (status == IIO_OK)
            status = iio_iter_next(iter, buffer, capacity, &props);
        iio_dict *meta = NULL;
        double shown = 0;
        if (status == IIO_OK)
            status = iio_iter_meta(iter, &meta);
        if (status == IIO_OK) {
            iio_dict_get_float(meta, "duration_s", &shown);
            *seconds += shown;
            ++*images;
        }
        iio_dict_free(meta);
    }
    free(buffer);
    return status;
}

static int read_animation(const char *path, double *read_ms)
{
    iio_iter *iter = NULL;
    int images = 0;
    double seconds = 0, start = now_ms();
    iio_status status = iio_imiter(path, NULL, &iter);
    if (status == IIO_OK)
        status = iterate(iter, &images, &seconds);
    iio_iter_free(iter);
    *read_ms = now_ms() - start;
    if (status != IIO_END)
        return failed(path);
    printf("  iterated %d images, shown for %.2f s\n", images, seconds);
    if (images != FRAMES || seconds < FRAMES * frame_seconds * 0.99 || seconds > FRAMES * frame_seconds * 1.01) {
        fprintf(stderr, "demo: %s: expected %d images in %.2f s\n", path, FRAMES, FRAMES * frame_seconds);
        return 1;
    }
    return 0;
}

static int show_animation(const char *outdir, const char *name, const char *what, int optional)
{
    const char *path = new_file(outdir, name, what);
    double start = now_ms();
    iio_status status = write_animation(path);
    if (optional && (status == IIO_ERROR_UNSUPPORTED || status == IIO_ERROR_PLUGIN_UNAVAILABLE)) {
        printf("%s\n  skipped: %s\n", path, iio_error_message());
        n_files--;
        return 0;
    }
    if (status != IIO_OK)
        return failed(path);
    files[n_files - 1].write_ms = now_ms() - start;
    return inspect(path) || read_animation(path, &files[n_files - 1].read_ms);
}

/* ---- stills ------------------------------------------------------------------------------------------------- */

static double sample(const void *data, iio_dtype dtype, size_t i)
{
    return dtype == IIO_UINT16 ? ((const uint16_t *)data)[i] : ((const uint8_t *)data)[i];
}

/* The greatest difference between `image` and what the file gives, or negative when the reading failed. */
static double difference(const char *path, const iio_array *image)
{
    static uint16_t back[HEIGHT * WIDTH * 3]; /* room for either dtype */
    iio_props props = IIO_PROPS_INIT;
    double greatest = 0;
    if (iio_imread(path, 0, NULL, back, sizeof back, &props) != IIO_OK) {
        failed(path);
        return -1;
    }
    if (props.dtype != image->dtype || props.ndim != 3 || memcmp(props.shape, image->shape, 3 * sizeof(uint64_t)) != 0) {
        fprintf(stderr, "demo: %s: came back with another shape or dtype\n", path);
        return -1;
    }
    for (size_t i = 0; i < (size_t)HEIGHT * WIDTH * 3; i++) {
        double off = sample(image->data, image->dtype, i) - sample(back, image->dtype, i);
        off = off < 0 ? -off : off;
        greatest = off > greatest ? off : greatest;
    }
    return greatest;
}

struct still {
    const char *name, *what;
    const char *options; /* JSON */
    iio_dtype dtype;
    double tolerance; /* the greatest difference that is right */
};

static int show_still(const char *outdir, const struct still *still)
{
    iio_dict *options = NULL;
    iio_array image = rgb_image(still->dtype, still->dtype == IIO_UINT16 ? (void *)deep : (void *)movie[0], HEIGHT, WIDTH);
    const char *path = new_file(outdir, still->name, still->what);
    if (iio_dict_from_json(still->options, &options) != IIO_OK)
        return failed(still->options);
    double start = now_ms();
    iio_status status = iio_imwrite(path, &image, options);
    double written = now_ms();
    iio_dict_free(options);
    if (status != IIO_OK)
        return failed(path);
    double off = difference(path, &image);
    files[n_files - 1].write_ms = written - start;
    files[n_files - 1].read_ms = now_ms() - written;
    if (off < 0)
        return 1;
    printf("  %-18s %-16s greatest difference %g of %d\n", still->what, still->options, off,
           still->dtype == IIO_UINT16 ? 65535 : 255);
    if (off > still->tolerance) {
        fprintf(stderr, "demo: %s: differs by more than %g\n", path, still->tolerance);
        return 1;
    }
    return 0;
}

static int show_stills(const char *outdir)
{
    static const struct still stills[] = {
        { "still.png", "PNG", "{}", IIO_UINT8, 0 },
        { "still-16.png", "PNG, 16 bits", "{}", IIO_UINT16, 0 },
        { "still.jpg", "JPEG", "{\"quality\": 95}", IIO_UINT8, 40 },
        { "still.bmp", "BMP", "{}", IIO_UINT8, 0 },
        { "still.webp", "WebP", "{\"lossless\": true}", IIO_UINT8, 0 },
    };
    puts("stills, written and read back");
    for (size_t i = 0; i < sizeof stills / sizeof *stills; i++)
        if (show_still(outdir, &stills[i]) != 0)
            return 1;
    return 0;
}

/* ---- the contact sheet -------------------------------------------------------------------------------------- */

enum { SHEET_HEIGHT = ROWS * (HEIGHT + GAP) + GAP, SHEET_WIDTH = COLUMNS * (WIDTH + GAP) + GAP };

static uint8_t sheet[SHEET_HEIGHT][SHEET_WIDTH][3];

/* Each frame is decoded straight to its place: a view with the strides of the big array. */
static iio_status fill_sheet(iio_iter *iter)
{
    iio_status status = IIO_OK;
    for (int f = 0; status == IIO_OK && f < FRAMES; f++) {
        iio_array place = rgb_image(IIO_UINT8, sheet[GAP + f / COLUMNS * (HEIGHT + GAP)][GAP + f % COLUMNS * (WIDTH + GAP)],
                                    HEIGHT, WIDTH);
        place.strides[0] = sizeof sheet[0];
        place.strides[1] = sizeof sheet[0][0];
        place.strides[2] = 1;
        status = iio_iter_next_into(iter, &place);
    }
    return status;
}

static int show_sheet(const char *outdir, const char *animation)
{
    iio_iter *iter = NULL;
    const char *path = new_file(outdir, "contact-sheet.png", "contact sheet");
    memset(sheet, 32, sizeof sheet);
    double start = now_ms();
    iio_status status = iio_imiter(animation, NULL, &iter);
    if (status == IIO_OK)
        status = fill_sheet(iter);
    iio_iter_free(iter);
    if (status != IIO_OK)
        return failed(animation);
    files[n_files - 1].read_ms = now_ms() - start;
    iio_array image = rgb_image(IIO_UINT8, sheet, SHEET_HEIGHT, SHEET_WIDTH);
    start = now_ms();
    if (iio_imwrite(path, &image, NULL) != IIO_OK)
        return failed(path);
    files[n_files - 1].write_ms = now_ms() - start;
    printf("contact sheet: %d frames decoded into strided views of one %d x %d array\n", FRAMES, SHEET_HEIGHT, SHEET_WIDTH);
    return 0;
}

/* ---- the summary -------------------------------------------------------------------------------------------- */

static long file_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (long)info.st_size : -1;
}

static int print_table(const char *outdir)
{
    puts("\n  file                                what                  bytes   write ms    read ms");
    for (size_t i = 0; i < n_files; i++) {
        long size = file_size(files[i].path);
        printf("  %-35s %-18s %8ld %10.2f %10.2f\n", files[i].path, files[i].what, size, files[i].write_ms, files[i].read_ms);
        if (size <= 0) {
            fprintf(stderr, "demo: %s is missing\n", files[i].path);
            return 1;
        }
    }
    printf("\nLook at %s/animation.gif and %s/contact-sheet.png\n", outdir, outdir);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2 || strlen(argv[1]) > 400) {
        fprintf(stderr, "usage: demo OUTDIR\n");
        return 2;
    }
    const char *outdir = argv[1];
    if (mkdir(outdir, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "demo: %s: %s\n", outdir, strerror(errno));
        return 1;
    }
    printf("libimageio %s\n\n", iio_version());
    compute_movie();
    if (show_animation(outdir, "animation.gif", "animated GIF", 0) != 0)
        return 1;
    const char *animation = files[0].path;
    return show_animation(outdir, "animation.webp", "animated WebP", 1) || show_stills(outdir)
           || show_sheet(outdir, animation) || print_table(outdir);
}
