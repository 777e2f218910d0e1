/**
 * Makes a WASI program of a kernel, with binaryen: `_start` calls `run(n)` as often as told and prints the last checksum
 * in hexadecimal. So engines that only run programs can be given kernels, and one long call can be measured as a program.
 */

import { pathToFileURL } from "node:url";
import { npmFile } from "../conformance/real/project.ts";

type Expression = number;

/** The part of binaryen used here; its declarations want the browser's library. */
interface Binaryen {
  readonly i32: {
    const(value: number): Expression;
    add(a: Expression, b: Expression): Expression;
    and(a: Expression, b: Expression): Expression;
    shr_u(a: Expression, b: Expression): Expression;
    lt_u(a: Expression, b: Expression): Expression;
    store(offset: number, align: number, address: Expression, value: Expression): Expression;
    store8(offset: number, align: number, address: Expression, value: Expression): Expression;
  };
  readonly local: { get(index: number, type: number): Expression; set(index: number, value: Expression): Expression };
  block(label: string | null, body: readonly Expression[]): Expression;
  call(name: string, args: readonly Expression[], result: number): Expression;
  drop(value: Expression): Expression;
  select(condition: Expression, a: Expression, b: Expression): Expression;
  unreachable(): Expression;
  addFunctionImport(name: string, from: string, base: string, params: number, results: number): void;
  addFunction(name: string, params: number, results: number, locals: readonly number[], body: Expression): number;
  removeFunction(name: string): void;
  addFunctionExport(name: string, external: string): void;
  addMemoryExport(name: string, external: string): void;
  getExportByIndex(index: number): number;
  getFunction(name: string): number;
  getNumExports(): number;
  emitBinary(): Uint8Array;
  dispose(): void;
}

interface Library {
  readonly i32: number;
  readonly none: number;
  createType(parts: readonly number[]): number;
  readBinary(bytes: Uint8Array): Binaryen;
  getExportInfo(ref: number): { name: string; value: string };
  getFunctionInfo(ref: number): { name: string; module: string; params: number; results: number };
}

let library: Promise<Library> | undefined;
async function binaryen(): Promise<Library> {
  library ??= import(pathToFileURL(npmFile("binaryen", "index.js")).href).then(
    (module) => (module as { default: Library }).default,
  );
  return library;
}

/** Where the text and its vector go; nothing runs afterwards that could miss what was there. */
const [textAt, vectorAt, writtenAt] = [0, 16, 24];
const digits = 8;

/**
 * @param bytes  a module that exports `run(n: i32) -> i32` and a memory, and imports nothing but `env.abort`
 * @param times  how often `run` is called; with 0 the program prints zeros, and is what the start costs
 */
export async function wrapKernel(bytes: Uint8Array, n: number, times: number): Promise<Uint8Array> {
  const lib = await binaryen();
  const module = lib.readBinary(bytes);
  try {
    provideAbort(lib, module);
    const exported = exportsOf(lib, module);
    const i32s = (count: number) => lib.createType(Array<number>(count).fill(lib.i32));
    module.addFunctionImport("$write", "wasi_snapshot_preview1", "fd_write", i32s(4), lib.i32);
    const call = (): Expression => module.call(exported.get("run")!, [module.i32.const(n)], lib.i32);
    const calls = Array.from({ length: times }, () => module.local.set(0, call()));
    const body = module.block(null, [...calls, ...print(lib, module)]);
    module.addFunction("$start", lib.none, lib.none, [lib.i32], body);
    module.addFunctionExport("$start", "_start");
    if (!exported.has("memory")) module.addMemoryExport("0", "memory");
    return module.emitBinary();
  } finally {
    module.dispose();
  }
}

function exportsOf(lib: Library, module: Binaryen): Map<string, string> {
  const infos = Array.from({ length: module.getNumExports() }, (_, i) => lib.getExportInfo(module.getExportByIndex(i)));
  return new Map(infos.map(({ name, value }) => [name, value]));
}

/** AssemblyScript's `env.abort` becomes a function that traps: programs have no such import. */
function provideAbort(lib: Library, module: Binaryen): void {
  const name = "fimport$0";
  const ref = module.getFunction(name);
  if (ref === 0) return;
  const { params, results } = lib.getFunctionInfo(ref);
  module.removeFunction(name);
  module.addFunction(name, params, results, [], module.unreachable());
}

/** Local 0 as eight digits and a line feed, to standard output. */
function print(lib: Library, module: Binaryen): Expression[] {
  const { i32 } = module;
  const digit = (at: number): Expression => {
    const nibble = () => i32.and(i32.shr_u(module.local.get(0, lib.i32), i32.const(28 - 4 * at)), i32.const(15));
    const isDecimal = i32.lt_u(nibble(), i32.const(10));
    return module.select(isDecimal, i32.add(nibble(), i32.const(48)), i32.add(nibble(), i32.const(87)));
  };
  const store = (at: number, value: Expression) => i32.store(0, 4, i32.const(at), value);
  return [
    ...Array.from({ length: digits }, (_, at) => i32.store8(0, 1, i32.const(textAt + at), digit(at))),
    i32.store8(0, 1, i32.const(textAt + digits), i32.const(10)),
    store(vectorAt, i32.const(textAt)),
    store(vectorAt + 4, i32.const(digits + 1)),
    module.drop(
      module.call("$write", [i32.const(1), i32.const(vectorAt), i32.const(1), i32.const(writtenAt)], lib.i32),
    ),
  ];
}
