/**
 * A program that survives being killed: `npm run build && node examples/snapshot.mjs`.
 *
 * A counter is started and saved by a signal; its process is killed with SIGKILL, which nobody can prepare for. A new
 * process goes on from the snapshot, and counts on from where the snapshot was taken.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const wasmts = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const counter = fileURLToPath(new URL("./counter.wasm", import.meta.url));
const last = 40;
const folder = mkdtempSync(join(tmpdir(), "wasmts-snapshot-"));
const file = join(folder, "counter.snap");
try {
  const child = spawn(process.execPath, [wasmts, "--snapshot", file, "--snapshot-continue", counter, String(last)]);
  let first = "";
  child.stdout.on("data", (chunk) => {
    first += chunk;
  });
  const ended = new Promise((resolve) => child.on("exit", (_, signal) => resolve(signal)));
  while (!first.includes("\n3\n")) await sleep(5);
  child.kill("SIGUSR1");
  while (!existsSync(file)) await sleep(5);
  child.kill("SIGKILL");
  console.log(`the first process was ended by ${await ended}; its last number was ${first.trim().split("\n").at(-1)}`);

  const { status, stdout } = spawnSync(process.execPath, [wasmts, "resume", file], { encoding: "utf8" });
  const numbers = stdout.trim().split("\n").map(Number);
  console.log(`the second one counted from ${numbers[0]} to ${numbers.at(-1)}, and ended with ${status}`);
  const isWhole = numbers[0] > 3 && numbers.every((n, i) => n === numbers[0] + i) && numbers.at(-1) === last;
  if (!isWhole || status !== 0) throw new Error(`not what was expected:\n${stdout}`);
} finally {
  rmSync(folder, { recursive: true });
}
