// A token-threaded interpreter, as Forth's: one indirect call per step, the machine's state in a structure.
#include "case.h"
typedef struct { const u8 *pc; u32 *sp, stack[16], count, value; i32 isRunning; } Machine;
typedef void (*Word)(Machine *);
NOINLINE static void lit(Machine *m) { *m->sp++ = *m->pc++; }
NOINLINE static void add(Machine *m) { m->sp--, m->sp[-1] += *m->sp; }
NOINLINE static void mul(Machine *m) { m->sp--, m->sp[-1] *= *m->sp; }
NOINLINE static void xor(Machine *m) { m->sp--, m->sp[-1] ^= *m->sp; }
NOINLINE static void dup(Machine *m) { *m->sp = m->sp[-1], m->sp++; }
NOINLINE static void shr(Machine *m) { m->sp--, m->sp[-1] >>= *m->sp; }
NOINLINE static void get(Machine *m) { *m->sp++ = m->value; }
NOINLINE static void set(Machine *m) { m->value = *--m->sp; }
NOINLINE static void loop(Machine *m) { if (--m->count) m->pc -= *m->pc; else m->pc++; }
NOINLINE static void halt(Machine *m) { m->isRunning = 0; }
static const Word words[] = {lit, add, mul, xor, dup, shr, get, set, loop, halt};
static const u8 code[] = {6, 0, 29, 2, 0, 17, 1, 4, 0, 5, 5, 3, 7, 8, 14, 9};
EXPORT(run) u32 run(u32 n) {
  Machine m = {code, m.stack, {0}, n, 1, 1};
  while (m.isRunning) words[*m.pc++](&m);
  return m.value;
}
