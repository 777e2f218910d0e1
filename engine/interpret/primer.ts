/**
 * Executes every operation of `dispatch.gen.ts` once, on memory and slots of its own, so that V8 knows the types in all
 * of them before it optimises the switch. Without that, optimised code is thrown away at the first operation that had not
 * run before, and made again, a tenth of a second each time. Bench: esbuild --version (12 times without, 2 with).
 */
import { funcTypeId } from "../canon.ts";
import type { Module } from "../module.ts";
import { FuncInst } from "../runtime/func.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { MemInst } from "../runtime/memory.ts";
import { residentCode } from "../runtime/resident.ts";
import { TableInst } from "../runtime/table.ts";
import { FUNCREF } from "../types.ts";
import { run } from "./dispatch.gen.ts";
import { exits } from "./exit.ts";
import { type OpDef, ops } from "./ops.ts";
import { pack } from "./pack.ts";
import { runResident } from "./resident.gen.ts";
import { FrameStack, type Run } from "./stack.ts";

/** Where results go, and slots that hold the word in both halves. None may change but the first. */
const RESULT = 8;
const ONE = 10;
const TWO = 12;
const ZERO = 14;
const FORTY = 16;
const MINUS = 18;
/** As an address with `HIGH_OFFSET`, in bounds, by way of sums that are no small integers. */
const HIGH = 20;
const HIGH_OFFSET = -(2 ** 31);
/** Results that take more than a slot. */
const WIDE = 40;
const valueIn: Readonly<Record<number, number>> = {
  [RESULT]: 1,
  [ONE]: 1,
  [TWO]: 2,
  [ZERO]: 0,
  [FORTY]: 40,
  [MINUS]: -3,
  [HIGH]: HIGH_OFFSET + 16,
};
const FRAME_WORDS = 64;
/** A slot that has no room in the first word of an operation. */
const FAR = 512;
/** More than the code has. */
const MOST_WORDS = 1 << 17;

/** Operands that take both sides of every condition. The second is never zero: it may be a divisor. */
const pairs: readonly (readonly [number, number])[] = [
  [ONE, ONE],
  [ONE, TWO],
  [TWO, ONE],
  [ZERO, TWO],
  [ONE, FORTY],
  [FORTY, ONE],
];
/** For all but addresses and what traps. */
const negative: readonly (readonly [number, number])[] = [
  [MINUS, ONE],
  [ONE, MINUS],
  [MINUS, MINUS],
];

/** Operands of an operation that ends at word `next`. */
type Operands = (x: number, y: number, next: number) => readonly number[];

/** Those that are not [result, x, y, x...], where slots are good as offsets, counts and indices as well. */
const special: Readonly<Record<string, Operands>> = {
  enter: () => [FRAME_WORDS, WIDE, WIDE + 2],
  enter_consts: () => [FRAME_WORDS, WIDE, WIDE + 2, 1, 0],
  charge: () => [0],
  br: (_x, _y, next) => [next, 0],
  br_nz: (x, _y, next) => [x, next, 0],
  br_z: (x, _y, next) => [x, next, 0],
  add_br_nz: (x, y, next) => [RESULT, x, x === ZERO ? 0 : (valueIn[y] as number), next, 0],
  add_br_ne: (x, y, next) => [RESULT, x, 1, y, next, 0],
  br_table: (x, _y, next) => [x, 1, next, 0, next, 0],
  return_call: (_x, _y, next) => [next, 0, 0],
  copy32_2: (x, y) => [RESULT, x, RESULT, y],
  copy128: (x) => [WIDE, x],
  "i32.add_shl": (x, y) => [RESULT, x, y, 2],
};

/** Come in pairs, or leave the switch. */
const frames: ReadonlySet<string> = new Set(["call", "call_indirect", "call_ref", "ret", "ret1", "call_import"]);
/** Stand for the operations that the switch calls functions for. */
const called: ReadonlySet<string> = new Set(["atomic.fence", "null_refs", "copy128"]);

const isPrimed = ({ cls, name }: OpDef): boolean =>
  !frames.has(name) &&
  ((cls !== "instance" && cls !== "gc" && cls !== "vector" && cls !== "driver") || called.has(name));
