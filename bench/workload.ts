/** What is measured inside a process: a piece of work that can be prepared in any engine and done again and again. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../conformance/real/project.ts";
import { type Kernel, type KernelGroup, kernels, scaled } from "./corpus.ts";
import type { JsEngine } from "./engines/engine.ts";
import { npmWorkloads } from "./npm-modules.ts";

/** Does the work once; its checksum is the same every time and in every engine. */
export type Work = () => number;

export interface Workload {
  readonly name: string;
  readonly group: KernelGroup | "npm";
  /** What `engine.prepare` is called with, before any clock runs. */
  bytes(): Uint8Array;
  /** Compiles, instantiates and makes ready. @param divide  at least 1: how much less work to do, where it can be divided */
  prepare(engine: JsEngine, divide: number): Work | Promise<Work>;
}

/** The compiled module of a kernel; checked in, see build.ts. */
export function kernelBytes(kernel: Kernel): Uint8Array {
  return readFileSync(join(root, "bench", "cases", "prebuilt", `${kernel.name}.wasm`));
}

function abort(): never {
  throw new Error("the kernel called abort");
}

/** A kernel in an engine: the function to call with `n`. */
export function kernelIn(engine: JsEngine, bytes: Uint8Array): (n: number) => number {
  const run = engine.instantiate(bytes, { env: { abort } }).exports.run as (n: number) => number;
  return (n) => run(n) >>> 0;
}

const kernelWorkload = (kernel: Kernel): Workload => ({
  name: kernel.name,
  group: kernel.group,
  bytes: () => kernelBytes(kernel),
  prepare: (engine, divide) => {
    const run = kernelIn(engine, kernelBytes(kernel));
    const n = scaled(kernel, divide);
    return () => run(n);
  },
});

export const workloads: readonly Workload[] = [...kernels.map(kernelWorkload), ...npmWorkloads];

/** @throws Error when there is none of that name */
export function workloadNamed(name: string): Workload {
  const found = workloads.find((workload) => workload.name === name);
  if (found === undefined) throw new Error(`no workload ${name}`);
  return found;
}
