/* What C gets, for the tests of the bindings: usage: dump URI INDEX|default|all OUT. Writes the C-contiguous bytes of a read
   to OUT, and prints its dtype, the letters of its axes ("-" for none) and its shape. */
#include <libimageio/imageio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
  if (argc != 4) return fprintf(stderr, "usage: dump URI INDEX|default|all OUT\n"), 2;
  int64_t index = !strcmp(argv[2], "default") ? IIO_INDEX_DEFAULT : !strcmp(argv[2], "all") ? IIO_INDEX_ALL : atoll(argv[2]);
  iio_props p = IIO_PROPS_INIT;
  void *data = NULL;
  if (iio_imread_alloc(argv[1], index, NULL, NULL, NULL, &data, &p) != IIO_OK)
    return fprintf(stderr, "%s\n", iio_error_message()), 1;
  FILE *out = fopen(argv[3], "wb");
  if (!out || fwrite(data, 1, (size_t)p.nbytes, out) != p.nbytes || fclose(out)) return perror(argv[3]), 1;
  iio_free_data(data);
  printf("%s %s", iio_dtype_name(p.dtype), *p.axes ? p.axes : "-");
  for (uint32_t i = 0; i < p.ndim; i++) printf(" %llu", (unsigned long long)p.shape[i]);
  printf("\n");
  return 0;
}
