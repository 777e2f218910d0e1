/** Values of a generated function that are made by control flow: blocks, loops, branches, calls, select. */
import { s, u } from "../../engine/binary/encode.ts";
import type { Body, Label, Writer } from "./body.ts";
import { opcodeBytes } from "./rows.ts";
import { funcIdx, type Signature, typeIdx } from "./shape.ts";
import { matches } from "./subtyping.ts";
import { addrConst, index } from "./tables.ts";
import { isRef, ref, type Type, typeBytes } from "./types.ts";

const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;

const leaves = (b: Body, sig: Signature, t: Type): boolean => sig.results.some((r) => matches(b.shape, r, t));

/** Indices of the signatures that leave a `t`. */
const signaturesWith = (b: Body, t: Type): number[] =>
  b.shape.signatures.flatMap((sig, i) => (leaves(b, sig, t) ? [i] : []));

/** A signature for a block that leaves a `t`; undefined if there is none. */
function blockSignature(b: Body, t: Type): number | undefined {
  const isPlain = (i: number): boolean => b.has("multi-value") || b.shape.signatures[i]!.params.length === 0;
  const fits = signaturesWith(b, t).filter(isPlain);
  return fits.length > 0 ? b.rng.pick(fits) : undefined;
}

/** Block type of signature `sig`, short where that can be. */
function blockType(b: Body, sig: number): number[] {
  const { params, results } = b.shape.signatures[sig]!;
  const isShort = params.length === 0 && results.length < 2;
  if (!isShort || (b.has("multi-value") && b.rng.oneIn(3))) return s(typeIdx(b.shape, sig));
  return results.length === 0 ? [0x40] : typeBytes(results[0]!);
}

const block: Writer = (b, t, depth) => {
  const label: Label = { types: [t], counter: undefined };
  const inside = b.within(label, () => [...b.statements(depth - 1, 2), ...b.value(t, depth - 1)]);
  return [BLOCK, ...typeBytes(t), ...inside, END];
};

/** A block or an `if` with parameters and several results. */
const wideBlock: Writer = (b, t, depth) => {
  const idx = blockSignature(b, t);
  if (idx === undefined) return block(b, t, depth);
  const { params, results } = b.shape.signatures[idx]!;
  const arm = (): number[] =>
    b.within({ types: results, counter: undefined }, () => [
      ...b.consume(params),
      ...b.statements(depth - 1, 1),
      ...b.values(results, depth - 1),
    ]);
  const operands = b.values(params, depth - 1);
  const code = b.rng.oneIn(2)
    ? [...operands, BLOCK, ...blockType(b, idx), ...arm(), END]
    : [...operands, ...b.value("i32", depth - 1), IF, ...blockType(b, idx), ...arm(), ELSE, ...arm(), END];
  return [...code, ...b.consume(results, t)];
};

const choice: Writer = (b, t, depth) => {
  const arm = (): number[] => b.within({ types: [t], counter: undefined }, () => b.value(t, depth - 1));
  return [...b.value("i32", depth - 1), IF, ...typeBytes(t), ...arm(), ELSE, ...arm(), END];
};

/** A loop of few iterations, with the parameters of a signature. */
const loop: Writer = (b, t, depth) => {
  const { rng } = b;
  const idx = blockSignature(b, t);
  if (idx === undefined) return choice(b, t, depth);
  const { params, results } = b.shape.signatures[idx]!;
  const counter = b.newLocal("i32");
  const head = [0x41, ...s(rng.below(5)), 0x21, ...u(counter), ...b.values(params, depth - 1)];
  const inside = b.within({ types: params, counter }, () => [
    ...b.consume(params),
    ...b.statements(depth - 1, 2),
    ...b.values(params, depth - 2),
    ...countDown(b, counter),
    0x0d,
    0,
    ...b.consume(params),
    ...b.values(results, depth - 1),
  ]);
  return [...head, LOOP, ...blockType(b, idx), ...inside, END, ...b.consume(results, t)];
};

/** One iteration fewer; whether there are more, in one of several forms. */
function countDown(b: Body, counter: number): number[] {
  const c = u(counter);
  const next = [0x20, ...c, 0x41, 1, 0x6b, 0x22, ...c];
  switch (b.rng.below(4)) {
    case 0:
      return [...next, 0x41, 0, 0x4a];
    case 1:
      return [0x41, 0, ...next, 0x48];
    case 2:
      return [...next, 0x41, 0, 0x4c, 0x45];
    default:
      return [0x20, ...c, 0x41, 0x7f, 0x6a, 0x22, ...c, 0x41, 1, 0x4e];
  }
}

/** A conditional branch with values, what comes after it when it is not taken. */
const branch: Writer = (b, t, depth) => {
  const at = b.rng.below(b.labels.length);
  const { types, counter } = b.labels[b.labels.length - 1 - at]!;
  const condition = counter === undefined ? b.value("i32", depth - 1) : countDown(b, counter);
  const code = [...b.values(types, depth - 1), ...condition, 0x0d, ...u(at)];
  return [...code, ...b.consume(types), ...b.value(t, depth - 1)];
};

