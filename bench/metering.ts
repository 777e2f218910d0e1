/**
 * What limits cost: `npm run bench -- metering [--before DIR] [--filter WORDS] [--rounds N]`.
 *
 * Fuel is always counted, so its cost is this build against one from before there was any: `--before` names the `dist`
 * of such a build. Everything else is this build against itself. Interpreter, CPU time, the two sides in turns in one
 * process; the cost is the median of the ratios of rounds.
 */
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { captureFrames, Engine, type GuestLimits, type Instance, type InstanceOptions } from "../engine/index.ts";
import { timeCalls } from "./clocks.ts";
import { type Kernel, kernels } from "./corpus.ts";
import { suspended } from "./micro.ts";
import { UsageError } from "./options.ts";
import { geomean, median, pairedRatio } from "./statistics.ts";
import { kernelBytes } from "./workload.ts";

type Run = (n: number) => unknown;

const imports = {
  env: {
    abort(): never {
      throw new Error("the kernel called abort");
    },
  },
};

function runOf(engine: Engine, kernel: Kernel, options: InstanceOptions = {}): Run {
  const instance = engine.instantiate(engine.compile(kernelBytes(kernel)), imports, options);
  return (n) => instance.invoke("run", [n]);
}

const sampleMs = 40;

/** The time of `after` over that of `before`; a value below 1 is a gain. */
function ratioOf(before: Run, after: Run, kernel: Kernel, rounds: number): number {
  // Enough for some samples; depths of recursions stay.
  const n = kernel.n < 1000 ? kernel.small : Math.ceil(kernel.n / 64);
  const sides = [before, after];
  for (const run of sides) timeCalls(() => run(n), 150);
  const times: number[][] = [[], []];
  for (let round = 0; round < rounds; round++) {
    // Who begins changes.
    for (const side of round % 2 === 0 ? [0, 1] : [1, 0])
      times[side]!.push(timeCalls(() => sides[side]!(n), sampleMs).cpuMs);
  }
  return pairedRatio(times[1]!, times[0]!).median;
}

const percent = (ratio: number): string => `${ratio < 1 ? "" : "+"}${((ratio - 1) * 100).toFixed(1)} %`;
const row = (...cells: readonly string[]): string =>
  cells.map((c, i) => (i === 0 ? c.padEnd(16) : c.padStart(18))).join("");

interface Options {
  readonly before: string | undefined;
  readonly words: readonly string[];
  readonly rounds: number;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { before: { type: "string" }, filter: { type: "string" }, rounds: { type: "string", default: "9" } },
  });
  const rounds = Number(values.rounds);
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new UsageError(`--rounds ${values.rounds}: a number above 0`);
  return { before: values.before, words: values.filter?.split(",") ?? [], rounds };
}

export async function metering(args: readonly string[]): Promise<number> {
  const { before, words, rounds } = readOptions(args);
  const old = before === undefined ? undefined : await engineOf(before);
  const chosen = kernels.filter(
    ({ name, group }) => words.length === 0 || words.some((w) => name.includes(w) || group === w),
  );
  kernelCosts(chosen, rounds, old);
  if (words.length === 0) for (const line of switching(rounds)) console.log(line);
  return 0;
}

/** Of another build; of what is used here, old ones have the same. */
async function engineOf(dist: string): Promise<Engine> {
  const module = (await import(pathToFileURL(join(resolve(dist), "engine/index.js")).href)) as {
    Engine: typeof Engine;
  };
  return new module.Engine({ tier: "interp" });
}

/** The table of kernels: fuel if there is a build to compare with, and a time limit that is never reached. */
function kernelCosts(chosen: readonly Kernel[], rounds: number, old: Engine | undefined): void {
  const ours = new Engine({ tier: "interp" });
  const limits: GuestLimits = { timeoutMs: 3_600_000 };
  const fuel: number[] = [];
  const time: number[] = [];
  console.log(row("kernel", "fuel", "time limit"));
  for (const kernel of chosen) {
    const plain = runOf(ours, kernel);
    if (old !== undefined) fuel.push(ratioOf(runOf(old, kernel), plain, kernel, rounds));
    time.push(ratioOf(plain, runOf(ours, kernel, { limits }), kernel, rounds));
    console.log(row(kernel.name, old === undefined ? "" : percent(fuel.at(-1)!), percent(time.at(-1)!)));
  }
  const means = [fuel, time].map((list) => (list.length === 0 ? "" : percent(geomean(list))));
  console.log(row("geometric mean", ...means));
  console.log(row("target", old === undefined ? "" : "+10 %", "+3 %"));
}

/** What it takes to stop a guest and go on, with its frames taken apart or not, and to change to another. */
function switching(rounds: number): string[] {
  const engine = new Engine({ tier: "interp" });
  const module = engine.compile(kernelBytes(kernels.find(({ name }) => name === "fib")!));
  const make = (): Instance => engine.instantiate(module, imports);
  const [a, b] = [make(), make()];
  const micros = (work: () => unknown): number =>
    median(Array.from({ length: rounds }, () => timeCalls(work, sampleMs).cpuMs * 1000));
  const act = suspended(a);
  const frames = captureFrames(act).frames.length;
  const moved = (): unknown => a.restore(a.func("run"), captureFrames(act));
  let [one, two] = [suspended(a), suspended(b)];
  const stop = (): void => {
    if (one.run(0).kind === "done") one = suspended(a);
  };
  const change = (): void => {
    stop();
    [one, two] = [two, one];
  };
  const figure = (what: string, us: number, target: string): string =>
    `${what.padEnd(52)}${us.toFixed(2).padStart(8)} us   ${target}`;
  return [
    "",
    figure(`stop and go on, ${frames} frames`, micros(stop), ""),
    figure(`take ${frames} frames apart and put them together`, micros(moved), "target 100 us for 10"),
    figure("go on, stop, change to another guest", micros(change), "target 20 us"),
  ];
}
