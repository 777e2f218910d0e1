/**
 * Reads tar archives: ustar, the older form, pax extended headers, and GNU's long names and binary numbers.
 *
 * ```
 * header (512)  contents, padded to 512  header  contents  ...  two blocks of zeros
 *    └─ "x" or "L": says something about the next member instead of being one
 * ```
 * An archive is not trusted: every number is checked against the bytes that are there, and nothing is copied. What the
 * names mean is for `tar-fs.ts`.
 */
import { WasiError } from "../error-codes.ts";
import { limits } from "../limits.ts";

export type MemberType = "file" | "link" | "symlink" | "character" | "block" | "directory" | "fifo";

/** One member of an archive. */
export interface Member {
  /** Byte offset of its header. */
  readonly offset: number;
  readonly name: Uint8Array;
  readonly type: MemberType;
  /** A part of the archive; empty for all but files. */
  readonly contents: Uint8Array;
  /** Of links: what they lead to. */
  readonly target: Uint8Array;
  /** ns since 1970. */
  readonly mtim: bigint;
}

const blockBytes = 512;
/** Bytes of a pax header or a long name; more is no name. */
const maxExtensionBytes = 1 << 20;

const types: Readonly<Record<string, MemberType>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
};

/** What the extension headers before a member say about it. */
interface Extension {
  name?: Uint8Array;
  target?: Uint8Array;
  size?: number;
  mtim?: bigint;
}

/** An archive that cannot be read. @param offset  of the header that is wrong */
export function badArchive(offset: number, what: string): WasiError {
  return new WasiError("WT6009", `the tar archive cannot be used: ${what} (at byte ${offset})`);
}

/**
 * The members in their order.
 *
 * @throws WasiError WT6009 at the first thing that is wrong
 * @cost O(members); contents are not looked at
 */
export function* readTar(archive: Uint8Array): Generator<Member> {
  if (archive[0] === 0x1f && archive[1] === 0x8b) refuse(0, "it is compressed with gzip; decompress it first");
  const global: Extension = {};
  let next: Extension = {};
  let at = 0;
  while (at + blockBytes <= archive.length) {
    const header = archive.subarray(at, at + blockBytes);
    if (isZero(header)) return;
    checkSum(header, at);
    const kind = String.fromCharCode(header[156] as number);
    const said: Extension = { ...global, ...next };
    const isMember = Object.hasOwn(types, kind);
    const size = (isMember ? said.size : undefined) ?? numberAt(header, 124, 12, at);
    const hasContents = !isMember || types[kind] === "file";
    const length = hasContents ? size : 0;
    const start = at + blockBytes;
    if (length > archive.length - start) {
      refuse(at, `a member of ${length} bytes, and only ${archive.length - start} bytes are left`);
    }
    const contents = archive.subarray(start, start + length);
    if (isMember) {
      yield memberOf(header, at, types[kind] as MemberType, contents, said);
      next = {};
    } else extend(kind, contents, at, global, next);
    at = start + Math.ceil(length / blockBytes) * blockBytes;
  }
  if (!isZero(archive.subarray(at))) refuse(at, at === 0 ? "it is no tar archive" : "it ends inside a header");
}

function memberOf(header: Uint8Array, offset: number, type: MemberType, contents: Uint8Array, said: Extension): Member {
  const plain = textAt(header, 0, 100);
  const prefix = isUstar(header) ? textAt(header, 345, 155) : new Uint8Array(0);
  const own = prefix.length === 0 ? plain : Uint8Array.of(...prefix, 0x2f, ...plain);
  const name = said.name ?? own;
  // The older form has directories as files with a slash at the end.
  const isOldDirectory = type === "file" && contents.length === 0 && name.at(-1) === 0x2f;
  return {
    offset,
    name,
    type: isOldDirectory ? "directory" : type,
    contents,
    target: said.target ?? textAt(header, 157, 100),
    mtim: said.mtim ?? BigInt(numberAt(header, 136, 12, offset)) * 1_000_000_000n,
  };
}

/** With a NUL after the magic: only then the last part of the header is a prefix of the name. GNU has a space there. */
const isUstar = (header: Uint8Array): boolean => [..."ustar\0"].every((c, i) => header[257 + i] === c.charCodeAt(0));

