/** Runs scripts with the WASI host in processes of their own, for tests of what only a process has: standard streams. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

const root = path.join(import.meta.dirname, "../../..");
let built: string | undefined;

/** Removes the scripts and what they are built on. For `afterAll`. */
export function removeScripts(): void {
  if (built !== undefined) fs.rmSync(path.dirname(built), { recursive: true, force: true });
  built = undefined;
}

/** The host as one file of JavaScript. Built once per test file. */
function bundle(): string {
  if (built === undefined) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), "wasmts-bundle-"));
    built = path.join(dir, "wasi.mjs");
    const esbuild = path.join(root, "node_modules/.bin/esbuild");
    const entry = path.join(root, "wasi/index.ts");
    const flags = ["--bundle", "--platform=node", "--format=esm", "--log-level=error", `--outfile=${built}`];
    execFileSync(esbuild, [entry, ...flags]);
  }
  return built;
}

/**
 * Path of a script that has `WASI`, and a guest without WebAssembly: `call(name, ...args)`, its `view` and `bytes`, and
 * `say(text)` for stderr.
 *
 * @param options  JavaScript text of more options for `WASI`
 */
export function writeScript(body: string, options = "{}"): string {
  const file = path.join(path.dirname(bundle()), `script-${process.hrtime.bigint()}.mjs`);
  fs.writeFileSync(
    file,
    `import { WASI, errnoName } from ${JSON.stringify(bundle())};
     import fs from "node:fs";
     const memory = { buffer: new ArrayBuffer(4 << 20) };
     const wasi = new WASI({ version: "preview1", ...${options} });
     wasi.finalizeBindings({ exports: { memory } });
     const view = new DataView(memory.buffer), bytes = new Uint8Array(memory.buffer);
     const call = (name, ...args) => errnoName(wasi.wasiImport[name](...args));
     const say = (text) => fs.writeSync(2, text + "\\n");
     /** One buffer at 1024. */
     const vector = (length) => { view.setUint32(64, 1024, true); view.setUint32(68, length, true); };
     const read = (max) => { vector(max); const r = call("fd_read", 0, 64, 1, 16);
       return r === "SUCCESS" ? Buffer.from(bytes.slice(1024, 1024 + view.getUint32(16, true))).toString() : "!" + r; };
     const write = (fd, length) => { vector(length); const r = call("fd_write", fd, 64, 1, 16); return r === "SUCCESS" ? view.getUint32(16, true) : r; };
     ${body}`,
  );
  return file;
}

export interface Running {
  readonly child: ChildProcess;
  /** When stdout has this text. */
  sees(text: string): Promise<void>;
  /** At the end: the code, and all that came on stdout and stderr. */
  readonly done: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** What a shell gives to a command, and what `spawn` of Node gives to a child. */
export type StdinKind = "pipe" | "socket";

export function start(body: string, options?: string, stdin: StdinKind = "pipe"): Running {
  const command = `${stdin === "pipe" ? "cat |" : "exec"} ${process.execPath} ${writeScript(body, options)}`;
  const child = spawn("sh", ["-c", command], { stdio: "pipe" });
  const out = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].on("data", (d: Buffer) => (out[name] += d.toString()));
  const done = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.once("close", (code) => resolve({ code, ...out }));
  });
  const sees = async (text: string): Promise<void> => {
    while (!`${out.stdout}${out.stderr}`.includes(text)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { child, sees, done };
}
