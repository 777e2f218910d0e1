// CRC-32 with a table: one byte load and one table load per step.
#include "case.h"
static u32 table[256];
static u8 data[1 << 14];
EXPORT(run) u32 run(u32 n) {
  for (u32 i = 0; i < 256; i++) {
    u32 c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  for (u32 i = 0; i < sizeof data; i++) data[i] = (u8)(i * i >> 3);
  u32 crc = ~0u;
  for (u32 round = 0; round < n; round++)
    for (u32 i = 0; i < sizeof data; i++) crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
  return ~crc;
}