/** `br_table` over labels of one type, then code that is never reached. */
const table: Writer = (b, t, depth) => {
  const n = b.labels.length;
  const key = (at: number): string => `${b.labels[n - 1 - at]!.types}`;
  const first = b.labels.map((l) => l.counter).lastIndexOf(undefined);
  const fallback = n - 1 - first;
  const label: Label = { types: [t], counter: undefined };
  const fits = Array.from({ length: n }, (_, i) => i).filter(
    (i) => key(i) === key(fallback) && b.labels[n - 1 - i]!.counter === undefined,
  );
  const targets = b.rng.some(5, () => b.rng.pick(fits));
  const inside = b.within(label, () => {
    const list = b.values(b.labels[first]!.types, depth - 1);
    const at = b.rng.oneIn(4) ? b.value("i32", depth - 1) : [...b.value("i32", depth - 1), 0x41, 7, 0x71];
    const jump = [0x0e, ...u(targets.length), ...targets.flatMap((i) => u(i + 1)), ...u(fallback + 1)];
    return [...list, ...at, ...jump, ...b.value(t, depth - 2)];
  });
  const skip = b.value("i32", depth - 1);
  return [...skip, IF, ...typeBytes(t), ...inside, ELSE, ...b.within(label, () => b.value(t, depth - 1)), END];
};

/** Signature of each function in the index space, imported ones first. */
const allFuncs = (b: Body): readonly number[] => [...b.shape.imports, ...b.shape.funcs];

const call: Writer = (b, t, depth) => {
  const { signatures } = b.shape;
  const fits = allFuncs(b).flatMap((sig, i) => (leaves(b, signatures[sig]!, t) ? [i] : []));
  if (fits.length === 0) return indirect(b, t, depth);
  const f = b.rng.pick(fits);
  const { params, results } = signatures[allFuncs(b)[f]!]!;
  return [...b.values(params, depth - 1), 0x10, ...u(f), ...b.consume(results, t)];
};

/** Mostly of a function that is in the first table, see `elemSection`. */
const indirect: Writer = (b, t, depth) => {
  const { rng, shape } = b;
  const fits = shape.funcs.flatMap((sig, i) => (leaves(b, shape.signatures[sig]!, t) ? [i] : []));
  const isSound = !rng.oneIn(30);
  const sigs = signaturesWith(b, t);
  if (isSound ? fits.length === 0 : sigs.length === 0) return choice(b, t, depth);
  const f = isSound ? rng.pick(fits) : 0;
  const sig = isSound ? shape.funcs[f]! : rng.pick(sigs);
  const { params, results } = shape.signatures[sig]!;
  const tables = shape.tables.flatMap(({ elem }, i) => (elem === shape.tables[0]!.elem ? [i] : []));
  const where = isSound ? 0 : rng.pick(tables);
  const { addr } = shape.tables[where]!;
  const at = isSound ? addrConst(addr, f) : index(b, addr, depth, 7);
  const code = [...b.values(params, depth - 1), ...at, 0x11, ...u(typeIdx(shape, sig)), ...u(where)];
  return [...code, ...b.consume(results, t)];
};

/** Through a reference to a function of known type. */
const byReference: Writer = (b, t, depth) => {
  const { rng, shape } = b;
  if (!b.has("function-references")) return call(b, t, depth);
  const fits = shape.funcs.filter((sig) => leaves(b, shape.signatures[sig]!, t));
  if (fits.length === 0) return choice(b, t, depth);
  const sig = rng.pick(fits);
  const { params, results } = shape.signatures[sig]!;
  const idx = typeIdx(shape, sig);
  const callee = funcRef(b, sig, depth);
  return [...b.values(params, depth - 1), ...callee, 0x14, ...u(idx), ...b.consume(results, t)];
};

/** A reference to a function of signature `sig`, of which there is one; rarely null. */
export function funcRef(b: Body, sig: number, depth: number): number[] {
  const fits = b.shape.funcs.flatMap((own, f) => (own === sig ? [f] : []));
  const idx = typeIdx(b.shape, sig);
  if (!b.rng.oneIn(3)) return [0xd2, ...u(funcIdx(b.shape, b.rng.pick(fits)))];
  return b.value(ref(idx, b.rng.oneIn(8)), depth - 1);
}

const select: Writer = (b, t, depth) => {
  const code = [...b.value(t, depth - 1), ...b.value(t, depth - 1), ...b.value("i32", depth - 1)];
  if (!b.has("reference-types")) return [...code, 0x1b];
  return isRef(t) || b.rng.oneIn(2) ? [...code, 0x1c, 1, ...typeBytes(t)] : [...code, 0x1b];
};

/** Arithmetic of two results. */
const wide: Writer = (b, t, depth) => {
  const { wide: rows } = b.shape.rows;
  if (t !== "i64" || rows.length === 0) return select(b, t, depth);
  const row = b.rng.pick(rows);
  return [...b.values(row.params, depth - 1), ...opcodeBytes(row.def), ...b.consume(row.results, t)];
};

export const compound: readonly Writer[] = [
  block,
  wideBlock,
  choice,
  loop,
  branch,
  table,
  call,
  indirect,
  byReference,
  select,
  wide,
];
