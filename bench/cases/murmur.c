// MurmurHash3 over keys at odd addresses: unaligned i32 loads.
#include "case.h"
static u8 key[4096 + 4];
static inline u32 load(const u8 *p) { u32 v; __builtin_memcpy(&v, p, 4); return v; }
EXPORT(run) u32 run(u32 n) {
  for (u32 i = 0; i < sizeof key; i++) key[i] = (u8)(i * 131);
  u32 h = 0;
  for (u32 round = 0; round < n; round++) {
    const u8 *p = key + (round & 3);
    for (u32 i = 0; i < 4096; i += 4) {
      u32 k = rotl32(load(p + i) * 0xcc9e2d51u, 15) * 0x1b873593u;
      h = rotl32(h ^ k, 13) * 5 + 0xe6546b64u;
    }
    h ^= h >> 16, h *= 0x85ebca6bu, h ^= h >> 13;
  }
  return h;
}
