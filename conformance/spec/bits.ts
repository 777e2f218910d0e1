/**
 * Calls exports with exact bits: arguments and results travel through a memory, past the JavaScript values that lose
 * NaN payloads and cannot hold a v128.
 *
 *     arguments -> memory -> [wrapper module: loads, call, stores] -> memory -> results
 *
 * The wrapper is an ordinary module that imports the function under test and the memory; the few bytes are written
 * here so that no converter is needed while a script runs. Also: modules that say which heap type a reference has.
 */
import type { Extern, SpecEngine } from "./adapter.ts";

export type NumType = "i32" | "i64" | "f32" | "f64" | "v128";

const types: Record<NumType, { readonly code: number; readonly load: number[]; readonly store: number[] }> = {
  i32: { code: 0x7f, load: [0x28, 0, 0], store: [0x36, 0, 0] },
  i64: { code: 0x7e, load: [0x29, 0, 0], store: [0x37, 0, 0] },
  f32: { code: 0x7d, load: [0x2a, 0, 0], store: [0x38, 0, 0] },
  f64: { code: 0x7c, load: [0x2b, 0, 0], store: [0x39, 0, 0] },
  v128: { code: 0x7b, load: [0xfd, 0, 0, 0], store: [0xfd, 11, 0, 0] },
};

const SLOT = 16;
/** Where results are stored; arguments begin at 0. */
const RESULTS = 32768;
const FUNC_IMPORT = 0;
const MEMORY_IMPORT = 2;
const GLOBAL_IMPORT = 3;

/** The abstract heap types that script results name, and their codes. */
const heapCodes = { eq: 0x6d, i31: 0x6c, struct: 0x6b, array: 0x6a } as const;
/** Heap types exn, noexn. */
const nullTypes = [0x69, 0x74];
export type TestedHeap = keyof typeof heapCodes;
export const isTestedHeap = (heap: string): heap is TestedHeap => heap in heapCodes;

export class BitsCaller {
  private readonly engine: SpecEngine;
  private readonly memory: Extern;
  private readonly view: DataView;
  private readonly modules = new Map<string, unknown>();
  private readonly wrappers = new WeakMap<object, Map<string, Extern>>();
  private readonly refTests = new Map<TestedHeap, Extern>();

  constructor(engine: SpecEngine) {
    this.engine = engine;
    const { memory, view } = engine.newMemory();
    this.memory = memory;
    this.view = view;
  }

  /** Calls `func`; arguments and results are 16 bytes each, little-endian, the value first. */
  call(
    func: Extern,
    params: readonly NumType[],
    args: readonly Uint8Array[],
    results: readonly NumType[],
  ): Uint8Array[] {
    const key = `${params}->${results}`;
    const wrapper = this.wrapper(func, key, () => callModule(params, results));
    args.forEach((arg, i) => {
      this.bytesAt(i * SLOT).set(arg);
    });
    this.engine.call(wrapper, []);
    return results.map((_, i) => this.bytesAt(RESULTS + i * SLOT).slice());
  }

  /** The value of a global, 16 bytes as in `call`. */
  globalValue(global: Extern, type: NumType): Uint8Array {
    const wrapper = this.wrapperOfFirst(global, [
      [`global ${type}`, () => globalModule(type, false)],
      [`global mut ${type}`, () => globalModule(type, true)],
    ]);
    this.engine.call(wrapper, []);
    return this.bytesAt(RESULTS).slice();
  }

  /** Whether a function without parameters returns null of a type that JavaScript cannot have: exnref. */
  returnsNull(func: Extern): boolean {
    const test = this.wrapperOfFirst(
      func,
      nullTypes.map((heap) => [`null ${heap}`, () => nullTestModule(heap)]),
    );
    return this.engine.call(test, [])[0] === 1;
  }

  /** Whether a non-null reference of the `any` hierarchy matches `heap`; undefined when the engine cannot tell. */
  matchesHeap(value: unknown, heap: TestedHeap): boolean | undefined {
    let test = this.refTests.get(heap);
    try {
      test ??= this.engine.instantiate(this.engine.compile(refTestModule(heapCodes[heap])), () => undefined).run;
    } catch {
      return undefined;
    }
    this.refTests.set(heap, test);
    return this.engine.call(test, [value])[0] === 1;
  }

