/** Rings and the queue: what goes in comes out, also where the counts of bytes begin again. */
import { describe, expect, it } from "vitest";
import { Cell, cellWords, copyPieces, dequeue, enqueue, newShared, RING_BYTES, shared } from "./shared.ts";

describe("a ring", () => {
  it.each([0, 5, -20, -RING_BYTES, 0x7fff_fff0])("keeps bytes in order when its ends are at %i", (from) => {
    const { in: ring, words } = new Cell();
    Atomics.store(words, cellWords.inFirst, from);
    Atomics.store(words, cellWords.inNext, from);
    const into = new Uint8Array(40_000);
    let [wrote, read] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const bytes = Uint8Array.from({ length: 1 + ((round * 7919) % 50_000) }, (_, i) => (wrote + i) % 251);
      const count = copyPieces([bytes.subarray(0, 3), bytes.subarray(3)], ring.room());
      ring.add(count);
      wrote += count;
      expect(ring.used + ring.free).toBe(RING_BYTES);
      const taken = copyPieces(ring.contents(), [into.subarray(0, 1), into.subarray(1, 1), into.subarray(1)]);
      ring.drop(taken);
      for (let i = 0; i < taken; i += 97) expect(into[i]).toBe((read + i) % 251);
      read += taken;
      expect(ring.used).toBe(wrote - read);
    }
    expect(read).toBeGreaterThan(4 * RING_BYTES);
  });
  it("takes no more than it has room for, and is empty at its end", () => {
    const { out } = new Cell();
    expect(out.contents()).toEqual([]);
    out.add(copyPieces([new Uint8Array(RING_BYTES + 5)], out.room()));
    expect([out.used, out.free, out.room()]).toEqual([RING_BYTES, 0, []]);
  });
});

describe("the queue", () => {
  it("gives numbers in their order, and says when it was full", () => {
    const words = newShared();
    for (const at of [shared.first, shared.next]) Atomics.store(words, at, -3);
    for (let id = 1; id <= 5000; id++) enqueue(words, id);
    expect(Atomics.load(words, shared.isOverflow)).toBe(1);
    for (let id = 1; id <= 4096; id++) expect(dequeue(words)).toBe(id);
    expect(dequeue(words)).toBeUndefined();
    enqueue(words, 7);
    expect([dequeue(words), dequeue(words)]).toEqual([7, undefined]);
  });
});
