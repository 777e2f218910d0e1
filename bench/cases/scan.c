// Text scanning byte by byte: words, lines and a longest run, as wc and memchr do.
#include "case.h"
static u8 text[1 << 16];
EXPORT(run) u32 run(u32 n) {
  u32 x = 7;
  for (u32 i = 0; i < sizeof text; i++) text[i] = "etaoin shrdlu\ncmf"[(next32(&x) >> 16) % 17];
  u32 words = 0, lines = 0, longest = 0;
  for (u32 round = 0; round < n; round++) {
    u32 length = 0;
    for (const u8 *p = text, *end = text + sizeof text; p < end; p++) {
      if (*p == '\n') lines++;
      if (*p == ' ' || *p == '\n') {
        if (length) words++;
        if (length > longest) longest = length;
        length = 0;
      } else {
        length++;
      }
    }
    text[round % sizeof text] = ' ';
  }
  return words ^ lines << 8 ^ longest << 24;
}
