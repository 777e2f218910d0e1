/**
 * Lowers one function of a valid module from its bytes to flat code (`ops.ts`).
 *
 *     bytes ──decode──► instruction ──► Operands (where values are) ──► Emitter (words, targets) ──► fuse (sequences), pack
 *
 * One pass, O(body). Stack traffic disappears: local.get and constants only move a description, a result goes straight
 * into the local it is set to, a comparison is absorbed by the branch after it. Operands are brought into their slots
 * at joins and calls, so that at every safepoint the frame is canonical: locals, then operands, in order.
 * Run again with a `Recorder` it tells where safepoints and instructions are; it does the same each time.
 */
import { skipImms } from "../binary/imms.ts";
import { nanShape } from "../canonical-nans.ts";
import { instrDef, type Mnemonic, mnemonicOf, type Special } from "../instrs.ts";
import type { Func, Module } from "../module.ts";
import type { LoweredFunc } from "../runtime/flat-code.ts";
import type { HandlerTable } from "../runtime/handlers.ts";
import { fuse } from "./fuse.ts";
import { lowerAtomic } from "./lower-atomic.ts";
import { exceptionRules } from "./lower-exceptions.ts";
import { lowerLoad, lowerStore } from "./lower-memory.ts";
import { lowerPlain } from "./lower-numeric.ts";
import { lowerVector } from "./lower-simd.ts";
import { specials } from "./lower-special.ts";
import { tailCallRules } from "./lower-tail.ts";
import { Lowering, type Recorder } from "./lowering.ts";
import { op } from "./ops.ts";
import { pack } from "./pack.ts";

const rules: Readonly<Record<Special, (l: Lowering) => void>> = {
  ...specials,
  ...tailCallRules,
  ...exceptionRules,
};

/** Constants kept in slots for a whole call cost two copies at entry each. */
const MAX_CONSTANTS = 16;

/**
 * Lowers `func` for the place `start` in the module's flat code. A function whose loops bring constants into slots is
 * lowered again with those constants kept in slots of their own. Bench: loop kernels on i64 and f64.
 *
 * @cost O(body); a module's functions are lowered one by one, when first called
 */
export function lower(
  module: Module,
  func: Func,
  start: number,
  hasCanonicalNans: boolean,
  recorder?: Recorder,
): LoweredFunc {
  const first = new Lowering(module, func, start, []);
  first.hasCanonicalNans = hasCanonicalNans;
  const handlers = lowerBody(first);
  const constants = [...first.out.wanted.values()]
    .sort((a, b) => b.depth - a.depth || b.uses - a.uses)
    .slice(0, MAX_CONSTANTS);
  if (constants.length === 0 && recorder === undefined) return { words: first.out.words, handlers };
  const second = new Lowering(module, func, start, constants, recorder);
  second.hasCanonicalNans = hasCanonicalNans;
  return { handlers: lowerBody(second), words: second.out.words };
}

function lowerBody(l: Lowering): HandlerTable | undefined {
  while (l.labels.length > 0) {
    l.at = l.reader.pos;
    const m = mnemonicOf(l.reader.opcode()) as Mnemonic;
    if (l.isDead) skipDead(l, m);
    else lowerInstr(l, m);
  }
  l.out.words[1] = l.stack.maxTop;
  const handlers = l.handlers.finish(l.out);
  fuse(l.out.words);
  pack(l.out.words);
  return handlers;
}

function lowerInstr(l: Lowering, m: Mnemonic): void {
  const d = instrDef(m);
  const { out, at } = l;
  out.pending += d.cost ?? 1;
  const { pending } = out;
  out.first = out.pc;
  if (d.lanes !== undefined) lowerVector(l, m, d);
  else if (d.type === "special") rules[m as Special](l);
  else if (d.type === "load") lowerLoad(l, m, d);
  else if (d.type === "store") lowerStore(l, m, d);
  else if (d.type === "atomic") lowerAtomic(l, d);
  else lowerPlain(l, m, d);
  if (l.hasCanonicalNans) canonicaliseResult(l, m);
  l.recorder?.instr(out.first, at, pending);
}

/** The result, which was just made in its slot, is canonical if it is a NaN. */
function canonicaliseResult({ out, stack }: Lowering, m: Mnemonic): void {
  const shape = nanShape(m);
  if (shape === undefined) return;
  const at = stack.offs[stack.height - 1];
  out.emit(op(`canonical_${shape}`), at, at);
}

/** Dead code is decoded, not lowered. */
function skipDead(l: Lowering, m: Mnemonic): void {
  const isOwn = l.deadDepth === 0;
  if (opens.has(m)) l.deadDepth++;
  else if (m === "end" || m === "delegate") {
    if (isOwn) return rules[m](l);
    l.deadDepth--;
  } else if (isOwn && (m === "else" || m === "catch" || m === "catch_all")) return rules[m](l);
  skipImms(l.reader, instrDef(m));
}

const opens: ReadonlySet<Mnemonic> = new Set(["block", "loop", "if", "try_table", "try"]);
