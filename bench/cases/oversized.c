// One function too large for V8's compilers of JavaScript, as interpreters and parsers are: a switch of 512 cases, some of
// which do the work in a loop.
#include "case.h"
#define STEP(k) x = (x ^ x >> ((k) % 13 + 1)) * (2 * (k) + 3) + (y << (k) % 7);
#define CASES(k) \
  case k: STEP(k) y += x >> (k) % 11; break; \
  case k + 1: y = rotl32(y ^ x, (k) % 31 + 1) - (k); STEP(y % 5 + (k)) z[(k) & 255] ^= y; break; \
  case k + 2: if (x > (k) * 7919u) { STEP(k + 2) } else { y -= z[x & 255] * (k); } x += y | (k); break; \
  case k + 3: z[x >> 24] += y * (k); y ^= z[(k) & 255]; STEP(k + 5) break;
#define CASES_16(k) CASES(k) CASES(k + 4) CASES(k + 8) CASES(k + 12)
#define CASES_64(k) CASES_16(k) CASES_16(k + 16) CASES_16(k + 32) CASES_16(k + 48)
static u32 z[256];
EXPORT(run) u32 run(u32 n) {
  u32 x = 1, y = 0, state = n;
  for (u32 i = 0; i < 256; i++) z[i] = next32(&state);
  for (u32 r = 0; r < n; r++) {
    switch (next32(&state) >> 23) {
      CASES_64(0) CASES_64(64) CASES_64(128) CASES_64(192) CASES_64(256) CASES_64(320) CASES_64(384) CASES_64(448)
    }
    for (u32 i = 0; i < 64; i++) {
      x = rotl32(x + (z[i * 4 + (x & 3)] ^ y), 7) * 0x9e3779b1u;
      y = (y >> 1) + (x ^ i);
    }
  }
  return x ^ y;
}
