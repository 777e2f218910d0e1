/** Listings as a claim on host memory. What is in them: node/readdir.test.ts. */
import { expect, it } from "vitest";
import { preview1 } from "./abi.ts";
import { Context } from "./context.ts";
import { fd_readdir } from "./fd-readdir.ts";
import { dirDesc } from "./fd-table.ts";
import type { DirEntry, DirHandle, Mount } from "./file-system.ts";

/** A directory of `count` entries that exists nowhere. */
function fakeDir(count: number): DirHandle & { lists: number } {
  const stat = { dev: 1n, ino: 2n, filetype: 3, nlink: 1n, size: 0n, atim: 0n, mtim: 0n, ctim: 0n } as const;
  const name = new Uint8Array(255).fill(0x61);
  const handle = {
    kind: "dir",
    lists: 0,
    stat: () => stat,
    statAt: () => stat,
    list(): DirEntry[] {
      handle.lists++;
      return new Array(count).fill({ name, filetype: 4 });
    },
    close: () => {},
  };
  return handle as unknown as DirHandle & { lists: number };
}

it("drops the oldest listing when all together take too much, and reads it again when asked", () => {
  const host = new Context({ abi: preview1 });
  host.mem.attach({ bytes: new Uint8Array(65_536) });
  const dirs = [fakeDir(60_000), fakeDir(60_000), fakeDir(60_000)];
  const descs = dirs.map((dir) => {
    const mount: Mount = { guest: new Uint8Array(1), root: dir, isReadOnly: false, level: "virtual" };
    const desc = dirDesc(dir, { mount, path: [] });
    host.fds.add(desc);
    return desc;
  });
  const buffer = host.mem.slice(1024, 300);
  for (const d of descs) fd_readdir(host, d, buffer, 0n, 16);
  expect(descs.map((d) => d.listing !== undefined)).toEqual([false, true, true]);
  fd_readdir(host, descs[0]!, buffer, 50_000n, 16);
  expect(host.mem.u32(16)).toBe(300);
  expect(dirs.map((d) => d.lists)).toEqual([2, 1, 1]);
  expect(descs.map((d) => d.listing !== undefined)).toEqual([true, false, true]);
});
