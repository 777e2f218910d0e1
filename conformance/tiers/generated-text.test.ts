/**
 * What becomes source text: generated JavaScript of every function of the corpus, and of modules whose names try to get
 * into it, consists of words that are ours and of numbers. Nothing else, and no string at all.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type Module } from "../../engine/index.ts";
import { Declined } from "../../engine/jit/function-text.ts";
import { type GenerateOptions, generate } from "../../engine/jit/generate.ts";
import { helpers } from "../../engine/jit/helpers.ts";
import { projectRoot } from "../spec/suite.ts";

const root = projectRoot();
const engine = new Engine({ features: { threads: true } });

const keywords =
  `break case catch const continue default else for function if let null return switch throw try instanceof
  Math abs imul clz32 ceil floor trunc sqrt fround min max NaN`.split(/\s+/);
/** Members of the linker, of instances, memories, tables, functions and views. */
const members =
  `$ $i helpers inst mems tables funcs globals cells slot refs results I F32 F64 callee deep indirect callable
  calleeMetered indirectMetered callableMetered slow left stops more loop caller tail failed spend metered meteredSig
  dv dw js sig elems datas get set size grow length fill copy init getInt8 getUint8 getInt16 getUint16 getInt32 getFloat32
  getFloat64 setInt8 setInt16 setInt32 setFloat32 setFloat64 true tags tag words
  landed fields typeId descriptor value heap over elements active blocks catching
  catchingAll passing grown bigs bigWords BigInt asIntN asUintN getBigInt64 setBigInt64`.split(/\s+/);
const words = new Set([...keywords, ...members, ...Object.keys(helpers)]);
/** Variables, by their numbers. */
const variable =
  /^([lhsztwLmTEcrdgf]\d+|PL\d+|f\d+(_\d+)?[ms]?(x\d+)?|N(32|64)_\d+_\d+|G(I|F32|F64|refs)\d*|[nposbevaujHVRIqkxyADUFGMWKXYJQS]|[vw]0|ci|cr|VR|VF|BA|BV|BW|bp|wp|BP?\d+(_\d+)*)$/;
const token =
  /\s+|(?<word>[A-Za-z_$][\w$]*)|(?<number>\d+n|\d+(\.\d+)?(e[+-]?\d+)?)|(?<sign>[-+*/%&|^~!<>=?:;,.(){}[\]]+)/gy;

/** Tokens of `text` that are not allowed; the directive at its start is. */
function strange(text: string): string[] {
  const body = text.replace(/^"use strict";/, "");
  const found: string[] = [];
  token.lastIndex = 0;
  while (token.lastIndex < body.length) {
    const at = token.lastIndex;
    const match = token.exec(body);
    if (match === null) return [...found, `at ${at}: ${JSON.stringify(body.slice(at, at + 20))}`];
    const word = match.groups?.word;
    if (word !== undefined && !words.has(word) && !variable.test(word)) found.push(word);
    if (/\/[/*]|=>/.test(match[0])) found.push(match[0]);
  }
  return found;
}

const forms: readonly GenerateOptions[] = [
  {},
  { isMetered: true },
  { isBig: true },
  { split: "every" },
  { split: "large", isDeferred: true },
  { split: "large", isDeferred: false },
];

interface Texts {
  readonly count: number;
  readonly strange: readonly string[];
}

/** Texts of every function of `module`, and of their ways into loops if the offsets are given. */
function check(module: Module): Texts {
  const found: string[] = [];
  let count = 0;
  module.funcs.forEach((_, i) => {
    try {
      for (const form of forms) {
        found.push(...strange(generate(module, module.importedFuncs + i, form).text));
      }
      count++;
    } catch (error) {
      if (!(error instanceof Declined)) throw error;
    }
  });
  return { count, strange: [...new Set(found)] };
}

const cases = readdirSync(join(root, "bench/cases")).filter((name) => name.endsWith(".wasm"));
const examples = readdirSync(join(root, "examples")).filter((name) => name.endsWith(".wasm"));
const files = [
  ...cases.map((name) => join(root, "bench/cases", name)),
  ...examples.map((n) => join(root, "examples", n)),
];

describe("generated text", () => {
  it.each(files)("of %s", (file) => {
    const { count, strange: found } = check(engine.compile(readFileSync(file)));
    expect(found).toEqual([]);
    expect(count).toBeGreaterThan(0);
  });

  it("of a module whose names are code", async () => {
    const hostile = "\\22;globalThis.pwned=1//\\0a`process.exit()*/ f0(){}\\e2\\80\\a8";
    const wat = `(module
      (import "${hostile}" "${hostile}" (func $i (param i32 i64 f32 f64) (result i64)))
      (import "${hostile}" "global" (global i64))
      (import "${hostile}" "mutable" (global (mut f32)))
      (memory (export "${hostile} m") 1) (table (export "${hostile} t") 3 funcref)
      (global (mut f64) (f64.const nan:0x123))
      (data "${hostile}")
      (func (export "${hostile}") (result i64) (local f32)
        (local.set 0 (f32.const -nan:0x3))
        (f64.store (i32.const -1) (f64.const -0x1p-1074))
        (global.set 1 (f32.const -inf))
        (call_indirect (result i64) (i32.const 7))
        (i64.add (global.get 0))
        (i64.add (call $i (i32.const -2147483648) (i64.const -9223372036854775808) (local.get 0) (f64.const 1e308)))))`;
    const { buffer } = (await wabtInit()).parseWat("t.wat", wat).toBinary({ write_debug_names: true });
    const module = engine.compile(buffer);
    expect(check(module)).toEqual({ count: 1, strange: [] });
    expect(generate(module, 1).text).not.toContain("pwned");
  });

  it("is checked by something that finds what is wrong", () => {
    expect(strange('f0("x")')).not.toEqual([]);
    expect(strange("f0(`x`)")).not.toEqual([]);
    expect(strange("f0(process)")).toEqual(["process"]);
    expect(strange("f0() // x")).not.toEqual([]);
    expect(strange("f0(/z/)")).not.toEqual([]);
    expect(strange("l0=(a)=>1")).not.toEqual([]);
    expect(strange("l0.constructor")).toEqual(["constructor"]);
    expect(strange("l0=f12_345(l1+0.5,n);")).toEqual([]);
  });
});
