/**
 * The file form of a snapshot: what is around the state (`save.ts`, `load.ts`), and memories without their zeros.
 *
 *     "\x89WTS\r\n\x1a\n"  version u32
 *     state: length u32, bytes
 *     memories: count u32, each: size u64, runs u32, each run: offset u64, length u32, bytes
 *     SHA-256 of everything before: 32 bytes
 *
 * Little-endian. See docs/snapshots.md.
 */
import { sha256 } from "../sha256.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { snapshotError } from "./errors.ts";

const MAGIC = Uint8Array.of(0x89, 0x57, 0x54, 0x53, 0x0d, 0x0a, 0x1a, 0x0a);
export const VERSION = 1;
const HASH = 32;
/** Memory is looked at in blocks of this size: one of zeros is not written. */
const BLOCK = 4096;
/** Runs are no longer, so that their length is a u32 and reading them takes small pieces. */
const MAX_RUN = 1 << 24;

/** Bytes of a memory from `at` on. */
export interface MemoryRun {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A memory: its size in bytes, and the parts that are not zero. */
export interface MemoryImage {
  readonly size: number;
  readonly runs: readonly MemoryRun[];
}

/** A snapshot before it is one piece. */
export interface Image {
  readonly state: Uint8Array;
  readonly memories: readonly MemoryImage[];
}

/** @cost O(memories); dominated by the hash, about 10 ns a byte that is not zero */
export function toBytes({ state, memories }: Image): Uint8Array {
  const out = new ByteWriter();
  out.raw(MAGIC);
  out.u32(VERSION);
  out.blob(state);
  out.list(memories, ({ size, runs }) => {
    out.u64(BigInt(size));
    out.list(runs.flatMap(nonZero), ({ at, bytes }) => {
      out.u64(BigInt(at));
      out.blob(bytes);
    });
  });
  out.raw(sha256(out.finish()));
  return out.finish();
}

/** The parts of a run that are not zero, by blocks. */
function nonZero({ at, bytes }: MemoryRun): MemoryRun[] {
  const runs: MemoryRun[] = [];
  let start = -1;
  for (let b = 0; b <= bytes.length; b += BLOCK) {
    const isFull = start >= 0 && b - start >= MAX_RUN;
    const isOver = b >= bytes.length || isZero(bytes, b);
    if (start >= 0 && (isOver || isFull)) {
      runs.push({ at: at + start, bytes: bytes.subarray(start, Math.min(b, bytes.length)) });
      start = -1;
    }
    if (start < 0 && !isOver) start = b;
  }
  if (start >= 0) runs.push({ at: at + start, bytes: bytes.subarray(start) });
  return runs;
}

function isZero(bytes: Uint8Array, from: number): boolean {
  const end = Math.min(from + BLOCK, bytes.length);
  for (let i = from; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** The reverse of `toBytes`; nothing is copied. @throws WasmError WT5201, WT5202 */
export function fromBytes(bytes: Uint8Array): Image {
  if (bytes.length < MAGIC.length || !MAGIC.every((b, i) => bytes[i] === b)) {
    throw snapshotError("damaged", "it does not begin like one");
  }
  const r = new ByteReader(bytes.subarray(MAGIC.length, Math.max(MAGIC.length, bytes.length - HASH)));
  const version = r.u32();
  if (version !== VERSION) throw snapshotError("version", `${version}, and this is ${VERSION}`);
  const hash = sha256(bytes.subarray(0, bytes.length - HASH));
  if (!hash.every((b, i) => bytes[bytes.length - HASH + i] === b))
    throw snapshotError("damaged", "its checksum is wrong");
  const state = r.blob();
  const memories = r.list(12, () => {
    const size = Number(r.u64());
    const runs = r.list(12, () => ({ at: Number(r.u64()), bytes: r.blob() }));
    for (const { at, bytes: run } of runs)
      if (at + run.length > size) throw snapshotError("damaged", "a memory is smaller than its bytes");
    return { size, runs };
  });
  r.end();
  return { state, memories };
}
