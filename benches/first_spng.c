/* From the start of a process to the first image, with libspng. */
#include "spng_read.h"

static unsigned char buffer[64 * 64 * 4];

int main(int argc, char **argv)
{
  return argc < 2 || spng_read(argv[1], buffer, sizeof buffer) != 0;
}
