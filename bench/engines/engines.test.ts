/** The adapters give the shapes of the JavaScript API; engines are found where they are. */
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { npmFile } from "../../conformance/real/project.ts";
import { kernels } from "../corpus.ts";
import { kernelBytes, kernelIn } from "../workload.ts";
import { wrapKernel } from "../wrap.ts";
import type { JsEngine } from "./engine.ts";
import { onPath, versionOf } from "./find.ts";
import { host } from "./host.ts";
import { inProcess } from "./in-process.ts";
import { findNativeEngines } from "./native.ts";
import { offeredTiers, ours } from "./ours.ts";
import { roster } from "./roster.ts";

async function assemble(text: string): Promise<Uint8Array> {
  const { default: load } = await import("wabt");
  const module = (await load()).parseWat("test.wat", text);
  try {
    return module.toBinary({}).buffer;
  } finally {
    module.destroy();
  }
}

const shapes = await assemble(`(module
  (memory (export "m") 1 4)
  (table (export "t") 1 funcref)
  (elem (i32.const 0) $f)
  (func $f (export "f") (param i32 i64) (result i64) (i64.add (i64.extend_i32_s (local.get 0)) (local.get 1)))
  (func (export "g") (param i32) (result i32) (memory.grow (local.get 0))))`);

interface Shapes {
  f(...args: unknown[]): bigint;
  g(pages: number): number;
  readonly m: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly t: { readonly length: number; get(index: number): (...args: unknown[]) => bigint };
}

const engines: (readonly [string, JsEngine])[] = [
  ["host", host],
  ...offeredTiers().map((tier) => [tier, ours(tier)] as const),
  ["interp+fuel", ours("interp", "fuel")],
  ["interp+time", ours("interp", "time")],
  ["js+bigint", ours("js", "bigint")],
];

describe.each(engines)("%s", (_, engine) => {
  const instance = () => engine.instantiate(shapes, {}).exports as unknown as Shapes;

  test("functions take what JavaScript gives them", () => {
    const { f } = instance();
    expect(f(1, 2n)).toBe(3n);
    expect(f("7", 2n ** 64n + 1n, "too many")).toBe(8n);
    expect(f(2 ** 32 + 5, 0n)).toBe(5n);
    expect(f(undefined, 4n)).toBe(4n);
    expect(() => f(1, 2)).toThrow(TypeError);
  });

  test("tables hold functions that can be called", () => {
    const { t } = instance();
    expect(t.length).toBe(1);
    expect(t.get(0)(3, 4n)).toBe(7n);
  });

  test("a memory's buffer has its size, also after the host made it grow", () => {
    const { m, g } = instance();
    expect(m.buffer.byteLength).toBe(65536);
    expect(g(1)).toBe(1);
    const now = m.buffer.byteLength;
    expect(now).toBeGreaterThanOrEqual(2 * 65536);
    m.grow(1);
    expect(m.buffer.byteLength).toBeGreaterThanOrEqual(now + 65536);
    expect(() => new Uint8Array(m.buffer).fill(1)).not.toThrow();
  });
});

describe("tiers", () => {
  test("are those of the command line; auto only where there is a choice", () => {
    expect(offeredTiers("auto|interp")).toEqual(["interp"]);
    expect(offeredTiers("auto|js|interp")).toEqual(["js", "interp", "auto"]);
    expect(offeredTiers()).toContain("interp");
  });

  test("each is in the roster and can be loaded", async () => {
    const ids = roster().map(({ info }) => info.id);
    for (const tier of offeredTiers()) {
      expect(ids).toContain(tier);
      await expect(inProcess(tier)).resolves.toBeDefined();
    }
    for (const id of ["nonsense", "interp+nonsense", "v8+fuel"])
      await expect(inProcess(id)).rejects.toThrow(`no engine ${id}`);
  });
});

describe.skipIf(!existsSync(npmFile("polywasm", "index.js")))("polywasm", () => {
  test("runs a kernel", async () => {
    const kernel = kernels.find(({ name }) => name === "crc32")!;
    const bytes = kernelBytes(kernel);
    const run = kernelIn(await inProcess("polywasm"), bytes);
    expect(run(kernel.small)).toBe(kernelIn(host, bytes)(kernel.small));
  });
});

describe("wasm2js", () => {
  test("runs a kernel, and tells its imports' i64 from its two words", async () => {
    const kernel = kernels.find(({ name }) => name === "gcd64")!;
    const engine = await inProcess("wasm2js");
    expect(kernelIn(engine, kernelBytes(kernel))(3)).toBe(kernelIn(host, kernelBytes(kernel))(3));
    const seen: unknown[] = [];
    engine.instantiate(importer, { e: { h: (...args: unknown[]) => void seen.push(...args) } });
    expect(seen).toEqual([7, -0x123456789abcdf0n]);
  });
});

const importer = await assemble(`(module
  (import "e" "h" (func $h (param i32 i64)))
  (func $main (call $h (i32.const 7) (i64.const -81985529216486896)))
  (start $main))`);

describe("native engines", () => {
  const folder = mkdtempSync(join(tmpdir(), "wasmts-bench-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const fake = join(folder, "wazero");
  writeFileSync(fake, "#!/bin/sh\necho fake 1.2.3\n");
  chmodSync(fake, 0o755);

  test("are found on PATH, with their version", () => {
    expect(onPath("wazero", `/nowhere:${folder}`)).toBe(fake);
    expect(onPath("wazero", "/nowhere")).toBeUndefined();
    expect(onPath("wasmts-bench", tmpdir())).toBeUndefined();
    if (process.platform !== "win32") expect(versionOf(fake, ["version"])).toBe("1.2.3");
    expect(versionOf(join(folder, "absent"), [])).toBe("unknown");
  });

  test("or where they are said to be, and are told to run a file", () => {
    const [found, ...others] = findNativeEngines(new Map([["wasmtime", fake]]), "/nowhere");
    expect(others).toEqual([]);
    expect(found?.info).toMatchObject({ id: "wasmtime", kind: "native" });
    const { file, args } = found!.command({ wasm: "x.wasm", args: ["a", "b"], folder: "/tmp" });
    expect(file).toBe(fake);
    expect(args.slice(-5)).toEqual(["--dir", "/tmp::/", "x.wasm", "a", "b"]);
  });
});

describe("wrapKernel", () => {
  test.each(["fib", "as-map"])("%s becomes a program that prints its checksum", async (name) => {
    const kernel = kernels.find((row) => row.name === name)!;
    const bytes = await wrapKernel(kernelBytes(kernel), kernel.small, 2);
    const written: string[] = [];
    const imports = { wasi_snapshot_preview1: { fd_write: (_: number, at: number) => void written.push(text(at)) } };
    const { exports } = host.instantiate(bytes, imports);
    const text = (at: number): string => {
      const view = new DataView((exports.memory as { buffer: ArrayBuffer }).buffer);
      const [from, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      return Buffer.from(view.buffer, from, length).toString();
    };
    (exports._start as () => void)();
    const plain = kernelIn(host, kernelBytes(kernel));
    plain(kernel.small);
    expect(written).toEqual([`${plain(kernel.small).toString(16).padStart(8, "0")}\n`]);
  });
});
