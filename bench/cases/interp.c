// A bytecode interpreter: a br_table per step, as language runtimes compiled to WebAssembly have.
#include "case.h"
enum { PUSH, ADD, MUL, XOR, DUP, SWAP, LOAD, STORE, JNZ, DEC, SHR, HALT };
static const u8 code[] = {PUSH, 1, STORE, 1, LOAD, 1, DUP, PUSH, 13, MUL, PUSH, 7, ADD, SWAP, SHR, XOR, STORE, 1, LOAD, 0, DEC, DUP, STORE, 0, JNZ, 4, HALT};
EXPORT(run) u32 run(u32 n) {
  u32 stack[16], vars[4] = {n, 0, 0, 0}, *sp = stack;
  for (const u8 *pc = code;;) {
    switch (*pc++) {
      case PUSH: *sp++ = *pc++; break;
      case ADD: sp--; sp[-1] += *sp; break;
      case MUL: sp--; sp[-1] *= *sp; break;
      case XOR: sp--; sp[-1] ^= *sp; break;
      case DUP: *sp = sp[-1]; sp++; break;
      case SWAP: { u32 t = sp[-1]; sp[-1] = sp[-2]; sp[-2] = t; break; }
      case LOAD: *sp++ = vars[*pc++]; break;
      case STORE: vars[*pc++] = *--sp; break;
      case JNZ: { u8 to = *pc++; if (*--sp) pc = code + to; break; }
      case DEC: sp[-1]--; break;
      case SHR: sp[-1] >>= 3; break;
      case HALT: return vars[1];
    }
  }
}
