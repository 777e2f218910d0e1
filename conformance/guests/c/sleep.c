// sleep MS: sleeps and prints how long it took by the monotonic and by the wall clock, in whole milliseconds.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static long long now_ms(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

int main(int argc, char **argv) {
  long ms = argc > 1 ? atol(argv[1]) : 100;
  puts("sleeping");
  fflush(stdout);
  long long mono = now_ms(CLOCK_MONOTONIC), wall = now_ms(CLOCK_REALTIME);
  struct timespec span = {ms / 1000, ms % 1000 * 1000000};
  if (nanosleep(&span, NULL) != 0) return 1;
  printf("monotonic %lld wall %lld now %lld\n", now_ms(CLOCK_MONOTONIC) - mono, now_ms(CLOCK_REALTIME) - wall, wall / 1000);
  return 0;
}
