// i32 arithmetic in a chain: multiply, xor, unsigned division and remainder.
#include "case.h"
EXPORT(run) u32 run(u32 n) {
  u32 x = 1, sum = 0;
  for (u32 i = 1; i <= n; i++) {
    next32(&x);
    sum += (x >> 3) % (i | 1) ^ x / 7;
    if (sum & 1) sum ^= x << 5;
  }
  return sum;
}
