/**
 * The stand-in for `wasmts run`: the same guest under the host's WebAssembly, run as a child process.
 * Usage: `node host-runner.js [--wasi ours] [--dir HOST:GUEST]... [--env K=V]... -- FILE [ARGS...]`.
 *
 * With `node:wasi` it serves to check the tests themselves (expected results hold in an engine that is not ours) and as
 * the peer in end-to-end benchmarks; with our WASI it tells a fault of the engine from one of the WASI host.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { WASI as NodeWASI } from "node:wasi";
import { WASI } from "../../wasi/index.ts";
import { hostWebAssembly } from "./host-webassembly.ts";

interface Options {
  readonly isOurWasi: boolean;
  readonly preopens: Record<string, string>;
  readonly env: Record<string, string>;
  readonly guest: readonly string[];
}

function parse(args: readonly string[]): Options {
  const preopens: Record<string, string> = {};
  const env: Record<string, string> = {};
  const isOurWasi = args[0] === "--wasi" && args[1] === "ours";
  let at = isOurWasi ? 2 : 0;
  for (; args[at] !== "--"; at += 2) {
    const value = args[at + 1] ?? "";
    const split = args[at] === "--dir" ? value.lastIndexOf(":") : value.indexOf("=");
    if (args[at] === "--dir") preopens[value.slice(split + 1)] = value.slice(0, split);
    else env[value.slice(0, split)] = value.slice(split + 1);
  }
  return { isOurWasi, preopens, env, guest: args.slice(at + 1) };
}

function main(): number {
  const { isOurWasi, preopens, env, guest } = parse(process.argv.slice(2));
  const [file = "", ...args] = guest;
  const options = { version: "preview1", args: [basename(file), ...args], env, preopens, returnOnExit: true } as const;
  const wasi = isOurWasi ? new WASI(options) : new NodeWASI({ ...options, args: [...options.args] });
  const module = new hostWebAssembly.Module(readFileSync(file));
  const instance = new hostWebAssembly.Instance(module, wasi.getImportObject());
  try {
    return wasi.start(instance);
  } catch (error) {
    process.stderr.write(`${String(error)}\n`);
    return 134;
  }
}

process.exitCode = main();
