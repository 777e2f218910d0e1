/**
 * Mutations of a module that know its structure: one instruction, immediate, type, index or section changes, and the
 * sizes around it agree. About half of what comes out is valid. What cannot be decoded is changed as plain bytes.
 */
import { name, section, u } from "../../engine/binary/encode.ts";
import { decode, type Module } from "../../engine/index.ts";
import { type InstrDef, instrDef, type Mnemonic, mnemonics } from "../../engine/instrs.ts";
import { everything } from "./configurations.ts";
import { numConstant } from "./constants.ts";
import { type Instruction, instructionsOf } from "./instructions.ts";
import { bytesOf, CODE, withBodies, withSections } from "./rewrite.ts";
import type { Rng } from "./rng.ts";
import { numTypes, opcodeBytes } from "./rows.ts";
import { codes, type OpType } from "./types.ts";

type Mutation = (rng: Rng, module: Module) => Uint8Array;

const decoded = (bytes: Uint8Array): Module | undefined => {
  try {
    return decode(bytes, { features: everything });
  } catch {
    return undefined;
  }
};

/** A mutation of `bytes`; `undefined` if they have no structure to change. */
export function mutateStructure(rng: Rng, bytes: Uint8Array): Uint8Array | undefined {
  const module = decoded(bytes);
  if (module === undefined) return undefined;
  try {
    return rng.pick(module.funcs.length > 0 && !rng.oneIn(3) ? inCode : inSections)(rng, module);
  } catch {
    // A body that cannot be read.
    return undefined;
  }
}

/** Instructions that can stand where `m` stands, as far as their row tells, by a key. */
const alike = new Map<string, Mnemonic[]>();
const keyOf = (def: InstrDef): string => `${JSON.stringify(def.type)} ${def.imms} ${def.access?.val}`;
/** The same with any types. */
const sameForm = new Map<string, Mnemonic[]>();
for (const m of mnemonics) {
  const def = instrDef(m);
  const groups = [
    ...(def.type === "special" ? [] : [[alike, keyOf(def)] as const]),
    [sameForm, `${def.imms}`] as const,
  ];
  for (const [map, key] of groups) map.set(key, [...(map.get(key) ?? []), m]);
}

/** The body of one function with the instructions of `edit` in place of some of its own. */
function inBody(edit: (rng: Rng, code: Instruction, bytes: number[], module: Module) => number[]): Mutation {
  return (rng, module) => {
    const f = rng.below(module.funcs.length);
    const code = instructionsOf(module, f);
    const chosen = rng.pick(code);
    const { start, end } = module.funcs[f]!.body;
    const own = bytesOf(module, chosen);
    const before = bytesOf(module, { start, end: chosen.start });
    const after = bytesOf(module, { start: chosen.end, end });
    return withBodies(module, (i) =>
      i === f ? { code: [...before, ...edit(rng, chosen, own, module), ...after] } : {},
    );
  };
}

const immediates = (def: InstrDef, bytes: number[]): number[] => bytes.slice(opcodeBytes(def).length);

/** Another opcode, the immediates as they are. */
const otherOpcode =
  (groups: ReadonlyMap<string, readonly Mnemonic[]>, key: (def: InstrDef) => string) =>
  (rng: Rng, { mnemonic }: Instruction, bytes: number[]): number[] => {
    const def = instrDef(mnemonic as Mnemonic);
    const list = groups.get(key(def));
    return list === undefined ? bytes : [...opcodeBytes(instrDef(rng.pick(list))), ...immediates(def, bytes)];
  };

/** An unsigned LEB128 of `n` with more bytes than it needs: sound up to five. */
const padded = (n: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => (Math.floor(n / 2 ** (7 * i)) & 0x7f) | (i < bytes - 1 ? 0x80 : 0));

const indices = new Set([
  "labelidx",
  "funcidx",
  "typeidx",
  "tableidx",
  "memidx",
  "localidx",
  "globalidx",
  "dataidx",
  "elemidx",
  "tagidx",
  "fieldidx",
  "arity",
]);

/** Another constant, a neighbouring index, another spelling of the same index, or any byte changed. */
function otherImmediate(rng: Rng, { mnemonic }: Instruction, bytes: number[]): number[] {
  const def = instrDef(mnemonic as Mnemonic);
  const opcode = opcodeBytes(def);
  const imms = immediates(def, bytes);
  const constant = /^(\w+)\.const$/.exec(mnemonic as string)?.[1] as OpType | undefined;
  if (constant !== undefined) return numConstant(rng, constant);
  if (imms.length === 0) return bytes;
  const [first] = imms as [number];
  if (indices.has(def.imms[0] as string) && first < 0x80) {
    const index = rng.oneIn(2) ? padded(first, 2 + rng.below(5)) : u(Math.max(0, first + rng.pick([-1, 1, -1, 1, 7])));
    return [...opcode, ...index, ...imms.slice(1)];
  }
  imms[rng.below(imms.length)]! ^= 1 << rng.below(8);
  return [...opcode, ...imms];
}

