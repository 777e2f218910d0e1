// splitmix64: i64 add, shift, xor, multiply, nothing else.
#include "case.h"
EXPORT(run) u32 run(u32 n) {
  u64 state = 42, sum = 0;
  for (u32 i = 0; i < n; i++) {
    u64 z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    sum += z ^ z >> 31;
  }
  return fold64(sum);
}
