/**
 * Micro-benchmarks: what an embedder pays per operation, ours and, where it has the operation, the host's WebAssembly side
 * by side. `npm run bench -- micro [WORDS]`. Operations per second by the `benchmark` package; ratios are what to read.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostWebAssembly } from "../conformance/real/host-webassembly.ts";
import { compileGuest } from "../conformance/real/toolchains.ts";
import {
  type Activation,
  captureFrames,
  configure,
  decode,
  Engine,
  type Instance,
  validate,
  WebAssembly,
} from "../engine/index.ts";
import { lower } from "../engine/interpret/lower.ts";
import { kernels } from "./corpus.ts";
import { offeredTiers } from "./engines/ours.ts";
import { digits, times } from "./report/format.ts";
import { kernelBytes } from "./workload.ts";

/** The part of the `benchmark` package used here; it brings no declarations. */
interface Suite {
  add(name: string, work: () => void, options?: { maxTime: number }): Suite;
  run(): Suite;
  forEach(visit: (result: { hz: number; stats: { rme: number } }) => void): void;
}

const { Suite } = createRequire(import.meta.url)("benchmark") as { Suite: new () => Suite };

type Args = readonly (number | bigint)[];

/** One operation; `v8` where the host has the same. */
export interface Operation {
  readonly name: string;
  readonly ours: () => unknown;
  readonly v8?: () => unknown;
}

const bytesOf = (name: string): Uint8Array => kernelBytes(kernels.find((kernel) => kernel.name === name)!);

/** Everything there is to time, with the most capable tier for calls. */
export async function operations(): Promise<Operation[]> {
  const micro = readFileSync(await compileGuest("wat", "micro"));
  return [...frontEnd(bytesOf("as-map")), ...boundary(micro), ...jsApi(micro), ...suspension(bytesOf("fib"))];
}

/** Bytes to code that can run. */
function frontEnd(bytes: Uint8Array): Operation[] {
  const size = `${(bytes.length / 1000).toFixed(1)} kB`;
  const module = decode(bytes);
  const lowerAll = () => {
    for (const func of module.funcs) lower(module, func, 0, false);
  };
  return [
    { name: `decode, ${size}`, ours: () => decode(bytes) },
    { name: `validate, ${size}`, ours: () => validate(module), v8: () => hostWebAssembly.validate(bytes) },
    { name: `lower every function, ${size}`, ours: lowerAll },
    { name: `compile, ${size}`, ours: () => new Engine().compile(bytes), v8: () => new hostWebAssembly.Module(bytes) },
  ];
}

/** The same by the JavaScript API. */
function jsApi(bytes: Uint8Array): Operation[] {
  configure({ tier: offeredTiers().at(-1) });
  const exportsIn = (api: JsApi): Record<string, (...args: Args) => unknown> =>
    new api.Instance(new api.Module(bytes), { env: { nothing: () => undefined } }).exports as never;
  const [ours, v8] = [exportsIn(WebAssembly as JsApi), exportsIn(hostWebAssembly as unknown as JsApi)];
  const call = (name: string, label: string, ...args: Args): Operation => ({
    name: `${label}, JavaScript API`,
    ours: () => ours[name]!(...args),
    v8: () => v8[name]!(...args),
  });
  return [
    call("empty", "call an export ()"),
    call("add", "call an export (i32, i32)", 1, 2),
    call("add64", "call an export (i64, i64)", 1n, 2n),
    call("hostcalls", "1,000 host calls", 1000),
  ];
}

interface JsApi {
  readonly Module: new (bytes: Uint8Array) => unknown;
  readonly Instance: new (module: unknown, imports: unknown) => { readonly exports: object };
}

