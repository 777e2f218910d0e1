// The compression loop of SHA-256 with made-up constants: the i32 twin of sha512.
#include "case.h"
static inline u32 rotr(u32 x, int k) { return x >> k | x << (32 - k); }
EXPORT(run) u32 run(u32 n) {
  static u32 w[64], k[64];
  u32 v[8];
  for (int i = 0; i < 64; i++) k[i] = (i + 1) * 0x428a2f99u;
  for (int i = 0; i < 8; i++) v[i] = (i + 1) * 0x6a09e667u;
  for (u32 round = 0; round < n; round++) {
    for (int i = 0; i < 16; i++) w[i] = v[i & 7] + round + i;
    for (int i = 16; i < 64; i++) {
      u32 s0 = rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3;
      u32 s1 = rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
    for (int i = 0; i < 64; i++) {
      u32 t1 = h + (rotr(e, 6) ^ rotr(e, 11) ^ rotr(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
      u32 t2 = (rotr(a, 2) ^ rotr(a, 13) ^ rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    v[0] += a, v[1] += b, v[2] += c, v[3] += d, v[4] += e, v[5] += f, v[6] += g, v[7] += h;
  }
  return v[0] ^ v[7];
}
