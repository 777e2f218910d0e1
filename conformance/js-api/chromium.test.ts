/**
 * The files for browsers in a browser: Chromium without a window, on pages whose `WebAssembly` is deleted, with and
 * without a policy that lets no text become code. The page does a job and sends what came out to a server of the test.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../real/project.ts";
import { convertTexts } from "../spec/wat.ts";
import { webGuest, webJob } from "./web-guest.ts";

const isThere = (command: string): boolean => spawnSync(command, ["--version"]).status === 0;
const chromium = [process.env.WASMTS_CHROMIUM ?? "chromium", "chromium-browser", "google-chrome"].find(isThere);
const built = join(root, "dist/browser");
const isReady = chromium !== undefined && existsSync(join(built, "polyfill.js"));

const [wasm] = (await convertTexts(
  [
    `(module (import "m" "log" (func $log (param i64))) (memory (export "memory") 1) (table (export "table") 1 funcref)
      (func $fib (export "fib") (param i32) (result i32) (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
      (elem (i32.const 0) $fib)
      (func (export "log") (param i64) (call $log (i64.mul (local.get 0) (local.get 0))))
      (func (export "fail") (unreachable)))`,
  ],
  undefined,
)) as [Uint8Array];

/** Runs in the page; what it needs is in `globalThis.WebAssembly`. */
const job = `
const told = [];
const attempt = (f) => { try { return String(f()); } catch (e) { return e.constructor.name + (e instanceof Error ? "" : "?"); } };
async function job() {
  const imports = { m: { log: (x) => told.push(String(x)) } };
  const { instance } = await WebAssembly.instantiateStreaming(fetch("/m.wasm"), imports);
  const { fib, log, fail, memory, table } = instance.exports;
  told.push(fib(24), table.get(0) === fib);
  log(-3000000001n);
  const { buffer } = memory;
  memory.grow(2);
  told.push(buffer.byteLength, memory.buffer.byteLength, attempt(() => fail()), attempt(() => log(1)));
  told.push(attempt(() => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1]))));
  told.push(attempt(() => new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), {})));
  told.push(WebAssembly.Module.exports(new WebAssembly.Module(new Uint8Array(bytes))).map((x) => x.name + ":" + x.kind).join());
}
let bytes;
fetch("/m.wasm").then((r) => r.arrayBuffer()).then(async (b) => { bytes = b; await job(); })
  .catch((e) => told.push("failed: " + e + e.stack))
  .then(() => fetch("/told", { method: "POST", body: JSON.stringify({ told, text: attempt(() => new Function("return 1")()), own: typeof wasmts }) }));
`;

const files: Readonly<Record<string, () => readonly [type: string, body: string | Uint8Array]>> = {
  "/host.html": () => ["text/html", '<script src="/job.js"></script>'],
  "/polyfill.html": () => [
    "text/html",
    '<script src="/none.js"></script><script src="/polyfill.js"></script><script src="/job.js"></script>',
  ],
  "/module.html": () => [
    "text/html",
    '<script src="/none.js"></script><script type="module" src="/module.js"></script>',
  ],
  "/wasi.html": () => ["text/html", '<script src="/none.js"></script><script type="module" src="/guest.js"></script>'],
  "/guest.js": () => [
    "text/javascript",
    `import * as wasi from "/wasi.js"; const told = [];
    const job = async () => { const bytes = new Uint8Array(await (await fetch("/guest.wasm")).arrayBuffer()); ${webJob} };
    await job().catch((e) => told.push("failed: " + e + e.stack));
    await fetch("/told", { method: "POST", body: JSON.stringify({ told, text: typeof WebAssembly, own: typeof process }) });`,
  ],
  "/wasi.js": () => ["text/javascript", readFileSync(join(built, "wasi.js"))],
  "/guest.wasm": () => ["application/wasm", webGuest],
  "/none.js": () => ["text/javascript", "delete globalThis.WebAssembly;"],
  "/module.js": () => [
    "text/javascript",
    `import * as wasmts from "/wasmts.js"; const { WebAssembly } = wasmts; wasmts.configure({ tier: "js" });${job}`,
  ],
  "/polyfill.js": () => ["text/javascript", readFileSync(join(built, "polyfill.js"))],
  "/wasmts.js": () => ["text/javascript", readFileSync(join(built, "wasmts.js"))],
  "/job.js": () => ["text/javascript", job],
  "/m.wasm": () => ["application/wasm", wasm],
};

