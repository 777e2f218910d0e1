/**
 * `node load.js FILE host|wasmts CACHE`: how long a fresh process takes to make a module of a file, and an instance of that; a
 * line of JSON. Ours is the package as users have it. CACHE is a folder for compiled code, or empty.
 */
import { readFileSync } from "node:fs";
import type { WebAssemblyNamespace } from "../../engine/index.ts";
import { codeStore, packed } from "./packed.ts";

type Api = Pick<WebAssemblyNamespace, "Module" | "Instance">;

const [file, engine, folder] = process.argv.slice(2) as [string, string, string];
const api = engine === "host" ? (globalThis as unknown as { WebAssembly: Api }).WebAssembly : await ours();
const bytes = readFileSync(file);
const before = process.cpuUsage();
const start = performance.now();
const module = new api.Module(bytes);
const loaded = performance.now();
new api.Instance(module, functionsFor(module));
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ bytes: bytes.length, ms, moduleMs: loaded - start, cpuMs: (user + system) / 1000 }));

async function ours(): Promise<Api> {
  const { configure, WebAssembly } = await packed<{ configure(options: object): void; WebAssembly: Api }>("engine");
  configure({ codeStore: await codeStore(folder) });
  return WebAssembly;
}

/** Modules are chosen that import functions only, and run nothing when they are instantiated. */
function functionsFor(of: InstanceType<Api["Module"]>): Record<string, Record<string, () => void>> {
  const imports: Record<string, Record<string, () => void>> = {};
  for (const { module: from, name } of api.Module.imports(of)) {
    imports[from] = { ...imports[from], [name]: () => {} };
  }
  return imports;
}