const isJump = ({ cls, name }: OpDef): boolean => cls === "branch" || /^(br|add_br)/.test(name);
const isSafe = ({ cls, name }: OpDef): boolean => cls !== "memory" && !/trunc_f/.test(name);

function operandsOf(o: OpDef, x: number, y: number, next: number): readonly number[] {
  const own = special[o.name];
  if (own !== undefined) return own(x, y, next);
  const second = o.name.endsWith(":i") ? (valueIn[y] as number) : y;
  if (o.cls === "branch") return [x, second, next, 0];
  // What a store is after has perhaps made the result something that is no address.
  const first = o.name.startsWith("store") ? ONE : RESULT;
  return [first, x, second, x, y].slice(0, o.words - 1);
}

/** The arguments of a memory operation that gets at address 16 from `HIGH`; undefined for those with a constant address. */
function highOperands({ name, words }: OpDef): readonly number[] | undefined {
  if (name.endsWith("_at") || name === "i32.add_shl") return undefined;
  if (name.startsWith("store")) return [HIGH, ONE, HIGH_OFFSET];
  return words === 5 ? [RESULT, HIGH, ZERO, HIGH_OFFSET] : [RESULT, HIGH, HIGH_OFFSET];
}

class Primer {
  readonly words: number[] = [];
  /** Where the first word is to be. */
  private readonly start: number;
  private readonly byName: ReadonlyMap<string, OpDef> = new Map(ops.map((o) => [o.name, o]));

  constructor(start: number) {
    this.start = start;
  }

  /** The place of the next word. */
  get here(): number {
    return this.start + this.words.length;
  }

  emit(name: string, ...operands: readonly number[]): void {
    this.words.push(this.named(name).num, ...operands);
  }

  private named(name: string): OpDef {
    return this.byName.get(name) as OpDef;
  }

  /** The operations that `o` is made of. */
  private partsOf(o: OpDef): readonly OpDef[] {
    if (o.cls !== "fused") return [o];
    return o.name
      .split(" ")
      .filter((_, i) => i % 2 === 0)
      .map((name) => this.named(name));
  }

  /** Emits `o`, made of `parts`, which goes to `target`. */
  private emitParts(o: OpDef, parts: readonly OpDef[], x: number, y: number, target: number): void {
    const at = this.words.length;
    for (const part of parts) this.words.push(part.num, ...operandsOf(part, x, y, target));
    this.words[at] = o.num;
  }

  /** `o` on all pairs of operands. */
  add(o: OpDef): void {
    const parts = this.partsOf(o);
    const size = parts.reduce((n, part) => n + 1 + operandsOf(part, ONE, ONE, 0).length, 0);
    for (const [x, y] of parts.every(isSafe) ? [...pairs, ...negative] : pairs) {
      this.emit("const64", RESULT, 1, 1);
      this.emitParts(o, parts, x, y, this.here + size);
    }
    if (isJump(parts[parts.length - 1])) this.addBack(o, parts, size);
    const high = o.cls === "memory" ? highOperands(o) : undefined;
    if (high !== undefined) this.emit(o.name, ...high);
  }

  /** `o` as branches backwards, of which those that are taken look at the fuel. */
  private addBack(o: OpDef, parts: readonly OpDef[], size: number): void {
    for (const [x, y] of pairs) {
      const target = this.here + 3;
      this.emit("br", target + 3, 0);
      this.emit("br", target + 3 + size, 0);
      this.emitParts(o, parts, x, y, target);
    }
  }

  /** A call of `callee`, which is the one operation `end`: by `call`, or by `name`, whose callee is set to it. */
  addCall(
    name: string,
    before: (entry: number) => readonly number[],
    end: string,
    ...operands: readonly number[]
  ): number {
    const size = before(0).length + 1;
    const entry = this.here + size + 3;
    this.emit(name, ...before(entry));
    this.emit("br", entry + 1 + operands.length, 0);
    this.emit(end, ...operands);
    return entry;
  }
}

