// The compression loop of SHA-512 with made-up constants: i64 rotates, shifts and adds over a message schedule.
#include "case.h"
static inline u64 rotr(u64 x, int k) { return x >> k | x << (64 - k); }
EXPORT(run) u32 run(u32 n) {
  static u64 w[80], k[80];
  u64 v[8];
  for (int i = 0; i < 80; i++) k[i] = (i + 1) * 0x428a2f98d728ae22ull;
  for (int i = 0; i < 8; i++) v[i] = (i + 1) * 0x6a09e667f3bcc908ull;
  for (u32 round = 0; round < n; round++) {
    for (int i = 0; i < 16; i++) w[i] = v[i & 7] + round + i;
    for (int i = 16; i < 80; i++) {
      u64 s0 = rotr(w[i - 15], 1) ^ rotr(w[i - 15], 8) ^ w[i - 15] >> 7;
      u64 s1 = rotr(w[i - 2], 19) ^ rotr(w[i - 2], 61) ^ w[i - 2] >> 6;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u64 a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];
    for (int i = 0; i < 80; i++) {
      u64 t1 = h + (rotr(e, 14) ^ rotr(e, 18) ^ rotr(e, 41)) + ((e & f) ^ (~e & g)) + k[i] + w[i];
      u64 t2 = (rotr(a, 28) ^ rotr(a, 34) ^ rotr(a, 39)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    v[0] += a, v[1] += b, v[2] += c, v[3] += d, v[4] += e, v[5] += f, v[6] += g, v[7] += h;
  }
  return fold64(v[0] ^ v[7]);
}
