// exit [CODE]: leaves in the middle of a call with CODE (7 when not given), output without a final newline.
#include <stdio.h>
#include <stdlib.h>

static void deep(int depth, int code) {
  if (depth == 0) exit(code);
  deep(depth - 1, code);
  puts("not reached");
}

int main(int argc, char **argv) {
  int code = argc > 1 ? atoi(argv[1]) : 7;
  printf("leaving with %d", code);
  deep(5, code);
  return 99;
}