/** Into the guest and out of it. */
function boundary(bytes: Uint8Array): Operation[] {
  const engine = new Engine({ tier: offeredTiers().at(-1) });
  const imports = { env: { nothing: () => undefined } };
  const [ourModule, v8Module] = [engine.compile(bytes), new hostWebAssembly.Module(bytes)];
  const ours = engine.instantiate(ourModule, imports);
  const newV8 = () =>
    new hostWebAssembly.Instance(v8Module, imports).exports as Record<string, (...args: Args) => unknown>;
  const v8 = newV8();
  const call = (name: string, label: string, ...args: Args): Operation => ({
    name: label,
    ours: () => ours.invoke(name, args),
    v8: () => v8[name]!(...args),
  });
  return [
    {
      name: "instantiate, 0.3 kB",
      ours: () => engine.instantiate(ourModule, imports),
      v8: () => new hostWebAssembly.Instance(v8Module, imports),
    },
    {
      name: "one more instance, and a call",
      ours: () => engine.instantiate(ourModule, imports).invoke("calls", [1000]),
      v8: () => newV8().calls!(1000),
    },
    call("empty", "call an export ()"),
    call("add", "call an export (i32, i32)", 1, 2),
    call("add64", "call an export (i64, i64)", 1n, 2n),
    call("hostcalls", "1,000 host calls", 1000),
    call("calls", "1,000 guest calls", 1000),
    call("fill", "memory.fill of 64 KiB"),
  ];
}

/** Safepoints that an activation has passed, and the frames it then has: it is deep in a recursion. */
const ticksBefore = 1000;

/** An activation of `fib` somewhere inside. */
export function suspended(instance: Instance): Activation {
  const act = instance.start("run", [24]);
  if (act.run(ticksBefore).kind !== "stopped") throw new Error("fib was over too soon");
  return act;
}

function suspension(bytes: Uint8Array): Operation[] {
  const engine = new Engine({ tier: "interp" });
  const instance = engine.instantiate(engine.compile(bytes));
  const act = suspended(instance);
  const frames = captureFrames(act);
  const depth = frames.frames.length;
  let running = suspended(instance);
  const stopAndGoOn = () => {
    if (running.run(10).kind === "done") running = suspended(instance);
  };
  return [
    { name: "run 10 safepoints and stop", ours: stopAndGoOn },
    { name: `capture ${depth} frames`, ours: () => captureFrames(act) },
    { name: `restore ${depth} frames`, ours: () => instance.restore(instance.func("run"), frames) },
    {
      name: "capture, restore, go on, stop",
      ours: () => instance.restore(instance.func("run"), captureFrames(act)).run(10),
    },
  ];
}

const columns = [34, 14, 14, 9, 7] as const;
const line = (cells: readonly string[]): string =>
  cells.map((text, i) => (i === 0 ? text.padEnd(columns[0]) : text.padStart(columns[i]!))).join("");

/** @param words  only operations whose name contains one of them */
export async function micro(words: readonly string[]): Promise<number> {
  console.log(line(["operation", "V8 op/s", "ours op/s", "ratio", "+-"]));
  const chosen = (await operations()).filter(
    ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
  );
  for (const operation of chosen) console.log(timed(operation));
  return 0;
}

function timed({ name, ours, v8 }: Operation): string {
  const suite = new Suite().add("ours", () => void ours(), { maxTime: 1 });
  if (v8 !== undefined) suite.add("v8", () => void v8(), { maxTime: 1 });
  const results: { hz: number; rme: number }[] = [];
  suite.run().forEach(({ hz, stats }) => {
    results.push({ hz, rme: stats.rme });
  });
  const [mine, peer] = results as [(typeof results)[0], (typeof results)[0] | undefined];
  const rate = ({ hz }: { hz: number }) => (hz < 100 ? digits(hz) : Math.round(hz).toLocaleString("en"));
  const noise = `${Math.max(...results.map(({ rme }) => rme)).toFixed(0)} %`;
  return line([name, peer ? rate(peer) : "", rate(mine), peer ? times(peer.hz / mine.hz) : "", noise]);
}
