// wc: reads stdin to the end and prints "BYTES LINES WORDS ADLER32".
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint8_t buffer[10000];

int main(void) {
  uint64_t bytes = 0, lines = 0, words = 0;
  uint32_t a = 1, b = 0;
  int in_word = 0;
  for (;;) {
    ssize_t got = read(0, buffer, sizeof buffer);
    if (got < 0) {
      fprintf(stderr, "wc: %s\n", strerror(errno));
      return 1;
    }
    if (got == 0) break;
    bytes += (uint64_t)got;
    for (ssize_t i = 0; i < got; i++) {
      int space = buffer[i] == ' ' || (buffer[i] >= 9 && buffer[i] <= 13);
      lines += buffer[i] == '\n';
      words += !space && !in_word;
      in_word = !space;
      a = (a + buffer[i]) % 65521;
      b = (b + a) % 65521;
    }
  }
  printf("%llu %llu %llu %08x\n", (unsigned long long)bytes, (unsigned long long)lines, (unsigned long long)words, b << 16 | a);
  return 0;
}
