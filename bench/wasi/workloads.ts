/** What `bench wasi` measures: the functions of calls.wat, how often each calls, and the files it needs. */
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../conformance/real/project.ts";

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** Calls in one sample; for "readdir" entries. */
  readonly calls: number;
}

export const workloads: readonly Workload[] = [
  { name: "read-4k", title: "read 4 KiB, in sequence", calls: 4096 },
  { name: "write-4k", title: "write 4 KiB, in sequence", calls: 4096 },
  { name: "write-1", title: "write 1 byte", calls: 10_000 },
  { name: "stat", title: "stat, of 10,000 files", calls: 10_000 },
  { name: "readdir", title: "list, an entry of 10,000", calls: 10_000 },
  { name: "open", title: "open and close, of 10,000 files", calls: 10_000 },
];

const dataBytes = 4096 * 4096;

/** A new folder with what the workloads read. */
export function makeFolder(files = 10_000): string {
  const folder = mkdtempSync(join(tmpdir(), "wasmts-bench-wasi-"));
  writeFileSync(join(folder, "data"), Buffer.alloc(dataBytes, 1));
  mkdirSync(join(folder, "many"));
  for (let i = 0; i < files; i++) writeFileSync(join(folder, "many", `f${String(i).padStart(5, "0")}`), "");
  return folder;
}

/** The module, made of its text. */
export async function assembled(): Promise<Uint8Array> {
  const { default: loadWabt } = await import("wabt");
  const text = readFileSync(join(root, "bench/wasi/calls.wat"), "utf8");
  return (await loadWabt()).parseWat("calls.wat", text).toBinary({}).buffer;
}
