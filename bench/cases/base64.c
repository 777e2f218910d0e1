// Base64 both ways: byte loads, shifts, masks and table look-ups.
#include "case.h"
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static u8 plain[3072], text[4096], back[256];
EXPORT(run) u32 run(u32 n) {
  for (int i = 0; i < 64; i++) back[(u8)alphabet[i]] = (u8)i;
  for (int i = 0; i < 3072; i++) plain[i] = (u8)(i * 7);
  for (u32 round = 0; round < n; round++) {
    for (u32 i = 0, o = 0; i < 3072; i += 3, o += 4) {
      u32 v = plain[i] << 16 | plain[i + 1] << 8 | plain[i + 2];
      text[o] = alphabet[v >> 18], text[o + 1] = alphabet[v >> 12 & 63], text[o + 2] = alphabet[v >> 6 & 63], text[o + 3] = alphabet[v & 63];
    }
    for (u32 i = 0, o = 0; i < 4096; i += 4, o += 3) {
      u32 v = back[text[i]] << 18 | back[text[i + 1]] << 12 | back[text[i + 2]] << 6 | back[text[i + 3]];
      plain[o] = (u8)(v >> 16) + 1, plain[o + 1] = (u8)(v >> 8), plain[o + 2] = (u8)v ^ (u8)round;
    }
  }
  u32 sum = 0;
  for (int i = 0; i < 3072; i++) sum = sum * 31 + plain[i];
  return sum;
}
