/** A guest for pages: it writes a file, sleeps, says what it was given, and ends with 7. */
import { convertTexts } from "../spec/wat.ts";

const text = `(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\40\\00\\00\\00\\20\\00\\00\\00") (data (i32.const 16) "out")
  ;; A subscription to the monotonic clock: 20 ms.
  (data (i32.const 256) "\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\01\\00\\00\\00\\00\\00\\00\\00\\00\\2d\\31\\01\\00\\00\\00")
  (func $must (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func (export "_start")
    (call $must (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 4) (i32.load (i32.const 8)))
    (call $must (call $open (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 3) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 12)))
    (call $must (call $write (i32.load (i32.const 12)) (i32.const 0) (i32.const 1) (i32.const 8)))
    (call $must (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 8)))
    (call $must (call $random (i32.const 1024) (i32.const 32)))
    (call $must (call $clock (i32.const 0) (i64.const 0) (i32.const 1056)))
    (call $must (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (if (i64.eqz (i64.and (i64.load (i32.const 1024)) (i64.load (i32.const 1056)))) (then (call $exit (i32.const 99))))
    (call $exit (i32.const 7))))`;

export const [webGuest] = (await convertTexts([text], undefined)) as [Uint8Array];

/**
 * Statements that run it with \`wasi\`, the module, and its \`bytes\`, and tell \`told\` what came out: blocking the thread or what
 * is said where that cannot be, and in turns.
 */
export const webJob = `
const engine = new wasi.Engine();
const guest = () => {
  const files = new wasi.MemoryFs();
  let out = "";
  const host = new wasi.WASI({ version: "preview1", mounts: [{ guest: "/", fs: files }], stdin: new TextEncoder().encode("hello"),
    stdout: (chunk) => { out += new TextDecoder().decode(chunk); } });
  return { files, host, out: () => out, instance: engine.instantiate(engine.compile(bytes), host.hostImports(), { runner: wasi.blockWorker }) };
};
const blocked = guest();
let turns = 0;
const { port1, port2 } = new MessageChannel();
port1.onmessage = () => turns++;
try { told.push(blocked.host.start(blocked.instance)); } catch (error) { told.push((error.cause ?? error).code); }
const g = guest();
port2.postMessage("in the meantime");
told.push(await g.host.startAsync(g.instance), g.out(), new TextDecoder().decode(g.files.readFile("out")), turns > 0);
port1.close();
try { new wasi.WASI({ version: "preview9" }); } catch (error) { told.push((error.cause ?? error).code); }
`;
