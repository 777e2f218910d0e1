/**
 * Every load, store and atomic access at the edges of a page: our interpreter, on each way to declare a memory, against
 * the host's WebAssembly on a plain one. Results, traps and the bytes afterwards.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { Engine, type Instance, type MemInst, type Val, WasmError } from "../../engine/index.ts";
import type { NumType } from "../../engine/instrs.ts";
import { convertTexts } from "../spec/wat.ts";
import { hostExports, isHostTrap } from "./host.ts";
import { forms, type MemoryCase, type MemoryForm, memoryCases, offsets, plainForm } from "./memory-cases.ts";
import { testedTiers, tiers } from "./tiers.ts";

const features = { threads: true, "custom-page-sizes": true };
const SIZE = 65536;
const addresses = [0, 1, 2, 4, 8, 13, SIZE - 16, SIZE - 9, SIZE - 8, SIZE - 7, SIZE - 4, SIZE - 2, SIZE - 1, SIZE];
const wildAddresses = [SIZE + 8, 0x7fffffff, 0x80000000, 0xffffffff];
/** The last of each type, and the low bytes of all but the first, are what `seed` puts at address 8. */
const i32s = [-1, 0x12348080, 0x80808080 | 0];
const values: Readonly<Record<string, readonly Val[]>> = {
  i32: i32s,
  i64: [...i32s.map(BigInt), BigInt.asIntN(64, 0x8080808080808080n)],
};

/** A side of the comparison: what it says, and its bytes. */
interface Side {
  call(name: string, address: number, args: readonly Val[]): string;
  bytes(): Uint8Array;
}

/** Hosts disagree, among their own tiers too, on which of two traps comes first. */
function trapOf(message: string): string {
  if (/unaligned/.test(message)) return "trap: unaligned";
  return /out of bounds/.test(message) ? "trap: bounds" : `trap: ${message}`;
}

const attempt = (call: () => unknown): string => {
  try {
    return String(call());
  } catch (error) {
    if (error instanceof WasmError || isHostTrap(error)) return trapOf(error.message);
    return `bug: ${error}`;
  }
};

function hostSide(bytes: Uint8Array): Side {
  const exports = hostExports(bytes);
  const memory = new Uint8Array((exports.m as { readonly buffer: ArrayBuffer }).buffer);
  const call: Side["call"] = (name, address, args) =>
    attempt(() => (exports[name] as (...args: unknown[]) => unknown)(address, ...args));
  return { call, bytes: () => memory };
}

function ourSide(engine: Engine, bytes: Uint8Array, form: MemoryForm): Side {
  const instance: Instance = engine.instantiate(engine.compile(bytes));
  const memory = instance.exports.m as MemInst;
  const call: Side["call"] = (name, address, args) =>
    attempt(() => instance.invoke(name, [form.addr === "i64" ? BigInt(address) : address | 0, ...args])[0]);
  return { call, bytes: () => memory.bytes };
}

/** The same bytes before every call: most differ from their neighbours, and some have the top bit. */
function seed(bytes: Uint8Array): void {
  for (let i = 0; i < 32; i++) bytes[i] = bytes[SIZE - 32 + i] = i * 37 + 0x71;
  bytes.fill(0x80, 8, 16);
}

function* argLists(operands: readonly NumType[]): Generator<readonly Val[]> {
  const [first, ...rest] = operands;
  if (first === undefined) return yield [];
  for (const v of values[first]!) for (const tail of argLists(rest)) yield [v, ...tail];
}

const areSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
/** All that the addresses above reach. */
const edges = (side: Side): Uint8Array =>
  Buffer.concat([side.bytes().subarray(0, 64), side.bytes().subarray(SIZE - 64)]);

/** Two traps at once: any of them is right. */
const isBoth = (c: MemoryCase, address: number, offset: number): boolean =>
  (address + offset) % c.bytes !== 0 && address + offset + c.bytes > SIZE;

function differences(c: MemoryCase, ours: Side, host: Side): string[] {
  const found: string[] = [];
  offsets.forEach((offset, i) => {
    for (const address of [...addresses, ...wildAddresses]) {
      for (const args of argLists(c.operands)) {
        for (const side of [ours, host]) seed(side.bytes());
        const a = ours.call(`f${i}`, address, args);
        const b = host.call(`f${i}`, address, args);
        const isSame = a === b || (isBoth(c, address, offset) && a.startsWith("trap") && b.startsWith("trap"));
        if (!isSame) found.push(`${address}+${offset} (${args.join(", ")}): ${a}, host ${b}`);
        if (!areSame(edges(ours), edges(host))) found.push(`${address}+${offset} (${args.join(", ")}): bytes`);
        // Where an access leads decides whether it traps, and no operand.
        if (a.startsWith("trap") && b.startsWith("trap")) break;
      }
    }
  });
  if (!areSame(ours.bytes(), host.bytes())) found.push("bytes in the middle");
  return found;
}

/** Accesses in the other dispatch function are of the same text, and the long way is outside of both. */
const ownTiers = testedTiers.filter((tier) => tier !== "interp-apart");

describe.each(ownTiers)("accesses to memory, tier %s against host", (tier) => {
  const engine = new Engine({ ...tiers[tier], features });
  const binaries = new Map<string, Uint8Array>();
  const key = (c: MemoryCase, form: MemoryForm): string => `${c.mnemonic} ${form.title}`;

  beforeAll(async () => {
    const wanted = memoryCases.flatMap((c) => forms.map((form) => ({ c, form })));
    const converted = await convertTexts(
      wanted.map(({ c, form }) => c.wat(form)),
      undefined,
    );
    wanted.forEach(({ c, form }, i) => {
      const bytes = converted[i]!;
      if (!(bytes instanceof Uint8Array)) throw new Error(`${key(c, form)}: ${bytes.error}`);
      binaries.set(key(c, form), bytes);
    });
  });

  it("are all there", () => expect(memoryCases.length).toBe(23 + 63 + 1));

  for (const form of forms) {
    describe(form.title, () => {
      for (const c of memoryCases) {
        it(c.mnemonic, () => {
          const host = hostSide(binaries.get(key(c, plainForm))!);
          expect(differences(c, ourSide(engine, binaries.get(key(c, form))!, form), host).slice(0, 5)).toEqual([]);
        });
      }
    });
  }
});
