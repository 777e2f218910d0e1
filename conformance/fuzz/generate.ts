/**
 * A random valid module from a seed. Each function has an exported wrapper that carries floats as their bits and vectors
 * as halves, so that a run can be compared exactly.
 */
import { body, moduleOf, type Parts, s, section, u, vec } from "../../engine/binary/encode.ts";
import { Body } from "./body.ts";
import { Rng } from "./rng.ts";
import { codes, type Type } from "./rows.ts";
import * as write from "./shape.ts";

const DEPTH = 5;

export function generate(seed: number, hasTailCalls: boolean): Uint8Array {
  const rng = new Rng(seed);
  const shape = write.randomShape(rng, hasTailCalls && rng.oneIn(3));
  const { signatures, funcs } = shape;
  const wrapperTypes = funcs.map((sig) => write.wrapperSignature(signatures[sig]!));
  const typeList = [...signatures, ...wrapperTypes].map(write.signatureType);
  const indices = [...funcs, ...wrapperTypes.map((_, i) => signatures.length + i)];
  const code = [
    ...funcs.map((sig) => funcBody(new Body(rng, shape, signatures[sig]!))),
    ...funcs.map((sig, i) => wrapper(signatures[sig]!, i)),
  ];
  const starts = funcs.flatMap((sig, i) => (sig === 0 ? [i] : []));
  const start = starts.length > 0 && rng.oneIn(4) ? [section(8, u(rng.pick(starts)))] : [];
  return moduleOf(
    section(1, vec(typeList)),
    section(3, vec(indices.map(u))),
    write.tableSection(shape),
    write.memorySection(rng),
    write.globalSection(rng, shape),
    write.exportSection(shape),
    ...start,
    write.elemSection(rng, shape),
    write.dataCountSection(shape),
    section(10, vec(code)),
    write.dataSection(rng, shape),
  );
}

const zero: Readonly<Record<Type, readonly number[]>> = {
  i32: [0x41, 0],
  i64: [0x42, 0],
  f32: [0x43, 0, 0, 0, 0],
  f64: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  v128: [0xfd, 12, ...Array<number>(16).fill(0)],
};

/** With a prologue that uses up a call, or returns zeros when there are none left. */
function funcBody(b: Body): number[] {
  const { results } = b.signature;
  const main = [...b.statements(DEPTH, 5), ...results.flatMap((t) => b.value(t, DEPTH))];
  const left = [0x23, write.FUEL];
  const stop = [...left, 0x41, 0, 0x4c, 0x04, 0x40, ...results.flatMap((t) => zero[t]), 0x0f, 0x0b];
  const use = [...left, 0x41, 1, 0x6b, 0x24, write.FUEL];
  return body(
    [...stop, ...use, ...main],
    b.declared.map((t) => [1, codes[t]]),
  );
}

const fromBits: Readonly<Record<Type, readonly number[]>> = { i32: [], i64: [], f32: [0xbe], f64: [0xbf], v128: [] };
const toBits: Readonly<Record<Type, readonly number[]>> = { i32: [], i64: [], f32: [0xbc], f64: [0xbd], v128: [] };

/** Calls function `f` with bits. */
function wrapper({ params, results }: write.Signature, f: number): number[] {
  const code: Parts[] = [[0x41, ...s(write.CALLS), 0x24, write.FUEL]];
  let at = 0;
  for (const t of params) {
    if (t === "v128") code.push([0x20, u(at++), 0xfd, 0x12, 0x20, u(at++), 0xfd, 0x1e, 1]);
    else code.push([0x20, u(at++), fromBits[t]]);
  }
  code.push([0x10, u(f)]);
  results.forEach((_, i) => void code.push([0x21, u(at + results.length - 1 - i)]));
  results.forEach((t, i) => {
    const get = [0x20, ...u(at + i)];
    if (t === "v128") code.push([get, 0xfd, 0x1d, 0, get, 0xfd, 0x1d, 1]);
    else code.push([get, toBits[t]]);
  });
  return body(
    code,
    results.map((t) => [1, codes[t]]),
  );
}
