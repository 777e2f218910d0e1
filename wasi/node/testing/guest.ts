/**
 * A guest without WebAssembly, for tests: a memory, places in it, and the host calls called directly.
 *
 * Not part of the package. Guests with code are in the tests that need them.
 */
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { FuncInst, HostFn } from "../../../engine/index.ts";
import { callType, plainName } from "../../calls.ts";
import { type CallName, errnoName, type TraceEvent, WASI, type WasiOptions } from "../../index.ts";
import { setting } from "./setting.ts";

export type Raw = number | bigint;

/** Where results go: below it nothing is allocated. */
const scratch = 16;

export interface DirectoryEntry {
  readonly next: bigint;
  readonly ino: bigint;
  readonly type: number;
  readonly name: string;
}

export interface Stat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly type: number;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
}

export interface Opened {
  /** rights_base; default read and write. */
  rights?: bigint;
  oflags?: number;
  fdflags?: number;
  follow?: boolean;
  base?: number;
}

export const READ = 2n;
export const WRITE = 64n;
export const CREAT = 1;
export const DIRECTORY = 2;
export const EXCL = 4;
export const TRUNC = 8;

export class Guest {
  readonly wasi: WASI;
  readonly events: TraceEvent[] = [];
  memory: { buffer: ArrayBufferLike };
  #next = 1024;

  constructor(
    options: Partial<WasiOptions> = {},
    memory: { buffer: ArrayBufferLike } = { buffer: new ArrayBuffer(1 << 20) },
  ) {
    const quiet = { stdin: new Uint8Array(0), stdout: null, stderr: null };
    const trace = setting.isUnwatched ? undefined : (event: TraceEvent) => void this.events.push(event);
    this.wasi = new WASI({ version: "preview1", ...quiet, trace, hostFiles: setting.hostFiles, ...options });
    this.memory = memory;
    this.wasi.finalizeBindings({ exports: { memory } });
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.memory.buffer);
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  /** Calls by name; the name of the errno comes back, which reads better in a failed assertion. */
  call(name: CallName, ...args: Raw[]): string {
    return errnoName(this.result(name, args));
  }

  /** What the function `name` returns. */
  result(name: CallName, args: readonly Raw[]): number {
    return (this.wasi.wasiImport[name] ?? this.#socketCall(name))(...args) as number;
  }

  /** Those that node:wasi does not have. */
  #socketCall(name: CallName): HostFn {
    const forms = this.wasi.hostImports().wasi_snapshot_preview1![plainName(name)] as readonly FuncInst[];
    return forms.find((form) => form.type.params.length === callType(name).params.length)!.host!;
  }

  alloc(size: number): number {
    const rounded = (size + 15) & ~15;
    const at = this.#next + rounded > this.memory.buffer.byteLength ? 1024 : this.#next;
    this.#next = at + rounded;
    return at;
  }

  put(bytes: Uint8Array | string): [pointer: number, length: number] {
    const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    const at = this.alloc(data.length);
    this.bytes.set(data, at);
    return [at, data.length];
  }

  /** An I/O vector over new buffers of these sizes, or with these contents. */
  iovs(...parts: (number | string | Uint8Array)[]): { at: number; count: number; buffers: [number, number][] } {
    const buffers = parts.map((p): [number, number] => (typeof p === "number" ? [this.alloc(p), p] : this.put(p)));
    const at = this.alloc(buffers.length * 8);
    for (const [i, [pointer, length]] of buffers.entries()) {
      this.view.setUint32(at + i * 8, pointer, true);
      this.view.setUint32(at + i * 8 + 4, length, true);
    }
    return { at, count: buffers.length, buffers };
  }

  u32(at = scratch): number {
    return this.view.getUint32(at, true);
  }

  u64(at = scratch): bigint {
    return this.view.getBigUint64(at, true);
  }

  text(at: number, length: number): string {
    return new TextDecoder().decode(Uint8Array.from(this.bytes.subarray(at, at + length)));
  }

  /** path_open; the descriptor, or the name of the errno. */
  open(
    file: string | Uint8Array,
    { rights = READ | WRITE, oflags = 0, fdflags = 0, follow = false, base = 3 }: Opened = {},
  ): number | string {
    const r = this.call("path_open", base, follow ? 1 : 0, ...this.put(file), oflags, rights, 0n, fdflags, scratch);
    return r === "SUCCESS" ? this.u32() : r;
  }

  /** As `open`, but it must work. */
  fd(file: string | Uint8Array, options: Opened = {}): number {
    const fd = this.open(file, options);
    if (typeof fd === "string") throw new Error(`open ${String(file)}: ${fd}`);
    return fd;
  }

  /** fd_write of one buffer; the count, or the name of the errno. */
  write(fd: number, text: string | Uint8Array): number | string {
    const { at, count } = this.iovs(text);
    const r = this.call("fd_write", fd, at, count, scratch);
    return r === "SUCCESS" ? this.u32() : r;
  }

