// qsort N SEED: sorts N pseudo-random signed numbers with the C library's qsort and prints a summary of the result.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b) {
  int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv) {
  size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
  uint32_t x = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1;
  int32_t *numbers = malloc(n * sizeof *numbers);
  for (size_t i = 0; i < n; i++) {
    x = x * 1664525u + 1013904223u;
    numbers[i] = (int32_t)x;
  }
  qsort(numbers, n, sizeof *numbers, by_value);
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < n; i++) {
    if (i > 0 && numbers[i - 1] > numbers[i]) return 1;
    hash = (hash ^ (uint32_t)numbers[i]) * 16777619u;
  }
  printf("n=%zu first=%d median=%d last=%d hash=%08x\n", n, numbers[0], numbers[n / 2], numbers[n - 1], hash);
  return 0;
}
