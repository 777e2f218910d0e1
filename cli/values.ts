/**
 * Values of guests as text: arguments of `--invoke` read by their types, results printed.
 *
 * Not for values in the text format at large: references other than null cannot be written.
 */
import {
  ArrayInst,
  ExnInst,
  F32,
  F64,
  FuncInst,
  type FuncType,
  I31,
  I32,
  I64,
  isNullable,
  isRef,
  printFuncType,
  printValType,
  StructInst,
  V128,
  type Val,
  type ValType,
} from "../engine/index.ts";
import { CliError } from "./cli-error.ts";

/**
 * The words after the module as arguments of `name`.
 *
 * @throws CliError WT6542..WT6544
 */
export function parseArguments(name: string, type: FuncType, words: readonly string[]): Val[] {
  checkArgumentCount(name, type, words.length);
  return type.params.map((t, i) => parseValue(words[i]!, t, `argument ${i + 1} of ${name}`));
}

/** @throws CliError WT6542 */
export function checkArgumentCount(name: string, type: FuncType, given: number): void {
  if (given === type.params.length) return;
  throw new CliError("WT6542", `${name} takes ${count(type.params.length, "argument")}, not ${given}`, {
    where: `its type is ${printFuncType(type)}`,
    help: `write: wasmts --invoke ${name} FILE${type.params.map((t) => ` <${printValType(t)}>`).join("")}`,
  });
}

const count = (n: number, noun: string): string => `${n === 0 ? "no" : n} ${noun}${n === 1 ? "" : "s"}`;

/** @throws CliError WT6543, WT6544 */
export function parseValue(text: string, type: ValType, what: string): Val {
  if (type === I32) return Number(parseInteger(text, type, 32, what));
  if (type === I64) return parseInteger(text, type, 64, what);
  if (type === V128) return BigInt.asUintN(128, parseInteger(text, type, 128, what));
  if (type === F32 || type === F64) return parseDecimal(text, type, what);
  if (isRef(type) && isNullable(type)) {
    if (/^(ref\.)?null$/.test(text)) return null;
    throw unfit(text, type, what, "null is the only reference that can be written");
  }
  throw new CliError("WT6544", `${what} cannot be written on a command line`, {
    where: `its type is ${printValType(type)}`,
    help: 'call it from JavaScript: import { Engine } from "wasmts"',
  });
}

/** Signed, of `bits` bits. */
function parseInteger(text: string, type: ValType, bits: number, what: string): bigint {
  const match = /^([+-]?)(0x[0-9a-f][0-9a-f_]*|[0-9][0-9_]*)$/i.exec(text);
  if (match === null) throw unfit(text, type, what, "decimal or 0x, perhaps with a sign");
  const magnitude = BigInt(match[2]!.replaceAll("_", ""));
  const value = match[1] === "-" ? -magnitude : magnitude;
  const least = -(1n << BigInt(bits - 1));
  const most = (1n << BigInt(bits)) - 1n;
  if (value < least || value > most) throw unfit(text, type, what, `from ${least} to ${most}`);
  return BigInt.asIntN(bits, value);
}

function parseDecimal(text: string, type: ValType, what: string): number {
  const match = /^([+-]?)(inf(?:inity)?|nan|0x[0-9a-f]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i.exec(text);
  if (match === null) throw unfit(text, type, what, "such as 1.5, -1e9, 0x10, inf or nan");
  const body = match[2]!.toLowerCase();
  const magnitude = body.startsWith("inf")
    ? Number.POSITIVE_INFINITY
    : body === "nan"
      ? Number.NaN
      : Number(body.replaceAll("_", ""));
  const value = match[1] === "-" ? -magnitude : magnitude;
  return type === F32 ? Math.fround(value) : value;
}

function unfit(text: string, type: ValType, what: string, expected: string): CliError {
  return new CliError("WT6543", `'${text}' is no ${printValType(type)}`, {
    where: `${what}: ${expected}`,
    help: "correct the argument",
  });
}

/** A result as text: integers signed, floats as short as exact, vectors in hexadecimal, references by kind. */
export function printValue(value: Val, type: ValType): string {
  if (type === F32 || type === F64) return printFloat(value as number, type === F32);
  if (type === V128) return `0x${(value as bigint).toString(16).padStart(32, "0")}`;
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value === null) return "ref.null";
  if (value instanceof I31) return `ref.i31 ${value.value}`;
  return `ref.${kinds.find(([kind]) => value instanceof kind)?.[1] ?? "extern"}`;
}

const kinds = [
  [FuncInst, "func"],
  [StructInst, "struct"],
  [ArrayInst, "array"],
  [ExnInst, "exn"],
] as const;

function printFloat(value: number, isSingle: boolean): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0";
  if (!isSingle) return String(value);
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/** For `--json`: the type by name; 64-bit integers and what JSON has no number for are strings. */
export function jsonValue(value: Val, type: ValType): { type: string; value: number | string | null } {
  const isPlain = typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0);
  return { type: printValType(type), value: isPlain ? value : value === null ? null : printValue(value, type) };
}
