/**
 * Micro-benchmarks of what an embedder pays per operation, ours and the host's WebAssembly side by side:
 * `node dist/bench/micro.js`. Operations per second by the `benchmark` package; ratios are what to read.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostWebAssembly } from "../conformance/real/host-webassembly.ts";
import { compileGuest } from "../conformance/real/toolchains.ts";
import { Engine } from "../engine/index.ts";

/** The part of the `benchmark` package used here; it brings no declarations. */
interface Suite {
  add(name: string, work: () => void, options?: { maxTime: number }): Suite;
  run(): Suite;
  forEach(visit: (result: { name: string; hz: number; stats: { rme: number } }) => void): void;
}

const { Suite } = createRequire(import.meta.url)("benchmark") as { Suite: new () => Suite };

type Args = readonly (number | bigint)[];

/** One operation in both engines. */
interface Operation {
  readonly name: string;
  readonly ours: () => unknown;
  readonly v8: () => unknown;
}

async function operations(): Promise<Operation[]> {
  const bytes = readFileSync(await compileGuest("wat", "micro"));
  const engine = new Engine({ tier: "interp" });
  const imports = { env: { nothing: () => undefined } };
  const [ourModule, v8Module] = [engine.compile(bytes), new hostWebAssembly.Module(bytes)];
  const ours = engine.instantiate(ourModule, imports);
  const v8 = new hostWebAssembly.Instance(v8Module, imports).exports as Record<string, (...args: Args) => unknown>;
  const call = (name: string, label: string, ...args: Args): Operation => ({
    name: label,
    ours: () => ours.invoke(name, args),
    v8: () => v8[name]!(...args),
  });
  return [
    { name: "compile, 0.3 kB", ours: () => engine.compile(bytes), v8: () => new hostWebAssembly.Module(bytes) },
    {
      name: "instantiate",
      ours: () => engine.instantiate(ourModule, imports),
      v8: () => new hostWebAssembly.Instance(v8Module, imports),
    },
    call("empty", "call an export ()"),
    call("add", "call an export (i32, i32)", 1, 2),
    call("add64", "call an export (i64, i64)", 1n, 2n),
    call("hostcalls", "1,000 host calls", 1000),
    call("calls", "1,000 guest calls", 1000),
    call("fill", "memory.fill of 64 KiB"),
  ];
}

async function main(): Promise<void> {
  console.log(
    `${"operation".padEnd(28)}${"V8 op/s".padStart(14)}${"ours op/s".padStart(14)}${"ratio".padStart(9)}   +-`,
  );
  for (const { name, ours, v8 } of await operations()) {
    const results: { hz: number; rme: number }[] = [];
    const suite = new Suite().add("v8", () => void v8(), { maxTime: 1 }).add("ours", () => void ours(), { maxTime: 1 });
    suite.run().forEach(({ hz, stats }) => {
      results.push({ hz, rme: stats.rme });
    });
    const [peer, mine] = results as [(typeof results)[0], (typeof results)[0]];
    const rates = [peer.hz, mine.hz].map((hz) => Math.round(hz).toLocaleString("en").padStart(14)).join("");
    console.log(
      `${name.padEnd(28)}${rates}${`${(peer.hz / mine.hz).toFixed(1)}x`.padStart(9)}${Math.max(peer.rme, mine.rme).toFixed(0).padStart(4)} %`,
    );
  }
}

await main();
