/** Everything there is to measure on this machine, in the order of the tables. Adding an engine is a line here. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { cliPath, npmFile, root } from "../../conformance/real/project.ts";
import type { Command } from "../process-usage.ts";
import type { EngineInfo } from "./engine.ts";
import { findNativeEngines, type Job } from "./native.ts";
import { type Form, formOptions, forms, offeredTiers, type Tier } from "./ours.ts";
import { polywasmVersion } from "./polywasm.ts";
import { binaryenVersion } from "./wasm2js.ts";

export interface Contender {
  readonly info: EngineInfo;
  /** Of its Node process; undefined: it is a program of its own. */
  readonly nodeFlags: readonly string[] | undefined;
  /** How it runs a WASI program from start to end. */
  command(job: Job): Command;
}

/** V8 compiles each function with TurboFan when it is first called; no other flag sets what Node's users never see. */
export const turbofanFlags: readonly string[] = ["--no-liftoff", "--no-wasm-tier-up"];

const wasiRunnerPath = join(root, "dist", "bench", "wasi-runner.js");
const hostRunnerPath = join(root, "dist", "bench", "host-runner.js");
const ourVersion = (): string =>
  (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
const node = (args: readonly string[]): Command => ({ file: process.execPath, args });
const dir = (job: Job): readonly string[] => (job.folder === undefined ? [] : ["--dir", `${job.folder}:/`]);

const tier = (name: Tier, form?: Form): Contender => {
  const id = form === undefined ? name : `${name}+${form}`;
  const { args = [], detail = "" } = form === undefined ? {} : formOptions[form];
  return {
    info: {
      id,
      title: `wasmts ${id}`,
      kind: "ours",
      version: ourVersion(),
      detail: detail === "" ? `tier ${name}` : `tier ${name}, ${detail}`,
    },
    nodeFlags: [],
    command: (job) => node([cliPath, "run", "--tier", name, ...args, ...dir(job), job.wasm, ...job.args]),
  };
};

const v8 = (id: string, title: string, detail: string, flags: readonly string[]): Contender => ({
  info: { id, title, kind: "host", version: process.versions.v8, detail },
  nodeFlags: flags,
  command: (job) => node([...flags, "--no-warnings", hostRunnerPath, ...dir(job), job.wasm, ...job.args]),
});

const javascript = (id: string, version: string, detail: string): Contender => ({
  info: { id, title: id, kind: "javascript", version, detail },
  nodeFlags: [],
  command: (job) => node(["--no-warnings", wasiRunnerPath, id, ...dir(job), job.wasm, ...job.args]),
});

/** @param paths  native engines by name, where PATH does not have them */
export function roster(paths: ReadonlyMap<string, string> = new Map()): Contender[] {
  const isInstalled = (name: string) => existsSync(npmFile(name, "package.json"));
  return [
    v8("v8", "V8", "default: Liftoff, then TurboFan", []),
    v8("turbofan", "V8 TurboFan", turbofanFlags.join(" "), turbofanFlags),
    ...offeredTiers().map((name) => tier(name)),
    ...offeredTiers().flatMap((name) => forms.map((form) => tier(name, form))),
    ...(isInstalled("polywasm") ? [javascript("polywasm", polywasmVersion(), "no traps, no f32 rounding")] : []),
    ...(isInstalled("binaryen") ? [javascript("wasm2js", binaryenVersion(), "-O, ahead of time; no traps")] : []),
    ...findNativeEngines(paths).map(({ info, command }) => ({ info, nodeFlags: undefined, command })),
  ];
}
