/** Layouts in guest memory, byte by byte. The offsets are those of wasi-libc's api.h and of the preview0 interface file. */
import { describe, expect, it } from "vitest";
import {
  encodeDirent,
  preview1,
  readSubscription,
  unstable,
  writeEvent,
  writeFdstat,
  writeFilestat,
  writePrestat,
  writeStrings,
} from "./abi.ts";
import { GuestMemory } from "./memory.ts";

/** A memory full of 0xaa, so that what is not written shows. */
function memory(): GuestMemory {
  const mem = new GuestMemory();
  mem.attach({ bytes: new Uint8Array(256).fill(0xaa) });
  return mem;
}

/** Hexadecimal, in groups of eight bytes, one byte more than the structure at each end. */
const image = (mem: GuestMemory, size: number): string =>
  Buffer.from(mem.bytes.subarray(15, 17 + size))
    .toString("hex")
    .replace(/^(..)(.*)(..)$/, (_, a, b: string, c) => [a, ...(b.match(/.{1,16}/g) ?? []), c].join(" "));

describe("structures", () => {
  it("fdstat", () => {
    const mem = memory();
    writeFdstat(mem, 16, { filetype: 4, flags: 0x0105, rightsBase: 0x20000001, rightsInheriting: 2 });
    expect(image(mem, 24)).toBe("aa 0400050100000000 0100002000000000 0200000000000000 aa");
  });

  const stat = { dev: 1n, ino: 2n ** 63n, filetype: 7, nlink: 3n, size: 4n, atim: 5n, mtim: 6n, ctim: 7n } as const;

  it("filestat", () => {
    const mem = memory();
    writeFilestat(mem, 16, stat, preview1);
    expect(image(mem, 64)).toBe(
      "aa 0100000000000000 0000000000000080 0700000000000000 0300000000000000 0400000000000000 0500000000000000 0600000000000000 0700000000000000 aa",
    );
  });

  it("filestat of the old version", () => {
    const mem = memory();
    writeFilestat(mem, 16, stat, unstable);
    expect(image(mem, 56)).toBe(
      "aa 0100000000000000 0000000000000080 0700000003000000 0400000000000000 0500000000000000 0600000000000000 0700000000000000 aa",
    );
  });

  it("filestat with times no u64 can hold", () => {
    const mem = memory();
    writeFilestat(mem, 16, { ...stat, atim: -1n, mtim: 2n ** 65n, ctim: 2n ** 64n - 1n }, preview1);
    expect([mem.u64(56), mem.u64(64), mem.u64(72)]).toEqual([0n, 2n ** 64n - 1n, 2n ** 64n - 1n]);
  });

  it("prestat", () => {
    const mem = memory();
    writePrestat(mem, 16, 5);
    expect(image(mem, 8)).toBe("aa 0000000005000000 aa");
  });

  it("event", () => {
    const mem = memory();
    writeEvent(mem, 16, { userdata: 0x1122334455667788n, error: 8, tag: 2, nbytes: 9n, flags: 1 });
    expect(image(mem, 32)).toBe("aa 8877665544332211 0800020000000000 0900000000000000 0100000000000000 aa");
  });

  it("dirent", () => {
    const bytes = encodeDirent({ next: 3n, ino: 4n, filetype: 4, name: Uint8Array.of(0x61, 0xff) });
    expect(Buffer.from(bytes).toString("hex")).toBe("0300000000000000040000000000000002000000040000" + "00" + "61ff");
  });
});

describe("subscriptions", () => {
  it.each([
    [preview1, 16],
    [unstable, 24],
  ])("clock, %#", (abi, id) => {
    const mem = memory();
    mem.zero(0, 64);
    mem.setU64(0, 5n);
    mem.setU32(id, 1);
    mem.setU64(id + 8, 2n ** 64n - 1n);
    mem.setU64(id + 16, 99n);
    mem.setU16(id + 24, 1);
    expect(readSubscription(mem, 0, abi)).toEqual({
      userdata: 5n,
      tag: 0,
      clock: 1,
      timeoutNs: 2n ** 64n - 1n,
      isAbsolute: true,
    });
  });

  it.each([1, 2] as const)("descriptor, tag %i", (tag) => {
    const mem = memory();
    mem.setU8(8, tag);
    mem.setU32(16, 4);
    expect(readSubscription(mem, 0, preview1)).toMatchObject({ tag, fd: 4 });
  });
});

it("strings: pointers, then the bytes with a NUL each", () => {
  const mem = memory();
  writeStrings(mem, 16, 32, [Uint8Array.of(0x61, 0x62), new Uint8Array(0), Uint8Array.of(0xff)]);
  expect([mem.u32(16), mem.u32(20), mem.u32(24)]).toEqual([32, 35, 36]);
  expect([...mem.bytes.subarray(31, 39)]).toEqual([0xaa, 0x61, 0x62, 0, 0, 0xff, 0, 0xaa]);
});
