/**
 * Runs the kernels in our engine and in V8, in one process and interleaved, so that both see the same machine.
 *
 *   per kernel: warm up V8 ─► warm up ours ─► runs x (sample V8, sample ours) ─► medians ─► ratio
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../conformance/real/project.ts";
import type { Group, Kernel } from "./corpus.ts";
import { type BenchEngine, type BenchInstance, v8 } from "./engines.ts";
import { cpuMs, geomean, median, spread, timeCalls } from "./measure.ts";

export interface KernelResult {
  readonly name: string;
  readonly group: Group;
  readonly n: number;
  readonly checksum: number;
  /** Milliseconds of CPU time per `run(n)`, medians. */
  readonly v8Ms: number;
  readonly oursMs: number;
  /** ours / V8. */
  readonly ratio: number;
  /** Half the interquartile range of each, relative. */
  readonly v8Spread: number;
  readonly oursSpread: number;
  /** Our first call, before our own code was compiled by the host for this kernel. */
  readonly oursFirstMs: number;
}

export interface KernelOptions {
  readonly runs: number;
  /** Divides every `n` that counts work (recursion depths stay). */
  readonly divide: number;
}

/** A sample is at least this long: CPU time is counted in microseconds, but not that exactly. */
const sampleMs = 10;
const v8WarmMs = 80;
const oursWarmMs = 400;

/** The compiled module of a kernel; checked in, see build.ts. */
export function kernelBytes(kernel: Kernel): Uint8Array {
  return readFileSync(join(root, "bench", "cases", "prebuilt", `${kernel.name}.wasm`));
}

export function runKernel(kernel: Kernel, engine: BenchEngine, options: KernelOptions): KernelResult {
  const bytes = kernelBytes(kernel);
  const n = kernel.n < 1000 ? kernel.n : Math.ceil(kernel.n / options.divide);
  const peer = v8.instantiate(bytes);
  const ours = engine.instantiate(bytes);
  const checksum = peer.run(n);
  warmUp(peer, n, v8WarmMs, 5);
  const start = cpuMs();
  const got = ours.run(n);
  const oursFirstMs = cpuMs() - start;
  if (got !== checksum) throw new Error(`${kernel.name}: ${engine.name} computed ${got}, V8 ${checksum}`);
  warmUp(ours, n, oursWarmMs, 1);
  const v8Times: number[] = [];
  const oursTimes: number[] = [];
  for (let i = 0; i < options.runs; i++) {
    v8Times.push(sample(peer, n, checksum));
    oursTimes.push(sample(ours, n, checksum));
  }
  const [v8Ms, oursMs] = [median(v8Times), median(oursTimes)];
  const spreads = { v8Spread: spread(v8Times), oursSpread: spread(oursTimes) };
  return {
    name: kernel.name,
    group: kernel.group,
    n,
    checksum,
    v8Ms,
    oursMs,
    ratio: oursMs / v8Ms,
    ...spreads,
    oursFirstMs,
  };
}

function warmUp(instance: BenchInstance, n: number, leastMs: number, leastCalls: number): void {
  const start = cpuMs();
  for (let calls = 0; calls < leastCalls || cpuMs() - start < leastMs; calls++) instance.run(n);
}

function sample(instance: BenchInstance, n: number, checksum: number): number {
  return timeCalls(() => {
    // Kernels set up what they read, so every call gives the same.
    if (instance.run(n) !== checksum) throw new Error("a kernel gave another result in a later call");
  }, sampleMs);
}

/** Geometric means of the ratios; a group without kernels is left out. */
export function groupRatios(results: readonly KernelResult[]): Record<string, number> {
  const means: Record<string, number> = {};
  for (const group of ["loop", "recursion", "mixed"] as const) {
    const ratios = results.filter((result) => result.group === group).map((result) => result.ratio);
    if (ratios.length > 0) means[group] = geomean(ratios);
  }
  if (results.length > 0) means.all = geomean(results.map((result) => result.ratio));
  return means;
}
