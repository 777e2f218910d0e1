/** Prints results as tables for an 80-column terminal, and holds the targets they are judged by. */
import type { DecodeResult } from "./decode.ts";
import type { ProgramResult, StartupResult } from "./processes.ts";
import type { KernelResult } from "./run-kernels.ts";

/** What the project promises itself for the interpreter; ratios are ours over the peer's. */
export const targets = { loop: 15, recursion: 30, all: 25, decodeMBps: 20, startup: 1.6 } as const;

export interface Results {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly engine: { readonly name: string; readonly tier: string; readonly peer: string };
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly kernels: readonly KernelResult[];
  readonly groups: Readonly<Record<string, number>>;
  readonly decode?: DecodeResult;
  readonly startup?: StartupResult;
  readonly programs?: readonly ProgramResult[];
}

const columns = [12, 10, 10, 12, 8, 9, 12] as const;

/** Left-aligned first cell, right-aligned others. */
function row(cells: readonly string[]): string {
  return cells.map((cell, i) => (i === 0 ? cell.padEnd(columns[0]) : cell.padStart(columns[i] ?? 10))).join("");
}

export function kernelHeader(): string {
  return row(["kernel", "group", "V8 ms", "ours ms", "ratio", "spread", "first ms"]);
}

export function kernelRow(result: KernelResult): string {
  const spread = `${Math.round(Math.max(result.v8Spread, result.oursSpread) * 100)} %`;
  const times = [result.v8Ms.toFixed(2), result.oursMs.toFixed(1), `${result.ratio.toFixed(1)}x`];
  return row([result.name, result.group, ...times, spread, result.oursFirstMs.toFixed(1)]);
}

function verdict(isMet: boolean): string {
  return isMet ? "met" : "MISSED";
}

/** The summary lines: what was measured, the target, and whether it is met. */
export function summary(results: Results): string[] {
  const lines: string[] = [];
  const line = (what: string, value: string, target = "", met?: boolean) =>
    lines.push(
      `${what.padEnd(38)}${value.padStart(12)}${target.padStart(14)}  ${met === undefined ? "" : verdict(met)}`.trimEnd(),
    );
  for (const [group, ratio] of Object.entries(results.groups)) {
    const target = group in targets ? targets[group as keyof typeof targets] : undefined;
    const of = results.kernels.filter((kernel) => group === "all" || kernel.group === group);
    const what = `${group}, geometric mean of ${of.length}`;
    if (target === undefined) line(what, `${ratio.toFixed(1)}x`);
    else line(what, `${ratio.toFixed(1)}x`, `<= ${target}x`, ratio <= target);
    const worst = of.reduce((a, b) => (b.ratio > a.ratio ? b : a));
    line(`  worst: ${worst.name}`, `${worst.ratio.toFixed(1)}x`);
  }
  const { decode, startup } = results;
  if (decode) {
    const target = `>= ${targets.decodeMBps} MB/s`;
    line(
      "decode + validate esbuild, first time",
      `${decode.coldMBps.toFixed(1)} MB/s`,
      target,
      decode.coldMBps >= targets.decodeMBps,
    );
    line("  again in the same process", `${decode.warmMBps.toFixed(1)} MB/s`);
    line("  V8's WebAssembly.validate", `${decode.v8ValidateMBps.toFixed(1)} MB/s`);
  }
  if (startup) {
    line(
      "wasmts run hello.wasm / node -e 0",
      `${startup.ratio.toFixed(2)}x`,
      `<= ${targets.startup}x`,
      startup.ratio <= targets.startup,
    );
    line("  wall time", `${startup.wasmtsMs.toFixed(1)} / ${startup.nodeMs.toFixed(1)} ms`);
  }
  for (const { name, oursMs, v8Ms, ratio } of results.programs ?? [])
    line(`program ${name}`, `${ratio.toFixed(1)}x`, `${Math.round(oursMs)} / ${Math.round(v8Ms)} ms`);
  return lines;
}
