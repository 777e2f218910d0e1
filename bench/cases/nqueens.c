// N queens by recursion over bit masks, counting all solutions.
#include "case.h"
NOINLINE static u32 place(u32 all, u32 columns, u32 left, u32 right) {
  u32 count = 0;
  if (columns == all) return 1;
  for (u32 free = all & ~(columns | left | right); free;) {
    u32 bit = free & -free;
    free ^= bit;
    count += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
  }
  return count;
}
EXPORT(run) u32 run(u32 n) { return place((1u << n) - 1, 0, 0, 0); }
