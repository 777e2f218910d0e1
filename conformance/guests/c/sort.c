// sort [FILE...]: the lines of all files (none: stdin) in byte order.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const unsigned char *text;
  size_t length;
} Line;

static unsigned char *bytes;
static size_t used, space;

static void slurp(FILE *file, const char *name) {
  for (;;) {
    if (space - used < 65536) bytes = realloc(bytes, space = space * 2 + 131072);
    size_t got = fread(bytes + used, 1, space - used - 1, file);
    used += got;
    if (got == 0) break;
  }
  if (ferror(file)) {
    fprintf(stderr, "sort: %s: %s\n", name, strerror(errno));
    exit(1);
  }
  if (used > 0 && bytes[used - 1] != '\n') bytes[used++] = '\n';
}

static int by_bytes(const void *left, const void *right) {
  const Line *a = left, *b = right;
  int order = memcmp(a->text, b->text, a->length < b->length ? a->length : b->length);
  return order ? order : a->length < b->length ? -1 : a->length > b->length;
}

int main(int argc, char **argv) {
  if (argc == 1) slurp(stdin, "stdin");
  for (int i = 1; i < argc; i++) {
    FILE *file = fopen(argv[i], "rb");
    if (!file) {
      fprintf(stderr, "sort: %s: %s\n", argv[i], strerror(errno));
      return 1;
    }
    slurp(file, argv[i]);
    fclose(file);
  }
  size_t count = 0;
  for (size_t i = 0; i < used; i++) count += bytes[i] == '\n';
  Line *lines = malloc((count + 1) * sizeof *lines);
  const unsigned char *at = bytes;
  for (size_t i = 0; i < count; i++) {
    const unsigned char *end = memchr(at, '\n', used);
    lines[i] = (Line){at, (size_t)(end - at)};
    at = end + 1;
  }
  qsort(lines, count, sizeof *lines, by_bytes);
  for (size_t i = 0; i < count; i++) {
    fwrite(lines[i].text, 1, lines[i].length, stdout);
    putchar('\n');
  }
  return 0;
}
