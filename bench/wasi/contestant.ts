/**
 * A process that measures one WASI host: `node contestant.js NAME FOLDER MODULE ROUNDS`. Prints, for each workload, CPU and
 * wall milliseconds of every round, the first ones left out.
 */
import { readFileSync } from "node:fs";
import { WASI as NodeWASI } from "node:wasi";
import { hostWebAssembly } from "../../conformance/real/host-webassembly.ts";
import { Engine } from "../../engine/index.ts";
import { blockThread, WASI } from "../../wasi/index.ts";
import { timed } from "../clocks.ts";
import { workloads } from "./workloads.ts";

export type ContestantName = "node:wasi on V8" | "wasmts/wasi on V8" | "wasmts" | "wasmts, portable";
export type Measured = Record<string, { cpu: number[]; wall: number[] }>;

/** Rounds of everything before the first sample: V8 compiles our host meanwhile. */
const warmUps = 3;

type Call = (name: string, n: number) => number;

function contestant(name: ContestantName, folder: string, bytes: Uint8Array): Call {
  const options = { version: "preview1", preopens: { "/": folder } } as const;
  if (name === "wasmts" || name === "wasmts, portable") {
    const wasi = new WASI({ ...options, hostFiles: name === "wasmts" ? "auto" : "portable" });
    const engine = new Engine();
    const instance = engine.instantiate(engine.compile(bytes), wasi.hostImports(), { runner: blockThread });
    wasi.initialize(instance);
    return (workload, n) => instance.invoke(workload, [n])[0] as number;
  }
  const wasi = name === "node:wasi on V8" ? new NodeWASI(options) : new WASI(options);
  const instance = new hostWebAssembly.Instance(new hostWebAssembly.Module(bytes), wasi.getImportObject() as object);
  wasi.initialize(instance);
  return (workload, n) => (instance.exports[workload] as (n: number) => number)(n);
}

function measure(call: Call, rounds: number): Measured {
  const measured: Measured = {};
  for (let round = 0; round < warmUps; round++) for (const { name, calls } of workloads) call(name, calls);
  for (const { name, calls } of workloads) {
    const samples = { cpu: [] as number[], wall: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      const { result, cpuMs, wallMs } = timed(() => call(name, calls));
      if (result !== 0) throw new Error(`${name}: errno ${result}`);
      samples.cpu.push(cpuMs);
      samples.wall.push(wallMs);
    }
    measured[name] = samples;
  }
  return measured;
}

const [name, folder = "", module = "", rounds] = process.argv.slice(2);
console.log(JSON.stringify(measure(contestant(name as ContestantName, folder, readFileSync(module)), Number(rounds))));
