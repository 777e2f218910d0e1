/**
 * `node runner.js NAME ENGINE TIMES CACHE FOLDER...`: one program in this process, with the host's WebAssembly or another; a
 * line of JSON. CACHE is a folder for compiled code, or empty.
 */
import { existsSync, readFileSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Packages } from "./job.ts";
import { codeStore, packed } from "./packed.ts";
import { programs } from "./programs.ts";

const [name, engine, times, cache, ...folders] = process.argv.slice(2) as [string, string, string, string, ...string[]];
const program = programs.find((p) => p.name === name);
if (program === undefined) throw new Error(`no program ${name}`);

const modules = folders
  .map((f) => join(f, "node_modules"))
  .find((f) => existsSync(join(f, program.needs[0] as string)));
if (modules === undefined) throw new Error(`${program.needs[0]} is not installed`);
const require = createRequire(join(modules, "none.js"));
const conditional = (specifier: string): string => resolveImport(specifier) ?? require.resolve(specifier);

/** The file that `import` takes: of the conditions of a package, `require` would choose others. */
function resolveImport(specifier: string): string | undefined {
  const file = join(modules as string, specifier, "package.json");
  if (!existsSync(file)) return join(modules as string, specifier);
  const { exports, module } = JSON.parse(readFileSync(file, "utf8")) as { exports?: unknown; module?: string };
  const target = exports === undefined ? module : entryOf((exports as Record<string, unknown>)["."] ?? exports);
  return target === undefined ? undefined : join(modules as string, specifier, target);
}

function entryOf(conditions: unknown): string | undefined {
  if (typeof conditions === "string") return conditions;
  if (typeof conditions !== "object" || conditions === null) return undefined;
  for (const [condition, target] of Object.entries(conditions)) {
    if (["node", "import", "default"].includes(condition)) return entryOf(target);
  }
  return undefined;
}

const packages: Packages = {
  load: (specifier) => import(pathToFileURL(conditional(specifier)).href),
  read: (path) => new Uint8Array(readFileSync(join(modules, path))),
};

if (engine === "polywasm") await polywasm();
else if (engine !== "host") {
  const { configure } = await packed<{ configure(options: object): void }>("polyfill-node");
  configure({ tier: engine, codeStore: await codeStore(cache) });
}
const size = countModules();
const [start, before] = [performance.now(), process.cpuUsage()];
const result = await program.run(packages, Number(times));
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(before);
const peakBytes = process.resourceUsage().maxRSS * 1024;
const line = JSON.stringify({ result, moduleBytes: size(), ms, cpuMs: (user + system) / 1000, peakBytes });
process.stdout.write(`${line}\n`, () => process.exit(0));

/** With the two errors that it lacks, as programs ask whether something is one of them, and a WASI that takes its memories. */
async function polywasm(): Promise<void> {
  const specifier: string = "polywasm";
  const { WebAssembly: api } = (await import(specifier)) as { WebAssembly: object };
  class LinkError extends Error {}
  class RuntimeError extends Error {}
  const value = { ...api, LinkError, RuntimeError };
  Object.defineProperty(globalThis, "WebAssembly", { value, writable: true, configurable: true });
  (require("node:wasi") as { WASI: unknown }).WASI = (await packed<{ WASI: unknown }>("wasi")).WASI;
  syncBuiltinESMExports();
}

/** Counts the bytes that become modules; what was counted, when asked. */
function countModules(): () => number {
  const { WebAssembly: api } = globalThis as unknown as {
    WebAssembly: Record<string, (...args: unknown[]) => unknown>;
  };
  let bytes = 0;
  const count = (source: unknown): void => {
    if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) bytes += source.byteLength;
  };
  for (const name of ["compile", "instantiate"]) {
    const whole = api[name] as (...args: unknown[]) => unknown;
    api[name] = (...args) => {
      count(args[0]);
      return whole(...args);
    };
  }
  api.Module = new Proxy(api.Module as never, {
    construct(target, args: unknown[], newTarget: Function) {
      count(args[0]);
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
  return () => bytes;
}
