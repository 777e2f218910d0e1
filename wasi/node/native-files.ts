/**
 * The optional native part for files of the host: what it offers, and how it is found.
 *
 * It is one small addon, `native-accel/host-files`, made by `npm run build:native` and never needed: where it is not there, or
 * cannot be loaded, directories of the host are what they are without it (`fs.ts`), with the same results. It is looked for
 * when the first directory is mounted.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { WasiError } from "../error-codes.ts";
import { Attributes } from "./native-attributes.ts";

/** Which implementation serves directories of the host: the native one where it is there, that one or none, or the portable. */
export type HostFiles = "auto" | "native" | "portable";

/**
 * Its functions. Each returns what the system call does, or the errno, negative; none throws. A name is three arguments: an
 * array, where it begins, its length. `out` gets the words of `Attributes`.
 */
export interface NativeFiles {
  /** Those that the last `stat` or `openRegular` found. */
  readonly attributes: Attributes;
  /** A regular file, looked at before and after, through directories only. -EACCES: not one, or of /proc. Finds its attributes. */
  openRegular(dir: number, path: Uint8Array, at: number, length: number, flags: number): number;
  /** Through directories only, and of a link its own attributes. */
  stat(dir: number, path: Uint8Array, at: number, length: number): number;
  read(fd: number, bytes: Uint8Array, at: number, length: number, position: number): number;
  /** A position of -1: where the descriptor appends. */
  write(fd: number, bytes: Uint8Array, at: number, length: number, position: number): number;
  open(dir: number, names: Uint8Array, at: number, length: number, flags: number, mode: number): number;
  /** O_PATH, through directories only. */
  openDirectory(dir: number, path: Uint8Array, at: number, length: number): number;
  fstat(fd: number, out: BigInt64Array): number;
  /** 1 for a file of /proc, else 0. */
  isOfProc(fd: number): number;
  close(fd: number): number;
  duplicate(fd: number): number;
  readv(fd: number, buffers: readonly Uint8Array[], position: number): number;
  writev(fd: number, buffers: readonly Uint8Array[], position: number): number;
  /** Whole entries as the system has them, of a directory that is open for reading. */
  entries(fd: number, bytes: Uint8Array, at: number, length: number): number;
  mkdir(dir: number, names: Uint8Array, at: number, length: number, mode: number): number;
  unlink(dir: number, names: Uint8Array, at: number, length: number, flags: number): number;
  rename(
    dir: number,
    names: Uint8Array,
    at: number,
    length: number,
    toDir: number,
    toNames: Uint8Array,
    toAt: number,
    toLength: number,
  ): number;
  link(
    dir: number,
    names: Uint8Array,
    at: number,
    length: number,
    toDir: number,
    toNames: Uint8Array,
    toAt: number,
    toLength: number,
  ): number;
  symlink(
    dir: number,
    names: Uint8Array,
    at: number,
    length: number,
    target: Uint8Array,
    targetAt: number,
    targetLength: number,
  ): number;
  readlink(
    dir: number,
    names: Uint8Array,
    at: number,
    length: number,
    into: Uint8Array,
    intoAt: number,
    max: number,
  ): number;
  /** `times`: seconds, nanoseconds and 1 of each of the two; 0 in the place of 1 leaves one as it is. No name: `dir` itself. */
  setTimes(dir: number, names: Uint8Array, at: number, length: number, times: BigInt64Array): number;
  setSize(fd: number, size: number): number;
  setAppend(fd: number, on: number): number;
  sync(fd: number, dataOnly: number): number;
}

/** The calls that programs make most, which get their numbers, and leave the result, in a buffer. */
type Shared = "openRegular" | "stat" | "read" | "write";

/** What the addon exports. */
type Addon = Omit<NativeFiles, Shared | "attributes"> &
  Record<Shared, (array: Uint8Array) => void> & {
    /** Of these functions as a whole. */
    readonly interface: number;
    /** 8 numbers, then 8 words. */
    readonly shared: ArrayBuffer;
  };

/** That of the functions above. */
const wanted = 3;

const fileName = `host-files-${process.platform}-${process.arch}.node`;
/** From dist/wasi/node, from the bundles in dist/bin and dist/npm, and from the sources. */
const places = ["../../native/", "../native/", "../../dist/native/"];

/** Undefined: not looked for yet. Null: there is none. */
let found: NativeFiles | null | undefined;

/** @throws WasiError WT6020 when only the native ones will do and they are not there */
export function nativeFiles(which: HostFiles = "auto"): NativeFiles | undefined {
  if (which === "portable") return undefined;
  if (found === undefined) found = process.platform === "linux" ? search() : null;
  if (found !== null) return found;
  if (which === "auto") return undefined;
  throw new WasiError("WT6020", "the native part for files of the host is not there, or cannot be loaded", {
    hint: "make it with: npm run build:native",
  });
}

function search(): NativeFiles | null {
  const files = places.map((place) => fileURLToPath(new URL(place + fileName, import.meta.url)));
  const file = files.find((name) => existsSync(name));
  return file === undefined ? null : load(file);
}

/** Null for whatever is not the addon that is wanted. @internal */
export function load(file: string): NativeFiles | null {
  try {
    if (!isWhole(file)) return null;
    const module = { exports: {} as Partial<Addon> };
    process.dlopen(module, file);
    return module.exports.interface === wanted ? functionsOf(module.exports as Addon) : null;
  } catch {
    return null;
  }
}

/** Each with its own code, which V8 makes one piece with the call; shared code would have to look what is called. */
function functionsOf(addon: Addon): NativeFiles {
  const numbers = new Float64Array(addon.shared, 0, 8);
  const { openRegular, stat, read, write } = addon;
  const put = (of: number, at: number, length: number, last: number): void => {
    numbers[0] = of;
    numbers[1] = at;
    numbers[2] = length;
    numbers[3] = last;
  };
  return {
    ...addon,
    attributes: new Attributes(addon.shared, numbers.byteLength),
    openRegular(dir, path, at, length, flags) {
      put(dir, at, length, flags);
      openRegular(path);
      return numbers[0]!;
    },
    stat(dir, path, at, length) {
      put(dir, at, length, 0);
      stat(path);
      return numbers[0]!;
    },
    read(fd, bytes, at, length, position) {
      put(fd, at, length, position);
      read(bytes);
      return numbers[0]!;
    },
    write(fd, bytes, at, length, position) {
      put(fd, at, length, position);
      write(bytes);
      return numbers[0]!;
    },
  };
}

/**
 * True if the file ends where an ELF file for 64 bits says: the table of its sections is the last thing in it. Of one that
 * was cut the system maps what is not there, and the process ends when that is touched.
 */
function isWhole(file: string): boolean {
  const fd = openSync(file, "r");
  try {
    const header = new DataView(new ArrayBuffer(64));
    if (readSync(fd, header, 0, 64, 0) < 64 || header.getUint32(0) !== 0x7f45_4c46 || header.getUint8(4) !== 2)
      return false;
    const isLittle = header.getUint8(5) === 1;
    const end =
      Number(header.getBigUint64(40, isLittle)) + header.getUint16(58, isLittle) * header.getUint16(60, isLittle);
    return fstatSync(fd).size >= end;
  } finally {
    closeSync(fd);
  }
}
