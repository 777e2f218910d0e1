/** Modules and memories in messages: what arrives, and `wasmts/polyfill/node` in threads of Node.js. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { fromMessage, toMessage, WebAssembly } from "../../engine/js-api/index.ts";
import { root } from "../real/project.ts";
import { convertTexts } from "../spec/wat.ts";
import type { Api } from "./cases.ts";

const api: Api = WebAssembly;
const [bytes] = (await convertTexts(
  [
    `(module (import "m" "memory" (memory 1 4 shared))
      (func (export "wait") (param i32 i64) (result i32) (memory.atomic.wait32 (local.get 0) (i32.const 0) (local.get 1)))
      (func (export "notify") (param i32) (result i32) (memory.atomic.notify (local.get 0) (i32.const 9)))
      (func (export "add") (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1)))
      (func (export "size") (result i32) (memory.size)))`,
  ],
  undefined,
)) as [Uint8Array];
const shared = (): Api => new api.Memory({ initial: 1, maximum: 4, shared: true });
/** What another thread gets. */
const sent = (value: unknown): Api => fromMessage(structuredClone(toMessage(value)));

describe("messages", () => {
  it("have modules and shared memories in them", () => {
    const memory = shared();
    const message = sent({ list: [1, new api.Module(bytes)], memory, rest: new Map([[1, 2]]) });
    expect(message.rest).toEqual(new Map([[1, 2]]));
    expect([message.list[1] instanceof api.Module, message.memory instanceof api.Memory]).toEqual([true, true]);
    const [here, there] = [new api.Module(bytes), message.list[1]].map(
      (module, i) => new api.Instance(module, { m: { memory: [memory, message.memory][i] } }).exports,
    );
    expect([here.add(8, 5), there.add(8, 1), here.add(8, 0)]).toEqual([0, 5, 6]);
    expect([memory.grow(2), there.size(), message.memory.buffer.byteLength]).toEqual([1, 3, 3 * 65536]);
  });

  it("that are modules or memories themselves", () => {
    expect(sent(new api.Module(bytes, { builtins: ["js-string"] }))).toBeInstanceOf(api.Module);
    expect(sent(shared())).toBeInstanceOf(api.Memory);
  });

  it("keep their shape, and contain themselves", () => {
    const message: Api = { memory: shared(), list: [] };
    message.list.push(message, message.memory, undefined, Symbol.iterator.description, 1n);
    const got = sent(message);
    expect([got.list[0] === got, got.list[1] === got.memory, got.list.length]).toEqual([true, true, 5]);
    const odd = sent(JSON.parse('{"__proto__": {"a": 1}, "b": null}'));
    expect([Object.keys(odd), Object.getPrototypeOf(odd) === Object.prototype]).toEqual([["__proto__", "b"], true]);
  });

  it("have no memory that is not shared", () => {
    expect(() => toMessage([new api.Memory({ initial: 1 })])).toThrow(TypeError);
  });

  it("that only look like descriptions are data", () => {
    for (const data of [
      '{"wasmts:module": {"bytes": [0]}}',
      '{"wasmts:memory": {"buffer": {}}}',
      '{"wasmts:module": null}',
    ]) {
      expect(sent(JSON.parse(data))).toEqual(JSON.parse(data));
    }
    expect(() => fromMessage({ "wasmts:module": { bytes: new Uint8Array(4), builtins: [] } })).toThrow(
      api.CompileError,
    );
  });

  it("and a wait blocks the thread", () => {
    const { wait } = new api.Instance(new api.Module(bytes), { m: { memory: shared() } }).exports;
    expect([wait(0, 1000n), wait(0, 0n)]).toEqual([2, 2]);
    const [atOne, memory] = [4, shared()];
    new Int32Array(memory.buffer)[1] = 1;
    expect(new api.Instance(new api.Module(bytes), { m: { memory } }).exports.wait(atOne, -1n)).toBe(1);
  });
});

