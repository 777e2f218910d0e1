// Takeuchi's function: calls with three parameters whose arguments are calls.
#include "case.h"
NOINLINE static i32 tak(i32 x, i32 y, i32 z) { return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)); }
EXPORT(run) u32 run(u32 n) { return (u32)tak((i32)n + 6, (i32)n, (i32)(n >> 1)); }
