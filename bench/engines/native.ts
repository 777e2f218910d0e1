/**
 * Native engines, where they are found: how each is told to run a WASI program. All are run in the mode their command has
 * by default; what that is stands in `detail`.
 */
import type { Command } from "../process-usage.ts";
import type { EngineInfo } from "./engine.ts";
import { onPath, versionOf } from "./find.ts";

/** A WASI program to run from start to end. */
export interface Job {
  readonly wasm: string;
  readonly args: readonly string[];
  /** A folder of the host that the guest sees as `/`. */
  readonly folder?: string;
}

interface NativeDef {
  readonly title: string;
  readonly detail: string;
  readonly version: readonly string[];
  /** Arguments, given the file's own. */
  args(job: Job): readonly string[];
  /** wasm3 has no option for folders: it shows the current one. */
  readonly usesCwd?: true;
}

const folderArgs = (job: Job, made: (folder: string) => readonly string[]): readonly string[] =>
  job.folder === undefined ? [] : made(job.folder);

export const nativeEngines: Readonly<Record<string, NativeDef>> = {
  wasm3: {
    title: "wasm3",
    detail: "interpreter",
    version: ["--version"],
    args: (job) => [job.wasm, ...job.args],
    usesCwd: true,
  },
  wazero: {
    title: "wazero",
    detail: "compiler, no cache",
    version: ["version"],
    args: (job) => ["run", ...folderArgs(job, (folder) => [`-mount=${folder}:/`]), job.wasm, ...job.args],
  },
  wasmtime: {
    title: "wasmtime",
    detail: "Cranelift, no cache",
    version: ["--version"],
    args: (job) => [
      "run",
      "-C",
      "cache=n",
      ...folderArgs(job, (folder) => ["--dir", `${folder}::/`]),
      job.wasm,
      ...job.args,
    ],
  },
  wasmedge: {
    title: "WasmEdge",
    detail: "interpreter",
    version: ["--version"],
    args: (job) => [...folderArgs(job, (folder) => ["--dir", `/:${folder}`]), job.wasm, ...job.args],
  },
  iwasm: {
    title: "WAMR",
    detail: "iwasm as built",
    version: ["--version"],
    args: (job) => [...folderArgs(job, (folder) => [`--map-dir=/::${folder}`]), job.wasm, ...job.args],
  },
};

export interface NativeEngine {
  readonly info: EngineInfo;
  command(job: Job): Command;
}

/** Those on PATH, and those that `paths` names, which may be of names that are not known by default only if listed above. */
export function findNativeEngines(paths: ReadonlyMap<string, string> = new Map(), path?: string): NativeEngine[] {
  const found: NativeEngine[] = [];
  for (const [id, def] of Object.entries(nativeEngines)) {
    const file = paths.get(id) ?? onPath(id, path);
    if (file === undefined) continue;
    found.push({
      info: { id, title: def.title, kind: "native", version: versionOf(file, def.version), detail: def.detail },
      command: (job) => ({
        file,
        args: def.args(job),
        ...(def.usesCwd && job.folder !== undefined ? { cwd: job.folder } : {}),
      }),
    });
  }
  return found;
}
