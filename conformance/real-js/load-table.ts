/** How long large modules take to load, beside the host: `new Module` and `new Instance` in fresh processes, in turns. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../real/project.ts";
import { withFolder } from "./measure.ts";
import { table } from "./tables.ts";

/** Their imports are functions, and they run nothing when they are instantiated. */
const modules = [
  "esbuild-wasm/esbuild.wasm",
  "lightningcss-wasm/lightningcss_node.wasm",
  "@ruby/3.4-wasm-wasi/dist/ruby.wasm",
  "@esbuild/wasi-preview1/esbuild.wasm",
];

const loader = join(root, "dist/conformance/real-js/load.js");

interface Load {
  readonly bytes: number;
  /** Both, by the clock. */
  readonly ms: number;
  readonly moduleMs: number;
  /** Of all threads. */
  readonly cpuMs: number;
}

function load(file: string, engine: "host" | "wasmts", cache: string): Load {
  const { stdout, stderr } = spawnSync(process.execPath, [loader, file, engine, cache], { encoding: "utf8" });
  if (stdout === "") throw new Error(`${file}: ${stderr}`);
  return JSON.parse(stdout) as Load;
}

const middle = (loads: readonly Load[]): Load => [...loads].sort((a, b) => a.ms - b.ms)[loads.length >> 1] as Load;
const cell = ({ ms, cpuMs }: Load): string => `${ms.toFixed(0)}, ${cpuMs.toFixed(0)}`;

/** A line for each module that is in one of `folders`. @param runs of which the middle one counts */
export function loadTable(folders: readonly string[], runs: number): string {
  const rows = modules.flatMap((name) => {
    const file = folders.map((folder) => join(folder, "node_modules", name)).find(existsSync);
    return file === undefined ? [] : [withFolder((cache) => rowOf(name, file, cache, runs))];
  });
  const heads = ["module", "MB", "host: ms, CPU ms", "wasmts", "/ host", "again", "/ host"];
  return table(heads, rows);
}

function rowOf(name: string, file: string, cache: string, runs: number): string[] {
  load(file, "wasmts", cache);
  const turns = Array.from({ length: runs }, () => [
    load(file, "host", ""),
    load(file, "wasmts", ""),
    load(file, "wasmts", cache),
  ]);
  const [host, first, again] = [0, 1, 2].map((i) => middle(turns.map((turn) => turn[i] as Load))) as [Load, Load, Load];
  const ratio = (of: Load): string => `${(of.ms / host.ms).toFixed(1)}x`;
  return [name, (host.bytes / 1e6).toFixed(1), cell(host), cell(first), ratio(first), cell(again), ratio(again)];
}
