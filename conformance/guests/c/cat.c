// cat [FILE...]: copies files ("-" or none: stdin) to stdout; a missing file is reported and the rest still copied.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char buffer[65536];

static int copy(int from, const char *name) {
  for (;;) {
    ssize_t got = read(from, buffer, sizeof buffer);
    if (got == 0) return 0;
    for (ssize_t done = 0; done < got;) {
      ssize_t put = write(1, buffer + done, (size_t)(got - done));
      if (put < 0) {
        fprintf(stderr, "cat: write: %s\n", strerror(errno));
        return 1;
      }
      done += put;
    }
    if (got < 0) {
      fprintf(stderr, "cat: %s: %s\n", name, strerror(errno));
      return 1;
    }
  }
}

static int cat(const char *name) {
  if (strcmp(name, "-") == 0) return copy(0, "stdin");
  int fd = open(name, O_RDONLY);
  if (fd < 0) {
    fprintf(stderr, "cat: %s: %s\n", name, strerror(errno));
    return 1;
  }
  int failed = copy(fd, name);
  close(fd);
  return failed;
}

int main(int argc, char **argv) {
  if (argc == 1) return cat("-");
  int failed = 0;
  for (int i = 1; i < argc; i++) failed |= cat(argv[i]);
  return failed;
}
