/**
 * Runs a WASI program in a JavaScript engine, under our WASI host, because `node:wasi` takes no memory but V8's:
 * `node wasi-runner.js ENGINE [--dir HOST:GUEST] FILE [ARGS...]`.
 */
import { readFileSync } from "node:fs";
import { WASI } from "../wasi/index.ts";
import type { Imports } from "./engines/engine.ts";
import { inProcess } from "./engines/in-process.ts";
import { wasiCommand } from "./wasi-command.ts";

const [id = "", ...words] = process.argv.slice(2);
const { file, args, preopens } = wasiCommand(words);
const wasi = new WASI({ version: "preview1", args, env: {}, preopens, returnOnExit: true });
const engine = await inProcess(id);
process.exitCode = wasi.start(engine.instantiate(readFileSync(file), wasi.getImportObject() as unknown as Imports));
