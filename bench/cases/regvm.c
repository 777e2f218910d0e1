// A register machine with 32-bit instructions, as Lua's: decoding by shifts, registers in memory, jumps both ways.
#include "case.h"
enum { LOADK, MOVE, ADD, SUB, MUL, XOR, SHR, LT, JMP, JNZ, HALT };
#define INS(op, a, b, c) ((u32)(op) | (u32)(a) << 8 | (u32)(b) << 16 | (u32)(c) << 24)
static const u32 code[] = {
  INS(LOADK, 1, 1, 0), INS(LOADK, 2, 0, 0), INS(LOADK, 3, 13, 0), INS(LOADK, 6, 1, 0),
  INS(MUL, 1, 1, 3), INS(ADD, 1, 1, 2), INS(SHR, 4, 1, 7), INS(XOR, 1, 1, 4),
  INS(LT, 5, 4, 1), INS(JNZ, 5, 1, 0), INS(SUB, 1, 1, 4), INS(ADD, 2, 2, 6),
  INS(MOVE, 4, 2, 0), INS(LT, 5, 4, 0), INS(JNZ, 5, 1, 0), INS(HALT, 0, 0, 0), INS(JMP, 12, 0, 1)};
EXPORT(run) u32 run(u32 n) {
  u32 r[8] = {n};
  for (const u32 *pc = code;;) {
    u32 ins = *pc++, a = ins >> 8 & 255, b = ins >> 16 & 255, c = ins >> 24;
    switch (ins & 255) {
      case LOADK: r[a] = b; break;
      case MOVE: r[a] = r[b]; break;
      case ADD: r[a] = r[b] + r[c]; break;
      case SUB: r[a] = r[b] - r[c]; break;
      case MUL: r[a] = r[b] * r[c] + 1; break;
      case XOR: r[a] = r[b] ^ r[c]; break;
      case SHR: r[a] = r[b] >> c; break;
      case LT: r[a] = r[b] < r[c]; break;
      case JMP: pc -= c ? a + 1 : 0; break;
      case JNZ: if (r[a]) pc += b; break;
      case HALT: return r[1];
    }
  }
}
