// Open addressing: insert, look up and count; loads at addresses that follow from the data.
#include "case.h"
enum { SIZE = 1 << 14 };
static u32 keys[SIZE], counts[SIZE];
EXPORT(run) u32 run(u32 n) {
  u32 x = 9, probes = 0;
  for (u32 i = 0; i < SIZE; i++) keys[i] = counts[i] = 0;
  for (u32 i = 0; i < n; i++) {
    u32 key = (next32(&x) >> 19) + 1, at = key * 2654435761u >> 18;
    while (keys[at] && keys[at] != key) at = (at + 1) & (SIZE - 1), probes++;
    keys[at] = key;
    counts[at]++;
  }
  u32 sum = probes;
  for (u32 i = 0; i < SIZE; i++) sum = sum * 31 + (keys[i] ^ counts[i]);
  return sum;
}
