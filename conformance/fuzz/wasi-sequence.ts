/** Random host calls: what a hostile or merely odd guest might do, from a seed. Knows the table of calls, no host. */
import { type CallName, calls, preview1Names } from "../../wasi/index.ts";
import type { Rng } from "./rng.ts";

/** One host call, and what the guest has put into its memory before. */
export interface Step {
  readonly name: CallName;
  readonly args: readonly (number | bigint)[];
  readonly pokes: readonly (readonly [pointer: number, bytes: Uint8Array])[];
}

export const memoryBytes = 1 << 16;

type Param = readonly [name: string, kind: string];

/** Calls by how often they are made. proc_exit would end the run. */
const weights: Readonly<Partial<Record<CallName, number>>> = {
  path_open: 24,
  fd_close: 6,
  fd_read: 6,
  fd_write: 10,
  fd_pread: 4,
  fd_pwrite: 5,
  fd_seek: 5,
  fd_readdir: 3,
  path_create_directory: 8,
  path_rename: 10,
  path_link: 6,
  path_symlink: 6,
  path_unlink_file: 6,
  path_remove_directory: 5,
  path_filestat_get: 6,
  path_filestat_set_times: 3,
  path_readlink: 3,
  fd_filestat_get: 3,
  fd_filestat_set_size: 4,
  fd_renumber: 1,
  proc_exit: 0,
};

const bag = preview1Names.flatMap((name) => new Array<CallName>(weights[name] ?? 1).fill(name));

const names = ["a", "b", "c", "dir", "link", "file", "..", ".", "", "new"];

export function randomStep(rng: Rng): Step {
  const name = rng.pick(bag);
  const pokes: [number, Uint8Array][] = [];
  const args = (calls[name].params as readonly Param[]).flatMap(([label, kind]) =>
    argument(rng, name, label, kind, pokes),
  );
  return { name, args, pokes };
}

/** An address: nearly always a good one. */
function pointer(rng: Rng): number {
  if (rng.oneIn(120)) return rng.pick([memoryBytes - 1, memoryBytes, -1, -8, 0x7fff_ffff, -0x8000_0000]);
  return 1024 + rng.below(memoryBytes - 8192);
}

function length(rng: Rng): number {
  if (rng.oneIn(60)) return rng.pick([-1, 0x7fff_ffff, memoryBytes]);
  return rng.pick([0, 1, 7, 24, 64, 300, 2000]);
}

/** Sizes and offsets: small, or beyond what any file has. In between, hosts differ in what they allow. */
function offset(rng: Rng): bigint {
  if (rng.oneIn(20)) return rng.pick([2n ** 63n, 2n ** 64n - 1n, 2n ** 63n - 1n, 2n ** 62n, 2n ** 53n]);
  return BigInt(rng.pick([0, 0, 1, 5, 63, 64, 100, 4096, 16_383, 16_384, 70_000, 5_000_000_000]));
}

function argument(
  rng: Rng,
  name: string,
  label: string,
  kind: string,
  pokes: [number, Uint8Array][],
): (number | bigint)[] {
  switch (kind) {
    case "fd":
      return [rng.oneIn(60) ? rng.bits() : rng.below(name.startsWith("fd_") ? 6 : 1) === 0 ? 3 : 4 + rng.below(6)];
    case "fdnum":
      return [rng.oneIn(100) ? rng.pick([0, 1, 2, 3, -1]) : 4 + rng.below(8)];
    case "path":
      return place(rng, randomPath(rng), pokes);
    case "buffer":
      return [pointer(rng), length(rng)];
    case "iovs":
      return vectors(rng, pokes);
    case "u64":
      return [label === "atim" || label === "mtim" ? time(rng) : offset(rng)];
    case "s64":
      return [rng.oneIn(3) ? -offset(rng) : offset(rng)];
    case "rights":
      return [rng.pick([0n, 2n, 64n, 66n, 66n, 66n, 2n ** 64n - 1n, BigInt(rng.bits() >>> 0)])];
    case "ptr":
      return [pointer(rng)];
    case "u32":
      return [label === "nsubscriptions" ? rng.pick([0, 1, 2, 3, 5000, -1]) : rng.pick([0, 1, 2, 3, 4, -1])];
    default:
      return [kind.startsWith("out") ? pointer(rng) : rng.oneIn(60) ? rng.bits() : rng.pick(sets[kind] ?? [0, 1, 2])];
  }
}

/** Values of the closed sets, the usual ones more often. */
const sets: Readonly<Record<string, readonly number[]>> = {
  lookupflags: [0, 1],
  oflags: [0, 0, 1, 1, 1, 2, 4, 5, 8, 9, 3],
  fdflags: [0, 0, 0, 1, 4, 16],
  fstflags: [0, 1, 2, 4, 5, 8, 10, 3, 12],
};

const time = (rng: Rng): bigint =>
  rng.pick([0n, 1n, 1_700_000_000_123_456_789n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]);

function randomPath(rng: Rng): Uint8Array {
  if (rng.oneIn(50)) return new Uint8Array(rng.pick([255, 256, 4096, 4097])).fill(0x78);
  if (rng.oneIn(50)) return Uint8Array.from({ length: 1 + rng.below(6) }, () => rng.below(256));
  const parts = Array.from({ length: 1 + rng.below(rng.oneIn(4) ? 6 : 2) }, () => rng.pick(names));
  const text = `${rng.oneIn(40) ? "/" : ""}${parts.join("/")}${rng.oneIn(8) ? "/" : ""}`;
  return new TextEncoder().encode(text);
}

function place(rng: Rng, bytes: Uint8Array, pokes: [number, Uint8Array][]): number[] {
  const at = pointer(rng);
  if (at > 0 && at + bytes.length <= memoryBytes) pokes.push([at, bytes]);
  return [at, rng.oneIn(60) ? length(rng) : bytes.length];
}

function vectors(rng: Rng, pokes: [number, Uint8Array][]): number[] {
  const count = rng.oneIn(60) ? rng.pick([1024, 1025, -1]) : rng.below(4);
  const at = pointer(rng);
  const table = new DataView(new ArrayBuffer(Math.min(count >>> 0, 4) * 8));
  for (let i = 0; i < table.byteLength; i += 8) {
    table.setInt32(i, pointer(rng), true);
    table.setInt32(i + 4, length(rng), true);
  }
  if (at > 0 && at + table.byteLength <= memoryBytes) pokes.push([at, new Uint8Array(table.buffer)]);
  return [at, count];
}
