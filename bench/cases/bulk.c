// memory.copy and memory.fill of 8 to 263 bytes, overlapping or not.
#include "case.h"
static u8 buffer[1 << 16];
EXPORT(run) u32 run(u32 n) {
  u32 x = 5;
  for (u32 i = 0; i < sizeof buffer; i++) buffer[i] = (u8)i;
  for (u32 i = 0; i < n; i++) {
    u32 size = 8 + (next32(&x) >> 24), to = x >> 8 & 0x7fff, from = x >> 5 & 0x7fff;
    if (i & 3) __builtin_memmove(buffer + to, buffer + from, size);
    else __builtin_memset(buffer + to, (int)i, size);
  }
  u32 sum = 0;
  for (u32 i = 0; i < sizeof buffer; i++) sum = sum * 31 + buffer[i];
  return sum;
}
