// recurse: calls itself for ever; the engine must stop it, not the host's stack.
#include <stdio.h>

static volatile unsigned depth;

__attribute__((noinline)) unsigned guest_recurse(unsigned n) {
  depth = n;
  return guest_recurse(n + 1) * 3 + depth;
}

int main(void) {
  puts("before");
  fflush(stdout);
  printf("survived %u\n", guest_recurse(0));
  return 0;
}
