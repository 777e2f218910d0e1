/** The workloads of `bench wasi` do what they say, under both hosts; its report compares round by round. */
import { rmSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostWebAssembly } from "../../conformance/real/host-webassembly.ts";
import { type CallName, WASI } from "../../wasi/index.ts";
import { report } from "./command.ts";
import { assembled, makeFolder, workloads } from "./workloads.ts";

const NodeWasi = (createRequire(import.meta.url)("node:wasi") as typeof import("node:wasi")).WASI;
let module: object;
let folder: string;
beforeAll(async () => {
  module = new hostWebAssembly.Module(await assembled());
  folder = makeFolder(60);
});
afterAll(() => rmSync(folder, { recursive: true }));

const calls: Readonly<Record<string, CallName>> = {
  "read-4k": "fd_read",
  "write-4k": "fd_write",
  "write-1": "fd_write",
  stat: "path_filestat_get",
  readdir: "fd_readdir",
  open: "path_open",
};

describe("the workloads", () => {
  it.each(workloads.map(({ name }) => name))("%s succeeds and calls what it is about", (name) => {
    const preopens = { "/": folder };
    const events: string[] = [];
    const ours = new WASI({ version: "preview1", preopens, trace: (event) => void events.push(event.call) });
    for (const wasi of [ours, new NodeWasi({ version: "preview1", preopens })]) {
      const instance = new hostWebAssembly.Instance(module, wasi.getImportObject() as object);
      wasi.initialize(instance);
      expect((instance.exports[name] as (n: number) => number)(50)).toBe(0);
    }
    const count = events.filter((event) => event === calls[name]).length;
    expect(count).toBeGreaterThanOrEqual(name === "readdir" ? 1 : 50);
  });
});

it("the report has a line for each workload, with ratios to node:wasi", () => {
  const samples = (ms: number) =>
    Object.fromEntries(workloads.map(({ name }) => [name, { cpu: [ms, ms], wall: [ms, ms] }]));
  const lines = report({
    "node:wasi on V8": samples(10),
    "wasmts/wasi on V8": samples(20),
    wasmts: samples(40),
    "wasmts, portable": samples(80),
  });
  expect(lines).toHaveLength(1 + workloads.length);
  expect(lines.find((line) => line.startsWith("write 1 byte"))).toMatch(
    /1\.00 +2\.00 \(2\.00x\) +4\.00 \(4\.00x\) +8\.00 \(8\.00x\)$/,
  );
});