interface Told {
  readonly told: readonly unknown[];
  /** What making code of a text gives. */
  readonly text: string;
  readonly own: string;
}

describe.skipIf(!isReady)("in Chromium (skipped without one, WASMTS_CHROMIUM=FILE, or before npm run build)", () => {
  let server: Server;
  let arrived: (told: Told) => void = () => undefined;
  let host: Told;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      if (url.pathname === "/told") {
        const parts: Buffer[] = [];
        request.on("data", (part: Buffer) => parts.push(part));
        request.on("end", () => {
          response.end();
          arrived(JSON.parse(Buffer.concat(parts).toString()) as Told);
        });
        return;
      }
      const file = files[url.pathname]?.();
      if (file === undefined) return void response.writeHead(404).end();
      const policy = url.searchParams.has("strict") ? { "content-security-policy": "default-src 'self'" } : {};
      response.writeHead(200, { "content-type": file[0], ...policy }).end(file[1]);
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    host = await visit("/host.html");
  }, 60_000);
  afterAll(() => server.close());

  async function visit(page: string): Promise<Told> {
    const folder = mkdtempSync(join(tmpdir(), "wasmts-chromium-"));
    const { port } = server.address() as AddressInfo;
    const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", `--user-data-dir=${folder}`];
    const browser = spawn(chromium as string, [...flags, `http://127.0.0.1:${port}${page}`], {
      stdio: "ignore",
      detached: true,
    });
    try {
      return await new Promise<Told>((resolve, reject) => {
        arrived = resolve;
        browser.once("exit", (status) => reject(new Error(`Chromium ended with ${status}`)));
        setTimeout(() => reject(new Error("nothing came from the page in 40 s")), 40_000).unref();
      });
    } finally {
      const over = new Promise((resolve) => browser.once("close", resolve));
      // With the processes that it has started, which write to the folder.
      process.kill(-(browser.pid as number), "SIGKILL");
      await over;
      rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    }
  }

  it("the host does the job as it is meant to be done", () => {
    expect(host.told).toEqual([
      46368,
      true,
      "9000000006000000001",
      0,
      3 * 65536,
      "RuntimeError",
      "TypeError",
      "CompileError",
      "TypeError",
      "memory:memory,table:table,fib:function,log:function,fail:function",
    ]);
    expect(host.own).toBe("undefined");
  });

  it.each(["/wasi.html", "/wasi.html?strict"])(
    "a guest of WASI has files in memory, %s",
    { timeout: 60_000 },
    async (page) => {
      const { told, text, own } = await visit(page);
      // A page may not sleep, and says so.
      expect(told).toEqual(["WT6019", 7, "hello", "hello", true, "ERR_INVALID_ARG_VALUE"]);
      expect([text, own]).toEqual(["undefined", "undefined"]);
    },
  );

  it.each([
    ["the polyfill", "/polyfill.html", "1"],
    ["the polyfill where no text may become code", "/polyfill.html?strict", "EvalError"],
    ["the module", "/module.html", "1"],
    ["the module where no text may become code", "/module.html?strict", "EvalError"],
  ])("%s does the same", { timeout: 60_000 }, async (_, page, text) => {
    const ours = await visit(page);
    expect(ours.told).toEqual(host.told);
    expect([ours.text, ours.own]).toEqual([text, "object"]);
  });
});
