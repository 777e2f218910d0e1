/**
 * A second opinion on fuel: a module that counts what it executes itself, in a global of its own, so that any engine can
 * run it. Knows the price list from the documentation (docs/limits.md), not from the engine.
 *
 * Every instruction that costs something is preceded by `count += cost`; a bulk one is followed by `count += size / unit`.
 */
import { name, type Parts, section, sized, u, vec } from "../../engine/binary/encode.ts";
import { skipImms } from "../../engine/binary/imms.ts";
import { defOf, mnemonicOf } from "../../engine/binary/opcodes.ts";
import { Reader } from "../../engine/binary/reader.ts";
import { compile, funcTypeAt, type Module } from "../../engine/index.ts";

const free: ReadonlySet<string> = new Set("block loop end else nop try_table try catch catch_all delegate".split(" "));

/** Their count is the topmost operand. */
const bulk: Readonly<Record<string, "bytes" | "elements" | "pages" | "growth">> = {
  "memory.fill": "bytes",
  "memory.copy": "bytes",
  "memory.init": "bytes",
  "memory.grow": "pages",
  "table.fill": "elements",
  "table.copy": "elements",
  "table.init": "elements",
  "table.grow": "growth",
  "array.new": "elements",
  "array.new_default": "elements",
  "array.new_data": "elements",
  "array.new_elem": "elements",
  "array.fill": "elements",
  "array.copy": "elements",
  "array.init_data": "elements",
  "array.init_elem": "elements",
};

export interface Counting {
  readonly bytes: Uint8Array;
  /** Export of the count, a mutable i64. */
  readonly count: string;
  /** Export of what was the start function, which is not run by instantiation; undefined if there is none. */
  readonly start: string | undefined;
}

const I32 = 0x7f;
const I64 = 0x7e;
const global = 6;
const exports = 7;
const start = 8;
const code = 10;
/** Sections in the order of a module; data count is before code, tags are before globals. */
const order = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

export function instrument(original: Uint8Array): Counting {
  const module = compile(original, { features: { "legacy-exceptions": true } });
  const counter = module.globalTypes.length;
  const names = { count: "fuel of it all", start: "started by hand" };
  const payloads = new Map<number, Parts>();
  for (const { id, range } of module.sections) {
    if (id !== 0) payloads.set(id, [...module.bytes.subarray(range.start, range.end)]);
  }
  append(payloads, global, module.globals.length, [[I64, 1, 0x42, 0, 0x0b]]);
  const own = [[...name(names.count), 3, ...u(counter)]];
  if (module.start !== undefined) own.push([...name(names.start), 0, ...u(module.start)]);
  append(payloads, exports, module.exports.length, own);
  payloads.delete(start);
  if (payloads.has(code)) payloads.set(code, vec(module.funcs.map((_, i) => bodyOf(module, i, counter))));
  const sections = order.flatMap((id) => (payloads.has(id) ? section(id, payloads.get(id) as Parts) : []));
  const bytes = Uint8Array.from([...original.subarray(0, 8), ...sections]);
  return { bytes, count: names.count, start: module.start === undefined ? undefined : names.start };
}

/** Adds `items` to the vector of `count` items that section `id` is. */
function append(payloads: Map<number, Parts>, id: number, count: number, items: readonly (readonly number[])[]): void {
  const old = (payloads.get(id) ?? [0]) as readonly number[];
  payloads.set(id, [u(count + items.length), old.slice(u(count).length), ...items]);
}

function bodyOf(module: Module, i: number, counter: number): number[] {
  const func = module.funcs[i]!;
  const runs: number[][] = [];
  const r = new Reader(module.bytes, 0, func.body.start);
  r.pos = localsStart(module, i);
  for (let n = r.u32(); n > 0; n--) {
    const from = r.pos;
    r.u32();
    skipValType(r);
    runs.push([...module.bytes.subarray(from, r.pos)]);
  }
  const first = funcTypeAt(module, func.type).params.length + func.localCount;
  return sized([vec([...runs, [2, I32], [2, I64]]), instructions(module, i, new Writer(counter, first))]);
}

/** Where the local declarations of function `i` begin. */
function localsStart(module: Module, i: number): number {
  const section = module.sections.find(({ id }) => id === code)!;
  const r = new Reader(module.bytes, section.range.start, section.range.end);
  r.u32();
  for (let k = 0; k < i; k++) {
    const size = r.u32();
    r.pos += size;
  }
  r.u32();
  return r.pos;
}

