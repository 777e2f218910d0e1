/**
 * Decode and validate: megabytes per second on esbuild's module, the largest real one at hand.
 *
 * Run by run.ts as a process of its own (`node decode.js`), so that the first compile is as cold as a user's is.
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { hostWebAssembly } from "../conformance/real/host-webassembly.ts";
import { npmFile } from "../conformance/real/project.ts";
import { compile } from "../engine/index.ts";
import { timed } from "./clocks.ts";
import { median } from "./statistics.ts";

export interface DecodeResult {
  readonly bytes: number;
  /** MB (10^6 bytes) per second of wall time. `cold` is the first compile of the process, `warm` the median of the rest. */
  readonly coldMBps: number;
  readonly warmMBps: number;
  /** CPU time over wall time of the first compile: above 1 when the host compiles our code in the background. */
  readonly coldCpuOverWall: number;
  /** `WebAssembly.validate` of the host, for scale. */
  readonly v8ValidateMBps: number;
}

function main(): void {
  const bytes = readFileSync(npmFile("@esbuild", "wasi-preview1", "esbuild.wasm"));
  const mbps = (ms: number) => bytes.length / 1000 / ms;
  const cold = timed(() => compile(bytes));
  const warm = [1, 2, 3, 4].map(() => timed(() => compile(bytes)).wallMs);
  const v8 = [1, 2, 3].map(() => timed(() => hostWebAssembly.validate(bytes)).wallMs);
  const result: DecodeResult = {
    bytes: bytes.length,
    coldMBps: mbps(cold.wallMs),
    warmMBps: mbps(median(warm)),
    coldCpuOverWall: cold.cpuMs / cold.wallMs,
    v8ValidateMBps: mbps(median(v8)),
  };
  console.log(JSON.stringify(result));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
