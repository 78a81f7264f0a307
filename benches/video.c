/* How long a film takes, for benches/video.py: `video WAY FILE THREADS` tells frames, and ms of wall and of processor time.
 * decode: libavcodec alone; loop: with libswscale to RGB, as a program would write it; ours: libimageio into one buffer;
 * open: ours, opened and asked for its properties, so many times as THREADS says. */
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libimageio/imageio.h>
#include <libswscale/swscale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double wall_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static double cpu_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static int failed(const char *what) {
  fprintf(stderr, "video: %s\n", what);
  return 1;
}

static struct SwsContext *scaler;
static uint8_t *rgb;

static void convert(const AVFrame *frame) {
  uint8_t *rows[1] = {rgb};
  int step[1] = {3 * frame->width};
  if (!scaler) {
    scaler = sws_getContext(frame->width, frame->height, frame->format, frame->width, frame->height, AV_PIX_FMT_RGB24, SWS_BICUBIC, NULL, NULL, NULL);
    rows[0] = rgb = malloc((size_t)step[0] * frame->height);
  }
  sws_scale(scaler, (const uint8_t *const *)frame->data, frame->linesize, 0, frame->height, rows, step);
}

static long theirs(const char *file, int threads, int to_rgb) {
  AVFormatContext *container = NULL;
  const AVCodec *codec = NULL;
  if (avformat_open_input(&container, file, NULL, NULL) < 0 || avformat_find_stream_info(container, NULL) < 0) return -1;
  int stream = av_find_best_stream(container, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
  if (stream < 0) return -1;
  AVCodecContext *decoder = avcodec_alloc_context3(codec);
  avcodec_parameters_to_context(decoder, container->streams[stream]->codecpar);
  decoder->thread_count = threads;
  decoder->thread_type = FF_THREAD_FRAME | FF_THREAD_SLICE;
  if (avcodec_open2(decoder, codec, NULL) < 0) return -1;
  AVPacket *packet = av_packet_alloc();
  AVFrame *frame = av_frame_alloc();
  long frames = 0;
  for (int more = 1; more;) {
    more = av_read_frame(container, packet) >= 0;
    if (more && packet->stream_index != stream) {
      av_packet_unref(packet);
      continue;
    }
    avcodec_send_packet(decoder, more ? packet : NULL);
    if (more) av_packet_unref(packet);
    while (avcodec_receive_frame(decoder, frame) >= 0) {
      if (to_rgb) convert(frame);
      frames++;
    }
  }
  av_frame_free(&frame);
  av_packet_free(&packet);
  avcodec_free_context(&decoder);
  avformat_close_input(&container);
  return frames;
}

static long ours(const char *file, int threads) {
  iio_iter *film = NULL;
  iio_props props = IIO_PROPS_INIT;
  iio_dict *options = iio_dict_new();
  long frames = 0;
  /* The library decodes with two threads more than processors that it is told of, since some always wait. */
  iio_dict_set_int(options, "threads", threads);
  if (iio_imiter(file, options, &film) != IIO_OK || iio_iter_props(film, &props) != IIO_OK) return -1;
  void *buffer = malloc(props.nbytes);
  iio_status status;
  while ((status = iio_iter_next(film, buffer, props.nbytes, NULL)) == IIO_OK) frames++;
  iio_iter_free(film);
  iio_dict_free(options);
  free(buffer);
  return status == IIO_END ? frames : -1;
}

static long opened(const char *file, int times) {
  for (int i = 0; i < times; i++) {
    iio_file *film = NULL;
    iio_props props = IIO_PROPS_INIT;
    if (iio_imopen(file, "r", NULL, &film) != IIO_OK || iio_file_props(film, IIO_INDEX_DEFAULT, NULL, &props) != IIO_OK) return -1;
    iio_file_close(film);
  }
  return times;
}

int main(int argc, char **argv) {
  if (argc != 4) return failed("WAY FILE THREADS");
  const char *way = argv[1];
  int threads = atoi(argv[3]);
  /* Loading the module is not what is measured. */
  if ((strcmp(way, "open") == 0 || strcmp(way, "ours") == 0) && opened(argv[2], 1) < 0) return failed(iio_error_message());
  double wall = wall_ms(), cpu = cpu_ms();
  long frames = strcmp(way, "ours") == 0   ? ours(argv[2], threads)
                : strcmp(way, "open") == 0 ? opened(argv[2], threads)
                                           : theirs(argv[2], threads, strcmp(way, "loop") == 0);
  if (frames < 0) return failed(iio_error_message());
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  printf("%ld %.2f %.2f %ld\n", frames, wall_ms() - wall, cpu_ms() - cpu, usage.ru_maxrss);
  return 0;
}
