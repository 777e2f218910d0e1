/**
 * Initialisation ahead of time, measured: `npm run build && node examples/preinit.mjs [SAMPLES]`.
 *
 * examples/primes.wasm makes a sieve before it answers. `wasmts snapshot init` calls its export `init` once and writes a
 * plain module that starts with the sieve in its memory. Both are run here, and must say the same; so must the new module
 * under the host's own WebAssembly, which knows nothing of how it was made.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WASI } from "../dist/wasi/index.js";

const wasmts = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const primes = fileURLToPath(new URL("./primes.wasm", import.meta.url));
const numbers = ["100", "1000000", "8000000"];
const samples = Number(process.argv[2] ?? 5);

const folder = mkdtempSync(join(tmpdir(), "wasmts-preinit-"));
try {
  const ready = join(folder, "ready.wasm");
  process.stdout.write(command("snapshot", "init", "--init-func", "init", primes, "-o", ready));
  const [slow, fast] = [measure(primes), measure(ready)];
  process.stdout.write(`${fast.output}`);
  if (slow.output !== fast.output) throw new Error(`without initialisation it said: ${slow.output}`);
  if (inHost(ready) !== fast.output) throw new Error(`in the host it said: ${inHost(ready)}`);
  const kib = (path) => `${Math.ceil(statSync(path).size / 1024)} KiB`;
  process.stdout.write(`as compiled:         ${slow.ms} ms, ${kib(primes)}\n`);
  process.stdout.write(`initialised:         ${fast.ms} ms, ${kib(ready)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function command(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [wasmts, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`wasmts ${args.join(" ")}: ${stderr}`);
  return stdout;
}

/** Median of whole runs, from the start of Node.js to its end. */
function measure(file) {
  const times = [];
  let output;
  for (let i = 0; i < samples; i++) {
    const start = performance.now();
    output = command(file, ...numbers);
    times.push(performance.now() - start);
  }
  return { output, ms: Math.round(times.sort((a, b) => a - b)[samples >> 1]) };
}

/** What the module says in the WebAssembly of this Node.js. */
function inHost(file) {
  let output = "";
  const wasi = new WASI({
    version: "preview1",
    args: ["primes", ...numbers],
    stdout: (chunk) => void (output += Buffer.from(chunk).toString()),
  });
  const module = new WebAssembly.Module(readFileSync(file));
  wasi.start(new WebAssembly.Instance(module, wasi.getImportObject()));
  return output;
}