  /** fd_read into one buffer; the text, or `!` and the name of the errno. */
  read(fd: number, max = 256): string {
    const { at, count, buffers } = this.iovs(max);
    const r = this.call("fd_read", fd, at, count, scratch);
    return r === "SUCCESS" ? this.text((buffers[0] as [number, number])[0], this.u32()) : `!${r}`;
  }

  /** path_filestat_get; type and size, or the name of the errno. */
  stat(file: string | Uint8Array, follow = false, base = 3): Stat | string {
    const out = this.alloc(64);
    const r = this.call("path_filestat_get", base, follow ? 1 : 0, ...this.put(file), out);
    return r === "SUCCESS" ? this.filestat(out) : r;
  }

  filestat(at: number): Stat {
    return {
      dev: this.u64(at),
      ino: this.u64(at + 8),
      type: this.view.getUint8(at + 16),
      nlink: this.u64(at + 24),
      size: this.u64(at + 32),
      atim: this.u64(at + 40),
      mtim: this.u64(at + 48),
      ctim: this.u64(at + 56),
    };
  }

  /** A path_ call that takes (fd, path). */
  onPath(
    name: "path_create_directory" | "path_remove_directory" | "path_unlink_file",
    file: string | Uint8Array,
    base = 3,
  ): string {
    return this.call(name, base, ...this.put(file));
  }

  mkdir(file: string, base = 3): string {
    return this.onPath("path_create_directory", file, base);
  }

  rmdir(file: string, base = 3): string {
    return this.onPath("path_remove_directory", file, base);
  }

  unlink(file: string, base = 3): string {
    return this.onPath("path_unlink_file", file, base);
  }

  rename(from: string, to: string, base = 3, toBase = base): string {
    return this.call("path_rename", base, ...this.put(from), toBase, ...this.put(to));
  }

  link(from: string, to: string, flags = 0, base = 3, toBase = base): string {
    return this.call("path_link", base, flags, ...this.put(from), toBase, ...this.put(to));
  }

  symlink(target: string, file: string, base = 3): string {
    return this.call("path_symlink", ...this.put(target), base, ...this.put(file));
  }

  /** path_readlink; the text, or `!` and the name of the errno. */
  readlink(file: string, max = 256, base = 3): string {
    const buf = this.alloc(max);
    const r = this.call("path_readlink", base, ...this.put(file), buf, max, scratch);
    return r === "SUCCESS" ? this.text(buf, this.u32()) : `!${r}`;
  }

  setTimes(file: string, atim: bigint, mtim: bigint, flags: number, follow = false): string {
    return this.call("path_filestat_set_times", 3, follow ? 1 : 0, ...this.put(file), atim, mtim, flags);
  }

  /** One fd_readdir; whole entries only, and how many bytes were used. */
  readdir(fd: number, cookie = 0n, max = 4096): { entries: DirectoryEntry[]; used: number } | string {
    const buf = this.alloc(max);
    const r = this.call("fd_readdir", fd, buf, max, cookie, scratch);
    if (r !== "SUCCESS") return r;
    const used = this.u32();
    const entries: DirectoryEntry[] = [];
    for (let at = buf; at + 24 <= buf + used; ) {
      const length = this.u32(at + 16);
      if (at + 24 + length > buf + used) break;
      const name = this.text(at + 24, length);
      entries.push({ next: this.u64(at), ino: this.u64(at + 8), type: this.view.getUint8(at + 20), name });
      at += 24 + length;
    }
    return { entries, used };
  }
}

/**
 * A new directory on the host, with the files given as path to contents (`null`: a directory; `>x`: a link to x; `=x`: a
 * hard link to x, which comes before).
 */
export function makeTree(tree: Readonly<Record<string, string | null>> = {}): string {
  const root = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "wasmts-wasi-"));
  roots.push(root);
  for (const [name, content] of Object.entries(tree)) {
    const at = path.join(root, name);
    fs.mkdirSync(path.dirname(at), { recursive: true });
    if (content === null) fs.mkdirSync(at, { recursive: true });
    else if (content.startsWith(">")) fs.symlinkSync(content.slice(1), at);
    else if (content.startsWith("=")) fs.linkSync(path.join(root, content.slice(1)), at);
    else fs.writeFileSync(at, content);
  }
  return root;
}

const roots: string[] = [];

/** Removes what `makeTree` made. For `afterEach`. */
export function removeTrees(): void {
  for (const root of roots.splice(0)) fs.rmSync(root, { recursive: true, force: true });
}

/** Descriptors this process has open on what tests give to guests; those of the test runner come and go. */
export function openDescriptors(): number {
  return fs.readdirSync("/proc/self/fd").filter((fd) => {
    const target = linkOf(fd);
    return target === "/" || target === "/tmp" || target.includes("wasmts-wasi-") || /^\/proc\/.*[^d]$/.test(target);
  }).length;
}

/** The listing's own descriptor is gone by now. */
function linkOf(fd: string): string {
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}
