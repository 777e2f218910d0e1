/**
 * The saved state of a WASI host as JSON: what it has, and the ranges it is checked against when it is read.
 *
 * Not for whether it fits the files and the host that are there now: `state-open.ts` finds out.
 */
import { WasmError } from "../engine/index.ts";
import { callNames } from "./calls.ts";
import {
  bool,
  bytes,
  type Codec,
  choice,
  type Decoded,
  int,
  list,
  Malformed,
  object,
  optional,
  text,
  u64,
  variant,
} from "./codec.ts";
import { atEnd, standardStreams } from "./fd-table.ts";
import { limits } from "./limits.ts";
import { allRights } from "./rights.ts";
import { treeCodec } from "./virtual/tree-state.ts";

/** Raised when the meaning of what is written changes. */
const formatVersion = 1;
const maxFds = 1 << 20;
const maxStrings = 1 << 20;
const maxStringBytes = 1 << 26;
/** Bytes of standard input that are saved with a guest. */
export const maxInputBytes = 1 << 26;
/** Bytes of files in memory that are saved with a guest. */
export const maxFileBytes = 1 << 26;
/** More than the listings and input of any guest, and their overhead in JSON; less than the longest string. */
const maxStateBytes = 1 << 28;

const cString = bytes(maxStringBytes, "bytes without a NUL", (b) => !b.includes(0));
const isName = (b: Uint8Array): boolean =>
  b.length > 0 &&
  !b.includes(0) &&
  !b.includes(0x2f) &&
  !(b[0] === 0x2e && (b.length === 1 || (b.length === 2 && b[1] === 0x2e)));
const name = bytes(limits.nameBytes, "the name of a file", isName);
const rights = int(0, allRights);

const common = {
  /** The number the guest knows. */
  fd: int(0, maxFds),
  flags: int(0, 31),
  dropped: rights,
  droppedInheriting: rights,
};
/** Where it is: the mount by its guest name, and the names below it. */
const place = { mount: bytes(limits.pathBytes), path: list(name, limits.steps) };

const standard = object({ kind: choice(["standard"]), ...common, stream: choice(standardStreams) });
const file = object({
  kind: choice(["file"]),
  ...common,
  ...place,
  isRead: bool,
  isWrite: bool,
  position: int(atEnd, Number.MAX_SAFE_INTEGER),
  /** To tell on restore whether somebody has changed it. */
  size: u64,
  /** us since 1970: hosts keep no more. */
  mtimeUs: u64,
});
const dir = object({
  kind: choice(["dir"]),
  ...common,
  ...place,
  isPreopen: bool,
  /** The listing that the guest's cookies are about. */
  listing: optional(list(object({ name, filetype: int(0, 7) }), limits.dirEntries)),
});

export type SavedStandard = Decoded<typeof standard>;
export type SavedFile = Decoded<typeof file>;
export type SavedDir = Decoded<typeof dir>;
export type SavedFd = SavedStandard | SavedFile | SavedDir;

const clock = object({
  isVirtual: bool,
  readings: object({ monotonic: optional(u64), process: optional(u64), thread: optional(u64) }),
});

/** A WebAssembly argument: an i32 as a number, an i64 as text. */
const argument: Codec<number | bigint> = {
  encode: (value) => (typeof value === "number" ? value | 0 : u64.encode(BigInt.asUintN(64, value))),
  decode: (json, at) =>
    typeof json === "number" ? int(-(2 ** 31), 2 ** 31 - 1).decode(json, at) : BigInt.asIntN(64, u64.decode(json, at)),
};

const count = int(0, Number.MAX_SAFE_INTEGER);
const level = optional(int(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER));

const state = object({
  version: int(formatVersion, formatVersion),
  abi: choice(["wasi_snapshot_preview1", "wasi_unstable"]),
  args: list(cString, maxStrings),
  env: list(cString, maxStrings),
  fds: list(variant<SavedFd>({ standard, file, dir }), maxFds),
  /** File systems in memory, by the mounts they are at. */
  files: list(object({ mount: bytes(limits.pathBytes), tree: treeCodec }), maxFds),
  /** Null: the guest has none. */
  clock: optional(clock),
  /** Of a generator that is determined. */
  random: optional(text(1024)),
  /** Of the calls it has made; see `Receipt`. */
  receipt: optional(text(1024)),
  /** Input the guest has not read, though it was taken from its source. */
  stdin: optional(object({ bytes: bytes(maxInputBytes), isAll: bool })),
  usage: object({ calls: count, fileOps: count, fileBytes: count, netOps: count, netBytes: count }),
  /** Tokens left in the buckets of its quotas. */
  quotas: object({
    opsPerSecond: level,
    bytesPerSecond: level,
    fileOpsPerSecond: level,
    fileBytesPerSecond: level,
    netOpsPerSecond: level,
    netBytesPerSecond: level,
  }),
  output: object({ written: count, isExceeded: bool }),
  /** The call the guest is about to make again, and how far it had come. */
  waiting: optional(
    object({
      name: choice(callNames),
      raw: list(argument, 16),
      progress: list(optional(u64), limits.subscriptions),
    }),
  ),
  exitCode: optional(int(0, 2 ** 32 - 1)),
});

export type SavedState = Decoded<typeof state>;

export function encodeState(saved: Omit<SavedState, "version">): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(state.encode({ version: formatVersion, ...saved })));
}

/** @throws WasmError malformed WT6010 */
export function decodeState(encoded: Uint8Array): SavedState {
  try {
    const saved = state.decode(parse(encoded), "");
    checkOnce(saved.fds);
    return saved;
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new WasmError("malformed", "WT6010", `saved state of WASI: ${cause.message}`, {
      cause,
      hint: "make the snapshot anew; this one is damaged, or was made by another version",
    });
  }
}

function parse(encoded: Uint8Array): unknown {
  if (encoded.length > maxStateBytes) throw new Malformed("the size", `at most ${maxStateBytes} bytes`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(encoded));
  } catch {
    throw new Malformed("it", "JSON in UTF-8");
  }
}

/** Nothing is open twice that has one handle, and preopened directories are what they are called. */
function checkOnce(fds: readonly SavedFd[]): void {
  const seen = new Set<string>();
  const once = (key: string, at: string): void => {
    if (seen.has(key)) throw new Malformed(at, "there once");
    seen.add(key);
  };
  for (const [i, d] of fds.entries()) {
    once(`fd ${d.fd}`, `fds[${i}].fd`);
    if (d.kind === "standard") once(d.stream, `fds[${i}].stream`);
    if (d.kind !== "dir" || !d.isPreopen) continue;
    if (d.path.length > 0) throw new Malformed(`fds[${i}].path`, "empty, as that of a preopened directory");
    once(`mount ${d.mount.join()}`, `fds[${i}].mount`);
  }
}
