/** Ranges that are not zero: all of it, nothing twice, and never more than allowed, on memories at random. */
import { describe, expect, it } from "vitest";
import { Rng } from "../../conformance/fuzz/rng.ts";
import { MemInst } from "../runtime/memory.ts";
import { type Run, RunList } from "./runs.ts";

const memory = (bytes: number): MemInst =>
  new MemInst({ addr: "i32", limits: { min: bytes, max: undefined }, isShared: false, pageSizeLog2: 0 });

function runsOf(most: number, ...mems: readonly MemInst[]): readonly Run[] {
  const list = new RunList(most);
  for (const [i, mem] of mems.entries()) list.addMemory(i, mem);
  return list.take();
}

/** What a memory would be that starts with zeros and gets `runs`. */
function rebuilt(mem: MemInst, idx: number, runs: readonly Run[]): Uint8Array {
  const bytes = new Uint8Array(mem.bytes.length);
  for (const { mem: of, start, end } of runs) if (of === idx) bytes.set(mem.bytes.subarray(start, end), start);
  return bytes;
}

describe("ranges", () => {
  it("hold everything that is not zero, in order, whatever the limit", () => {
    for (let seed = 0; seed < 300; seed++) {
      const rng = new Rng(seed);
      const mems = Array.from({ length: 1 + rng.below(3) }, () => memory(rng.below(4000)));
      for (const { bytes } of mems) {
        for (let n = rng.below(200); n > 0 && bytes.length > 0; n--) {
          bytes.fill(rng.below(256), rng.below(bytes.length), rng.below(bytes.length));
        }
        for (let n = rng.below(200); n > 0 && bytes.length > 0; n--) bytes[rng.below(bytes.length)] = rng.below(3);
      }
      const most = mems.length + rng.below(20);
      const runs = runsOf(most, ...mems);
      expect(runs.length).toBeLessThanOrEqual(most);
      for (const [i, mem] of mems.entries()) expect(Buffer.compare(rebuilt(mem, i, runs), mem.bytes)).toBe(0);
      const wrong = runs.filter(({ mem, start, end }, i) => {
        const { bytes } = mems[mem]!;
        const next = runs[i + 1];
        const isInOrder = next === undefined || next.mem > mem || next.start > end;
        return start >= end || bytes[start] === 0 || bytes[end - 1] === 0 || !isInOrder;
      });
      expect(wrong).toEqual([]);
    }
  });

  it("are split where it saves bytes", () => {
    const mem = memory(100);
    for (const at of [0, 12, 25, 26, 99]) mem.bytes[at] = 1;
    expect(runsOf(10, mem).map(({ start, end }) => [start, end])).toEqual([
      [0, 13],
      [25, 27],
      [99, 100],
    ]);
    expect(runsOf(2, mem).map(({ start, end }) => [start, end])).toEqual([
      [0, 27],
      [99, 100],
    ]);
    expect(runsOf(1, mem).map(({ start, end }) => [start, end])).toEqual([[0, 100]]);
  });

  it("are few at any time: a long memory of single bytes takes neither long nor much", () => {
    const mem = memory(1 << 26);
    for (let at = 0; at < mem.bytes.length; at += 16) mem.bytes[at] = 1;
    const started = performance.now();
    const runs = runsOf(1000, mem);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(runs.length).toBe(1000);
    expect(Buffer.compare(rebuilt(mem, 0, runs), mem.bytes)).toBe(0);
  });
});
