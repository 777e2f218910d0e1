/** A sequence in one dispatch, and an operation on far slots, does what the plain operations do, also when it traps or has to be executed again. */
import { describe, expect, it } from "vitest";
import { instrDef, type Mnemonic } from "../instrs.ts";
import { residentCode } from "../runtime/resident.ts";
import { run } from "./dispatch.gen.ts";
import { exits } from "./exit.ts";
import { fuse } from "./fuse.ts";
import { type Sequence, sequences } from "./fused.ts";
import { caseOf, isFar, type OpDef, op, opDef, ops } from "./ops.ts";
import { pack, packedWords } from "./pack.ts";
import { runResident } from "./resident.gen.ts";
import { FrameStack, type Run } from "./stack.ts";

const ENTER = op("enter");
const RET = op("ret");
/** Frame words of locals; operands are above. */
const LOCALS = 32;
const byName = new Map(ops.map((o) => [o.name, o]));

/** What each word of an operation is: result, slot that is read, immediate, address, global, branch target. */
function shapeOf({ name, cls, row }: OpDef): string {
  const params = row === undefined ? 0 : (instrDef(row as Mnemonic).type[0] as readonly unknown[]).length;
  if (cls === "numeric") return params === 1 ? "rsi" : "rss";
  if (cls === "immediate") return "rsi";
  if (cls === "branch") return params === 1 ? "sitf" : name.endsWith(":i") ? "sitf" : "sstf";
  if (/^load/.test(name)) return name.endsWith("_at") ? "ra" : name.endsWith("_add") ? "rssa" : "rsa";
  if (/^store/.test(name)) return name.endsWith("_at") ? "as" : "ssa";
  if (/^select/.test(name)) return "rsss";
  const shape = {
    copy32: "rs",
    copy64: "rs",
    copy32_2: "rsrs",
    const32: "ri",
    const64: "rii",
    "global.get32": "rg",
    "global.get64": "rg",
    "global.set32": "gs",
    "global.set64": "gs",
    "i32.add_shl": "rssi",
    br_nz: "stf",
    br_z: "stf",
    add_br_nz: "rsitf",
    add_br_ne: "rsistf",
    ret1: "sf",
  }[name];
  if (shape === undefined) throw new Error(`the test does not know ${name}`);
  return shape;
}

/** A small generator of numbers, the same each time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return ((state >>> 8) * below) >>> 24;
  };
}

const interesting = [0, 1, -1, 7, 40, 255, 256, 500, 508, -2147483648, 0x7fffffff, 0x3ff00000, 0x7ff80000, -1074790400];

/** @param base frame offset of all slots */
function codeOf({ ops: names, links }: Sequence, roll: (below: number) => number, base = 0): number[] {
  const words = [ENTER, 96 + base, LOCALS, LOCALS];
  const end = words.length + names.reduce((n, name) => n + (byName.get(name) as OpDef).words, 0);
  names.forEach((name, i) => {
    const o = byName.get(name) as OpDef;
    words.push(o.num);
    [...shapeOf(o)].forEach((kind, k) => {
      const isTaken = i > 0 && links[i - 1]?.to.includes(k + 1) === true;
      if (kind === "r")
        words.push(base + (links[i]?.to.length === 0 && roll(2) === 0 ? 2 * roll(LOCALS / 2) : LOCALS + 2 * (i + k)));
      else if (kind === "s") words.push(base + (isTaken ? LOCALS + 2 * (i - 1) : 2 * roll(LOCALS / 2)));
      else if (kind === "a") words.push(roll(100));
      else if (kind === "g") words.push(2 * roll(2));
      else if (kind === "t") words.push(end + 2);
      else words.push(kind === "f" ? roll(5) : (interesting[roll(interesting.length)] as number));
    });
  });
  words.push(RET, 1, RET, 2);
  return words;
}

interface Outcome {
  readonly slots: readonly number[];
  readonly memory: readonly number[];
  readonly globals: readonly number[];
  readonly pc: number;
  readonly fuel: number;
  readonly error: string;
}

/** Runs `words`, which are for the first place, where code and frames are resident. */
function outcomeHere(words: readonly number[], seed: number, isStale: boolean, base = 0): Outcome {
  const owner = residentCode.ownerFor({});
  residentCode.add(words, owner);
  try {
    return outcome(words, seed, isStale, base, runResident);
  } finally {
    residentCode.remove(owner);
    expect(residentCode.length).toBe(0);
  }
}

