// Ackermann's function A(2, n) and A(3, small): deep recursion.
#include "case.h"
NOINLINE static u32 ack(u32 m, u32 n) { return m == 0 ? n + 1 : n == 0 ? ack(m - 1, 1) : ack(m - 1, ack(m, n - 1)); }
EXPORT(run) u32 run(u32 n) {
  u32 sum = 0;
  for (u32 i = 0; i < n; i++) sum += ack(2, i % 97) + ack(3, i % 5);
  return sum;
}
