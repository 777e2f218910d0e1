// Sieve of Eratosthenes: byte stores with a stride, then a byte scan.
#include "case.h"
static u8 composite[1 << 19];
EXPORT(run) u32 run(u32 n) {
  u32 count = 0;
  for (u32 round = 0; round < n; round++) {
    for (u32 i = 0; i < sizeof composite; i++) composite[i] = 0;
    for (u32 i = 2; i * i < sizeof composite; i++)
      if (!composite[i])
        for (u32 j = i * i; j < sizeof composite; j += i) composite[j] = 1;
    for (u32 i = 2; i < sizeof composite; i++) count += !composite[i];
  }
  return count;
}
