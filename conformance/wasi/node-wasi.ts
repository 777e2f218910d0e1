/**
 * The same host calls made on `node:wasi` and on our `WASI`, each on a tree of its own: what each answered, as text.
 *
 * No guest runs: the calls are those of `wasiImport`, on a memory of the host's WebAssembly, which `node:wasi` insists on.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errnoName, WASI } from "../../wasi/index.ts";

export const NodeWasi = (createRequire(import.meta.url)("node:wasi") as typeof import("node:wasi")).WASI;
export const hostMemory = (): { buffer: ArrayBuffer } =>
  new (
    globalThis as unknown as { WebAssembly: { Memory: new (type: object) => { buffer: ArrayBuffer } } }
  ).WebAssembly.Memory({ initial: 2 });

/** Where results go, and where text that a step is given is put. */
export const out = 256;
const texts = 4096;

/** A number or a bigint is passed as it is; a text as its address and length. */
export type Arg = number | bigint | string;
export interface Step {
  readonly call: string;
  readonly args: readonly Arg[];
  /** Bytes at `out` (or elsewhere) that must agree: offset and length. */
  readonly see?: readonly (readonly [at: number, length: number])[];
  /** Written into the memory first, as 32-bit words from an address. */
  readonly words?: readonly [at: number, ...words: number[]];
}

/** What stands in each tree. */
function makeTree(): string {
  const root = mkdtempSync(join(tmpdir(), "wasmts-pair-"));
  mkdirSync(join(root, "box/dir/deep"), { recursive: true });
  mkdirSync(join(root, "outside"));
  writeFileSync(join(root, "outside/secret"), "secret");
  writeFileSync(join(root, "box/file"), "0123456789");
  writeFileSync(join(root, "box/dir/other"), "other");
  symlinkSync("file", join(root, "box/link"));
  symlinkSync("dir", join(root, "box/dirlink"));
  symlinkSync("nowhere", join(root, "box/dangling"));
  symlinkSync("../outside", join(root, "box/way-out"));
  symlinkSync("../outside/secret", join(root, "box/to-secret"));
  return root;
}

type Calls = Readonly<Record<string, (...args: (number | bigint)[]) => unknown>>;

/** Runs the steps on a fresh host; one line for each. */
export function answers(which: "node" | "ours", steps: readonly Step[]): string[] {
  const root = makeTree();
  const options = {
    version: "preview1",
    args: ["prog", "ü"],
    env: { A: "1", B: "x=y" },
    preopens: { "/box": join(root, "box") },
  } as const;
  const wasi = which === "node" ? new NodeWasi({ ...options, args: [...options.args] }) : new WASI(options);
  const memory = hostMemory();
  let lines: string[] = [];
  const instance = {
    exports: { memory, _start: () => (lines = steps.map((s) => answer(wasi.wasiImport as Calls, memory, s))) },
  };
  try {
    wasi.start(instance);
    return lines;
  } finally {
    rmSync(root, { recursive: true });
  }
}

function answer(calls: Calls, { buffer }: { buffer: ArrayBuffer }, { call, args, see = [], words }: Step): string {
  const bytes = new Uint8Array(buffer);
  bytes.fill(0xaa, out, texts);
  if (words !== undefined) new Uint32Array(buffer).set(words.slice(1), words[0] / 4);
  let at = texts;
  const raw = args.flatMap((arg) => {
    if (typeof arg !== "string") return [arg];
    const encoded = new TextEncoder().encode(arg);
    bytes.set(encoded, at);
    at += encoded.length;
    return [at - encoded.length, encoded.length];
  });
  const errno = errnoName(calls[call]!(...raw) as number);
  const seen =
    errno === "SUCCESS"
      ? see.map(([from, length]) => Buffer.from(bytes.subarray(from, from + length)).toString("hex"))
      : [];
  return [errno, ...seen].join(" ");
}
