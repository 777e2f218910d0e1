/**
 * Random host calls on two file systems at once: a directory of the host, by way of the native part where it was built, and
 * one of our own making, or a directory without the native part. Each is the other's oracle: same errno, same bytes in guest memory, in the end the same tree. Besides, no call may throw anything but an
 * exit, nor write anywhere in guest memory that it was not given.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CallName,
  calls,
  errno,
  errnoName,
  type FileSystem,
  type HostFiles,
  HostFs,
  MemoryFs,
  OverlayFs,
  WASI,
} from "../../wasi/index.ts";
import { Rng } from "./rng.ts";
import { memoryBytes, randomStep, type Step } from "./wasi-sequence.ts";

export interface WasiRun {
  readonly seed: number;
  readonly kind: (typeof kinds)[number];
  /** Calls made. */
  readonly calls: number;
  /** Of them, those that succeeded. */
  readonly succeeded: number;
  /** Undefined: both were the same throughout. */
  readonly finding: string | undefined;
}

const kinds = ["memory", "overlay of a host directory", "overlay of memory", "portable host directory"] as const;

const stepsPerRun = 300;

/** One run; everything follows from the seed. */
export function fuzzWasi(seed: number): WasiRun {
  const kind = kinds[seed % kinds.length] as WasiRun["kind"];
  const temporary = mkdtempSync(join(realpathSync(tmpdir()), "wasmts-fuzz-"));
  const [host, own] = [new Side(hostTree(join(temporary, "host"))), new Side(ownTree(kind, join(temporary, "lower")))];
  const rng = new Rng(seed);
  const story: string[] = [];
  let succeeded = 0;
  try {
    for (let i = 0; i < stepsPerRun; i++) {
      const step = randomStep(rng);
      const [wanted, got] = [host.take(step), own.take(step)];
      if (wanted === "SUCCESS") succeeded++;
      story.push(`${step.name}(${step.args.join(", ")}) = ${wanted}`);
      const difference = compare(step, host, own, wanted, got);
      if (difference !== undefined) {
        return { seed, kind, calls: i + 1, succeeded, finding: [...story.slice(-12), difference].join("\n  ") };
      }
    }
    const [wanted, got] = [host.dump(3, "."), own.dump(3, ".")];
    const isSame = wanted.join("\n") === got.join("\n");
    const finding = isSame ? undefined : ["trees differ", ...wanted, "--- and", ...got].join("\n  ");
    return { seed, kind, calls: stepsPerRun, succeeded, finding };
  } finally {
    host.close();
    own.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}

function compare(step: Step, host: Side, own: Side, wanted: string, got: string): string | undefined {
  for (const outcome of [wanted, got]) if (outcome.startsWith(thrown)) return `${step.name} ${outcome}`;
  if (wanted !== got) return `${step.name}: the host says ${wanted}, ours ${got}`;
  for (const side of [host, own]) if (side.stray !== undefined) return `${step.name} wrote to ${side.stray}`;
  for (const side of [host, own]) side.forget(step);
  const at = firstDifference(host.bytes, own.bytes);
  return at === undefined ? undefined : `${step.name}: memory differs at ${at}: ${host.bytes[at]} and ${own.bytes[at]}`;
}

function hostTree(root: string, hostFiles: HostFiles = "auto"): HostFs {
  mkdirSync(join(root, "dir/a"), { recursive: true });
  writeFileSync(join(root, "file"), "contents of a file");
  writeFileSync(join(root, "dir/b"), "b");
  symlinkSync("dir", join(root, "link"));
  return new HostFs(root, { hostFiles });
}

function ownTree(kind: WasiRun["kind"], root: string): FileSystem {
  if (kind === "overlay of a host directory") return new OverlayFs(hostTree(root));
  if (kind === "portable host directory") return hostTree(root, "portable");
  const memory = new MemoryFs();
  memory.makeDir("dir/a");
  memory.writeFile("file", "contents of a file");
  memory.writeFile("dir/b", "b");
  const side = new Side(memory);
  side.symlink("dir", "link");
  side.close();
  return kind === "memory" ? memory : new OverlayFs(memory);
}

/** Thrown where a host would wait: nothing waits here. */
const waits = new Error("waits");
const thrown = "threw ";

/** A guest without code: a memory and a host of its own, both the same for the same calls. */
class Side {
  readonly bytes = new Uint8Array(memoryBytes);
  readonly #wasi: WASI;
  readonly #view = new DataView(this.bytes.buffer);
  /** A write where the last call had no business. */
  stray: number | undefined;

  constructor(fs: FileSystem) {
    let now = 1_000_000_000n;
    let random = 0;
    const tick = (): bigint => (now += 1000n);
    this.#wasi = new WASI({
      version: "preview1",
      args: ["guest", "argument"],
      env: { A: "b" },
      stdin: new TextEncoder().encode("some input"),
      stdout: () => {},
      stderr: null,
      mounts: [{ guest: "/", fs }],
      maxFds: 24,
      clock: { now: tick, resolution: () => 1n, hostNow: tick },
      random: { fill: (bytes) => void bytes.fill(random++) },
      runner: () => {
        throw waits;
      },
    });
    this.#wasi.finalizeBindings({ exports: { memory: { buffer: this.bytes.buffer } } });
  }

  take({ name, args, pokes }: Step): string {
    for (const [at, bytes] of pokes) this.bytes.set(bytes, at);
    const before = Uint8Array.from(this.bytes);
    const result = this.#call(name, args);
    if (typeof result === "string") return result;
    const allowed = result === errno.SUCCESS ? places(name, args, before) : [];
    for (const [from, to] of allowed) if (from < memoryBytes) before.set(this.bytes.subarray(from, to), from);
    this.stray = firstDifference(before, this.bytes);
    return errnoName(result);
  }

  #call(name: CallName, args: Step["args"]): number | string {
    try {
      return Number(this.#wasi.wasiImport[name](...args));
    } catch (error) {
      return error === waits ? "it waits" : `${thrown}${String(error)}`;
    }
  }

  /** Overwrites what may differ between file systems: numbers, times, sizes of directories, order of listings. */
  forget({ name, args }: Step): void {
    if (name === "fd_filestat_get" || name === "path_filestat_get") this.#forgetStat(Number(args.at(-1)) >>> 0);
    if (name !== "fd_readdir") return;
    const [from, size, used] = [args[1], args[2], args[4]].map((n) => Number(n) >>> 0) as [number, number, number];
    this.bytes.fill(0, from, from + size);
    this.bytes.fill(0, used, used + 4);
  }

  #forgetStat(at: number): void {
    if (at + 64 > memoryBytes) return;
    this.bytes.fill(0, at, at + 16);
    this.bytes.fill(0, at + 40, at + 64);
    if (this.bytes[at + 16] === 3) this.bytes.fill(0, at + 24, at + 40);
  }

  symlink(target: string, name: string): void {
    const put = (at: number, text: string): [number, number] => {
      this.bytes.set(new TextEncoder().encode(text), at);
      return [at, text.length];
    };
    this.#wasi.wasiImport.path_symlink(...put(1024, target), 3, ...put(2048, name));
  }

  /** The tree below a directory, by the guest's own calls. */
  dump(fd: number, path: string): string[] {
    const call = (name: CallName, ...args: (number | bigint)[]): number => Number(this.#wasi.wasiImport[name](...args));
    if (call("fd_readdir", fd, 4096, 32_768, 0n, 16) !== 0) return [`${path}: cannot be listed`];
    const end = 4096 + this.#view.getUint32(16, true);
    const found: [name: Uint8Array, type: number][] = [];
    for (let at = 4096; at + 24 <= end; ) {
      const length = this.#view.getUint32(at + 16, true);
      found.push([this.bytes.slice(at + 24, at + 24 + length), this.bytes[at + 20] as number]);
      at += 24 + length;
    }
    const lines = found.slice(2).flatMap(([name, type]): string[] => {
      const label = `${path}/${Buffer.from(name).toString("latin1")}`;
      this.bytes.set(name, 1024);
      if (call("path_filestat_get", fd, 0, 1024, name.length, 2048) !== 0) return [`${label}: no attributes`];
      const size = type === 3 ? "" : ` ${this.#view.getBigUint64(2080, true)} x${this.#view.getBigUint64(2072, true)}`;
      if (type !== 3) return [`${label} ${type}${size}`];
      if (call("path_open", fd, 0, 1024, name.length, 2, 2n, 0n, 0, 16) !== 0) return [`${label} ${type}: not opened`];
      const inner = this.#view.getUint32(16, true);
      const below = this.dump(inner, label);
      call("fd_close", inner);
      return [`${label} ${type}`, ...below];
    });
    return lines.sort();
  }

  close(): void {
    this.#wasi.close();
  }
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  return Buffer.compare(a, b) === 0 ? undefined : a.findIndex((byte, i) => byte !== b[i]);
}

