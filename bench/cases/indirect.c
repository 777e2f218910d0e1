// call_indirect through a table of small functions of one type.
#include "case.h"
typedef u32 (*Op)(u32, u32);
static u32 add(u32 a, u32 b) { return a + b; }
static u32 sub(u32 a, u32 b) { return a - b; }
static u32 mix(u32 a, u32 b) { return a ^ rotl32(b, 5); }
static u32 mul(u32 a, u32 b) { return a * (b | 1); }
static u32 max(u32 a, u32 b) { return a > b ? a : b; }
static u32 avg(u32 a, u32 b) { return (a & b) + ((a ^ b) >> 1); }
static u32 shl(u32 a, u32 b) { return a << (b & 7) | 1; }
static u32 inv(u32 a, u32 b) { return ~a + b; }
static Op volatile ops[8] = {add, sub, mix, mul, max, avg, shl, inv};
EXPORT(run) u32 run(u32 n) {
  u32 x = 1, sum = 1;
  for (u32 i = 0; i < n; i++) sum = ops[next32(&x) >> 29](sum, x);
  return sum;
}
