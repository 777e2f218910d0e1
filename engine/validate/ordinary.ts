/**
 * The common case of validation, in one loop: numbers, locals, globals, constants, loads and stores, calls, blocks and branches
 * with at most one operand, as long as all is as it should be. It checks all that `func.ts` checks of them, but reports
 * nothing: before whatever is wrong, or merely rare, it stops, and `func.ts` goes on.
 *
 * It is one function, small and alike for all instructions, since most of loading a module is the time until V8 has optimised
 * it (RATIONALE.md). Bench: decode; `new WebAssembly.Module` of esbuild-wasm in a fresh process.
 */
import * as rows from "./ordinary-rows.ts";
import * as state from "./state.ts";

/** Checks instructions from `s.r.pos` on while they are ordinary. */
export let skipOrdinary: (s: state.FuncState) => void;

/*
 * Constants of this file, and of a block: V8 takes them for constants then. What is imported it reads anew each time, and
 * bundlers make variables of constants that are outside of blocks (five times slower in the command).
 */
{
  const { BITS, OPERAND, MOST, NOT_ORDINARY, OPENS, ENDS, CALLS, RETURNS, STOPS, MAY_BRANCH, codeOf, typeOf } = rows;
  const { places, masks, wants, effects, signs, unusedBits, peeks, peekMasks, resultOf } = rows;
  const { FACTOR, PUSHES, GIVES, GIVES_SECOND, LENGTH, INT_BYTES, CONTROL } = rows;
  const { CTRL_WORDS, HEIGHT, INITS, DEAD, TAKES, LEAVES, blocks } = state;
  /** Opcode and immediates of what is dealt with here have no more bytes. */
  const LONGEST = 12;
  const LOOP = 0x03;
  const IF = 0x04;

  skipOrdinary = (s) => {
    // So that no operand is without room, whatever is ordinary.
    if (s.sp + MOST > s.vals.length) return;
    giveOperands(s, checkOrdinary(s, takeOperands(s)));
  };

  /** From the operands that are packed to those that are in the end; the others stay where they are. */
  function checkOrdinary(s: state.FuncState, operands: number): number {
    const { r, seconds, ctrl, ctrlTypes, calls, sp, initCount } = s;
    const { bytes } = r;
    const end = Math.min(r.end, bytes.length - LONGEST);
    let { depth, height } = s;
    let { pos } = r;
    scan: while (pos < end) {
      const op = bytes[pos]!;
      const place = places[op]!;
      let second = seconds[(place & (2 ** FACTOR - 1)) + bytes[pos + 1]!]!;
      if (second === 0) {
        second = (operands >>> peeks[op]!) & peekMasks[op]!;
        if (second === 0) break;
      }
      if ((operands & masks[op]!) !== wants[op]! + second * (place >> FACTOR)) break;
      const effect = effects[op]!;
      const result = ((effect >> GIVES) & OPERAND) | (second & (effect >> GIVES_SECOND) & OPERAND);
      let after = ((operands >>> (effect & 15)) << ((effect >> PUSHES) & 3)) | result;
      let next = pos + ((effect >> LENGTH) & 15);
      const most = (effect >> INT_BYTES) & 15;
      if (most !== 0) {
        const last = next + most - 1;
        while (bytes[next]! > 0x7f) if (next++ === last) break scan;
        if (((bytes[next]! + signs[op]!) & unusedBits[op]!) !== 0 && next === last) break;
        next++;
      }
      if (next >= end) break;
      const control = effect >> CONTROL;
      if (control !== 0) {
        let idx = 0;
        for (let at = next - 1; at > pos; at--) idx = (idx << 7) | (bytes[at]! & 0x7f);
        if (control === CALLS) {
          const { words } = calls;
          const call = calls.placeOf(idx);
          if ((operands & words[call]!) !== words[call + 1]!) break;
          after = ((operands >>> (words[call + 3]! & 0xff)) << (words[call + 3]! >> 8)) | words[call + 2]!;
        } else if (control === OPENS) {
          if (after !== 0 || depth >= ctrlTypes.length) break;
          const leaves = resultOf[bytes[pos + 1]!]!;
          const at = depth * CTRL_WORDS;
          ctrlTypes[depth] = blocks[leaves]!;
          ctrl[at] = op;
          ctrl[at + HEIGHT] = sp;
          ctrl[at + INITS] = initCount;
          ctrl[at + DEAD] = 0;
          ctrl[at + TAKES] = op === LOOP ? 0 : leaves;
          ctrl[at + LEAVES] = op === IF && leaves > 0 ? NOT_ORDINARY : leaves;
          depth++;
          height = sp;
        } else if (control === ENDS) {
          const at = (depth - 1) * CTRL_WORDS;
          if (operands !== ctrl[at + LEAVES] || sp !== height || at === 0 || ctrl[at + INITS] !== initCount) break;
          depth--;
          height = ctrl[at - CTRL_WORDS + HEIGHT]!;
        } else {
          const label = control === RETURNS ? 0 : depth - 1 - idx;
          if (control !== STOPS) {
            if (label < 0) break;
            const takes = ctrl[label * CTRL_WORDS + TAKES]!;
            if ((after & (takes === 0 ? 0 : OPERAND)) !== takes) break;
          }
          if (control !== MAY_BRANCH) {
            if (sp !== height) break;
            ctrl[(depth - 1) * CTRL_WORDS + DEAD] = 1;
            after = 0;
          }
        }
      }
      operands = after;
      pos = next;
    }
    r.pos = pos;
    s.depth = depth;
    s.height = height;
    s.isDead = ctrl[(depth - 1) * CTRL_WORDS + DEAD] === 1;
    return operands;
  }

  /**
   * Takes the innermost block's topmost operands off the stack; returns them packed. Without any, which is usual, all of it
   * runs too: what V8 has not seen when it optimises this it would have to optimise again.
   */
  function takeOperands(s: state.FuncState): number {
    const { vals, sp } = s;
    const first = Math.max(s.height, sp - MOST + 1);
    let start = sp;
    let operands = 0;
    let shift = 0;
    let code = 0;
    do {
      const isThere = start > first ? OPERAND : 0;
      code = codeOf(vals[Math.max(start - 1, 0)]!) & isThere;
      operands |= code << shift;
      shift += BITS;
      start -= code > 0 ? 1 : 0;
    } while (code > 0);
    s.sp = start;
    return operands;
  }

  /** Puts packed operands onto the stack. */
  function giveOperands(s: state.FuncState, operands: number): void {
    const { vals } = s;
    let n = 0;
    while (operands >>> (n * BITS) > 0) n++;
    while (n > 0) vals[s.sp++] = typeOf((operands >>> (--n * BITS)) & OPERAND);
  }
}