/** Where a successful call may have written: [from, to). */
function places(name: CallName, args: readonly (number | bigint)[], memory: Uint8Array): [number, number][] {
  const sizes: Readonly<Record<string, number>> = {
    ...{ outU16: 2, outU32: 4, outU64: 8, outFdstat: 24, outFilestat: 64, outPrestat: 8 },
  };
  const found: [number, number][] = [];
  let at = 0;
  for (const [label, kind] of calls[name].params as readonly (readonly [string, string])[]) {
    const [first, second] = [Number(args[at]) >>> 0, Number(args[at + 1] ?? 0) >>> 0];
    at += kind === "path" || kind === "buffer" || kind === "iovs" ? 2 : 1;
    const size = sizes[kind];
    if (size !== undefined) found.push([first, first + size]);
    if (kind === "buffer") found.push([first, first + second]);
    if (kind === "iovs" && name !== "fd_write" && name !== "fd_pwrite") found.push(...vectorsAt(memory, first, second));
    if (kind === "ptr" && label !== "in")
      found.push([first, first + 32 * (/poll_oneoff$/.test(name) ? Number(args[2]) : 1)]);
  }
  return found;
}

function vectorsAt(memory: Uint8Array, at: number, count: number): [number, number][] {
  const view = new DataView(memory.buffer);
  return Array.from({ length: count }, (_, i): [number, number] => {
    const from = view.getUint32(at + i * 8, true);
    return [from, from + view.getUint32(at + i * 8 + 4, true)];
  });
}
