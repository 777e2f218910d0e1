/**
 * Runs a module that has threads (wasi-threads): what it must be like, what does not go together with threads, and its run.
 */
import {
  DEFAULT_MAX_MEMORY,
  type FuncInst,
  funcTypeAt,
  I32,
  type Import,
  MemInst,
  type MemType,
  type Module,
  type Val,
  type ValType,
} from "../engine/index.ts";
import { CliError } from "./cli-error.ts";
import type { ExecuteOptions } from "./execute.ts";
import { unknownImportError } from "./link.ts";

type WasiModule = typeof import("./wasi-host.ts");
type Wasi = ReturnType<WasiModule["makeWasi"]>;

const isSpawn = (imp: Import): boolean => imp.module === "wasi" && imp.name === "thread-spawn";

/** True for a module that may start threads, or is made for it: it imports a shared memory, and nobody gives it one. */
export function isThreaded(module: Module, { preloads = [], imports }: ExecuteOptions): boolean {
  const hasShared = module.imports.some(({ type }) => type.kind === "memory" && type.type.isShared);
  return module.imports.some(isSpawn) || (hasShared && preloads.length === 0 && imports === undefined);
}

/** True for an import that a run gives to a guest with threads. */
export const threadsProvide = (imp: Import): boolean =>
  isSpawn(imp) || (imp.type.kind === "memory" && imp.type.type.isShared);

/** The guest's one memory, which every thread imports. */
interface ThreadedModule {
  readonly imported: readonly [module: string, name: string];
  readonly memory: MemType;
}

/** @throws CliError WT6566, WT6560 */
function checkModule(module: Module, provided: (imp: Import) => boolean, given: object, file: string): ThreadedModule {
  const memories = module.imports.filter((imp) => imp.type.kind === "memory");
  const [memory] = memories;
  if (memory?.type.kind !== "memory" || !memory.type.type.isShared || memories.length > 1)
    throw unfit(file, "it does not import one shared memory", "link with --import-memory --shared-memory");
  if (module.imports.some(isSpawn) && !isFunction(module, "wasi_thread_start", [I32, I32]))
    throw unfit(
      file,
      "it exports no function wasi_thread_start (param i32 i32)",
      "link with the C library for threads",
    );
  const unknown = module.imports.filter((imp) => imp !== memory && !isSpawn(imp) && !provided(imp));
  if (unknown.length > 0) throw unknownImportError(module, unknown, given as never, file);
  return { imported: [memory.module, memory.name], memory: memory.type.type };
}

function isFunction(module: Module, name: string, params: readonly ValType[]): boolean {
  const found = module.exports.find((e) => e.name === name && e.kind === "func");
  if (found === undefined) return false;
  const type = funcTypeAt(module, module.funcTypes[found.idx]!);
  return (
    type.results.length === 0 && type.params.length === params.length && type.params.every((t, i) => t === params[i])
  );
}

const unfit = (file: string, where: string, help: string): CliError =>
  new CliError("WT6566", `the threads of ${file} cannot be started`, {
    where,
    help: `${help}; build for wasm32-wasip1-threads`,
  });

/** @throws CliError WT6567 */
function checkOptions({
  preloads = [],
  imports,
  snapshot,
  unknownImports = "error",
  ...options
}: ExecuteOptions): void {
  const { wasi, limits, network } = options;
  const asked: Readonly<Record<string, boolean>> = {
    "--deterministic": wasi.deterministic !== undefined,
    "--receipt": wasi.receipt === true,
    "--snapshot": snapshot !== undefined,
    "--cpu-share": limits?.cpuShare !== undefined,
    "--net-backend thread": network?.backend === "thread",
    "--preload": preloads.length > 0,
    "--unknown-imports": unknownImports !== "error",
    imports: imports !== undefined,
  };
  const wrong = Object.keys(asked).filter((name) => asked[name]);
  if (wrong.length === 0) return;
  throw new CliError("WT6567", `${wrong.join(", ")} cannot be had for a guest with threads`, {
    where: "its threads run at the same time, each in a worker thread with an instance of its own",
    help: "leave that out, or build the guest without threads",
  });
}

/** A threaded guest ready to run. */
export interface ThreadedRun {
  /** Throws as the guest ends. */
  readonly run: () => Promise<readonly Val[]>;
  readonly memory: MemInst;
  /** Of all threads; null without a limit. */
  readonly instructions: () => number | null;
  /** Of the process since the guest was made ready, ms. */
  readonly cpuMs: () => number;
}

/**
 * @param entry  the export that the first thread calls
 * @throws CliError WT6560, WT6566, WT6567; WasmError WT3004
 */
export function prepareThreads(
  module: Module,
  options: ExecuteOptions,
  wasi: Wasi,
  host: WasiModule,
  entry: { readonly name: string; readonly args: readonly Val[]; readonly isInitialized: boolean },
): ThreadedRun {
  const { file, bytes, limits = {}, tier, mayEval, onGenerate, optimisesLarge, features, interrupt } = options;
  checkOptions(options);
  const given = wasi.hostImports() as Readonly<Record<string, Readonly<Record<string, FuncInst>>>>;
  const provided = (imp: Import): boolean => host.wasiProvides(imp) && Object.hasOwn(given, imp.module);
  const { imported, memory: type } = checkModule(module, provided, given, file);
  const { memoryBytes = DEFAULT_MAX_MEMORY, totalMemoryBytes = DEFAULT_MAX_MEMORY } = limits;
  const memory = new MemInst(type, Math.min(memoryBytes, totalMemoryBytes));
  if (mayEval !== false && tier !== "interp") onGenerate?.(Number.POSITIVE_INFINITY);
  const group = new host.ThreadGroup({
    bytes,
    memory,
    memoryImport: imported,
    wasi,
    entry,
    engine: { features: features?.on, tier, eval: mayEval, optimisesLarge },
    maxTableElements: limits.tableElements,
    maxStackDepth: limits.stackDepth,
    maxThreads: limits.threads,
    fuel: limits.fuel,
    timeoutMs: limits.timeoutMs,
    signal: limits.signal ?? interrupt?.listen(),
  });
  return { run: () => group.run(), memory, instructions: () => group.spent ?? null, cpuMs: () => group.cpuMs };
}
