// A hash shaped like xxh64: four i64 lanes over 32-byte stripes, rotates and multiplications.
#include "case.h"
#define P1 0x9e3779b185ebca87ull
#define P2 0xc2b2ae3d27d4eb4full
static u64 data[1 << 13];
static inline u64 lane(u64 acc, u64 in) { return rotl64(acc + in * P2, 31) * P1; }
EXPORT(run) u32 run(u32 n) {
  for (u32 i = 0; i < 1 << 13; i++) data[i] = i * P1 ^ i;
  u64 h = 0;
  for (u32 round = 0; round < n; round++) {
    u64 a = round, b = P1, c = P2, d = ~0ull;
    for (u32 i = 0; i < 1 << 13; i += 4) {
      a = lane(a, data[i]);
      b = lane(b, data[i + 1]);
      c = lane(c, data[i + 2]);
      d = lane(d, data[i + 3]);
    }
    h ^= rotl64(a, 1) + rotl64(b, 7) + rotl64(c, 12) + rotl64(d, 18);
  }
  return fold64(h);
}
