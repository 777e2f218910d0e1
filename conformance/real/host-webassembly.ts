/**
 * The host's own `WebAssembly`, typed. TypeScript declares it only with the browser's library. Nothing but tests and
 * benchmarks may use it: it is the peer our engine is compared with, never what runs a guest.
 */

export interface HostInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface HostMemory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

interface HostNamespace {
  readonly Memory: new (type: { initial: number; maximum?: number; shared?: boolean }) => HostMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => HostInstance;
  readonly RuntimeError: abstract new () => Error;
  readonly Exception: new (tag: unknown, payload: readonly unknown[]) => Error;
  validate(bytes: Uint8Array): boolean;
}

export const hostWebAssembly: HostNamespace = (globalThis as unknown as { WebAssembly: HostNamespace }).WebAssembly;
