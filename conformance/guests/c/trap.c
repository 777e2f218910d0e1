// trap KIND: prints "before KIND" and then traps: unreachable, div0, overflow, oob, indirect, null-indirect or trunc.
#include <limits.h>
#include <stdio.h>
#include <string.h>

static volatile int zero = 0, minus_one = -1, lowest = INT_MIN;
static volatile double huge = 1e30;

__attribute__((noinline)) static double takes_double(double x) { return x + zero; }
static double (*volatile pointer)(double) = takes_double;

__attribute__((noinline)) int guest_trap(const char *kind) {
  if (strcmp(kind, "unreachable") == 0) __builtin_trap();
  if (strcmp(kind, "div0") == 0) return lowest / zero;
  if (strcmp(kind, "overflow") == 0) return lowest / minus_one;
  if (strcmp(kind, "oob") == 0) return *(volatile int *)0xfffffff0;
  if (strcmp(kind, "indirect") == 0) return ((int (*volatile)(int))(pointer))(1);
  if (strcmp(kind, "null-indirect") == 0) return ((int (*volatile)(int))zero)(1);
  if (strcmp(kind, "trunc") == 0) return __builtin_wasm_trunc_s_i32_f64(huge);
  return 0;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "unreachable";
  printf("before %s\n", kind);
  fflush(stdout);
  int result = guest_trap(kind);
  printf("survived %d\n", result);
  return 0;
}