  private bytesAt(at: number): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + at, SLOT);
  }

  /** The first of several wrappers that links; the others differ in the type they import. */
  private wrapperOfFirst(
    target: Extern,
    choices: readonly (readonly [key: string, bytes: () => Uint8Array])[],
  ): Extern {
    for (const [key, bytes] of choices.slice(0, -1)) {
      try {
        return this.wrapper(target, key, bytes);
      } catch (error) {
        if (this.engine.failure(error).kind !== "unlinkable") throw error;
      }
    }
    const [key, bytes] = choices.at(-1)!;
    return this.wrapper(target, key, bytes);
  }

  private wrapper(target: Extern, key: string, bytes: () => Uint8Array): Extern {
    const perTarget = this.wrappers.get(target as object) ?? new Map<string, Extern>();
    this.wrappers.set(target as object, perTarget);
    const existing = perTarget.get(key);
    if (existing !== undefined) return existing;
    const module = this.modules.get(key) ?? this.engine.compile(bytes());
    this.modules.set(key, module);
    const exports = this.engine.instantiate(module, (_, name) => (name === "m" ? this.memory : target));
    perTarget.set(key, exports.run);
    return exports.run;
  }
}

/** `(func (import "" "f") (param ...) (result ...))`, and `run` that feeds it from the memory. */
function callModule(params: readonly NumType[], results: readonly NumType[]): Uint8Array {
  const loads = params.flatMap((type, i) => [...i32Const(i * SLOT), ...types[type].load]);
  const sets = results.flatMap((_, i) => [0x21, ...leb(results.length - 1 - i)]);
  const stores = results.flatMap((type, i) => [...i32Const(RESULTS + i * SLOT), 0x20, ...leb(i), ...types[type].store]);
  const functype = [0x60, ...vec(params.map(codeOf)), ...vec(results.map(codeOf))];
  return moduleBytes({
    types: [functype, [0x60, 0, 0]],
    imported: [FUNC_IMPORT, 0],
    firstFunc: 1,
    locals: results,
    body: [...loads, 0x10, 0, ...sets, ...stores],
  });
}

/** `run` stores the imported global. */
function globalModule(type: NumType, isMutable: boolean): Uint8Array {
  return moduleBytes({
    types: [
      [0x60, 0, 0],
      [0x60, 0, 0],
    ],
    imported: [GLOBAL_IMPORT, types[type].code, isMutable ? 1 : 0],
    firstFunc: 0,
    locals: [],
    body: [...i32Const(RESULTS), 0x23, 0, ...types[type].store],
  });
}

/** `run: () -> i32`, whether the imported function returns null. */
function nullTestModule(heap: number): Uint8Array {
  return moduleBytes({
    types: [
      [0x60, 0, 1, 0x63, heap],
      [0x60, 0, 1, 0x7f],
    ],
    imported: [FUNC_IMPORT, 0],
    firstFunc: 1,
    locals: [],
    body: [0x10, 0, 0xd1],
  });
}

/** `run: (anyref) -> i32`, a `ref.test` of `heap`. */
function refTestModule(heap: number): Uint8Array {
  const body = [0, 0x20, 0, 0xfb, 0x14, heap, 0x0b];
  return assemble([
    [1, [1, 0x60, 1, 0x6e, 1, 0x7f]],
    [3, [1, 0]],
    [7, [1, ...name("run"), 0, 0]],
    [10, [1, ...vec(body)]],
  ]);
}

interface WrapperParts {
  readonly types: readonly number[][];
  /** Description of the import `"" "f"`. */
  readonly imported: readonly number[];
  /** Index of `run`, whose type is number 1. */
  readonly firstFunc: number;
  readonly locals: readonly NumType[];
  readonly body: readonly number[];
}

function moduleBytes(parts: WrapperParts): Uint8Array {
  const imports = [2, ...name(""), ...name("f"), ...parts.imported, ...name(""), ...name("m"), MEMORY_IMPORT, 0, 1];
  const locals = [...leb(parts.locals.length), ...parts.locals.flatMap((type) => [1, codeOf(type)])];
  return assemble([
    [1, [parts.types.length, ...parts.types.flat()]],
    [2, imports],
    [3, [1, 1]],
    [7, [1, ...name("run"), 0, parts.firstFunc]],
    [10, [1, ...vec([...locals, ...parts.body, 0x0b])]],
  ]);
}

function assemble(sections: readonly (readonly [id: number, content: readonly number[]])[]): Uint8Array {
  const body = sections.flatMap(([id, content]) => [id, ...vec(content)]);
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...body]);
}

const codeOf = (type: NumType): number => types[type].code;
const vec = (bytes: readonly number[]): number[] => [...leb(bytes.length), ...bytes];
const name = (text: string): number[] => vec([...new TextEncoder().encode(text)]);
/** An address below 2^20: signed LEB128 of exactly three bytes. */
const i32Const = (n: number): number[] => [0x41, (n & 0x7f) | 0x80, ((n >> 7) & 0x7f) | 0x80, (n >> 14) & 0x7f];

function leb(n: number): number[] {
  return n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >>> 7)];
}
