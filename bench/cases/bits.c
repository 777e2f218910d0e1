// Bit tricks: popcnt, clz, ctz, rotates, sign extensions, in both widths.
#include "case.h"
EXPORT(run) u32 run(u32 n) {
  u64 x = 88172645463325252ull;
  u32 sum = 0;
  for (u32 i = 0; i < n; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    u32 low = (u32)x | 1;
    sum += (u32)__builtin_popcountll(x) * (u32)__builtin_clz(low) + (u32)__builtin_ctzll(x | 1ull << 40);
    sum = rotl32(sum, low & 31) ^ (u32)(i32)(signed char)low ^ (u32)(short)(low >> 8) ^ (u32)__builtin_popcount(low);
  }
  return sum;
}
