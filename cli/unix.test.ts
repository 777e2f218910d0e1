/** `--unix-listen` and `--unix-connect`: a guest that listens, and one that connects to it. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";

const main = join(dirname(fileURLToPath(import.meta.url)), "../dist/bin/wasmts.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-unix-"));
const guest = join(folder, "guest.wasm");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Listens at `/app.sock`, and sends the first connection what it sends. Its status is the first errno. */
const program = `(module
  (import "wasi_snapshot_preview1" "sock_open" (func $open (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_bind" (func $bind (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_listen" (func $listen (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 100) "\\03\\00/app.sock")
  (func $check (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 100))
    (i32.store (i32.const 4) (i32.const 128))
    (call $check (call $open (i32.const 3) (i32.const 2) (i32.const 8)))
    (call $check (call $bind (i32.load (i32.const 8)) (i32.const 0) (i32.const 0)))
    (call $check (call $listen (i32.load (i32.const 8)) (i32.const 1)))
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const 100))
    (i32.store8 (i32.const 1024) (i32.const 43))
    (i32.store (i32.const 20) (i32.const 1))
    (call $check (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
    (call $check (call $accept (i32.load (i32.const 8)) (i32.const 12)))
    (i32.store (i32.const 20) (i32.const 100))
    (call $check (call $read (i32.load (i32.const 12)) (i32.const 16) (i32.const 1) (i32.const 20)))
    (call $check (call $write (i32.load (i32.const 12)) (i32.const 16) (i32.const 1) (i32.const 24)))))`;

beforeAll(async () => {
  const wabt = await loadWabt();
  const module = wabt.parseWat("guest.wat", program);
  writeFileSync(guest, module.toBinary({}).buffer);
  module.destroy();
});

const status = (...options: readonly string[]): number | null =>
  spawnSync(process.execPath, [main, ...options, guest], { timeout: 30_000 }).status;

const [ACCES, NOSYS] = [2, 52];

describe("--unix-listen", () => {
  it.each(["loop", "thread"])(
    "is a socket in the file system, under the guest's name for it, --net-backend %s",
    async (backend) => {
      // A link that leads elsewhere later does not lead the guest there.
      const [real, other, link] = ["real", "other", "link"].map((name) => join(folder, `${name}-${backend}`)) as [
        string,
        string,
        string,
      ];
      for (const path of [real, other]) mkdirSync(path);
      symlinkSync(real, link);
      const options = ["--net", "none", "--net-backend", backend, "--unix-listen", `${link}/x.sock:/app.sock`];
      const child = spawn(process.execPath, [main, ...options, guest]);
      await once(child.stdout, "data");
      renameSync(link, `${link}.old`);
      expect(existsSync(join(real, "x.sock"))).toBe(true);
      const client = connect(join(real, "x.sock"));
      client.write("hello");
      expect(String((await once(client, "data"))[0])).toBe("hello");
      client.destroy();
      expect((await once(child, "exit"))[0]).toBe(0);
      expect(existsSync(join(real, "x.sock"))).toBe(false);
    },
  );

  it("is not there unless it is asked for, nor under another name, nor the other way", () => {
    const path = join(folder, "y.sock");
    expect(status()).toBe(NOSYS);
    expect(status("--net", "inherit")).toBe(NOSYS);
    expect(status("--unix-listen", path)).toBe(ACCES);
    expect(status("--unix-connect", `${path}:/app.sock`)).toBe(ACCES);
    expect(existsSync(path)).toBe(false);
  });

  it.each(["", ":/app.sock", "x:", `x:${"y".repeat(127)}`])("%j is none", (text) => {
    const { status, stderr } = spawnSync(process.execPath, [main, "--unix-listen", text, guest], { encoding: "utf8" });
    expect([status, stderr]).toEqual([2, expect.stringContaining("WT6503")]);
  });
});
