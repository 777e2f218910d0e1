/** What `memoryOf` takes for the current bytes of a memory: after growth, of every kind of memory. */
import { describe, expect, it } from "vitest";
import { hostWebAssembly } from "../conformance/real/host-webassembly.ts";
import { memoryOf } from "./memory.ts";

const page = 65_536;

describe("the bytes of a memory", () => {
  it("of the host are those after growth, by one page and by none", () => {
    const memory = new hostWebAssembly.Memory({ initial: 1, maximum: 4 });
    const source = memoryOf(memory);
    const before = source.bytes;
    before[7] = 9;
    expect(source.bytes).toBe(before);
    memory.grow(1);
    expect(source.bytes.length).toBe(2 * page);
    expect(source.bytes[7]).toBe(9);
    memory.grow(0);
    source.bytes[8] = 10;
    expect(new Uint8Array(memory.buffer).subarray(7, 9)).toEqual(Uint8Array.of(9, 10));
  });

  it("of the host are there once it has some", () => {
    const memory = new hostWebAssembly.Memory({ initial: 0, maximum: 4 });
    const source = memoryOf(memory);
    expect(source.bytes.length).toBe(0);
    memory.grow(1);
    expect(source.bytes.length).toBe(page);
  });

  it.skipIf(!("toResizableBuffer" in hostWebAssembly.Memory.prototype))(
    "with a resizable buffer are those after growth",
    () => {
      const memory = new hostWebAssembly.Memory({ initial: 1, maximum: 4 });
      const source = memoryOf(memory);
      expect(source.bytes.length).toBe(page);
      (memory as unknown as { toResizableBuffer(): void }).toResizableBuffer();
      const before = source.bytes;
      memory.grow(1);
      expect(source.bytes).not.toBe(before);
      expect(source.bytes.length).toBe(2 * page);
    },
  );

  it("that is shared are those after growth", () => {
    const memory = new hostWebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
    const source = memoryOf(memory);
    expect(source.bytes.length).toBe(page);
    memory.grow(1);
    expect(source.bytes.length).toBe(2 * page);
  });

  // As engines in JavaScript do it, which cannot detach a buffer.
  it("that gets another buffer and keeps the old one whole are those of the new one", () => {
    class Replacing {
      #buffer = new ArrayBuffer(page);
      get buffer(): ArrayBuffer {
        return this.#buffer;
      }
      grow(): void {
        this.#buffer = new ArrayBuffer(2 * page);
      }
    }
    const memory = new Replacing();
    const source = memoryOf(memory);
    expect(source.bytes.length).toBe(page);
    memory.grow();
    expect(source.bytes.length).toBe(2 * page);
  });

  it("that only looks like one of the host's are those it has", () => {
    let buffer = new ArrayBuffer(page);
    const plain = {
      get buffer(): ArrayBuffer {
        /* [native code] */
        return buffer;
      },
    };
    const bound = Object.defineProperty({}, "buffer", { get: (() => buffer).bind(null) }) as typeof plain;
    const wrapped = Object.defineProperty({}, "buffer", { get: new Proxy(() => buffer, {}) }) as typeof plain;
    const covered = new hostWebAssembly.Memory({ initial: 1 });
    Object.defineProperty(covered, "buffer", { get: () => buffer });
    const memories = [...[plain, bound, wrapped].map((proto) => Object.create(proto) as typeof plain), covered];
    const sources = memories.map((memory) => memoryOf(memory));
    expect(sources.map((source) => source.bytes.length)).toEqual(new Array(4).fill(page));
    buffer = new ArrayBuffer(2 * page);
    expect(sources.map((source) => source.bytes.buffer === buffer)).toEqual(new Array(4).fill(true));
  });

  it("of the host is asked for once only", () => {
    const memory = new hostWebAssembly.Memory({ initial: 1 });
    let asked = 0;
    const { get } = Object.getOwnPropertyDescriptor(hostWebAssembly.Memory.prototype, "buffer")!;
    const source = memoryOf(memory);
    expect(source.bytes.length).toBe(page);
    Object.defineProperty(memory, "buffer", { get: () => asked++ && get!.call(memory) });
    expect([source.bytes.length, asked]).toEqual([page, 0]);
  });

  it("of an object without a prototype, or with a plain property, are those it has", () => {
    const bare = Object.assign(Object.create(null) as object, { buffer: new ArrayBuffer(3) });
    const source = memoryOf(bare);
    expect(source.bytes.length).toBe(3);
    bare.buffer = new ArrayBuffer(4);
    expect(source.bytes.length).toBe(4);
  });
});