/** Runs `words` on slots from `seed`; with `isStale`, behind a view of a memory that has grown meanwhile. */
function outcome(words: readonly number[], seed: number, isStale: boolean, base = 0, go = run): Outcome {
  const roll = dice(seed);
  const stack = new FrameStack({ frames: 100, words: 4096 });
  stack.moveIn(go === runResident);
  expect(stack.isResident).toBe(go === runResident);
  for (let i = 0; i < 96; i++) stack.I[base + i] = interesting[roll(interesting.length)] as number;
  const memory = new Uint8Array(512).map((_, i) => (i % 4 === 0 ? i * 7 : 0));
  const views = isStale ? [new DataView(memory.buffer, 0, 0)] : [];
  const inst = {
    code: { words: go === runResident ? residentCode.words : Int32Array.from(words) },
    get view(): DataView {
      return views.pop() ?? new DataView(memory.buffer);
    },
    globalWords: Int32Array.from([1, 2, 3, 4]),
    tables: [],
  };
  stack.calls[0] = -1;
  const act = { stack, inst, pc: 4, fp: 0, csp: 1, fuel: 100 } as unknown as Run;
  let error = "";
  try {
    while (go(act) === 6);
  } catch (thrown) {
    error = String(thrown);
  }
  const globals = [...inst.globalWords];
  stack.rest();
  return {
    slots: [...stack.I.subarray(base, base + 96)],
    memory: [...memory],
    globals,
    pc: act.pc,
    fuel: act.fuel,
    error,
  };
}

/** Slots that hold what only the next operation takes: they may hold anything. */
function forget(o: Outcome, { links }: Sequence): Outcome {
  const slots = [...o.slots];
  links.forEach(({ isOnly }, i) => {
    if (isOnly) slots.fill(0, LOCALS + 2 * i, LOCALS + 2 * i + 2);
  });
  return { ...o, slots };
}

describe("every sequence", () => {
  it.each(sequences.map((s) => [s.name, s] as const))("%s", (_, s) => {
    let traps = 0;
    let hits = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const words = codeOf(s, dice(seed));
      const fused = [...words];
      fuse(fused);
      pack(fused);
      pack(words);
      // By chance another sequence of the same operations may fit as well.
      if (opDef(fused[4] as number)?.name === s.name) hits++;
      const expected = forget(outcome(words, seed, false), s);
      expect(forget(outcome(fused, seed, seed % 2 === 0), s)).toEqual(expected);
      expect(forget(outcomeHere(fused, seed, seed % 2 === 0), s)).toEqual(expected);
      if (expected.error !== "") traps++;
    }
    expect(hits).toBeGreaterThan(20);
    expect(traps).toBeLessThan(40);
  });
});

describe("every operation on far slots", () => {
  const plain = ops.filter((o) => caseOf(o.num) !== 0 && o.cls !== "fused" && packedWords(o).length > 0);
  it.each(plain.map((o) => [o.name, o] as const))("%s", (name, o) => {
    for (let seed = 1; seed <= 20; seed++) {
      const near = codeOf({ name, ops: [name], links: [] }, dice(seed));
      // The last slot that is near is in the middle of them.
      for (const base of [512 - LOCALS / 2, 512, 1024]) {
        const far = codeOf({ name, ops: [name], links: [] }, dice(seed), base);
        fuse(far);
        pack(far);
        if (base >= 512) expect(isFar(far[4] as number) && opDef(far[4] as number) === o).toBe(true);
        const packed = [...near];
        pack(packed);
        const expected = outcome(packed, seed, false);
        expect(outcome(far, seed, seed % 2 === 0, base)).toEqual(expected);
        expect(outcomeHere(far, seed, seed % 2 === 0, base)).toEqual(expected);
      }
    }
  });
});

describe("fusing", () => {
  const mul = op("i32.mul:i");
  const add = op("i32.add:i");

  it("leaves the words of the others, and where they are", () => {
    const words = [ENTER, 8, 4, 4, mul, 6, 2, 3, add, 6, 6, 5, RET, 0];
    const before = [...words];
    fuse(words);
    expect(opDef(words[4] as number)?.cls).toBe("fused");
    words[4] = mul;
    expect(words).toEqual(before);
  });

  it("leaves out what is on far slots", () => {
    const words = [ENTER, 600, 4, 4, mul, 512, 2, 3, add, 6, 512, 5, RET, 0];
    fuse(words);
    expect(words[4]).toBe(mul);
    pack(words);
    expect([words[4], words[8]].map((word) => isFar(word as number))).toEqual([true, true]);
  });

  it("stops at a loop that begins in the middle of a sequence", () => {
    const words = [ENTER, 8, 8, 8, op("copy32"), 2, 4, op("add_br_nz"), 0, 0, -1, 7, 5, RET, 0];
    fuse(words);
    expect(opDef(words[4] as number)?.name).toBe("copy32 ; add_br_nz");
    pack(words);
    const stack = new FrameStack({ frames: 100, words: 4096 });
    stack.I[0] = 9;
    stack.calls[0] = -1;
    const inst = { code: { words: Int32Array.from(words) }, view: new DataView(new ArrayBuffer(8)), tables: [] };
    const act = { stack, inst, pc: 4, fp: 0, csp: 1, fuel: 3 } as unknown as Run;
    expect([run(act), act.pc, act.fuel, stack.I[0]]).toEqual([exits.loop, 7, -2, 8]);
  });

  it("keeps a result that is a local's", () => {
    const words = [ENTER, 8, 8, 8, mul, 6, 2, 3, add, 10, 6, 5, RET, 0];
    fuse(words);
    expect(words[4]).toBe(mul);
  });

  it("is not done where another value is taken", () => {
    const words = [ENTER, 8, 4, 4, mul, 6, 2, 3, add, 6, 8, 5, RET, 0];
    fuse(words);
    expect(words[4]).toBe(mul);
  });
});
