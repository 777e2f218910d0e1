/**
 * Runs a module's initialisation and makes a module that starts with what it left: from bytes to bytes. What the command
 * `snapshot init` does between reading and writing.
 */
import {
  type BakeOptions,
  bake,
  changedExports,
  Engine,
  funcTypeAt,
  GuestExit,
  type HeapGauge,
  type HostFn,
  type Import,
  type Imports,
  type InstanceOptions,
  type Module,
  printable,
  printExternType,
  printFuncType,
  WasmError,
} from "../engine/index.ts";
import { CliError } from "./cli-error.ts";
import type { Limits } from "./execute.ts";
import { checkFeatures, type FeatureChoice } from "./features.ts";
import { closest } from "./suggest.ts";
import { bindMemory, blockThread, makeWasi, type WasiSettings, wasiVersion } from "./wasi-host.ts";

/** What wizer calls, so that modules made for it need no option. */
export const defaultInitFunc = "wizer.initialize";

export interface PreinitOptions {
  /** For messages. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** Export to call. */
  readonly initFunc: string;
  readonly isInitFuncKept: boolean;
  /** New name to present name. */
  readonly rename: ReadonlyMap<string, string>;
  /** Undefined: no import may be called. */
  readonly wasi: WasiSettings | undefined;
  readonly features: FeatureChoice;
  readonly limits: Limits;
  readonly heapGauge: HeapGauge;
}

/**
 * Runs the start function, `_initialize` if the module exports it, and the initialisation function.
 *
 * @throws CliError WT6700, WT6702, WT6703, WT6708; WasmError of the module, its run, or what it left behind
 */
export function preinitialise(options: PreinitOptions): Uint8Array {
  const { file, initFunc, features } = options;
  const engine = new Engine({ features: features.on });
  const module = engine.compile(options.bytes);
  checkFeatures(module, features, file);
  checkInitFunc(module, initFunc, file);
  checkImports(module, file);
  const calls = exportsFunc(module, REACTOR) ? [REACTOR, initFunc] : [initFunc];
  const changes: BakeOptions = { without: options.isInitFuncKept ? [] : [...new Set(calls)], rename: options.rename };
  checkChanges(module, changes);

  const version = options.wasi && wasiVersion(module);
  const wasi = options.wasi && version && makeWasi(version, options.wasi);
  try {
    const given: Imports = wasi?.hostImports() ?? {};
    const instance = engine.instantiate(module, given, instanceOptions(options));
    if (wasi !== undefined) bindMemory(wasi, instance, given);
    instance.runStart();
    for (const name of calls) instance.invoke(name);
    checkDescriptors(wasi?.changedFds() ?? []);
    return checked(bake(instance, changes), engine);
  } catch (error) {
    throw error instanceof GuestExit ? ended(error.exitCode) : error;
  } finally {
    wasi?.close();
  }
}

/** What a reactor exports: it wants to be called once, before anything else. */
const REACTOR = "_initialize";

const exportsFunc = (module: Module, name: string): boolean =>
  module.exports.some((e) => e.name === name && e.kind === "func");

function instanceOptions({ limits, wasi, heapGauge }: PreinitOptions): InstanceOptions {
  return {
    maxMemoryBytes: limits.memoryBytes,
    maxTableElements: limits.tableElements,
    maxStackDepth: limits.stackDepth,
    limits,
    runner: blockThread,
    heapGauge,
    missingImport: (imp) => forbidden(imp, wasi !== undefined),
    isStartLeft: true,
  };
}

/** A function that says which import was called. */
function forbidden(imp: Import, isWasiAllowed: boolean): HostFn {
  const isWasi = imp.module.startsWith("wasi_");
  const name = `${printable(imp.module)}.${printable(imp.name)}`;
  return () => {
    throw new WasmError("trap", "WT6701", `the initialisation called the import ${name}`, {
      hint:
        isWasi && !isWasiAllowed
          ? "allow it WASI: --allow-wasi; with --dir and --env, what it may have"
          : "only WASI can be called then; leave the call for when the module runs",
    });
  };
}

function checkInitFunc(module: Module, name: string, file: string): void {
  const found = module.exports.find((e) => e.name === name);
  const type = found?.kind === "func" ? funcTypeAt(module, module.funcTypes[found.idx]!) : undefined;
  if (type !== undefined && type.params.length === 0 && type.results.length === 0) return;
  if (found !== undefined) {
    const what = type === undefined ? `a ${found.kind}` : printFuncType(type);
    throw new CliError("WT6700", `the export ${printable(name)} of ${file} cannot initialise it`, {
      where: `it is ${what}; a function without parameters and results is wanted`,
      help: "name another with --init-func",
    });
  }
  const candidates = initCandidates(module);
  const near = closest(name, candidates);
  throw new CliError("WT6700", `${file} exports nothing named ${printable(name)}`, {
    where:
      candidates.length === 0
        ? "it exports no function without parameters and results"
        : `functions that could be meant: ${candidates
            .slice(0, 10)
            .map((c) => printable(c, 60))
            .join(", ")}`,
    help:
      near === undefined
        ? "name the function to call: --init-func NAME"
        : `did you mean --init-func ${printable(near)}?`,
  });
}

function initCandidates(module: Module): string[] {
  const isPlain = (func: number): boolean => {
    const { params, results } = funcTypeAt(module, module.funcTypes[func]!);
    return params.length === 0 && results.length === 0;
  };
  return module.exports.filter((e) => e.kind === "func" && isPlain(e.idx)).map((e) => e.name);
}

/** A function that is not there can trap when it is called; a memory that is not there cannot. */
function checkImports(module: Module, file: string): void {
  const imp = module.imports.find(({ type }) => type.kind !== "func");
  if (imp === undefined) return;
  const what = `${printable(imp.module)}.${printable(imp.name)} ${printExternType(module, imp.type)}`;
  throw new CliError("WT6560", `unknown import ${what}`, {
    where: `${file} imports a ${imp.type.kind}; when it is initialised ahead of time there is none to give`,
    help: "build the module so that it defines what its initialisation needs",
  });
}

/** Before anything runs, so that a wrong name costs nothing. */
function checkChanges(module: Module, changes: BakeOptions): void {
  try {
    changedExports(module, changes);
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    const functions = module.exports.filter((e) => e.kind === "func").map((e) => e.name);
    const missing = [...(changes.rename?.values() ?? [])].find((name) => !module.exports.some((e) => e.name === name));
    const near = missing === undefined ? undefined : closest(missing, functions);
    throw new CliError("WT6708", error.message, {
      where: "from --rename-func NEW=OLD",
      help: near === undefined ? (error.hint ?? "see: wasmts inspect") : `did you mean ${printable(near)}?`,
    });
  }
}

function checkDescriptors(changed: readonly number[]): void {
  if (changed.length === 0) return;
  const numbers = changed.slice(0, 10).join(", ");
  throw new CliError("WT6703", "the initialisation left its files otherwise than it found them", {
    where: `descriptors opened and not closed, or closed that were given: ${numbers}${changed.length > 10 ? ", ..." : ""}`,
    help: "close what is opened, and leave standard streams and given directories open",
  });
}

const ended = (code: number): CliError =>
  new CliError("WT6702", `the guest ended itself during initialisation, with code ${code}`, {
    where: "it called proc_exit",
    help: "let the initialisation return",
  });

/** What we write must be a module. If it is not, that is our fault, not the guest's. */
function checked(baked: Uint8Array, engine: Engine): Uint8Array {
  try {
    engine.compile(baked);
    return baked;
  } catch (error) {
    throw new Error(`the module that was made is not valid: ${(error as Error).message}`);
  }
}
