// Euclid on i64: signed remainder.
#include "case.h"
EXPORT(run) u32 run(u32 n) {
  u64 x = 88172645463325252ull, sum = 0;
  for (u32 i = 0; i < n; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    i64 a = (i64)(x >> 2), b = (i64)(x >> 20 | 1);
    while (b) {
      i64 rest = a % b;
      a = b, b = rest;
    }
    sum += (u64)a;
  }
  return fold64(sum);
}