function skipValType(r: Reader): void {
  const byte = r.u8();
  if (byte === 0x63 || byte === 0x64) r.s33();
}

class Writer {
  private readonly counter: number[];
  /** Locals: two i32, two i64. */
  private readonly first: number;

  constructor(counter: number, first: number) {
    this.counter = u(counter);
    this.first = first;
  }

  one(): number[] {
    return [0x23, ...this.counter, 0x42, 1, 0x7c, 0x24, ...this.counter];
  }

  /** Keeps the topmost operand, of 64 bits if `isWide`. */
  keep(isWide: boolean): number[] {
    return [0x22, ...this.local(isWide, 0)];
  }

  /** Counts what was kept, `unit` to one. */
  counted(isWide: boolean, op: "/" | "*", unit: number): number[] {
    const amount = [0x20, ...this.local(isWide, 0), ...(isWide ? [] : [0xad])];
    const cost = [...amount, ...long(unit), op === "/" ? 0x80 : 0x7e];
    return [0x23, ...this.counter, ...cost, 0x7c, 0x24, ...this.counter];
  }

  /** `then`, unless the result on top is -1. */
  ifGrown(isWide: boolean, then: readonly number[]): number[] {
    const result = this.local(isWide, 1);
    const compare = isWide ? [0x42, 0x7f, 0x52] : [0x41, 0x7f, 0x47];
    return [0x22, ...result, ...compare, 0x04, 0x40, ...then, 0x0b, 0x20, ...result];
  }

  private local(isWide: boolean, i: number): number[] {
    return u(this.first + (isWide ? 2 : 0) + i);
  }
}

const long = (n: number): number[] => [0x42, ...signed(n)];
/** Signed LEB128 of a number that is not negative. */
const signed = (n: number): number[] => (n < 64 ? [n] : [(n & 0x7f) | 0x80, ...signed(Math.floor(n / 128))]);

function instructions(module: Module, i: number, w: Writer): number[] {
  const { start: from, end } = module.funcs[i]!.body;
  const r = new Reader(module.bytes, from, end);
  const out: number[] = [];
  while (r.pos < end) {
    const at = r.pos;
    const opcode = r.opcode();
    const mnemonic = mnemonicOf(opcode)!;
    const imms = r.pos;
    skipImms(r, defOf(opcode, at));
    const bytes = module.bytes.subarray(at, r.pos);
    const kind = bulk[mnemonic];
    if (!free.has(mnemonic)) out.push(...w.one());
    if (kind !== undefined) out.push(...bulkCode(module, mnemonic, new Reader(module.bytes, imms, r.pos), bytes, w));
    else out.push(...bytes);
    if (mnemonic === "array.new_fixed") out.push(...fixed(new Reader(module.bytes, imms, r.pos), w));
  }
  return out;
}

/** An array of constant length: its count is an immediate. */
function fixed(imms: Reader, w: Writer): number[] {
  imms.u32();
  const length = imms.u32();
  return Array.from({ length: Math.floor(length / 8) }, () => w.one()).flat();
}

/** The instruction, and what it costs beside 1. */
function bulkCode(module: Module, mnemonic: string, imms: Reader, bytes: Uint8Array, w: Writer): number[] {
  const [space, action] = mnemonic.split(".") as [string, string];
  const types: readonly { readonly addr: string }[] = space === "memory" ? module.memTypes : module.tableTypes;
  // The count of an initialisation comes from a segment; that of a copy is as wide as the narrower address.
  const hasCount = space !== "array" && action !== "init";
  const indices = !hasCount ? [] : action === "copy" ? [imms.u32(), imms.u32()] : [imms.u32()];
  const isWide = hasCount && indices.every((idx) => types[idx]!.addr === "i64");
  const kept = [...w.keep(isWide), ...bytes];
  switch (bulk[mnemonic]) {
    case "bytes":
      return [...kept, ...w.counted(isWide, "/", 64)];
    case "elements":
      return [...kept, ...w.counted(isWide, "/", 8)];
    case "growth":
      return [...kept, ...w.ifGrown(isWide, w.counted(isWide, "/", 8))];
    default: {
      const pageSize = 2 ** module.memTypes[indices[0]!]!.pageSizeLog2;
      const cost = pageSize >= 64 ? w.counted(isWide, "*", pageSize / 64) : w.counted(isWide, "/", 64 / pageSize);
      return [...kept, ...w.ifGrown(isWide, cost)];
    }
  }
}
