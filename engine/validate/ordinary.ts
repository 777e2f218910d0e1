/**
 * The common case of validation, in one loop without calls: numbers, locals, constants, loads and stores, blocks and
 * branches that move no operands, as long as they are as they should be. It checks all that `func.ts` checks of them, but
 * reports nothing: before whatever is wrong, or merely rare, it stops, and `func.ts` goes on.
 * Bench: decode (esbuild's module).
 */
import * as rows from "./ordinary-rows.ts";
import { blocks, type FuncState } from "./state.ts";

// Constants of this file, so that V8 takes them for constants: what is imported it reads anew each time.
const { BITS, MOST, NOT_ORDINARY, OPENS, ENDS, CALLS, RETURNS, STOPS, MAY_BRANCH, codeOf, typeOf } = rows;
const { places, masks, wants, gives, factors, givesSecond, peeks, peekMasks, pops, pushes, lengths, intBytes } = rows;
const { controls, resultOf } = rows;
const valueBlocks = blocks;
/** Opcode and immediates of what is dealt with here have no more bytes. */
const LONGEST = 12;
const OPERAND = 2 ** BITS - 1;
const LOOP = 0x03;
const IF = 0x04;

/** Checks instructions from `s.r.pos` on while they are ordinary. */
export function checkOrdinary(s: FuncState): void {
  const { r, seconds, ctrlOps, ctrlTypes, ctrlHeights, ctrlDead, ctrlInits, ctrlTakes, ctrlLeaves, initCount, calls } = s;
  const { bytes } = r;
  const end = Math.min(r.end, bytes.length - LONGEST);
  if (s.sp + MOST > s.vals.length) return;
  let operands = takeOperands(s);
  const { sp } = s;
  let { depth, height } = s;
  let { pos } = r;
  scan: while (pos < end) {
    const op = bytes[pos]!;
    let second = seconds[places[op]! + bytes[pos + 1]!]!;
    if (second === 0) {
      second = (operands >>> peeks[op]!) & peekMasks[op]!;
      if (second === 0) break;
    }
    if ((operands & masks[op]!) !== wants[op]! + second * factors[op]!) break;
    let after = ((operands >>> pops[op]!) << pushes[op]!) | gives[op]! | (second & givesSecond[op]!);
    let next = pos + lengths[op]!;
    const most = intBytes[op]!;
    if (most !== 0) {
      for (const stop = next + most; bytes[next]! > 0x7f; ) if (++next === stop) break scan;
      next++;
    }
    if (next >= end) break;
    const control = controls[op]!;
    if (control !== 0) {
      if (control === CALLS) {
        let idx = 0;
        for (let at = next - 1; at > pos; at--) idx = (idx << 7) | (bytes[at]! & 0x7f);
        const call = calls.typeOf(idx);
        if ((operands & calls.masks[call]!) !== calls.wants[call]!) break;
        after = ((operands >>> calls.pops[call]!) << calls.pushes[call]!) | calls.gives[call]!;
      } else if (control === OPENS) {
        if (after !== 0 || depth >= ctrlOps.length) break;
        const result = resultOf[bytes[pos + 1]!]!;
        ctrlOps[depth] = op;
        ctrlTypes[depth] = valueBlocks[result]!;
        ctrlTakes[depth] = op === LOOP ? 0 : result;
        ctrlLeaves[depth] = op === IF && result > 0 ? NOT_ORDINARY : result;
        ctrlHeights[depth] = sp;
        ctrlDead[depth] = false;
        ctrlInits[depth] = initCount;
        depth++;
        height = sp;
      } else if (control === ENDS) {
        const top = depth - 1;
        if (operands !== ctrlLeaves[top] || sp !== height || top === 0 || ctrlInits[top] !== initCount) break;
        depth = top;
        height = ctrlHeights[top - 1]!;
      } else {
        const label = control === RETURNS ? 0 : depth - 1 - bytes[pos + 1]!;
        if (control !== STOPS) {
          if (label < 0) break;
          const takes = ctrlTakes[label]!;
          if ((after & (takes === 0 ? 0 : OPERAND)) !== takes) break;
        }
        if (control !== MAY_BRANCH) {
          if (sp !== height) break;
          ctrlDead[depth - 1] = true;
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
  s.isDead = ctrlDead[depth - 1]!;
  giveOperands(s, operands);
}

/** Takes the innermost block's topmost operands off the stack; returns them packed. */
function takeOperands(s: FuncState): number {
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
function giveOperands(s: FuncState, operands: number): void {
  const { vals } = s;
  let n = 0;
  while (operands >>> (n * BITS) > 0) n++;
  while (n > 0) vals[s.sp++] = typeOf((operands >>> (--n * BITS)) & OPERAND);
}