const polyfill = join(root, "dist/wasi/node/polyfill.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-threads-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The parts listen in all the ways there are. */
const main = `
import ${JSON.stringify(pathToFileURL(polyfill).href)};
import { Worker } from "node:worker_threads";
const memory = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
const module = new WebAssembly.Module(Buffer.from(process.argv[2], "base64"));
const { notify, add } = new WebAssembly.Instance(module, { m: { memory } }).exports;
const worker = new Worker(new URL("worker.mjs", import.meta.url), { workerData: { module } });
worker.on("message", (message) => {
  if (message === "waiting") { while (notify(16) === 0); return; }
  console.log(message.woken, message.ways.join(), message.memory instanceof WebAssembly.Memory, add(8, 0));
});
worker.on("error", (error) => console.log("error", error));
worker.on("exit", (code) => console.log("exit", code));
for (let i = 0; i < 2; i++) worker.postMessage({ memory, i });
`;
const worker = `
import { parentPort, workerData } from "node:worker_threads";
import { WASI } from "wasi";
const ways = [];
const is = (way, v) => v.i === 0 && v.memory instanceof WebAssembly.Memory && ways.push(way);
const removed = () => ways.push("removed");
parentPort.on("message", removed);
parentPort.addEventListener("message", (event) => is("addEventListener", event.data));
parentPort.addEventListener("message", { handleEvent: (event) => is("handleEvent", event.data) });
parentPort.onmessage = (event) => is("onmessage", event.data);
parentPort.once("message", (v) => is("once", v));
parentPort.off("message", removed);
parentPort.on("message", function on({ memory, i }) {
  if (i === 0) return ways.push(this === parentPort ? "on" : "on without this");
  const { wait, add } = new WebAssembly.Instance(workerData.module, { m: { memory } }).exports;
  parentPort.postMessage("waiting");
  const woken = wait(16, -1n);
  add(8, 7);
  ways.push(typeof new WASI({ version: "preview1" }).hostImports);
  parentPort.postMessage({ woken, ways, memory });
  process.exit(0);
});
`;

/** What a program's limits come to in a thread that it starts, and in one that this starts. */
const limited = `
import { configure } from ${JSON.stringify(pathToFileURL(polyfill).href)};
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
const { module, depth = 0 } = workerData ?? {};
const attempt = (fn) => { try { return fn(); } catch (error) { return error.message.replace(/[.,:;(].*/s, ""); } };
if (!isMainThread && depth < 2) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { module, depth: depth + 1 } });
  worker.on("message", (message) => parentPort.postMessage(message));
} else if (!isMainThread) {
  parentPort.postMessage("" + [
    attempt(() => new WebAssembly.Memory({ initial: 3 })),
    attempt(() => new WebAssembly.Memory({ initial: 2 }).buffer.byteLength),
  ]);
  parentPort.postMessage("running");
  parentPort.postMessage(attempt(() => new WebAssembly.Instance(module).exports.run()));
} else {
  const controller = new AbortController();
  const how = process.argv[3];
  configure({ maxMemory: 2 * 65536, ...(how === "fuel" ? { fuel: 1e6 } : { signal: controller.signal }) });
  const worker = new Worker(new URL(import.meta.url), { workerData: { module: new WebAssembly.Module(Buffer.from(process.argv[2], "base64")), depth: 1 } });
  worker.on("message", (message) => message === "running" ? how === "signal" && setTimeout(() => controller.abort(), 50) : console.log(message));
}
`;

/** Only a thread of a thread runs the module. */
const keeping = `
import { configure } from ${JSON.stringify(pathToFileURL(polyfill).href)};
import { CodeCache } from ${JSON.stringify(pathToFileURL(join(root, "dist/code-cache/index.js")).href)};
import { isMainThread, Worker, workerData } from "node:worker_threads";
const { module, depth = 0 } = workerData ?? {};
if (isMainThread) configure({ tier: "js", codeStore: new CodeCache(process.argv[3]) });
if (depth === 2) console.log(new WebAssembly.Instance(module).exports.run());
else new Worker(new URL(import.meta.url), { workerData: { module: module ?? new WebAssembly.Module(Buffer.from(process.argv[2], "base64")), depth: depth + 1 } });
`;

describe.skipIf(!existsSync(polyfill))("threads of Node.js (skipped before npm run build)", () => {
  it.each([
    ["fuel", "out of fuel"],
    ["signal", "cancelled"],
  ])("begin with the limits of the one that starts them, and %s ends their guests", async (how, end) => {
    writeFileSync(join(folder, "limited.mjs"), limited);
    const [endless] = (await convertTexts([`(module (func (export "run") (loop (br 0))))`], undefined)) as [Uint8Array];
    const text = Buffer.from(endless).toString("base64");
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, "limited.mjs"), text, how], {
      encoding: "utf8",
      timeout: 30_000,
    });
    expect(stdout, stderr).toBe(`memory of 196608 bytes exceeds the limit of 131072 bytes,131072\n${end}\n`);
  });

  it("keep their code where the one that starts them does", async () => {
    writeFileSync(join(folder, "keeping.mjs"), keeping);
    const cache = join(folder, "cache");
    const [answer] = (await convertTexts([`(module (func (export "run") (result i32) i32.const 42))`], undefined)) as [
      Uint8Array,
    ];
    const words = [join(folder, "keeping.mjs"), Buffer.from(answer).toString("base64"), cache];
    for (let i = 0; i < 2; i++) {
      const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8", timeout: 30_000 });
      expect(stdout, stderr).toBe("42\n");
      expect(readdirSync(cache).filter((name) => name.endsWith(".code"))).toHaveLength(1);
    }
  });

  it("get them, and have the same WebAssembly and WASI", () => {
    writeFileSync(join(folder, "main.mjs"), main);
    writeFileSync(join(folder, "worker.mjs"), worker);
    const { stdout, stderr } = spawnSync(
      process.execPath,
      [join(folder, "main.mjs"), Buffer.from(bytes).toString("base64")],
      { encoding: "utf8", timeout: 30_000 },
    );
    expect(stdout, stderr).toBe("0 addEventListener,handleEvent,onmessage,once,on,function true 7\nexit 0\n");
  });
});
