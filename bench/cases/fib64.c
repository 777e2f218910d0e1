// Recursive Fibonacci on i64: parameters and results of that type.
#include "case.h"
NOINLINE static u64 fib(u64 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
EXPORT(run) u32 run(u32 n) { return fold64(fib(n) * 0x9e3779b97f4a7c15ull); }
