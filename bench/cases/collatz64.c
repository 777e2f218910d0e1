// Collatz sequences: i64 compare, shift and add with unpredictable branches.
#include "case.h"
EXPORT(run) u32 run(u32 n) {
  u32 steps = 0;
  for (u32 i = 1; i <= n; i++)
    for (u64 x = i; x != 1; steps++) x = x & 1 ? 3 * x + 1 : x >> 1;
  return steps;
}