/** Something that leaves the stack as it is, mostly; or that does not. */
function extra(rng: Rng): number[] {
  const constant = numConstant(rng, rng.pick(["i32", "i64", "f32", "f64"] as const));
  return rng.pick([
    [0x01],
    [...constant, 0x1a],
    [0x02, 0x40, 0x0b],
    [0x41, 0, 0x0d, 0],
    [0x00],
    constant,
    [0x1a],
    [0x0f],
  ]);
}

function moreLocals(rng: Rng, module: Module): Uint8Array {
  const f = rng.below(module.funcs.length);
  const count = rng.oneIn(5) ? [...u(rng.pick([50_000, 50_001, 2 ** 32 - 1, 1000]))] : [rng.below(4)];
  const type = codes[rng.pick(numTypes)];
  return withBodies(module, (i) => (i === f ? { locals: [[...count, type]] } : {}));
}

const same = inBody(otherOpcode(alike, keyOf));
const immediate = inBody(otherImmediate);
const inCode: readonly Mutation[] = [
  same,
  same,
  same,
  immediate,
  immediate,
  inBody(otherOpcode(sameForm, (def) => `${def.imms}`)),
  inBody((rng, _, bytes) => [...extra(rng), ...bytes]),
  inBody((rng, _, bytes) => [...bytes, ...extra(rng)]),
  // Gone, twice, or cut short.
  inBody(() => []),
  inBody((_, __, bytes) => [...bytes, ...bytes]),
  moreLocals,
];

/** One section with another payload. */
const inSection =
  (edit: (rng: Rng, payload: number[]) => number[]): Mutation =>
  (rng, module) => {
    const others = module.sections.flatMap(({ id }, i) => (id === CODE ? [] : [i]));
    const chosen = rng.pick(others.length > 0 ? others : [0]);
    return withSections(module, (_, payload, i) => (i === chosen ? edit(rng, payload) : payload));
  };

/** One byte becomes another one near it: an index, a flag, a type, a count. */
function nudged(rng: Rng, payload: number[]): number[] {
  if (payload.length > 0) {
    const at = rng.below(payload.length);
    payload[at] = (payload[at]! + rng.pick([1, -1, 1, -1, 2, 0x80])) & 0xff;
  }
  return payload;
}

function flipped(rng: Rng, payload: number[]): number[] {
  if (payload.length > 0) payload[rng.below(payload.length)]! ^= 1 << rng.below(8);
  return payload;
}

const spliced = (rng: Rng, payload: number[]): number[] => {
  const at = rng.below(payload.length + 1);
  return [...payload.slice(0, at), ...(rng.oneIn(2) ? [rng.below(256)] : []), ...payload.slice(at + rng.below(2))];
};

/** Section sizes in the longest spelling. */
function longSizes(_: Rng, module: Module): Uint8Array {
  const parts = [...module.bytes.subarray(0, 8)];
  for (const { id, range } of module.sections)
    parts.push(id, ...padded(range.end - range.start, 5), ...bytesOf(module, range));
  return Uint8Array.from(parts);
}

/** A custom section before some section or at the end. */
function customSection(rng: Rng, module: Module): Uint8Array {
  const payload = rng.some(20, () => rng.below(256));
  const title = rng.pick(["x", "name", "producers", "metadata.code.branch_hint", "dylink.0"]);
  const { sections, bytes } = module;
  const at = rng.oneIn(2) || sections.length === 0 ? bytes.length : headerOf(module, rng.below(sections.length));
  return Uint8Array.from([...bytes.subarray(0, at), ...section(0, name(title), payload), ...bytes.subarray(at)]);
}

/** Where section `i` begins. */
const headerOf = ({ sections }: Module, i: number): number => (i === 0 ? 8 : sections[i - 1]!.range.end);

/** A section goes, comes twice, or changes places. */
function moved(rng: Rng, module: Module): Uint8Array {
  const list = module.sections.map((s, i) => [...module.bytes.subarray(headerOf(module, i), s.range.end)]);
  const at = rng.below(list.length);
  const [taken] = list.splice(at, rng.oneIn(3) ? 0 : 1);
  if (rng.oneIn(2)) list.splice(rng.below(list.length + 1), 0, taken ?? []);
  return Uint8Array.from([...module.bytes.subarray(0, 8), ...list.flat()]);
}

const inSections: readonly Mutation[] = [
  inSection(nudged),
  inSection(nudged),
  inSection(flipped),
  inSection(flipped),
  inSection(spliced),
  longSizes,
  customSection,
  customSection,
  moved,
];
