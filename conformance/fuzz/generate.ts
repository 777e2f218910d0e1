/**
 * A random valid module from a seed. Each function has an exported wrapper that carries floats as their bits, vectors
 * as halves and references as digests, so that a run can be compared exactly.
 */
import { body, moduleOf, name, type Parts, s, section, u, vec } from "../../engine/binary/encode.ts";
import { Body } from "./body.ts";
import { constant, zeroOf } from "./constants.ts";
import { digestBody, digestSignature, globalsBody, globalsSignature, toldResult } from "./digest.ts";
import { type Profile, randomProfile } from "./profile.ts";
import { Rng } from "./rng.ts";
import * as write from "./sections.ts";
import { CALLS, FUEL, funcIdx, randomShape, type Shape, type Signature, typeIdx } from "./shape.ts";
import { isNullable, isRef, type OpType, typeBytes } from "./types.ts";

const DEPTH = 5;

/** What a module of `seed` may use. */
export const profileOf = (seed: number): Profile => randomProfile(new Rng(seed ^ 0x9f0f));

export function generate(seed: number, profile: Profile = profileOf(seed)): Uint8Array {
  const rng = new Rng(seed);
  const shape = randomShape(rng, profile);
  const { signatures, funcs } = shape;
  const wrappers = funcs.map((sig) => write.wrapperSignature(signatures[sig]!));
  // After the functions and their wrappers: the digest of objects, that of globals.
  const digest = funcIdx(shape, 2 * funcs.length);
  const hasObjects = profile.has("gc");
  const hasRefs = profile.has("reference-types");
  const more = [...wrappers, ...(hasObjects ? [digestSignature] : []), ...(hasRefs ? [globalsSignature(shape)] : [])];
  const code = [
    ...funcs.map((sig) => funcBody(new Body(rng, shape, signatures[sig]!))),
    ...funcs.map((sig, i) => wrapper(rng, shape, signatures[sig]!, funcIdx(shape, i), digest)),
    ...(hasObjects ? [digestBody(shape, digest)] : []),
    ...(hasRefs ? [globalsBody(shape, digest)] : []),
  ];
  const indices = [...funcs, ...more.map((_, i) => signatures.length + i)].map((sig) => u(typeIdx(shape, sig)));
  const globals: Parts[] = hasRefs ? [[name("globals"), 0, u(digest + (hasObjects ? 1 : 0))]] : [];
  const starts = funcs.flatMap((sig, i) => (sig === 0 ? [funcIdx(shape, i)] : []));
  return moduleOf(
    write.typeSection(shape, more),
    write.importSection(shape),
    section(3, vec(indices)),
    write.tableSection(shape),
    write.memorySection(shape),
    shape.tags.length > 0 ? write.tagSection(shape) : [],
    write.globalSection(rng, shape),
    write.exportSection(shape, globals),
    starts.length > 0 && rng.oneIn(4) ? section(8, u(rng.pick(starts))) : [],
    write.elemSection(rng, shape),
    write.dataCountSection(shape),
    section(10, vec(code)),
    write.dataSection(rng, shape),
  );
}

/** With a prologue that uses up a call, or returns at once when there are none left. */
function funcBody(b: Body): number[] {
  const { results } = b.signature;
  const main = [...b.prologue(), ...b.statements(DEPTH, 5), ...results.flatMap((t) => b.value(t, DEPTH))];
  const nothing = results.flatMap((t) => (isRef(t) && !isNullable(t) ? constant(b.rng, b.shape, t) : zeroOf(t)));
  const stop = [0x23, FUEL, 0x41, 0, 0x4c, 0x04, 0x40, ...nothing, 0x0f, 0x0b];
  const use = [0x23, FUEL, 0x41, 1, 0x6b, 0x24, FUEL];
  return body([...stop, ...use, ...main], b.declared);
}

const fromBits: Readonly<Record<OpType, readonly number[]>> = { i32: [], i64: [], f32: [0xbe], f64: [0xbf], v128: [] };
const toBits: Readonly<Record<OpType, readonly number[]>> = { i32: [], i64: [], f32: [0xbc], f64: [0xbd], v128: [] };

/** Calls function `f` with bits, and with references of its own making. */
function wrapper(rng: Rng, shape: Shape, { params, results }: Signature, f: number, digest: number): number[] {
  const code: Parts[] = [[0x41, ...s(CALLS), 0x24, FUEL]];
  let at = 0;
  for (const t of params) {
    if (isRef(t)) code.push(constant(rng, shape, t));
    else if (t === "v128") code.push([0x20, u(at++), 0xfd, 0x12, 0x20, u(at++), 0xfd, 0x1e, 1]);
    else code.push([0x20, u(at++), fromBits[t]]);
  }
  code.push([0x10, u(f)]);
  results.forEach((_, i) => void code.push([0x21, u(at + results.length - 1 - i)]));
  results.forEach((t, i) => {
    const get = [0x20, ...u(at + i)];
    if (isRef(t)) code.push(toldResult(shape, digest, t, get));
    else if (t === "v128") code.push([get, 0xfd, 0x1d, 0, get, 0xfd, 0x1d, 1]);
    else code.push([get, toBits[t]]);
  });
  return body(
    code,
    results.map((t) => [1, ...typeBytes(t)]),
  );
}
