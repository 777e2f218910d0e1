/**
 * What the host needs of an instance, whichever engine made it: an `Instance` of wasmts, or one of the host's own
 * WebAssembly. Also the rules for commands and reactors.
 */
import { codedError, typeError } from "./coded-error.ts";
import { type MemorySource, memoryOf } from "./memory.ts";

/** Either kind of instance; anything with such exports will do. */
export interface AnyInstance {
  readonly exports: object;
  /** What instances of wasmts have. */
  invoke?(name: string): unknown;
  invokeAsync?(name: string): Promise<unknown>;
}

const isObject = (x: unknown): x is object => typeof x === "object" && x !== null && !Array.isArray(x);

/** The exports by name. @throws TypeError ERR_INVALID_ARG_TYPE when it is not an instance */
function exportsOf(instance: unknown): Record<string, unknown> {
  if (!isObject(instance)) throw typeError('The "instance" argument must be of type object', instance);
  const { exports } = instance as { exports?: unknown };
  if (!isObject(exports)) throw typeError('The "instance.exports" property must be of type object', exports);
  return exports as Record<string, unknown>;
}

/** @throws TypeError ERR_INVALID_ARG_TYPE when it is not a memory */
function memorySource(memory: unknown): MemorySource {
  if (isObject(memory)) {
    const { bytes, buffer } = memory as { bytes?: unknown; buffer?: unknown };
    if (bytes instanceof Uint8Array) return memory as MemorySource;
    if (isBuffer(buffer)) return memoryOf(memory as { buffer: ArrayBufferLike });
  }
  const message = '"instance.exports.memory" property must be a WebAssembly.Memory object';
  throw codedError(TypeError, "ERR_INVALID_ARG_TYPE", message);
}

function isBuffer(x: unknown): boolean {
  return x instanceof ArrayBuffer || (typeof SharedArrayBuffer !== "undefined" && x instanceof SharedArrayBuffer);
}

const isFunction = (x: unknown): boolean =>
  typeof x === "function" || (isObject(x) && (x as { kind?: unknown }).kind === "func");

/**
 * The memory that host calls are to work on.
 *
 * @param memory  instead of the exported one, for modules that import their memory
 * @throws TypeError ERR_INVALID_ARG_TYPE, as node:wasi
 */
export const memoryFor = (instance: unknown, memory?: unknown): MemorySource => {
  const exports = exportsOf(instance);
  return memorySource(memory === undefined ? exports.memory : memory);
};

/**
 * The entry point of an instance: runs it to its end; nothing for a reactor that has none.
 *
 * @param role  "command": `_start` must be there and `_initialize` must not. "reactor": `_start` must not be there,
 *   `_initialize` may.
 * @throws TypeError ERR_INVALID_ARG_TYPE, as node:wasi
 */
export function entryOf(instance: unknown, role: "command" | "reactor"): () => void {
  const exports = exportsOf(instance);
  const [mine, other] = role === "command" ? ["_start", "_initialize"] : ["_initialize", "_start"];
  const entry = exports[mine];
  if (!isFunction(entry) && (role === "command" || entry !== undefined)) {
    throw typeError(`The "instance.exports.${mine}" property must be of type function`, entry);
  }
  if (exports[other] !== undefined) {
    throw typeError(`The "instance.exports.${other}" property must be undefined`, exports[other]);
  }
  return () => call(instance as AnyInstance, mine, entry);
}

function call(instance: AnyInstance, name: string, entry: unknown): void {
  if (typeof entry === "function") entry();
  else if (entry !== undefined) instance.invoke?.(name);
}