/** Flat code for the place `start` that executes each operation, and returns. `callee` is the function in table 0, whose entry is set. */
export function primerWords(callee: FuncInst, start: number): readonly number[] {
  const primer = new Primer(start);
  for (const o of ops) if (isPrimed(o)) primer.add(o);
  primer.addCall("call", (entry) => [entry, 0, 0, 0], "ret", 0);
  primer.addCall("call", (entry) => [entry, 0, 0, 0], "ret1", RESULT, 0);
  callee.entry = primer.addCall("call_indirect", () => [ZERO, 0, callee.typeId, 0, 0], "ret", 0);
  primer.emit("memory.grow", RESULT, ZERO, 0);
  primer.emit("copy32", FAR, ONE);
  primer.emit("br_nz", FAR, primer.here + 4, 0);
  primer.emit("ret", 0);
  pack(primer.words);
  return primer.words;
}

/**
 * Programs of some size use most operations. A small one is better off with code for just those that it uses: V8 has
 * more registers for them (bench: the kernels take a tenth longer with all).
 */
const LARGE_MODULE = 1 << 18;

/** What guests of large modules spend first: those that end sooner need no optimised code. Infinity: it is done. */
let unprimed = 1 << 12;

/** Fuel that a guest of `module` may spend before `warmUp` is to be called. */
export const fuelBeforePriming = ({ bytes }: Module): number => (bytes.length < LARGE_MODULE ? Infinity : unprimed);

/** A guest of a large module has spent `fuel`. True if it is time to `prime`. */
export function isCold(fuel: number): boolean {
  unprimed -= fuel;
  if (unprimed >= 0) return false;
  unprimed = Infinity;
  return true;
}

/** An instance with nothing but what the operations need. */
function bareInst(words: Int32Array): ModuleInst {
  const inst = {
    code: { words },
    view: new DataView(new ArrayBuffer(1 << 18)),
    globalWords: new Int32Array(64),
    tables: [new TableInst({ addr: "i32", limits: { min: 1, max: 1 }, elem: FUNCREF })],
    mems: [new MemInst({ addr: "i32", limits: { min: 0, max: 0 }, isShared: false, pageSizeLog2: 16 })],
  };
  return inst as unknown as ModuleInst;
}

/**
 * Runs it, with frames and code in their resident places if `isResident` and nobody's frames are there.
 *
 * @returns why it ended, which is "done"
 */
export function prime(isResident: boolean): number {
  const stack = new FrameStack({ frames: 16, words: FAR + 2 });
  stack.moveIn(isResident && residentCode.hasRoom(MOST_WORDS));
  for (const [slot, value] of Object.entries(valueIn)) stack.I.fill(value, Number(slot), Number(slot) + 2);
  stack.I.fill(1, WIDE, FAR + 2);
  stack.calls[0] = -1;
  try {
    return stack.isResident ? primeResident(stack) : primeAt(0, stack);
  } finally {
    stack.reset();
  }
}

function primeResident(stack: FrameStack): number {
  const owner = residentCode.ownerFor(stack);
  try {
    return primeAt(residentCode.length, stack, (words) => residentCode.add(words, owner));
  } finally {
    residentCode.remove(owner);
  }
}

/** @param add puts the words where code is resident */
function primeAt(start: number, stack: FrameStack, add?: (words: readonly number[]) => void): number {
  const type = funcTypeId({ kind: "func", params: [], results: [] });
  const callee = new FuncInst(type, bareInst(residentCode.words), 0, null);
  const inst = callee.inst as ModuleInst;
  inst.tables[0].elems[0] = callee;
  const words = primerWords(callee, start);
  if (add === undefined) inst.code.words = Int32Array.from(words);
  else add(words);
  const registers: Run = { stack, inst, pc: start, fp: 0, csp: 1, fuel: 1 };
  const go = add === undefined ? run : runResident;
  // The first time V8 may only begin to take notes on the way.
  for (let time = 0; ; time++) {
    let exit = exits.reload as number;
    while (exit === exits.reload) exit = go(registers);
    if (time > 0 || exit !== exits.done) return exit;
    registers.pc = start;
    registers.csp = 1;
  }
}
