/**
 * Runs a WASI program under `node:wasi` and the host's WebAssembly, loading nothing else: what V8 is measured with.
 * `node host-runner.js [--dir HOST:GUEST] FILE [ARGS...]`.
 */
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";
import { hostWebAssembly } from "../conformance/real/host-webassembly.ts";
import { wasiCommand } from "./wasi-command.ts";

const { file, args, preopens } = wasiCommand(process.argv.slice(2));
const wasi = new WASI({ version: "preview1", args, env: {}, preopens, returnOnExit: true });
const module = new hostWebAssembly.Module(readFileSync(file));
process.exitCode = wasi.start(new hostWebAssembly.Instance(module, wasi.getImportObject()));