function extend(kind: string, contents: Uint8Array, at: number, global: Extension, next: Extension): void {
  if (contents.length > maxExtensionBytes) refuse(at, `an extended header of ${contents.length} bytes`);
  if (kind === "L") next.name = textAt(contents, 0, contents.length);
  else if (kind === "K") next.target = textAt(contents, 0, contents.length);
  else if (kind === "x") Object.assign(next, readPax(contents, at));
  else if (kind === "g") Object.assign(global, readPax(contents, at));
  else if (kind === "S") refuse(at, "a sparse file, which only GNU tar reads; make it without --sparse");
  // Volume labels, directory dumps and the like are not files: POSIX says to skip what one does not know.
}

/** Records `LENGTH KEY=VALUE\n`. */
function readPax(bytes: Uint8Array, offset: number): Extension {
  const found: Extension = {};
  for (let at = 0; at < bytes.length && bytes[at] !== 0; ) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(latin1(bytes.subarray(at, Math.max(at, space))));
    const isRecord = Number.isInteger(length) && length > space - at + 1 && at + length <= bytes.length;
    if (space < 0 || !isRecord || bytes[at + length - 1] !== 0x0a) refuse(offset, "a pax header is malformed");
    const equals = bytes.indexOf(0x3d, space);
    if (equals < 0 || equals >= at + length) refuse(offset, "a pax header is malformed");
    takePax(found, latin1(bytes.subarray(space + 1, equals)), bytes.subarray(equals + 1, at + length - 1), offset);
    at += length;
  }
  return found;
}

function takePax(found: Extension, key: string, value: Uint8Array, offset: number): void {
  if (key === "path") found.name = value;
  else if (key === "linkpath") found.target = value;
  else if (key === "size") found.size = paxNumber(value, offset);
  else if (key === "mtime") found.mtim = paxTime(value, offset);
  else if (key.startsWith("GNU.sparse.")) refuse(offset, "a sparse file; make it without --sparse");
}

function paxNumber(value: Uint8Array, offset: number): number {
  const text = latin1(value);
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) refuse(offset, "a pax size is no number");
  return number;
}

function paxTime(value: Uint8Array, offset: number): bigint {
  const parts = /^(-?)(\d{1,12})(?:\.(\d*))?$/.exec(latin1(value));
  if (parts === null) refuse(offset, "a pax time is no number");
  const ns = BigInt(parts[2] as string) * 1_000_000_000n + BigInt((parts[3] ?? "").padEnd(9, "0").slice(0, 9));
  return parts[1] === "" ? ns : 0n;
}

/** Octal digits, or with the highest bit set a binary number. @throws WasiError WT6009 */
function numberAt(header: Uint8Array, at: number, length: number, offset: number): number {
  const field = header.subarray(at, at + length);
  if (((field[0] as number) & 0x80) !== 0) return binaryNumber(field, offset);
  return octal(field) ?? refuse(offset, "a number in a header is malformed");
}

/** Undefined when there is anything else than digits before the first NUL or space. */
function octal(field: Uint8Array): number | undefined {
  const digits = /^ *([0-7]*)(?:[\0 ]|$)/.exec(latin1(field))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits || "0", 8);
}

function refuse(offset: number, what: string): never {
  throw badArchive(offset, what);
}

function binaryNumber(field: Uint8Array, offset: number): number {
  // Negative numbers begin with FF; times before 1970 become 1970.
  if (field[0] === 0xff) return 0;
  let value = (field[0] as number) & 0x7f;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  if (!Number.isSafeInteger(value)) refuse(offset, "a number in a header is too large");
  return value;
}

/** Sum of all bytes of the header, the sum's own as spaces; some old programs took the bytes as signed. */
function checkSum(header: Uint8Array, offset: number): void {
  let unsigned = 0;
  let signed = 0;
  for (const [i, raw] of header.entries()) {
    const byte = i >= 148 && i < 156 ? 0x20 : raw;
    unsigned += byte;
    signed += byte > 127 ? byte - 256 : byte;
  }
  const wanted = octal(header.subarray(148, 156));
  if (wanted !== unsigned && wanted !== signed) {
    refuse(offset, offset === 0 ? "it is no tar archive" : "the checksum of a header is wrong");
  }
}

const isZero = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

/** Up to the first NUL. */
function textAt(bytes: Uint8Array, at: number, length: number): Uint8Array {
  const field = bytes.subarray(at, at + length);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, limits.pathBytes)) text += String.fromCharCode(byte);
  return text;
}
