/**
 * Values of scripts against values of engines: conversion, comparison, printing.
 *
 * A value that came through `bits.ts` is 16 bytes; one that came directly is a JavaScript value.
 */
import type { NumType } from "./bits.ts";
import { bitsOfF32, bitsOfF64, f32OfBits, f64OfBits } from "./literals.ts";
import type { Const, Expected, Lane, NanPattern } from "./script.ts";

/** A host object that scripts pass around as `(ref.extern N)`. */
export class HostRef {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}
const hostRefs = new Map<number, HostRef>();

/** Always the same object for the same number. */
export function hostRef(id: number): HostRef {
  const known = hostRefs.get(id) ?? new HostRef(id);
  hostRefs.set(id, known);
  return known;
}

/** The numeric type of a constant or expectation; undefined for references. */
export function numTypeOf(value: Expected): NumType | undefined {
  switch (value.type) {
    case "i32":
    case "i64":
    case "f32":
    case "f64":
    case "v128":
      return value.type;
    case "nan":
      return value.of;
    case "lanes":
      return "v128";
    case "either":
      return value.options[0] === undefined ? undefined : numTypeOf(value.options[0]);
    default:
      return undefined;
  }
}

/** True when a JavaScript value would not carry it exactly: NaN, v128. */
export function needsBits(value: Expected): boolean {
  if (value.type === "f32") return Number.isNaN(f32OfBits(value.bits));
  if (value.type === "f64") return Number.isNaN(f64OfBits(value.bits));
  if (value.type === "either") return value.options.some(needsBits);
  return value.type === "v128" || value.type === "lanes" || value.type === "nan";
}

/** As the JavaScript API takes it. Not for v128. */
export function toJs(value: Const): unknown {
  switch (value.type) {
    case "i32":
    case "i64":
      return value.value;
    case "f32":
      return f32OfBits(value.bits);
    case "f64":
      return f64OfBits(value.bits);
    case "null":
      return null;
    case "host":
      return hostRef(value.id);
    case "v128":
      throw new Error("a v128 is not a JavaScript value");
  }
}

/** 16 bytes, little-endian. Not for references. */
export function toBytes(value: Const): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  if (value.type === "i32") view.setInt32(0, value.value, true);
  else if (value.type === "i64") view.setBigInt64(0, value.value, true);
  else if (value.type === "f32") view.setUint32(0, value.bits, true);
  else if (value.type === "f64") view.setBigUint64(0, value.bits, true);
  else if (value.type === "v128") bytes.set(value.bytes);
  else throw new Error(`no bits: ${value.type}`);
  return bytes;
}

/** Compares a value that came as bytes. */
export function matchesBytes(bytes: Uint8Array, want: Expected): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  switch (want.type) {
    case "i32":
      return view.getInt32(0, true) === want.value;
    case "i64":
      return view.getBigInt64(0, true) === want.value;
    case "f32":
      return view.getUint32(0, true) === want.bits;
    case "f64":
      return view.getBigUint64(0, true) === want.bits;
    case "v128":
      return want.bytes.every((byte, i) => byte === bytes[i]);
    case "nan":
      return matchesLane(view, 0, want.of, want.pattern);
    case "lanes":
      return want.lanes.every((lane, i) => matchesLane(view, (i * 16) / want.lanes.length, want.of, lane));
    case "either":
      return want.options.some((option) => matchesBytes(bytes, option));
    default:
      return false;
  }
}

function matchesLane(view: DataView, at: number, of: "f32" | "f64", want: Lane): boolean {
  if (of === "f32") {
    const bits = view.getUint32(at, true);
    return typeof want === "string" ? isNanF32(bits, want) : bits === want;
  }
  const bits = view.getBigUint64(at, true);
  return typeof want === "string" ? isNanF64(bits, want) : bits === want;
}

/** Canonical: only the top bit of the payload. Arithmetic: at least that bit. Either sign. */
const isNanF32 = (bits: number, pattern: NanPattern): boolean =>
  pattern === "canonical" ? (bits & 0x7fffffff) === 0x7fc00000 : (bits & 0x7fc00000) === 0x7fc00000;
const isNanF64 = (bits: bigint, pattern: NanPattern): boolean =>
  pattern === "canonical"
    ? (bits & 0x7fffffffffffffffn) === 0x7ff8000000000000n
    : (bits & 0x7ff8000000000000n) === 0x7ff8000000000000n;

/** What `matchesJs` must ask the engine about references. */
export interface RefQuestions {
  isFunction(value: unknown): boolean;
  /** For `eq`, `i31`, `struct`, `array`. Undefined: cannot tell. */
  matchesHeap(value: unknown, heap: string): boolean | undefined;
}

/** Compares a value that came as a JavaScript value. */
export function matchesJs(value: unknown, want: Expected, ask: RefQuestions): boolean {
  switch (want.type) {
    case "i32":
    case "i64":
      return value === want.value;
    case "f32":
      return typeof value === "number" && Math.fround(value) === value && bitsOfF32(value) === want.bits;
    case "f64":
      return typeof value === "number" && bitsOfF64(value) === want.bits;
    case "nan":
      return Number.isNaN(value);
    case "null":
      return value === null;
    case "host":
      return value === hostRef(want.id);
    case "ref":
      return value !== null && value !== undefined && matchesRef(value, want.heap, ask);
    case "either":
      return want.options.some((option) => matchesJs(value, option, ask));
    default:
      return false;
  }
}

function matchesRef(value: unknown, heap: string, ask: RefQuestions): boolean {
  if (heap === "func") return ask.isFunction(value);
  if (heap === "extern" || heap === "any" || heap === "exn" || heap === "host") return true;
  return ask.matchesHeap(value, heap) ?? false;
}

export function printBytes(bytes: Uint8Array, want: Expected | undefined): string {
  const type = want === undefined ? "v128" : (numTypeOf(want) ?? "v128");
  const size = type === "v128" ? 16 : type === "i64" || type === "f64" ? 8 : 4;
  const hex = [...bytes.subarray(0, size)].reverse().map((byte) => byte.toString(16).padStart(2, "0"));
  return `${type}:0x${hex.join("")}`;
}

export function printJs(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof HostRef) return `(host ${value.id})`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return value === null ? "null" : typeof value;
}

export function printExpected(want: Expected): string {
  switch (want.type) {
    case "i32":
      return String(want.value);
    case "i64":
      return `${want.value}n`;
    case "f32":
      return `${printJs(f32OfBits(want.bits))} (f32:0x${want.bits.toString(16)})`;
    case "f64":
      return `${printJs(f64OfBits(want.bits))} (f64:0x${want.bits.toString(16)})`;
    case "v128":
      return printBytes(want.bytes, want);
    case "null":
      return "null";
    case "host":
      return `(host ${want.id})`;
    case "ref":
      return `(ref.${want.heap})`;
    case "nan":
      return `${want.of} nan:${want.pattern}`;
    case "lanes":
      return `${want.of} lanes ${want.lanes.map((lane) => (typeof lane === "string" ? lane : `0x${lane.toString(16)}`))}`;
    case "either":
      return `either ${want.options.map(printExpected).join(" or ")}`;
  }
}
