/** What running a module amounts to, in a form that two engines can be compared by. */
import {
  BOT,
  EXTERNREF,
  F32,
  F64,
  funcTypeAt,
  heapOf,
  heapTypes,
  I32,
  I64,
  isRef,
  type Module,
  type ValType,
} from "../../engine/index.ts";
import { values } from "../tiers/values.ts";
import type { Rng } from "./rng.ts";

export type Arg = number | bigint | null;

/** A call of an export. */
export interface Call {
  readonly name: string;
  readonly args: readonly Arg[];
}

/**
 * What an engine says, line by line: instantiation, each call, then memories, globals, tables. A line ends the story when
 * it is `undefined`: what comes after cannot be compared (the stack was exhausted, it took too long, JavaScript refuses a
 * type).
 */
export type Story = readonly (string | undefined)[];

const isException = (t: ValType): boolean => [heapTypes.exn, heapTypes.noexn].includes(heapOf(t) as 0x69);
/** Types that go through JavaScript. */
export const isCrossing = (t: ValType): boolean =>
  t === I32 || t === I64 || t === F32 || t === F64 || (isRef(t) && !isException(t));

/** Values of these types as text. */
export const printValues = (values: readonly unknown[], types: readonly ValType[]): string[] =>
  types.map((t, i) => printValue(values[i], t));

/** A value as text. References only say whether they are null; a NaN says no bits, since JavaScript does not keep them. */
export function printValue(v: unknown, t: ValType = BOT): string {
  if (v === null) return "null";
  // JavaScript sees an i31 as a number.
  if (isRef(t)) return "reference";
  if (typeof v === "number") return Object.is(v, -0) ? "-0" : String(v);
  return typeof v === "bigint" ? `${v}n` : v === undefined ? "undefined" : "reference";
}

/** V8 of Node 20 ends the process when it is asked for a value of an exception that has one of another type. */
const isTold = (t: ValType): boolean => isCrossing(t) && (!isRef(t) || t === EXTERNREF);

/** An exception by its tag, if that is exported, and its values, if they can be had. */
export function printException(
  module: Module,
  isOf: (name: string) => boolean,
  valueAt: (i: number) => unknown,
): string {
  const tag = module.exports.find(({ kind, name }) => kind === "tag" && isOf(name));
  if (tag === undefined) return "exception";
  const { params } = funcTypeAt(module, module.tagTypes[tag.idx]!.type);
  return `exception ${tag.name}(${params.every(isTold) ? params.map((t, i) => printValue(valueAt(i), t)) : "?"})`;
}

const floats = new DataView(new ArrayBuffer(8));

function floatArg(rng: Rng, t: ValType): number {
  if (t === F32) floats.setInt32(0, Number(rng.pick(values.f32)));
  else floats.setBigInt64(0, BigInt(rng.pick(values.f64)));
  return t === F32 ? floats.getFloat32(0) : floats.getFloat64(0);
}

/** i32 and i64 are often the bits of floats: see `generate.ts`. */
function argOf(rng: Rng, t: ValType): Arg {
  if (isRef(t)) return null;
  if (t === I32) return rng.oneIn(4) ? rng.bits() : Number(rng.pick(values[rng.oneIn(2) ? "f32" : "i32"])) | 0;
  if (t === I64) return BigInt.asIntN(64, BigInt(rng.pick(values[rng.oneIn(2) ? "f64" : "i64"])));
  return floatArg(rng, t);
}

/** Some calls of every export whose type JavaScript can have. */
export function callsOf(module: Module, rng: Rng, each: number): Call[] {
  const calls: Call[] = [];
  for (const e of module.exports) {
    if (e.kind !== "func") continue;
    const type = funcTypeAt(module, module.funcTypes[e.idx]!);
    if (![...type.params, ...type.results].every(isCrossing)) continue;
    const count = type.params.length === 0 ? 1 : each;
    for (let i = 0; i < count; i++) calls.push({ name: e.name, args: type.params.map((t) => argOf(rng, t)) });
  }
  return calls;
}

/** The first line in which they differ; undefined if none. */
export function difference(want: Story, got: Story): { line: number; want: string; got: string } | undefined {
  for (let line = 0; line < Math.max(want.length, got.length); line++) {
    const [a, b] = [want[line], got[line]];
    if (line < want.length && line < got.length && (a === undefined || b === undefined)) return undefined;
    if (!same(a ?? "the end", b ?? "the end")) return { line, want: a ?? "the end", got: b ?? "the end" };
  }
  return undefined;
}

/** A trap of the host stands for several of ours: `trap WT4008|WT4009`. */
function same(want: string, got: string): boolean {
  if (want === got) return true;
  const [a, b] = [/^(.*)trap (\S+)$/.exec(want), /^(.*)trap (\S+)$/.exec(got)];
  return a !== null && b !== null && a[1] === b[1] && a[2]!.split("|").includes(b[2]!);
}

/** FNV-1a, enough to tell two memories apart. */
export function digest(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${bytes.length} bytes ${(hash >>> 0).toString(16)}`;
}
