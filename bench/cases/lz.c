// An LZ77 compressor with a hash of three bytes: match loops of unknown length.
#include "case.h"
enum { SIZE = 1 << 15 };
static u8 data[SIZE];
static i32 last[4096];
EXPORT(run) u32 run(u32 n) {
  u32 x = 1, sum = 0;
  for (int i = 0; i < SIZE; i++) data[i] = (next32(&x) >> 28) > 5 && i > 64 ? data[i - 61] : (u8)(x >> 24);
  for (u32 round = 0; round < n; round++) {
    for (int i = 0; i < 4096; i++) last[i] = -1;
    for (i32 i = 0; i + 3 < SIZE;) {
      u32 h = (data[i] << 16 | data[i + 1] << 8 | data[i + 2]) * 2654435761u >> 20;
      i32 from = last[h], length = 0;
      last[h] = i;
      if (from >= 0)
        while (i + length < SIZE && length < 255 && data[from + length] == data[i + length]) length++;
      sum = sum * 31 + (length > 3 ? (u32)(i - from) << 8 | (u32)length : data[i]);
      i += length > 3 ? length : 1;
    }
    data[round] ^= 1;
  }
  return sum;
}
